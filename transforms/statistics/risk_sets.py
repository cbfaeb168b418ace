"""Risk sets of groups of cases in order of time, and what every estimator built on them needs.

An estimator's own formula is not here: survival curves are in `survival.py`, causes in `competing_risks.py`. Cases
of facts become risk sets in `transforms/measures/curve_figures.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from transforms.statistics.ordered import Array, Floats, begins_of, counted, grouped_keys, ranked

# What happens to a case at a time; at equal times in this order.
EVENT, COMPETING, CENSORED, ENTRY = 0, 1, 2, 3
_KIND_BITS = 2
# Estimates are products or sums of up to millions of terms: rounding must not keep them off a bound.
ROUNDING = 1e-9
# Running sums are taken in integers, whose differences are exact even where they overflow: so no group's figures
# depend on another's.
_FINE = 2.0**50
# Sums of 1/n reach a few hundred at most, and have terms as small as 1/n² where n is large.
_FINER = 2.0**54


@dataclass(frozen=True)
class Coded:
    """What happens to cases, as one number a case that orders by time and kind; `times` and `kinds` of each number."""

    codes: Array
    times: Floats
    kinds: Array

    @classmethod
    def of(cls, t: Floats, kind: Array) -> "Coded":
        """Numbers of the times and kinds, as few as there are."""
        ranks, times = ranked(t)
        pairs = ranks << np.uint32(_KIND_BITS) | kind.astype(np.uint32)
        found = np.bincount(pairs, minlength=len(times) << _KIND_BITS) > 0
        number, pair = np.cumsum(found, dtype=np.uint32) - 1, np.flatnonzero(found)
        kinds = (pair & (1 << _KIND_BITS) - 1).astype(np.uint8)
        return cls(number[pairs].astype(np.uint32), times[pair >> _KIND_BITS], kinds)


@dataclass(frozen=True)
class RiskSets:
    """What happens to the cases of groups, step by step in order of time; only groups that have a step are there.

    A step is one kind of thing that happens to `count` cases of a group at one time. `groups` are the numbers
    of the groups, whose steps are those from `begins` to before `ends`. `key` tells group and number of time
    and kind, in `bits` bits below the group; `times` and `kinds` are those of the numbers. Events come first
    at equal times.

    Between two steps at which cases leave unseen or enter (breaks), survival is k times the number at risk:
    (n − 1)/n · (n − 2)/(n − 1) … cancels out. So k changes only at breaks, and Greenwood's sum of 1/(n(n − 1))
    is a difference of 1/n but for breaks.

    Figures of steps take the steps' numbers and the positions of their groups, so that only figures asked for are
    worked out.

    >>> days, kinds = np.array([2.0, 3, 3, 6]), np.array([EVENT, EVENT, CENSORED, EVENT])
    >>> sets = RiskSets.of(np.zeros(4, np.int64), 1, Coded.of(days, kinds))
    >>> sets.t.tolist(), sets.survival_after_each.tolist()
    ([2.0, 3.0, 3.0, 6.0], [0.75, 0.5, 0.5, 0.0])
    """

    groups: Array
    begins: Array
    ends: Array
    key: Array
    bits: int
    count: Array
    times: Floats
    kinds: Array

    @classmethod
    def of(cls, groups: Array, count: int, cases: Coded, counts: Array | None = None) -> "RiskSets":
        """The risk sets of cases in groups 0 … count − 1; each is one case, or as many as `counts` says."""
        bits = max(len(cases.times) - 1, 1).bit_length()
        # What happens at one time is one step: limits must not be taken halfway through it.
        key, many = counted(grouped_keys(groups, cases.codes, count, bits), count << bits, counts)
        begins = begins_of(key, np.arange(count), bits)
        ends = np.append(begins[1:], len(key))
        filled = np.flatnonzero(ends > begins)
        return cls(filled, begins[filled], ends[filled], key, bits, many, cases.times, cases.kinds)

    @cached_property
    def _code(self) -> Array:
        code: Array = self.key & self.key.dtype.type((1 << self.bits) - 1)
        return code

    @cached_property
    def kind(self) -> Array:
        """What happens at each step."""
        kind: Array = self.kinds[self._code]
        return kind

    @cached_property
    def t(self) -> Floats:
        """When each step is."""
        times: Floats = self.times[self._code]
        return times

    @cached_property
    def is_end(self) -> Array:
        """Whether cases end at the step, of any cause."""
        return self.kind <= COMPETING

    @cached_property
    def _is_break(self) -> Array:
        is_break: Array = (self.kinds >= CENSORED)[self._code]
        return is_break

    @cached_property
    def sizes(self) -> Array:
        """How many steps each group has."""
        return self.ends - self.begins

    @cached_property
    def every_step(self) -> tuple[Array, Array]:
        """The numbers of all steps, and the position of the group of each."""
        return np.arange(len(self.key)), np.repeat(np.arange(len(self.groups)), self.sizes)

    @cached_property
    def first_steps(self) -> tuple[Array, Array]:
        """The first step of each group, and the group's position."""
        return self.begins, np.arange(len(self.groups))

    def group_of(self, steps: Array) -> Array:
        """The position of the group of steps."""
        return np.searchsorted(self.begins, steps, side="right") - 1

    @cached_property
    def _any_enter(self) -> bool:
        return bool((self.kinds == ENTRY).any())

    @cached_property
    def _left(self) -> Array:
        """How many have left up to each step of all groups, less those that entered."""
        leaving = np.where(self.kind == ENTRY, -self.count, self.count) if self._any_enter else self.count
        return np.cumsum(leaving)

    def after(self, steps: Array, group: Array) -> Array:
        """How many are at risk after steps."""
        after: Array = self._left[self.ends - 1][group] - self._left[steps]
        return after

    def before(self, steps: Array, group: Array) -> Array:
        """How many are at risk before steps."""
        entering = self._any_enter and self.kind[steps] == ENTRY
        before: Array = self.after(steps, group) + np.where(entering, -self.count[steps], self.count[steps])
        return before

    @cached_property
    def _first_at_risk(self) -> Array:
        return np.maximum(self.before(*self.first_steps), 1)

    @cached_property
    def _breaks(self) -> tuple[Array, Array]:
        """The steps that are breaks, and the position of the group of each."""
        steps = np.flatnonzero(self._is_break)
        return steps, self.group_of(steps)

    @cached_property
    def _breaks_by(self) -> Array:
        """How many breaks there are up to each step."""
        return np.cumsum(self._is_break, dtype=np.int32)

    @cached_property
    def _breaks_before(self) -> Array:
        """How many breaks there are before each group."""
        return np.append(0, self._breaks_by)[self.begins]

    @cached_property
    def _beside_breaks(self) -> tuple[Array, Array]:
        """How many are at risk before and after each break, at least 1."""
        return np.maximum(self.before(*self._breaks), 1), np.maximum(self.after(*self._breaks), 1)

    @cached_property
    def _missed(self) -> Array:
        """What breaks take from a difference of 1/n so far, in units of 1/_FINER."""
        before, after = self._beside_breaks
        terms = np.rint((1 / after - 1 / before) * _FINER).astype(np.int64)
        return np.append(0, np.cumsum(terms))

    @cached_property
    def _joined(self) -> Array:
        """How many have entered or left unseen (less) up to so many breaks of all groups."""
        steps, _ = self._breaks
        joined = np.where(self.kind[steps] == ENTRY, self.count[steps], -self.count[steps])
        return np.append(0, np.cumsum(joined))

    @cached_property
    def _turns(self) -> Floats:
        """k of each group at its start and after each of its breaks, one group after the other."""
        before, after = self._beside_breaks
        # log k after so many breaks of all groups, in units of 1/_FINE.
        log_k = np.append(0, np.cumsum(np.rint(np.log(before / after) * _FINE).astype(np.int64)))
        some = np.diff(self._breaks_before, append=len(before))
        group = np.repeat(np.arange(len(self.groups)), some + 1)
        since = log_k[np.arange(len(group)) - group] - log_k[self._breaks_before[group]]
        k: Floats = np.exp(since / _FINE) / self._first_at_risk[group]
        return k

    def k(self, steps: Array, group: Array) -> Floats:
        """Survival per case at risk after steps."""
        k: Floats = self._turns[self._breaks_by[steps] + group]
        return k

    @cached_property
    def late(self) -> Array | None:
        """Steps from which survival stays 0, as nobody was left before others entered; None if nobody enters."""
        if not self._any_enter:
            return None
        gone = np.cumsum(self.is_end & (self.after(*self.every_step) == 0))
        return gone > np.repeat(np.append(0, gone)[self.begins], self.sizes)

    def survival(self, steps: Array, group: Array) -> Floats:
        """The product of 1 − d/n over the ends up to steps."""
        after = self.after(steps, group)
        # If the last case at risk leaves unseen, survival stays as it was.
        alone = (after == 0) & self._is_break[steps]
        survival = self.k(steps, group) * np.where(alone, 1, after)
        # Where no case has ended yet: a single end takes more from 1 than rounding does.
        survival[survival > 1 - 1e-12] = 1.0
        if self.late is not None:
            survival[self.late[steps]] = 0.0
        return survival

    def hazard_var(self, steps: Array, group: Array) -> Floats:
        """Greenwood's sum of d/(n(n − d)) over the ends up to a step, without the last case at risk."""
        run = self._missed[self._breaks_by[steps]] - self._missed[self._breaks_before[group]]
        now, first = np.maximum(self.after(steps, group), 1), self._first_at_risk[group]
        return np.maximum(1 / now - 1 / first - run / _FINER, 0.0)

    @cached_property
    def after_each(self) -> Floats:
        """How many are at risk after each step."""
        after = np.repeat(self._left[self.ends - 1].astype(np.float64), self.sizes)
        after -= self._left
        return after

    @cached_property
    def survival_after_each(self) -> Floats:
        """`survival` of all steps, with k repeated between breaks instead of looked up: several times faster."""
        (breaks, group), positions = self._breaks, np.arange(len(self.groups))
        turns = np.empty(len(breaks) + len(self.groups), np.int64)
        turns[positions + self._breaks_before] = self.begins
        turns[np.arange(len(breaks)) + group + 1] = breaks
        survival = np.repeat(self._turns, np.diff(turns, append=len(self.key)))
        survival *= self.after_each
        alone = breaks[self.after_each[breaks] == 0]
        rare = np.concatenate([alone, np.flatnonzero(survival > 1 - 1e-12)])
        survival[rare] = self.survival(rare, self.group_of(rare))
        if self.late is not None:
            survival[self.late] = 0.0
        return survival

    @cached_property
    def hazard_terms(self) -> Floats:
        """Greenwood's term of each step, d/(n(n − d)); 0 where nobody ends or nobody is left."""
        rest = self.after_each
        terms = rest + self.count
        terms *= rest
        terms[rest == 0] = np.inf
        np.divide(self.count, terms, out=terms)
        terms[self._breaks[0]] = 0.0
        return terms

    def running(self, terms: Floats, most: float) -> Floats:
        """Sums of terms, each group's of at most `most`, up to every step of its group."""
        unit = 2.0 ** np.ceil(np.log2(max(most, 1.0))) / _FINE
        whole = terms * (1 / unit)
        sums = np.rint(whole, out=whole).astype(np.int64)
        start = -sums[self.begins]
        np.cumsum(sums, out=sums)
        start += sums[self.begins]
        sums -= np.repeat(start, self.sizes)
        running: Floats = np.multiply(sums, unit, out=whole)
        return running

    def total(self, terms: Array) -> Array:
        """Sums of terms over the steps of each group."""
        if not len(self.begins):
            return terms
        total: Array = np.add.reduceat(terms, self.begins)
        return total

    def steps_by(self, time: float) -> Array:
        """The last step at `time` or before in each group; the one before its first if there is none."""
        limit = int(np.searchsorted(self.times, time, side="right"))
        return begins_of(self.key, self.groups, self.bits, limit) - 1

    def standing(self, figure: Callable[[Array, Array], Array], time: float, before: Array | float) -> Array:
        """A figure of steps as it stands in each group at a time; `before` the first step."""
        steps, (begins, group) = self.steps_by(time), self.first_steps
        return np.where(steps >= begins, figure(np.maximum(steps, begins), group), before)

    def at(self, time: float) -> tuple[Floats, Floats]:
        """Survival and hazard_var of each group at a time."""
        survival = self.standing(self.survival, time, 1.0)
        return survival, np.where(survival < 1, self.standing(self.hazard_var, time, 0.0), 0.0)

    def cases_of(self, kind: int) -> Array:
        """How many cases of each group meet that kind of happening, which is not an event."""
        steps = self._other[self.kind[self._other] == kind]
        return np.bincount(self.group_of(steps), self.count[steps], len(self.groups)).astype(np.int64)

    @cached_property
    def _other(self) -> Array:
        return np.flatnonzero((self.kinds != EVENT)[self._code])

    def counts(self) -> dict[str, Array]:
        """n (cases), n_events (of the cause looked at), followed_to (last time), of each group."""
        first = np.append(0, self._left)[self.begins]
        n = self._left[self.ends - 1] - first + self.cases_of(ENTRY)
        return {
            "n": n,
            "n_events": n - self.cases_of(COMPETING) - self.cases_of(CENSORED),
            "followed_to": self.time_of(self.ends - 1),
        }

    def known_fates(self, time: float) -> Array:
        """Cases that ended by the time or are at risk beyond it."""
        joined = self._joined[np.append(0, self._breaks_by)[self.steps_by(time) + 1]]
        known: Array = self.before(*self.first_steps) + joined - self._joined[self._breaks_before]
        return known

    def time_of(self, steps: Array) -> Floats:
        """When a step is; NaN for −1."""
        if not len(self.key):
            return np.full(len(steps), np.nan)
        return np.where(steps >= 0, self.times[self._code[np.maximum(steps, 0)]], np.nan)

    def first_by_survival(self, level: float) -> Array:
        """The first step of each group at which survival is at most `level`; −1 if there is none."""
        low, high = self.begins.copy(), self.ends.copy()
        group = np.arange(len(self.groups))
        while len(group):
            middle = (low[group] + high[group]) // 2
            come = self.survival(middle, group) <= level
            high[group[come]] = middle[come]
            low[group[~come]] = middle[~come] + 1
            group = group[low[group] < high[group]]
        return np.where(low < self.ends, low, -1)

    @cached_property
    def spans(self) -> tuple[Array, Array, Array]:
        """First step, last step and position of the group of spans that divide the steps of each group.

        There are about as many of them in a group as steps in each.
        """
        width = self._width
        chunks = -(-self.sizes // width)
        group = np.repeat(np.arange(len(self.groups)), chunks)
        within = np.arange(len(group)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
        first = self.begins[group] + within * width
        return first, np.minimum(first + width, self.ends[group]) - 1, group

    @cached_property
    def _width(self) -> int:
        return int(np.sqrt(len(self.key) / max(len(self.groups), 1))) + 1

    def first(self, reached: Callable[[Array, Array], Array], may_be: Array) -> Array:
        """The first step of each group for which `reached` (of steps and groups) holds; −1 if there is none.

        `may_be` tells of `spans` whether it could hold in them, so that few have to be looked through.
        """
        found = np.full(len(self.groups), -1)
        begin, last, group = self.spans
        possible = np.flatnonzero(may_be)
        while len(possible):
            # The first span of each group, as they are in order.
            is_first = np.append(True, group[possible[1:]] != group[possible[:-1]])
            chunk = possible[is_first]
            own = group[chunk]
            steps = np.minimum(begin[chunk][:, None] + np.arange(self._width), last[chunk][:, None])
            hit = reached(steps, own[:, None])
            some = hit.any(axis=1)
            found[own[some]] = steps[some, hit[some].argmax(axis=1)]
            rest = possible[~is_first]
            possible = rest[found[group[rest]] < 0]
        return found
