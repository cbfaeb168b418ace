"""kpi.periodic: KPIs of periods longer than a month, recomputed from the cases, never averaged over months."""

from datetime import date, timedelta

import polars as pl

from tests.kpi.claims_made import SETTINGS, core_claims
from tests.kpi.two_months import company
from transforms.kpi.claims_turnaround import KPIS
from transforms.kpi.periodic import periodic
from transforms.measures.records import kpi_records
from transforms.periods import long_periods, month_periods, months_until

AS_OF = date(2025, 5, 20)
MEDIAN = "claim_report_to_decision_days_median"


def facts() -> pl.DataFrame:
    """Thirty fast claims in January, ten slow ones in each later month."""
    histories = {}
    for month in range(1, 6):
        for i in range(30 if month == 1 else 10):
            reported = date(2025, month, 2)
            took = i % 7 if month == 1 else 12 + i
            histories[f"{month}-{i}"] = [("reported", reported), ("decided", reported + timedelta(days=took))]
    return core_claims(histories, AS_OF)


def test_periods_are_whole_and_named_by_their_first_day() -> None:
    months = months_until(date(2025, 5, 20), 17)
    found = long_periods(months)
    assert found.filter(pl.col("grain") == "year").rows() == [
        ("year", date(2024, 1, 1), date(2024, 12, 31)),
        ("year", date(2025, 1, 1), date(2025, 12, 31)),
    ]
    assert found.filter(pl.col("grain") == "quarter").height == 6
    assert found.filter(pl.col("grain") == "half_year")["ends_on"].to_list()[-1] == date(2025, 6, 30)
    rolling = found.filter(pl.col("grain") == "rolling_12")
    assert rolling["starts_on"].to_list() == months[:6]
    assert rolling["ends_on"].to_list()[-1] == date(2025, 5, 31)
    assert long_periods(months[-3:])["grain"].to_list() == ["quarter"]


def test_a_quarter_is_that_of_its_cases() -> None:
    claims = facts()
    months = months_until(AS_OF, 5)
    tables = {"core.claims": claims.lazy()}
    long = kpi_records(tables, KPIS, long_periods(months), as_of=AS_OF, settings=SETTINGS)
    monthly = kpi_records(tables, KPIS, month_periods(months), as_of=AS_OF, settings=SETTINGS)
    first = (pl.col("period") == date(2025, 1, 1)) & (pl.col("cut") == "company")
    of_quarter = claims.filter(pl.col("reported_on") < date(2025, 4, 1))["report_to_decision_days"]
    quarter = long.filter(
        first & (pl.col("kpi") == MEDIAN) & (pl.col("basis") == "cohort") & (pl.col("grain") == "quarter")
    ).row(0, named=True)
    assert quarter["value"] == of_quarter.median()
    of_months = monthly.filter((pl.col("kpi") == MEDIAN) & (pl.col("basis") == "cohort"))["value"]
    assert quarter["value"] != of_months.mean()
    assert quarter["n"] == 50
    # The second quarter is not over: nothing is said of it yet.
    second = long.filter((pl.col("grain") == "quarter") & (pl.col("period") == date(2025, 4, 1)))
    assert set(second.filter(pl.col("kpi") == MEDIAN)["status"]) == {"immature"}


def test_counts_of_a_quarter_are_the_sums_of_its_months() -> None:
    months = months_until(AS_OF, 5)
    tables = {"core.claims": facts().lazy()}
    keys = ["kpi", "basis", "cut", "segment"]
    long = kpi_records(tables, KPIS, long_periods(months), as_of=AS_OF, settings=SETTINGS)
    monthly = kpi_records(tables, KPIS, month_periods(months), as_of=AS_OF, settings=SETTINGS)
    shares = (pl.col("unit") == "share") & (pl.col("period") < date(2025, 4, 1))
    summed = monthly.filter(shares).group_by(keys).agg(pl.col("numerator", "denominator").sum())
    quarter = long.filter(shares & (pl.col("grain") == "quarter"))
    both = quarter.select(*keys, "numerator", "denominator").join(summed, on=keys, suffix="_summed")
    assert both.height > 0
    filled = both.with_columns(pl.col("numerator", "denominator").fill_null(0))
    assert filled.filter(
        (pl.col("numerator") != pl.col("numerator_summed"))
        | (pl.col("denominator") != pl.col("denominator_summed"))
    ).is_empty()


def test_a_quarter_of_complaints_and_the_year_it_opens() -> None:
    """145 of 180 are decided; the year is not over, so that it has its sides but no value yet."""
    found = company(periodic).filter(kpi="complaint_clearance_share")
    shown = found.sort("ends_on").select("grain", "ends_on", "numerator", "denominator", "value", "status")
    assert shown.rows() == [
        ("quarter", date(2025, 3, 31), 145, 180, 0.805555555555556, "ok"),
        ("half_year", date(2025, 6, 30), 145, 180, None, "immature"),
        ("year", date(2025, 12, 31), 145, 180, None, "immature"),
    ]
