"""Time to event where cases can end in several ways: Aalen–Johansen cumulative incidence by group.

A withdrawn claim is not an open one that will be decided later; treating it as censored overstates what is
decided. Curves for a single way to end are in `survival.py`.
"""

from collections.abc import Sequence

import polars as pl

from transforms.statistics.risk_sets import (
    CENSORED,
    COMPETING,
    EVENT,
    Column,
    counts,
    curve,
    expression,
    hazard_variance,
    horizon_name,
    known_fates,
    probability_limits,
    risk_sets,
    with_limits,
)


def cumulative_incidence(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    cause: Column,
    entry: Column | None = None,
    *,
    of: int = 1,
) -> pl.LazyFrame:
    """The cumulative incidence of cause `of` in each group, one row a distinct time of an end or a censoring.

    `cause` is 0 for a censored case and 1..K for what ended it. Columns: `by`, t, n_at_risk, d (ended by this
    cause), d_any (by any), survival (share still open), incidence F(t), incidence_var. Rows, entry and ties
    are as in `kaplan_meier`. Aalen and Johansen (1978), Scand. J. Statist. 5; variance after Gaynor et al.
    (1993), JASA 88.
    """
    figures = [
        (pl.col("kind") == EVENT).sum().cast(pl.Int64).alias("d"),
        (pl.col("kind") <= COMPETING).sum().cast(pl.Int64).alias("d_any"),
        pl.col("survival").min(),
        pl.col("incidence").max(),
        pl.col("incidence_var").sort_by("n_at_risk").first(),
    ]
    steps = risk_sets(frame, by, duration, _kind(cause, of), entry).with_columns(_incidence_steps())
    return curve(steps, by, figures)


def incidence_summary(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    cause: Column,
    entry: Column | None = None,
    *,
    of: int = 1,
    horizons: Sequence[float] = (30,),
    level: float = 0.95,
) -> pl.LazyFrame:
    """Share of each group ended by cause `of` within each horizon, other causes competing, one row a group.

    Columns: `by`, n, n_events (by this cause), followed_to, n_competing (by others) and for each horizon,
    named within_30 for 30: within_30 = F(h), within_30_var, within_30_low, within_30_high (log-log; Wilson
    over the cases whose fate at h is known where F(h) is 0 or 1). `cause` and rows are as in
    `cumulative_incidence`;
    beyond followed_to F is held constant.
    """
    step = pl.element().struct
    figures = counts() | {"n_competing": (step["kind"] == COMPETING).sum().cast(pl.Int64)}
    limits: list[pl.Expr] = []
    columns = [*by, *figures]
    for horizon in horizons:
        name, by_then = horizon_name(horizon), step["t"] <= horizon
        figures[name] = step["incidence"].filter(by_then).max().fill_null(0.0)
        figures[f"{name}_var"] = step["incidence_var"].filter(by_then).last().fill_null(0.0)
        figures[f"{name}_known"] = known_fates(horizon)
        share, variance, known = pl.col(name), pl.col(f"{name}_var"), pl.col(f"{name}_known")
        low, high = probability_limits(share, variance, known, level, "log_log")
        limits += [low.alias(f"{name}_low"), high.alias(f"{name}_high")]
        columns += with_limits(name, "var")
    groups = risk_sets(frame, by, duration, _kind(cause, of), entry).with_columns(_incidence_steps())
    summary = pl.struct([figure.alias(name) for name, figure in figures.items()])
    return (
        groups.select(*by, pl.col("steps").list.agg(summary))
        .unnest("steps")
        .with_columns(limits)
        .select(columns)
    )


def _kind(cause: Column, of: int) -> pl.Expr:
    code = expression(cause)
    ended = pl.when(code == of).then(EVENT).when(code == 0).then(CENSORED)
    return ended.when(code.is_not_null()).then(COMPETING)


def _incidence_steps() -> pl.Expr:
    """The steps of the risk sets with the incidence F and its variance.

    Gaynor's Σ(F(t) − Fᵢ)²wᵢ + Σvᵢ − 2Σ(F(t) − Fᵢ)cᵢ is multiplied out, so that running sums give it at every
    t;
    like survival and hazard, it comes out the same for ties taken one after the other.
    """
    step = pl.element().struct
    at_risk, before = step["n_at_risk"].cast(pl.Float64), step["survival"].shift(1, fill_value=1.0)
    of_cause = step["kind"] == EVENT
    f = pl.when(of_cause).then(before / at_risk).otherwise(0.0).cum_sum()
    w = hazard_variance(step["kind"] <= COMPETING, at_risk)
    v = pl.when(of_cause).then(before**2 * (at_risk - 1) / at_risk**3).otherwise(0.0)
    c = pl.when(of_cause).then(before / at_risk**2).otherwise(0.0)
    squares = f**2 * w.cum_sum() - 2 * f * (w * f).cum_sum() + (w * f**2).cum_sum()
    products = f * c.cum_sum() - (c * f).cum_sum()
    variance = (squares + v.cum_sum() - 2 * products).clip(lower_bound=0)
    kept = [step[name] for name in ("t", "kind", "n_at_risk", "survival")]
    return pl.col("steps").list.eval(pl.struct(*kept, incidence=f, incidence_var=variance))
