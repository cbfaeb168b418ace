"""Risk sets of groups of cases in order of time, and what every estimator built on them needs.

An estimator's own formula is not here: survival curves are in `survival.py`, causes in `competing_risks.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.statistics.intervals import Interval, normal_quantile

Column = str | pl.Expr
IntervalKind = Literal["log_log", "plain"]
Array = NDArray[Any]
Floats = NDArray[np.float64]

# What happens to a case at a time; at equal times in this order.
EVENT, COMPETING, CENSORED, ENTRY = 0, 1, 2, 3
_KINDS = 4
# Times are scaled by a power of two, which is exact, to free two bits of their pattern for the kind.
_SCALE = 2.0**600
# Estimates are products or sums of up to millions of terms: rounding must not keep them from a bound.
ROUNDING = 1e-9
# Groups are worked out together while their steps stay in the processor's cache.
_CELLS_AT_ONCE = 1 << 16


def expression(column: Column) -> pl.Expr:
    """A column given by its name, or the expression itself."""
    return pl.col(column) if isinstance(column, str) else column


@dataclass(frozen=True)
class Block:
    """Some groups of much the same size: arrays of one row a group and one column a step, in order of time.

    A step is what happens to one case; n_at_risk counts those at risk just before it. Rows end in at least
    one column of padding, at which t is infinite and nothing happens. Tied cases are taken one after the
    other, events first: the products and sums over d tied events are 1 − d/n and d/(n(n − d)), so after the
    last of them the figures are those of the tie.
    """

    groups: Array
    t: Floats
    kind: Array
    n_at_risk: Floats

    @cached_property
    def ended(self) -> Array:
        """Whether the step is an end, of any cause."""
        return (self.kind <= COMPETING) & np.isfinite(self.t)

    @cached_property
    def survival(self) -> Floats:
        """The product of 1 − 1/n_at_risk over the ends so far."""
        factor = np.ones_like(self.t)
        np.divide(self.n_at_risk - 1, self.n_at_risk, out=factor, where=self.ended)
        np.cumprod(factor, axis=1, out=factor)
        return factor

    @cached_property
    def survival_before(self) -> Floats:
        """The survival just before the step."""
        return np.hstack([np.ones((len(self.t), 1)), self.survival[:, :-1]])

    @cached_property
    def hazard_terms(self) -> Floats:
        """Greenwood's term of each end, 1/(n(n − 1)); 0 for the last case at risk, which leaves nothing."""
        terms = np.zeros_like(self.t)
        n = self.n_at_risk
        np.divide(1.0, n * (n - 1), out=terms, where=self.ended & (n > 1))
        return terms

    @cached_property
    def hazard_var(self) -> Floats:
        """The sum of Greenwood's terms so far."""
        return np.cumsum(self.hazard_terms, axis=1)

    def steps_by(self, time: float) -> Array:
        """How many steps of each group are at `time` or before."""
        steps: Array = np.count_nonzero(self.t <= time, axis=1)
        return steps

    def at(self, time: float, figure: Floats, before: float) -> Floats:
        """The figure after the last step by `time`; `before` the first step."""
        steps = self.steps_by(time)
        last = np.take_along_axis(figure, np.maximum(steps - 1, 0)[:, None], axis=1)[:, 0]
        return np.where(steps > 0, last, before)

    def first(self, reached: Array) -> Floats:
        """The time of the first step for which `reached` holds; NaN if there is none."""
        step = np.argmax(reached, axis=1)[:, None]
        time = np.take_along_axis(self.t, step, axis=1)[:, 0]
        return np.where(np.take_along_axis(reached, step, axis=1)[:, 0], time, np.nan)

    def counts(self) -> dict[str, Array]:
        """n (cases), n_events (of the cause looked at), followed_to (last time)."""
        real = np.isfinite(self.t)
        last = np.count_nonzero(real, axis=1) - 1
        return {
            "n": np.count_nonzero(real & (self.kind != ENTRY), axis=1),
            "n_events": np.count_nonzero(real & (self.kind == EVENT), axis=1),
            "followed_to": np.take_along_axis(self.t, last[:, None], axis=1)[:, 0],
        }

    def known_fates(self, horizon: float) -> Array:
        """Cases that ended by the horizon or are at risk beyond it."""
        later, entry = np.isfinite(self.t) & (self.t > horizon), self.kind == ENTRY
        ended = self.ended & (self.t <= horizon)
        entering_later = entry & np.isfinite(self.t) & (self.t >= horizon)
        known: Array = np.count_nonzero(ended | (later & ~entry), axis=1)
        known -= np.count_nonzero(entering_later, axis=1)
        return known


