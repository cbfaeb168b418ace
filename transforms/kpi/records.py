"""From facts to KPI records: every KPI, cut and period at once.

Sums are taken once a month and segment and added up to whatever period asks for them; quantiles and curves are
taken from the cases of each period. Nothing here knows a particular KPI.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from transforms.exactness import compared, published
from transforms.kpi.batches import batched
from transforms.kpi.definition import Kpi
from transforms.kpi.measured import EARLY, NUMBERS, PERIOD, Figures, Series, measured
from transforms.kpi.measures import Count, PerExposure, Stock
from transforms.kpi.places import Facts, Places
from transforms.kpi.stocks import Stocks, stocks
from transforms.kpi.survival_measures import SurvivalMeasure
from transforms.kpi.survival_records import survival
from transforms.kpi.units import into_range, is_in_range, of_unit
from transforms.periods import end_of_day, without_rolling
from transforms.settings import Settings

RECORD: Mapping[str, type[pl.DataType]] = {
    "kpi": pl.String,
    "period": pl.Date,
    "basis": pl.String,
    "cut": pl.String,
    "segment": pl.String,
    "as_of": pl.Date,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "value": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "n": pl.Int64,
    "n_excluded": pl.Int64,
    "n_undetermined": pl.Int64,
    "unit": pl.String,
    "direction": pl.Int8,
    "status": pl.String,
    "definition_version": pl.String,
}


EXACT = ("numerator", "denominator", "value", "ci_low", "ci_high")


def kpi_records(
    facts: Facts, kpis: Sequence[Kpi], periods: pl.DataFrame, *, as_of: date, settings: Settings
) -> pl.DataFrame:
    """One record a KPI, period, basis, cut and segment; with the grain of the period if `periods` has grains.

    `facts` by table name; `periods` has starts_on and ends_on, each of whole months, and perhaps grain: then
    the records have grain and ends_on as well. A KPI whose
    columns are all empty is not_applicable; a segment without a case is no_data, or 0 for a count.
    """
    grain = {"grain": pl.String, "ends_on": pl.Date} if "grain" in periods.columns else {}
    if periods.is_empty():
        return pl.DataFrame(schema={**RECORD, **grain})
    periods = periods.with_columns(period=pl.int_range(pl.len(), dtype=PERIOD))
    absent = _absent(facts, kpis)
    places = Places.of(facts, settings.cuts)
    pairs = [(kpi, basis) for kpi in kpis for basis in (kpi.dates or {"stock": ""})]
    every = [Series(number, kpi, basis) for number, (kpi, basis) in enumerate(pairs)]
    series = [s for s in every if s.kpi.code not in absent]
    # Curves need the single cases, too many of them for windows that overlap: they have none of those.
    apart = without_rolling(periods)
    counted = Stocks(places, periods)
    figures = [
        *batched(series, periods, as_of, places, counted),
        *stocks(series, periods, places, counted),
        *survival(series, apart, places, as_of, end_of_day(as_of, settings.time_zone)),
    ]
    for one in every:
        if one.kpi.code in absent:
            own = apart if isinstance(one.kpi.measure, SurvivalMeasure) else periods
            figures.append(Figures.of(one, own, places, {}))
    rules = _rules(every, absent, settings)
    return _stated(measured(figures), rules, periods, places, as_of).select(*RECORD, *grain)


def _absent(facts: Facts, kpis: Sequence[Kpi]) -> set[str]:
    """The codes of the KPIs whose columns have no value at all."""
    needs = {kpi.code: _needs(kpi) for kpi in kpis}
    wanted: dict[str, set[str]] = {}
    for fact, column in {
        place for alternatives in needs.values() for any_of in alternatives for place in any_of
    }:
        wanted.setdefault(fact, set()).add(column)
    frames = [
        facts[fact].select(pl.col(sorted(columns)).is_not_null().any()) for fact, columns in wanted.items()
    ]
    present = {
        (fact, column)
        for fact, row in zip(wanted, pl.collect_all(frames), strict=True)
        for column, filled in row.row(0, named=True).items()
        if filled
    }
    return {
        code for code, alternatives in needs.items() if not all(any_of & present for any_of in alternatives)
    }


def _needs(kpi: Kpi) -> list[set[tuple[str, str]]]:
    """The columns, as (fact, column), without which the KPI cannot be; of each set one is enough."""
    needs = [{(kpi.fact, column)} for column in (*kpi.measure.needs, *kpi.needs, *kpi.dates.values())]
    if isinstance(kpi.measure, PerExposure):
        exposure = kpi.measure.exposure
        fed = {("core.exposure_months", exposure.feed_column)} if exposure.feed_column else set()
        counted = {(exposure.flow.fact, exposure.flow.enters_on)} if exposure.flow else set()
        needs.append(counted | fed)
    return needs


def _rules(series: Sequence[Series], absent: set[str], settings: Settings) -> pl.DataFrame:
    """What all records of a series have in common, one row a series."""
    rows = [
        (
            s.kpi.code,
            s.basis,
            s.kpi.unit,
            s.kpi.direction,
            s.kpi.definition_version(settings),
            s.kpi.horizon_days if s.basis == "cohort" else 0,
            s.kpi.minimum,
            s.kpi.suppress_below,
            isinstance(s.kpi.measure, Count | Stock),
            s.kpi.code in absent,
        )
        for s in series
    ]
    schema = {
        "kpi": pl.String, "basis": pl.String, "unit": pl.String, "direction": pl.Int8,
        "definition_version": pl.String, "horizon_days": pl.Int64, "minimum": pl.Int64,
        "suppress_below": pl.Int64, "counts": pl.Boolean, "absent": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _stated(
    found: pl.DataFrame, rules: pl.DataFrame, periods: pl.DataFrame, places: Places, as_of: date
) -> pl.DataFrame:
    """The records with status, names of KPI and segment, and without a value where the status allows none."""
    mature_on = pl.col("ends_on") + pl.duration(days="horizon_days")
    zeros = [
        pl.when(pl.col("counts")).then(pl.col(name).fill_null(0.0)).otherwise(pl.col(name)).alias(name)
        for name in ("numerator", "value", "n")
    ]
    status = (
        pl.when(pl.col("absent"))
        .then(pl.lit("not_applicable"))
        .when((mature_on > as_of) | pl.col(EARLY).fill_null(False))
        .then(pl.lit("immature"))
        .when(pl.col("value").is_null() | _is_none_of_its_unit())
        .then(pl.lit("no_data"))
        .when(compared(pl.col("n")) < pl.col("suppress_below"))
        .then(pl.lit("suppressed"))
        .when(compared(pl.col("n")) < pl.col("minimum"))
        .then(pl.lit("low_n"))
        .otherwise(pl.lit("ok"))
    )
    shown = pl.col("status").is_in(["ok", "low_n"])
    # Numbers of series, periods and places are rows of these frames: nothing has to be looked up.
    known = [
        found.select(*NUMBERS, EARLY),
        rules[found["series"]],
        periods.drop("period")[found["period"]],
        places.frame.drop("place")[found["place"]],
    ]
    return (
        pl.concat(known, how="horizontal")
        .lazy()
        .with_columns(zeros)
        .with_columns(published(pl.col(EXACT)))
        .with_columns(status=status, as_of=pl.lit(as_of))
        .with_columns(
            pl.when(shown).then(into_range(pl.col(c))).alias(c) for c in ("value", "ci_low", "ci_high")
        )
        .with_columns(pl.col("n", "n_excluded", "n_undetermined").fill_null(0).round().cast(pl.Int64))
        .rename({"starts_on": "period"})
        .with_columns(pl.col(name).cast(dtype) for name, dtype in RECORD.items())
        .collect()
    )


def _is_none_of_its_unit() -> pl.Expr:
    """Whether a quotient has a value that its unit does not have: of premium paid back, or a share above 1.

    Such a record has its numerator and denominator, so that checks can tell it, but no value.
    """
    is_quotient = of_unit("is_quotient").fill_null(False)
    return is_quotient & ~((pl.col("denominator") > 0) & is_in_range(pl.col("value"))).fill_null(False)
