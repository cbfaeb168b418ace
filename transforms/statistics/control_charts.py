"""Is it noise: limits of ordinary variation for many series at once, signal rules, and funnels for units.

Which KPI gets which chart, and the words for it, are in `transforms/measures/ordinary_variation.py`. Frames are sorted
by the columns of their series and period first; nothing here relies on any other order.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

from transforms.exactness import steady_mean, steady_sum
from transforms.statistics.intervals import finite

Array = NDArray[np.float64]

# Shewhart's constants for moving ranges of two points.
XMR_LIMIT, MOVING_RANGE_LIMIT, D2 = 2.66, 3.267, 1.128
# Laney's charts replace ordinary ones where variation between periods exceeds chance in large denominators.
LANEY_SIGMA_Z, LANEY_N = 1.5, 1000
RUN_LENGTH, TREND_LENGTH = 8, 6
WINSORISED_SHARE = 0.10


def chart_limits(points: pl.LazyFrame, series: Sequence[str]) -> pl.LazyFrame:
    """`points` with the limits of ordinary variation that each series' own baseline sets for every period.

    Columns in: those of `series`, period, value, numerator, denominator, n (cases), in_baseline, inflation
    (factor on moving ranges: 1; √w where w periods overlap), and family: 'p' (shares: value = numerator /
    denominator), 'u' (rates: value = a constant × numerator / denominator) or 'xmr' (anything else). Columns
    out: centre, sigma (a standard deviation of ordinary variation), lower, upper, sigma_z, chart ('p', 'u',
    'laney_p', 'laney_u', 'xmr') and of XmR charts moving_range_upper, 3.267 mean moving ranges. Limits are
    three sigma, for XmR mean ± 2.66 mean moving range (Wheeler 1993). Laney's p′ and u′ (2002) multiply sigma
    by σ_z; they are taken where σ_z > 1.5 and mean n > 1000, and for shares of anything but cases
    (premium), for whose chance variation there is no formula. Sorted by series and period.

    >>> points = pl.LazyFrame(
    ...     {"series": "A", "period": range(4), "value": [7.0, 8.0, 7.0, 9.9], "family": "xmr", "inflation": 1.0,
    ...      "numerator": None, "denominator": None, "n": None, "in_baseline": [True, True, True, False]},
    ...     schema_overrides={"numerator": pl.Float64, "denominator": pl.Float64, "n": pl.Int64},
    ... )
    >>> limits = chart_limits(points, ["series"]).select("centre", "lower", "upper").last().collect()
    >>> [round(limit, 2) for limit in limits.row(0)]
    [7.33, 4.67, 9.99]
    """
    centre, value, sigma = pl.col("centre"), pl.col("value"), pl.col("sigma")
    is_xmr, is_share = pl.col("family") == "xmr", pl.col("family") == "p"
    events, exposure = (_baseline_sum(pl.col(name), series) for name in ("numerator", "denominator"))
    constant = _baseline_sum(value * pl.col("denominator"), series) / events
    charted = (
        points.sort(*series, "period")
        .with_columns(
            _ratio=finite(events / exposure),
            _constant=pl.when(is_share).then(1.0).otherwise(finite(constant)),
            _moving_range=_moving_range(value, series),
            _mean=steady_mean(_over_baseline(value)).over(series),
        )
        .with_columns(
            centre=pl.when(is_xmr).then("_mean").otherwise(pl.col("_ratio") * pl.col("_constant")),
            _chance=pl.when(~is_xmr).then(_chance_sigma(is_share)),
        )
        .with_columns(_z=pl.when(pl.col("_chance") > 0).then((value - centre) / pl.col("_chance")))
        .with_columns(sigma_z=_moving_range(pl.col("_z"), series) / D2)
        .with_columns(_laney=~is_xmr & _needs_laney(series).fill_null(False))
        .with_columns(
            moving_range_upper=pl.when(is_xmr).then(pl.col("_moving_range") * MOVING_RANGE_LIMIT),
            sigma=pl.when(is_xmr)
            .then(pl.col("_moving_range") * XMR_LIMIT / 3)
            .otherwise(pl.col("_chance") * pl.when("_laney").then("sigma_z").otherwise(1.0)),
            chart=pl.when("_laney").then(pl.concat_str(pl.lit("laney_"), "family")).otherwise("family"),
        )
    )
    return charted.with_columns(
        lower=pl.when(is_xmr).then(centre - 3 * sigma).otherwise((centre - 3 * sigma).clip(lower_bound=0)),
        upper=pl.when(is_share).then((centre + 3 * sigma).clip(upper_bound=1)).otherwise(centre + 3 * sigma),
    ).drop("_ratio", "_constant", "_moving_range", "_mean", "_chance", "_z", "_laney")


def _over_baseline(values: pl.Expr) -> pl.Expr:
    return pl.when("in_baseline").then(values)


def _baseline_sum(values: pl.Expr, series: Sequence[str]) -> pl.Expr:
    return steady_sum(_over_baseline(values)).over(series)


def _moving_range(values: pl.Expr, series: Sequence[str]) -> pl.Expr:
    """Mean absolute step between neighbours of the baseline."""
    kept = _over_baseline(values)
    return steady_mean((kept - kept.shift(1)).abs()).over(series) * pl.col("inflation")


def _chance_sigma(is_share: pl.Expr) -> pl.Expr:
    """Binomial or Poisson standard deviation of each point's value."""
    ratio, size = pl.col("_ratio"), pl.col("denominator")
    return (
        pl.when(is_share)
        .then((ratio * (1 - ratio) / size).sqrt())
        .otherwise(pl.col("_constant") * (ratio / size).sqrt())
    )


