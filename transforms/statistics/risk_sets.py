"""Risk sets of groups of cases in order of time, and what every estimator built on them needs.

An estimator's own formula is not here: survival curves are in `survival.py`, causes in `competing_risks.py`.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from transforms.statistics.intervals import Interval, normal_quantile

Column = str | pl.Expr
IntervalKind = Literal["log_log", "plain"]

# What happens to a case at a time; at equal times in this order.
EVENT, COMPETING, CENSORED, ENTRY = 0, 1, 2, 3
_KINDS = 4
# Times are scaled by a power of two, which is exact, to free two bits of their pattern for the kind.
_SCALE = 2.0**600
# Estimates are products or sums of up to millions of terms: rounding must not keep them from a bound.
ROUNDING = 1e-9


def expression(column: Column) -> pl.Expr:
    """A column given by its name, or the expression itself."""
    return pl.col(column) if isinstance(column, str) else column


def risk_sets(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, kind: pl.Expr, entry: Column | None
) -> pl.LazyFrame:
    """One row a group: `by` and `steps`, a list in order of time of t, kind, n_at_risk, survival, hazard_var.

    A step is what happens to one case. n_at_risk counts those at risk just before it; survival is the product
    of 1 − 1/n_at_risk over events of any cause so far and hazard_var the sum of 1/(n(n − 1)). Tied cases are
    taken one after the other, events first: the products and sums over d tied events are 1 − d/n and
    d/(n(n − d)), so after the last of them the figures are those of the tie.

    Rows without a finite duration ≥ 0 or without a kind are left out. A case is at risk after its `entry`
    (null or 0: from the start); one that ends at or before its entry is left out.
    """
    time = expression(duration).cast(pl.Float64)
    start = pl.lit(0.0) if entry is None else expression(entry).cast(pl.Float64).fill_null(0.0)
    cases = frame.select(*by, _time=time, _kind=kind.cast(pl.UInt64), _entry=start).filter(
        pl.col("_time").is_finite() & (pl.col("_time") >= 0) & pl.col("_kind").is_not_null()
    )
    late = pl.col("_entry") > 0
    happenings = cases.filter(~late | (pl.col("_time") > pl.col("_entry"))).select(*by, "_time", "_kind")
    if entry is not None:
        entries = cases.filter(late & (pl.col("_time") > pl.col("_entry")))
        entries = entries.select(*by, _time="_entry", _kind=pl.lit(ENTRY, pl.UInt64))
        happenings = pl.concat([happenings, entries])
    return _ordered(happenings, by).with_columns(_steps(entry is not None))


def _ordered(happenings: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """One row a group: its sorted list of integers that hold time and kind.

    Non-negative floats order as their bit patterns do, and sorting one integer is several times faster than
    sorting by two columns.
    """
    pattern = (pl.col("_time").abs() / _SCALE).reinterpret(dtype=pl.UInt64)
    keys = happenings.select(*by, steps=pattern * _KINDS + pl.col("_kind"))
    if by:
        return keys.group_by(by).agg(pl.col("steps").sort())
    return keys.select(pl.col("steps").sort().implode()).filter(pl.col("steps").list.len() > 0)


def _steps(with_entries: bool) -> pl.Expr:
    kind = pl.element() % _KINDS
    if with_entries:
        leaving = pl.when(kind == ENTRY).then(-1).otherwise(1)
        at_risk = leaving.cum_sum(reverse=True).cast(pl.Int64)
    else:
        at_risk = pl.len().cast(pl.Int64) - pl.int_range(pl.len(), dtype=pl.Int64)
    ended = kind <= COMPETING
    step = pl.struct(
        t=(pl.element() // _KINDS).reinterpret(dtype=pl.Float64) * _SCALE,
        kind=kind.cast(pl.UInt8),
        n_at_risk=at_risk,
        survival=pl.when(ended).then(1 - 1 / at_risk).otherwise(1.0).cum_prod(),
        hazard_var=hazard_variance(ended, at_risk).cum_sum(),
    )
    return pl.col("steps").list.eval(step)


def hazard_variance(ended: pl.Expr, at_risk: pl.Expr) -> pl.Expr:
    """Greenwood's term of one step, 1/(n(n − 1)); 0 for the last case at risk, which leaves nothing."""
    return pl.when(ended & (at_risk > 1)).then(1 / (at_risk * (at_risk - 1))).otherwise(0.0)


def curve(steps: pl.LazyFrame, by: Sequence[str], figures: Sequence[pl.Expr]) -> pl.LazyFrame:
    """One row a group and distinct time of an end or a censoring: `by`, t, n_at_risk and the figures."""
    exploded = steps.explode("steps").unnest("steps").filter(pl.col("kind") != ENTRY)
    return exploded.group_by(*by, "t").agg(pl.col("n_at_risk").max(), *figures)


def counts() -> dict[str, pl.Expr]:
    """Of a list of steps: n (cases), n_events (of the cause looked at), followed_to (last time)."""
    step = pl.element().struct
    return {
        "n": (step["kind"] != ENTRY).sum().cast(pl.Int64),
        "n_events": (step["kind"] == EVENT).sum().cast(pl.Int64),
        "followed_to": step["t"].last(),
    }


def known_fates(horizon: float) -> pl.Expr:
    """Of a list of steps: cases that ended by the horizon or are at risk beyond it."""
    t, kind = pl.element().struct["t"], pl.element().struct["kind"]
    ended = (kind <= COMPETING) & (t <= horizon)
    leaving_later = (kind != ENTRY) & (t > horizon)
    entering_later = (kind == ENTRY) & (t >= horizon)
    return (ended | leaving_later).sum().cast(pl.Int64) - entering_later.sum().cast(pl.Int64)


def probability_limits(
    share: pl.Expr, variance: pl.Expr, known: pl.Expr, level: float, kind: IntervalKind
) -> Interval:
    """Limits of an estimated probability; Wilson over the `known` cases where it is 0 or 1.

    "log_log": normal on the scale log(−log p), so always within [0, 1] (Kalbfleisch and Prentice, The
    Statistical Analysis of Failure Time Data, 2002, section 1.4). "plain": p ± z·√variance, clipped.
    """
    z = normal_quantile(level)
    if kind == "plain":
        half = z * variance.sqrt()
        low, high = (share - half).clip(0, 1), (share + half).clip(0, 1)
    else:
        power = z * variance.sqrt() / (share * share.log())
        low, high = share ** (-power).exp(), share ** power.exp()
    none, every, unsure = share <= ROUNDING, share >= 1 - ROUNDING, z**2 / (known + z**2)
    return Interval(
        pl.when(none).then(0.0).when(every).then(1 - unsure).otherwise(low),
        pl.when(none).then(unsure).when(every).then(1.0).otherwise(high),
    )


def quantile_name(q: float) -> str:
    """Column of a quantile: p50 for 0.5."""
    return f"p{100 * q:g}"


def horizon_name(horizon: float) -> str:
    """Column of the probability to end within a horizon: within_30 for 30."""
    return f"within_{horizon:g}"


def with_limits(name: str, *ends: str) -> list[str]:
    """A column and those of its limits, and of whatever else is given: within_30, within_30_low, …"""
    return [name, *(f"{name}_{end}" for end in (*ends, "low", "high"))]
