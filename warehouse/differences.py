"""Two published files side by side: which rows only one of them has, and which say something else.

For users who upgrade, correct a mapping or ask what a restatement changed; `policypulse diff` shows what is found.
Rows are matched by the grain that the catalogue of the newer file states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.quoting import identifier
from warehouse.store import both_published

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

_NUMBERS = ("DOUBLE", "FLOAT")
_EXAMPLES = 3


@dataclass(frozen=True)
class Difference:
    """What one table says in two versions; `columns` counts the differing rows by column."""

    table: str
    rows: int
    """Rows that both have."""
    only_old: int
    only_new: int
    differing: int
    columns: dict[str, int]
    examples: tuple[str, ...]
    """Keys of some differing rows."""
    unmatched: str = ""
    """Why the table could not be compared row by row."""

    @property
    def equal(self) -> bool:
        """Whether both files say the same."""
        return not (self.only_old or self.only_new or self.differing or self.unmatched)


def differences(
    old: Path, new: Path, *, schemas: Sequence[str], tolerance: float = 0.0, leave_out: Sequence[str] = ()
) -> list[Difference]:
    """Every table of `schemas` in two published files, compared by its grain; texts, days and counts exactly.

    Floating-point numbers may differ by `tolerance` times their size (or times 1, if they are smaller);
    columns named in `leave_out` are not compared. A table that only one file has counts all its rows as missing
    in the other.
    """
    with both_published(old, new) as con:
        grains = _grains(con, schemas)
        return [_difference(con, table, grain, tolerance, leave_out) for table, grain in grains.items()]


def _grains(con: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The grain of each table of either file, the newer one's where both have it."""
    found: dict[str, tuple[str, ...]] = {}
    for side in ("new", "old"):
        rows = con.execute(
            f"SELECT table_name, grain FROM {side}.catalog.tables"
            " WHERE list_contains(?, split_part(table_name, '.', 1)) ORDER BY table_name",
            [list(schemas)],
        ).fetchall()
        for table, grain in rows:
            found.setdefault(table, tuple(name.strip() for name in grain.split(",") if name.strip()))
    return found


def _columns(con: duckdb.DuckDBPyConnection, side: str, table: str) -> dict[str, str]:
    schema, name = table.split(".", 1)
    return dict(
        con.execute(
            "SELECT column_name, data_type FROM duckdb_columns()"
            " WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index",
            [side, schema, name],
        ).fetchall()
    )


def _difference(
    con: duckdb.DuckDBPyConnection,
    table: str,
    grain: tuple[str, ...],
    tolerance: float,
    leave_out: Sequence[str],
) -> Difference:
    old, new = _columns(con, "old", table), _columns(con, "new", table)
    if not old or not new:
        counts = [
            _count(con, f"{side}.{_name(table)}") if there else 0
            for side, there in (("old", old), ("new", new))
        ]
        return Difference(table, 0, counts[0], counts[1], 0, {}, ())
    if not grain or not set(grain) <= set(old) & set(new):
        why = f"its grain ({', '.join(grain) or 'none'}) is not among the columns of both"
        return Difference(table, 0, 0, 0, 0, {}, (), why)
    tests = dict(_tests(old, new, [*grain, *leave_out], tolerance))
    matched = " AND ".join(f"a.{identifier(c)} IS NOT DISTINCT FROM b.{identifier(c)}" for c in grain)
    sides = {"a": f"old.{_name(table)}", "b": f"new.{_name(table)}"}
    joined = f"{sides['a']} AS a JOIN {sides['b']} AS b ON {matched}"
    differs = " OR ".join(f"({test})" for test in tests.values()) or "false"
    counted = ", ".join(f"count(*) FILTER ({test})" for test in tests.values())
    both, differing, *each = con.execute(
        f"SELECT count(*), count(*) FILTER ({differs}){', ' + counted if counted else ''} FROM {joined}"
    ).fetchall()[0]
    only = [
        _count(con, f"{sides[x]} AS a ANTI JOIN {sides[y]} AS b ON {matched}")
        for x, y in (("a", "b"), ("b", "a"))
    ]
    key = " || ', ' || ".join(f"coalesce(a.{identifier(c)}::VARCHAR, '–')" for c in grain)
    examples = con.execute(
        f"SELECT {key} AS key FROM {joined} WHERE {differs} ORDER BY key LIMIT {_EXAMPLES}"
    )
    columns = {column: count for column, count in zip(tests, each, strict=True) if count}
    return Difference(
        table, both, only[0], only[1], differing, columns, tuple(row[0] for row in examples.fetchall())
    )


def _tests(
    old: dict[str, str], new: dict[str, str], passed_over: Sequence[str], tolerance: float
) -> Iterator[tuple[str, str]]:
    """SQL that is true where a column of two matched rows differs; a column of one file alone differs everywhere."""
    for column in {**new, **old}:
        if column in passed_over:
            continue
        if column not in old or column not in new:
            yield column, "true"
            continue
        ours, theirs = f"a.{identifier(column)}", f"b.{identifier(column)}"
        differs = f"{ours} IS DISTINCT FROM {theirs}"
        if tolerance and old[column] in _NUMBERS and new[column] in _NUMBERS:
            size = f"greatest(1, abs({ours}), abs({theirs}))"
            differs = f"{differs} AND coalesce(abs({ours} - {theirs}) > {tolerance!r} * {size}, true)"
        yield column, differs


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def _name(table: str) -> str:
    return ".".join(identifier(part) for part in table.split("."))
