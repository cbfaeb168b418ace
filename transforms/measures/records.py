"""From facts to KPI records: every KPI, cut and period at once.

Each family of measures finds its figures from what cases come to by month and segment; which of them say something,
and with which status, is decided here. Nothing knows a particular KPI.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from transforms.exactness import compared, published
from transforms.measures.case_sources import CaseSource, Counted, Filled
from transforms.measures.definition import Flow, Kpi
from transforms.measures.families import Families
from transforms.measures.figures import EARLY, NUMBERS, PERIOD, Figures, Scope, Series, numbers_of
from transforms.measures.needs import Needs, bases_of, firsts_of
from transforms.measures.records_since import Records, Since, kept_of, recipe_of
from transforms.measures.rolling import Windows, with_windows
from transforms.measures.segments import Parted, Segments
from transforms.measures.wanted import Differences, Wanted
from transforms.model import Columns
from transforms.origins import Firsts
from transforms.periods import end_of_day
from transforms.settings import Settings
from transforms.units import TOLERANCE, UNITS
from transforms.vocabulary import SHOWN, STATUSES

RECORD: Columns = {
    "kpi": (pl.String, "Code of the KPI."),
    "period": (pl.Date, "First day of the month."),
    "basis": (
        pl.String,
        "cohort: cases received in the month; period: closed in it; stock: there at its end.",
    ),
    "cut": (pl.String, "What the company is divided by; company: the whole."),
    "segment": (pl.String, "The part of the cut."),
    "as_of": (pl.Date, "Day up to which records were known."),
    "numerator": (pl.Float64, "Numerator."),
    "denominator": (pl.Float64, "Denominator."),
    "value": (pl.Float64, "Value in its unit; empty unless status is ok or low_n. Shares are fractions."),
    "ci_low": (pl.Float64, "Lower end of the 95 % interval."),
    "ci_high": (pl.Float64, "Upper end of the 95 % interval."),
    "n": (pl.Int64, "Cases that determine the value."),
    "n_excluded": (pl.Int64, "Cases left out because their records contradict each other, or by rule."),
    "n_undetermined": (pl.Int64, "Cases whose outcome is not known yet."),
    "unit": (pl.String, "Unit of the value."),
    "direction": (pl.Int8, "1: higher is better, -1: lower is better, 0: neither."),
    "status": (pl.String, f"{', '.join(STATUSES[:-1])} or {STATUSES[-1]}."),
    "definition_version": (
        pl.String,
        "Version of the definition; never compare two versions as one series.",
    ),
}
# What records of periods of several lengths have as well.
GRAIN: Columns = {
    "grain": (pl.String, "quarter, half_year, year, or rolling_12: the twelve months up to a month's end."),
    "ends_on": (pl.Date, "Last day of the period."),
}

EXACT = ("numerator", "denominator", "value", "ci_low", "ci_high")


def kpi_records(
    facts: Mapping[str, Parted],
    kpis: Sequence[Kpi],
    periods: pl.DataFrame,
    *,
    as_of: date,
    settings: Settings,
    needs: Needs | None = None,
    recorded: pl.DataFrame | None = None,
    lost: Collection[str] = (),
    windows: Windows = MappingProxyType({}),
) -> pl.DataFrame:
    """One record per KPI, period, basis, cut and segment; with the grain of the period if `periods` has grains.

    `facts` by table name, whole or in parts, a row being a case, or as many as its column `cases` says. `periods` has
    starts_on and ends_on, each of whole months, and perhaps grain: then the records have grain and ends_on as well.
    `recorded` (item, recorded_from) says since when the sources record what: a KPI that `needs` what they do not is
    not_applicable, and so is a period before (see `needs.py`). Without needs everything is taken as recorded but
    columns of facts that are all empty. A segment without a case is no_data, or 0 for a count. So is a KPI that needs
    one of the feeds `lost`, most of whose rows meet none of those they are about (see core.key_matches). `windows`
    asks for records of some KPIs over several months up to each month beside those (see `rolling.py`).

    >>> from transforms.measures.case_measures import Share
    >>> from transforms.periods import month_periods
    >>> in_time = Kpi(
    ...     code="in_time", title="Decided in time", fact="core.cases", unit="share", direction=1, source="House rule",
    ...     dates={"cohort": "on"}, measure=Share(of=pl.col("is_in_time"), among=pl.lit(True)),
    ... )
    >>> cases = pl.LazyFrame({"on": [date(2025, 3, day) for day in (3, 4, 5, 6)], "is_in_time": [True] * 3 + [False]})
    >>> march = month_periods([date(2025, 3, 1)])
    >>> settings = Settings(time_zone="UTC", cuts=("company",))
    >>> found = kpi_records({"core.cases": cases}, [in_time], march, as_of=date(2025, 4, 1), settings=settings)
    >>> found.select("period", "segment", "value", "n", "status").row(0)
    (datetime.date(2025, 3, 1), 'company', 0.75, 4, 'ok')
    """
    made = records_since(
        None, facts, kpis, periods, as_of=as_of, settings=settings, needs=needs, recorded=recorded, lost=lost,
        windows=windows,
    )  # fmt: skip
    return made.anew


def records_since(
    since: Since | None,
    facts: Mapping[str, Parted],
    kpis: Sequence[Kpi],
    periods: pl.DataFrame,
    *,
    as_of: date,
    settings: Settings,
    needs: Needs | None = None,
    recorded: pl.DataFrame | None = None,
    lost: Collection[str] = (),
    windows: Windows = MappingProxyType({}),
) -> Records:
    """The same records but for those that are as they were on an earlier day; all of them since None."""
    if since and (since.kept.as_of > as_of or since.kept.cuts != tuple(settings.cuts)):
        since = None
    columns = {**RECORD, **GRAIN} if "grain" in periods.columns else RECORD
    periods = periods.with_columns(period=pl.int_range(pl.len(), dtype=PERIOD))
    cases = CaseSource(facts, settings, columns_of(kpis), since.counted(settings) if since else Counted())
    pairs = [(kpi, basis) for kpi in kpis for basis in bases_of(kpi)]
    every = [Series(number, kpi, basis) for number, (kpi, basis) in enumerate(pairs)]
    needs = (needs or Needs.undeclared(settings, cases.schemas)).with_facts(cases.schemas)
    filled = cases.filled(_columns_to_be_filled(needs, every))
    firsts = _firsts(recorded, filled)
    applicable = _applicable(every, needs, firsts, lost)
    rules = _rules(every, applicable, settings)

    def is_recorded(flow: Flow) -> bool:
        return needs.flow(flow).since(firsts) is not None

    def families(day: date) -> Families:
        scope = Scope(periods, cases.segments, day, end_of_day(day, settings.time_zone))
        return Families.of(scope, cases.state, is_recorded)

    recipes = [
        recipe_of(one.kpi, row, windows.get((one.kpi.code, one.basis)), list(map(is_recorded, one.kpi.flows)),
                  cases.segments_of(one.kpi.fact).names.keys())
        for one, row in zip(every, rules.iter_rows(), strict=True)
    ]  # fmt: skip
    wanted = every
    if since:
        differences = Differences(cases, since, as_of, kpis)
        wanted = Wanted(differences, periods, windows, families(as_of), families(since.kept.as_of)).of(
            every, recipes
        )
    figures = list(_figures(families(as_of), wanted, applicable, cases))
    every_period, longer = with_windows(periods, figures, windows)
    anew = _stated(numbers_of([*figures, *longer]), rules, every_period, cases.segments, as_of).select(
        *columns
    )
    said = rules.select("kpi", "basis", recipe=pl.Series(recipes, dtype=pl.String))
    kept = kept_of(as_of, cases, filled, every_period, said)
    return Records(anew, cases.segments.frame, kept)


@dataclass(frozen=True)
class _Applicable:
    """From which day a series says something (None: never) and has cases, and whether what it needs is lost."""

    since: date | None
    cases_since: date | None
    reach_days: int
    is_lost: bool


def _applicable(
    series: Sequence[Series], needs: Needs, firsts: Firsts, lost: Collection[str]
) -> dict[int, _Applicable]:
    """Of each series by its number."""
    met = {item: first for item, first in firsts.items() if item.partition(".")[0] not in lost}
    found = {}
    for one in series:
        asked = needs.of(one.kpi, one.basis)
        since, is_lost = asked.since(firsts), asked.since(met) is None
        found[one.number] = _Applicable(since, asked.cases.since(firsts), asked.reach_days, is_lost)
    return found


def columns_of(kpis: Iterable[Kpi]) -> dict[str, set[str]]:
    """The columns of each fact that some KPIs are made from."""
    found: dict[str, set[str]] = {}
    for kpi in kpis:
        for fact, columns in kpi.columns.items():
            found.setdefault(fact, set()).update(columns)
    return found


def _figures(
    families: Families, series: Sequence[Series], applicable: Mapping[int, _Applicable], cases: CaseSource
) -> Iterator[Figures]:
    """The figures of every series, fact by fact, those first whose cases others are held against."""
    telling = [one for one in series if applicable[one.number].since]
    flows = [flow for one in telling for flow in one.kpi.flows]
    for fact in dict.fromkeys([*(flow.fact for flow in flows), *(one.kpi.fact for one in telling)]):
        families.stocks.count(flow for flow in flows if flow.fact == fact)
        own = [one for one in telling if one.kpi.fact == fact]
        for name, family in families.by_name.items():
            yield from family.figures([one for one in own if one.kpi.measure.family == name])
    # Those that never say anything have periods and segments, but no figures.
    scope = families.stocks.scope
    for one in series:
        if not applicable[one.number].since:
            yield Figures.of(one, scope, cases.segments_of(one.kpi.fact), {})


def _columns_to_be_filled(needs: Needs, series: Sequence[Series]) -> dict[str, set[str]]:
    """The columns of facts whose origin is unknown, which are recorded if they are filled."""
    wanted: dict[str, set[str]] = {}
    for name in {name for s in series for need in needs.of(s.kpi, s.basis).needs for name in need.items}:
        fact, _, column = name.rpartition(".")
        if column in needs.schemas.get(fact, {}):
            wanted.setdefault(fact, set()).add(column)
    return wanted


def _firsts(recorded: pl.DataFrame | None, filled: Filled) -> Firsts:
    """The first days of all that was ever recorded; of what is filled and nothing else is known, always."""
    days = {} if recorded is None else firsts_of(recorded)
    return days | {f"{fact}.{column}": date.min for (fact, column), rows in filled.items() if rows}


def _rules(
    series: Sequence[Series], applicable: Mapping[int, _Applicable], settings: Settings
) -> pl.DataFrame:
    """What all records of a series have in common, one row per series."""
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
            s.kpi.measure.is_count,
            applicable[s.number].since,
            applicable[s.number].cases_since or date.min,
            applicable[s.number].reach_days,
            applicable[s.number].is_lost,
            UNITS[s.kpi.unit].lowest,
            UNITS[s.kpi.unit].highest,
            UNITS[s.kpi.unit].is_quotient,
        )
        for s in series
    ]
    schema = {
        "kpi": pl.String, "basis": pl.String, "unit": pl.String, "direction": pl.Int8,
        "definition_version": pl.String, "horizon_days": pl.Int64, "minimum": pl.Int64,
        "suppress_below": pl.Int64, "counts": pl.Boolean,
        "since": pl.Date, "cases_since": pl.Date, "reach_days": pl.Int64, "is_lost": pl.Boolean,
        "lowest": pl.Float64, "highest": pl.Float64, "is_quotient": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _stated(
    found: pl.DataFrame, rules: pl.DataFrame, periods: pl.DataFrame, segments: Segments, as_of: date
) -> pl.DataFrame:
    """The records with status, names of KPI and segment, and without a value where the status allows none."""
    mature_on = pl.col("ends_on") + pl.duration(days="horizon_days")
    zeros = [
        pl.when(pl.col("counts")).then(pl.col(name).fill_null(0.0)).otherwise(pl.col(name)).alias(name)
        for name in ("numerator", "value", "n")
    ]
    status = (
        pl.when(~_recorded())
        .then(pl.lit("not_applicable"))
        .when((mature_on > as_of) | pl.col(EARLY).fill_null(False))
        .then(pl.lit("immature"))
        .when(pl.col("is_lost") | pl.col("value").is_null() | _is_none_of_its_unit())
        .then(pl.lit("no_data"))
        .when(compared(pl.col("n")) < pl.col("suppress_below"))
        .then(pl.lit("suppressed"))
        .when(compared(pl.col("n")) < pl.col("minimum"))
        .then(pl.lit("low_n"))
        .otherwise(pl.lit("ok"))
    )
    shown = pl.col("status").is_in(SHOWN)
    # Numbers of series, periods and segments are rows of these frames: nothing has to be looked up.
    known = [
        found.select(*NUMBERS, EARLY),
        rules[found["series"]],
        periods.drop("period")[found["period"]],
        segments.frame[found["segment_no"]],
    ]
    return (
        pl.concat(known, how="horizontal")
        .lazy()
        .with_columns(zeros)
        .with_columns(published(pl.col(EXACT)))
        .with_columns(status=status, as_of=pl.lit(as_of))
        .with_columns(
            pl.when(shown).then(pl.col(c).clip("lowest", "highest")).alias(c)
            for c in ("value", "ci_low", "ci_high")
        )
        .with_columns(
            pl.when(pl.col("status") != "not_applicable").then(c).alias(c)
            for c in ("n", "n_excluded", "n_undetermined")
        )
        .with_columns(
            # Of few respondents a quotient could be worked out from its two sides.
            pl.when(~pl.col("status").is_in(["not_applicable", "suppressed"])).then(c).alias(c)
            for c in ("numerator", "denominator")
        )
        .with_columns(pl.col("n", "n_excluded", "n_undetermined").fill_null(0).round().cast(pl.Int64))
        .rename({"starts_on": "period"})
        .with_columns(pl.col(name).cast(dtype) for name, (dtype, _) in RECORD.items())
        .collect()
    )


def _is_none_of_its_unit() -> pl.Expr:
    """Whether a quotient has a value that its unit does not have: of premium paid back, or a share above 1.

    Such a record has its numerator and denominator, so that checks can tell it, but no value.
    """
    in_range = pl.col("value").is_between(pl.col("lowest") - TOLERANCE, pl.col("highest") + TOLERANCE)
    return pl.col("is_quotient") & ~((pl.col("denominator") > 0) & in_range).fill_null(False)


def _recorded() -> pl.Expr:
    """Whether what a record needs was recorded: by when its first cases, those of the month they begin in, are judged.

    So a period is judged by its earliest month with cases: one in which only later months are recorded would count
    nothing in the earlier ones as something that did not happen.
    """
    begins = pl.max_horizontal("starts_on", "cases_since")
    judged_on = pl.min_horizontal(begins.dt.month_end(), "ends_on") + pl.duration(days="reach_days")
    return (judged_on >= pl.col("since")).fill_null(False)
