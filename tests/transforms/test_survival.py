"""Survival figures against worked values, lifelines, exact arithmetic and the laws they obey."""

from fractions import Fraction
from math import exp, inf, log
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, restricted_mean_survival_time
from polars.testing import assert_frame_equal
from scipy import stats

from tests.transforms.curves_of_frames import kaplan_meier, km_summary
from transforms.statistics.intervals import wilson

# Ten claims in days, the last three still open (Kaplan and Meier by hand).
TEN = pl.LazyFrame({"t": [2, 3, 3, 5, 8, 10, 12, 6, 15, 40], "ended": [True] * 7 + [False] * 3})


def test_ten_claims_worked_by_hand() -> None:
    curve = kaplan_meier(TEN, [], "t", "ended").sort("t").collect()
    steps = curve.filter(pl.col("d") > 0)
    assert steps["t"].to_list() == [2, 3, 5, 8, 10, 12]
    assert steps["survival"].to_list() == pytest.approx([0.9, 0.7, 0.6, 0.48, 0.36, 0.24], abs=1e-12)
    assert steps["n_at_risk"].to_list() == [10, 9, 7, 5, 4, 3]
    figures = km_summary(TEN, [], "t", "ended", horizons=(10,)).collect().row(0, named=True)
    assert figures["p50"] == 8
    assert figures["rmst"] == pytest.approx(12.1, abs=1e-12)
    assert figures["within_10"] == pytest.approx(0.64, abs=1e-12)
    assert (figures["n"], figures["n_events"], figures["followed_to"]) == (10, 7, 40)


def test_eight_of_a_hundred_policies_surrender() -> None:
    """Month 3, after which two die in month 6 and count as censored: 8 %, whatever comes later."""
    policies = pl.LazyFrame(
        {"month": [3] * 8 + [6] * 2 + [12] * 90, "surrendered": [True] * 8 + [False] * 92}
    )
    figures = km_summary(policies, [], "month", "surrendered", horizons=(12,), tau=None).collect()
    assert figures["within_12"][0] == pytest.approx(0.08, abs=1e-12)


@pytest.fixture(scope="module")
def random_groups() -> pl.DataFrame:
    """1,000 groups of 2 to 60 cases with many ties, zero durations and censoring."""
    rng = np.random.default_rng(20_251_231)
    group = np.repeat(np.arange(1000), rng.integers(2, 61, 1000))
    waiting = rng.weibull(1.3, len(group)) * rng.uniform(4, 40, 1000)[group]
    observed = rng.exponential(40, len(group))
    grid = np.where(group % 2 == 0, 1.0, 0.25)
    t = np.floor(np.minimum(waiting, observed) / grid) * grid
    return pl.DataFrame({"group": group, "t": t, "ended": waiting <= observed})


def test_equals_lifelines_on_a_thousand_groups(random_groups: pl.DataFrame) -> None:
    groups = random_groups.lazy()
    curves = kaplan_meier(groups, ["group"], "t", "ended").sort("group", "t").collect()
    summaries = km_summary(groups, ["group"], "t", "ended", horizons=(7,), tau=20).collect()
    curve_of = curves.partition_by("group", as_dict=True)
    cases_of = random_groups.partition_by("group", as_dict=True)
    for row in summaries.iter_rows(named=True):
        curve, cases = curve_of[(row["group"],)], cases_of[(row["group"],)]
        fit = KaplanMeierFitter().fit(cases["t"].to_numpy(), cases["ended"].to_numpy())
        survival = fit.survival_function_["KM_estimate"].loc[curve["t"].to_list()].to_numpy()
        hazard_var = fit._cumulative_sq_.loc[curve["t"].to_list()].to_numpy()
        assert np.allclose(curve["survival"], survival, atol=1e-12)
        assert np.allclose(curve["greenwood_var"], survival**2 * hazard_var, atol=1e-12)
        assert row["rmst"] == pytest.approx(restricted_mean_survival_time(fit, 20), abs=1e-9)
        if not np.isclose(survival, 0.5).any():  # lifelines misses S = 0.5 when rounding leaves it above
            assert (inf if row["p50"] is None else row["p50"]) == fit.median_survival_time_
        if 0 < row["within_7"] < 1:
            limits = 1 - fit.confidence_interval_.loc[:7].iloc[-1].to_numpy()[::-1]
            assert [row["within_7_low"], row["within_7_high"]] == pytest.approx(limits, abs=1e-9)
        if survival.min() > 0:  # at S = 0 lifelines closes the interval, we leave it open
            low, high = median_survival_times(fit.confidence_interval_).to_numpy()[0]
            ours = [inf if row[name] is None else row[name] for name in ("p50_low", "p50_high")]
            assert ours == [low, high]


