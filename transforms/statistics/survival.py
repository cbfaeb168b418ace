"""Time to event with open cases counted: Kaplan–Meier curves and their figures, for all groups at once.

A case has a duration, whether it ended then, and optionally when it came under observation. Which cases these
are, and what is said of groups that are too small or too young, is the caller's business.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.statistics.intervals import normal_quantile
from transforms.statistics.risk_sets import (
    CENSORED,
    EVENT,
    ROUNDING,
    Array,
    Block,
    Column,
    IntervalKind,
    expression,
    horizon_name,
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
    sets = risk_sets(frame, by, duration, _kind(event), entry)
    steps = sets.curve(lambda block: {"survival": block.survival, "hazard_var": block.hazard_var}).lazy()
    return steps.group_by(*by, "t").agg(
        pl.col("n_at_risk").max().cast(pl.Int64),
        (pl.col("kind") == EVENT).sum().cast(pl.Int64).alias("d"),
        pl.col("survival").min(),
        (pl.col("survival").min() ** 2 * pl.col("hazard_var").max()).alias("greenwood_var"),
    )


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
    for tau: rmst = ∫₀^tau S(t)dt, the restricted mean, rmst_var, rmst_low, rmst_high (null without events).

    Beyond followed_to S is held constant, so that P(T ≤ h) is a lower bound where followed_to < h and S > 0.
    Rows, entry and ties are as in `kaplan_meier`. Durations, horizons and tau are in one unit.
    """
    limits: list[pl.Expr] = []
    columns = [*by, "n", "n_events", "followed_to"]
    for q in quantiles:
        columns += with_limits(quantile_name(q))
    for horizon in horizons:
        limits += _within_limits(horizon, level, interval)
        columns += with_limits(horizon_name(horizon), "var")
    if tau is not None:
        limits += _restricted_mean_limits(tau, level)
        columns += with_limits("rmst", "var")

    def figures(block: Block) -> dict[str, Array]:
        found = block.counts()
        for q in quantiles:
            found |= _quantile(block, q, level)
        for horizon in horizons:
            found |= _within(block, horizon)
        return found | (_restricted_mean(block, tau) if tau is not None else {})

    sets = risk_sets(frame, by, duration, _kind(event), entry)
    return sets.summary(figures).lazy().with_columns(limits).select(columns)


def _kind(event: Column) -> pl.Expr:
    ended = expression(event).cast(pl.Boolean)
    return pl.when(ended).then(EVENT).when(~ended).then(CENSORED)


def _quantile(block: Block, q: float, level: float) -> dict[str, Array]:
    """The quantile, and where the lower and the upper log-log limit of S have come down to 1 − q.

    At S = 0 the limits are undefined: the lower one counts as come down, the upper one does not.
    """
    survival = block.survival
    inside = (survival > ROUNDING) & (survival < 1)
    decline = -np.log(survival, out=np.full_like(survival, -1.0), where=inside)
    half = normal_quantile(level) * np.sqrt(block.hazard_var) / decline
    target = np.log(-np.log(1 - q)) - ROUNDING
    real = np.isfinite(block.t)
    name, low, high = with_limits(quantile_name(q))
    return {
        name: block.first(real & (survival <= 1 - q + ROUNDING)),
        low: block.first(real & ((survival <= ROUNDING) | (inside & (np.log(decline) + half >= target)))),
        high: block.first(real & inside & (np.log(decline) - half >= target)),
    }


def _within(block: Block, horizon: float) -> dict[str, Array]:
    still_open = block.at(horizon, block.survival, 1.0)
    name = horizon_name(horizon)
    return {
        name: 1 - still_open,
        f"{name}_var": still_open**2 * block.at(horizon, block.hazard_var, 0.0),
        f"{name}_known": block.known_fates(horizon),
    }


def _within_limits(horizon: float, level: float, interval: IntervalKind) -> list[pl.Expr]:
    name = horizon_name(horizon)
    still_open, variance, known = 1 - pl.col(name), pl.col(f"{name}_var"), pl.col(f"{name}_known")
    low, high = probability_limits(still_open, variance, known, level, interval)
    return [(1 - high).alias(f"{name}_low"), (1 - low).alias(f"{name}_high")]


def _restricted_mean(block: Block, tau: float) -> dict[str, Array]:
    """∫₀^tau S, variance Σ(∫_{tᵢ}^tau S)²·dᵢ/(nᵢ(nᵢ − dᵢ)). Royston and Parmar (2013), BMC MRM 13, 152."""
    t = np.minimum(block.t, tau)
    area = np.cumsum(block.survival_before * np.diff(t, axis=1, prepend=0.0), axis=1)
    total = area[:, -1]
    return {"rmst": total, "rmst_var": np.sum((total[:, None] - area) ** 2 * block.hazard_terms, axis=1)}


def _restricted_mean_limits(tau: float, level: float) -> list[pl.Expr]:
    half = normal_quantile(level) * pl.when(pl.col("rmst_var") > 0).then(pl.col("rmst_var")).sqrt()
    return [
        (pl.col("rmst") - half).clip(0, tau).alias("rmst_low"),
        (pl.col("rmst") + half).clip(0, tau).alias("rmst_high"),
    ]
