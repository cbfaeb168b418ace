"""Public data through the example projects, mapped without code: the published answers come out.

Figures: Texas Department of Insurance yearly totals; whole life, expense claims and kiosks recomputed independently
from the sources named in the project files.
"""

import os
import shutil
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import ROOT, policypulse
from lifelines import KaplanMeierFitter

from tests.transforms.curves_of_frames import km_summary


@pytest.fixture(scope="module")
def warehouses(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shared / "data").is_dir():
        pytest.skip(f"{shared / 'data'} is absent")
    return tmp_path_factory.mktemp("warehouses")


def ran(example: str, shared: Path, warehouses: Path, *tables: str) -> duckdb.DuckDBPyConnection:
    """An example as it has been run for some tables alone and what they are made from, without pages."""
    project = warehouses / f"{example}_project"
    shutil.copytree(ROOT / "examples" / example, project)
    with (project / "policypulse.yml").open("a", encoding="utf-8") as file:
        file.write(f"\nonly: {{tables: [{', '.join(tables)}]}}\npages: {{written: false}}\n")
    environment = {"POLICYPULSE_DATA": str(shared / "data"), "POLICYPULSE_WAREHOUSES": str(warehouses)}
    ended = policypulse("run", "--project", project, **environment)
    assert ended.status == 0, ended.text
    return duckdb.connect(os.path.realpath(warehouses / example / "current.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def texas(shared, warehouses):
    return ran("texas_complaints", shared, warehouses, "core.complaints", "kpi.periodic", "kpi.monthly")


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


# Median days by year: closed in it, closed ones only; of the complaints handled in it (Kaplan–Meier); of those
# received in it. In 2018 a backlog of 15,830 complaints had built up, which was cleared by 2020.
TEXAS_MEDIANS = {
    2013: (33, 31, 30),
    2014: (42, 45, 49),
    2015: (91, 92, 92),
    2016: (95, 103, 124),
    2017: (132, 137, 147),
    2018: (141, 164, 156),
    2019: (155, 120, 122),
    2020: (83, 43, 38),
    2021: (20, 20, 20),
    2022: (38, 41, 43),
    2023: (50, 50, 50),
    2024: (60, 65, 71),
}


def test_texas_by_year_closed_only_beside_kaplan_meier(texas):
    published = texas.sql(
        "SELECT year(period)::BIGINT AS year, max(value) FILTER (basis = 'period') AS closed, "
        "max(value) FILTER (kpi = 'complaint_received_to_decided_days_km_median') AS received "
        "FROM kpi.periodic WHERE cut = 'company' AND grain = 'year' AND kpi IN "
        "('complaint_received_to_closed_days_median', 'complaint_received_to_decided_days_km_median') GROUP BY ALL"
    ).fetchall()
    found = {year: (closed, received) for year, closed, received in published if year in TEXAS_MEDIANS}
    assert found == {year: (closed, received) for year, (closed, _, received) in TEXAS_MEDIANS.items()}


def of_a_year(complaints: pl.DataFrame, year: int) -> pl.DataFrame:
    """The complaints open in a year: days, whether closed in it, and days already open when it began (entry)."""
    first, last = date(year, 1, 1), date(year, 12, 31)

    def days(until: pl.Expr) -> pl.Expr:
        return (until - pl.col("received_on")).dt.total_days().cast(pl.Float64)

    return complaints.filter(pl.col("received_on") <= last, pl.col("closed_on") >= first).select(
        days=days(pl.min_horizontal("closed_on", pl.lit(last))),
        entry=days(pl.lit(first)).clip(0),
        closed=pl.col("closed_on") <= last,
        is_received=pl.col("received_on") >= first,
    )


def test_texas_as_it_stood_at_the_end_of_each_year(texas):
    """Handled in the year: who was open already enters late, who is open still is censored, as lifelines has it."""
    complaints = texas.sql("SELECT received_on, closed_on FROM core.complaints").pl()
    for year, (_, handled, _) in TEXAS_MEDIANS.items():
        cases = of_a_year(complaints, year)
        ours = km_summary(cases.lazy(), [], "days", "closed", entry="entry", tau=60).collect()
        assert ours["p50"].item() == handled
        if year in (2018, 2020):
            # Closed on the first of January, and so at risk on no day of the year: not for lifelines.
            told = cases.filter(pl.col("days") > pl.col("entry"), pl.col("days") > 0)
            fit = KaplanMeierFitter().fit(told["days"], told["closed"], entry=told["entry"])
            assert fit.median_survival_time_ == handled


def test_texas_open_complaints_tell_what_closed_ones_do_not(texas):
    """At the end of each year the medians of those received in it, against what they turned out to be."""
    complaints = texas.sql("SELECT received_on, closed_on FROM core.complaints").pl()
    closed_only, counted = 0.0, 0.0
    for year, (_, _, turned_out) in TEXAS_MEDIANS.items():
        cases = of_a_year(complaints, year).filter("is_received")
        closed_only += abs(cases.filter("closed")["days"].median() - turned_out)
        counted += abs(km_summary(cases.lazy(), [], "days", "closed").collect()["p50"].item() - turned_out)
    assert (closed_only, counted) == (176, 49)


def test_what_texas_lacks_is_not_applicable(texas):
    absent = texas.sql(
        "SELECT DISTINCT status FROM kpi.monthly WHERE kpi LIKE 'claim%' OR kpi LIKE 'persistency%'"
    )
    assert absent.fetchall() == [("not_applicable",)]


def test_us_whole_life_persistency(shared, warehouses):
    con = ran("us_whole_life", shared, warehouses, "core.persistency", "kpi.monthly")
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
    con = ran("expense_claims", shared, warehouses, "core.claims")
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
    return ran("kservqual", shared, warehouses, "core.survey_*", "marts.survey_report")


def test_every_row_of_the_korean_export_is_accounted_for(kiosks):
    """211 people: 205 counted, 2 flagged for one answer to everything, 4 who never used a kiosk, none rejected."""
    loads = kiosks.sql(
        "SELECT sum(rows_landed)::BIGINT, sum(rows_rejected)::BIGINT FROM catalog.loads WHERE feed = 'survey_answers'"
    )
    assert loads.fetchall() == [(207 * 48 + 4 + 194 * 48, 0)]
    people = kiosks.sql(
        "SELECT CASE WHEN n_answered = 0 THEN 'never used' WHEN straight_lining THEN 'flagged' ELSE 'counted' END, "
        "count(*), min(n_answered), CASE WHEN count(*) < 10 THEN list(response_id::INT ORDER BY response_id::INT) END "
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
