"""Persistency from policies and their premiums: which months of issue count, and how durations hang together."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.kpi.books import EVENT, POLICY, frame, record
from transforms.core.persistency import persistency
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import PersistencySettings, Settings

COMPANY = Settings(cuts=("company",))
PREMIUM = {
    "policy_id": pl.String,
    "instalment_no": pl.Int32,
    "months_since_issue": pl.Int64,
    "days_off": pl.Float64,
    "due_on": pl.Date,
    "due_amount": pl.Float64,
    "paid_on": pl.Date,
    "paid_amount": pl.Float64,
}


def persisting(register: list[dict], paid: list[dict], as_of: date) -> dict[str, pl.LazyFrame]:
    """core.persistency of a register, its premiums and no events."""
    made = persistency(
        policies=frame(POLICY, register),
        premiums=frame(PREMIUM, paid),
        unbilled=pl.LazyFrame(schema={"policy_id": pl.String}),
        events=frame(EVENT, []),
        as_of=as_of,
        settings=COMPANY,
    )
    return {"core.persistency": made}


@pytest.mark.parametrize(("increases", "ratio"), [("capped", 1.0), ("counted", 1.1)])
def test_premium_above_that_at_issue_counts_if_the_project_says_so(increases, ratio):
    """A rider makes 1,200 of 1,000 at issue; the other policy pays what it did."""
    rules = PersistencySettings(increases=increases)
    settings = Settings(cuts=("company",), persistency=rules)
    issued, due, as_of = date(2024, 1, 10), date(2025, 1, 10), date(2025, 6, 30)
    register = [
        {
            "policy_id": policy,
            "issued_on": issued,
            "pay_mode": "annual",
            "premium_term_months": 240,
            "annual_premium": 1000.0,
        }
        for policy in "AB"
    ]
    paid = [
        {
            "policy_id": policy,
            "instalment_no": 2,
            "months_since_issue": 12,
            "days_off": 0.0,
            "due_on": due,
            "paid_on": due,
            "paid_amount": amount,
        }
        for policy, amount in (("A", 1200.0), ("B", 1000.0))
    ]
    made = persistency(
        policies=frame(POLICY, register),
        premiums=frame(PREMIUM, paid),
        unbilled=pl.LazyFrame(schema={"policy_id": pl.String}),
        events=frame(EVENT, []),
        as_of=as_of,
        settings=settings,
    )
    (kpi,) = (k for k in registry(settings) if k.code == "persistency_13m_premium_share")
    months = month_periods([date(2025, 6, 1)])
    row = kpi_records({"core.persistency": made}, [kpi], months, as_of=as_of, settings=settings).row(
        0, named=True
    )
    assert row["value"] == pytest.approx(ratio)
    # What may exceed 1 is no share, and a definition of its own.
    expected = ("share", "2-default") if increases == "capped" else ("ratio", "2-default,increases counted")
    assert (row["unit"], row["definition_version"]) == expected


# A premium term of ten years, and events that are no service exit: those who pay the 25th premium paid the 13th.
LIFE = st.tuples(st.integers(0, 364), st.integers(0, 5))


@given(st.lists(LIFE, min_size=1, max_size=30))
@hypothesis_settings(max_examples=20)
def test_persistency_to_25_months_is_at_most_that_to_13_of_one_cohort(lives):
    as_of = date(2026, 6, 30)
    register, paid = [], []
    for i, (born, years_paid) in enumerate(lives):
        issued = date(2022, 1, 1) + timedelta(born)
        register.append(
            {
                "policy_id": f"P{i}",
                "issued_on": issued,
                "pay_mode": "annual",
                "premium_term_months": 120,
                "annual_premium": 1000.0 + i,
            }
        )
        for year in range(1, years_paid + 1):
            due = issued.replace(year=issued.year + year)
            paid.append(
                {
                    "policy_id": f"P{i}",
                    "instalment_no": year + 1,
                    "months_since_issue": 12 * year,
                    "days_off": 0.0,
                    "due_on": due,
                    "due_amount": 1000.0 + i,
                    "paid_on": due,
                    "paid_amount": 1000.0 + i,
                }
            )
    made = persistency(
        policies=frame(POLICY, register),
        premiums=frame(PREMIUM, paid),
        unbilled=pl.LazyFrame(schema={"policy_id": pl.String}),
        events=frame(EVENT, []),
        as_of=as_of,
        settings=COMPANY,
    ).collect()
    mature = (
        made.filter("eligible")
        .group_by("duration_months")
        .agg(
            count=pl.col("persisting").mean(),
            premium=pl.col("premium_received").sum() / pl.col("premium_at_issue").sum(),
        )
        .sort("duration_months")
    )
    # At 49 months only a part of the cohort is mature, which is another cohort.
    mature = mature.filter(pl.col("duration_months") <= 37)
    assert mature["duration_months"].to_list() == [13, 25, 37]
    for column in ("count", "premium"):
        shares = mature[column].to_list()
        assert shares == sorted(shares, reverse=True)
        assert all(0 <= share <= 1 for share in shares)


def test_the_latest_mature_month_and_the_twelve_that_end_with_it():
    """Months of issue 2023-01 to 2024-12; on 2025-06-30 the latest mature at 13 months is 2024-04 (day rule)."""
    rows = [
        {
            "duration_months": 13,
            "issued_month": date(2023 + m // 12, m % 12 + 1, 1),
            "matures_on": (date(2023 + m // 12, m % 12 + 1, 28) + timedelta(366 + 60)),
            "eligible": True,
            "persisting": m % 4 > 0,
            "exclusion": None,
        }
        for m in range(24)
    ]
    schema = {
        "duration_months": pl.Int32,
        "issued_month": pl.Date,
        "matures_on": pl.Date,
        "eligible": pl.Boolean,
        "persisting": pl.Boolean,
        "exclusion": pl.String,
    }
    facts = {"core.persistency": frame(schema, rows)}
    as_of = date(2025, 6, 30)
    rolling = record("persistency_13m_policy_share", facts, date(2025, 6, 1), as_of)
    assert (rolling["numerator"], rolling["denominator"]) == (9, 12)
    latest = record("persistency_13m_latest_month_policy_share", facts, date(2025, 6, 1), as_of)
    # 2024-04 is the sixteenth month: one policy, which persists.
    assert (latest["numerator"], latest["denominator"]) == (1, 1)


def issued_at_month_ends(first: date, months: int) -> tuple[list[dict], dict[date, int]]:
    """A policy issued on the last day of each month, its premium the number of the month, all paid when due."""
    days = [add_months(first, i + 1) - timedelta(1) for i in range(months)]
    register = [
        {
            "policy_id": f"P{i}",
            "issued_on": issued,
            "pay_mode": "annual",
            "premium_term_months": 240,
            "annual_premium": float(i),
        }
        for i, issued in enumerate(days)
    ]
    return register, {issued.replace(day=1): i for i, issued in enumerate(days)}


def add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


@pytest.mark.parametrize(
    ("months", "last"),
    [
        (13, date(2024, 4, 1)),
        (25, date(2023, 4, 1)),
        (37, date(2022, 4, 1)),
        (49, date(2021, 4, 1)),
        (61, date(2020, 4, 1)),
    ],
)
def test_the_twelve_issue_months_of_june_2025(months: int, last: date):
    """Twelve consecutive premiums add up to a number that tells which twelve they are."""
    as_of = date(2025, 6, 30)
    register, place = issued_at_month_ends(date(2018, 1, 1), 85)
    found = record(
        f"persistency_{months}m_premium_share", persisting(register, [], as_of), as_of.replace(day=1), as_of
    )
    assert found["denominator"] == sum(range(place[last] - 11, place[last] + 1))


def test_a_month_is_mature_when_its_last_day_is():
    """Issued 2024-12-31, due 2025-12-31, grace ends on 2026-03-01: February 2026 is a day too early."""
    register, place = issued_at_month_ends(date(2023, 1, 1), 30)
    for as_of, last in ((date(2026, 2, 28), date(2024, 11, 1)), (date(2026, 3, 31), date(2024, 12, 1))):
        facts = persisting(register, [], as_of)
        found = record("persistency_13m_premium_share", facts, as_of.replace(day=1), as_of)
        assert found["denominator"] == sum(range(place[last] - 11, place[last] + 1))


def test_annual_lapses_of_12_and_7_percent_accumulate():
    """Of 2,500 policies 300 do not pay the second annual premium, 154 of the other 2,200 not the third."""
    as_of, issued = date(2024, 6, 30), date(2022, 1, 10)
    register = [
        {
            "policy_id": f"P{i}",
            "issued_on": issued,
            "pay_mode": "annual",
            "premium_term_months": 240,
            "annual_premium": 1000.0,
        }
        for i in range(2500)
    ]
    paid = [
        {
            "policy_id": f"P{i}",
            "instalment_no": year + 1,
            "months_since_issue": 12 * year,
            "days_off": 0.0,
            "due_on": issued.replace(year=2022 + year),
            "paid_on": issued.replace(year=2022 + year),
            "due_amount": 1000.0,
            "paid_amount": 1000.0,
        }
        for year, payers in ((1, 2200), (2, 2046))
        for i in range(payers)
    ]
    facts = persisting(register, paid, as_of)
    for months, share in ((13, 0.88), (25, 0.88 * 0.93)):
        for by in ("policy", "premium"):
            found = record(f"persistency_{months}m_{by}_share", facts, date(2024, 6, 1), as_of)
            assert found["value"] == pytest.approx(share, abs=1e-9)
