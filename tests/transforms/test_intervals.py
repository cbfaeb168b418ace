"""Intervals against worked values, scipy and statsmodels, and the law that nothing undefined leaves."""

import math
from collections.abc import Iterable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from transforms.statistics.intervals import (
    common_correlation,
    compound_poisson,
    garwood,
    mean_interval,
    nps,
    nps_adjusted,
    nps_difference,
    nps_standard_error,
    quantile_ranks,
    ratio_interval,
    sample_skewness,
    sum_interval,
    weighted_share,
    wilson,
)


def values(expressions: Iterable[pl.Expr]) -> list[float | None]:
    return list(pl.select(e.alias(str(i)) for i, e in enumerate(expressions)).row(0))


def test_wilson_worked_value() -> None:
    """Six of nine: 0.3542 to 0.8794 (Wilson 1927)."""
    assert values(wilson(6, 9)) == pytest.approx([0.3542021355803963, 0.879416181613089], abs=1e-12)


def test_garwood_worked_values() -> None:
    """36 complaints on a premium of 24 · 10⁸, 7 on 3.5 · 10⁸, and none on 0.8 · 10⁸."""
    assert values(garwood(36, 24)) == pytest.approx([1.050581559055, 2.076632270385])
    assert values(garwood(7, 3.5)) == pytest.approx([0.804103729006, 4.120764389058])
    assert values(garwood(0, 0.8)) == pytest.approx([0, 4.611099317642])


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson_equals_statsmodels(level: float) -> None:
    frame = pl.DataFrame(
        [(k, n) for n in (1, 2, 9, 50, 1234) for k in range(n + 1)], ["k", "n"], orient="row"
    )
    low, high = wilson(pl.col("k"), pl.col("n"), level)
    ours = frame.select(low=low, high=high).to_numpy()
    theirs = proportion_confint(frame["k"].to_numpy(), frame["n"].to_numpy(), 1 - level, method="wilson")
    assert np.allclose(ours, np.column_stack(theirs), atol=1e-12)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_garwood_equals_chi_square_quantiles(level: float) -> None:
    count, exposure = np.arange(500), np.linspace(0.1, 70, 500)
    low, high = garwood(pl.col("count"), pl.col("exposure"), level)
    ours = pl.DataFrame({"count": count, "exposure": exposure}).select(low=low, high=high).to_numpy()
    below = np.where(count > 0, stats.chi2.ppf((1 - level) / 2, 2 * np.maximum(count, 1)) / 2, 0) / exposure
    above = stats.chi2.ppf((1 + level) / 2, 2 * count + 2) / 2 / exposure
    assert np.allclose(ours, np.column_stack((below, above)), rtol=1e-10)


def test_garwood_of_sums_within_a_group_by() -> None:
    """The quantiles are taken of whole columns, also where these are aggregates."""
    frame = pl.LazyFrame({"g": [1, 1, 2], "k": [3, 4, 0], "e": [1.5, 2.0, 0.8]})
    high = (
        frame.group_by("g").agg(high=garwood(pl.col("k").sum(), pl.col("e").sum()).high).sort("g").collect()
    )
    assert high["high"].to_list() == pytest.approx([4.120764389057822, 4.611099317642419])


TEN = np.array([1, 2, 2, 3, 4, 5, 7, 9, 15, 30.0])


def test_mean_interval_equals_statsmodels() -> None:
    ours = values(mean_interval(TEN.mean(), TEN.std(ddof=1), len(TEN)))
    assert ours == pytest.approx(DescrStatsW(TEN).tconfint_mean(), abs=1e-12)


@pytest.mark.parametrize("sample", [TEN, -TEN, TEN**2, np.array([3, 4, 5, 6.0]), np.array([0, 0, 0, 1.0])])
def test_skewness_equals_scipy(sample: np.ndarray) -> None:
    ours = pl.select(sample_skewness(sample.sum(), (sample**2).sum(), (sample**3).sum(), len(sample))).item()
    assert ours == pytest.approx(stats.skew(sample, bias=False), abs=1e-12)


