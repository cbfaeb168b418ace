"""From facts to the measured columns of KPIs on clocks that may still run: one estimate a period and segment.

Cases are kept row by row, since a survival curve cannot be merged from those of months; what a measure takes
from the curve is `survival_measures.py`, how curves are estimated `transforms/statistics`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import and_

import polars as pl

from transforms.kpi.definition import Kpi
from transforms.kpi.measured import Facts, Series, cell, measured, split_cells
from transforms.kpi.places import Places, place_of
from transforms.kpi.survival_measures import (
    ENDED,
    OPEN,
    Clock,
    Incidence,
    RestrictedMean,
    SurvivalMeasure,
    SurvivalQuantile,
    WithinProbability,
)
from transforms.periods import months_of
from transforms.statistics.competing_risks import incidence_summary
from transforms.statistics.survival import km_summary

Member = tuple[Series, SurvivalMeasure]


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

    def summary(self, cases: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
        """The figures of every group's curve."""
        measures = [measure for _, measure in self.members]
        horizons = sorted({m.horizon for m in measures if isinstance(m, WithinProbability | Incidence)})
        if self.competing:
            return incidence_summary(cases, by, "duration", "fate", of=ENDED, horizons=horizons)
        quantiles = sorted({m.q for m in measures if isinstance(m, SurvivalQuantile)})
        taus = sorted({m.tau for m in measures if isinstance(m, RestrictedMean)})
        if len(taus) > 1:
            codes = ", ".join(series.kpi.code for series, _ in self.members)
            raise ValueError(f"restricted means of one clock need one tau to compare, not {taus}: {codes}")
        return km_summary(
            cases,
            by,
            "duration",
            pl.col("fate") == ENDED,
            quantiles=quantiles,
            horizons=horizons,
            tau=taus[0] if taus else None,
        )


def survival(
    facts: Facts,
    series: Iterable[Series],
    periods: pl.DataFrame,
    places: Places,
    as_of: date,
    ends_at: datetime,
) -> list[pl.DataFrame]:
    """The measured columns of the KPIs on running clocks; `ends_at` is the instant at which the as-of day ends.

    `facts` have the places of their cases, see `Places.placed`.
    """
    months = months_of(periods)
    found = []
    for batch in _batches(series):
        cuts = places.cuts_of(facts[batch.kpi.fact])
        cases = _cases(batch, facts[batch.kpi.fact], months, cuts, as_of, ends_at)
        figures = pl.concat(pl.collect_all([_figures(batch, cases, cut, months) for cut in cuts]))
        found += [measured(figures, one, m.record(pl.col)) for one, m in batch.members]
    return found


def _batches(series: Iterable[Series]) -> list[CurveBatch]:
    batches: dict[tuple[object, ...], CurveBatch] = {}
    for one in series:
        kpi, measure = one.kpi, one.kpi.measure
        if not isinstance(measure, SurvivalMeasure):
            continue
        competing = isinstance(measure, Incidence)
        placed_on = kpi.dates[one.basis]  # type: ignore[index]
        counted = tuple(None if e is None else e.meta.serialize() for e in (kpi.population, kpi.excluded))
        key = (kpi.fact, kpi.slice, *counted, placed_on, measure.clock, competing)
        others = batches[key].members if key in batches else ()
        batches[key] = CurveBatch(placed_on, measure.clock, competing, (*others, (one, measure)))
    return list(batches.values())


def _cases(
    batch: CurveBatch,
    fact: pl.LazyFrame,
    months: pl.DataFrame,
    cuts: Sequence[str],
    as_of: date,
    ends_at: datetime,
) -> pl.LazyFrame:
    """One row a case of the wanted months: month, places, duration (empty if left out), fate, is_excluded."""
    kpi, clock = batch.kpi, batch.clock
    month = pl.col(batch.placed_on).dt.truncate("1mo")
    wanted = [
        month.is_in(months["month"].unique().to_list()),
        pl.col(clock.starts).is_not_null(),
        kpi.in_population,
    ]
    if kpi.slice:
        wanted.append(pl.col(kpi.slice[0]) == pl.lit(kpi.slice[1]))
    duration = clock.duration(as_of, ends_at)
    rows = fact.filter(reduce(and_, wanted)).select(
        *map(place_of, cuts),
        month=month,
        duration=pl.when(~kpi.left_out & (duration >= 0)).then(duration),
        fate=clock.fate(),
        is_excluded=kpi.left_out,
    )
    # Sorted once: lists of times of any group are then in order or nearly so.
    return rows.collect().sort("duration", "fate").lazy()


def _figures(batch: CurveBatch, cases: pl.LazyFrame, cut: str, months: pl.DataFrame) -> pl.LazyFrame:
    """The figures of every period and place of one cut, with n_open and n_excluded."""
    counted = pl.col("duration").is_not_null()
    placed = cases.join(months.lazy(), on="month", maintain_order="left").select(
        cell(place_of(cut)), "duration", "fate", "is_excluded"
    )
    beside = placed.group_by("cell").agg(
        n_open=(counted & (pl.col("fate") == OPEN)).sum().cast(pl.Int64),
        n_excluded=pl.col("is_excluded").sum().cast(pl.Int64),
    )
    figures = batch.summary(placed.filter(counted), ["cell"])
    return split_cells(beside.join(figures, on="cell", how="left"))
