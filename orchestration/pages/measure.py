"""A measure: what it means, its months, its segments, its signals and the quality of its data; and the list of all."""

from collections.abc import Iterator

from orchestration.pages.charts import Figure
from orchestration.pages.edition import Edition
from orchestration.pages.lines import WHOLE, line
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Table

LIST_ADDRESS = "kpis.html"
MONTHS_SHOWN = 36
DEFINITIONS = """
    SELECT kpi, title, definition, formula, counts, leaves_out, unit, direction, bases, minimum, source,
        definition_version, interval, example, example_value, for_index, needs, lacks, recorded_from
    FROM catalog.kpis WHERE kpi = {kpi}
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
    SELECT monthly.period, monthly.basis, monthly.unit, monthly.value, monthly.ci_low, monthly.ci_high, monthly.n,
        monthly.n_excluded, monthly.n_undetermined, monthly.status, signals.lower, signals.centre, signals.upper,
        signals.is_signal, signals.is_good, signals.rule
    FROM kpi.monthly AS monthly
    LEFT JOIN kpi.signals AS signals USING (kpi, basis, cut, segment, period)
    WHERE monthly.kpi = {kpi} AND monthly.basis = {basis} AND monthly.cut = 'company'
        AND monthly.period > {month} - INTERVAL {months} MONTH AND (monthly.n >= {fewest} OR monthly.n IS NULL
        OR monthly.value IS NULL)
    ORDER BY monthly.period
"""
SEGMENTS = """
    SELECT cut, segment, basis, period, unit, value, ci_low, ci_high, n, status FROM marts.kpi_latest
    WHERE kpi = {kpi} AND cut <> 'company' AND n >= {fewest} AND value IS NOT NULL
    ORDER BY basis, cut, value DESC, segment
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
    Column("segment", "segment"), Column("cut", words="cuts"), Column("basis", words="bases"),
    Column("period", "month"), Column("value", "number", unit_from="unit"),
    Column("ci_low", "interval", unit_from="unit"), Column("n", "number", "count"),
]  # fmt: skip


def measure_list(edition: Edition) -> Page:
    """All measures with their newest value of the company."""
    table = edition.published.table("all", ALL, ALL_COLUMNS, fewest=edition.options.fewest_cases)
    return Page(
        LIST_ADDRESS, "measure_list.html", edition.words.say("kpis_page.title"), {"all": table}, [table]
    )


def measure_pages(edition: Edition) -> Iterator[Page]:
    """A page for each measure."""
    for kpi, address in edition.kpis.items():
        yield _measure(edition, kpi, address)


def _measure(edition: Edition, kpi: str, address: str) -> Page:
    ask, fewest = edition.published.table, edition.options.fewest_cases
    definition = ask("definition", DEFINITIONS, kpi=kpi)
    found = definition.rows()[0]
    trends = [
        _trend(edition, kpi, basis.strip()) for basis in str(found["bases"] or "").split(",") if basis.strip()
    ]
    segments = ask("segments", SEGMENTS, SEGMENT_COLUMNS, kpi=kpi, fewest=fewest)
    tables: list[Table] = [*(trend.table for trend in trends), segments]
    return Page(
        address,
        "measure.html",
        edition.kpi_title(kpi),
        {"definition": found, "trends": trends, "segments": segments},
        tables,
    )


def _trend(edition: Edition, kpi: str, basis: str) -> Figure:
    table = edition.published.table(
        f"months-{basis}", MONTHS, MONTH_COLUMNS, kpi=kpi, basis=basis, month=edition.month, months=MONTHS_SHOWN,
        fewest=edition.options.fewest_cases,
    )  # fmt: skip
    return Figure(edition.words.name("bases", basis), line(table.rows(), WHOLE), table)
