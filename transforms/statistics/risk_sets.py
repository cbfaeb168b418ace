"""Risk sets of groups of cases in order of time, and what every estimator built on them needs.

An estimator's own formula is not here: survival curves are in `survival.py`, causes in `competing_risks.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from transforms.statistics.intervals import Interval, normal_quantile
from transforms.statistics.ordered import Array, Floats, group_ends, ranked, sorted_keys

Column = str | pl.Expr
IntervalKind = Literal["log_log", "plain"]

# What happens to a case at a time; at equal times in this order.
EVENT, COMPETING, CENSORED, ENTRY = 0, 1, 2, 3
_KIND_BITS = 2
# Estimates are products or sums of up to millions of terms: rounding must not keep them from a bound.
ROUNDING = 1e-9
# Running sums are taken in integers, whose differences are exact even where they overflow: so no group's figures
# depend on another's.
_FINE = 2.0**50
# Those of 1/n are of at most some hundreds, and of the size of 1/n² where n is large.
_FINER = 2.0**54


def expression(column: Column) -> pl.Expr:
    """A column given by its name, or the expression itself."""
    return pl.col(column) if isinstance(column, str) else column


def coded(t: Floats, kind: Array) -> tuple[Array, Floats]:
    """One number a case that orders by time and kind, and the distinct times it refers to."""
    ranks, times = ranked(t)
    return ranks << np.uint32(_KIND_BITS) | kind.astype(np.uint32), times


@dataclass(frozen=True)
class RiskSets:
    """What happens to the cases of groups, step by step in order of time; only groups that have a step are there.

    A step is one kind of thing that happens to `count` cases of a group at one time; `groups` are the numbers of
    the groups, whose steps are those from `begins` to before `ends`. `key` tells group, time and kind in `bits` bits
    below the group. `before` and `after` are the numbers at risk just before and after a step; ties are taken kind by
    kind, events first.

    Between two steps at which cases leave unseen or enter (breaks), survival is k times the number at risk:
    (n − 1)/n · (n − 2)/(n − 1) … cancels out. So k changes only at breaks, and Greenwood's sum of 1/(n(n − 1))
    is a difference of 1/n but for breaks.
    """

    groups: Array
    begins: Array
    ends: Array
    key: Array
    bits: int
    count: Array
    times: Floats

    @classmethod
    def of(cls, groups: Array, count: int, codes: Array, times: Floats) -> "RiskSets":
        """The risk sets of cases in groups 0 … count − 1, whose times and kinds are `coded`."""
        bits = max((len(times) << _KIND_BITS) - 1, 1).bit_length()
        keys = sorted_keys(groups, codes, count, bits)
        is_new = np.ones(len(keys), bool)
        np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
        first = np.flatnonzero(is_new)
        key = keys[first]
        ends = group_ends(key, count, bits)
        begins = np.append(0, ends[:-1])
        filled = np.flatnonzero(ends > begins)
        return cls(filled, begins[filled], ends[filled], key, bits, np.diff(first, append=len(keys)), times)

    @cached_property
    def kind(self) -> Array:
        """What happens at each step."""
        kind: Array = (self.key & self.key.dtype.type((1 << _KIND_BITS) - 1)).astype(np.uint8)
        return kind

    @cached_property
    def t(self) -> Floats:
        """When each step is."""
        dtype = self.key.dtype.type
        times: Floats = self.times[(self.key & dtype((1 << self.bits) - 1)) >> dtype(_KIND_BITS)]
        return times

    @cached_property
    def is_end(self) -> Array:
        """Whether cases end at the step, of any cause."""
        return self.kind <= COMPETING

    @cached_property
    def sizes(self) -> Array:
        """How many steps each group has."""
        return self.ends - self.begins

    @cached_property
    def _leaving(self) -> Array:
        return np.where(self.kind == ENTRY, -self.count, self.count)

    @cached_property
    def after(self) -> Array:
        """How many are at risk after each step."""
        left = np.cumsum(self._leaving)
        after: Array = np.repeat(left[self.ends - 1], self.sizes) - left
        return after

    @cached_property
    def before(self) -> Array:
        """How many are at risk before each step."""
        before: Array = self.after + self._leaving
        return before

    @cached_property
    def _first_at_risk(self) -> Array:
        return np.maximum(self.before[self.begins], 1)

    @cached_property
    def _breaks(self) -> Array:
        return np.flatnonzero(self.kind >= CENSORED)

    @cached_property
    def _breaks_by(self) -> Array:
        """How many breaks there are up to each step."""
        return np.cumsum(self.kind >= CENSORED, dtype=np.int32)

    @cached_property
    def _breaks_before(self) -> Array:
        """How many breaks there are before each group."""
        return np.append(0, self._breaks_by)[self.begins]

    @cached_property
    def _log_k(self) -> Array:
        """log k after so many breaks of all groups, in units of 1/_FINE."""
        before, after = (np.maximum(n[self._breaks], 1) for n in (self.before, self.after))
        return np.append(0, np.cumsum(np.rint(np.log(before / after) * _FINE).astype(np.int64)))

    @cached_property
    def _missed(self) -> Array:
        """What breaks take from a difference of 1/n so far, in units of 1/_FINER."""
        before, after = (np.maximum(n[self._breaks], 1) for n in (self.before, self.after))
        terms = np.rint((1 / after - 1 / before) * _FINER).astype(np.int64)
        return np.append(0, np.cumsum(terms))

    @cached_property
    def k(self) -> Floats:
        """Survival per case at risk after every step: worked out at breaks and repeated from there."""
        turns = np.union1d(self._breaks, self.begins)
        group = np.searchsorted(self.begins, turns, side="right") - 1
        log_k = self._log_k[self._breaks_by[turns]] - self._log_k[self._breaks_before[group]]
        k: Floats = np.exp(log_k / _FINE) / self._first_at_risk[group]
        return np.repeat(k, np.diff(turns, append=len(self.key)))

    @cached_property
    def late(self) -> Array | None:
        """Steps from which survival stays 0, as nobody was left before others entered; None if nobody enters."""
        if not (self.kind == ENTRY).any():
            return None
        gone = np.cumsum(self.is_end & (self.after == 0))
        return gone > np.repeat(np.append(0, gone)[self.begins], self.sizes)

    @cached_property
    def survival(self) -> Floats:
        """The product of 1 − d/n over the ends up to every step."""
        survival = self.k * self.after
        # Whoever leaves unseen as the last one leaves survival as it was.
        alone = self._breaks[self.after[self._breaks] == 0]
        survival[alone] = self.k[alone]
        # Where nobody has ended yet: one end takes more from 1 than rounding does.
        survival[survival > 1 - 1e-12] = 1.0
        return survival if self.late is None else np.where(self.late, 0.0, survival)

    def hazard_var(self, steps: Array, group: Array) -> Floats:
        """Greenwood's sum of d/(n(n − d)) over the ends up to a step, without the last case at risk."""
        run = self._missed[self._breaks_by[steps]] - self._missed[self._breaks_before[group]]
        now, first = np.maximum(self.after[steps], 1), self._first_at_risk[group]
        return np.maximum(1 / now - 1 / first - run / _FINER, 0.0)

    @cached_property
    def hazard_terms(self) -> Floats:
        """Greenwood's term of each step, d/(n(n − d)); 0 where nobody ends or nobody is left."""
        n, rest = self.before.astype(np.float64), self.after.astype(np.float64)
        counted = self.is_end & (self.after > 0)
        return np.divide(self.count, n * rest, out=np.zeros(len(n)), where=counted)

    @cached_property
    def every_step(self) -> tuple[Array, Array]:
        """The numbers of all steps, and the position of the group of each."""
        return np.arange(len(self.key)), np.repeat(np.arange(len(self.groups)), self.sizes)

    def running(self, terms: Floats, most: float) -> Floats:
        """Sums of terms, each group's of at most `most`, up to every step of its group."""
        unit = 2.0 ** np.ceil(np.log2(max(most, 1.0))) / _FINE
        sums = np.cumsum(np.rint(terms / unit).astype(np.int64))
        start = np.append(0, sums)[self.begins]
        running: Floats = (sums - np.repeat(start, self.sizes)) * unit
        return running

    def total(self, terms: Array) -> Array:
        """Sums of terms over the steps of each group."""
        if not len(self.begins):
            return terms
        total: Array = np.add.reduceat(terms, self.begins)
        return total

    def steps_by(self, time: float) -> Array:
        """The last step at `time` or before in each group; the one before its first if there is none."""
        limit = int(np.searchsorted(self.times, time, side="right")) << _KIND_BITS
        dtype = self.key.dtype.type
        begin = self.groups.astype(dtype) << dtype(self.bits)
        steps: Array = np.searchsorted(self.key, begin + dtype(limit)) - 1
        return steps

    def standing(self, figure: Array, time: float, before: Array | float) -> Array:
        """A figure of steps as it stands in each group at a time; `before` the first step."""
        steps = self.steps_by(time)
        return np.where(steps >= self.begins, figure[np.maximum(steps, self.begins)], before)

    def at(self, time: float) -> tuple[Floats, Floats]:
        """Survival and hazard_var of each group at a time."""
        survival = self.standing(self.survival, time, 1.0)
        steps, group = np.maximum(self.steps_by(time), self.begins), np.arange(len(self.groups))
        return survival, np.where(survival < 1, self.hazard_var(steps, group), 0.0)

    def counts(self) -> dict[str, Array]:
        """n (cases), n_events (of the cause looked at), followed_to (last time), of each group."""
        return {
            "n": self.total(self.count * (self.kind != ENTRY)),
            "n_events": self.total(self.count * (self.kind == EVENT)),
            "followed_to": self.t[self.ends - 1],
        }

    def known_fates(self, time: float) -> Array:
        """Cases that ended by the time or are at risk beyond it."""
        at_risk = self.standing(self.after, time, self.before[self.begins])
        ended = np.append(0, np.cumsum(np.where(self.is_end, self.count, 0)))
        known: Array = at_risk + ended[self.steps_by(time) + 1] - ended[self.begins]
        return known

    def time_of(self, steps: Array) -> Floats:
        """When a step is; NaN for −1."""
        return np.where(steps >= 0, self.t[steps], np.nan) if len(self.t) else np.full(len(steps), np.nan)

    def first(
        self, reached: Callable[[Array, Array], Array], may_be: Callable[[Array, Array, Array], Array]
    ) -> Array:
        """The first step of each group for which `reached` (of steps and groups) holds; −1 if there is none.

        `may_be` (of first steps, last steps and groups) tells of spans of steps whether it could hold in them, so
        that few have to be looked through.
        """
        found = np.full(len(self.groups), -1)
        # So many steps at once that there are about as many spans in a group as steps in a span.
        width = int(np.sqrt(len(self.key) / max(len(self.groups), 1))) + 1
        chunks = -(-self.sizes // width)
        group = np.repeat(np.arange(len(self.groups)), chunks)
        within = np.arange(len(group)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
        begin = self.begins[group] + within * width
        last = np.minimum(begin + width, self.ends[group]) - 1
        possible = np.flatnonzero(may_be(begin, last, group))
        while len(possible):
            own, at = np.unique(group[possible], return_index=True)
            chunk = possible[at]
            steps = begin[chunk][:, None] + np.arange(width)
            real = steps <= last[chunk][:, None]
            hit = reached(np.where(real, steps, last[chunk][:, None]), own[:, None]) & real
            some = hit.any(axis=1)
            found[own[some]] = steps[some, hit[some].argmax(axis=1)]
            looked = np.zeros(len(group), bool)
            looked[chunk] = True
            possible = possible[(found[group[possible]] < 0) & ~looked[possible]]
        return found


@dataclass(frozen=True)
class Grouped:
    """The risk sets of a frame, with the columns of its groups in the order of their numbers."""

    columns: pl.DataFrame
    sets: RiskSets

    def of_groups(self, figures: pl.DataFrame) -> pl.LazyFrame:
        """The figures of groups with the groups' columns."""
        return self._with_columns(self.sets.groups, figures)

    def curve(self, figures: Mapping[str, Array]) -> pl.LazyFrame:
        """Figures of the steps but entries: the groups' columns, t, kind, count, n_at_risk, figures."""
        sets = self.sets
        _, group = sets.every_step
        steps = {"t": sets.t, "kind": sets.kind, "count": sets.count, "n_at_risk": sets.before, **figures}
        return self._with_columns(sets.groups[group], pl.DataFrame(steps)).filter(pl.col("kind") != ENTRY)

    def _with_columns(self, groups: Array, figures: pl.DataFrame) -> pl.LazyFrame:
        return figures.lazy().with_columns(column.gather(groups) for column in self.columns)


def risk_sets(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, kind: pl.Expr, entry: Column | None
) -> Grouped:
    """The risk sets of the cases of each group.

    Rows without a finite duration ≥ 0 or without a kind are left out. A case is at risk after its `entry`
    (null or 0: from the start); one that ends at or before its entry is left out.
    """
    time = expression(duration).cast(pl.Float64)
    start = pl.lit(0.0) if entry is None else expression(entry).cast(pl.Float64).fill_null(0.0)
    cases = (
        frame.select(*by, _time=time, _kind=kind.cast(pl.UInt8), _entry=start)
        .filter(pl.col("_time").is_finite() & (pl.col("_time") >= 0) & pl.col("_kind").is_not_null())
        .filter((pl.col("_entry") <= 0) | (pl.col("_time") > pl.col("_entry")))
        .collect()
    )
    columns = cases.select(by).unique(maintain_order=True) if by else pl.DataFrame()
    group = pl.lit(0, pl.UInt32)
    if by:
        numbered = columns.with_row_index("_group")
        cases = cases.join(numbered, on=by, how="left", nulls_equal=True, maintain_order="left")
        group = pl.col("_group")
    happenings = cases.select(group.alias("group"), "_time", "_kind")
    entries = cases.filter(pl.col("_entry") > 0).select(
        group.alias("group"), _time="_entry", _kind=pl.lit(ENTRY, pl.UInt8)
    )
    every = pl.concat([happenings, entries]) if len(cases) else happenings
    codes, times = coded(every["_time"].to_numpy(), every["_kind"].to_numpy())
    count = columns.height if by else 1
    return Grouped(columns, RiskSets.of(every["group"].to_numpy(), max(count, 1), codes, times))


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
