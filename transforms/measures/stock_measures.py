"""Measures of stocks: their number, and of what flows in and out of them: clearance, days of work, ageing, settlement.

Opening, entered, left and closing of each flow are counted in `stock_figures.py`; nothing here counts cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from transforms.measures.case_measures import count_record, over, share_record
from transforms.measures.definition import ZERO, Flow, Pick, Record, Statistics
from transforms.statistics.intervals import garwood

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

    def statistics(self, as_of: date) -> Statistics:
        """None: flows are counted, not added up."""
        return {}


@dataclass(frozen=True)
class Stock(_OfAFlow):
    """Number of cases that had entered and not left at the end of the period; exact Poisson interval."""

    interval: ClassVar[str] = "exact Poisson (Garwood)"

    def record(self, number: Pick) -> Record:
        return count_record(number("flow_closing"))


@dataclass(frozen=True)
class Clearance(_OfAFlow):
    """Cases that left per case that entered; above 1 the backlog shrinks. Garwood interval of those that left."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of those that left"

    def record(self, number: Pick) -> Record:
        left, entered = number("flow_left"), number("flow_entered")
        low, high = garwood(left, entered)
        return _record(left, entered, over(left, entered), low, high, entered)


@dataclass(frozen=True)
class BacklogDays(_OfAFlow):
    """Days of work in the stock: cases at the end over cases that left a calendar day of the period."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of the stock"

    def record(self, number: Pick) -> Record:
        closing, a_day = number("flow_closing"), number("flow_left") / number("days")
        low, high = garwood(closing, a_day)
        return _record(closing, a_day, over(closing, a_day), low, high, closing)


@dataclass(frozen=True)
class StockShare(_OfAFlow):
    """Share of the stock at the end of the period that is in a part of it; Wilson interval."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, number: Pick) -> Record:
        return share_record(number("of_closing"), number("flow_closing"))


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

    def record(self, number: Pick) -> Record:
        count = number("since_closing") - (number("beyond_closing") if self.beyond else 0)
        return count_record(count)


@dataclass(frozen=True)
class PendingShare(_OfAFlow):
    """Cases still in stock when the period ended among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"

    def record(self, number: Pick) -> Record:
        return share_record(number("flow_closing"), number("flow_opening") + number("flow_entered"))


@dataclass(frozen=True)
class SettledShare(_OfAFlow):
    """Cases that entered `of` in the period among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, number: Pick) -> Record:
        return share_record(number("of_entered"), number("flow_opening") + number("flow_entered"))


@dataclass(frozen=True)
class ClosedInWindow(_OfAFlow):
    """Of the cases that entered in the twelve months to the period's end, those that left by then; Wilson.

    Below 1 by construction, since those of last week count: 滚动立案结案率.
    """

    interval: ClassVar[str] = "Wilson"

    def record(self, number: Pick) -> Record:
        return share_record(number("window_left"), number("window_entered"))


FlowMeasure = (
    Stock | Clearance | BacklogDays | StockShare | StockBand | PendingShare | SettledShare | ClosedInWindow
)


def _record(
    numerator: pl.Expr, denominator: pl.Expr, value: pl.Expr, low: pl.Expr, high: pl.Expr, n: pl.Expr
) -> Record:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "n_undetermined": ZERO,
    }
