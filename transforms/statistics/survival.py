"""Time to event with open cases counted: Kaplan–Meier curves and their figures, for all groups at once.

A case has a duration, whether it ended then, and optionally when it came under observation. Which cases these
are, and what is said of groups that are too small or too young, is the caller's business.
"""

from collections.abc import Sequence

import polars as pl

from transforms.statistics.intervals import finite, normal_quantile, student_quantile
from transforms.statistics.risk_sets import (
    CENSORED,
    COMPETING,
    EVENT,
    ROUNDING,
    Column,
    IntervalKind,
    counts,
    curve,
    expression,
    hazard_variance,
    horizon_name,
    known_fates,
    probability_limits,
    quantile_name,
    risk_sets,
    with_limits,
)


def kaplan_meier(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, event: Column, entry: Column | None = None
) -> pl.LazyFrame:
    """The survival curve of each group, one row a distinct time at which cases end or are censored.

    Columns: `by`, t, n_at_risk (just before t), d (events at t), survival S(t), greenwood_var (0 once S is
    0). Rows without a duration ≥ 0 or without an event flag are left out. A case is at risk after its `entry`
    (null or 0: from the start); one that ends at or before its entry is left out. Events come before
    censorings at equal times. Kaplan and Meier (1958), JASA 53, 457-481; Greenwood (1926).
    """
    figures = [
        (pl.col("kind") == EVENT).sum().cast(pl.Int64).alias("d"),
        pl.col("survival").min(),
        (pl.col("survival").min() ** 2 * pl.col("hazard_var").max()).alias("greenwood_var"),
    ]
    return curve(risk_sets(frame, by, duration, _kind(event), entry), by, figures)


def km_summary(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    event: Column,
    entry: Column | None = None,
    *,
    quantiles: Sequence[float] = (0.5,),
    horizons: Sequence[float] = (30,),
    tau: float | None = 30,
    level: float = 0.95,
    interval: IntervalKind = "log_log",
) -> pl.LazyFrame:
    """Kaplan–Meier figures of each group, one row a group.

    Columns: `by`, n, n_events, followed_to (last observed time);
    for each quantile q, named p50 for 0.5: p50 = min{t: S(t) ≤ 1 − q}, null if not reached, p50_low and
    p50_high (Brookmeyer and Crowley 1982, Biometrics 38, on the log-log scale; null if not reached);
    for each horizon h, named within_30 for 30: P(T ≤ h) = 1 − S(h), within_30_var (Greenwood), within_30_low
    and within_30_high (log-log or plain; where S(h) is 0 or 1, Wilson over the cases whose fate at h is known);
    for tau: rmst = ∫₀^tau S(t)dt, the restricted mean, rmst_var, rmst_low, rmst_high (on the logit scale of
    rmst/tau; null without events).

    Beyond followed_to S is held constant, so that P(T ≤ h) is a lower bound where followed_to < h and S > 0.
    Rows, entry and ties are as in `kaplan_meier`. Durations, horizons and tau are in one unit.
    """
    figures: dict[str, pl.Expr] = counts()
    limits: list[pl.Expr] = []
    columns = [*by, *figures]
    for q in quantiles:
        figures |= _quantile(q, level)
        columns += with_limits(quantile_name(q))
    for horizon in horizons:
        figures |= _within(horizon)
        limits += _within_limits(horizon, level, interval)
        columns += with_limits(horizon_name(horizon), "var")
    if tau is not None:
        figures |= _restricted_mean(tau)
        limits += _restricted_mean_limits(tau, level)
        columns += with_limits("rmst", "var")
    groups = risk_sets(frame, by, duration, _kind(event), entry)
    summaries = groups.select(*by, pl.col("steps").list.agg(_struct(figures))).unnest("steps")
    return summaries.with_columns(limits).select(columns)


def _kind(event: Column) -> pl.Expr:
    ended = expression(event).cast(pl.Boolean)
    return pl.when(ended).then(EVENT).when(~ended).then(CENSORED)


def _quantile(q: float, level: float) -> dict[str, pl.Expr]:
    """The quantile, and where the lower and the upper log-log limit of S have come down to 1 − q.

    At S = 0 the limits are undefined: the lower one counts as come down, the upper one does not.
    """
    step = pl.element().struct
    t, survival = step["t"], step["survival"]
    inside = (survival > ROUNDING) & (survival < 1)
    decline = -pl.when(inside).then(survival).log()
    half = normal_quantile(level) * step["hazard_var"].sqrt() / decline
    target = pl.lit(1 - q).log().neg().log() - ROUNDING
    reached = survival <= 1 - q + ROUNDING
    low_reached = (survival <= ROUNDING) | (inside & (decline.log() + half >= target))
    high_reached = inside & (decline.log() - half >= target)
    name, low, high = with_limits(quantile_name(q))
    return {
        name: t.filter(reached).min(),
        low: t.filter(low_reached).min(),
        high: t.filter(high_reached).min(),
    }


def _within(horizon: float) -> dict[str, pl.Expr]:
    step = pl.element().struct
    by_then = step["t"] <= horizon
    still_open = step["survival"].filter(by_then).min().fill_null(1.0)
    name = horizon_name(horizon)
    return {
        name: 1 - still_open,
        f"{name}_var": still_open**2 * step["hazard_var"].filter(by_then).max().fill_null(0.0),
        f"{name}_known": known_fates(horizon),
    }


def _within_limits(horizon: float, level: float, interval: IntervalKind) -> list[pl.Expr]:
    name = horizon_name(horizon)
    still_open, variance, known = 1 - pl.col(name), pl.col(f"{name}_var"), pl.col(f"{name}_known")
    low, high = probability_limits(still_open, variance, known, level, interval)
    return [(1 - high).alias(f"{name}_low"), (1 - low).alias(f"{name}_high")]


def _restricted_mean(tau: float) -> dict[str, pl.Expr]:
    """∫₀^tau S, variance Σ(∫_{tᵢ}^tau S)²·dᵢ/(nᵢ(nᵢ − dᵢ)). Royston and Parmar (2013), BMC MRM 13, 152."""
    step = pl.element().struct
    t = step["t"].clip(upper_bound=tau)
    before = step["survival"].shift(1, fill_value=1.0)
    area = (before * (t - t.shift(1, fill_value=0.0))).cum_sum()
    total = area.last() + (tau - t.last()) * step["survival"].last()
    terms = hazard_variance(step["kind"] <= COMPETING, step["n_at_risk"])
    return {"rmst": total, "rmst_var": ((total - area) ** 2 * terms).sum()}


def _restricted_mean_limits(tau: float, level: float) -> list[pl.Expr]:
    """Student's limits on the scale log(p/(1 − p)) of p = rmst/tau, with the variance of n − 1 degrees of freedom.

    Durations cut at tau are skewed; on that scale their mean is much less so, and the limits stay within 0 and tau.
    """
    cases = pl.when(pl.col("n") > 1).then(pl.col("n").cast(pl.Float64))
    variance = pl.when(pl.col("rmst_var") > 0).then(pl.col("rmst_var")) * cases / (cases - 1)
    share = pl.col("rmst") / tau
    half = student_quantile(cases, level) * variance.sqrt() / (tau * share * (1 - share))
    logit = (share / (1 - share)).log()
    return [
        finite(tau / (1 + (side * half - logit).exp())).alias(f"rmst_{end}")
        for end, side in (("low", 1), ("high", -1))
    ]


def _struct(figures: dict[str, pl.Expr]) -> pl.Expr:
    return pl.struct([figure.alias(name) for name, figure in figures.items()])
