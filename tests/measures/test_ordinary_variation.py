"""The limits of ordinary variation, and what is said of a month beyond them."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.measures.ordinary_variation import SIGNALS, charted
from transforms.units import UNITS


def months(count: int) -> list[date]:
    return [date(2022 + i // 12, i % 12 + 1, 1) for i in range(count)]


def monthly(
    values: Sequence[float | None],
    *,
    unit: str = "days",
    direction: int = -1,
    ratios: Sequence[tuple[float, float]] | None = None,
    segment: str = "company",
    status: str = "ok",
    kpi: str = "claim_report_to_payment_days_median",
) -> pl.DataFrame:
    """kpi.monthly of one series; `ratios` are numerators and denominators."""
    numerator, denominator = zip(*ratios, strict=True) if ratios else ([None] * len(values),) * 2
    return pl.DataFrame(
        {
            "kpi": kpi,
            "period": months(len(values)),
            "basis": "cohort",
            "cut": "company",
            "segment": segment,
            "numerator": numerator,
            "denominator": denominator,
            "value": values,
            "n": [100 if d is None else round(d) for d in denominator],
            "unit": unit,
            "direction": direction,
            "status": status,
        },
        schema_overrides={
            **dict.fromkeys(("kpi", "basis", "cut", "segment", "unit", "status"), pl.String),
            "period": pl.Date,
            "numerator": pl.Float64,
            "denominator": pl.Float64,
            "value": pl.Float64,
            "n": pl.Int64,
            "direction": pl.Int8,
        },
    )


def shares(ratios: Sequence[tuple[float, float]], **about: object) -> pl.DataFrame:
    about = {"unit": "share", "direction": 1, "kpi": "claim_paid_share", **about}
    return monthly([a / b for a, b in ratios], ratios=ratios, **about)


def signals_of(kpi_monthly: pl.DataFrame, **how: object) -> pl.DataFrame:
    return charted(kpi_monthly.lazy(), **how).collect().sort("kpi", "segment", "period")


def last(kpi_monthly: pl.DataFrame, **how: object) -> dict:
    return signals_of(kpi_monthly, **how).row(-1, named=True)


def noise(count: int, seed: int = 0, *, mean: float = 7.4, sd: float = 0.4) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, sd, count))


SWING = [7.2, 7.8, 6.9, 7.5, 8.1, 7.0, 7.4, 7.7, 7.1, 7.6, 7.3, 7.5]
TWO_YEARS = [*SWING, *SWING[5:], *SWING[:5]]


def test_a_signal_and_ordinary_variation_in_words() -> None:
    slow = last(monthly([*SWING, 9.9]))
    assert slow["sentence"] == (
        "Signal: 9.90 days, up 2.40 on the month before; above ordinary variation (5.95–8.90 days): worse."
    )
    assert (slow["is_signal"], slow["is_good"], slow["rule"], slow["chart"]) == (
        True,
        False,
        "beyond_limits",
        "xmr",
    )
    usual = last(monthly([*SWING, 7.6]))
    assert usual["sentence"] == (
        "No signal: 7.60 days, up 0.10 on the month before; within ordinary variation (5.95–8.90 days)."
    )
    assert (usual["is_signal"], usual["is_good"], usual["rule"]) == (False, None, None)


def test_direction_says_what_is_good() -> None:
    judged = {d: last(monthly([*SWING, 9.9], direction=d, unit="points"))["is_good"] for d in (-1, 0, 1)}
    assert judged == {-1: False, 0: None, 1: True}
    neither = last(monthly([*SWING, 9.9], direction=0, unit="count"))["sentence"]
    assert neither.endswith("ordinary variation (5.95–8.90).")


def test_share_has_a_p_chart_in_percent() -> None:
    """Baseline 92.1 %, then 380 of 440."""
    row = last(shares([(410, 445)] * 10 + [(413, 450), (409, 444), (380, 440)]))
    assert row["chart"] == "p"
    assert row["sentence"] == (
        "Signal: 86.4 %, down 5.8 percentage points on the month before; below ordinary variation (88.2–96.0 %): "
        "worse."
    )


def test_rate_has_a_u_chart() -> None:
    ratios = [(43, 52.0), (45, 53.0)] * 6 + [(66, 54.2)]
    rate = monthly([a / b for a, b in ratios], ratios=ratios, unit="per_10k_policies")
    assert last(rate)["chart"] == "u"
    assert last(rate)["sentence"] == (
        "Signal: 1.22 per 10,000 policies, up 0.37 on the month before; above ordinary variation "
        "(0.47–1.21 per 10,000 policies): worse."
    )


def test_overdispersed_share_of_many_has_laneys_chart() -> None:
    draw = np.random.default_rng(2)
    ratios = [(float(draw.binomial(52_000, share)), 52_000) for share in draw.normal(0.912, 0.006, 25)]
    row = last(shares(ratios))
    assert row["chart"] == "laney_p"
    assert row["upper"] - row["lower"] > 3 * 6 * np.sqrt(0.912 * 0.088 / 52_000)


def test_no_limits_until_there_are_twelve_months_before() -> None:
    assert last(monthly(SWING))["sentence"] == (
        "No limits: 7.50 days, up 0.20 on the month before; 11 of 12 months of baseline."
    )
    early = signals_of(monthly(SWING))
    assert early["is_signal"].null_count() == early["lower"].null_count() == 12
    assert signals_of(monthly([*SWING, 7.6]))["lower"].null_count() == 0


def test_rare_events_and_constants_have_no_limits() -> None:
    rare = shares([(0, 30_000), (1, 30_000)] * 10, direction=-1)
    assert (
        last(rare)["sentence"]
        == "No limits: 0.0 %, unchanged on the month before; under 2 events a month are expected; look at a longer "
        "period."
    )
    almost_all = shares([(500, 500), (499, 500)] * 10)
    assert last(almost_all)["is_signal"] is None
    constant = monthly([5.0] * 20)
    assert (
        last(constant)["sentence"]
        == "No limits: 5.00 days, unchanged on the month before; the baseline does not vary."
    )


def test_only_published_values_count() -> None:
    values = [*SWING, 7.4, 20.0]
    withheld = monthly(values).with_columns(
        status=pl.when(pl.col("value") == 20).then(pl.lit("immature")).otherwise("status")
    )
    assert_frame_equal(signals_of(withheld), signals_of(monthly(values[:-1])))
    low = monthly([*SWING, 9.9], status="low_n")
    assert last(low)["is_signal"] is True


def test_run_and_trend_in_words() -> None:
    high = [max(SWING[i % 12], 7.5) for i in range(8)]
    run = last(monthly(TWO_YEARS + high))
    assert run["sentence"] == (
        "Signal: 7.70 days, up 0.20 on the month before; eight months or more above the usual 7.42 days: worse."
    )
    rise = last(monthly([*TWO_YEARS, 7.0, 7.1, 7.2, 7.3, 7.45, 7.6]))
    assert (rise["rule"], rise["sentence"]) == (
        "trend_of_6",
        "Signal: 7.60 days, up 0.15 on the month before; six months or more of rise: worse.",
    )


def test_a_rise_below_the_usual_is_told_as_both() -> None:
    """The reader sees the index rise by 3.8 points and has to know why that is no good news."""
    low = [70.5, 70.1, 71.0, 70.4, 70.9, 70.2, 70.7, 74.5]
    scores = [*[76.0, 73.8, 75.1, 74.6, 75.9, 74.0] * 4, *low]
    row = last(monthly(scores, unit="score_0_100", direction=1, kpi="index"))
    assert row["sentence"] == (
        "Signal: 74.5 points, up 3.8 on the month before, but eight months or more below the usual 74.9 points: worse."
    )


def test_nothing_is_said_of_a_month_before_that_has_no_value() -> None:
    table = monthly([*SWING, 7.3, 9.9]).filter(pl.col("period") != months(13)[-1])
    assert last(table)["sentence"].startswith("Signal: 9.90 days; above ordinary variation")


def test_longer_periods_are_called_what_they_are() -> None:
    quarters = monthly([*SWING, 9.9]).with_columns(
        period=pl.Series([date(2022 + i // 4, i % 4 * 3 + 1, 1) for i in range(13)])
    )
    how = {"period_months": {"claim_report_to_payment_days_median": 3}}
    assert "9.90 days, up 2.40 on the quarter before; above" in last(quarters, **how)["sentence"]
    assert last(quarters[:-1], **how)["sentence"].endswith("; 11 of 12 quarters of baseline.")


def test_overlapping_windows_have_no_runs_and_wider_limits() -> None:
    values = TWO_YEARS + [max(v, 7.5) for v in SWING[:8]]
    plain, pooled = monthly(values), {"claim_report_to_payment_days_median": 12}
    assert last(plain)["rule"] == "run_of_8"
    row = last(plain, window_months=pooled)
    assert (row["rule"], row["is_signal"], row["is_good"]) == (None, False, None)
    assert row["upper"] - row["centre"] == pytest.approx(
        np.sqrt(12) * (last(plain)["upper"] - last(plain)["centre"])
    )
    assert last(monthly([*values, 99.0]), window_months=pooled)["rule"] == "beyond_limits"


def test_limits_of_overlapping_windows_hold_what_they_promise() -> None:
    """Means of twelve overlapping months of noise stay within their limits nearly always."""
    months_of_noise = np.random.default_rng(8).normal(0.9, 0.02, (200, 47))
    pooled = np.lib.stride_tricks.sliding_window_view(months_of_noise, 12, axis=1).mean(axis=2)
    table = pl.concat([monthly(list(row), unit="points", segment=f"{i:03}") for i, row in enumerate(pooled)])
    naive, aware = (
        signals_of(table, **how).filter(pl.col("period") == months(36)[-1])["is_signal"].mean()
        for how in ({}, {"window_months": {"claim_report_to_payment_days_median": 12}})
    )
    assert aware < 0.05 < naive


def test_false_alarms_are_rare() -> None:
    """Newest month of 400 series of pure noise: beyond limits, run or trend in few of them."""
    table = pl.concat([monthly(noise(30, seed), segment=f"{seed:03}") for seed in range(400)])
    newest = signals_of(table).filter(pl.col("period") == months(30)[-1])
    assert newest["is_signal"].mean() < 0.05


def test_a_season_is_no_signal_and_a_break_of_it_is() -> None:
    season = 3 * np.sin(np.arange(36) * np.pi / 6)
    values = np.array(noise(36, 3)) + season
    calm = signals_of(monthly(list(values)))
    assert calm["seasonal"].null_count() == 0
    assert calm["is_signal"].sum() == 0
    assert calm["centre"].max() - calm["centre"].min() > 4, "what is usual goes with the season"
    assert "ordinary variation for the month" in calm["sentence"][-1]
    broken = values.copy()
    broken[-1] += 4
    row = last(monthly(list(broken)))
    assert (row["is_signal"], row["value"]) == (True, broken[-1])


def test_limits_stay_where_values_can_be() -> None:
    wild = monthly([1.0, 9.0] * 10)
    assert last(wild)["lower"] == 0
    assert last(monthly([1.0, 9.0] * 10, unit="points"))["lower"] < 0
    assert last(monthly([95.0, 60.0] * 10, unit="score_0_100"))["upper"] == 100
    gap = last(monthly([-1.0, -1.2] * 10, unit="points"))["sentence"]
    assert gap == (
        "No signal: −1.20 points, down 0.20 on the month before; within ordinary variation "
        "(−1.63 to −0.56 points)."
    )
    many = last(monthly([1200.0, 1250.0] * 10, unit="count"))["sentence"]
    assert many == "No signal: 1250, up 50 on the month before; within ordinary variation (1091–1357)."


@settings(max_examples=20)
@given(
    st.sampled_from(sorted(UNITS)),
    st.lists(st.floats(0, 1), min_size=13, max_size=13),
    st.lists(st.integers(0, 6), min_size=36, max_size=36),
    st.booleans(),
)
def test_limits_are_of_the_unit_and_so_is_what_lies_beyond_them(unit, year, noise, is_seasonal):
    """Shares near 1 in the high months of a season, counts near 0: limits stop where the range of values does."""
    lowest, highest = UNITS[unit].lowest, min(UNITS[unit].highest, 200.0)
    wish = [(year[i % 12] if is_seasonal else year[0]) * 1.5 - 0.25 + n / 100 for i, n in enumerate(noise)]
    found = signals_of(monthly([lowest + min(max(w, 0), 1) * (highest - lowest) for w in wish], unit=unit))
    limited = found.drop_nulls("lower")
    ends = [
        UNITS[unit].lowest,
        *(limited[name] for name in ("lower", "centre", "upper")),
        UNITS[unit].highest,
    ]
    assert all((below <= above).all() for below, above in pairwise(ends[1:-1]))
    assert (limited["lower"] >= ends[0]).all()
    assert (limited["upper"] <= ends[-1]).all()
    beyond = limited.filter(pl.col("rule") == "beyond_limits")
    assert not beyond["value"].is_between(beyond["lower"], beyond["upper"]).any()


def test_a_documented_change_starts_a_new_baseline() -> None:
    values = [*SWING, *(v - 3 for v in SWING), 4.5]
    kpi = "claim_report_to_payment_days_median"
    assert last(monthly(values))["is_signal"] is not None
    rebased = signals_of(monthly(values), rebased_on={kpi: months(13)[-1]})
    assert rebased["centre"][-1] == pytest.approx(np.mean(SWING) - 3)
    assert rebased["is_signal"][-1] is False
    assert rebased["lower"].head(12).null_count() == 12


value = st.floats(0, 100, allow_nan=False).map(lambda v: round(v, 2))


@settings(max_examples=12)
@given(st.lists(value, min_size=25, max_size=30), st.lists(value, max_size=6))
def test_a_full_baseline_is_frozen(values: list[float], later: list[float]) -> None:
    """Months to come do not move limits that rest on 24 months, unless a season appears."""
    before = signals_of(monthly(values, unit="points"))
    after = signals_of(monthly([*values, *later], unit="points")).head(len(values))
    if before["seasonal"].is_null().all() and after["seasonal"].is_null().all():
        assert_frame_equal(before, after)


series = st.lists(value, max_size=15)


@settings(max_examples=12)
@given(st.lists(series, min_size=2, max_size=4))
def test_series_are_judged_apart_in_the_declared_columns(lists: list[list[float]]) -> None:
    """f(A ∪ B) = f(A) ∪ f(B) for kpi, basis, cut, segment; f(nothing) is nothing."""
    tables = [monthly(values, segment=str(i)) for i, values in enumerate(lists)]
    whole = signals_of(pl.concat(tables).reverse())
    assert_frame_equal(whole, pl.concat([signals_of(table) for table in tables]))
    assert dict(whole.schema) == {name: dtype for name, (dtype, _) in SIGNALS.items()}