def test_quantiles_are_those_of_exact_arithmetic(random_groups: pl.DataFrame) -> None:
    """Also where S is exactly one half, as with ten cases all ended: 9/10 · 8/9 · … in floats is above 0.5."""
    ten = pl.DataFrame({"group": [-1] * 10, "t": [float(t) for t in range(10)], "ended": [True] * 10})
    cases = pl.concat([random_groups, ten.cast(random_groups.schema)])
    found = km_summary(cases.lazy(), ["group"], "t", "ended", quantiles=(0.5, 0.9)).collect()
    curves = kaplan_meier(cases.lazy(), ["group"], "t", "ended").sort("t").collect()
    for (group,), curve in curves.partition_by("group", as_dict=True).items():
        survival, p50, p90 = Fraction(1), None, None
        for t, n, d in curve.select("t", "n_at_risk", "d").iter_rows():
            survival *= 1 - Fraction(d, n)
            p50 = t if p50 is None and survival <= Fraction(1, 2) else p50
            p90 = t if p90 is None and survival <= Fraction(1, 10) else p90
        assert found.filter(pl.col("group") == group).select("p50", "p90").row(0) == (p50, p90)
    assert found.filter(pl.col("group") == -1)["p50"].item() == 4


def test_uncensored_restricted_mean_is_the_mean_of_capped_times() -> None:
    rng = np.random.default_rng(3)
    t = np.floor(rng.exponential(12, 300))
    cases = pl.LazyFrame({"t": t, "ended": [True] * 300})
    figures = km_summary(cases, [], "t", "ended", tau=20).collect().row(0, named=True)
    assert figures["rmst"] == pytest.approx(np.minimum(t, 20).mean())
    assert figures["rmst_var"] == pytest.approx(np.minimum(t, 20).var() / 300)
    share = figures["rmst"] / 20
    error = np.minimum(t, 20).std(ddof=1) / np.sqrt(300) / (20 * share * (1 - share))
    limits = np.log(share / (1 - share)) + stats.t.ppf([0.025, 0.975], 299) * error
    assert (figures["rmst_low"], figures["rmst_high"]) == pytest.approx(tuple(20 / (1 + np.exp(-limits))))


def test_restricted_mean_variance_by_its_definition(random_groups: pl.DataFrame) -> None:
    """Σ(∫_{tᵢ}^tau S)²·dᵢ/(nᵢ(nᵢ − dᵢ)) over the distinct times, written out."""
    cases = random_groups.filter(pl.col("group") < 50).lazy()
    found = km_summary(cases, ["group"], "t", "ended", tau=15).collect()
    curves = kaplan_meier(cases, ["group"], "t", "ended").sort("t").collect()
    for (group,), curve in curves.partition_by("group", as_dict=True).items():
        t = np.append(curve["t"].to_numpy().clip(max=15), 15)
        beyond = np.cumsum((np.diff(t) * curve["survival"].to_numpy())[::-1])[::-1]
        n, d = curve["n_at_risk"].to_numpy(), curve["d"].to_numpy()
        terms = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
        variance = found.filter(pl.col("group") == group)["rmst_var"].item()
        assert variance == pytest.approx((beyond**2 * terms).sum(), abs=1e-12)


def test_delayed_entry_equals_lifelines() -> None:
    rng = np.random.default_rng(8)
    n = 400
    entry = np.where(np.arange(n) < 60, 0.0, np.floor(rng.uniform(0, 10, n)) + 0.5)
    waiting, observed = entry + 1 + rng.exponential(8, n), entry + 1 + rng.exponential(15, n)
    t, ended = np.floor(np.minimum(waiting, observed)), waiting <= observed
    cases = pl.LazyFrame({"t": t, "ended": ended, "entry": entry})
    curve = kaplan_meier(cases, [], "t", "ended", "entry").sort("t").collect()
    fit = KaplanMeierFitter().fit(t, ended, entry=entry)
    times = curve["t"].to_list()
    assert np.allclose(curve["survival"], fit.survival_function_["KM_estimate"].loc[times], atol=1e-12)
    assert curve["n_at_risk"].to_list() == fit.event_table["at_risk"].loc[times].to_list()


