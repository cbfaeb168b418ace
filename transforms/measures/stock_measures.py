"""Measures of stocks and of what flows in and out of them: clearance, days of work, ageing, settlement.

Opening, entered, left and closing of each flow are counted in `stock_figures.py`; nothing here counts cases.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from transforms.measures.definition import Flow, Statistic
from transforms.statistics.intervals import garwood, wilson

Pick = Callable[[str], pl.Expr]
ZERO = pl.lit(0.0)
WINDOW_MONTHS = 12


@dataclass(frozen=True)
class _OfAFlow:
    """What the measures of a flow share; not a measure of its own."""

    flow: Flow

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        """None of single cases: what flows need is theirs to say."""
        return ()

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The flows to count, by the prefix of their numbers."""
        return {"flow": self.flow}

    def statistics(self, as_of: date) -> Mapping[str, Statistic]:
        """None: flows are counted, not added up."""
        return {}


@dataclass(frozen=True)
class Clearance(_OfAFlow):
    """Cases that left per case that entered; above 1 the backlog shrinks. Garwood interval of those that left."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of those that left"

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        left, entered = number("flow_left"), number("flow_entered")
        low, high = garwood(left, entered)
        return _record(left, entered, _over(left, entered), low, high, entered)


@dataclass(frozen=True)
class BacklogDays(_OfAFlow):
    """Days of work in the stock: cases at the end over cases that left a calendar day of the period."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of the stock"

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        closing, a_day = number("flow_closing"), number("flow_left") / number("days")
        low, high = garwood(closing, a_day)
        return _record(closing, a_day, _over(closing, a_day), low, high, closing)


@dataclass(frozen=True)
class StockShare(_OfAFlow):
    """Share of the stock at the end of the period that is in a part of it; Wilson interval."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        return _share(number("of_closing"), number("flow_closing"))


@dataclass(frozen=True)
class StockBand(_OfAFlow):
    """Number of cases in the stock at the end of the period that are in `since` but not in `beyond`; Garwood.

    Both are parts of the stock; without `since` the band begins, without `beyond` it ends with the stock itself.
    """

    interval: ClassVar[str] = "exact Poisson (Garwood)"
    since: Flow | None
    beyond: Flow | None

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"since": self.since or self.flow, **({"beyond": self.beyond} if self.beyond else {})}

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        count = number("since_closing") - (number("beyond_closing") if self.beyond else 0)
        low, high = garwood(count, pl.lit(1.0))
        return _record(count, pl.lit(None, dtype=pl.Float64), count, low, high, count)


@dataclass(frozen=True)
class PendingShare(_OfAFlow):
    """Cases still in stock when the period ended among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        return _share(number("flow_closing"), number("flow_opening") + number("flow_entered"))


@dataclass(frozen=True)
class SettledShare(_OfAFlow):
    """Cases that entered `of` in the period among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        return _share(number("of_entered"), number("flow_opening") + number("flow_entered"))


@dataclass(frozen=True)
class ClosedInWindow(_OfAFlow):
    """Of the cases that entered in the twelve months to the period's end, those that left by then; Wilson.

    Below 1 by construction, since those of last week count: 滚动立案结案率.
    """

    interval: ClassVar[str] = "Wilson"

    def record(self, number: Pick) -> Mapping[str, pl.Expr]:
        return _share(number("window_left"), number("window_entered"))


FlowMeasure = Clearance | BacklogDays | StockShare | StockBand | PendingShare | SettledShare | ClosedInWindow


def _over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return pl.when(denominator != 0).then(numerator / denominator)


def _share(good: pl.Expr, counted: pl.Expr) -> Mapping[str, pl.Expr]:
    low, high = wilson(good, counted)
    return _record(good, counted, _over(good, counted), low, high, counted)


def _record(
    numerator: pl.Expr, denominator: pl.Expr, value: pl.Expr, low: pl.Expr, high: pl.Expr, n: pl.Expr
) -> Mapping[str, pl.Expr]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "n_undetermined": ZERO,
    }
