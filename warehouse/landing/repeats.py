"""Rows in force that share a key: which of them count once, and which overwrite each other without anybody saying so.

Which of them counts is decided in latest.py; here it is told, for the checks of raw and the summary of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.contract import contracts as installed
from warehouse.quoting import identifier

if TYPE_CHECKING:
    import duckdb

    from warehouse.contract import Contract, Contracts

_COLUMNS = {
    "feed": "VARCHAR",
    "kind": "VARCHAR",  # equal, overwritten, two_sources
    "source": "VARCHAR",
    "key": "VARCHAR",
    "rows_left_out": "BIGINT",
    "seen": "VARCHAR",
}
_SHOWN = 4


def find_repeats(con: duckdb.DuckDBPyConnection, contracts: Contracts | None = None) -> None:
    """Make `latest.repeats`: one row per key and kind of repetition; needs the tables of `open_latest`.

    equal: rows of one delivery with equal content, of which one counts. overwritten: different rows of one delivery
    under one key of the source, of which the last line counts as nothing says which is later. two_sources: different
    rows under one key from two sources, of which those of the later source count. `latest.in_force` has the rows of
    each source and its limit.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    con.execute(f"CREATE OR REPLACE TABLE latest.repeats ({columns})")
    con.execute(
        "CREATE OR REPLACE TABLE latest.in_force (feed VARCHAR, source VARCHAR, rows_in_force BIGINT,"
        " max_overwritten_share DOUBLE)"
    )
    for contract in (contracts or installed()).values():
        feed = contract.feed
        con.execute(
            f"INSERT INTO latest.in_force SELECT '{feed}', source, sum(rows),"
            " coalesce(any_value(max_overwritten_share), 1)"
            f" FROM latest.{feed}_standing LEFT JOIN (SELECT * FROM raw.sources WHERE feed = '{feed}') USING (source)"
            " GROUP BY source"
        )
        records = con.execute(f"SELECT DISTINCT record FROM latest.{feed}_standing").fetchall()
        for (record,) in records:
            if record:
                con.execute(f"INSERT INTO latest.repeats {_wide_lines(feed, record)}")
        if con.execute(f"SELECT count(*) FROM latest.{feed}_repeated").fetchall()[0][0]:
            con.execute(f"INSERT INTO latest.repeats {_repeats(contract)}")


def equal_rows(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Feed and text of what is worth knowing and harms nothing: rows that stand twice and count once."""
    rows = con.execute(
        "SELECT feed, sum(rows_left_out)::BIGINT, first(seen ORDER BY seen) FROM latest.repeats WHERE kind = 'equal'"
        " GROUP BY feed ORDER BY feed"
    ).fetchall()
    return [
        (
            feed,
            f"rows that stand again in their delivery with equal content count once: {count:,}, e.g. {seen}",
        )
        for feed, count, seen in rows
    ]


def _repeats(contract: Contract) -> str:
    feed = contract.feed
    key = ", ".join(map(identifier, contract.key))
    content = ", ".join(map(identifier, contract.columns))
    apart = ", ".join(map(identifier, contract.told_apart_by()))
    seen = f"array_to_string(list(place ORDER BY place)[:{_SHOWN}], ', ')"
    return f"""
WITH shared AS (
    SELECT r.*, concat_ws(' ', {key}) AS key, hash({content}) AS content, hash({apart}) AS apart
    FROM known.{feed} r SEMI JOIN latest.{feed}_repeated USING ({key})
),
placed AS (
    SELECT shared.*, s.position, s.source, s.is_made,
        loads.file || ' line ' || shared._line AS place
    FROM shared
    JOIN latest.{feed}_standing s ON s.first = shared._load_id AND s.last = shared._last_load_id
    JOIN raw.loads AS loads ON loads.load_id = shared._load_id
),
distinct_rows AS (
    SELECT key, position, source, is_made, recorded_at, content, apart, min(place) AS place, count(*) AS copies,
        {seen} AS seen
    FROM placed GROUP BY ALL
)
SELECT '{feed}', 'equal', source, key, copies - 1, seen FROM distinct_rows WHERE copies > 1
UNION ALL
SELECT '{feed}', 'overwritten', source, key, count(DISTINCT apart) - 1, {seen}
FROM distinct_rows WHERE NOT is_made GROUP BY key, position, source, recorded_at HAVING count(DISTINCT apart) > 1
UNION ALL
SELECT '{feed}', 'two_sources', string_agg(DISTINCT source, ' and ' ORDER BY source), key, count(*) - 1, {seen}
FROM distinct_rows WHERE NOT is_made
GROUP BY key HAVING count(DISTINCT source) > 1 AND count(DISTINCT content) > 1
"""


def _wide_lines(feed: str, record: str) -> str:
    """Several lines of one delivery about one wide record: their instants are taken together."""
    names = ", ".join(map(identifier, record.split(",")))
    same = " AND ".join(
        f"r.{name} IS NOT DISTINCT FROM n.{name}" for name in map(identifier, record.split(","))
    )
    seen = f"array_to_string(list(DISTINCT place ORDER BY place)[:{_SHOWN}], ', ')"
    return f"""
WITH repeated AS (
    SELECT {names}, _load_id FROM known.{feed} r
    SEMI JOIN (SELECT DISTINCT first FROM latest.{feed}_standing WHERE record = '{record}') s ON s.first = r._load_id
    GROUP BY ALL HAVING min(_line) < max(_line)
)
SELECT '{feed}', 'overwritten', source, concat_ws(' ', {names}), count(DISTINCT _line) - 1, {seen}
FROM (
    SELECT r.*, loads.source, loads.file || ' line ' || r._line AS place
    FROM known.{feed} r
    SEMI JOIN repeated n ON r._load_id = n._load_id AND {same}
    JOIN raw.loads AS loads ON loads.load_id = r._load_id
)
GROUP BY source, {names}
"""