def _needs_laney(series: Sequence[str]) -> pl.Expr:
    many = _over_baseline(pl.col("n")).mean().over(series) > LANEY_N
    in_other_units = (pl.col("family") == "p") & ((pl.col("denominator") - pl.col("n")).abs() > 0.5)
    return ((pl.col("sigma_z") > LANEY_SIGMA_Z) & many) | _over_baseline(in_other_units).any().over(series)


def signal_rules(points: pl.LazyFrame, series: Sequence[str], *, two_of_three: bool = False) -> pl.LazyFrame:
    """`points` with the first rule each breaks, `rule`, and to which `side` (+1 up, −1 down); NULL if none.

    'beyond_limits': outside lower..upper; 'run_of_8': the eighth or later in a row on one side of the centre;
    'trend_of_6': the sixth or later rising or falling in a row; 'two_of_three' (optional: more false
    alarms): beyond two sigma, as is one of the two before, on the same side. Points without limits have
    no signal. Needs value, centre, sigma, lower, upper; sorted by series and period (Western Electric 1956,
    Nelson 1984).

    >>> points = pl.LazyFrame(
    ...     {"series": "A", "value": [7.0, 8.0, 10.1], "centre": 7.3, "sigma": 0.9, "lower": 4.6, "upper": 10.0}
    ... )
    >>> signal_rules(points, ["series"]).select("rule", "side").collect().row(-1)
    ('beyond_limits', 1)
    """
    value, centre = pl.col("value"), pl.col("centre")

    def in_a_row(signs: pl.Expr, length: int) -> pl.Expr:
        total = signs.rolling_sum(length).over(series)
        return pl.when(total.abs() == length).then(total.sign())

    def step(values: pl.Expr) -> pl.Expr:
        return values.sign().cast(pl.Int64)

    beyond = pl.when(value > pl.col("upper")).then(1).when(value < pl.col("lower")).then(-1)
    run = in_a_row(step(value - centre), RUN_LENGTH)
    trend = in_a_row(step(value.diff().over(series)), TREND_LENGTH - 1)
    far = (value - centre).abs() > 2 * pl.col("sigma")
    up, down = far & (value > centre), far & (value < centre)
    pair = pl.when(up & _twice(up, series)).then(1).when(down & _twice(down, series)).then(-1)
    rules = {"beyond_limits": beyond, "run_of_8": run, "trend_of_6": trend}
    if two_of_three:
        rules["two_of_three"] = pair
    limited = pl.col("lower").is_not_null() & pl.col("upper").is_not_null()
    sides = {name: pl.when(limited).then(side).cast(pl.Int8) for name, side in rules.items()}
    return points.with_columns(
        rule=pl.coalesce(pl.when(side.is_not_null()).then(pl.lit(name)) for name, side in sides.items()),
        side=pl.coalesce(sides.values()),
    )


