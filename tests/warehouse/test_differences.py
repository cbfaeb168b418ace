"""Two published files compared row by row: what only one has, what differs, what a tolerance forgives."""

from pathlib import Path

import duckdb
import pytest

from warehouse.differences import differences

ROWS = (
    "('a', DATE '2025-01-01', 0.5, 'ok'), ('b', DATE '2025-01-01', NULL, 'no_data'), ('c', NULL, 2.0, 'ok')"
)


@pytest.fixture
def version(tmp_path: Path):
    """Writes a published file with one table of records, keyed by kpi and period."""

    def write(
        name: str, rows: str = ROWS, grain: str = "kpi, period", columns: str = "kpi, period, value, status"
    ):
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("CREATE SCHEMA kpi; CREATE SCHEMA catalog")
            con.execute(
                f"CREATE TABLE kpi.monthly AS SELECT {columns} FROM (VALUES {rows}) AS r(kpi, period, value, status)"
            )
            con.execute(
                f"CREATE TABLE catalog.tables AS SELECT 'kpi.monthly' AS table_name, '{grain}' AS grain"
            )
        return path

    return write


def test_a_file_equals_its_copy(version):
    (found,) = differences(version("old"), version("new"), schemas=["kpi"])
    assert found.equal and found.rows == 3


def test_rows_of_one_side_and_changed_values_are_told_with_their_keys(version):
    changed = (
        "('a', DATE '2025-01-01', 0.25, 'low_n'), ('b', DATE '2025-01-01', 1.0, 'ok'), ('d', NULL, 2.0, 'ok')"
    )
    (found,) = differences(version("old"), version("new", changed), schemas=["kpi"])
    assert (found.rows, found.only_old, found.only_new, found.differing) == (2, 1, 1, 2)
    assert found.columns == {"value": 2, "status": 2}
    assert found.examples == ("a, 2025-01-01", "b, 2025-01-01")


def test_an_empty_key_meets_an_empty_key(version):
    changed = ROWS.replace("2.0", "3.0")
    (found,) = differences(version("old"), version("new", changed), schemas=["kpi"])
    assert found.examples == ("c, –",)


@pytest.mark.parametrize(("tolerance", "equal"), [(0.0, False), (1e-12, False), (1e-6, True)])
def test_a_tolerance_is_of_the_size_of_the_number(version, tolerance, equal):
    rows = "('a', DATE '2025-01-01', 1000000.0::DOUBLE, 'ok')"
    near = rows.replace("1000000.0", "1000000.5")
    (found,) = differences(version("old", rows), version("new", near), schemas=["kpi"], tolerance=tolerance)
    assert found.equal is equal


def test_a_number_beside_none_is_no_rounding(version):
    (found,) = differences(
        version("old", "('a', NULL, NULL::DOUBLE, 'ok')"), version("new", "('a', NULL, 0.0::DOUBLE, 'ok')"),
        schemas=["kpi"], tolerance=1.0,
    )  # fmt: skip
    assert found.columns == {"value": 1}


def test_a_column_that_one_file_lacks_differs_unless_left_out(version):
    old, new = version("old", columns="kpi, period, value"), version("new")
    assert differences(old, new, schemas=["kpi"])[0].columns == {"status": 3}
    assert differences(old, new, schemas=["kpi"], leave_out=["status"])[0].equal


def test_a_table_without_a_common_grain_is_said_not_to_be_compared(version):
    (found,) = differences(version("old"), version("new", grain="kpi, month"), schemas=["kpi"])
    assert not found.equal and "month" in found.unmatched
