"""A measure: what it means, its months, its segments, its signals and the quality of its data; and the list of all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orchestration.pages.charts import Figure
from orchestration.pages.edition import Edition
from orchestration.pages.lines import WHOLE, line
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Row, Table
from orchestration.pages.small_cells import shown_records

LIST_ADDRESS = "kpis.html"
MONTHS_SHOWN = 36
MOST_SEGMENTS = 30
BASES = ("cohort", "period", "stock")
DEFINITIONS = """
    SELECT kpi, title, definition, formula, counts, leaves_out, unit, direction, bases, minimum, source,
        definition_version, interval, example, example_value, for_index, needs, lacks, recorded_from
    FROM catalog.kpis
"""
ALL = """
    SELECT latest.kpi, latest.basis, latest.period, latest.unit,
        CASE WHEN latest.n >= {fewest} THEN latest.value END AS value,
        CASE WHEN latest.n >= {fewest} THEN latest.ci_low END AS ci_low,
        CASE WHEN latest.n >= {fewest} THEN latest.ci_high END AS ci_high, latest.n, latest.status,
        signals.rule, signals.is_signal, signals.is_good
    FROM marts.kpi_latest AS latest
    LEFT JOIN kpi.signals AS signals USING (kpi, basis, cut, segment, period)
    WHERE latest.cut = 'company'
    ORDER BY latest.kpi, latest.basis
"""
MONTHS = """
    SELECT monthly.kpi, monthly.period, monthly.basis, monthly.unit,
        CASE WHEN monthly.n >= {fewest} THEN monthly.value END AS value,
        CASE WHEN monthly.n >= {fewest} THEN monthly.ci_low END AS ci_low,
        CASE WHEN monthly.n >= {fewest} THEN monthly.ci_high END AS ci_high,
        CASE WHEN monthly.n >= {fewest} OR monthly.n = 0 THEN monthly.n END AS n,
        monthly.n_excluded, monthly.n_undetermined, monthly.status, signals.lower, signals.centre, signals.upper,
        signals.is_signal, signals.is_good, signals.rule
    FROM kpi.monthly AS monthly
    LEFT JOIN kpi.signals AS signals USING (kpi, basis, cut, segment, period)
    WHERE monthly.basis = {basis} AND monthly.cut = 'company' AND monthly.period > {month} - INTERVAL {months} MONTH
"""
SEGMENTS = f"""
    WITH shown AS ({shown_records("cut <> 'company'")})
    SELECT latest.kpi, cut, segment, basis, period, unit, value, ci_low, ci_high, latest.n, latest.status
    FROM marts.kpi_latest AS latest INNER JOIN shown USING (kpi, basis, cut, segment, period)
    WHERE shown.is_shown AND value IS NOT NULL
"""
SIGNALS = f"""
    WITH shown AS ({shown_records("period = {month} OR cut = 'company'")})
    SELECT found.measure AS kpi, found.basis, found.cut, found.segment, found.period, definitions.unit,
        CASE WHEN shown.is_shown THEN found.value END AS value, found.centre, found.rule, found.is_good,
        true AS is_signal
    FROM marts.signals AS found
    INNER JOIN shown
        ON shown.kpi = found.measure AND shown.basis = found.basis AND shown.cut = found.cut
        AND shown.segment = found.segment AND shown.period = found.period
    LEFT JOIN catalog.kpis AS definitions ON definitions.kpi = found.measure
    WHERE found.kind = 'kpi' AND found.period > {{month}} - INTERVAL 12 MONTH AND found.period <= {{month}}
"""
VERSIONS = """
    SELECT kpi, definition_version, min(period) AS told_from, max(period) AS told_to, max(published_at) AS published_at
    FROM kpi.history WHERE cut = 'company' GROUP BY kpi, definition_version