@pytest.mark.parametrize("skewness", [-3.0, -1e-4, 1e-6, 0.8, 3.0])
def test_skewed_mean_interval_solves_halls_equation(skewness: float) -> None:
    """At its limits T + aT²/3 + a²T³/27 + a/6 is Student's quantile, where T = (mean − limit)/standard error."""
    t, a = stats.t.ppf(0.975, 39), skewness / 40**0.5
    for limit, side in zip(values(mean_interval(12.0, 8.0, 40, skewness)), (t, -t), strict=True):
        error = (12 - limit) * 40**0.5 / 8
        assert error + a * error**2 / 3 + a**2 * error**3 / 27 + a / 6 == pytest.approx(side, abs=1e-9)


def test_skewed_durations_are_covered() -> None:
    """Of the means of 40 log-normal durations 94 % are covered, 90 % by Student's t alone; chance moves it by 0.4."""
    x = np.random.default_rng(17).lognormal(0, 0.9, (4000, 40))
    sums = pl.DataFrame({"x": x.sum(1), "xx": (x**2).sum(1), "xxx": (x**3).sum(1), "s": x.std(1, ddof=1)})
    skewness = sample_skewness(pl.col("x"), pl.col("xx"), pl.col("xxx"), 40)
    covered = {
        name: sums.select(
            pl.lit(np.exp(0.405)).is_between(*mean_interval(pl.col("x") / 40, pl.col("s"), 40, g))
        )
        .to_series()
        .mean()
        for name, g in (("corrected", skewness), ("plain", 0.0))
    }
    assert 0.925 <= covered["corrected"] <= 0.975
    assert covered["plain"] < 0.91


def test_ratio_interval_is_the_interval_of_residuals() -> None:
    rng = np.random.default_rng(5)
    x = rng.gamma(2, 3, 400)
    y = 0.7 * x + rng.normal(0, 1, 400)
    ours = values(ratio_interval(y.sum(), x.sum(), (y * y).sum(), (x * x).sum(), (x * y).sum(), 400))
    residuals = y - y.sum() / x.sum() * x
    half = stats.t.ppf(0.975, 399) * residuals.std(ddof=1) / np.sqrt(400) / x.mean()
    assert ours == pytest.approx([y.sum() / x.sum() - half, y.sum() / x.sum() + half], rel=1e-9)


def test_ratio_interval_of_equal_bases_is_the_mean_interval() -> None:
    y = np.array([3.0, 5.0, 4.0, 8.0])
    ratio = ratio_interval(y.sum(), 4, (y * y).sum(), 4, y.sum(), 4)
    assert values(ratio) == pytest.approx(values(mean_interval(y.mean(), y.std(ddof=1), 4)))


def test_share_of_equal_cases_is_wilsons() -> None:
    assert values(weighted_share(6 * 70, 9 * 70, 9 * 70**2)) == pytest.approx(values(wilson(6, 9)))
    # One case in which all the money is counts as one, however many small ones there are.
    low, high = values(weighted_share(1e9 + 50, 1e9 + 100, 1e18 + 100))
    assert low == pytest.approx(values(wilson(1, 1))[0], abs=1e-6)
    assert high == pytest.approx(1, abs=1e-6)


def test_amounts_of_equal_events_have_garwoods_limits() -> None:
    assert values(compound_poisson(4 * 250, 4 * 250**2, 1e6)) == pytest.approx(
        [250 * limit for limit in values(garwood(4, 1e6))]
    )
    assert values(compound_poisson(0, 0, 1e6)) == [0, None]


