"""From the cases of a fact to figures: sums and quantiles for all KPIs that place its cases in months alike.

Which cases a KPI counts and what it takes of each is its definition's word, how they are read `case_plans.py`; what a
rate is per is counted in `stock_figures.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Self

import numpy as np
import polars as pl

from transforms.measures.case_plans import (
    COUNTED,
    CasePlan,
    CaseState,
    Planned,
    Window,
    latest_mature,
    months_in,
)
from transforms.measures.definition import Kpi, quantile_figures
from transforms.measures.differing_cases import DifferingCases
from transforms.measures.figures import (
    Changed,
    Differences,
    Figures,
    Scope,
    Series,
    States,
    months_asked,
    wanted_of,
)
from transforms.measures.months import month_number, months_spanned
from transforms.measures.stock_figures import StockFigures
from transforms.periods import months_of
from transforms.statistics.ordered import Array, Floats, Ordered

Numbers = dict[str, Floats]


def adds_up(kpi: Kpi) -> bool:
    """Whether the figures of months make those of several months by being added up."""
    if kpi.measure.family != "cases" or kpi.issue_months or kpi.cumulative:
        return False
    return all(statistic.q is None for statistic in kpi.measure.statistics(date.max).values())


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

    def changed(self, series: Sequence[Series], before: Self, differences: Differences) -> Iterator[Changed]:
        """Where sums or values of their cases differ, or an exposure does."""
        for plan, earlier in zip(self._plans(series), before._plans(series), strict=True):
            difference = differences(plan, earlier)
            cases = DifferingCases.of(plan, difference, self.scope, differences) if difference else None
            for member in plan.members:
                if cases:
                    yield Changed(member.series, cases.segments, cases.changed(member))
                for exposure in member.series.kpi.measure.exposures:
                    yield from self.stocks.exposure_changed(member.series, exposure, differences)

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
        return [
            CasePlan(
                *key,
                tuple(members),
                spanned,
                longest,
                months_asked((member.series for member in members), months),
            )
            for key, members in groups.items()
        ]


class _Cases:
    """The state of a plan's cases, and the numbers of its members in all periods."""

    def __init__(self, plan: CasePlan, state: CaseState, scope: Scope) -> None:
        self._plan, self._periods = plan, scope.periods
        self.axes = state.sums.axes.with_segments(scope.segments)
        self._sums = state.sums.on(self.axes).sums
        self._values = {name: counts.on(self.axes) for name, counts in state.values.items()}
        self._matured = state.matured
        self._wanted = wanted_of(member.series for member in plan.members)
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
            self._sums[member.columns[name]].over(every).sum(axis=0) for name in ("n_excluded", COUNTED)
        )
        return found | {"n_excluded": left_out + counted - found.pop(COUNTED)}

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
        for grouping in values.grouped(number, weights[number if len(weights) > 1 else 0], self._wanted):
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
        if window.issue_months and not window.is_cumulative and self._matured is not None:
            return latest_mature(self._matured, window.issue_months, self._periods)
        return months_in(window, self._periods)
