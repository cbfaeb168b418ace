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
from transforms.kpi.measured import Facts, cuts_of, measured, of_cuts
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

Member = tuple[Kpi, SurvivalMeasure]


@dataclass(frozen=True)
class CurveBatch:
    """KPIs that read one curve: same cases, same clock, same month, so that it is estimated once."""

    basis: str
    placed_on: str
    clock: Clock
    competing: bool
    members: tuple[Member, ...]

    @property
    def kpi(self) -> Kpi:
        """A KPI that says which cases count; they all say the same."""
        return self.members[0][0]

    def summary(self, cases: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
        """The figures of every group's curve."""
        measures = [measure for _, measure in self.members]
        horizons = sorted({m.horizon for m in measures if isinstance(m, WithinProbability | Incidence)})
        if self.competing:
            return incidence_summary(cases, by, "duration", "fate", of=ENDED, horizons=horizons)
        quantiles = sorted({m.q for m in measures if isinstance(m, SurvivalQuantile)})
        taus = sorted({m.tau for m in measures if isinstance(m, RestrictedMean)})
        if len(taus) > 1:
            codes = ", ".join(kpi.code for kpi, _ in self.members)
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
    kpis: Iterable[Kpi],
    periods: pl.DataFrame,
    cuts: Sequence[str],
    as_of: date,
    ends_at: datetime,
) -> list[pl.DataFrame]:
    """The measured columns of the KPIs on running clocks; `ends_at` is the instant at which the as-of day ends."""
    months = months_of(periods)
    found = []
    for batch in _batches(kpis):
        cases = _cases(batch, facts[batch.kpi.fact], months, cuts, as_of, ends_at)
        own = cuts_of(facts[batch.kpi.fact], cuts)
        figures = pl.collect_all([_figures(batch, cases, cut, months) for cut in own])
        together = of_cuts(dict(zip(own, figures, strict=True)))
        found += [measured(together, kpi, batch.basis, m.record(pl.col)) for kpi, m in batch.members]
    return found


def _batches(kpis: Iterable[Kpi]) -> list[CurveBatch]:
    batches: dict[tuple[object, ...], CurveBatch] = {}
    for kpi in kpis:
        measure = kpi.measure
        if not isinstance(measure, SurvivalMeasure):
            continue
        competing = isinstance(measure, Incidence)
        for basis, placed_on in kpi.dates.items():
            counted = tuple(None if e is None else e.meta.serialize() for e in (kpi.population, kpi.excluded))
            key = (kpi.fact, kpi.slice, *counted, basis, placed_on, measure.clock, competing)
            others = batches[key].members if key in batches else ()
            batches[key] = CurveBatch(basis, placed_on, measure.clock, competing, (*others, (kpi, measure)))
    return list(batches.values())


def _cases(
    batch: CurveBatch,
    fact: pl.LazyFrame,
    months: pl.DataFrame,
    cuts: Sequence[str],
    as_of: date,
    ends_at: datetime,
) -> pl.LazyFrame:
    """One row a case of the wanted months: month, cuts, duration (empty if left out), fate, is_excluded."""
    kpi, clock = batch.kpi, batch.clock
    month = pl.col(batch.placed_on).dt.truncate("1mo")
    wanted = [month.is_in(months["month"].unique().to_list()), pl.col(clock.starts).is_not_null()]
    if kpi.slice:
        wanted.append(pl.col(kpi.slice[0]) == pl.lit(kpi.slice[1]))
    if kpi.population is not None:
        wanted.append(kpi.population.fill_null(False))
    left_out = pl.lit(False) if kpi.excluded is None else kpi.excluded.fill_null(False)
    duration = clock.duration(as_of, ends_at)
    rows = fact.filter(reduce(and_, wanted)).select(
        *(cut for cut in cuts if cut != "company"),
        company=pl.lit("company"),
        month=month,
        duration=pl.when(~left_out & (duration >= 0)).then(duration),
        fate=clock.fate(),
        is_excluded=left_out,
    )
    return rows.collect().lazy()


def _figures(batch: CurveBatch, cases: pl.LazyFrame, cut: str, months: pl.DataFrame) -> pl.LazyFrame:
    """The figures of every period and segment of one cut, with n_open and n_excluded."""
    counted = pl.col("duration").is_not_null()
    placed = cases.select("month", pl.col(cut).alias("segment"), "duration", "fate", "is_excluded")
    beside = (
        placed.group_by("month", "segment")
        .agg(n_open=(counted & (pl.col("fate") == OPEN)).sum(), n_excluded=pl.col("is_excluded").sum())
        .join(months.lazy(), on="month")
        .group_by("period", "segment")
        .agg(pl.col("n_open", "n_excluded").sum().cast(pl.Int64))
    )
    rows = placed.join(months.lazy(), on="month").filter(counted)
    return beside.join(batch.summary(rows, ["period", "segment"]), on=["period", "segment"], how="left")
