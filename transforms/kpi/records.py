"""From facts to KPI records: every KPI, cut and period at once, by group-by over months and merging.

The statistics of a month and segment are computed once and merged into whatever period asks for them;
nothing here knows a particular KPI.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from transforms.kpi.definition import Exposure, Kpi, Statistic
from transforms.kpi.flow_measures import FlowMeasure
from transforms.kpi.measured import (
    EARLY,
    PERIOD,
    SERIES,
    Facts,
    Series,
    cell,
    measured,
    nothing_measured,
    split_cells,
)
from transforms.kpi.measures import Count, PerExposure, Stock
from transforms.kpi.places import Places, place_of
from transforms.kpi.stocks import Stocks, stocks
from transforms.kpi.survival_measures import SurvivalMeasure
from transforms.kpi.survival_records import survival
from transforms.periods import end_of_day, months_of, without_rolling
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


# The latest mature issue months that a period takes (0: its own months), and whether only its last month.
Window = tuple[int, bool]


@dataclass(frozen=True)
class Planned:
    """A series with the columns of its statistics; equal statistics of several KPIs share a column."""

    series: Series
    columns: Mapping[str, str]
    cases: Mapping[str, Statistic]
    excluded: str

    @property
    def window(self) -> Window:
        """Which months of cases its periods take."""
        return self.series.kpi.issue_months, self.series.kpi.cumulative


@dataclass(frozen=True)
class Batch:
    """Series that share a fact and the date that places a case in a month, so that one group-by serves all.

    `slices` are the columns that tell the fact's kinds of rows apart, if these KPIs ask for one kind each.
    """

    fact: str
    placed_on: str
    slices: tuple[str, ...]
    members: tuple[Planned, ...]

    @property
    def statistics(self) -> dict[str, Statistic]:
        """Every column to compute, once."""
        return {name: statistic for member in self.members for name, statistic in member.cases.items()}

    @property
    def kept(self) -> list[str]:
        """The columns kept as values."""
        return [name for name, statistic in self.statistics.items() if statistic.keeps_values]

    @property
    def added(self) -> list[str]:
        """The columns added up."""
        return [name for name, statistic in self.statistics.items() if not statistic.keeps_values]

    @property
    def exposures(self) -> dict[str, Exposure]:
        """What its rates are per."""
        measures = [m.series.kpi.measure for m in self.members]
        return {m.exposure.name: m.exposure for m in measures if isinstance(m, PerExposure)}


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
    placed = {name: places.placed(fact) for name, fact in facts.items()}
    pairs = [(kpi, basis) for kpi in kpis for basis in (kpi.dates or {"stock": ""})]
    every = [Series(number, kpi, basis) for number, (kpi, basis) in enumerate(pairs)]
    series = [s for s in every if s.kpi.code not in absent]
    counted = Stocks(placed, places, periods)
    found = [
        nothing_measured(),
        *_batched(placed, series, periods, as_of, places, counted),
        *stocks(series, counted),
        *survival(
            placed, series, without_rolling(periods), places, as_of, end_of_day(as_of, settings.time_zone)
        ),
    ]
    spine = _spine(facts, every, periods, places)
    joined = spine.join(pl.concat(found), on=["series", "period", "place"], how="left", maintain_order="left")
    stated = _with_status(joined, every, periods, absent, as_of)
    return _named(stated, every, places, settings).select(*RECORD, *grain)


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


def _batches(series: Iterable[Series], as_of: date) -> list[Batch]:
    groups: dict[tuple[str, str, tuple[str, ...]], list[Planned]] = {}
    for one in series:
        kpi = one.kpi
        if not isinstance(kpi.measure, Stock | SurvivalMeasure | FlowMeasure):
            slices = (kpi.slice[0],) if kpi.slice else ()
            key = (kpi.fact, kpi.dates[one.basis], slices)  # type: ignore[index]
            groups.setdefault(key, []).append(_planned(one, as_of))
    return [Batch(*key, tuple(members)) for key, members in groups.items()]


def _planned(series: Series, as_of: date) -> Planned:
    """The KPI's statistics restricted to the cases that count, each under a name made of its expression."""
    kpi = series.kpi
    in_population, left_out = kpi.in_population, kpi.left_out
    columns: dict[str, str] = {}
    cases: dict[str, Statistic] = {}
    for name, statistic in kpi.measure.statistics(as_of).items():
        counted = pl.when(in_population & ~left_out).then(statistic.cases)
        columns[name] = _column_name(counted)
        cases[columns[name]] = Statistic(counted, statistic.keeps_values)
    excluded = in_population & left_out
    cases[_column_name(excluded)] = Statistic(excluded)
    return Planned(series, columns, cases, _column_name(excluded))