"""
ALL_COLUMNS = [
    Column("kpi", "kpi"), Column("period", "month"), Column("variation", "variation"),
    Column("value", "number", unit_from="unit"), Column("ci_low", "interval", unit_from="unit"),
    Column("n", "number", "count"), Column("status", words="status"),
]  # fmt: skip
MONTH_COLUMNS = [
    Column("period", "month"), Column("value", "number", unit_from="unit"),
    Column("ci_low", "interval", unit_from="unit"), Column("n", "number", "count"),
    Column("n_excluded", "number", "count"), Column("n_undetermined", "number", "count"),
    Column("lower", "number", unit_from="unit"), Column("upper", "number", unit_from="unit"),
    Column("variation", "variation"), Column("status", words="status"),
]  # fmt: skip
SEGMENT_COLUMNS = [
    Column("segment", "segment"), Column("period", "month"), Column("value", "number", unit_from="unit"),
    Column("ci_low", "interval", unit_from="unit"), Column("n", "number", "count"),
]  # fmt: skip


SIGNAL_COLUMNS = [
    Column("period", "month"), Column("segment", "segment"), Column("variation", "variation"),
    Column("rule", "sentence"),
]  # fmt: skip
VERSION_COLUMNS = [
    Column("definition_version"), Column("told_from", "month"), Column("told_to", "month"),
    Column("published_at", "day"),
]  # fmt: skip


def measure_list(edition: Edition) -> Page:
    """All measures with their newest value of the company."""
    table = edition.published.table("all", ALL, ALL_COLUMNS, fewest=edition.options.fewest_cases)
    return Page(
        LIST_ADDRESS, "measure_list.html", edition.words.say("kpis_page.title"), {"all": table}, [table]
    )


def measure_pages(edition: Edition) -> Iterator[Page]:
    """A page for each measure; what all of them show is asked for at once."""
    asked = {"month": edition.month, "months": MONTHS_SHOWN, "fewest": edition.options.fewest_cases}

    def by_kpi(
        name: str, sql: str, columns: Sequence[Column], order: str, **more: str
    ) -> Callable[[str], Table]:
        return edition.published.parts(name, sql, columns, by="kpi", order=order, **asked, **more)

    definitions = by_kpi("definition", DEFINITIONS, (), "title")
    trends = {
        basis: by_kpi(f"months-{basis}", MONTHS, MONTH_COLUMNS, "period", basis=basis) for basis in BASES
    }
    tables = {
        "segments": by_kpi("segments", SEGMENTS, SEGMENT_COLUMNS, "basis, cut, value DESC, segment"),
        "signals": by_kpi(
            "signals", SIGNALS, SIGNAL_COLUMNS, "period DESC, cut <> 'company', cut, segment, basis"
        ),
        "versions": by_kpi("versions", VERSIONS, VERSION_COLUMNS, "told_from, definition_version"),
    }
    for kpi, address in edition.kpis.items():
        content = {key: table(kpi) for key, table in tables.items()}
        shown = [_trend(edition, basis, of(kpi)) for basis, of in trends.items()]
        shown = [trend for trend in shown if trend.table]
        yield Page(
            address,
            "measure.html",
            edition.kpi_title(kpi),
            {
                **content,
                "definition": definitions(kpi).rows()[0],
                "kpi": kpi,
                "trends": shown,
                "divisions": list(_divisions(content["segments"])),
            },
            [*(trend.table for trend in shown), *content.values()],
        )


@dataclass(frozen=True)
class Division:
    """The newest values of the segments of a cut on one basis, high to low; of very many (`count`) only both ends."""

    basis: str
    cut: str
    rows: list[Row]
    count: int


def _divisions(segments: Table) -> Iterator[Division]:
    for (basis, cut), rows in segments.groups("basis", "cut"):
        end = MOST_SEGMENTS // 2
        shown = rows if len(rows) <= MOST_SEGMENTS else rows[:end] + rows[-end:]
        yield Division(basis, cut, shown, len(rows))


def _trend(edition: Edition, basis: str, table: Table) -> Figure:
    return Figure(edition.words.name("bases", basis), line(table.rows(), WHOLE), table)
