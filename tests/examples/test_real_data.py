"""Public data through the example projects, mapped without code: the published answers come out.

Figures: Texas Department of Insurance yearly totals; whole life, expense claims and kiosks recomputed independently
from the sources named in the project files.
"""

import os
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import ROOT, policypulse


@pytest.fixture(scope="module")
def warehouses(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shared / "data").is_dir():
        pytest.skip(f"{shared / 'data'} is absent")
    return tmp_path_factory.mktemp("warehouses")


def ran(example: str, shared: Path, warehouses: Path) -> duckdb.DuckDBPyConnection:
    environment = {"POLICYPULSE_DATA": str(shared / "data"), "POLICYPULSE_WAREHOUSES": str(warehouses)}
    ended = policypulse("run", "--project", ROOT / "examples" / example, **environment)
    assert ended.status == 0, ended.text
    return duckdb.connect(os.path.realpath(warehouses / example / "current.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def texas(shared, warehouses):
    return ran("texas_complaints", shared, warehouses)


def test_texas_loses_no_complaint(texas):
    loads = texas.sql(
        "SELECT sum(rows_read), sum(rows_landed + rows_rejected + rows_skipped) FROM catalog.loads"
    ).fetchall()
    assert loads == [(281_397, 281_397)]
    assert texas.sql("SELECT count(*) FROM core.complaints").fetchall() == [(281_397,)]


def test_texas_yearly_totals_and_confirmed_shares(texas, shared):
    published = (
        pl.read_csv(shared / "data" / "complaints_texas" / "tx_complaints_yearly_confirmed.csv")
        .with_columns(pl.col("coverage_type").fill_null("unknown"))
        .select("year_closed", "coverage_type", "total", "confirmed")
    )
    ours = texas.sql(
        "SELECT year(period)::BIGINT AS year_closed, "
        "CASE cut WHEN 'company' THEN 'ALL' ELSE segment END AS coverage_type, "
        "sum(numerator) FILTER (kpi = 'complaints_closed_count')::BIGINT AS closed, "
        "sum(numerator) FILTER (kpi = 'complaint_upheld_share' AND basis = 'period')::BIGINT AS upheld, "
        "sum(denominator) FILTER (kpi = 'complaint_upheld_share' AND basis = 'period')::BIGINT AS decided "
        "FROM kpi.monthly WHERE cut IN ('company', 'product_line') GROUP BY ALL"
    ).pl()
    joined = published.join(ours, on=["year_closed", "coverage_type"], how="left")
    assert joined.height >= 105
    assert joined.filter(
        pl.col("total").ne_missing(pl.col("closed"))
        | pl.col("confirmed").ne_missing(pl.col("upheld"))
        | pl.col("total").ne_missing(pl.col("decided"))
    ).is_empty()


def test_texas_days_from_receipt_to_closing(texas):
    days = texas.sql(
        "SELECT median(received_to_closed_days), quantile_cont(received_to_closed_days, 0.9), "
        "median(received_to_closed_days) FILTER (year(closed_on) = 2019), "
        "median(received_to_closed_days) FILTER (year(closed_on) = 2021), "
        "count(*) FILTER (received_to_closed_days = 0) FROM core.complaints"
    )
    assert days.fetchall() == [(70.0, 202.0, 155.0, 20.0, 577)]


def test_what_texas_lacks_is_not_applicable(texas):
    absent = texas.sql(
        "SELECT DISTINCT status FROM kpi.monthly WHERE kpi LIKE 'claim%' OR kpi LIKE 'persistency%'"
    )
    assert absent.fetchall() == [("not_applicable",)]


def test_us_whole_life_persistency(shared, warehouses):
    con = ran("us_whole_life", shared, warehouses)
    found = con.sql(
        "SELECT duration_months, sum(persisting::INT)::BIGINT, sum(eligible::INT)::BIGINT "
        "FROM core.persistency GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert found == [
        (13, 26_102, 28_984),
        (25, 23_880, 28_641),
        (37, 22_000, 28_229),
        (49, 19_802, 26_970),
        (61, 17_722, 25_491),
    ]
    assert con.sql("SELECT DISTINCT variant FROM core.persistency").fetchall() == [("in_force",)]
    # The whole portfolio matured before the as-of date is a cohort of years; a month's record is of 12 issue months.
    months = con.sql(
        "SELECT min(value), max(value) FROM kpi.monthly WHERE kpi = 'persistency_13m_policy_share' AND cut = 'company'"
    ).fetchall()[0]
    assert 0.7 < months[0] < 0.900566 < months[1] < 1


def test_expense_claims_turnaround(shared, warehouses):
    con = ran("expense_claims", shared, warehouses)
    payment = con.sql(
        "SELECT count(report_to_payment_days), median(report_to_payment_days), avg(report_to_payment_days) "
        "FROM core.claims"
    ).fetchall()[0]
    assert payment == (9_911, pytest.approx(7.351343, abs=1e-6), pytest.approx(11.231167, abs=1e-6))
    decision = con.sql(
        "SELECT count(report_to_decision_days), median(report_to_decision_days), avg(report_to_decision_days), "
        "quantile_cont(report_to_decision_days, 0.9) FROM core.claims"
    ).fetchall()[0]
    expected = [pytest.approx(value, abs=1e-6) for value in (1.457645, 4.461276, 8.651548)]
    assert decision == (9_938, *expected)


@pytest.fixture(scope="module")
def kiosks(shared, warehouses):
    return ran("kservqual", shared, warehouses)


def test_every_row_of_the_korean_export_is_accounted_for(kiosks):
    """211 people: 205 counted, 2 flagged for one answer to everything, 4 who never used a kiosk, none rejected."""
    loads = kiosks.sql(
        "SELECT sum(rows_landed)::BIGINT, sum(rows_rejected)::BIGINT FROM catalog.loads WHERE feed = 'survey_answers'"
    )
    assert loads.fetchall() == [(207 * 48 + 4 + 194 * 48, 0)]
    people = kiosks.sql(
        "SELECT CASE WHEN n_answered = 0 THEN 'never used' WHEN straight_lining THEN 'flagged' ELSE 'counted' END, "
        "count(*), min(n_answered), CASE WHEN count(*) < 10 THEN list(response_id::INT ORDER BY 1) END "
        "FROM core.survey_responses WHERE survey = 'kiosk_raw' GROUP BY 1 ORDER BY 1"
    )
    assert people.fetchall() == [
        ("counted", 205, 48, None),
        ("flagged", 2, 48, [86, 193]),
        ("never used", 4, 0, [24, 80, 157, 204]),
    ]


def test_kiosks_expectation_perception_and_gap(kiosks):
    """The institute's 194: expectation 5.998067, perception 4.838703, gap −1.159364 of 24 pairs."""
    whole = kiosks.sql(
        "SELECT n_perceptions, expectation_mean, perception_mean, gap_points FROM marts.survey_report "
        "WHERE survey = 'kiosk_screened' AND roll_up = 'stage'"
    ).fetchall()
    assert whole == [(194, *(pytest.approx(v, abs=5e-7) for v in (5.998067, 4.838703, -1.159364)))]
    items = kiosks.sql(
        "SELECT item, n_gaps, gap_points FROM core.survey_items "
        "WHERE survey = 'kiosk_screened' AND item IN ('01', '04', '23') ORDER BY item"
    ).fetchall()
    gaps = {"01": -0.5825, "04": 0.3093, "23": -2.0876}
    assert items == [(item, 194, pytest.approx(gap, abs=5e-5)) for item, gap in gaps.items()]
