"""Measures of cases: share, deadline, share of terms, mean, quantile, count, ratio.

Each knows its statistics, its value and its interval; which cases count is the KPI's affair, and how its figures are
found is in `case_figures.py`.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import polars as pl

from transforms.measures.definition import (
    NONE,
    ZERO,
    Measure,
    Pick,
    Record,
    Statistic,
    Statistics,
    quantile_figures,
)
from transforms.statistics.intervals import (
    deviation_interval,
    garwood,
    mean_interval,
    ratio_interval,
    sample_skewness,
    weighted_share,
    wilson,
)


def of_row(value: str | pl.Expr) -> pl.Expr:
    """What a row has: a column by its name, or what an expression makes of several."""
    return pl.col(value) if isinstance(value, str) else value


def filled(*values: str | pl.Expr) -> pl.Expr:
    """Whether a case has all of some values."""
    return pl.all_horizontal(of_row(value).is_not_null() for value in values)


def over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """The quotient; empty where the denominator is 0."""
    return pl.when(denominator != 0).then(numerator / denominator)


class OfCases(Measure):
    """A measure of the cases of a month, by statistics of theirs."""

    family = "cases"

    @abstractmethod
    def statistics(self, as_of: date) -> Statistics: ...


@dataclass(frozen=True)
class Share(OfCases):
    """Cases for which `of` holds among those for which `among` holds; Wilson interval."""

    interval: ClassVar[str] = "Wilson"
    of: pl.Expr
    among: pl.Expr

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        # A share of which only one side can be recorded is 0 or 1 whatever happened.
        return self.among & self.of, self.among & ~self.of.fill_null(False)

    def statistics(self, as_of: date) -> Statistics:
        counted = self.among.fill_null(False)
        return {
            "good": Statistic(self.of.fill_null(False) & counted),
            "all": Statistic(counted),
        }

    def record(self, figure: Pick) -> Record:
        return share_record(figure("good"), figure("all"))


@dataclass(frozen=True)
class Deadline(OfCases):
    """Cases that ended within a limit of calendar days, or by a due day, three-state: met, breach, undetermined.

    An open case is a breach once it is older than the limit, undetermined before; so is one that left by
    `exits_on` before the limit. value = met / (met + breach).

    >>> ends = [date(2025, 3, 8), date(2025, 4, 30), None]
    >>> cases = pl.DataFrame({"starts_on": [date(2025, 3, 1)] * 3, "ends_on": ends})
    >>> statistics = Deadline("starts_on", "ends_on", limit_days=30).statistics(date(2025, 3, 20))
    >>> cases.select(s.cases.sum().alias(name) for name, s in statistics.items()).row(0, named=True)
    {'met': 1, 'breach': 1, 'undetermined': 1}
    """

    interval: ClassVar[str] = "Wilson"
    starts_on: str
    ends_on: str
    limit_days: int = 0
    exits_on: str | None = None
    due_on: str | None = None

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.starts_on, self.ends_on, *([self.due_on] if self.due_on else [])),)

    def at_rest(self, as_of: date) -> pl.Expr:
        """Those that ended, left or are late already, and those without what the limit is about."""
        seen, late = self._seen(as_of)
        lacking = pl.col(self.starts_on).is_null()
        if self.due_on:
            lacking |= pl.col(self.due_on).is_null()
        begun = pl.col(self.starts_on) <= as_of
        return seen.is_not_null() | lacking | (begun & late).fill_null(False)

    def _seen(self, as_of: date) -> tuple[pl.Expr, pl.Expr]:
        """The day on which the case ended or left, and whether it is late, if it has not, as of a day."""
        left_on = pl.col(self.exits_on) if self.exits_on else pl.lit(None, dtype=pl.Date)
        seen = pl.coalesce(self.ends_on, left_on)
        until = pl.coalesce(seen, pl.lit(as_of))
        if self.due_on:
            return seen, until > pl.col(self.due_on)
        return seen, (until - pl.col(self.starts_on)).dt.total_days() > self.limit_days

    def statistics(self, as_of: date) -> Statistics:
        seen, late = self._seen(as_of)
        ended = pl.col(self.ends_on).is_not_null()
        valid = (pl.coalesce(seen, pl.lit(as_of)) >= pl.col(self.starts_on)).fill_null(False)
        if self.due_on:
            valid &= pl.col(self.due_on).is_not_null()
        return {
            "met": Statistic(valid & ended & ~late),
            "breach": Statistic(valid & late),
            "undetermined": Statistic(valid & ~ended & ~late),
        }

    def record(self, figure: Pick) -> Record:
        met, breach = figure("met"), figure("breach")
        return share_record(met, met + breach, figure("undetermined"))


@dataclass(frozen=True)
class TermShare(OfCases):
    """Cases in state `counts` among those met or in breach, of terms whose state a fact tells; Wilson interval.

    How the state comes about (calendar, contract, excluded days) is the fact's affair.
    """

    interval: ClassVar[str] = "Wilson"
    state: str
    counts: Literal["met", "breach"]

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return tuple(pl.col(self.state) == state for state in ("met", "breach"))

    def statistics(self, as_of: date) -> Statistics:
        states = ("met", "breach", "undetermined")
        return {name: Statistic((pl.col(self.state) == name).fill_null(False)) for name in states}

    def record(self, figure: Pick) -> Record:
        known = figure("met") + figure("breach")
        return share_record(figure(self.counts), known, figure("undetermined"))


def share_record(good: pl.Expr, counted: pl.Expr, undetermined: pl.Expr = ZERO) -> Record:
    """The record of the share of good cases among those counted, with Wilson's interval."""
    low, high = wilson(good, counted)
    return {
        "numerator": good,
        "denominator": counted,
        "value": over(good, counted),
        "ci_low": low,
        "ci_high": high,
        "n": counted,
        "n_undetermined": undetermined,
    }


