"""An index of delivered values: an invented market, worked by hand, run as a user runs it.

In 2024 East lacks its complaints and its growth is marked as not to be used; both are those of North, the other large
insurer: (2 × 50 + 70 + 66.67) / 4 = 59.17, to the nearest half 59.
"""

from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, policypulse

EXAMPLE = ROOT / "examples" / "published_values"


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("published_values")
    checked = policypulse("check", "--project", EXAMPLE, POLICYPULSE_WAREHOUSES=str(folder))
    assert checked.status == 0, checked.text
    ran = policypulse("run", "--project", EXAMPLE, POLICYPULSE_WAREHOUSES=str(folder))
    assert ran.status == 0, ran.text
    return duckdb.connect(
        str((Path(folder) / "published_values" / "current.duckdb").resolve()), read_only=True
    )


def test_years_have_their_index(current: duckdb.DuckDBPyConnection) -> None:
    found = current.sql("""
        SELECT year(period), segment, score FROM index.scores
        WHERE framework = 'market_index' AND level = 0 ORDER BY ALL
    """).fetchall()
    assert found == [
        (2023, "East", 54.0),
        (2023, "North", 52.5),
        (2023, "South", 52.0),
        (2024, "East", 59.0),
        (2024, "North", 67.5),
        (2024, "South", 56.0),
    ]


def test_a_year_is_one_record_and_its_indicator_stands_in_the_catalogue(
    current: duckdb.DuckDBPyConnection,
) -> None:
    records = current.sql("""
        SELECT grain, CAST(period AS VARCHAR), ends_on - period, value, n, status FROM kpi.periodic
        WHERE kpi = 'complaints_upheld' AND segment = 'South' ORDER BY ALL
    """).fetchall()
    assert records == [
        ("year", "2023-01-01", 364, 0.25, 100, "ok"),
        ("year", "2024-01-01", 365, 0.2, 100, "ok"),
    ]
    assert not current.sql("SELECT * FROM kpi.monthly WHERE kpi = 'complaints_upheld'").fetchall()
    assert current.sql(
        "SELECT title, lacks FROM catalog.kpis WHERE kpi = 'complaints_upheld'"
    ).fetchall() == [("Complaints upheld", None)]


def test_a_leaf_of_a_shipped_framework_is_supplied_ready_made(current: duckdb.DuckDBPyConnection) -> None:
    found = current.sql("""
        SELECT month(period), round(score, 9), status FROM index.scores
        WHERE framework = 'service_evaluation' AND node = 'inbound_answered' AND score IS NOT NULL
        ORDER BY ALL
    """).fetchall()
    assert found == [(11, round(100 * 0.18 / 0.35, 9), "ok"), (12, 60.0, "ok")]