@dataclass(frozen=True)
class RiskSets:
    """The steps of all groups one after the other; `groups` has one row a group, `ends` where its steps end."""

    groups: pl.DataFrame
    steps: NDArray[np.uint64]
    ends: Array
    has_entries: bool

    def blocks(self) -> Iterator[Block]:
        """The groups by size, so that little is padded; one empty block if there are no groups.

        What is worked out of a group does not depend on the others.
        """
        begins = np.concatenate([[0], self.ends]).astype(np.int64)[:-1]
        sizes = self.ends - begins
        widths = _widths(sizes)
        if not len(sizes):
            yield self._block(begins, begins, sizes, 1)
        for width in np.unique(widths):
            same = np.flatnonzero(widths == width)
            rows = max(_CELLS_AT_ONCE // int(width), 1)
            for some in np.split(same, range(rows, len(same), rows)):
                yield self._block(some, begins[some], sizes[some], int(width))

    def _block(self, groups: Array, begins: Array, sizes: Array, width: int) -> Block:
        column = np.arange(width)
        real = column < sizes[:, None]
        pattern = self.steps[np.minimum(begins[:, None] + column, len(self.steps) - 1)]
        kind = np.where(real, pattern % _KINDS, CENSORED).astype(np.uint8)
        t = np.where(real, (pattern // _KINDS).view(np.float64) * _SCALE, np.inf)
        if self.has_entries:
            leaving = np.where(real, np.where(kind == ENTRY, -1, 1), 0)
            at_risk = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
        else:
            at_risk = np.maximum(sizes[:, None] - column, 0)
        return Block(groups, t, kind, at_risk.astype(np.float64))

    def summary(self, figures: Callable[[Block], dict[str, Array]]) -> pl.DataFrame:
        """The groups with the figures of each; NaN is null."""
        found = [(block.groups, figures(block)) for block in self.blocks()]
        order = np.argsort(np.concatenate([groups for groups, _ in found]))
        columns = {name: np.concatenate([part[name] for _, part in found])[order] for name in found[0][1]}
        return self.groups.with_columns(
            pl.Series(n, column, nan_to_null=True) for n, column in columns.items()
        )

    def curve(self, figures: Callable[[Block], dict[str, Array]]) -> pl.DataFrame:
        """One row a step of a case that ends or is censored: the groups' columns, t, kind, n_at_risk, figures."""
        parts: list[pl.DataFrame] = []
        for block in self.blocks():
            shown = np.isfinite(block.t) & (block.kind != ENTRY)
            row = np.broadcast_to(block.groups[:, None], block.t.shape)[shown].astype(np.uint32)
            columns = {"t": block.t, "kind": block.kind, "n_at_risk": block.n_at_risk, **figures(block)}
            part = pl.DataFrame({name: column[shown] for name, column in columns.items()})
            parts.append(pl.concat([self.groups.select(pl.all().gather(row)), part], how="horizontal"))
        return pl.concat(parts)


def risk_sets(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, kind: pl.Expr, entry: Column | None
) -> RiskSets:
    """The risk sets of the cases of each group.

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
    ordered = _ordered(happenings, by).collect()
    ends = ordered["steps"].list.len().cast(pl.Int64).cum_sum().to_numpy()
    steps = ordered["steps"].explode(empty_as_null=False).to_numpy()
    return RiskSets(ordered.drop("steps"), steps, ends, entry is not None)


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


def _widths(sizes: Array) -> Array:
    """A width above each size: a power of two, or three quarters of one."""
    power = 2 ** np.ceil(np.log2(sizes + 1)).astype(np.int64)
    widths: Array = np.where(3 * power // 4 > sizes, 3 * power // 4, power)
    return widths


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
