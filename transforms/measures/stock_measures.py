"""Measures of stocks: their number, and of what flows in and out of them: clearance, days of work, ageing, settlement.

Opening, entered, left and closing of each flow are counted in `stock_figures.py`; nothing here counts cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from transforms.measures.case_measures import count_record, over, share_record
from transforms.measures.definition import ZERO, Flow, Measure, Pick, Record
from transforms.statistics.intervals import garwood

WINDOW_MONTHS = 12


@dataclass(frozen=True)
class OfAStock(Measure):
    """A measure of a stock and of what flows in and out of it.

    Of each of its `flows` it is given opening, entered, left and closing number under the flow's prefix, with the
    `days` of the period. Where it looks at the cases of the latest months alone, those are window_entered and
    window_left.
    """

    family = "stocks"
    looks_at_window: ClassVar[bool] = False
    flow: Flow

    @property
    def stock(self) -> Flow:
        return self.flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow}


@dataclass(frozen=True)
class Stock(OfAStock):
    """Number of cases that had entered and not left at the end of the period; exact Poisson interval."""

    interval: ClassVar[str] = "exact Poisson (Garwood)"
    is_count = True

    def record(self, figure: Pick) -> Record:
        return count_record(figure("flow_closing"))


@dataclass(frozen=True)
class Clearance(OfAStock):
    """Cases that left per case that entered; above 1 the backlog shrinks. Garwood interval of those that left."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of those that left"

    def record(self, figure: Pick) -> Record:
        left, entered = figure("flow_left"), figure("flow_entered")
        low, high = garwood(left, entered)
        return _record(left, entered, over(left, entered), low, high, entered)


@dataclass(frozen=True)
class BacklogDays(OfAStock):
    """Days of work in the stock: cases at the end over cases that left a calendar day of the period."""

    interval: ClassVar[str] = "exact Poisson (Garwood) of the stock"

    def record(self, figure: Pick) -> Record:
        closing, a_day = figure("flow_closing"), figure("flow_left") / figure("days")
        low, high = garwood(closing, a_day)
        return _record(closing, a_day, over(closing, a_day), low, high, closing)


@dataclass(frozen=True)
class StockShare(OfAStock):
    """Share of the stock at the end of the period that is in a part of it; Wilson interval."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, figure: Pick) -> Record:
        return share_record(figure("of_closing"), figure("flow_closing"))


@dataclass(frozen=True)
class StockBand(OfAStock):
    """Number of cases in the stock at the end of the period that are in `since` but not in `beyond`; Garwood.

    Both are parts of the stock; without `since` the band begins, without `beyond` it ends with the stock itself.
    """

    interval: ClassVar[str] = "exact Poisson (Garwood)"
    since: Flow | None
    beyond: Flow | None

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"since": self.since or self.flow, **({"beyond": self.beyond} if self.beyond else {})}

    def record(self, figure: Pick) -> Record:
        count = figure("since_closing") - (figure("beyond_closing") if self.beyond else 0)
        return count_record(count)


@dataclass(frozen=True)
class PendingShare(OfAStock):
    """Cases still in stock when the period ended among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"

    def record(self, figure: Pick) -> Record:
        return share_record(figure("flow_closing"), figure("flow_opening") + figure("flow_entered"))


@dataclass(frozen=True)
class SettledShare(OfAStock):
    """Cases that entered `of` in the period among those in stock when it began or entered in it; Wilson."""

    interval: ClassVar[str] = "Wilson"
    of: Flow

    @property
    def flows(self) -> Mapping[str, Flow]:
        return {"flow": self.flow, "of": self.of}

    def record(self, figure: Pick) -> Record:
        return share_record(figure("of_entered"), figure("flow_opening") + figure("flow_entered"))


@dataclass(frozen=True)
class ClosedInWindow(OfAStock):
    """Of the cases that entered in the twelve months to the period's end, those that left by then; Wilson.

    Below 1 by construction, since those of last week count: 滚动立案结案率.
    """

    interval: ClassVar[str] = "Wilson"
    looks_at_window = True

    def record(self, figure: Pick) -> Record:
        return share_record(figure("window_left"), figure("window_entered"))


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
