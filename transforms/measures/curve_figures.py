"""From facts to the figures of KPIs on clocks that may still run: one curve a period and segment.

Cases are kept as counts by duration and what became of them, since a curve of months cannot be made of the months'
curves. What a measure takes from the curve is `curve_measures.py`, how curves are estimated `transforms/statistics`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import and_
from typing import Self, cast

import numpy as np
import polars as pl

from transforms.measures.curve_measures import ENDED, LEFT, OPEN, Clock, FromCurve, OfAClock
from transforms.measures.definition import Kpi
from transforms.measures.figures import (
    Changed,
    Differences,
    Figures,
    Scope,
    Series,
    States,
    key_of,
    months_asked,
    wanted_of,
)
from transforms.measures.month_sums import MonthSums, RowsByMonth, ValueCounts
from transforms.measures.months import month_number, months_from_to, months_spanned, periods_with
from transforms.measures.segments import SegmentedFact, SegmentedFacts
from transforms.periods import months_of
from transforms.statistics.competing_risks import incidence_figures
from transforms.statistics.ordered import Bools, Floats
from transforms.statistics.risk_sets import CENSORED, COMPETING, EVENT, Coded, RiskSets
from transforms.statistics.survival import km_figures


@dataclass(frozen=True, eq=False)
class CurveState:
    """Risk sets as counts: how many cases ended, left or were last seen after each duration, and n_open, n_excluded."""

    fates: ValueCounts
    sums: MonthSums

    def merge(self, other: "CurveState") -> "CurveState":
        """The state of the cases of both."""
        return CurveState(self.fates.merge(other.fates), self.sums.merge(other.sums))

    def without(self, other: "CurveState") -> "CurveState":
        """The state of the cases but for those of the other."""
        return CurveState(self.fates.without(other.fates), self.sums.without(other.sums))


@dataclass(frozen=True)
class CurvePlan:
    """KPIs that read one curve: same cases, same clock, same month, so that it is estimated once.

    Where cases that leave are `competing`, it is that of their incidence. Cases are those of the `months`, of which
    those `asked` are read (None: all), as they are on the as-of day, which ends at an instant.
    """

    placed_on: str
    clock: Clock
    competing: bool
    months: range
    as_of: date
    ends_at: datetime
    members: tuple[Series, ...]
    asked: tuple[int, ...] | None = None

    @property
    def kpi(self) -> Kpi:
        """A KPI that says which cases count; they all say the same."""
        return self.members[0].kpi

    @property
    def fact(self) -> str:
        return self.kpi.fact

    @property
    def key(self) -> str:
        kpi = self.kpi
        return key_of(
            "curve",
            kpi.fact,
            kpi.slice,
            kpi.population,
            kpi.excluded,
            self.placed_on,
            self.clock,
            self.competing,
        )

    def at_rest(self, as_of: date) -> pl.Expr | None:
        return self.kpi.measure.at_rest(as_of)

    @property
    def from_curve(self) -> FromCurve:
        """What its members read off the curve."""
        read = [cast(OfAClock, series.kpi.measure).from_curve for series in self.members]
        return FromCurve(
            tuple(sorted({q for some in read for q in some.quantiles})),
            tuple(sorted({days for some in read for days in some.horizons})),
            tuple(sorted({days for some in read for days in some.taus})),
        )

    def figures(self, sets: RiskSets) -> pl.DataFrame:
        """The figures of every group's curve."""
        read = self.from_curve
        if self.competing:
            return incidence_figures(sets, horizons=read.horizons)
        if len(read.taus) > 1:
            codes = ", ".join(series.kpi.code for series in self.members)
            raise ValueError(
                f"restricted means of one clock need one tau to compare, not {read.taus}: {codes}"
            )
        tau = next(iter(read.taus), None)
        return km_figures(sets, quantiles=read.quantiles, horizons=read.horizons, tau=tau)

    def state(self, facts: SegmentedFacts) -> CurveState:
        """The state of the fact's cases."""
        fact = facts[self.kpi.fact]
        rows = self._rows(fact)
        located = RowsByMonth(rows, fact, self.months)
        known = rows["duration"].is_not_null().to_numpy()
        counted = rows.filter(known)
        coded = Coded.of(counted["duration"].to_numpy(), counted["kind"].to_numpy())
        fates = located.counts(coded.codes, (coded.times, coded.kinds), None if known.all() else known)
        return CurveState(fates, located.sums({name: rows[name] for name in ("n_open", "n_excluded")}))

    def _rows(self, fact: SegmentedFact) -> pl.DataFrame:
        """One row per case of the months: duration (empty if left out), kind, n_open, n_excluded."""
        kpi = self.kpi
        wanted = [
            pl.col("month").is_in(self.months if self.asked is None else self.asked),
            pl.col(self.clock.starts).is_not_null(),
            kpi.in_population,
        ]
        if kpi.slice:
            wanted.append(pl.col(kpi.slice[0]) == pl.lit(kpi.slice[1]))
        duration, fate = self.clock.duration(self.as_of, self.ends_at), self.clock.fate()
        counted = ~kpi.left_out & (duration >= 0)
        left = COMPETING if self.competing else CENSORED
        kind = pl.when(fate == ENDED).then(EVENT).when(fate == LEFT).then(left).otherwise(CENSORED)
        return (
            fact.frame.with_columns(month=month_number(self.placed_on))
            .filter(reduce(and_, wanted))
            .select(
                *fact.grouped_by,
                "month",
                duration=pl.when(counted).then(duration),
                kind=kind.cast(pl.UInt8),
                n_open=counted & (fate == OPEN),
                n_excluded=kpi.left_out | (duration < 0).fill_null(False),
            )
            .collect()
        )


