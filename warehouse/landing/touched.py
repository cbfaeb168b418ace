"""Which records of a feed may read otherwise than they did: what was known of the feeds then, and the keys since.

What the latest version of a record is, is said in latest.py; what hangs on a touched key is for whoever made something
of it to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from warehouse.contract import contracts as installed
from warehouse.landing.deliveries import PART, read_books, rows_there, standing
from warehouse.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import duckdb

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.deliveries import Books, Rows

_LOADS = {"feed": pl.String, "load_id": pl.Int64}
_FATES = {"feed": pl.String, "first": pl.Int64, "last": pl.Int64, "part": pl.String, "position": pl.Int64}
_MOVED = {"first": pl.Int64, "last": pl.Int64, "part": pl.String, "counted": pl.Boolean, "counts": pl.Boolean}


@dataclass(frozen=True)
class Known:
    """What was known of the feeds at some time, in frames that can be kept."""

    loads: pl.DataFrame
    """feed, load_id: every load that had landed."""
    fates: pl.DataFrame
    """feed, first, last, part, position: every fate of rows that was in force, with its place in their order."""
    ends_at: datetime
    """Up to which instant records counted."""


def known_now(con: duckdb.DuckDBPyConnection, contracts: Contracts | None = None) -> Known:
    """What is known of the feeds as raw and `staging.as_of` are now."""
    loads: list[tuple[object, ...]] = []
    fates: list[tuple[object, ...]] = []
    for feed in contracts or installed():
        books = read_books(con, feed)
        loads += [(feed, load_id) for load_id in sorted(books.loads)]
        in_force = standing(books, rows_there(con, feed, books))
        fates += [(feed, *fate, state.position) for fate, state in in_force.items()]
    return Known(
        pl.DataFrame(loads, schema=_LOADS, orient="row"),
        pl.DataFrame(fates, schema=_FATES, orient="row"),
        _ends_at(con),
    )


def touch(
    con: duckdb.DuckDBPyConnection, since: Known, contracts: Contracts | None = None
) -> dict[str, int | None]:
    """Make `latest.<feed>_touched`: the keys of all records whose latest version may differ from what it was.

    Needs the tables of `open_latest`. Keys are those of the contract, as raw has them; the rows that a record was
    made from, before and now, are those of raw that have its key. Touched is who has a row that is new, was
    withdrawn, replaced, taken back or put in force again, or whose `recorded_at` the as-of day has passed; who shares
    with such a row a wide record, or a thing of which something can happen once; and, where deliveries have changed
    their order, every key that stands more than once. Returns how many keys of each feed are touched; None for a feed
    of which a known load has gone, so that nobody can tell.
    """
    return {contract.feed: _touched(con, contract, since) for contract in (contracts or installed()).values()}


def _touched(con: duckdb.DuckDBPyConnection, contract: Contract, since: Known) -> int | None:
    feed = contract.feed
    books = read_books(con, feed)
    known = set(since.loads.filter(pl.col("feed") == feed)["load_id"])
    key = ", ".join(map(identifier, contract.key))
    touched = f"latest.{feed}_touched"
    con.execute(f"CREATE OR REPLACE TABLE {touched} AS SELECT DISTINCT {key} FROM raw.{feed} LIMIT 0")
    if not known <= books.loads.keys():
        return None
    rows = rows_there(con, feed, books)
    of_feed = since.fates.filter(pl.col("feed") == feed)
    then: dict[Rows | None, int] = {row[1:4]: row[4] for row in of_feed.iter_rows()}
    now = standing(books, rows)
    before = {fate: _fate_then(fate, books, known) for fate in rows}
    moved = {fate: (before[fate] in then, fate in now) for fate in rows}
    _insert_moved(con, contract, since.ends_at, moved, books.by_part)
    for shared in _shared(contract, books):
        _insert_sharing(con, contract, shared)
    stayed = [fate for fate, both in moved.items() if all(both)]
    if _is_reordered((then[before[fate]], now[fate].position) for fate in stayed):
        con.execute(f"INSERT INTO {touched} FROM latest.{feed}_repeated ANTI JOIN {touched} USING ({key})")
    return int(con.execute(f"SELECT count(*) FROM {touched}").fetchall()[0][0])


def _fate_then(fate: Rows, books: Books, known: set[int]) -> Rows | None:
    """The fate that rows had when only some loads were known; None if they were not there.

    Loads since have carried on what the last of their chain before them had left, of each unit for itself.
    """
    first, last, part = fate
    if first not in known:
        return None
    part_then = part if known & books.parts.keys() else None
    if last in known:
        return first, last, part_then
    chain = books.loads[first].chain
    carried = [
        load_id
        for load_id in known
        if books.loads[load_id].chain == chain and part in books.parts.get(load_id, (part,))
    ]
    return first, max(carried, default=first), part_then


def _is_reordered(positions: Iterable[tuple[int, int]]) -> bool:
    """Whether deliveries, each by its place then and now, do not follow each other as they did."""
    return any(
        not (then < later_then and now < later_now)
        for (then, now), (later_then, later_now) in pairwise(sorted(set(positions)))
    )


def _insert_moved(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    since: datetime,
    fates: Mapping[Rows, tuple[bool, bool]],
    by_part: bool,
) -> None:
    """The keys of rows that counted then and do not now, or the other way round."""
    feed, key = contract.feed, ", ".join(f"r.{identifier(name)}" for name in contract.key)
    part = f"f.part IS NOT DISTINCT FROM r.{PART}" if by_part else "true"
    con.register(
        "moved_fates",
        pl.DataFrame([(*fate, *both) for fate, both in fates.items()], schema=_MOVED, orient="row"),
    )
    con.execute(
        f"""
        INSERT INTO latest.{feed}_touched
        SELECT DISTINCT {key} FROM raw.{feed} r
        JOIN moved_fates f ON f.first = r._load_id AND f.last = r._last_load_id AND {part}
        WHERE (f.counted AND (r.recorded_at IS NULL OR r.recorded_at < $since))
            <> (f.counts AND (r.recorded_at IS NULL OR r.recorded_at < (SELECT ends_at FROM staging.as_of)))
        """,
        {"since": since},
    )
    con.unregister("moved_fates")


def _shared(contract: Contract, books: Books) -> list[tuple[str, ...]]:
    """Columns in which rows of other keys may be equal and then share a fate, where the feed has such rows."""
    shared = {load.record for load in books.loads.values() if load.record}
    once = contract.once
    of = [(once.of,)] if once and any(load.key_is_made for load in books.loads.values()) else []
    return [*sorted(shared), *of]


def _insert_sharing(con: duckdb.DuckDBPyConnection, contract: Contract, shared: tuple[str, ...]) -> None:
    """The keys of rows that are equal to a touched row in some columns."""
    feed, touched = contract.feed, f"latest.{contract.feed}_touched"
    key, names = (", ".join(map(identifier, columns)) for columns in (contract.key, shared))
    same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM t.{name}" for name in map(identifier, shared))
    con.execute(
        f"""
        INSERT INTO {touched}
        WITH things AS (SELECT DISTINCT {names} FROM raw.{feed} SEMI JOIN {touched} USING ({key}))
        SELECT DISTINCT {key} FROM (SELECT r.* FROM raw.{feed} r SEMI JOIN things t ON {same})
        ANTI JOIN {touched} USING ({key})
        """
    )


def _ends_at(con: duckdb.DuckDBPyConnection) -> datetime:
    ends_at: datetime = con.execute("SELECT ends_at FROM staging.as_of").fetchall()[0][0]
    return ends_at