def test_many_who_enter_late_among_few_at_risk() -> None:
    """Two at risk again and again, one of whom ends: Greenwood's sum grows by 1/2 each time."""
    cases = pl.LazyFrame(
        {
            "t": [100, *range(1, 41)],
            "ended": [False, *[True] * 40],
            "entry": [0.0, *(k + 0.5 for k in range(40))],
        }
    )
    curve = kaplan_meier(cases, [], "t", "ended", "entry").filter(pl.col("t") == 40).collect()
    survival, variance = curve.select("survival", "greenwood_var").row(0)
    assert survival / 0.5**40 == pytest.approx(1)
    assert variance / survival**2 == pytest.approx(20)


def test_a_case_is_at_risk_only_after_its_entry() -> None:
    cases = pl.LazyFrame({"t": [5, 5, 9], "ended": [True, True, True], "entry": [None, 5, 5]})
    curve = kaplan_meier(cases, [], "t", "ended", "entry").sort("t").collect()
    assert curve.select("t", "n_at_risk", "d").rows() == [(5, 1, 1), (9, 1, 1)]


def test_rows_without_duration_or_outcome_are_left_out() -> None:
    cases = pl.LazyFrame({"t": [1.0, -1.0, None, float("nan"), 2.0], "ended": [True, True, True, True, None]})
    figures = km_summary(cases, [], "t", "ended").collect().row(0, named=True)
    assert (figures["n"], figures["p50"]) == (1, 1.0)


def test_where_nothing_or_everything_ended_the_limits_are_wilsons() -> None:
    """Greenwood's variance is 0 there, which would give an interval without width."""
    cases = pl.LazyFrame(
        {
            "group": ["open"] * 20 + ["ended"] * 20,
            "t": [40] * 20 + [3] * 20,
            "ended": [False] * 20 + [True] * 20,
        }
    )
    found = km_summary(cases, ["group"], "t", "ended").sort("group").collect()
    expected = pl.select(a=wilson(20, 20).low, b=wilson(0, 20).high)
    assert found["within_30"].to_list() == [1, 0]
    assert found["within_30_low"].to_list() == pytest.approx([expected["a"][0], 0])
    assert found["within_30_high"].to_list() == pytest.approx([1, expected["b"][0]])
    assert found["p50"].to_list() == [3, None]
    assert found["rmst_low"].to_list()[1] is None


def test_beyond_the_last_time_the_curve_stays() -> None:
    cases = pl.LazyFrame({"t": [2, 4], "ended": [True, False]})
    figures = km_summary(cases, [], "t", "ended", tau=30).collect().row(0, named=True)
    assert (figures["within_30"], figures["rmst"], figures["followed_to"]) == (0.5, 2 + 28 * 0.5, 4)


case = st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.booleans())
# Halfway through the two ends on day 4 the upper limit would have come down to a half; after both it is undefined.
ENDS = [("a", day, True) for day in (0, 0, 0, 1, 2, 3, 4, 4)]
TIED = [*ENDS, ("a", 0, False), ("a", 1, False)]


@settings(max_examples=50)
@given(st.lists(case, max_size=40), st.randoms(use_true_random=False))
@example([*TIED, ("b", 2, False), ("b", 3, False)], Random(1))
def test_groups_do_not_see_each_other_nor_the_order(
    cases: list[tuple[str, int, bool]], random: object
) -> None:
    schema = {"group": pl.String, "t": pl.Int64, "ended": pl.Boolean}

    def figures(rows: list[tuple[str, int, bool]]) -> pl.DataFrame:
        frame = pl.LazyFrame(rows, schema, orient="row")
        return km_summary(frame, ["group"], "t", "ended", horizons=(4, 8)).collect()

    shuffled = list(cases)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    apart = pl.concat([figures([row for row in cases if row[0] == group]) for group in "abc"])
    assert_frame_equal(figures(shuffled), apart, check_row_order=False, rel_tol=1e-12)


def test_stated_intervals_cover_the_truth() -> None:
    """2,000 months of 60 claims, exponential with mean 10 days, some withdrawn to be censored."""
    rng = np.random.default_rng(11)
    waiting, observed = rng.exponential(10, 120_000), rng.uniform(0, 60, 120_000)
    months = pl.LazyFrame(
        {
            "month": np.repeat(np.arange(2000), 60),
            "t": np.minimum(waiting, observed),
            "ended": waiting <= observed,
        }
    )
    found = km_summary(months, ["month"], "t", "ended", horizons=(15,), tau=20)
    truth = {"p50": 10 * log(2), "within_15": 1 - exp(-1.5), "rmst": 10 * (1 - exp(-2))}
    inside = found.select(
        ((pl.col(f"{name}_low") <= value) & (value <= pl.col(f"{name}_high"))).mean().alias(name)
        for name, value in truth.items()
    )
    for coverage in inside.collect().row(0):
        assert 0.92 < coverage < 0.98