def test_errors_that_move_together_add_up_and_others_by_squares() -> None:
    estimates, errors = [pl.lit(2.0), pl.lit(5.0)], [pl.lit(3.0), pl.lit(4.0)]
    t = stats.t.ppf(0.975, 29)
    for correlation, error in ((1.0, 7.0), (0.0, 5.0), (-1.0, 1.0)):
        assert values(sum_interval(estimates, errors, correlation, 30)) == pytest.approx(
            [7 - t * error, 7 + t * error]
        )
    x, y = np.random.default_rng(1).multivariate_normal([0, 0], [[4, 1.2], [1.2, 9]], 50).T
    shared = common_correlation(pl.lit((x + y).var(ddof=1)), [pl.lit(x.var(ddof=1)), pl.lit(y.var(ddof=1))])
    assert pl.select(shared).item() == pytest.approx(np.corrcoef(x, y)[0, 1])


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9, 0.99])
def test_quantile_ranks_are_binomial_quantiles(q: float) -> None:
    n = np.arange(1, 2000)
    low, high = quantile_ranks(n, q)
    above = stats.binom.ppf(0.975, n, q) + 1
    assert (np.nan_to_num(low) == stats.binom.ppf(0.025, n, q)).all()
    assert (np.nan_to_num(high) == np.where(above <= n, above, 0)).all()
    assert np.isnan(quantile_ranks(np.array([0]), q)).all()


def _named(limits: Iterable[pl.Expr]) -> list[pl.Expr]:
    return [limit.alias(name) for limit, name in zip(limits, ("low", "high"), strict=True)]


def test_net_promoter_score_worked_values() -> None:
    """200 answers, 90 promoters, 50 detractors: 20 points, standard error 5.74; then 100 and 45 of 210."""
    assert values([nps(90, 50, 200), nps_standard_error(90, 50, 200)]) == pytest.approx(
        [20, 5.7445626], abs=1e-6
    )
    assert values(nps_adjusted(90, 50, 200)) == pytest.approx([8.5, 30.8], abs=0.05)
    assert values(nps_adjusted(8, 0, 8)) == pytest.approx([32.385437, 100])
    change = values(nps_difference(100, 45, 210, 90, 50, 200))
    assert change[:2] == pytest.approx([6.190476, 0.782331], abs=1e-5)
    assert (change[3] - change[2]) / 2 / 1.959964 == pytest.approx(7.912865, abs=1e-5)


counts = st.one_of(
    st.none(),
    st.integers(-2, 10**7),
    st.floats(-1e12, 1e12),
    st.sampled_from([math.nan, math.inf, -math.inf]),
)


@settings(max_examples=30)
@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=40))
def test_nothing_undefined_leaves(rows: list[tuple[float | None, ...]]) -> None:
    frame = pl.DataFrame(rows, dict.fromkeys("abn", pl.Float64), orient="row", strict=False)
    a, b, n = pl.col("a"), pl.col("b"), pl.col("n")
    intervals = [
        wilson(a, n),
        garwood(a, n),
        mean_interval(a, b.abs(), n),
        mean_interval(a, b.abs(), n, sample_skewness(a, b.abs(), a**3, n)),
        weighted_share(a, b, b**2),
        compound_poisson(a, a**2, b),
        ratio_interval(a, b, a**2, b**2, a * b, n),
        nps_adjusted(a, b, n),
        nps_difference(a, b, n, b, a, n)[-2:],
    ]
    limits = {f"{end}{i}": e for i, pair in enumerate(intervals) for end, e in zip("lh", pair, strict=True)}
    found = frame.select(**limits)
    for i in range(len(intervals)):
        for low, high in found.select(f"l{i}", f"h{i}").iter_rows():
            assert all(limit is None or math.isfinite(limit) for limit in (low, high)), i
            assert low is None or high is None or low <= high, i


def test_wilson_encloses_its_share() -> None:
    frame = pl.DataFrame([(k, n) for n in range(1, 120) for k in range(n + 1)], ["k", "n"], orient="row")
    low, high = wilson(pl.col("k"), pl.col("n"))
    share = pl.col("k") / pl.col("n")
    within = (low >= 0) & (low <= share) & (share <= high) & (high <= 1)
    assert frame.select(within.all()).item()


def test_no_cases_have_no_interval() -> None:
    empty = (wilson(0, 0), garwood(0, 0), mean_interval(3, 1, 1), nps_adjusted(0, 0, 0))
    for interval in empty:
        assert values(interval) == [None, None]
