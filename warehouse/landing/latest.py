"""The latest version of each record that was known on the as-of date, as one view per feed.

Staging models read `latest.<feed>`; which rows of raw are in force, which of them make one record and which of
these is later is brought together here once. What deliveries mean is in deliveries.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from warehouse.contract import contracts as installed
from warehouse.digests import digest_of_all
from warehouse.landing.deliveries import PART, read_books, rows_there, standing
from warehouse.landing.raw_tables import feed_columns
from warehouse.quoting import identifier, literal, literals

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.deliveries import Books, Rows, Standing

_STANDING = {
    "first": pl.Int64,
    "last": pl.Int64,
    "part": pl.String,
    "position": pl.Int64,
    "source": pl.String,
    "record": pl.String,
    "is_made": pl.Boolean,
    "rows": pl.Int64,
}
# The latest of equal age wins; a record without a time is older than one with.
_AGE = "recorded_at DESC NULLS LAST, _position DESC"


@dataclass(frozen=True)
class _Case:
    """What is special about the deliveries of a feed, so that reading costs nothing for what is not."""

    all_in_force: bool
    by_part: bool
    wide_records: tuple[tuple[str, ...], ...]
    """Columns that name a wide record, where such a record can have been delivered more than once."""
    has_made_keys: bool


def open_latest(con: duckdb.DuckDBPyConnection, contracts: Contracts | None = None) -> None:
    """Make the views `known.<feed>` and `latest.<feed>` of what raw holds now; `con` has all three attached.

    Known are all versions that were known on the as-of day. Beside each latest view stand
    `latest.<feed>_standing`, one row for each fate of the feed's rows that is in force, and
    `latest.<feed>_repeated`, the keys under which more than one row is in force.
    """
    for contract in (contracts or installed()).values():
        books = read_books(con, contract.feed)
        rows = rows_there(con, contract.feed, books)
        in_force = standing(books, rows)
        _make_standing(con, contract.feed, books, in_force, rows)
        case = _case(books, rows, in_force)
        key = ", ".join(map(identifier, contract.key))
        _make_repeated(con, contract.feed, f"SELECT {key} FROM ({_in_force(contract.feed, case)})")
        con.execute(f"CREATE OR REPLACE VIEW known.{contract.feed} AS {_known(contract, case)}")
        con.execute(f"CREATE OR REPLACE VIEW latest.{contract.feed} AS {_latest(contract, case)}")


def _make_standing(
    con: duckdb.DuckDBPyConnection,
    feed: str,
    books: Books,
    in_force: dict[Rows, Standing],
    counts: Mapping[Rows, int],
) -> None:
    rows = [
        (*fate, state.position, load.source, ",".join(load.record), load.key_is_made, counts[fate])
        for fate, state in in_force.items()
        for load in [books.loads[state.load_id]]
    ]
    con.register("standing_rows", pl.DataFrame(rows, schema=_STANDING, orient="row"))
    con.execute(f"CREATE OR REPLACE TABLE latest.{feed}_standing AS FROM standing_rows")
    con.unregister("standing_rows")


def _make_repeated(con: duckdb.DuckDBPyConnection, feed: str, keys: str) -> None:
    """Find the keys that repeat, unless these are known of the very rows: the table notes of which they are."""
    loads = digest_of_all(con, f"(FROM raw.loads WHERE feed = {literal(feed)})")
    standing = con.sql(f"FROM latest.{feed}_standing ORDER BY ALL").fetchall()
    rows = sha256(repr((keys, standing, loads)).encode()).hexdigest()
    known = con.execute(
        "SELECT comment FROM duckdb_tables() WHERE schema_name = 'latest' AND table_name = ?"
        " AND database_name = current_database()",
        [f"{feed}_repeated"],
    ).fetchall()
    if known == [(rows,)]:
        return
    con.execute(f"CREATE OR REPLACE TABLE latest.{feed}_repeated AS {keys} GROUP BY ALL HAVING count(*) > 1")
    con.execute(f"COMMENT ON TABLE latest.{feed}_repeated IS '{rows}'")


def _case(books: Books, rows: Mapping[Rows, int], in_force: dict[Rows, Standing]) -> _Case:
    wide: dict[tuple[str, tuple[str, ...]], set[int]] = {}
    for state in in_force.values():
        load = books.loads[state.load_id]
        if load.record:
            wide.setdefault((load.source, load.record), set()).add(state.position)
    return _Case(
        all_in_force=len(in_force) == len(rows),
        by_part=books.by_part,
        wide_records=tuple(sorted({record for (_, record), seen in wide.items() if len(seen) > 1})),
        has_made_keys=any(books.loads[state.load_id].key_is_made for state in in_force.values()),
    )


def _in_force(feed: str, case: _Case) -> str:
    """The rows of raw that no delivery replaced and nobody withdrew."""
    if case.all_in_force:
        return f"SELECT * FROM raw.{feed}"
    return f"SELECT r.* FROM raw.{feed} r SEMI JOIN latest.{feed}_standing s ON {_fate(case)}"


def _known(contract: Contract, case: _Case) -> str:
    """Every version of every record in force that was known on the as-of day."""
    names = ", ".join(map(identifier, feed_columns(contract)))
    return (
        f"SELECT {names} FROM ({_in_force(contract.feed, case)})"
        " WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of)"
    )


def _fate(case: _Case) -> str:
    part = f" AND s.part IS NOT DISTINCT FROM r.{PART}" if case.by_part else ""
    return f"s.first = r._load_id AND s.last = r._last_load_id{part}"


def _latest(contract: Contract, case: _Case) -> str:
    """SELECT of the latest known version of every record.

    A later `recorded_at` corrects an earlier one, then a later delivery, as a whole. Within a delivery, rows of
    equal content count once; of different rows under a key of the source the last counts, and under a key that
    was made for want of one each is a thing of its own. Only keys that repeat are sorted: sorting everything
    costs half as much again.
    """
    feed = contract.feed
    key = ", ".join(map(identifier, contract.key))
    columns = list(feed_columns(contract))
    names = ", ".join(map(identifier, columns))
    again = f"latest.{feed}_repeated"
    stages = [f"known AS NOT MATERIALIZED ({_known(contract, case)})"]
    rows, repeated = (
        "known",
        f"({_dated(f'(SELECT * FROM known SEMI JOIN {again} USING ({key}))', feed, case)})",
    )
    for number, record in enumerate(case.wide_records):
        stages += _newest_record(number, record, rows if number else f"({_dated('known', feed, case)})")
        rows = f"newest_{number}"
    if contract.once and case.has_made_keys:
        stages += _once(contract, rows if case.wide_records else f"({_dated('known', feed, case)})")
        rows = "once"
    if rows != "known":
        repeated = f"{rows} SEMI JOIN {again} USING ({key})"
    made = _numbered(contract, columns) if case.has_made_keys else names
    return f"""
