"""The KPIs of complaints from complaints as they are recorded: what hangs on the day and on a project's rules."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.kpi.books import KPIS, complaint_facts, frame, quotient, record
from transforms.core.exposure_months import exposure_months
from transforms.measures.records import kpi_records
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import ComplaintSettings, Settings

JAN, FEB, MAR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
TOLERANCE = 1e-9


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
        regulator = record("regulator_complaint_on_time_share", facts, MAR, as_of, settings=settings)
        assert quotient(regulator) == 1


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

MARKET = {
    "period": pl.String,
    "product_line": pl.String,
    "complaints": pl.Int64,
    "premium_income": pl.Float64,
}


def volume(
    code: str, complaints: list[dict], basis: str = "cohort", market: list[dict] | None = None, **exposure
):
    as_of = date(2025, 12, 1)
    settings = Settings(cuts=("company",))
    fed = frame(EXPOSURE, [{"month": MAR, "org_unit": "all", "product_line": "all", **exposure}])
    facts = {
        **complaint_facts(complaints, as_of),
        # No register of policies: the insurer states how many there are.
        "core.policies": frame({"issued_on": pl.Date, "ended_on": pl.Date, "sequence_fault": pl.String}, []),
        "core.exposure_months": exposure_months(
            exposures=fed, market=frame(MARKET, market or []), as_of=as_of, settings=settings
        ),
    }
    return record(code, facts, MAR, as_of, basis=basis, settings=settings)


def test_a_rate_has_the_exact_interval_of_its_count():
    found = volume("complaints_per_100m_premium", cases(36, received_on=MAR), premium_income=2.4e9)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((1.050581559055, 2.076632270385))
    assert found["n"] == 36


def test_small_insurers_have_wide_intervals():
    seven = volume(
        "regulator_complaints_per_100m_premium",
        [*cases(7, received_on=MAR, via_regulator=True), *cases(5, received_on=MAR)],
        premium_income=3.5e8,
    )
    assert seven["value"] == pytest.approx(2)
    assert (seven["ci_low"], seven["ci_high"]) == pytest.approx((0.804103729006, 4.120764389058))
    none = volume("complaints_per_100m_premium", cases(1, received_on=JAN), premium_income=0.8e8)
    assert (none["value"], none["ci_low"]) == (0, 0)
    assert none["ci_high"] == pytest.approx(4.611099317642)


def test_complaint_index_of_the_naic():
    """45 of 1,500 confirmed complaints on 2 of 100 billion: 1.5 times par, 30 complaints expected."""
    closed = cases(45, received_on=FEB, closed_on=MAR, outcome="upheld")
    closed += cases(20, received_on=FEB, closed_on=MAR, outcome="not_upheld")
    market = [{"period": "2025", "product_line": "all", "complaints": 1500, "premium_income": 100e9}]
    found = volume("complaint_index_ratio", closed, "period", market, premium_income=2e9)
    assert found["value"] == pytest.approx(1.5)
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


def test_complaint_indices_of_several_lines_and_years():
    """Motor: 30 over 10 expected in 2024, 12 over 24 in 2025. Life has no market, travel no premium."""
    as_of, lines = date(2026, 1, 31), ("motor", "life", "travel")
    closed = [
        {"received_on": day, "closed_on": day, "outcome": "upheld", "cases": n, "product_line": line}
        for day, n, line in [
            (date(2024, 7, 1), 30, "motor"), (date(2025, 7, 1), 12, "motor"),
            (date(2025, 7, 1), 5, "life"), (date(2025, 7, 1), 1, "travel"),
        ]
    ]  # fmt: skip
    fed = frame(
        EXPOSURE,
        [
            {"month": date(year, 7, 1), "org_unit": "all", "product_line": line, "premium_income": premium}
            for year in (2024, 2025)
            for line, premium in zip(lines, (1e9, 2e9, 0), strict=True)
        ],
    )
    market = frame(
        MARKET,
        [
            {"period": period, "product_line": line, "complaints": n, "premium_income": premium}
            for period, line, n, premium in [
                ("2024", "motor", 1_000, 100e9), ("2025", "motor", 2_400, 100e9),
                ("2024", "travel", 5, 1e6), ("2025", "travel", 5, 1e6),
            ]
        ],
    )  # fmt: skip
    found = kpi_records(
        {
            "core.complaints": complaint_facts(closed, as_of)["core.complaints"],
            "core.exposure_months": exposure_months(
                exposures=fed, market=market, as_of=as_of, settings=Settings()
            ),
        },
        [KPIS["complaint_index_ratio"]],
        long_periods(months_until(as_of, 25), ("year",)),
        as_of=as_of,
        settings=Settings(cuts=("company", "product_line")),
    )
    told = {
        (row["period"].year, row["segment"]): (
            row["numerator"],
            row["denominator"],
            row["value"],
            row["status"],
        )
        for row in found.iter_rows(named=True)
        if row["period"].year < 2026
    }
    assert told == {
        (2024, "motor"): (30, 10, pytest.approx(3.0), "ok"),
        (2025, "motor"): (12, 24, pytest.approx(0.5), "ok"),
        (2024, "life"): (0, None, None, "no_data"),
        (2025, "life"): (5, None, None, "no_data"),
        (2024, "travel"): (0, 0, None, "no_data"),
        (2025, "travel"): (1, 0, None, "no_data"),
        (2024, "company"): (30, None, None, "no_data"),
        (2025, "company"): (18, None, None, "no_data"),
    }


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
@hypothesis_settings(max_examples=10)
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
