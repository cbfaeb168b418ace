"""Figures, the common form of what all measures are made from, where they come from, and the numbers made of them.

How a family of measures finds its figures is in `case_figures.py`, `stock_figures.py` and `curve_figures.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol, Self, TypeVar

import numpy as np
import polars as pl

from transforms.measures.definition import Kpi
from transforms.measures.segments import SEGMENT_NO, SegmentedFact, SegmentedFacts, Segments
from transforms.statistics.ordered import Array, Bools, Floats

NUMBERS = ("numerator", "denominator", "value", "ci_low", "ci_high", "n", "n_undetermined", "n_excluded")
# Whether the cases have been followed too short for the value; only measures that look at that say so.
EARLY = "is_early"
PERIOD = pl.UInt32
SERIES = pl.UInt16


class State(Protocol):
    """What figures need of some cases, in whole units, by month and name of segment.

    The state of two parts of the cases, merged, is that of the whole, to the last digit; and the whole without one
    part is the other, but for months, slices and segments in which nothing is left. So is what differs between any two.
    """

    def merge(self, other: Self) -> Self:
        """The state of the cases of both."""
        ...

    def without(self, other: Self) -> Self:
        """The state of the cases but for those of the other; what the other has more of is negative."""
        ...


S = TypeVar("S", bound=State)
S_co = TypeVar("S_co", bound=State, covariant=True)


class Plan(Protocol[S_co]):
    """Which cases of a `fact` some series read, and what they take of each."""

    @property
    def fact(self) -> str: ...

    def at_rest(self, as_of: date) -> pl.Expr | None:
        """Which cases come to the same on every later day; never null, and None if all do."""

    def state(self, facts: SegmentedFacts) -> S_co:
        """The state of the cases of the facts."""
        ...


def key_of(*parts: object) -> str:
    """A short name of parts that say what a plan takes: texts, numbers, expressions, and tuples and clocks of these."""
    told = "|".join(repr(p.meta.serialize() if isinstance(p, pl.Expr) else p) for p in parts)
    return sha256(told.encode()).hexdigest()[:16]


class States(Protocol):
    """Where states come from: made of facts, or merged from those of parts."""

    def __call__(self, plan: Plan[S]) -> S: ...


class Differences(Protocol):
    """What states are now but for what they were on an earlier day."""

    def __call__(self, now: Plan[S], then: Plan[S]) -> S | None:
        """That of a plan of both days; None if nothing differs."""

    def unread(self, fact: str) -> Iterable[SegmentedFact]:
        """The cases of a fact now, part by part, of which only what is asked for is read."""
        ...


@dataclass(frozen=True)
class Scope:
    """What figures are asked for: periods of whole months (period, starts_on, ends_on) and segments.

    The as-of day ends at the instant `ends_at`.
    """

    periods: pl.DataFrame
    segments: Segments
    as_of: date
    ends_at: datetime


@dataclass(frozen=True)
class Series:
    """A KPI on one basis, by its number: what has one value a period and segment.

    `wanted` says for which periods and segments (those of its fact), None for all; `asked` of which periods something
    is needed for that.
    """

    number: int
    kpi: Kpi
    basis: str
    wanted: Bools | None = field(default=None, compare=False)
    asked: Bools | None = field(default=None, compare=False)


def wanted_of(series: Iterable[Series]) -> Bools | None:
    """For which periods and segments any of some series of one fact is wanted; None for all."""
    found: Bools | None = None
    for one in series:
        if one.wanted is None:
            return None
        found = one.wanted if found is None else found | one.wanted
    return found


def months_asked(series: Iterable[Series], months: pl.DataFrame) -> tuple[int, ...] | None:
    """The months of the periods of which any of some series needs something; None for all.

    `months` says which are of which period: period and month (its number).
    """
    every = list(series)
    own = [one.asked for one in every if one.asked is not None]
    if len(own) < len(every):
        return None
    asked = months.filter(pl.col("period").is_in(np.flatnonzero(np.any(own, axis=0))))
    return tuple(asked["month"].unique().sort())


@dataclass(frozen=True)
class Figures:
    """What a series is measured from: under each name one number a period (row) and segment (column).

    `periods` and `segments` are their numbers. Without `numbers` there is nothing to measure, only records of it.
    Only those `wanted` hold; None: all.
    """

    series: Series
    periods: Array
    segments: Array
    numbers: Mapping[str, Floats]
    wanted: Bools | None = None

    @classmethod
    def of(cls, series: Series, scope: Scope, own: Segments, numbers: Mapping[str, Floats]) -> "Figures":
        """The figures of a series whose fact is divided into its `own` segments."""
        periods = scope.periods["period"].to_numpy()
        wanted = None if series.wanted is None else series.wanted[periods]
        return cls(series, periods, own.numbers_in(scope.segments), numbers, wanted)

    @property
    def height(self) -> int:
        """How many there are."""
        return len(self.periods) * len(self.segments) if self.wanted is None else int(self.wanted.sum())

    def frame(self) -> pl.DataFrame:
        """One row per period and segment."""
        shape = (len(self.periods), len(self.segments))
        wanted = slice(None) if self.wanted is None else self.wanted.ravel()
        keys = {
            "series": pl.repeat(self.series.number, self.height, dtype=SERIES, eager=True),
            "period": pl.Series(np.repeat(self.periods, shape[1])[wanted], dtype=PERIOD),
            "segment_no": pl.Series(np.tile(self.segments, shape[0])[wanted], dtype=SEGMENT_NO),
        }
        return pl.DataFrame({**keys, **{name: array.ravel()[wanted] for name, array in self.numbers.items()}})

    @property
    def record(self) -> dict[str, pl.Expr]:
        """How the measure makes its record of the numbers."""
        if not self.numbers:
            return dict.fromkeys(NUMBERS, pl.lit(None))
        return {"n_excluded": pl.col("n_excluded"), **self.series.kpi.measure.record(pl.col)}

    @property
    def formula(self) -> tuple[object, ...]:
        """Equal for series whose records are made in the same way.

        Polars shows expressions with rounded numbers; those come from the measure and are compared themselves.
        """
        measure = self.series.kpi.measure
        exact = tuple(value for value in vars(measure).values() if isinstance(value, int | float))
        shown = tuple((name, str(e)) for name, e in sorted(self.record.items()))
        return type(measure), exact, shown, tuple(sorted(self.numbers))


@dataclass(frozen=True)
class Changed:
    """For which periods of its family (rows) and of some segments a series may have other figures than before."""

    series: Series
    segments: Segments
    cells: Bools


class Family(Protocol):
    """How the figures of measures of a family are found, and which of them have changed."""

    @property
    def scope(self) -> Scope:
        """For what it finds them."""
        ...

    def figures(self, series: Sequence[Series]) -> Iterable[Figures]:
        """The figures of series whose measures are of the family."""
        ...

    def changed(self, series: Sequence[Series], before: Self, differences: Differences) -> Iterable[Changed]:
        """Which figures may be others than they were for the family of an earlier day; of the same periods."""
        ...


def numbers_of(figures: Iterable[Figures]) -> pl.DataFrame:
    """Series, period and segment_no with NUMBERS and EARLY, in the order of the series.

    Series whose measures make their records in the same way are computed together.
    """
    alike: dict[tuple[object, ...], list[Figures]] = {}
    for one in figures:
        alike.setdefault(one.formula, []).append(one)
    found: dict[int, list[pl.DataFrame]] = {}
    for some in alike.values():
        record = some[0].record
        rows = pl.concat([one.frame() for one in some]).lazy().fill_nan(None)
        # Lazily, since only then what limits have in common is worked out once.
        together = rows.select(
            "series",
            "period",
            "segment_no",
            *(record[name].cast(pl.Float64).alias(name) for name in NUMBERS),
            record.get(EARLY, pl.lit(False)).alias(EARLY),
        ).collect()
        begin = 0
        for one in some:
            found.setdefault(one.series.number, []).append(together[begin : begin + one.height])
            begin += one.height
    nothing = pl.DataFrame(
        schema={"series": SERIES, "period": PERIOD, "segment_no": SEGMENT_NO}
        | dict.fromkeys(NUMBERS, pl.Float64)
        | {EARLY: pl.Boolean}
    )
    return pl.concat([nothing, *(part for number in sorted(found) for part in found[number])], rechunk=True)