def _column_name(cases: pl.Expr) -> str:
    return f"statistic_{sha256(cases.meta.serialize()).hexdigest()[:16]}"


def _batched(
    facts: Facts,
    series: Sequence[Series],
    periods: pl.DataFrame,
    as_of: date,
    places: Places,
    counted: Stocks,
) -> list[pl.DataFrame]:
    """The measured columns of all KPIs that count cases."""
    found: list[pl.DataFrame] = []
    for batch in _batches(series, as_of):
        cuts = places.cuts_of(facts[batch.fact])
        windows = {
            window: _months(window, batch, facts, periods) for window in {m.window for m in batch.members}
        }
        rows = _prepared(batch, facts[batch.fact], pl.concat(w["month"] for w in windows.values()), cuts)
        sums = places.added(rows, [*batch.slices, "month"], batch.added, cuts)
        for window, months in windows.items():
            frame = _merged(sums, rows, batch, months, cuts)
            for exposure in batch.exposures.values():
                frame = counted.with_exposure(frame, exposure, cuts)
            found += [_recorded(frame, member) for member in batch.members if member.window == window]
    return found


def _months(window: Window, batch: Batch, facts: Facts, periods: pl.DataFrame) -> pl.DataFrame:
    """Which months of cases belong to which period: month, period and the slice columns they hold for."""
    issue_months, is_cumulative = window
    if is_cumulative:
        return periods.select("period", month=pl.col("ends_on").dt.truncate("1mo"))
    if issue_months:
        return _mature_issue_months(facts[batch.fact], batch, issue_months, periods)
    return months_of(periods)


def _mature_issue_months(fact: pl.LazyFrame, batch: Batch, count: int, periods: pl.DataFrame) -> pl.DataFrame:
    """For each period the latest issue months in which every policy was mature at its end, by the day rule."""
    slices = list(batch.slices)
    matured = (
        fact.group_by(*slices, month=pl.col(batch.placed_on))
        .agg(pl.col("matures_on").max())
        .sort("month")
        # Months are taken in order: one counts only when all before it are mature as well.
        .with_columns(pl.col("matures_on").cum_max().over(slices))
        .collect()
    )
    pairs = matured.join(periods.select("period", "ends_on"), how="cross").filter(
        pl.col("matures_on") <= pl.col("ends_on")
    )
    first = pl.col("month").max().over(*slices, "period").dt.offset_by(f"-{count - 1}mo")
    return pairs.filter(pl.col("month") >= first).select(*slices, "month", "period")


def _prepared(batch: Batch, fact: pl.LazyFrame, months: pl.Series, cuts: Sequence[str]) -> pl.DataFrame:
    """The cases of the wanted months: slices, month, places and one column a statistic."""
    return (
        fact.with_columns(month=pl.col(batch.placed_on).dt.truncate("1mo"))
        .filter(pl.col("month").is_in(months.unique().to_list()))
        .select(
            *batch.slices,
            "month",
            *(place_of(cut) for cut in cuts),
            *(statistic.cases.alias(name) for name, statistic in batch.statistics.items()),
        )
        .collect()
    )


def _merged(
    sums: pl.DataFrame, rows: pl.DataFrame, batch: Batch, months: pl.DataFrame, cuts: Sequence[str]
) -> pl.DataFrame:
    """The statistics of every period, place and slice, from the sums of months and the values of cases."""
    by = [*batch.slices, "period", "place"]
    placed = sums.join(months, on=[c for c in months.columns if c != "period"])
    if months.height != months["period"].n_unique() or months.height != months["month"].n_unique():
        placed = placed.group_by(by).agg(pl.col(batch.added).sum())
    frame = placed.select(*by, pl.col(batch.added).cast(pl.Float64))
    for name in batch.kept:
        frame = frame.join(_values(rows, batch.slices, name, months, cuts), on=by, how="left")
    return frame.with_columns(pl.col(name).fill_null([]) for name in batch.kept)


def _values(
    rows: pl.DataFrame, slices: Sequence[str], name: str, months: pl.DataFrame, cuts: Sequence[str]
) -> pl.DataFrame:
    """The values of every period, place and slice, in ascending order."""
    known = rows.lazy().select(*slices, "month", *map(place_of, cuts), pl.col(name).cast(pl.Float64))
    key = [c for c in months.columns if c != "period"]
    # Sorted once: a group keeps the order of its rows.
    ascending = known.filter(pl.col(name).is_not_null()).sort(name)
    spread = ascending.join(months.lazy(), on=key, maintain_order="left").collect().lazy()
    by_cell = [spread.group_by(*slices, cell(place_of(cut))).agg(name) for cut in cuts]
    return split_cells(pl.concat(by_cell)).select(*slices, "period", "place", name).collect()


