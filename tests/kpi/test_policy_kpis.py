"""The KPIs of policies on worked examples; values as in the dictionary, which shows the same examples."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.kpi.books import KPIS, frame, quotient, record
from transforms.core.persistency import persistency
from transforms.core.policies import policies
from transforms.core.policy_events import policy_events
from transforms.core.renewals import renewals
from transforms.core.surrender_months import surrender_months
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.model import SEGMENT_COLUMNS
from transforms.periods import long_periods, month_periods
from transforms.settings import PersistencySettings, RenewalSettings, Settings

COMPANY = Settings(cuts=("company",))
MARCH = date(2025, 3, 1)
AS_OF = date(2025, 12, 31)
SEGMENTS = dict.fromkeys((*SEGMENT_COLUMNS, "current_org_unit"), pl.String)
POLICY = {
    "policy_id": pl.String,
    "customer_id": pl.String,
    "issued_on": pl.Date,
    "product_code": pl.String,
    **SEGMENTS,
    "pay_mode": pl.String,
    "premium_term_months": pl.Int32,
    "term_months": pl.Int32,
    "modal_premium": pl.Float64,
    "annual_premium": pl.Float64,
    "sum_assured": pl.Float64,
    "grace_days": pl.Int32,
    "renews_policy_id": pl.String,
}
EVENT = {
    "event_id": pl.String,
    "policy_id": pl.String,
    "event": pl.String,
    "effective_on": pl.Date,
    "requested_on": pl.Date,
    "paid_on": pl.Date,
    "amount": pl.Float64,
}
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


def example(code: str) -> float:
    return KPIS[code].example.value


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


def test_lapses_net_and_gross_of_reinstatements():
    register = [{"policy_id": f"P{i}", "issued_on": date(2024, 1, 1)} for i in range(2000)]
    lapses = [{"policy_id": f"P{i}", "event": "lapse", "effective_on": date(2025, 3, 9)} for i in range(30)]
    back = [
        {"policy_id": f"P{i}", "event": "reinstatement", "effective_on": date(2025, 6, 9)} for i in range(6)
    ]
    facts = facts_of(register, lapses + back)
    for code in ("lapse_policy_share", "lapse_gross_policy_share"):
        assert value(code, facts, basis="period") == pytest.approx(example(code), abs=1e-12)
    as_then = facts_of(register, lapses + back, date(2025, 3, 31))
    assert value("lapse_policy_share", as_then, as_of=date(2025, 3, 31), basis="period") == pytest.approx(
        0.015
    )


def test_reinstated_within_a_time():
    lapsed = date(2023, 11, 10)
    register = [{"policy_id": f"P{i}", "issued_on": date(2022, 1, 1)} for i in range(4)]
    happened = [{"policy_id": f"P{i}", "event": "lapse", "effective_on": lapsed} for i in range(4)]
    happened += [
        {"policy_id": f"P{i}", "event": "reinstatement", "effective_on": lapsed + timedelta(days)}
        for i, days in enumerate((40, 180, 181))
    ]
    facts = facts_of(register, happened)
    for days in (180, 730):
        code = f"lapse_reinstated_within_{days}_days_share"
        assert record(code, facts, date(2023, 11, 1), AS_OF)["value"] == pytest.approx(example(code))


def test_a_policy_that_lapses_twice_has_two_lapses():
    happened = [
        {"policy_id": "P", "event": event, "effective_on": date(2025, month, 1)}
        for event, month in (("lapse", 1), ("reinstatement", 2), ("lapse", 3))
    ]
    made = facts_of([{"policy_id": "P", "issued_on": date(2023, 6, 15)}], happened)[
        "core.policy_events"
    ].collect()
    assert made.sort("effective_on").select("event", "reinstated_on", "policy_year").rows() == [
        ("lapse", date(2025, 2, 1), 2),
        ("reinstatement", None, 2),
        ("lapse", None, 2),
    ]


def test_free_look():
    register = [{"policy_id": f"P{i}", "issued_on": MARCH, "term_months": 240} for i in range(400)]
    register += [{"policy_id": "one year", "issued_on": MARCH, "term_months": 12}]
    happened = [
        {"policy_id": f"P{i}", "event": "free_look_cancellation", "effective_on": date(2025, 3, 12)}
        for i in range(8)
    ]
    assert value("free_look_cancelled_share", facts_of(register, happened)) == example(
        "free_look_cancelled_share"
    )


def test_surrender_by_number_and_sum_assured():
    """The example's 1,800 of 92,000 by number as 18 of 920; 150 of 6,000 by sum assured."""
    register = [{"policy_id": f"P{i}", "issued_on": date(2024, 1, 1)} for i in range(920)]
    gone = [{"policy_id": f"P{i}", "event": "surrender", "effective_on": date(2025, 3, 9)} for i in range(18)]
    free_look = [{"policy_id": "P50", "event": "free_look_cancellation", "effective_on": date(2025, 3, 9)}]
    found = value("surrender_policy_share", facts_of(register, gone + free_look), basis="period")
    assert found == pytest.approx(18 / 920) == pytest.approx(example("surrender_policy_share"))
    register = [
        {"policy_id": f"P{i}", "issued_on": date(2024, 1, 1), "sum_assured": amount}
        for i, amount in enumerate((100.0, 50.0, 5850.0))
    ]
    found = value("surrender_sum_assured_share", facts_of(register, gone[:2]), basis="period")
    assert found == pytest.approx(0.025) == pytest.approx(example("surrender_sum_assured_share"))


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


