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
from transforms.kpi.measured import EARLY, EXACT, Facts, cuts_of, measured, nothing_measured, of_cuts
from transforms.kpi.measures import Count, PerExposure, Stock
from transforms.kpi.stocks import stocks, with_exposure
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


@dataclass(frozen=True)
class Planned:
    """A KPI with the columns of its statistics; equal statistics of several KPIs share a column."""

    kpi: Kpi
    columns: Mapping[str, str]
    cases: Mapping[str, Statistic]
    excluded: str


@dataclass(frozen=True)
class Batch:
    """KPIs that share a fact and the date that places a case in a month, so that one group-by serves all.

    `slices` are the columns that tell the fact's kinds of rows apart, if these KPIs ask for one kind each.
    """

    fact: str
    basis: str
    placed_on: str
    issue_months: int
    cumulative: bool
    slices: tuple[str, ...]
    members: tuple[Planned, ...]

    @property
    def statistics(self) -> dict[str, Statistic]:
        """Every column to compute, once."""
        return {name: statistic for member in self.members for name, statistic in member.cases.items()}

    @property
    def exposures(self) -> dict[str, Exposure]:
        """What its rates are per."""
        measures = [m.kpi.measure for m in self.members]
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
    periods = periods.with_columns(period=pl.int_range(pl.len()))
    applicable, absent = _by_applicability(facts, kpis)
    segments = _segments(facts, settings.cuts)
    ends_at = end_of_day(as_of, settings.time_zone)
    found = [
        nothing_measured(),
        *_batched(facts, applicable, periods, as_of, settings.cuts, segments),
        *stocks(facts, applicable, periods, settings.cuts, segments),
        *survival(facts, applicable, without_rolling(periods), settings.cuts, as_of, ends_at),
    ]
    spine = _spine(facts, kpis, periods, segments)
    joined = spine.join(pl.concat(found), on=["kpi", "basis", "period", "cut", "segment"], how="left")
    return _with_status(joined, kpis, absent, as_of, settings).select(*RECORD, *grain)


def _by_applicability(facts: Facts, kpis: Sequence[Kpi]) -> tuple[list[Kpi], set[str]]:
    """The KPIs whose columns have any value, and the codes of the others."""
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
    absent = {
        code for code, alternatives in needs.items() if not all(any_of & present for any_of in alternatives)
    }
    return [kpi for kpi in kpis if kpi.code not in absent], absent


def _needs(kpi: Kpi) -> list[set[tuple[str, str]]]:
    """The columns, as (fact, column), without which the KPI cannot be; of each set one is enough."""
    needs = [{(kpi.fact, column)} for column in (*kpi.measure.needs, *kpi.needs, *kpi.dates.values())]
    if isinstance(kpi.measure, PerExposure):
        exposure = kpi.measure.exposure
        fed = {("core.exposure_months", exposure.feed_column)} if exposure.feed_column else set()
        counted = {(exposure.flow.fact, exposure.flow.enters_on)} if exposure.flow else set()
        needs.append(counted | fed)
    return needs


def _segments(facts: Facts, cuts: Sequence[str]) -> pl.DataFrame:
    """The segments of every cut that occur in any fact."""
    frames = [pl.DataFrame({"cut": ["company"], "segment": ["company"]})]
    for cut in cuts[1:]:
        names = [
            frame.select(pl.col(cut).alias("segment")).unique()
            for frame in facts.values()
            if cut in frame.collect_schema()
        ]
        if names:
            found = pl.concat(pl.collect_all(names)).unique().drop_nulls().sort("segment")
            frames.append(found.select(pl.lit(cut).alias("cut"), "segment"))
    return pl.concat(frames)


