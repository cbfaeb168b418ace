"""core.surrender_months: surrender payments against reserve and premium since January, month by month."""

from datetime import date

import polars as pl

from transforms.core.exposure_months import exposure_months
from transforms.core.policy_events import policy_events
from transforms.core.surrender_months import surrender_months
from transforms.settings import Settings


def made(paid: list[tuple], stated: list[dict], as_of: date) -> pl.DataFrame:
    place = {"org_unit": "B1", "product_line": "life", "region": "north"}
    events = [
        {**place, "event": event, "effective_on": day, "paid_on": day, "amount": amount}
        for event, day, amount in paid
    ]
    frames = {
        "events": pl.LazyFrame(events, schema=policy_events.schema),
        "exposures": pl.LazyFrame([{**place, **row} for row in stated], schema=exposure_months.schema),
    }
    return surrender_months(**frames, as_of=as_of, settings=Settings()).collect().sort("month")


def stated(year: int, months: range, reserve: int | None, **more: int) -> list[dict]:
    return [
        {"month": date(year, month, 1), "reserve_opening": reserve, "premium_income": 10, **more}
        for month in months
    ]


PAID = [
    ("surrender", date(2025, 1, 20), 3.0),
    ("partial_surrender", date(2025, 3, 5), 4.0),
    ("death", date(2025, 3, 6), 99.0),
]


def test_both_sides_run_from_january_and_a_month_without_payment_is_a_row():
    """Reserve 500 and 10 of premium a month: 7 paid of 530 by the end of March."""
    found = made(PAID, stated(2025, range(1, 4), 500), date(2025, 3, 31))
    assert found["paid_year_to_date"].to_list() == [3.0, 3.0, 7.0]
    assert found["at_risk_year_to_date"].to_list() == [510.0, 520.0, 530.0]
    assert found["comprehensive_at_risk_year_to_date"].to_list() == [510.0, 520.0, 530.0]
    assert found["investment_paid_year_to_date"].null_count() == 3


def test_a_new_year_starts_anew():
    months = [*stated(2024, range(12, 13), 400), *stated(2025, range(1, 2), 500)]
    found = made([("surrender", date(2024, 12, 9), 5.0)], months, date(2025, 1, 31))
    assert found["paid_year_to_date"].to_list() == [5.0, 0.0]
    assert found["at_risk_year_to_date"].to_list() == [410.0, 510.0]


def test_a_line_without_a_reserve_counts_in_the_comprehensive_rate_alone():
    investment = {"investment_opening": 200, "investment_deposits": 20, "investment_surrendered": 6}
    found = made([], stated(2025, range(1, 3), None, **investment), date(2025, 2, 28))
    assert found["at_risk_year_to_date"].to_list() == [0.0, 0.0]
    assert found["comprehensive_paid_year_to_date"].to_list() == [6.0, 12.0]
    assert found["comprehensive_at_risk_year_to_date"].to_list() == [220.0, 240.0]


def test_a_line_with_neither_is_no_row():
    assert made(PAID[:1], stated(2025, range(1, 2), None), date(2025, 1, 31)).is_empty()
