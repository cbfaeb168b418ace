"""From the cases of a fact to figures: sums and quantiles for all KPIs that place its cases in months alike.

Which cases a KPI counts and what it takes of each is its definition's word; what a rate is per is counted in
`stock_figures.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

import numpy as np
import polars as pl

from transforms.measures.definition import Kpi, Statistic, quantile_figures
from transforms.measures.figures import Figures, Scope, Series, States, key_of
from transforms.measures.month_sums import (
    MonthSums,
    RowsByMonth,
    ValueCounts,
    month_number,
    months_of_both,
    months_spanned,
)
from transforms.measures.segments import SegmentedFact, SegmentedFacts
from transforms.measures.stock_figures import StockFigures
from transforms.periods import months_of
from transforms.statistics.ordered import Array, Floats, Ordered, ranked

# How many months a case had been in the exposure of its rate.
_HELD = "held_months"
_COUNTED = "n_counted"
Numbers = dict[str, Floats]


def adds_up(kpi: Kpi) -> bool:
    """Whether the figures of months make those of several months by being added up."""
    if kpi.measure.family != "cases" or kpi.issue_months or kpi.cumulative:
        return False
    return all(statistic.q is None for statistic in kpi.measure.statistics(date.max).values())


@dataclass(frozen=True)
class Window:
    """Which months of cases a period takes: its own, its last one alone (`is_cumulative`), or months of issue.

    These are so many of the latest in which every policy is mature.
    """

    issue_months: int = 0
    is_cumulative: bool = False


@dataclass(frozen=True)
class Planned:
    """A series with its statistics and the columns they are computed in; equal ones of several KPIs share one."""

    series: Series
    columns: Mapping[str, str]
    statistics: Mapping[str, Statistic]

    @classmethod
    def of(cls, series: Series, as_of: date) -> "Planned":
        """The KPI's statistics restricted to the cases that count, each under a name made of its expression."""
        statistics = _statistics(series.kpi, as_of)
        # The same name on every day.
        names = {name: _column_name(s.cases) for name, s in _statistics(series.kpi, date.max).items()}
        return cls(series, names, statistics)

    @property
    def window(self) -> Window:
        """Which months of cases its periods take."""
        return Window(self.series.kpi.issue_months, self.series.kpi.cumulative)

    @property
    def slice(self) -> object:
        """The kind of the fact's rows that it is about; None if it has but one."""
        return self.series.kpi.slice[1] if self.series.kpi.slice else None


def _statistics(kpi: Kpi, as_of: date) -> dict[str, Statistic]:
    counted, left_out = kpi.in_population & ~kpi.left_out, kpi.in_population & kpi.left_out
    statistics = {
        name: Statistic(pl.when(counted).then(s.cases), s.q)
        for name, s in kpi.measure.statistics(as_of).items()
    }
    statistics["n_excluded"] = Statistic(left_out)
    if kpi.held_since:
        statistics[_COUNTED] = Statistic(counted)
    return statistics


def _column_name(cases: pl.Expr) -> str:
    return f"statistic_{key_of(cases)}"


@dataclass(frozen=True, eq=False)
class CaseState:
    """What cases come to by slice, month and segment: sums of columns, and how often each value of others occurs.

    `matured` says how many cases of a slice and month are mature when: the slice's column, month, matures_on, cases.
    """

    sums: MonthSums
    values: Mapping[str, ValueCounts]
    matured: pl.DataFrame | None = None

    def merge(self, other: "CaseState") -> "CaseState":
        """The state of the cases of both."""
        values = {name: counts.merge(other.values[name]) for name, counts in self.values.items()}
        return CaseState(self.sums.merge(other.sums), values, _matured_of(self.matured, other.matured, 1))

    def without(self, other: "CaseState") -> "CaseState":
        """The state of the cases but for those of the other."""
        values = {name: counts.without(other.values[name]) for name, counts in self.values.items()}
        return CaseState(self.sums.without(other.sums), values, _matured_of(self.matured, other.matured, -1))


def _matured_of(one: pl.DataFrame | None, other: pl.DataFrame | None, sign: int) -> pl.DataFrame | None:
    """How many cases of one, and of the other as often as the sign says, are mature when."""
    if one is None or other is None:
        return one
    by = [name for name in one.columns if name != "cases"]
    both = pl.concat([one, other.with_columns(pl.col("cases") * sign)])
    return both.group_by(by).agg(pl.col("cases").sum()).filter(pl.col("cases") != 0).sort(by)


