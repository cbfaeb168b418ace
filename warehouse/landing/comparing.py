"""What a delivery brings that was not there yet, and what it takes back: the comparison with the one before it.

Reading and typing a delivery is in land_arrival.py, which calls this; which deliveries stand is in
deliveries.py.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from warehouse.landing.deliveries import PART, Books, Rows, Standing, read_books, rows_there, standing
from warehouse.landing.errors import LandingError
from warehouse.landing.raw_tables import feed_columns
from warehouse.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.arrivals import Arrival
    from warehouse.landing.loads import Load
    from warehouse.landing.mapping import FeedSource

_INCOMING, _PREVIOUS, _FATES = "landing_incoming", "landing_previous", "landing_fates"
COMPARED = (_INCOMING, _PREVIOUS, _FATES)
_FEW_ROWS = 10
"""So few rows may always be taken back."""


@dataclass(frozen=True)
class Permits:
    """Which files may take back more than their source's limit, and whom to tell what was taken back."""

    accepted: frozenset[str]
    notice: Callable[[str, str], None]


@dataclass(frozen=True)
class InForce:
    """What is in force of a feed: its books, and which of its rows stand."""

    books: Books
    rows: dict[Rows, Standing]


def in_force_now(con: duckdb.DuckDBPyConnection, feed: str) -> InForce:
    books = read_books(con, feed)
    return InForce(books, standing(books, rows_there(con, feed, books)))


def is_read_anew(books: Books, arrival: Arrival) -> bool:
    """Whether it is the content that was last seen under its name, now read with another mapping."""
    seen = [s for s in books.seen if (s.source, s.file) == (arrival.name, arrival.file)]
    return bool(seen) and seen[-1].sha256 == arrival.sha256 and seen[-1].mapping != arrival.mapping


def delivered_before(books: Books, arrival: Arrival) -> bool:
    """Whether anything was delivered before that it could take back."""
    whole = arrival.source.delivers() == "snapshot"
    return any(s.source == arrival.name and (whole or s.file == arrival.file) for s in books.seen)


def previous_loads(books: Books, arrival: Arrival) -> dict[str | None, int]:
    """The load that a delivery is compared with: the last of its file or, of a snapshot, of its source, by unit."""
    chain = (arrival.name, None if arrival.source.delivers() == "snapshot" else arrival.file)
    members = sorted(load_id for load_id, load in books.loads.items() if load.chain == chain)
    if not arrival.source.snapshot_of:
        return {None: members[-1]} if members else {}
    return {part: load_id for load_id in members for part in books.parts.get(load_id, ())}


def forget_other_readings(con: duckdb.DuckDBPyConnection, arrival: Arrival, in_force: frozenset[str]) -> None:
    """Delete what this content brought under a mapping that is gone, unless its rows have been delivered again."""
    rows = con.execute(
        "SELECT DISTINCT load_id FROM raw.files WHERE feed = ? AND sha256 = ? AND NOT list_contains(?, mapping)",
        [arrival.feed, arrival.sha256, sorted(in_force)],
    ).fetchall()
    for (load_id,) in rows:
        came_again = con.execute(
            f"SELECT 1 FROM raw.{arrival.feed} WHERE (_load_id = {load_id}) <> (_last_load_id = {load_id}) LIMIT 1"
        ).fetchall()
        if came_again:
            continue
        for table, column in (
            (arrival.feed, "_load_id"),
            ("rejects", "_load_id"),
            ("loads", "load_id"),
            ("files", "load_id"),
            ("parts", "load_id"),
        ):
            con.execute(f"DELETE FROM raw.{table} WHERE {column} = ?", [load_id])


def brought(
    con: duckdb.DuckDBPyConnection,
    arrival: Arrival,
    select: str,
    load_id: int,
    previous: Mapping[str | None, int],
) -> tuple[int, int]:
    """Store the rows that the delivery before did not have; returns how many these are, and how many it had."""
    columns = ", ".join(map(identifier, feed_columns(arrival.contract)))
    if not previous and not arrival.source.snapshot_of:
        stored = con.execute(f"INSERT INTO raw.{arrival.feed} ({columns}) {select}").fetchall()
        return stored[0][0], 0
    _set_out(con, arrival, f"({select}) t({columns})", load_id)
    _carry_on(con, arrival, load_id, previous)
    landed = _store_new(con, arrival, columns, load_id)
    incoming = con.execute(f"SELECT count(*) FROM {_INCOMING}").fetchall()[0][0]
    return landed, incoming - landed