def test_surrender_payments_run_since_january_and_are_not_annualised():
    facts = year_to_date(PAID, PREMIUM_INCOME, reserve=9800)
    code = "surrender_payment_year_to_date_ratio"
    by_month = {m: record(code, facts, date(2025, m, 1), AS_OF, basis="period") for m in (3, 4, 12)}
    assert by_month[12]["value"] == pytest.approx(0.02) == pytest.approx(example(code))
    assert by_month[3]["value"] == pytest.approx(70 / 10_400)
    # Four times the first quarter is no year: the denominator is not a year's.
    assert 4 * by_month[3]["value"] > 1.3 * by_month[12]["value"]
    assert by_month[4]["value"] == by_month[3]["value"], "a month without a payment keeps the year's"


PAID = {1: 20, 3: 50, 6: 100, 12: 70}
PREMIUM_INCOME = {1: 200, 2: 200, 3: 200, 6: 800, 12: 800}


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
    assert found["value"] == pytest.approx(example(code), abs=1e-12)
    quarter = record(code, facts, MARCH, AS_OF, basis="period")
    assert (quarter["numerator"], quarter["denominator"]) == (70 + 60, 9800 + 600 + 2400 + 100)
    # The rate of the reserve alone does not see the other line.
    plain = record("surrender_payment_year_to_date_ratio", facts, december, AS_OF, basis="period")
    assert (plain["numerator"], plain["denominator"]) == (240, 12_000)


def test_payment_of_cash_values():
    """Art. 47: 30 days from the notice; day 30 is in time."""
    notice = date(2025, 3, 3)
    happened = [
        {
            "policy_id": f"P{i}",
            "event": "surrender",
            "effective_on": notice,
            "requested_on": notice,
            "paid_on": notice + timedelta(days),
        }
        for i, days in enumerate((5, 12, 30, 31))
    ]
    facts = facts_of([{"policy_id": f"P{i}", "issued_on": date(2020, 1, 1)} for i in range(4)], happened)
    for code in ("surrender_paid_within_30_days_share", "surrender_request_to_payment_days_median"):
        assert record(code, facts, MARCH, AS_OF)["value"] == pytest.approx(example(code))


TERM = {
    "policy_id": pl.String,
    "issued_on": pl.Date,
    "term_months": pl.Int32,
    **SEGMENTS,
    "premium": pl.Float64,
    "renewed_on": pl.Date,
    "renewal_premium": pl.Float64,
}


def expiring(
    terms: list[dict], happened: list[dict], settings: Settings = COMPANY
) -> dict[str, pl.LazyFrame]:
    staged = [{"issued_on": date(2024, 3, 16), "term_months": 12, **term} for term in terms]
    made = renewals(terms=frame(TERM, staged), events=frame(EVENT, happened), as_of=AS_OF, settings=settings)
    return {"core.renewals": made}


def test_renewal_of_one_year_policies():
    terms = [
        {"policy_id": f"P{i}", "renewed_on": date(2025, 3, 20) if i < 760 else None} for i in range(1000)
    ]
    ends = [("death", 10), ("claim_termination", 15), ("cancellation", 25)]
    kinds = [kind for kind, count in ends for _ in range(count)]
    happened = [
        {"policy_id": f"P{999 - i}", "event": kind, "effective_on": date(2025, 1, 5)}
        for i, kind in enumerate(kinds)
    ]
    facts = expiring(terms, happened)
    for code, share in (("renewal_policy_share", 0.8), ("renewal_gross_policy_share", 0.76)):
        found = record(code, facts, MARCH, AS_OF)["value"]
        assert found == pytest.approx(share) == pytest.approx(example(code))


def test_renewed_premium_with_and_without_the_change_of_price():
    terms = [
        {
            "policy_id": f"P{i}",
            "premium": 100.0,
            **({"renewed_on": date(2025, 3, 16), "renewal_premium": 110.0} if i < 8 else {}),
        }
        for i in range(10)
    ]
    facts = expiring(terms, [])
    for code in ("renewal_premium_ratio", "renewal_constant_premium_share"):
        assert record(code, facts, MARCH, AS_OF)["value"] == pytest.approx(example(code))


@pytest.mark.parametrize(
    ("line", "days", "renewed"),
    [
        ("life", 0, True),
        ("life", 1, True),
        ("life", 60, True),
        ("life", 61, False),
        (None, 60, True),
        ("motor", 30, True),
        ("motor", 31, False),
    ],
)
def test_a_new_term_starts_within_60_days_of_expiry_and_30_of_motor(line, days, renewed):
    term = {"policy_id": "P", "product_line": line, "renewed_on": date(2025, 3, 15) + timedelta(days)}
    made = expiring([term], [])["core.renewals"].collect().row(0, named=True)
    assert (made["expires_on"], made["renewed"]) == (date(2025, 3, 15), renewed)


def test_the_window_of_a_product_line_is_the_projects_affair():
    terms = [
        {"policy_id": line, "product_line": line, "renewed_on": date(2025, 3, 15) + timedelta(days)}
        for line, days in (("motor", 45), ("travel", 8), ("health", 45))
    ]

    def renewed(rules: RenewalSettings) -> set[str]:
        made = expiring(terms, [], Settings(renewal=rules))["core.renewals"]
        return set(made.filter("renewed").collect()["policy_id"])

    assert renewed(RenewalSettings(window_days_of={})) == {"motor", "travel", "health"}
    assert renewed(RenewalSettings(window_days_of={"travel": 7})) == {"motor", "health"}
    assert renewed(RenewalSettings(window_days=30)) == {"travel"}
    kpi = KPIS["renewal_policy_share"]
    versions = {
        kpi.definition_version(Settings(renewal=RenewalSettings(window_days_of=lines)))
        for lines in ({}, {"travel": 7}, {"motor": 30})
    }
    assert len(versions) == 3, "each is a definition of its own"


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
