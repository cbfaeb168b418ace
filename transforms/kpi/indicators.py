"""Ready-made indicators: values that others have worked out, each declared in the project that delivers them.

Its KPIs and their records; which values can be used is decided in `transforms/core/indicator_values.py`.
"""

from datetime import date

import polars as pl

from transforms.exactness import published
from transforms.measures.definition import Kpi, Measure, Pick, Record
from transforms.measures.records import EXACT, GRAIN, RECORD
from transforms.settings import Settings
from transforms.units import UNITS
from transforms.vocabulary import SHOWN

KPIS: tuple[Kpi, ...] = ()
FACT = "core.indicator_values"


class ReadyMade(Measure):
    """A value as delivered, with what is delivered beside it."""

    family = "ready_made"

    @property
    def interval(self) -> str:
        """As its publisher gives it."""
        return "as delivered"

    def record(self, figure: Pick) -> Record:
        """What the row says."""
        return {name: figure(name) for name in (*EXACT, "n")} | {"n_undetermined": pl.lit(0)}


def indicator_kpis(settings: Settings) -> tuple[Kpi, ...]:
    """The KPIs that the project declares as indicators."""
    return tuple(
        Kpi(
            code=code,
            title=indicator.title,
            fact=FACT,
            measure=ReadyMade(),
            unit=indicator.unit,
            direction=indicator.direction,
            dates={indicator.basis: "period"},
            slice=("indicator", code),
            minimum=indicator.minimum,
            source=indicator.source,
            definition=indicator.definition,
            formula="as published",
            version=indicator.version,
        )
        for code, indicator in settings.indicators.items()
    )


def is_ready_made(kpi: Kpi) -> bool:
    """Whether the values of a KPI are delivered."""
    return isinstance(kpi.measure, ReadyMade)


def indicator_records(values: pl.LazyFrame, settings: Settings, as_of: date) -> pl.LazyFrame:
    """Records (RECORD, GRAIN) of the values that can be used, none for what was not delivered.

    `values` is core.indicator_values. A period is immature until its last day is over; a value with a mark that
    its indicator withholds is suppressed; without a number of cases a value is ok.
    """
    kpis = pl.LazyFrame(
        [
            (kpi.code, kpi.unit, kpi.direction, kpi.minimum, kpi.definition_version(settings),
             UNITS[kpi.unit].lowest, UNITS[kpi.unit].highest, settings.indicators[kpi.code].withheld_marks)
            for kpi in indicator_kpis(settings)
        ],
        schema={
            "kpi": pl.String, "unit": pl.String, "direction": pl.Int8, "minimum": pl.Int64,
            "definition_version": pl.String, "lowest": pl.Float64, "highest": pl.Float64,
            "withheld_marks": pl.List(pl.String),
        },
        orient="row",
    )  # fmt: skip
    status = (
        pl.when(pl.col("ends_on") > as_of)
        .then(pl.lit("immature"))
        .when(pl.col("withheld_marks").list.contains(pl.col("mark")).fill_null(False))
        .then(pl.lit("suppressed"))
        .when(pl.col("n") < pl.col("minimum"))
        .then(pl.lit("low_n"))
        .otherwise(pl.lit("ok"))
    )
    shown = pl.col("status").is_in(SHOWN)
    return (
        values.filter(pl.col("problem").is_null())
        .rename({"indicator": "kpi"})
        .join(kpis, on="kpi")
        .with_columns(published(pl.col(EXACT)))
        .with_columns(status=status, as_of=pl.lit(as_of), n_excluded=pl.lit(0), n_undetermined=pl.lit(0))
        .with_columns(
            pl.when(shown).then(pl.col(name).clip("lowest", "highest")).alias(name)
            for name in ("value", "ci_low", "ci_high")
        )
        .with_columns(
            pl.when(pl.col("status") != "suppressed").then(name).alias(name)
            for name in ("numerator", "denominator")
        )
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in {**RECORD, **GRAIN}.items())
    )
