"""Control charts, seasons and funnels against worked values, scipy and statsmodels."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats
from statsmodels.tsa.seasonal import STL

from transforms.statistics.control_charts import (
    chart_limits,
    funnel,
    funnel_limits,
    overdispersion,
    signal_rules,
)
from transforms.statistics.seasonality import season_test, seasonal_component, seasonal_strength, stl

XMR_BASELINE = (7.2, 7.8, 6.9, 7.5, 8.1, 7.0, 7.4, 7.7, 7.1, 7.6, 7.3)
# The shares of the published worked example: a baseline of 4,513 in 4,900, then 380 of 440.
P_BASELINE = [(410, 445)] * 10 + [(413, 450)]
# Its counts: a baseline of 470 in 571.8 exposures (10⁴ policies), then 66 in 54.2.
U_BASELINE = [(43, 52.0)] * 10 + [(40, 51.8)]


def months(count: int) -> list[date]:
    return [date(2020 + i // 12, i % 12 + 1, 1) for i in range(count)]


def xmr_points(values: list[float], baseline: int, series: str = "A") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series": series,
            "period": months(len(values)),
            "value": values,
            "numerator": None,
            "denominator": None,
            "n": None,
            "family": "xmr",
            "inflation": 1.0,
            "in_baseline": [i < baseline for i in range(len(values))],
        },
        schema_overrides={
            "numerator": pl.Float64,
            "denominator": pl.Float64,
            "n": pl.Int64,
            "value": pl.Float64,
        },
    )


def ratio_points(ratios: list[tuple[float, float]], baseline: int, family: str = "p") -> pl.DataFrame:
    numerator, denominator = zip(*ratios, strict=True)
    return xmr_points([a / b for a, b in ratios], baseline).with_columns(
        numerator=pl.Series(numerator, dtype=pl.Float64),
        denominator=pl.Series(denominator, dtype=pl.Float64),
        n=pl.Series(np.rint(denominator).astype(int)),
        family=pl.lit(family),
    )


def charted(points: pl.DataFrame) -> pl.DataFrame:
    return signal_rules(chart_limits(points.lazy(), ["series"]), ["series"]).collect()


def last(points: pl.DataFrame) -> dict:
    return charted(points).row(-1, named=True)


def test_xmr_worked() -> None:
    """Mean 7.4182, limits 5.849 to 8.988, moving range up to 1.9275; 9.9 is a signal."""
    row = last(xmr_points([*XMR_BASELINE, 9.9], 11))
    ours = (row["centre"], row["lower"], row["upper"], row["moving_range_upper"])
    assert ours == pytest.approx((7.418181818, 5.848781818, 8.987581818, 1.92753))
    assert (row["rule"], row["side"], row["chart"]) == ("beyond_limits", 1, "xmr")


def test_p_chart_worked() -> None:
    """p̄ 0.92102; 380 of 440 is below the limit 0.8824 at z −4.46."""
    row = last(ratio_points([*P_BASELINE, (380, 440)], 11))
    z = (row["value"] - row["centre"]) / row["sigma"]
    assert (row["centre"], row["lower"], z) == pytest.approx((0.9210204, 0.8824471, -4.4629850), abs=5e-8)
    assert (row["rule"], row["side"], row["chart"]) == ("beyond_limits", -1, "p")


def test_u_chart_worked() -> None:
    """ū 0.82197 per 10⁴ policies; 66 in 54.2 is 1.2177, above the limit 1.1914."""
    row = last(ratio_points([*U_BASELINE, (66, 54.2)], 11, family="u"))
    assert (row["centre"], row["value"], row["upper"]) == pytest.approx(
        (0.8219657, 1.2177122, 1.1914096), abs=5e-8
    )
    assert (row["rule"], row["chart"]) == ("beyond_limits", "u")


def test_u_chart_in_another_unit_is_the_same_chart() -> None:
    plain = charted(ratio_points([*U_BASELINE, (66, 54.2)], 11, family="u"))
    scaled = ratio_points([*U_BASELINE, (66, 54.2)], 11, family="u").with_columns(pl.col("value") * 1000)
    found = charted(scaled)
    for column in ("centre", "sigma", "lower", "upper"):
        assert (found[column] / 1000).to_list() == pytest.approx(plain[column].to_list())


def test_laney_worked() -> None:
    """p̄ .91242, n 53,600: ordinary limits .9088 to .9161 would flag all; with σ_z 5.513 .8922 to .9326 flag none."""
    share, n, sigma_z = 0.9124251824817518, 53600, 5.513456360185956
    swing = sigma_z * 1.128 / 2 * np.sqrt(share * (1 - share) / n)
    points = ratio_points([((share + sign * swing) * n, n) for sign in (1, -1) * 6], 12)
    laney = charted(points)
    row = laney.row(-1, named=True)
    ours = (row["sigma_z"], row["lower"], row["upper"])
    assert ours == pytest.approx((5.513456360, 0.892229848, 0.932620517))
    assert row["chart"] == "laney_p"
    assert laney["rule"].null_count() == 12
    ordinary = 3 * row["sigma"] / row["sigma_z"]
    assert (share - ordinary, share + ordinary) == pytest.approx((0.9087622651943982, 0.9160880997691053))
    assert ((points["value"] - share).abs() > ordinary).all()


def test_laney_needs_overdispersion_and_large_numbers() -> None:
    def chart(n: int, spread: float) -> str:
        draw = np.random.default_rng(1)
        shares = np.clip(0.9 + spread * draw.normal(size=24), 0, 1)
        return last(ratio_points([(int(draw.binomial(n, share)), n) for share in shares], 24))["chart"]

    assert chart(50_000, 0.01) == "laney_p"
    assert chart(50_000, 0.0) == "p"
    assert chart(800, 0.05) == "p"


def test_shares_of_premium_are_laneys() -> None:
    """Binomial limits around a share of money would be as narrow as the currency is small."""
    cases = ratio_points([(92, 100), (90, 100)] * 12, 24)
    money = cases.with_columns(pl.col("numerator", "denominator") * 5000)
    row = last(money)
    assert row["chart"] == "laney_p"
    in_cents = last(money.with_columns(pl.col("numerator", "denominator") * 100))
    assert in_cents["lower"] == pytest.approx(row["lower"])


def test_limits_are_probabilities_and_rates() -> None:
    row = last(ratio_points([(99, 100)] * 12, 12))
    assert (row["upper"], row["lower"]) == (1.0, pytest.approx(0.99 - 3 * np.sqrt(0.99 * 0.01 / 100)))
    assert last(ratio_points([(2, 10.0)] * 12, 12, family="u"))["lower"] == 0


def rules_of(values: list[float], *, two_of_three: bool = False) -> list[str | None]:
    """Rules broken by values around centre 0, sigma 1."""
    points = xmr_points(values, 0).with_columns(centre=0.0, sigma=1.0, lower=-3.0, upper=3.0)
    return signal_rules(points.lazy(), ["series"], two_of_three=two_of_three).collect()["rule"].to_list()


def test_each_rule_starts_where_it_should() -> None:
    assert rules_of([3.0, -3.0, 3.01, -3.01]) == [None, None, "beyond_limits", "beyond_limits"]
    assert rules_of([1, 0.5] * 4 + [-1]) == [None] * 7 + ["run_of_8", None]
    assert rules_of([1, 0.5, 1, 0] + [1, 0.5] * 3) == [None] * 10, "a point on the centre ends a run"
    assert rules_of([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4]) == [None] * 5 + ["trend_of_6", None]
    assert rules_of([-2, -1, -1, 0, 1, 2]) == [None] * 6, "standing still is no trend"
    near = [2.5, 0, 2.5, 0, 0, -2.5, 2.5]
    assert rules_of(near) == [None] * 7
    assert rules_of(near, two_of_three=True) == [None, None, "two_of_three", None, None, None, None]


finite_value = st.floats(-100, 100, allow_nan=False).map(lambda v: round(v, 3))


@settings(max_examples=30)
@given(st.lists(finite_value, min_size=13, max_size=30), st.floats(0.1, 50), st.floats(-500, 500))
def test_xmr_charts_need_no_unit(values: list[float], factor: float, shift: float) -> None:
    plain = charted(xmr_points(values, 12))
    moved = charted(xmr_points([factor * v + shift for v in values], 12))
    for column in ("centre", "lower", "upper"):
        expected = [factor * v + shift for v in plain[column]]
        assert moved[column].to_list() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(max_examples=30)
@given(st.lists(st.lists(finite_value, min_size=12, max_size=15), min_size=2, max_size=4))
def test_series_do_not_touch(lists: list[list[float]]) -> None:
    frames = [xmr_points(values, 12, series=str(i)) for i, values in enumerate(lists)]
    together = charted(pl.concat(frames).reverse())
    assert_frame_equal(together, pl.concat([charted(frame) for frame in frames]))


@pytest.mark.parametrize("length", [27, 48, 61, 120])
@pytest.mark.parametrize("fixed_season", [False, True])
def test_stl_is_statsmodels(length: int, fixed_season: bool) -> None:
    time = np.arange(length)
    values = np.random.default_rng(length).normal(size=(3, length)) + 3 * np.sin(time * np.pi / 6) + time / 20
    values[0, 5] += 20
    ours = stl(values, fixed_season=fixed_season)
    how = {"seasonal": 10 * length + 1, "seasonal_deg": 0} if fixed_season else {}
    for i, series in enumerate(values):
        theirs = STL(series, period=12, robust=True, **how).fit()
        assert ours.seasonal[i] == pytest.approx(theirs.seasonal, abs=1e-9)
        assert ours.trend[i] == pytest.approx(theirs.trend, abs=1e-9)
    assert sum(ours) == pytest.approx(values)


def test_stl_needs_two_years() -> None:
    with pytest.raises(ValueError, match="24 points; here are 23"):
        stl(np.zeros((1, 23)))


def test_season_test_is_an_analysis_of_variance() -> None:
    """p-values of pure noise are uniform; a season of three standard deviations is seen in two years."""
    noise = np.random.default_rng(3).normal(size=(2000, 24)) + np.arange(24)
    assert stats.kstest(season_test(noise), "uniform").pvalue > 0.01
    seasonal = noise + 3 * np.sin(np.arange(24) * np.pi / 6)
    assert (season_test(seasonal) < 0.01).mean() > 0.95
    assert season_test(np.full((1, 24), 5.0)) == [1.0]


def seasonal_of(values: np.ndarray, start: int = 0) -> pl.Series:
    points = xmr_points(list(values), 0).with_columns(period=pl.Series(months(start + len(values))[start:]))
    return points.select(seasonal_component("series", "period", "value")).to_series()


def test_a_season_is_taken_out_where_there_is_one() -> None:
    draw = np.random.default_rng(4)
    season = 5 * np.sin(np.arange(36) * np.pi / 6)
    noise = draw.normal(size=36)
    found = seasonal_of(season + noise)
    assert found.to_numpy() == pytest.approx(season, abs=2)
    parts = stl([season + noise], fixed_season=True)
    assert seasonal_strength(parts)[0] > 0.9
    assert seasonal_of(noise).null_count() == 36
    assert seasonal_of((season + noise)[:23]).null_count() == 23, "under two years there is no seasonal model"


def test_a_series_with_a_gap_has_no_season() -> None:
    values = list(5 * np.sin(np.arange(36) * np.pi / 6) + np.random.default_rng(4).normal(size=36))
    points = xmr_points(values, 0)
    holed = pl.concat([points.head(10), points.tail(25)])
    assert holed.select(seasonal_component("series", "period", "value")).to_series().null_count() == 35


def test_noise_of_two_and_three_years_has_no_season() -> None:
    """Strength alone would see one in most such series."""
    draw = np.random.default_rng(5)
    points = pl.concat(
        [
            xmr_points(list(draw.normal(size=length)), 0, f"{length}-{i:03}")
            for length in (24, 36)
            for i in range(150)
        ]
    ).with_columns(pl.col("series").rle_id())
    seasonal = points.select("series", seasonal=seasonal_component("series", "period", "value"))
    share = seasonal.group_by("series").agg(pl.col("seasonal").is_not_null().any())["seasonal"].mean()
    assert share < 0.05


@pytest.mark.parametrize(
    ("n", "low_95", "high_95", "low_998", "high_998"),
    [
        (25, 0.795320, 0.993863, 0.709442, 0.999755),
        (100, 0.871058, 0.970399, 0.834321, 0.989445),
        (400, 0.902752, 0.952691, 0.886323, 0.964871),
        (1600, 0.916935, 0.941930, 0.909224, 0.948618),
    ],
)
def test_funnel_worked(n: int, low_95: float, high_95: float, low_998: float, high_998: float) -> None:
    """Limits around a target of 0.93, exact binomial, interpolated (Spiegelhalter 2005)."""
    ours = (*funnel_limits(n, 0.93, level=0.95), *funnel_limits(n, 0.93, level=0.998))
    assert [float(limit) for limit in ours] == pytest.approx((low_95, high_95, low_998, high_998), abs=5e-7)


def test_overdispersion_worked() -> None:
    """φ 2.80 of ten branches, winsorised 2.72: limits 1.65 times as wide."""
    z = pl.LazyFrame({"z": [0.859, -2.037, 1.487, 0.831, -2.217, -2.429, 1.704, 0.438, -0.733, -2.4]})
    phi = z.select(overdispersion(pl.col("z"))).collect().item()
    assert phi == pytest.approx(2.72445512743925, abs=2e-3), "z are printed with three decimals"
    assert np.sqrt(phi) == pytest.approx(1.65, abs=5e-3)


def branches(spread: float, *, n: int = 400, count: int = 40) -> pl.LazyFrame:
    draw = np.random.default_rng(6)
    shares = np.clip(0.9 + spread * draw.normal(size=count), 0, 1)
    good = draw.binomial(n, shares).astype(float)
    return pl.LazyFrame({"kpi": "k", "numerator": good, "denominator": float(n)})


def test_funnel_widens_only_for_more_than_chance() -> None:
    calm, wild = (funnel(branches(spread), ["kpi"]).collect() for spread in (0.0, 0.05))
    assert calm["inflation"].unique().to_list() == [1.0]
    assert wild["inflation"][0] == pytest.approx(np.sqrt(wild["phi"][0]))
    exact_low, exact_high = funnel_limits(400, wild["target"][0], level=0.998)
    target = wild["target"][0]
    assert wild["lower_998"][0] == pytest.approx(target + (exact_low - target) * wild["inflation"][0])
    assert wild["upper_998"][0] == pytest.approx(
        min(1, target + (exact_high - target) * wild["inflation"][0])
    )
    unwidened = (wild["numerator"] / 400 < exact_low).sum()
    assert (wild["position"] == "below_998").sum() < unwidened


def test_funnel_of_rates_is_poissons() -> None:
    """A branch with 30 complaints where 10 are expected is outside; one with 12 is not."""
    units = pl.LazyFrame({"kpi": "k", "numerator": [30.0, 12.0] + [10.0] * 40, "denominator": [1.0] * 42})
    found = funnel(units.with_columns(pl.col("denominator") * 1.0), ["kpi"], family="u").collect()
    assert found["position"].to_list()[:2] == ["above_998", "within"]
    low, high = funnel_limits(1.0, found["target"][0], level=0.998, family="u")
    k = np.arange(200)
    inside = stats.poisson.pmf(k, found["target"][0])[(k >= low) & (k <= high)].sum()
    assert inside == pytest.approx(0.998, abs=2e-3)


@settings(max_examples=60)
@given(
    st.integers(1, 3000), st.floats(0.001, 0.999), st.sampled_from([0.95, 0.998]), st.sampled_from(["p", "u"])
)
def test_funnel_limits_enclose_exact_quantiles(n: int, target: float, level: float, family: str) -> None:
    """Each limit lies within one count below the exact quantile of scipy's binomial or Poisson law."""
    law = stats.binom(n, target) if family == "p" else stats.poisson(n * target)
    for tail, limit in zip(
        ((1 - level) / 2, (1 + level) / 2), funnel_limits(n, target, level=level, family=family), strict=True
    ):
        count = law.ppf(tail)
        part = (law.cdf(count) - tail) / (law.cdf(count) - law.cdf(count - 1))
        assert float(limit) * n == pytest.approx(max(count - part, 0), abs=1e-6)