def _set_out(con: duckdb.DuckDBPyConnection, arrival: Arrival, rows: str, load_id: int) -> None:
    """Put the delivery's rows into a table of their own; note the units it names where these are delivered apart."""
    contract = arrival.contract
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_INCOMING} AS SELECT *, false AS _contested FROM {rows}")
    if not key_is_made(contract, arrival.source):
        _mark_contested(con, contract)
    if arrival.source.snapshot_of:
        con.execute(
            f"INSERT INTO raw.parts SELECT DISTINCT ?, ?::BIGINT, {PART} FROM {_INCOMING}",
            [arrival.feed, load_id],
        )


def _carry_on(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, load_id: int, previous: Mapping[str | None, int]
) -> None:
    """Mark the stored rows of the delivery before that this one brings again."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_PREVIOUS} (part VARCHAR, load_id BIGINT)")
    for pair in previous.items():
        con.execute(f"INSERT INTO {_PREVIOUS} VALUES (?, ?)", list(pair))
    part = f"stored.{PART}" if arrival.source.snapshot_of else "NULL"
    con.execute(
        f"""
        UPDATE raw.{arrival.feed} AS stored SET _last_load_id = {load_id}
        FROM {_INCOMING} AS incoming, {_PREVIOUS} AS previous
        WHERE stored._last_load_id = previous.load_id AND previous.part IS NOT DISTINCT FROM {part}
            AND {_is_same(arrival.contract)} AND NOT incoming._contested
        """
    )


def _store_new(con: duckdb.DuckDBPyConnection, arrival: Arrival, columns: str, load_id: int) -> int:
    """Store the rows that are not carried on; returns how many these are."""
    table = f"raw.{arrival.feed}"
    rows = con.execute(
        f"""
        INSERT INTO {table} ({columns})
        SELECT {columns} FROM {_INCOMING} AS incoming
        WHERE NOT EXISTS (
            SELECT 1 FROM {table} AS stored
            WHERE stored._last_load_id = {load_id} AND {_is_same(arrival.contract)}
        )
        ORDER BY _line
        """
    ).fetchall()
    return int(rows[0][0])


def _is_same(contract: Contract) -> str:
    """SQL of whether a stored and an incoming row are equal; by the key first, which DuckDB can join on."""
    return " AND ".join(
        [
            *(f"stored.{name} = incoming.{name}" for name in map(identifier, contract.key)),
            *(
                f"stored.{name} IS NOT DISTINCT FROM incoming.{name}"
                for name in map(identifier, contract.columns)
            ),
        ]
    )


def _mark_contested(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Mark the rows of which only the last line counts: their lines have to be those of one file."""
    key, contents = (", ".join(map(identifier, names)) for names in (contract.key, contract.columns))
    con.execute(
        f"""
        UPDATE {_INCOMING} SET _contested = true WHERE ({key}) IN (
            SELECT ({key}) FROM {_INCOMING} GROUP BY {key}
            HAVING count(*) > 1 AND min(hash({contents})) <> max(hash({contents}))
        )
        """
    )


def key_is_made(contract: Contract, source: FeedSource) -> bool:
    return contract.made_key() is not None and contract.made_key() not in source.columns