def _batches(kpis: Iterable[Kpi], as_of: date) -> list[Batch]:
    groups: dict[tuple[str, str, str, int, bool, tuple[str, ...]], list[Planned]] = {}
    for kpi in kpis:
        if not isinstance(kpi.measure, Stock | SurvivalMeasure | FlowMeasure):
            planned = _planned(kpi, as_of)
            for basis, placed_on in kpi.dates.items():
                slices = (kpi.slice[0],) if kpi.slice else ()
                key = (kpi.fact, basis, placed_on, kpi.issue_months, kpi.cumulative, slices)
                groups.setdefault(key, []).append(planned)
    return [Batch(*key, tuple(members)) for key, members in groups.items()]


def _planned(kpi: Kpi, as_of: date) -> Planned:
    """The KPI's statistics restricted to the cases that count, each under a name made of its expression."""
    in_population = pl.lit(True) if kpi.population is None else kpi.population.fill_null(False)
    left_out = pl.lit(False) if kpi.excluded is None else kpi.excluded.fill_null(False)
    columns: dict[str, str] = {}
    cases: dict[str, Statistic] = {}
    for name, statistic in kpi.measure.statistics(as_of).items():
        counted = pl.when(in_population & ~left_out).then(statistic.cases)
        columns[name] = _column_name(counted)
        cases[columns[name]] = Statistic(counted, statistic.keeps_values)
    excluded = (in_population & left_out).cast(pl.Float64)
    cases[_column_name(excluded)] = Statistic(excluded)
    return Planned(kpi, columns, cases, _column_name(excluded))


def _column_name(cases: pl.Expr) -> str:
    return f"statistic_{sha256(cases.meta.serialize()).hexdigest()[:16]}"


def _batched(
    facts: Facts,
    kpis: Sequence[Kpi],
    periods: pl.DataFrame,
    as_of: date,
    cuts: Sequence[str],
    segments: pl.DataFrame,
) -> list[pl.DataFrame]:
    """The measured columns of all KPIs that count cases."""
    found: list[pl.DataFrame] = []
    for batch in _batches(kpis, as_of):
        months = _month_windows(batch, facts, periods)
        prepared = _prepared(batch, facts[batch.fact], months)
        own = cuts_of(facts[batch.fact], cuts)
        merged = pl.collect_all([_merged(prepared, batch, cut, months) for cut in own])
        frames = dict(zip(own, merged, strict=True))
        for exposure in batch.exposures.values():
            for cut in own:
                frames[cut] = with_exposure(frames[cut], exposure, facts, cut, periods, segments)
        together = of_cuts(frames)
        found += [_recorded(together, member, batch.basis) for member in batch.members]
    return found


def _month_windows(batch: Batch, facts: Facts, periods: pl.DataFrame) -> pl.DataFrame:
    """Which months of cases belong to which period: month, period and the slice columns they hold for."""
    if batch.issue_months:
        return _mature_issue_months(facts[batch.fact], batch, periods)
    if batch.cumulative:
        return periods.select("period", month=pl.col("ends_on").dt.truncate("1mo"))
    return months_of(periods)


def _mature_issue_months(fact: pl.LazyFrame, batch: Batch, periods: pl.DataFrame) -> pl.DataFrame:
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
    first = pl.col("month").max().over(*slices, "period").dt.offset_by(f"-{batch.issue_months - 1}mo")
    return pairs.filter(pl.col("month") >= first).select(*slices, "month", "period")


def _prepared(batch: Batch, fact: pl.LazyFrame, months: pl.DataFrame) -> pl.LazyFrame:
    """The cases of the wanted months with one column a statistic."""
    return (
        fact.with_columns(month=pl.col(batch.placed_on).dt.truncate("1mo"), company=pl.lit("company"))
        .filter(pl.col("month").is_in(months["month"].unique().to_list()))
        .with_columns(
            (s.cases if s.keeps_values else s.cases.cast(EXACT)).alias(name)
            for name, s in batch.statistics.items()
        )
    )