def _twice(far: pl.Expr, series: Sequence[str]) -> pl.Expr:
    return far.cast(pl.Int64).rolling_sum(3, min_samples=1).over(series) >= 2


def funnel_limits(
    size: ArrayLike, target: ArrayLike, *, level: float, family: Literal["p", "u"] = "p"
) -> tuple[Array, Array]:
    """Limits within which a unit of this size with the rate `target` stays with probability `level`.

    Exact binomial ('p') or Poisson ('u', events per size) quantiles, interpolated between the two counts that
    enclose the tail: (r − α) / size with α = (F(r) − p) / (F(r) − F(r − 1)) (Spiegelhalter 2005).

    >>> low, high = funnel_limits(100, 0.93, level=0.95)
    >>> round(low.item(), 3), round(high.item(), 3)
    (0.871, 0.97)
    """
    shape = np.broadcast_shapes(np.shape(size), np.shape(target))
    size, target = (np.broadcast_to(np.asarray(x, dtype=float), shape).ravel() for x in (size, target))

    def at_most(count: Array, size: Array = size, target: Array = target) -> Array:
        if family == "p":
            return np.asarray(special.bdtr(count, size.astype(int), target))
        return np.asarray(special.pdtr(count, size * target))

    def limit(p: float) -> Array:
        count = _least_count(p, size, target, at_most, family)
        through = at_most(count)
        below = np.where(count > 0, at_most(np.maximum(count - 1, 0)), 0.0)
        rate = np.maximum((count - (through - p) / (through - below)) / size, 0)
        return np.asarray(np.minimum(rate, 1.0) if family == "p" else rate).reshape(shape)

    with np.errstate(invalid="ignore", divide="ignore"):
        return limit((1 - level) / 2), limit((1 + level) / 2)


def _least_count(
    p: float, size: Array, target: Array, at_most: Callable[..., Array], family: Literal["p", "u"]
) -> Array:
    """The least count r with F(r) ≥ p, found from the Cornish–Fisher approximation in a few steps.

    Several times faster than the inverse functions of scipy, and exact.
    """
    failing = 1 - target if family == "p" else np.ones_like(target)
    z = special.ndtri(p)
    spread = np.sqrt(size * target * failing)
    skew = 2 * failing - 1
    near = np.floor(size * target + z * spread + (z * z - 1) / 6 * skew)
    count: Array = np.clip(np.nan_to_num(near), 0, size if family == "p" else None)
    open_ = np.arange(len(count))
    while len(open_):
        at, n, theta = count[open_], size[open_], target[open_]
        up = at_most(at, n, theta) < p
        down = ~up & (at > 0)
        down[down] = at_most(at[down] - 1, n[down], theta[down]) >= p
        count[open_] += up.astype(float) - down
        open_ = open_[up | down]
    return count


def overdispersion(z: pl.Expr) -> pl.Expr:
    """φ, the mean square of z winsorised at its 10 % and 90 % quantiles: 1 if units differ by chance."""
    low = z.quantile(WINSORISED_SHARE, interpolation="linear")
    high = z.quantile(1 - WINSORISED_SHARE, interpolation="linear")
    return steady_mean(z.clip(low, high) ** 2)