def judged_changes(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, permits: Permits, before: InForce, load_id: int
) -> tuple[int, int]:
    """Rows that a delivery replaced, and that it took back; raises LandingError if these are too many to be meant."""
    after = in_force_now(con, arrival.feed)
    lost = [(*rows, False, True) for rows in before.rows if rows not in after.rows]
    is_new = load_id not in before.books.loads
    brought = [
        (*rows, True, rows in before.rows or (is_new and rows[0] < load_id))
        for rows, state in after.rows.items()
        if state.load_id == load_id
    ]
    if not lost:
        return 0, 0
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_FATES} (first BIGINT, last BIGINT, part VARCHAR, is_brought BOOLEAN,"
        " was BOOLEAN)"
    )
    con.executemany(f"INSERT INTO {_FATES} VALUES (?, ?, ?, ?, ?)", lost + brought)
    contract = arrival.contract
    wide = arrival.source.wide
    record = contract.record(wide.into, wide.value) if wide else contract.key
    names = ", ".join(map(identifier, record))
    part = f"f.part IS NOT DISTINCT FROM r.{PART}" if after.books.by_part else "true"
    fates = (
        f"SELECT f.is_brought, f.was, {', '.join(f'r.{identifier(name)}' for name in record)} FROM raw.{arrival.feed} r"
        f" JOIN {_FATES} f ON f.first = r._load_id AND f.last = r._last_load_id AND {part}"
    )
    gone, rows_before, replaced = con.execute(
        f"""
        WITH fates AS ({fates}),
        named AS (SELECT {names} FROM fates GROUP BY ALL HAVING bool_or(is_brought))
        SELECT count(*) FILTER (NOT is_brought), count(*) FILTER (was),
            (SELECT count(*) FROM (SELECT * FROM fates WHERE NOT is_brought) SEMI JOIN named USING ({names}))
        FROM fates
        """
    ).fetchall()[0]
    taken_back = gone - replaced
    _refuse_shrinking(arrival, permits, taken_back, rows_before)
    if taken_back:
        permits.notice(
            arrival.feed,
            f"{arrival.file} takes back {rows_text(taken_back)} that it brought before and no longer has",
        )
    return replaced, taken_back


def _refuse_shrinking(arrival: Arrival, permits: Permits, taken_back: int, rows_before: int) -> None:
    limit = arrival.source.max_shrink_share
    if arrival.file in permits.accepted or taken_back < _FEW_ROWS or taken_back <= limit * rows_before:
        return
    what = "the snapshot" if arrival.source.delivers() == "snapshot" else "the file"
    raise LandingError(
        [
            f"{what} takes back {taken_back:,} of the {rows_before:,} rows that it replaces, more than"
            f" max_shrink_share {limit:g} lets pass; nothing of it was landed. If it is whole and meant so:"
            f" policypulse run --accept {shlex.quote(arrival.file)}, or raise"
            f" {arrival.key_path}.max_shrink_share; if it only adds to what came before:"
            f" {arrival.key_path}.delivery: append"
        ]
    )


def with_corrections(con: duckdb.DuckDBPyConnection, loads: list[Load], contracts: Contracts) -> list[Load]:
    """The loads with the number of their rows that correct a record which an earlier load brought."""
    corrected: dict[int, int] = {}
    for feed in {load.feed for load in loads}:
        of_feed = con.execute("SELECT load_id, record FROM raw.loads WHERE feed = ?", [feed]).fetchall()
        new = {load.load_id for load in loads if load.feed == feed}
        if len(of_feed) == 1:
            continue
        for record in {named for load_id, named in of_feed if load_id in new}:
            columns = record.split(",") if record else contracts[feed].key
            names = ", ".join(map(identifier, columns))
            rows = con.execute(
                f"""
                WITH known AS (
                    SELECT {names}, min(_load_id) AS first FROM raw.{feed} GROUP BY ALL
                    HAVING min(_load_id) < max(_load_id)
                )
                SELECT _load_id, count(*) FROM raw.{feed} JOIN known USING ({names})
                WHERE _load_id > first AND list_contains(?::BIGINT[], _load_id) GROUP BY ALL
                """,
                [sorted(load_id for load_id, named in of_feed if load_id in new and named == record)],
            ).fetchall()
            corrected |= dict(rows)
    result = []
    for load in loads:
        again = corrected.get(load.load_id, 0)
        result.append(replace(load, rows_added=load.rows_landed - again, rows_corrected=again))
        con.execute(
            "UPDATE raw.loads SET rows_added = ?, rows_corrected = ? WHERE load_id = ?",
            [load.rows_landed - again, again, load.load_id],
        )
    return result


def rows_text(rows: int) -> str:
    """A number of rows in words."""
    return f"{rows:,} row" if rows == 1 else f"{rows:,} rows"