def _merged(prepared: pl.LazyFrame, batch: Batch, cut: str, months: pl.DataFrame) -> pl.LazyFrame:
    """The statistics of every period, segment and slice of one cut."""
    kept = [name for name, statistic in batch.statistics.items() if statistic.keeps_values]
    added = [name for name in batch.statistics if name not in kept]
    by_month = prepared.group_by(*batch.slices, "month", pl.col(cut).alias("segment")).agg(
        pl.col(kept).drop_nulls(), pl.col(added).sum()
    )
    placed = by_month.join(months.lazy(), on=[c for c in months.columns if c != "period"], how="inner")
    if not months.height == months["period"].n_unique() == months["month"].n_unique():
        placed = placed.group_by(*batch.slices, "period", "segment").agg(
            pl.col(kept).explode().drop_nulls(), pl.col(added).sum()
        )
    return placed.with_columns(pl.col(kept).list.sort(), pl.col(added).cast(pl.Float64))


def _recorded(frame: pl.DataFrame, member: Planned, basis: str) -> pl.DataFrame:
    """The measured columns of one KPI."""
    kpi = member.kpi
    if kpi.slice:
        frame = frame.filter(pl.col(kpi.slice[0]) == kpi.slice[1])
    record = kpi.measure.record(lambda name: pl.col(member.columns[name]))
    return measured(frame, kpi, basis, {**record, "n_excluded": pl.col(member.excluded)})


def _spine(facts: Facts, kpis: Sequence[Kpi], periods: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Every record there has to be, measured or not: of the cuts that the KPI's fact knows.

    Curves need the single cases, too many of them for windows that overlap: they have none of those.
    """
    curves = [kpi for kpi in kpis if isinstance(kpi.measure, SurvivalMeasure)]
    others = [kpi for kpi in kpis if not isinstance(kpi.measure, SurvivalMeasure)]

    def places(chosen: Sequence[Kpi], of: pl.DataFrame) -> pl.DataFrame:
        pairs = [(kpi.code, basis, kpi.fact) for kpi in chosen for basis in (kpi.dates or {"stock": ""})]
        schema = {"kpi": pl.String, "basis": pl.String, "fact": pl.String}
        return pl.DataFrame(pairs, schema=schema, orient="row").join(of, how="cross")

    cuts = segments["cut"].unique(maintain_order=True).to_list()
    known = [(fact, cut) for fact, frame in facts.items() for cut in cuts_of(frame, cuts)]
    cuts_of_fact = pl.DataFrame(known, schema={"fact": pl.String, "cut": pl.String}, orient="row")
    both = pl.concat([places(others, periods), places(curves, without_rolling(periods))])
    return both.join(cuts_of_fact, on="fact").drop("fact").join(segments, on="cut")


def _with_status(
    joined: pl.DataFrame, kpis: Sequence[Kpi], absent: set[str], as_of: date, settings: Settings
) -> pl.DataFrame:
    """The records with status, and without a value where the status allows none."""
    rules = pl.DataFrame(
        [
            (
                kpi.code,
                kpi.unit,
                kpi.direction,
                kpi.definition_version(settings),
                kpi.horizon_days,
                kpi.minimum,
                kpi.suppress_below,
                isinstance(kpi.measure, Count | Stock),
                kpi.code in absent,
            )
            for kpi in kpis
        ],
        schema=[
            "kpi", "unit", "direction", "definition_version",
            "horizon_days", "minimum", "suppress_below", "counts", "absent",
        ],
        orient="row",
    )  # fmt: skip
    horizon = pl.when(pl.col("basis") == "cohort").then("horizon_days").otherwise(0)
    mature_on = pl.col("ends_on") + pl.duration(days=horizon)
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
        joined.join(rules, on="kpi", how="left")
        .with_columns(zeros)
        .with_columns(status=status, as_of=pl.lit(as_of))
        .with_columns(pl.when(shown).then(c).alias(c) for c in ("value", "ci_low", "ci_high"))
        .with_columns(pl.col("n", "n_excluded", "n_undetermined").fill_null(0).round().cast(pl.Int64))
        .with_columns(period="starts_on")
        .with_columns(pl.col(name).cast(dtype) for name, dtype in RECORD.items())
    )