def funnel(units: pl.LazyFrame, by: Sequence[str], *, family: Literal["p", "u"] = "p") -> pl.LazyFrame:
    """`units` with funnel limits at 95 and 99.8 % around the rate of all units of the same `by`.

    In: numerator, denominator, one row per unit. Out: target, z, phi, inflation, lower_95, upper_95, lower_998,
    upper_998 and position ('within', 'above_95', 'below_95', 'above_998', 'below_998'). Where units differ by
    more than chance (n·φ > χ² of n at 95 %) the limits are √φ times as far from the target (Spiegelhalter
    2005).

    >>> units = pl.LazyFrame({"kpi": "k", "numerator": [30.0, 12.0] + [10.0] * 40, "denominator": 1.0})
    >>> funnel(units, ["kpi"], family="u").select("position").head(2).collect().to_series().to_list()
    ['above_998', 'within']
    """
    n_units = pl.col("z").count().over(by)
    variance = pl.col("target") * (1 - pl.col("target") if family == "p" else pl.lit(1.0))
    quantile = n_units.map_batches(lambda n: pl.Series(special.chdtri(n.to_numpy(), 0.05)), pl.Float64)
    rate = pl.col("numerator") / pl.col("denominator")
    whole = steady_sum(pl.col("numerator")).over(by) / steady_sum(pl.col("denominator")).over(by)
    is_dispersed = pl.col("phi") * n_units > quantile
    judged = (
        units.with_columns(target=finite(whole))
        .with_columns(z=finite((rate - pl.col("target")) / (variance / pl.col("denominator")).sqrt()))
        .with_columns(phi=overdispersion(pl.col("z")).over(by))
        .with_columns(inflation=pl.when(is_dispersed).then(pl.col("phi").sqrt()).otherwise(1.0))
        .with_columns(_exact(level, family).alias(name) for name, level in (("95", 0.95), ("998", 0.998)))
        .with_columns(
            _inflated(pl.col(name).struct.field(side), family).alias(f"{side}_{name}")
            for name in ("95", "998")
            for side in ("lower", "upper")
        )
        .drop("95", "998")
    )
    # Limits are interpolated between counts, so a count is beyond one only if half of it is: mid-P. Otherwise
    # a small unit without a failure, which chance often brings, would stand above any limit.
    half = 0.5 / pl.col("denominator")
    return judged.with_columns(
        position=pl.when(rate - half > pl.col("upper_998"))
        .then(pl.lit("above_998"))
        .when(rate + half < pl.col("lower_998"))
        .then(pl.lit("below_998"))
        .when(rate - half > pl.col("upper_95"))
        .then(pl.lit("above_95"))
        .when(rate + half < pl.col("lower_95"))
        .then(pl.lit("below_95"))
        .when(rate.is_finite())
        .then(pl.lit("within"))
    )


def _exact(level: float, family: Literal["p", "u"]) -> pl.Expr:
    """lower and upper of `funnel_limits`, from denominator and target."""

    def limits(rows: pl.Series) -> pl.Series:
        size, target = (rows.struct.field(name).to_numpy() for name in ("denominator", "target"))
        ends = zip(("lower", "upper"), funnel_limits(size, target, level=level, family=family), strict=True)
        return pl.DataFrame({name: pl.Series(limit, nan_to_null=True) for name, limit in ends}).to_struct()

    shape = pl.Struct({"lower": pl.Float64, "upper": pl.Float64})
    return pl.struct(pl.col("denominator", "target").cast(pl.Float64)).map_batches(limits, shape)


def _inflated(limit: pl.Expr, family: Literal["p", "u"]) -> pl.Expr:
    target, ceiling = pl.col("target"), 1.0 if family == "p" else None
    return (target + (limit - target) * pl.col("inflation")).clip(0.0, ceiling)
