"""Whether a build says all that its peer says: the records of kpi.monthly side by side, and how many differ.

A comparison of speed is only fair if the peer does no more; what only the first build has, records and whole
tables, is counted and not held against it. Intervals that a peer leaves out are not compared.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

KEY = ("kpi", "period", "basis", "cut", "segment")
COUNTS = ("n", "n_excluded", "n_undetermined")
LABELS = ("as_of", "unit", "direction", "status", "definition_version")
# Of a record without a case one side may say 0 over 0, the other nothing.
SIDES = ("numerator", "denominator")
INTERVAL = ("ci_low", "ci_high")
# Sums of money and of days are added in another order; whole numbers this size must agree exactly.
TOLERANCE = 1e-9
# Variances come from sums of squares, of which rounding takes more.
INTERVAL_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Comparison:
    """How many records were compared and how many differ, in all and by column.

    `missing` are records of the peer that the first build lacks, `further` those that only the first has;
    `tables_differing` are the peer's core tables that have another number of rows in the first build.
    """

    records: int
    intervals: int
    missing: int
    further: int
    differing: int
    by_column: dict[str, int]
    tables_differing: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether the first build has all of the peer's records and says the same in each."""
        return self.records > 0 and not (self.missing or self.differing or self.tables_differing)


def compared(first: Path, peer: Path) -> Comparison:
    """The records of two builds compared: keys, counts and labels exactly, numbers to 1e-9 of their size."""
    tests = _tests()
    counts = ", ".join(f"count(*) FILTER ({test})" for test in tests.values())
    key = ", ".join(KEY)
    with duckdb.connect() as con:
        for name, path in (("first", first), ("peer", peer)):
            con.execute(f"ATTACH '{_quoted(path)}' AS {name}_build (READ_ONLY)")
        found = con.execute(f"""
            SELECT
                count(*),
                count(*) FILTER ({_in_both("ci_low")}),
                (SELECT count(*) FROM peer_build.kpi.monthly ANTI JOIN first_build.kpi.monthly USING ({key})),
                (SELECT count(*) FROM first_build.kpi.monthly ANTI JOIN peer_build.kpi.monthly USING ({key})),
                count(*) FILTER ({" OR ".join(f"({test})" for test in tests.values())}),
                {counts}
            FROM first_build.kpi.monthly AS a JOIN peer_build.kpi.monthly AS b USING ({key})
        """).fetchone()
        ours, theirs = (_core_rows(con, f"{name}_build") for name in ("first", "peer"))
    assert found is not None
    records, intervals, missing, further, differing, *each = found
    by_column = {column: count for column, count in zip(tests, each, strict=True) if count}
    tables = tuple(table for table, rows in theirs.items() if ours.get(table) != rows)
    return Comparison(records, intervals, missing, further, differing, by_column, tables)


def _tests() -> dict[str, str]:
    """SQL that is true where two records differ, by column."""
    tests = {column: f"a.{column} IS DISTINCT FROM b.{column}" for column in (*COUNTS, *LABELS)}
    tests |= {side: _apart(f"coalesce(a.{side}, 0)", f"coalesce(b.{side}, 0)", TOLERANCE) for side in SIDES}
    tests["value"] = f"(a.value IS NULL) <> (b.value IS NULL) OR {_apart('a.value', 'b.value', TOLERANCE)}"
    for limit in INTERVAL:
        tests[limit] = f"{_in_both(limit)} AND {_apart(f'a.{limit}', f'b.{limit}', INTERVAL_TOLERANCE)}"
    return tests


def _in_both(column: str) -> str:
    return f"a.{column} IS NOT NULL AND b.{column} IS NOT NULL"


def _core_rows(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    """Number of rows of every core table."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'core'", [database]
    ).fetchall()
    counted = (
        (name, con.execute(f"SELECT count(*) FROM {database}.core.{name}").fetchone()) for (name,) in found
    )
    return {name: row[0] for name, row in counted if row}


def _apart(ours: str, theirs: str, tolerance: float) -> str:
    """SQL that is true where two numbers differ by more than `tolerance` of their size."""
    return f"abs({ours} - {theirs}) > {tolerance} * greatest(1, abs({ours}), abs({theirs}))"


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("'", "''")
