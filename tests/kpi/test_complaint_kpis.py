"""The KPIs of complaints on worked examples; values as in the dictionary, which shows the same examples."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.kpi.books import KPIS, complaint_facts, frame, quotient, record
from transforms.core.exposure_months import exposure_months
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import ComplaintSettings, MarketSettings, Settings

JAN, FEB, MAR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
COMPANY = Settings(cuts=("company",))
TOLERANCE = 1e-9


def example(code: str) -> float:
    return KPIS[code].example.value


def cases(count: int, **row) -> list[dict]:
    return [row] * count


# 100 received in January, 60 closed in it, 30 in February; 80 received in February, 55 closed in it.
TWO_MONTHS = [
    *cases(60, received_on=date(2025, 1, 6), closed_on=date(2025, 1, 20), outcome="upheld"),
    *cases(30, received_on=date(2025, 1, 20), closed_on=date(2025, 2, 10), outcome="not_upheld"),
    *cases(10, received_on=date(2025, 1, 20)),
    *cases(55, received_on=date(2025, 2, 6), closed_on=date(2025, 2, 20), outcome="upheld"),
    *cases(25, received_on=date(2025, 2, 20)),
]


@pytest.mark.parametrize(
    ("code", "basis", "month", "as_of", "expected"),
    [
        ("complaint_resolved_share", "cohort", JAN, date(2025, 1, 31), 0.6),
        ("complaint_resolved_share", "cohort", JAN, date(2025, 2, 28), 0.9),
        ("complaint_resolved_share", "cohort", FEB, date(2025, 2, 28), 55 / 80),
        ("complaint_closed_to_received_ratio", "period", FEB, date(2025, 2, 28), 85 / 80),
        ("complaint_clearance_share", "period", FEB, date(2025, 2, 28), 85 / 120),
    ],
)
def test_resolution_on_four_bases(code, basis, month, as_of, expected):
    found = record(code, complaint_facts(TWO_MONTHS, as_of), month, as_of, basis=basis)
    assert quotient(found) == pytest.approx(expected, abs=TOLERANCE)
    assert found["status"] == ("immature" if basis == "cohort" else "ok")


def test_resolution_examples_of_the_dictionary():
    as_of = date(2025, 2, 28)
    facts = complaint_facts(TWO_MONTHS, as_of)
    assert quotient(record("complaint_resolved_share", facts, JAN, as_of)) == pytest.approx(
        example("complaint_resolved_share")
    )
    for code in (
        "complaint_closed_to_received_ratio",
        "complaint_clearance_share",
        "complaints_closed_count",
    ):
        found = record(code, facts, FEB, as_of, basis="period")
        assert found["value"] == pytest.approx(example(code), abs=TOLERANCE)
    # More were closed than received: no share, and not for an index.
    assert not KPIS["complaint_closed_to_received_ratio"].for_index


def day(text: str) -> date:
    return date.fromisoformat(f"2025-{text}")


SEVEN = [
    {"received_on": day("03-01"), "closed_on": day("03-14"), "complexity": "simple", "via_regulator": True},
    {"received_on": day("03-01"), "closed_on": day("03-17"), "complexity": "simple", "via_regulator": True},
    {"received_on": day("03-03"), "closed_on": day("03-25"), "complexity": "complex"},
    {"received_on": day("03-10"), "complexity": "simple"},
    {"received_on": day("03-20"), "complexity": "simple"},
    {
        "received_on": day("01-20"),
        "closed_on": day("03-28"),
        "complexity": "special",
        "extension_approved_on": day("02-10"),
        "appraisal_days": 10,
    },
    {"received_on": day("03-25"), "closed_on": day("03-26"), "complexity": "simple"},
]


@pytest.mark.parametrize(("rolls", "met", "breach"), [(True, 5, 1), (False, 4, 2)])
def test_on_time_of_seven(rolls, met, breach):
    """The calendar rule alone moves the share from 4/6 to 5/6; the one still open in time is undetermined."""
    as_of = date(2025, 3, 31)
    settings = Settings(cuts=("company",), complaints=ComplaintSettings(rolls_forward=rolls))
    facts = complaint_facts(SEVEN, as_of, settings)
    march, january = (
        record("complaint_on_time_share", facts, m, as_of, settings=settings) for m in (MAR, JAN)
    )
    assert march["numerator"] + january["numerator"] == met
    assert march["denominator"] + january["denominator"] == met + breach
    assert march["n_undetermined"] == 1
    if not rolls:
        # The twin of the closed alone does not see the one that is open and late.
        closed = record("complaint_on_time_share", facts, MAR, as_of, basis="period", settings=settings)
        assert closed["value"] == pytest.approx(4 / 5, abs=TOLERANCE)
    assert ("rolled" in march["definition_version"].split(",")) == rolls
    if rolls:
        assert met / (met + breach) == pytest.approx(example("complaint_on_time_share"))
        regulator = record("regulator_complaint_on_time_share", facts, MAR, as_of, settings=settings)
        assert quotient(regulator) == example("regulator_complaint_on_time_share")


def test_within_days_of_seven():
    as_of = date(2025, 3, 31)
    facts = complaint_facts(SEVEN[:5], as_of)
    for days, n in ((15, 4), (30, 3)):
        code = f"complaint_resolved_within_{days}_days_share"
        found = record(code, facts, MAR, as_of)
        assert found["denominator"] == n
        assert quotient(found) == pytest.approx(example(code), abs=TOLERANCE)


@pytest.mark.parametrize(
    ("days", "decided_after", "open_for"),
    [(14, (13, 14, 15), (9,)), (56, (40, 56, 57), ()), (60, (40, 67), ())],
)
def test_within_days_counts_the_last_day(days, decided_after, open_for):
    as_of = date(2025, 6, 30)
    rows = [
        {"received_on": as_of - timedelta(120), "closed_on": as_of - timedelta(120 - d)}
        for d in decided_after
    ]
    rows += [{"received_on": as_of - timedelta(d)} for d in open_for]
    code = f"complaint_resolved_within_{days}_days_share"
    found = [record(code, complaint_facts(rows, as_of), month, as_of) for month in (MAR, date(2025, 6, 1))]
    met, known = (sum(f[name] or 0 for f in found) for name in ("numerator", "denominator"))
    assert met / known == pytest.approx(example(code), abs=TOLERANCE)
    assert sum(f["n_undetermined"] for f in found) == len(open_for)


def test_third_business_day():
    """2025-09-28 is a make-up Sunday, so the third working day after Friday the 26th is Tuesday the 30th."""
    as_of = date(2025, 12, 1)
    rows = [{"received_on": day("09-26"), "closed_on": day(end)} for end in ("09-29", "10-09")]
    code = "complaint_decided_within_3_business_days_share"
    assert record(code, complaint_facts(rows, as_of), day("09-01"), as_of)["value"] == example(code)
    week = [{"received_on": day("03-03"), "accepted_on": day(end)} for end in ("03-06", "03-07")]
    code = "complaint_accepted_within_3_business_days_share"
    assert record(code, complaint_facts(week, as_of), MAR, as_of)["value"] == example(code)


def test_three_conventions_of_uphold():
    closed = {"received_on": day("03-03"), "closed_on": day("03-10")}
    rows = [
        row
        for count, outcome in ((42, "upheld"), (18, "partly_upheld"), (80, "not_upheld"), (10, "withdrawn"))
        for row in cases(count, **closed, outcome=outcome)
    ]
    as_of = date(2025, 6, 30)
    facts = complaint_facts(rows, as_of)
    for code, share in (
        ("complaint_fully_upheld_share", 42 / 140),
        ("complaint_upheld_share", 60 / 140),
        ("complaint_half_credit_upheld_share", 51 / 140),
    ):
        found = record(code, facts, MAR, as_of, basis="period")
        assert found["value"] == pytest.approx(share, abs=TOLERANCE) == example(code)
        assert found["denominator"] == 140
    withdrawn = record("complaint_withdrawn_share", facts, MAR, as_of, basis="period")
    assert withdrawn["value"] == pytest.approx(example("complaint_withdrawn_share"))
    resolved = record("complaint_resolved_share", facts, MAR, as_of)
    assert (resolved["numerator"], resolved["denominator"]) == (140, 140)


def test_repeats_within_90_days():
    first = {"customer_id": "C1", "policy_id": "P1", "category": "claims"}
    rows = [
        {**first, "received_on": day("01-05"), "closed_on": day("01-15")},
        {**first, "received_on": day("01-10"), "closed_on": day("01-15"), "merged_into": "K0"},
        {**first, "received_on": day("02-20"), "closed_on": day("03-01")},
        {"customer_id": "C2", "received_on": day("01-03"), "closed_on": day("01-12")},
        {"customer_id": "C3", "received_on": day("01-04"), "closed_on": day("01-20")},
    ]
    as_of = date(2025, 5, 1)
    facts = complaint_facts(rows, as_of)
    assert facts["core.complaint_repeats"].collect().height == 4
    code = "complaint_repeated_within_90_days_share"
    january = record(code, facts, JAN, as_of)
    assert january["denominator"] == 3
    assert january["value"] == pytest.approx(1 / 3, abs=TOLERANCE) == example(code)
    assert record(code, facts, MAR, as_of)["status"] == "immature"


def test_a_repeat_is_of_one_customer_and_matter_and_lies_after_the_closing():
    base = {"customer_id": "C1", "policy_id": "P1", "category": "claims"}
    rows = [
        {**base, "received_on": day("01-02"), "closed_on": day("01-02")},
        {**base, "category": "sales", "received_on": day("01-10")},
        {**base, "customer_id": "C2", "received_on": day("01-10")},
        {**base, "policy_id": None, "received_on": day("01-10")},
    ]
    made = complaint_facts(rows, MAR)["core.complaint_repeats"].collect()
    assert made["repeated_on"].to_list() == [None]
    again = complaint_facts([*rows, {**base, "received_on": day("01-03")}], MAR)["core.complaint_repeats"]
    assert again.collect()["closed_to_repeat_days"].to_list() == [1]


def test_shares_of_the_received():
    received = {"received_on": day("03-03")}
    as_of = date(2025, 12, 1)
    rows = [
        *cases(48, **received),
        {**received, "escalated_on": day("03-23")},
        {**received, "escalated_on": day("09-19")},
    ]
    code = "complaint_escalated_within_180_days_share"
    assert record(code, complaint_facts(rows, as_of), MAR, as_of)["value"] == pytest.approx(example(code))
    matters = [
        row
        for count, category in ((30, "sales"), (50, "claims"), (20, "surrender"), (7, None))
        for row in cases(count, **received, category=category)
    ]
    code = "complaint_mis_selling_share"
    assert record(code, complaint_facts(matters, as_of), MAR, as_of)["value"] == pytest.approx(example(code))
    met = [
        row
        for count, degree in ((3, "full"), (1, "partial"), (6, "none"))
        for row in cases(count, **received, closed_on=day("03-09"), outcome="upheld", request_met=degree)
    ]
    code = "complaint_request_met_share"
    assert record(code, complaint_facts(met, as_of), MAR, as_of)["value"] == pytest.approx(example(code))


def test_merged_contacts_count_once_and_days_have_type_7_quantiles():
    as_of = date(2025, 12, 1)
    contact = {"received_on": day("03-03")}
    rows = [contact, {**contact, "merged_into": "K0"}, contact, contact]
    found = record("complaints_received_count", complaint_facts(rows, as_of), MAR, as_of)
    assert found["value"] == example("complaints_received_count")
    days = (1, 2, 2, 3, 4, 5, 7, 9, 15, 30)
    rows = [{**contact, "closed_on": day("03-03") + timedelta(d)} for d in days]
    for code in ("complaint_received_to_closed_days_median", "complaint_received_to_closed_days_p90"):
        assert record(code, complaint_facts(rows, as_of), MAR, as_of)["value"] == pytest.approx(example(code))


def test_open_complaints_count_for_as_long_as_they_are_open():
    """The worked durations, the longest open one followed beyond day 60: of the decided alone the median is 5."""
    as_of = day("05-31")
    rows = [
        {"received_on": day("04-21"), "closed_on": day("04-21") + timedelta(d), "outcome": "upheld"}
        for d in (2, 3, 3, 5, 8, 10, 12)
    ] + [{"received_on": as_of - timedelta(d)} for d in (6, 15, 70)]
    withdrawn = [
        {"received_on": day("04-21"), "closed_on": day("04-21") + timedelta(d), "outcome": "withdrawn"}
        for d in (4, 9)
    ]
    period = pl.DataFrame({"period": [MAR], "starts_on": [MAR], "ends_on": [as_of]})

    def found(code: str, complaints: list[dict]) -> dict:
        facts = complaint_facts(complaints, as_of)
        return kpi_records(facts, [KPIS[code]], period, as_of=as_of, settings=COMPANY).row(0, named=True)

    median = found("complaint_received_to_decided_days_km_median", rows)
    assert median["value"] == example("complaint_received_to_decided_days_km_median") == 8
    assert (median["n"], median["n_undetermined"]) == (10, 3)
    mean = found("complaint_received_to_decided_days_restricted_mean", rows)
    # A fifth and more are still open after 12 days: of everybody 0.24 for the days from 30 to 60.
    assert mean["value"] == pytest.approx(12.1 + 0.24 * 30, abs=TOLERANCE)
    assert mean["value"] == pytest.approx(example("complaint_received_to_decided_days_restricted_mean"))
    within = found("complaint_decided_within_15_days_incidence", rows + withdrawn)
    assert within["value"] == pytest.approx(
        example("complaint_decided_within_15_days_incidence"), abs=TOLERANCE
    )


EXPOSURE = {
    "month": pl.Date,
    "org_unit": pl.String,
    "region": pl.String,
    "product_line": pl.String,
    "policies": pl.Int64,
    "lives": pl.Int64,
    "premium_income": pl.Float64,
    "reserve_opening": pl.Float64,
    **{f"investment_{name}": pl.Float64 for name in ("opening", "deposits", "surrendered")},
}


def volume(
    code: str, complaints: list[dict], basis: str = "cohort", market: MarketSettings | None = None, **exposure
):
    as_of = date(2025, 12, 1)
    settings = Settings(cuts=("company",), market=market)
    fed = frame(EXPOSURE, [{"month": MAR, "org_unit": "all", "product_line": "all", **exposure}])
    facts = {
        **complaint_facts(complaints, as_of),
        # No register of policies: the insurer states how many there are.
        "core.policies": frame({"issued_on": pl.Date, "ended_on": pl.Date, "sequence_fault": pl.String}, []),
        "core.exposure_months": exposure_months(exposures=fed, as_of=as_of, settings=settings),
    }
    return record(code, facts, MAR, as_of, basis=basis, settings=settings)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("complaints_per_100m_premium", 1.5),
        ("complaints_per_10k_policies", 0.75),
        ("complaints_per_10k_person_times", 36 / 310),
    ],
)
def test_volume_ratios(code, expected):
    found = volume(code, cases(36, received_on=MAR), policies=480_000, lives=3_100_000, premium_income=2.4e9)
    assert found["value"] == pytest.approx(expected, abs=TOLERANCE) == pytest.approx(example(code))
    if code == "complaints_per_100m_premium":
        assert (found["ci_low"], found["ci_high"]) == pytest.approx((1.050581559055, 2.076632270385))
        assert found["n"] == 36


def test_small_insurers_have_wide_intervals():
    seven = volume(
        "regulator_complaints_per_100m_premium",
        [*cases(7, received_on=MAR, via_regulator=True), *cases(5, received_on=MAR)],
        premium_income=3.5e8,
    )
    assert seven["value"] == pytest.approx(2) == example("regulator_complaints_per_100m_premium")
    assert (seven["ci_low"], seven["ci_high"]) == pytest.approx((0.804103729006, 4.120764389058))
    none = volume("complaints_per_100m_premium", cases(1, received_on=JAN), premium_income=0.8e8)
    assert (none["value"], none["ci_low"]) == (0, 0)
    assert none["ci_high"] == pytest.approx(4.611099317642)


def test_complaint_index_of_the_naic():
    """45 of 1,500 confirmed complaints on 2 of 100 billion: 1.5 times par, 30 complaints expected."""
    closed = cases(45, received_on=FEB, closed_on=MAR, outcome="upheld")
    closed += cases(20, received_on=FEB, closed_on=MAR, outcome="not_upheld")
    market = MarketSettings(complaints=1500, premium_income=100e9)
    found = volume("complaint_index_ratio", closed, "period", market, premium_income=2e9)
    assert found["value"] == pytest.approx(1.5) == example("complaint_index_ratio")
    assert found["denominator"] == pytest.approx(30)
    # The index is the insurer's rate per premium over that of the market.
    own, all_insurers = (
        volume("complaints_per_100m_premium", cases(n, received_on=MAR), premium_income=premium)["value"]
        for n, premium in ((45, 2e9), (1500, 100e9))
    )
    assert own / all_insurers == pytest.approx(1.5, abs=TOLERANCE)
    assert found["status"] == "ok"
    small = volume("complaint_index_ratio", closed, "period", market, premium_income=0.2e9)
    assert small["status"] == "low_n", "three expected complaints are too few"
    assert volume("complaint_index_ratio", closed, "period", premium_income=2e9)["status"] == "not_applicable"


CASE = st.fixed_dictionaries(
    {
        "received_on": st.dates(date(2025, 1, 1), date(2025, 4, 30)),
        "closed_after": st.none() | st.integers(0, 120),
        "outcome": st.sampled_from(["upheld", "partly_upheld", "not_upheld", "withdrawn"]),
        "complexity": st.sampled_from(["simple", "complex", "special"]),
        "org_unit": st.sampled_from(["north", "south"]),
        "category": st.sampled_from(["sales", "claims"]),
        "customer_id": st.sampled_from(["C1", "C2"]),
    }
)
SHARES = [
    kpi
    for kpi in KPIS.values()
    if kpi.fact in ("core.complaints", "core.complaint_repeats") and kpi.unit == "share"
]


@given(st.lists(CASE, min_size=1, max_size=40))
@hypothesis_settings(max_examples=20)
def test_shares_are_bounded_and_segments_add_up(rows):
    as_of = date(2025, 5, 15)
    dated = [
        {
            **row,
            "closed_on": None
            if row["closed_after"] is None
            else row["received_on"] + timedelta(row["closed_after"]),
        }
        for row in rows
    ]
    settings = Settings(cuts=("company", "org_unit"))
    months = month_periods([date(2025, m, 1) for m in range(1, 6)])
    found = kpi_records(complaint_facts(dated, as_of), SHARES, months, as_of=as_of, settings=settings)
    shown = found.filter(pl.col("value").is_not_null())
    assert shown["value"].is_between(0, 1).all()
    sums = found.group_by("kpi", "basis", "period", "cut").agg(
        pl.col("numerator", "denominator", "n", "n_undetermined", "n_excluded").sum()
    )
    parts, whole = (sums.filter((pl.col("cut") == "company") == side).drop("cut") for side in (False, True))
    keys = ["kpi", "basis", "period"]
    assert parts.sort(keys).equals(whole.sort(keys))