def _recorded(frame: pl.DataFrame, member: Planned) -> pl.DataFrame:
    """The measured columns of one series."""
    kpi = member.series.kpi
    if kpi.slice:
        frame = frame.filter(pl.col(kpi.slice[0]) == kpi.slice[1])
    record = kpi.measure.record(lambda name: pl.col(member.columns[name]))
    return measured(frame, member.series, {**record, "n_excluded": pl.col(member.excluded)})


def _spine(facts: Facts, series: Sequence[Series], periods: pl.DataFrame, places: Places) -> pl.DataFrame:
    """series, period and place of every record there has to be, measured or not: of the cuts that its fact knows.

    Curves need the single cases, too many of them for windows that overlap: they have none of those.
    """
    schema = {"series": SERIES, "fact": pl.String}

    def of_periods(chosen: Sequence[Series], of: pl.DataFrame) -> pl.DataFrame:
        rows = [(s.number, s.kpi.fact) for s in chosen]
        return pl.DataFrame(rows, schema=schema, orient="row").join(of.select("period"), how="cross")

    curves = [s for s in series if isinstance(s.kpi.measure, SurvivalMeasure)]
    others = [s for s in series if not isinstance(s.kpi.measure, SurvivalMeasure)]
    both = pl.concat([of_periods(others, periods), of_periods(curves, without_rolling(periods))])
    known = [(fact, cut) for fact, frame in facts.items() for cut in places.cuts_of(frame)]
    cuts = pl.DataFrame(known, schema={"fact": pl.String, "cut": pl.String}, orient="row")
    of_fact = cuts.join(places.frame.select("cut", "place"), on="cut").select("fact", "place")
    return both.join(of_fact, on="fact", maintain_order="left_right").select("series", "period", "place")


def _with_status(
    joined: pl.DataFrame,
    series: Sequence[Series],
    periods: pl.DataFrame,
    absent: set[str],
    as_of: date,
) -> pl.DataFrame:
    """The records with status, and without a value where the status allows none."""
    rules = pl.DataFrame(
        [
            (
                s.number,
                s.kpi.horizon_days if s.basis == "cohort" else 0,
                s.kpi.minimum,
                s.kpi.suppress_below,
                isinstance(s.kpi.measure, Count | Stock),
                s.kpi.code in absent,
            )
            for s in series
        ],
        schema={
            "series": SERIES, "horizon_days": pl.Int64, "minimum": pl.Int64, "suppress_below": pl.Int64,
            "counts": pl.Boolean, "absent": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip
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
        .when(pl.col("value").is_null())
        .then(pl.lit("no_data"))
        .when(pl.col("n") < pl.col("suppress_below"))
        .then(pl.lit("suppressed"))
        .when(pl.col("n") < pl.col("minimum"))
        .then(pl.lit("low_n"))
        .otherwise(pl.lit("ok"))
    )
    shown = pl.col("status").is_in(["ok", "low_n"])
    return (
        joined.join(rules, on="series", maintain_order="left")
        .join(periods.rename({"starts_on": "begins_on"}), on="period", maintain_order="left")
        .with_columns(zeros)
        .with_columns(status=status, as_of=pl.lit(as_of))
        .with_columns(pl.when(shown).then(c).alias(c) for c in ("value", "ci_low", "ci_high"))
        .with_columns(pl.col("n", "n_excluded", "n_undetermined").fill_null(0).round().cast(pl.Int64))
        .with_columns(period="begins_on")
    )


def _named(frame: pl.DataFrame, series: Sequence[Series], places: Places, settings: Settings) -> pl.DataFrame:
    """The records with the names of their KPI and segment."""
    names = pl.DataFrame(
        [
            (s.number, s.kpi.code, s.basis, s.kpi.unit, s.kpi.direction, s.kpi.definition_version(settings))
            for s in series
        ],
        schema={
            "series": SERIES, "kpi": pl.String, "basis": pl.String, "unit": pl.String, "direction": pl.Int8,
            "definition_version": pl.String,
        },
        orient="row",
    )  # fmt: skip
    return (
        frame.join(names, on="series", maintain_order="left")
        .join(places.frame, on="place", maintain_order="left")
        .with_columns(pl.col(name).cast(dtype) for name, dtype in RECORD.items())
    )
