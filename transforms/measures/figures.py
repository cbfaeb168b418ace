"""Figures, the common form of what all measures are made from, where they come from, and the numbers made of them.

How a family of measures finds its figures is in `case_figures.py`, `stock_figures.py` and `curve_figures.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol, Self, TypeVar

import numpy as np
import polars as pl

from transforms.measures.definition import Kpi
from transforms.measures.segments import SEGMENT_NO, SegmentedFacts, Segments
from transforms.statistics.ordered import Array, Floats

NUMBERS = ("numerator", "denominator", "value", "ci_low", "ci_high", "n", "n_undetermined", "n_excluded")
# Whether the cases have been followed too short for the value; only measures that look at that say so.
EARLY = "is_early"
PERIOD = pl.UInt32
SERIES = pl.UInt16


class State(Protocol):
    """What figures need of some cases, in whole units, by month and name of segment.

    The state of two parts of the cases, merged, is that of the whole, to the last digit; and the whole without one
    part is the other, but for months, slices and segments in which nothing is left.
    """

    def merge(self, other: Self) -> Self:
        """The state of the cases of both."""
        ...

    def without(self, other: Self) -> Self:
        """The state of the cases but for those of the other, which are among them."""
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
    """A KPI on one basis, by its number: what has one value a period and segment."""

    number: int
    kpi: Kpi
    basis: str


@dataclass(frozen=True)
class Figures:
    """What a series is measured from: under each name one number a period (row) and segment (column).

    `periods` and `segments` are their numbers. Without `numbers` there is nothing to measure, only records of it.
    """

    series: Series
    periods: Array
    segments: Array
    numbers: Mapping[str, Floats]

    @classmethod
    def of(cls, series: Series, scope: Scope, own: Segments, numbers: Mapping[str, Floats]) -> "Figures":
        """The figures of a series whose fact is divided into its `own` segments."""
        return cls(series, scope.periods["period"].to_numpy(), own.numbers_in(scope.segments), numbers)

    def frame(self) -> pl.DataFrame:
        """One row per period and segment."""
        shape = (len(self.periods), len(self.segments))
        keys = {
            "series": pl.repeat(self.series.number, shape[0] * shape[1], dtype=SERIES, eager=True),
            "period": pl.Series(np.repeat(self.periods, shape[1]), dtype=PERIOD),
            "segment_no": pl.Series(np.tile(self.segments, shape[0]), dtype=SEGMENT_NO),
        }
        return pl.DataFrame({**keys, **{name: array.ravel() for name, array in self.numbers.items()}})

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


class Family(Protocol):
    """How the figures of measures of a family are found."""

    @property
    def scope(self) -> Scope:
        """For what it finds them."""
        ...

    def figures(self, series: Sequence[Series]) -> Iterable[Figures]:
        """The figures of series whose measures are of the family."""
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
            height = len(one.periods) * len(one.segments)
            found.setdefault(one.series.number, []).append(together[begin : begin + height])
            begin += height
    return pl.concat([part for number in sorted(found) for part in found[number]], rechunk=True)