@dataclass(frozen=True)
class CurveFigures:
    """The family of curves, in periods that do not overlap: for others they are too dear."""

    scope: Scope
    states: States

    def figures(self, series: Sequence[Series]) -> Iterator[Figures]:
        """What is read off each curve, under the names of `km_figures` or `incidence_figures`, with n_open."""
        for plan in self._plans(series):
            state = self.states(plan)
            axes = state.sums.axes.with_segments(self.scope.segments)
            weights = self._months_of_periods(axes.months)
            sums, fates = state.sums.on(axes), state.fates.on(axes)
            numbers = {name: some.over(weights)[0] for name, some in sums.sums.items()}
            numbers |= _read_off(plan, fates, weights, self._of_periods(wanted_of(plan.members)))
            for one in plan.members:
                yield Figures.of(one, self.scope, axes.segments, numbers)

    def changed(self, series: Sequence[Series], before: Self, differences: Differences) -> Iterator[Changed]:
        """Where the risk sets of their cases differ."""
        for plan, earlier in zip(self._plans(series), before._plans(series), strict=True):
            if (difference := differences(plan, earlier)) is None:
                continue
            axes = difference.sums.axes.with_segments(self.scope.segments)
            cells = difference.sums.on(axes).occur() | difference.fates.on(axes).occur
            changed = periods_with(self._months_of_periods(axes.months), np.any(cells, axis=0))
            yield from (Changed(one, axes.segments, changed) for one in plan.members)

    def _months_of_periods(self, months: range) -> Floats:
        """Which of some months are in which period: periods × months."""
        first, last = (self.scope.periods.select(month_number(name)) for name in ("starts_on", "ends_on"))
        return months_from_to(months, first["starts_on"].to_numpy(), last["ends_on"].to_numpy())

    def _of_periods(self, every: Bools | None) -> Bools | None:
        return None if every is None else every[self.scope.periods["period"].to_numpy()]

    def _plans(self, series: Sequence[Series]) -> list[CurvePlan]:
        months = months_of(self.scope.periods).select("period", month=month_number("month"))
        spanned = months_spanned(months["month"])
        plans: dict[str, CurvePlan] = {}
        for one in series:
            kpi, measure = one.kpi, cast(OfAClock, one.kpi.measure)
            placed_on = kpi.dates[one.basis]  # type: ignore[index]
            plan = CurvePlan(
                placed_on,
                measure.clock,
                measure.competing,
                spanned,
                self.scope.as_of,
                self.scope.ends_at,
                (one,),
            )
            others = plans[plan.key].members if plan.key in plans else ()
            plans[plan.key] = replace(plan, members=(*others, one))
        return [replace(plan, asked=months_asked(plan.members, months)) for plan in plans.values()]


def _read_off(
    plan: CurvePlan, fates: ValueCounts, weights: Floats, wanted: Bools | None
) -> dict[str, Floats]:
    """The figures of the curve of every period and segment that is wanted, None: all."""
    times, kinds = fates.values
    shape = (len(weights), len(fates.axes.segments))
    numbers: dict[str, Floats] = {}
    for grouping in fates.grouped(0, weights, wanted):
        cases = Coded(grouping.codes, times, kinds)
        sets = RiskSets.of(grouping.group, grouping.size, cases, grouping.counts)
        for figure in plan.figures(sets):
            of_groups = np.full(grouping.size, np.nan)
            of_groups[sets.groups] = figure.to_numpy()
            grouping.fill(numbers.setdefault(figure.name, np.full(shape, np.nan)), of_groups)
    return numbers