WITH {", ".join(stages)},
newest AS (
    SELECT * FROM {repeated}
    QUALIFY rank() OVER (PARTITION BY {key} ORDER BY {_AGE}) = 1
),
{_added_up(contract)}different AS (
    SELECT * FROM {"whole" if contract.parts else "newest"}
    QUALIFY row_number() OVER (
        PARTITION BY {key}, CASE WHEN _is_made THEN row({", ".join(map(identifier, contract.columns))}) END
        ORDER BY _line DESC
    ) = 1
)
SELECT {names} FROM {rows} ANTI JOIN {again} USING ({key})
UNION ALL
SELECT {made} FROM different
"""


def _dated(rows: str, feed: str, case: _Case) -> str:
    """The rows with when and how they were delivered."""
    return (
        "SELECT r.*, s.position AS _position, s.source AS _source, s.record AS _record, s.is_made AS _is_made"
        f" FROM {rows} r JOIN latest.{feed}_standing s ON {_fate(case)}"
    )


def _newest_record(number: int, record: tuple[str, ...], rows: str) -> list[str]:
    """Stages that leave of each wide record only its latest delivery: an instant that it lacks is gone."""
    names = ", ".join(map(identifier, record))
    same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM n.{name}" for name in map(identifier, record))
    age = "row(coalesce({0}recorded_at, TIMESTAMPTZ '-infinity'), {0}_position)"
    is_record = f"_record = '{','.join(record)}'"
    return [
        f"""redelivered_{number} AS (
    SELECT _source, {names}, max({age.format("")}) AS newest FROM {rows} WHERE {is_record}
    GROUP BY ALL HAVING min({age.format("")}) <> max({age.format("")})
)""",
        f"""newest_{number} AS (
    SELECT r.* FROM {rows} r LEFT JOIN redelivered_{number} n ON {is_record} AND r._source = n._source AND {same}
    WHERE n.newest IS NULL OR {age.format("r.")} = n.newest
)""",
    ]


def _once(contract: Contract, rows: str) -> list[str]:
    """Stages that leave of what can happen once to a thing only the latest delivery, until it is undone."""
    once = contract.once
    assert once
    of, code, day = (identifier(name) for name in (once.of, once.code, once.day))
    happens = f"{code} IN ({literals(once.codes)}) AND _is_made"
    return [
        f"""happened AS (
    SELECT {of}, {code} FROM {rows} WHERE {happens} GROUP BY ALL HAVING min({day}) < max({day})
)""",
        f"""undone AS (
    SELECT {of}, {day} AS undone_on FROM {rows} WHERE {code} IN ({literals(once.until)})
)""",
        f"""again AS (
    SELECT r.*, (SELECT count(*) FROM undone u WHERE u.{of} = r.{of} AND u.undone_on <= r.{day}) AS _time
    FROM (SELECT * FROM {rows} SEMI JOIN happened USING ({of}, {code})) r WHERE {happens}
)""",
        f"""overtaken AS (
    SELECT * FROM again QUALIFY rank() OVER (PARTITION BY {of}, {code}, _time ORDER BY {_AGE}) > 1
)""",
        f"""once AS (
    SELECT * FROM {rows} ANTI JOIN overtaken USING (_load_id, _line, {", ".join(map(identifier, contract.key))})
)""",
    ]


def _added_up(contract: Contract) -> str:
    """Stages that add up what a delivery says of one thing in parts; equal rows are one part."""
    if not contract.parts:
        return ""
    total, last = identifier(contract.parts.total), identifier(contract.parts.last)
    kind = contract.columns[contract.parts.total].duckdb_type
    content, rest = (
        ", ".join(map(identifier, names)) for names in (contract.columns, contract.told_apart_by())
    )
    return f"""single AS (
    SELECT * FROM newest QUALIFY row_number() OVER (PARTITION BY {content} ORDER BY _line DESC) = 1
),
whole AS (
    SELECT * REPLACE (
        CAST(sum({total}) OVER (PARTITION BY {rest}) AS {kind}) AS {total},
        max({last}) OVER (PARTITION BY {rest}) AS {last}
    ) FROM single
),
"""


def _numbered(contract: Contract, columns: list[str]) -> str:
    """The columns, with keys that were made numbered where several things have one."""
    made = identifier(str(contract.made_key()))
    content = ", ".join(map(identifier, contract.columns))
    number = f"row_number() OVER (PARTITION BY {made} ORDER BY {content})"
    numbered = f"CASE WHEN _is_made AND {number} > 1 THEN {made} || '|' || {number} ELSE {made} END"
    return ", ".join(
        f"{numbered} AS {identifier(name)}" if name == contract.made_key() else identifier(name)
        for name in columns
    )
