"""From facts to the figures of KPIs on clocks that may still run: one estimate a period and segment.

Cases are kept row by row, since a survival curve cannot be merged from those of months; what a measure takes
from the curve is `curve_measures.py`, how curves are estimated `transforms/statistics`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import and_
from typing import cast

import numpy as np
import polars as pl

from transforms.measures.curve_measures import ENDED, LEFT, OPEN, Clock, OfAClock
from transforms.measures.definition import Kpi
from transforms.measures.figures import Figures, Series
from transforms.measures.month_sums import Cells, month_number, months_from_to, months_spanned
from transforms.measures.segments import Places
from transforms.statistics.competing_risks import incidence_figures
from transforms.statistics.ordered import Floats
from transforms.statistics.risk_sets import CENSORED, COMPETING, EVENT, Coded, RiskSets
from transforms.statistics.survival import km_figures

Member = tuple[Series, OfAClock]


@dataclass(frozen=True)
class CurveBatch:
    """KPIs that read one curve: same cases, same clock, same month, so that it is estimated once."""

    placed_on: str
    clock: Clock
    competing: bool
    members: tuple[Member, ...]

    @property
    def kpi(self) -> Kpi:
        """A KPI that says which cases count; they all say the same."""
        return self.members[0][0].kpi

    @property
    def needs(self) -> dict[str, list[float]]:
        """What its members take from the curve: quantiles, horizons and the tau of restricted means."""
        read = [measure.from_curve for _, measure in self.members]
        return {
            "quantiles": sorted({q for some in read for q in some.quantiles}),
            "horizons": sorted({days for some in read for days in some.horizons}),
            "taus": sorted({days for some in read for days in some.taus}),
        }

    def figures(self, sets: RiskSets) -> pl.DataFrame:
        """The figures of every group's curve."""
        needs = self.needs
        if self.competing:
            return incidence_figures(sets, horizons=needs["horizons"])
        if len(needs["taus"]) > 1:
            codes = ", ".join(series.kpi.code for series, _ in self.members)
            raise ValueError(
                f"restricted means of one clock need one tau to compare, not {needs['taus']}: {codes}"
            )
        tau = next(iter(needs["taus"]), None)
        return km_figures(sets, quantiles=needs["quantiles"], horizons=needs["horizons"], tau=tau)


def survival(
    series: Iterable[Series], periods: pl.DataFrame, places: Places, as_of: date, ends_at: datetime
) -> list[Figures]:
    """The figures of the KPIs on running clocks; `ends_at` is the instant at which the as-of day ends."""
    found = []
    for batch in _batches(series):
        numbers = _numbers(batch, periods, places, as_of, ends_at)
        found += [Figures.of(one, periods, places, numbers) for one, _ in batch.members]
    return found


def _batches(series: Iterable[Series]) -> list[CurveBatch]:
    batches: dict[tuple[object, ...], CurveBatch] = {}
    for one in series:
        kpi = one.kpi
        if kpi.measure.family != "curves":
            continue
        measure = cast(OfAClock, kpi.measure)
        placed_on = kpi.dates[one.basis]  # type: ignore[index]
        counted = tuple(None if e is None else e.meta.serialize() for e in (kpi.population, kpi.excluded))
        key = (kpi.fact, kpi.slice, *counted, placed_on, measure.clock, measure.competing)
        others = batches[key].members if key in batches else ()
        batches[key] = CurveBatch(placed_on, measure.clock, measure.competing, (*others, (one, measure)))
    return list(batches.values())


def _numbers(
    batch: CurveBatch, periods: pl.DataFrame, places: Places, as_of: date, ends_at: datetime
) -> dict[str, Floats]:
    """The figures of the curves of every period and place, with n_open and n_excluded."""
    first, last = periods.select(month_number("starts_on"), month_number("ends_on")).get_columns()
    months = months_spanned(pl.concat([first, last]))
    weights = months_from_to(months, first.to_numpy(), last.to_numpy())
    rows = _cases(batch, places, months, as_of, ends_at)
    cells = Cells(rows, places, batch.kpi.fact, months)
    numbers = {name: cells.sums(rows[name]).over(weights)[0] for name in ("n_open", "n_excluded")}
    counted = rows.filter(pl.col("duration").is_not_null())
    coded = Coded.of(counted["duration"].to_numpy(), counted["kind"].to_numpy())
    shape = (periods.height, places.frame.height)
    for grouping in Cells(counted, places, batch.kpi.fact, months).grouped(weights):
        sets = RiskSets.of(grouping.group, grouping.count, coded)
        for figure in batch.figures(sets):
            of_groups = np.full(grouping.count, np.nan)
            of_groups[sets.groups] = figure.to_numpy()
            grouping.fill(numbers.setdefault(figure.name, np.full(shape, np.nan)), of_groups)
    return numbers


def _cases(batch: CurveBatch, places: Places, months: range, as_of: date, ends_at: datetime) -> pl.DataFrame:
    """One row a case of the months: month, places, duration (empty if left out), kind, n_open, n_excluded."""
    kpi, clock = batch.kpi, batch.clock
    fact = places.facts[kpi.fact]
    wanted = [
        pl.col("month").is_between(months.start, months.stop - 1),
        pl.col(clock.starts).is_not_null(),
        kpi.in_population,
    ]
    if kpi.slice:
        wanted.append(pl.col(kpi.slice[0]) == pl.lit(kpi.slice[1]))
    duration, fate = clock.duration(as_of, ends_at), clock.fate()
    counted = ~kpi.left_out & (duration >= 0)
    left = COMPETING if batch.competing else CENSORED
    kind = pl.when(fate == ENDED).then(EVENT).when(fate == LEFT).then(left).otherwise(CENSORED)
    return (
        fact.frame.with_columns(month=month_number(batch.placed_on))
        .filter(reduce(and_, wanted))
        .select(
            *fact.columns,
            "month",
            duration=pl.when(counted).then(duration),
            kind=kind.cast(pl.UInt8),
            n_open=counted & (fate == OPEN),
            n_excluded=kpi.left_out | (duration < 0).fill_null(False),
        )
        .collect()
    )
