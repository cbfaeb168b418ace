"""A branch: its KPIs beside the company's, their months, where records and customers disagree, its open work."""

from collections.abc import Iterator

from markupsafe import Markup

from orchestration.pages.edition import BRANCHES, Edition
from orchestration.pages.lines import MULTIPLE, line
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Row, Table

MONTHS_SHOWN = 24
DISTANCES = """
    SELECT branch.kpi, branch.basis, branch.unit, branch.value, branch.ci_low, branch.ci_high, branch.n,
        company.value AS company_value, branch.value - company.value AS distance, funnels.position, funnels.is_good
    FROM marts.kpi_trend AS branch
    LEFT JOIN marts.kpi_trend AS company
        ON company.kpi = branch.kpi AND company.basis = branch.basis AND company.period = branch.period
        AND company.cut = 'company'
    LEFT JOIN kpi.funnels AS funnels
        ON funnels.kpi = branch.kpi AND funnels.basis = branch.basis AND funnels.period = branch.period
        AND funnels.cut = branch.cut AND funnels.segment = branch.segment
    WHERE branch.cut = {cut} AND branch.segment = {segment} AND branch.period = {month} AND branch.n >= {fewest}
        AND ((branch.kpi || ' ' || branch.basis) IN {headlines} OR funnels.position <> 'within')
    ORDER BY
        CASE WHEN coalesce(funnels.position, 'within') = 'within' THEN 2 WHEN funnels.is_good THEN 1 ELSE 0 END,
        branch.kpi, branch.basis
"""
MONTHS = """
    SELECT signals.kpi, signals.basis, signals.period, definitions.unit, signals.value, signals.lower, signals.centre,
        signals.upper, signals.is_signal, signals.is_good
    FROM kpi.signals AS signals LEFT JOIN catalog.kpis AS definitions USING (kpi)
    WHERE signals.cut = {cut} AND signals.segment = {segment} AND (signals.kpi || ' ' || signals.basis) IN {headlines}
        AND signals.period > {month} - INTERVAL {months} MONTH AND signals.period <= {month}
    ORDER BY signals.kpi, signals.basis, signals.period
"""
SCORES = """
    SELECT framework, node, score, grade, change_on_month, coverage, signal FROM marts.index_trend
    WHERE cut = {cut} AND segment = {segment} AND period = {month} AND level <= 1
    ORDER BY framework, level, node
"""
GAPS = """
    SELECT dimension, objective_score, perceived_score, gap_points, reading FROM marts.gap_map
    WHERE cut = {cut} AND segment = {segment} AND period = {month} AND stage = 'all'
    ORDER BY abs(gap_points) DESC
"""
OPEN_CLAIMS = """
    SELECT age_bucket, CASE WHEN count(*) >= {fewest} THEN count(*) END AS open_claims,
        CASE WHEN count(*) >= {fewest} THEN count(*) FILTER (is_past_decision_limit) END AS past_limit
    FROM marts.claims_open WHERE org_unit = {segment}
    GROUP BY age_bucket ORDER BY min(age_days)
"""
COMPLAINTS = """
    SELECT category, CASE WHEN sum(received_count) >= {fewest} THEN sum(received_count)::BIGINT END AS received_count,
        CASE WHEN sum(decided_count) >= {fewest} THEN sum(uphold_credit) / sum(decided_count) END AS upheld_share
    FROM marts.complaints_by_category
    WHERE org_unit = {segment} AND period > {month} - INTERVAL 12 MONTH AND period <= {month}
    GROUP BY category ORDER BY sum(received_count) DESC, category
"""
DISTANCE_COLUMNS = [
    Column("kpi", "kpi"), Column("value", "number", unit_from="unit"), Column("ci_low", "interval", unit_from="unit"),
    Column("company_value", "number", unit_from="unit"), Column("distance", "points", unit_from="unit"),
    Column("position", words="positions"), Column("n", "number", "count"),
]  # fmt: skip
MONTH_COLUMNS = [
    Column("kpi", "kpi"), Column("period", "month"), Column("value", "number", unit_from="unit"),
    Column("is_signal", words="yes_no"),
]  # fmt: skip
SCORE_COLUMNS = [
    Column("node", "node_of"), Column("score", "number", "score_0_100"), Column("grade"),
    Column("change_on_month", "points", "score_0_100"), Column("coverage", "number", "share"),
    Column("signal", words="signals"),
]  # fmt: skip
GAP_COLUMNS = [
    Column("dimension", words="dimensions"), Column("objective_score", "number", "score_0_100"),
    Column("perceived_score", "number", "score_0_100"), Column("gap_points", "points", "score_0_100"),
    Column("reading", words="readings"),
]  # fmt: skip
CLAIM_COLUMNS = [
    Column("age_bucket"), Column("open_claims", "number", "count"), Column("past_limit", "number", "count")
]  # fmt: skip
COMPLAINT_COLUMNS = [
    Column("category"), Column("received_count", "number", "count"), Column("upheld_share", "number", "share")
]  # fmt: skip


def branch_pages(edition: Edition) -> Iterator[Page]:
    """A page for each branch that has a record."""
    for segment, address in edition.branches.items():
        yield _branch(edition, segment, address)


def _branch(edition: Edition, segment: str, address: str) -> Page:
    asked = {
        "cut": BRANCHES, "segment": segment, "month": edition.month, "fewest": edition.options.fewest_cases,
        "headlines": edition.headlines or ["none"], "months": MONTHS_SHOWN,
    }  # fmt: skip
    ask = edition.published.table
    months = ask("months", MONTHS, MONTH_COLUMNS, **asked)
    content: dict[str, Table] = {
        "scores": ask("scores", SCORES, SCORE_COLUMNS, **asked),
        "distances": ask("distances", DISTANCES, DISTANCE_COLUMNS, **asked),
        "gaps": ask("gaps", GAPS, GAP_COLUMNS, **asked),
        "open_claims": ask("open-claims", OPEN_CLAIMS, CLAIM_COLUMNS, **asked),
        "complaints": ask("complaints", COMPLAINTS, COMPLAINT_COLUMNS, **asked),
    }
    return Page(
        address,
        "branch.html",
        edition.segment_name(BRANCHES, segment),
        {**content, "months": months, "multiples": _multiples(months), "segment": segment},
        [*content.values(), months],
    )


def _multiples(months: Table) -> list[tuple[Row, Markup]]:
    """The months of each KPI as a small chart, with its newest row."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in months.rows():
        grouped.setdefault((row["kpi"], row["basis"]), []).append(row)
    return [(rows[-1], line(rows, MULTIPLE)) for rows in grouped.values()]