def variance_of(total: pl.Expr, squares: pl.Expr, n: pl.Expr) -> pl.Expr:
    """The variance, with divisor n − 1, from the sum and the sum of squares of n values."""
    return ((squares - total**2 / n) / (n - 1)).clip(lower_bound=0)


@dataclass(frozen=True)
class Mean(OfCases):
    """Mean of a value over the cases that have it; Student's interval, with the skewness of the cases (Hall 1992)."""

    interval: ClassVar[str] = "Student's t, corrected for skewness (Hall)"
    value: str | pl.Expr

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.value),)

    def statistics(self, as_of: date) -> Statistics:
        value = of_row(self.value).cast(pl.Float64)
        return {
            "sum": Statistic(value.fill_null(0.0)),
            "squares": Statistic((value**2).fill_null(0.0)),
            "cubes": Statistic((value**3).fill_null(0.0)),
            "n": Statistic(value.is_not_null()),
            "missing": Statistic(value.is_null()),
        }

    def record(self, figure: Pick) -> Record:
        total, squares, n = figure("sum"), figure("squares"), figure("n")
        skewness = sample_skewness(total, squares, figure("cubes"), n)
        low, high = mean_interval(total / n, variance_of(total, squares, n).sqrt(), n, skewness)
        return {
            "numerator": total,
            "denominator": n,
            "value": over(total, n),
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "n_undetermined": figure("missing"),
        }


@dataclass(frozen=True)
class StandardDeviation(OfCases):
    """Standard deviation of a value over the cases that have it, with divisor n − 1; interval by kurtosis."""

    interval: ClassVar[str] = "normal on the logarithm, by kurtosis (Bonett)"
    value: str | pl.Expr

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.value),)

    def statistics(self, as_of: date) -> Statistics:
        """The statistics of the mean, and the fourth power."""
        fourth = (of_row(self.value).cast(pl.Float64) ** 4).fill_null(0.0)
        return {**Mean(self.value).statistics(as_of), "fourths": Statistic(fourth)}

    def record(self, figure: Pick) -> Record:
        total, squares, n = figure("sum"), figure("squares"), figure("n")
        low, high = deviation_interval(total, squares, figure("cubes"), figure("fourths"), n)
        return {
            "numerator": NONE,
            "denominator": n,
            "value": pl.when(n > 1).then(variance_of(total, squares, n).sqrt()),
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "n_undetermined": figure("missing"),
        }


@dataclass(frozen=True)
class Quantile(OfCases):
    """Quantile of a value (Hyndman–Fan type 7) with the binomial interval of its order statistics."""

    interval: ClassVar[str] = "binomial order statistics"
    value: str | pl.Expr
    q: float

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.value),)

    def statistics(self, as_of: date) -> Statistics:
        value = of_row(self.value).cast(pl.Float64)
        return {
            "values": Statistic(value, self.q),
            "missing": Statistic(value.is_null()),
        }

    def record(self, figure: Pick) -> Record:
        value, n, low, high = (figure(name) for name in quantile_figures("values"))
        return {
            "numerator": NONE,
            "denominator": n,
            "value": value,
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "n_undetermined": figure("missing"),
        }


@dataclass(frozen=True)
class Count(OfCases):
    """Number of cases; exact Poisson interval (Garwood 1936)."""

    interval: ClassVar[str] = "exact Poisson (Garwood)"
    is_count = True

    def statistics(self, as_of: date) -> Statistics:
        return {"count": Statistic(pl.lit(True))}

    def record(self, figure: Pick) -> Record:
        return count_record(figure("count"))


def count_record(count: pl.Expr) -> Record:
    """The record of a number of cases, with Garwood's interval."""
    low, high = garwood(count, pl.lit(1.0))
    return {
        "numerator": count,
        "denominator": NONE,
        "value": count,
        "ci_low": low,
        "ci_high": high,
        "n": count,
        "n_undetermined": pl.lit(0.0),
    }


@dataclass(frozen=True)
class Ratio(OfCases):
    """Sum of one value over the sum of another, case by case.

    A share is a ratio in which no case has more above the line than below it, as of premium or claimed amounts.
    """

    numerator: str | pl.Expr
    denominator: str | pl.Expr
    is_share: bool = False

    @property
    def interval(self) -> str:
        """The kind of its interval, for the dictionary."""
        if self.is_share:
            return "Wilson, over the effective number of cases (Kish)"
        return "linearised (delta method), Student's t"

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.numerator, self.denominator),)

    def statistics(self, as_of: date) -> Statistics:
        y = of_row(self.numerator).cast(pl.Float64).fill_null(0.0)
        x = of_row(self.denominator).cast(pl.Float64).fill_null(0.0)
        return {
            "y": Statistic(y),
            "x": Statistic(x),
            "yy": Statistic(y * y),
            "xx": Statistic(x * x),
            "xy": Statistic(x * y),
            "n": Statistic(x != 0),
        }

    def record(self, figure: Pick) -> Record:
        y, x, n = figure("y"), figure("x"), figure("n")
        if self.is_share:
            low, high = weighted_share(y, x, figure("xx"))
        else:
            low, high = ratio_interval(y, x, figure("yy"), figure("xx"), figure("xy"), n)
        return {
            "numerator": y,
            "denominator": x,
            "value": over(y, x),
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "n_undetermined": pl.lit(0.0),
        }