@dataclass(frozen=True)
class CasePlan:
    """Series that share a fact and the date that places a case in a month, so that its cases are read once.

    `slice_on` is the column that tells the fact's kinds of rows apart, if these KPIs ask for one kind each;
    `held_since` the date since which a case is in their exposure, if only what was when a period began counts: at
    most `longest` months are told apart. `months` are those that periods take; months of issue may be any.
    """

    fact: str
    placed_on: str
    slice_on: str | None
    held_since: str | None
    members: tuple[Planned, ...]
    months: range
    longest: int

    def at_rest(self, as_of: date) -> pl.Expr | None:
        """Cases that are at rest for all members."""
        own = [rest for m in self.members if (rest := m.series.kpi.measure.at_rest(as_of)) is not None]
        return pl.all_horizontal(own) if own else None

    @property
    def takes_issue_months(self) -> bool:
        """Whether some periods take the latest mature months of issue."""
        return any(member.window.issue_months for member in self.members)

    @cached_property
    def columns(self) -> dict[str, pl.Expr]:
        """Every column to compute, once."""
        return {m.columns[name]: s.cases for m in self.members for name, s in m.statistics.items()}

    @cached_property
    def quantiles(self) -> dict[str, list[float]]:
        """The columns that quantiles are taken of, and which."""
        taken = [
            (m.columns[n], s.q) for m in self.members for n, s in m.statistics.items() if s.q is not None
        ]
        return {column: sorted({q for other, q in taken if other == column}) for column, _ in taken}

    def state(self, facts: SegmentedFacts) -> CaseState:
        """The state of the fact's cases."""
        fact = facts[self.fact]
        rows = self._rows(fact)
        months = self.months
        if self.takes_issue_months:
            months = months_of_both(months, months_spanned(rows["month"]))
        located = RowsByMonth(rows, fact, months, _HELD if self.held_since else self.slice_on)
        sums = located.sums({name: rows[name] for name in self.columns if name not in self.quantiles})
        values = {}
        for name in self.quantiles:
            column = rows[name].cast(pl.Float64)
            known = column.is_not_nan().fill_null(False).to_numpy()
            codes, distinct = ranked(column.to_numpy()[known])
            values[name] = located.counts(codes, (distinct,), None if known.all() else known)
        return CaseState(sums, values, self._matured(fact) if self.takes_issue_months else None)

    def _rows(self, fact: SegmentedFact) -> pl.DataFrame:
        """One row per case of the months, with every column."""
        month = pl.col("month")
        held = (month - month_number(self.held_since)).clip(0, self.longest) if self.held_since else None
        return (
            fact.frame.with_columns(month=month_number(self.placed_on))
            .filter(
                month.is_not_null()
                if self.takes_issue_months
                else month.is_between(self.months.start, self.months.stop - 1),
                *(pl.col(name).is_not_null() for name in self._slices),
            )
            .select(
                "month",
                *self._slices,
                *([] if held is None else [held.fill_null(0).alias(_HELD)]),
                *(fact.grouped_by if self.quantiles else fact.summed_by),
                *(cases.alias(name) for name, cases in self.columns.items()),
            )
            .collect()
        )

    @property
    def _slices(self) -> list[str]:
        return [self.slice_on] if self.slice_on else []

    def _matured(self, fact: SegmentedFact) -> pl.DataFrame:
        by = [*self._slices, "month", "matures_on"]
        rows = fact.frame.with_columns(month=month_number(self.placed_on))
        counted = rows.drop_nulls([*self._slices, "month"]).group_by(by).agg(cases=fact.n_cases)
        return counted.select(*by, "cases").sort(by).collect()


@dataclass(frozen=True)
class CaseFigures:
    """The family of cases: shares, means, quantiles, counts, rates, surveys."""

    scope: Scope
    states: States
    stocks: StockFigures

    def figures(self, series: Sequence[Series]) -> Iterator[Figures]:
        """The statistics of each measure, and its exposures by their names."""
        for plan in self._plans(series):
            cases = _Cases(plan, self.states(plan), self.scope)
            own = cases.axes.segments
            for member in plan.members:
                numbers = cases.numbers(member)
                for exposure in member.series.kpi.measure.exposures:
                    numbers[exposure.name] = self.stocks.exposure(exposure, own)
                yield Figures.of(member.series, self.scope, own, numbers)

    def _plans(self, series: Sequence[Series]) -> list[CasePlan]:
        groups: dict[tuple[str, str, str | None, str | None], list[Planned]] = {}
        for one in series:
            kpi = one.kpi
            slice_on = kpi.slice[0] if kpi.slice else None
            key = (kpi.fact, kpi.dates[one.basis], slice_on, kpi.held_since)  # type: ignore[index]
            groups.setdefault(key, []).append(Planned.of(one, self.scope.as_of))
        months = months_of(self.scope.periods).select("period", month=month_number("month"))
        longest = int(months.group_by("period").len()["len"].to_numpy().max(initial=0))
        spanned = months_spanned(months["month"])
        return [CasePlan(*key, tuple(members), spanned, longest) for key, members in groups.items()]


