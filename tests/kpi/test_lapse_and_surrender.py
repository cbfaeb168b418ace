"""Lapses and surrenders from policies and what happened to them: as known on a day, and since January."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from tests.kpi.books import EVENT, KPIS, POLICY, frame, quotient, record
from transforms.core.policies import policies
from transforms.core.policy_events import policy_events
from transforms.core.surrender_months import surrender_months
from transforms.measures.records import kpi_records
from transforms.periods import long_periods, month_periods
from transforms.settings import Settings

COMPANY = Settings(cuts=("company",))
MARCH = date(2025, 3, 1)
AS_OF = date(2025, 12, 31)


def facts_of(register: list[dict], happened: list[dict], as_of: date = AS_OF) -> dict[str, pl.LazyFrame]:
    """core.policies and core.policy_events of a register and what happened."""
    staged = frame(POLICY, register)
    events = frame(EVENT, [{"event_id": f"E{i}", **row} for i, row in enumerate(happened)])
    return {
        "core.policies": policies(policies=staged, events=events, as_of=as_of, settings=COMPANY),
        "core.policy_events": policy_events(policies=staged, events=events, as_of=as_of, settings=COMPANY),
    }


def value(code: str, facts, month=MARCH, as_of=AS_OF, basis="cohort") -> float:
    found = record(
        code, {"core.exposure_months": frame({"month": pl.Date}, []), **facts}, month, as_of, basis=basis
    )
    return quotient(found) if found["numerator"] is not None else found["value"]


def test_a_lapse_counts_until_it_is_known_that_a_reinstatement_followed():
    register = [{"policy_id": f"P{i}", "issued_on": date(2024, 1, 1)} for i in range(200)]
    happened = [{"policy_id": f"P{i}", "event": "lapse", "effective_on": date(2025, 3, 9)} for i in range(3)]
    happened += [{"policy_id": "P0", "event": "reinstatement", "effective_on": date(2025, 6, 9)}]
    for as_of, share in ((date(2025, 3, 31), 0.015), (AS_OF, 0.01)):
        facts = facts_of(register, happened, as_of)
        assert value("lapse_policy_share", facts, as_of=as_of, basis="period") == pytest.approx(share)
        assert value("lapse_gross_policy_share", facts, as_of=as_of, basis="period") == pytest.approx(0.015)


EXPOSURE = {
    "month": pl.Date,
    "org_unit": pl.String,
    "region": pl.String,
    "product_line": pl.String,
    "premium_income": pl.Float64,
    "reserve_opening": pl.Float64,
    "investment_opening": pl.Float64,
    "investment_deposits": pl.Float64,
    "investment_surrendered": pl.Float64,
}


def year_to_date(
    paid: dict[int, float], premium: dict[int, float], reserve: float, stated: Sequence[dict] = ()
) -> dict:
    """core.surrender_months of one unit: payments and premium by month of 2025; `stated`, of another line."""
    here = {"org_unit": "north", "region": "cold", "product_line": "life"}
    events = [
        {**here, "event": "surrender", "paid_on": date(2025, month, 20), "amount": amount}
        for month, amount in paid.items()
    ]
    # The refund of a premium is no surrender.
    events.append({**here, "event": "free_look_cancellation", "paid_on": date(2025, 1, 20), "amount": 99.0})
    exposures = [
        {**here, "month": date(2025, month, 1), "premium_income": amount, "reserve_opening": reserve}
        for month, amount in premium.items()
    ]
    exposures += [{**here, "product_line": "unit_linked", **row} for row in stated]
    schema = {
        **dict.fromkeys((*here, "event"), pl.String),
        "paid_on": pl.Date,
        "effective_on": pl.Date,
        "amount": pl.Float64,
    }
    return {
        "core.surrender_months": surrender_months(
            events=frame(schema, events), exposures=frame(EXPOSURE, exposures), as_of=AS_OF, settings=COMPANY
        )
    }


PAID = {1: 20, 3: 50, 6: 100, 12: 70}
PREMIUM_INCOME = {1: 200, 2: 200, 3: 200, 6: 800, 12: 800}


def test_surrender_payments_run_since_january_and_are_not_annualised():
    facts = year_to_date(PAID, PREMIUM_INCOME, reserve=9800)
    code = "surrender_payment_year_to_date_ratio"
    by_month = {m: record(code, facts, date(2025, m, 1), AS_OF, basis="period") for m in (3, 4, 12)}
    assert by_month[12]["value"] == pytest.approx(0.02)
    assert by_month[3]["value"] == pytest.approx(70 / 10_400)
    # Four times the first quarter is no year: the denominator is not a year's.
    assert 4 * by_month[3]["value"] > 1.3 * by_month[12]["value"]
    assert by_month[4]["value"] == by_month[3]["value"], "a month without a payment keeps the year's"


def test_a_longer_period_has_the_figure_of_its_end():
    """Of a quarter, half-year or year the rate runs from January to its end: never sums of running sums."""
    facts = year_to_date(PAID, PREMIUM_INCOME, reserve=9800)
    kpis = [KPIS["surrender_payment_year_to_date_ratio"]]
    months = [date(2025, month, 1) for month in range(1, 13)]
    monthly = kpi_records(facts, kpis, month_periods(months), as_of=AS_OF, settings=COMPANY)
    by_month = dict(monthly.select("period", "value").iter_rows())
    found = kpi_records(facts, kpis, long_periods(months), as_of=AS_OF, settings=COMPANY)
    values = {
        (grain, start.month): value
        for grain, start, value in found.select("grain", "period", "value").iter_rows()
    }
    assert values == {
        **{("quarter", m): by_month[date(2025, m + 2, 1)] for m in (1, 4, 7, 10)},
        **{("half_year", m): by_month[date(2025, m + 5, 1)] for m in (1, 7)},
        ("year", 1): by_month[date(2025, 12, 1)],
        ("rolling_12", 1): by_month[date(2025, 12, 1)],
    }
    assert values["quarter", 1] == pytest.approx(70 / 10_400, abs=1e-9)
    assert values["year", 1] == pytest.approx(0.02, abs=1e-9)


def test_comprehensive_surrender_counts_investment_contracts_where_they_are_stated():
    code, december = "surrender_payment_comprehensive_year_to_date_ratio", date(2025, 12, 1)
    facts = year_to_date(PAID, PREMIUM_INCOME, reserve=9800)
    assert record(code, facts, december, AS_OF, basis="period")["status"] == "not_applicable"
    stated = [
        {"month": date(2025, 1, 1), "investment_opening": 2400.0, "investment_deposits": 100.0},
        {"month": date(2025, 2, 1), "investment_opening": 2400.0, "investment_surrendered": 60.0},
        {"month": date(2025, 9, 1), "investment_deposits": 500.0, "investment_surrendered": 50.0},
    ]
    facts = year_to_date(PAID, PREMIUM_INCOME, 9800, stated)
    found = record(code, facts, december, AS_OF, basis="period")
    assert (found["numerator"], found["denominator"]) == (350, 15_000)
    quarter = record(code, facts, MARCH, AS_OF, basis="period")
    assert (quarter["numerator"], quarter["denominator"]) == (70 + 60, 9800 + 600 + 2400 + 100)
    # The rate of the reserve alone does not see the other line.
    plain = record("surrender_payment_year_to_date_ratio", facts, december, AS_OF, basis="period")
    assert (plain["numerator"], plain["denominator"]) == (240, 12_000)


def test_who_looks_after_a_policy_now_is_a_cut_of_its_own():
    register = [
        {"policy_id": f"P{i}", "issued_on": date(2024, 1, 1), "org_unit": "north", "current_org_unit": unit}
        for i, unit in enumerate(["north", "north", "south"])
    ]
    happened = [{"policy_id": "P2", "event": "surrender", "effective_on": date(2025, 3, 9)}]
    settings = Settings(cuts=("company", "org_unit", "current_org_unit"))
    facts = {
        **facts_of(register, happened),
        "core.complaints": frame(
            {"received_on": pl.Date, "is_merged": pl.Boolean, "org_unit": pl.String}, []
        ),
    }
    kpis = [KPIS["surrender_policy_share"], KPIS["complaints_received_count"]]
    found = kpi_records(facts, kpis, month_periods([MARCH]), as_of=AS_OF, settings=settings)
    surrender = found.filter(pl.col("kpi") == "surrender_policy_share").select(
        "cut", "segment", "numerator", "denominator"
    )
    assert sorted(surrender.rows()) == [
        ("company", "company", 1, 3),
        ("current_org_unit", "north", 0, 2),
        ("current_org_unit", "south", 1, 1),
        ("org_unit", "north", 1, 3),
    ]
    # Complaints know only the responsible unit: no row pretends otherwise.
    assert set(found.filter(pl.col("kpi") == "complaints_received_count")["cut"]) == {"company", "org_unit"}