class _Cases:
    """The state of a plan's cases, and the numbers of its members in all periods."""

    def __init__(self, plan: CasePlan, state: CaseState, scope: Scope) -> None:
        self._plan, self._periods = plan, scope.periods
        self.axes = state.sums.axes.with_segments(scope.segments)
        self._sums = state.sums.on(self.axes).sums
        self._values = {name: counts.on(self.axes) for name, counts in state.values.items()}
        self._matured = state.matured
        self._weights = cache(self._which)
        self._added_up = cache(self._added)
        self._quantiles_of = cache(self._taken)

    def numbers(self, member: Planned) -> Numbers:
        """Every statistic of a member, as periods × segments."""
        if self._plan.held_since:
            return self._of_held(member)
        found: Numbers = {}
        for name, statistic in member.statistics.items():
            column, q = member.columns[name], statistic.q
            if q is None:
                found[name] = self._of_slice(self._added_up(column, member.window), member.slice)
            else:
                figures = self._quantiles_of(column, member.window, member.slice)[q]
                found |= dict(zip(quantile_figures(name), figures, strict=True))
        return found

    def _of_slice(self, sums: Floats, kind: object) -> Floats:
        if kind not in self.axes.slices:
            return np.zeros(sums.shape[1:])
        own: Floats = sums[self.axes.slices.index(kind)]
        return own

    def _of_held(self, member: Planned) -> Numbers:
        """The statistics of the cases held when the period began; the rest is among n_excluded."""
        every = self._weights(member.window)
        place_in_period = np.arange(len(self.axes.months)) - every[0].argmax(axis=1)[:, None]
        held = every * (np.array(self.axes.slices)[:, None, None] > place_in_period)
        found = {name: self._sums[column].over(held).sum(axis=0) for name, column in member.columns.items()}
        left_out, counted = (
            self._sums[member.columns[name]].over(every).sum(axis=0) for name in ("n_excluded", _COUNTED)
        )
        return found | {"n_excluded": left_out + counted - found.pop(_COUNTED)}

    def _added(self, column: str, window: Window) -> Floats:
        """The sums of a column, as slices × periods × segments."""
        return self._sums[column].over(self._weights(window))

    def _taken(self, column: str, window: Window, kind: object) -> dict[float, tuple[Floats, ...]]:
        """The quantiles of a column for one slice: see `quantile_figures`, each as periods × segments."""
        shape = (self._periods.height, len(self.axes.segments))
        # Nothing has a quantile, and no value.
        found = {
            q: tuple(np.full(shape, none) for none in (np.nan, 0.0, np.nan, np.nan))
            for q in self._plan.quantiles[column]
        }
        if kind not in self.axes.slices:
            return found
        number, weights, values = self.axes.slices.index(kind), self._weights(window), self._values[column]
        for grouping in values.grouped(number, weights[number if len(weights) > 1 else 0]):
            ordered = Ordered.of(
                grouping.group, grouping.size, grouping.codes, values.values[0], grouping.counts
            )
            for q, arrays in found.items():
                value, low, high = ordered.quantile(q)
                for array, figures in zip(arrays, (value, ordered.n, low, high), strict=True):
                    grouping.fill(array, figures)
        return found

    def _which(self, window: Window) -> Floats:
        """Which months count in which period: slices (1 if all are alike) × periods × months."""
        taken, on, count = self._months(window), self._plan.slice_on, 1
        slices: Array = np.zeros(taken.height, np.int64)
        if on and on in taken.columns:
            count = len(self.axes.slices)
            slices = np.array([self.axes.slices.index(kind) for kind in taken[on]], np.int64)
        weights = np.zeros((count, self._periods.height, len(self.axes.months)))
        weights[slices, taken["period"].to_numpy(), taken["month"].to_numpy() - self.axes.months.start] = 1
        return weights

    def _months(self, window: Window) -> pl.DataFrame:
        """Which months of cases belong to which period: month (its number), period and the slice they hold for."""
        if window.is_cumulative:
            return self._periods.select("period", month=month_number("ends_on"))
        if window.issue_months and self._matured is not None:
            return _latest_mature(self._matured, window.issue_months, self._periods)
        return months_of(self._periods).select("period", month=month_number("month"))


def _latest_mature(matured: pl.DataFrame, count: int, periods: pl.DataFrame) -> pl.DataFrame:
    """For each period the latest issue months in which every policy was mature at its end.

    A month is mature by the day on which it and all before it are.
    """
    slices = [name for name in matured.columns if name not in ("month", "matures_on", "cases")]
    by: list[str | pl.Expr] = [*slices] or [pl.lit(0)]
    pairs = (
        matured.group_by(*slices, "month")
        .agg(pl.col("matures_on").max())
        .sort("month")
        .with_columns(pl.col("matures_on").cum_max().over(by))
        .join(periods.select("period", "ends_on"), how="cross")
        .filter(pl.col("matures_on") <= pl.col("ends_on"))
    )
    first = pl.col("month").max().over(*slices, "period") - (count - 1)
    return pairs.filter(pl.col("month") >= first).select(*slices, "month", "period")
