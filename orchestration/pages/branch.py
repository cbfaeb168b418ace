"""A branch: its KPIs beside the company's, their months, where records and customers disagree, its open work."""

from collections.abc import Iterator

from markupsafe import Markup

from orchestration.pages.did_it_help import ACTION_COLUMNS, ACTIONS, ACTIONS_ORDER
from orchestration.pages.edition import BRANCHES, Edition
from orchestration.pages.lines import MULTIPLE, line
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Row, Table
from orchestration.pages.small_cells import shown_counts, shown_records

MONTHS_SHOWN = 24
_RECORDS = shown_records("cut = {cut} AND period = {month}")
DISTANCES = f"""
    WITH shown AS ({_RECORDS})
    SELECT branch.segment, branch.kpi, branch.basis, branch.unit, branch.value, branch.ci_low, branch.ci_high, branch.n,
        company.value AS company_value, branch.value - company.value AS distance, funnels.position, funnels.is_good
    FROM marts.kpi_trend AS branch
    INNER JOIN shown
        ON shown.kpi = branch.kpi AND shown.basis = branch.basis AND shown.segment = branch.segment AND shown.is_shown
    LEFT JOIN marts.kpi_trend AS company
        ON company.kpi = branch.kpi AND company.basis = branch.basis AND company.period = branch.period
        AND company.cut = 'company'
    LEFT JOIN kpi.funnels AS funnels
        ON funnels.kpi = branch.kpi AND funnels.basis = branch.basis AND funnels.period = branch.period
        AND funnels.cut = branch.cut AND funnels.segment = branch.segment
    WHERE branch.cut = {{cut}} AND branch.period = {{month}}
        AND ((branch.kpi || ' ' || branch.basis) IN {{headlines}} OR funnels.position <> 'within')
"""
WORST_FIRST = """
    CASE WHEN coalesce(position, 'within') = 'within' THEN 2 WHEN is_good THEN 1 ELSE 0 END, kpi, basis
"""
MONTHS = f"""
    WITH shown AS ({
    shown_records(
        "cut = {cut} AND ((kpi || ' ' || basis) IN {headlines} "
        "OR (kpi, basis) IN (SELECT (kpi, basis) FROM marts.actions WHERE cut = {cut})) "
        "AND period > {month} - INTERVAL {months} MONTH AND period <= {month}"
    )
})
    SELECT signals.segment, signals.kpi, signals.basis, signals.period, definitions.unit,
        CASE WHEN shown.is_shown THEN signals.value END AS value, signals.lower, signals.centre, signals.upper,
        signals.is_signal, signals.is_good, EXISTS (
            FROM marts.actions AS actions WHERE actions.kpi = signals.kpi AND actions.basis = signals.basis
                AND actions.cut = signals.cut AND actions.segment = signals.segment
                AND date_trunc('month', actions.done_on) = signals.period
        ) AS is_action
    FROM kpi.signals AS signals
    INNER JOIN shown
        ON shown.kpi = signals.kpi AND shown.basis = signals.basis AND shown.cut = signals.cut
        AND shown.segment = signals.segment AND shown.period = signals.period
    LEFT JOIN catalog.kpis AS definitions ON definitions.kpi = signals.kpi
    WHERE (signals.kpi || ' ' || signals.basis) IN {{headlines}} OR (signals.kpi, signals.basis, signals.segment) IN (
        SELECT (kpi, basis, segment) FROM marts.actions WHERE cut = {{cut}}
    )
"""
QUALITY = f"""
    SELECT segment, kpi, basis, CASE WHEN is_shown THEN n END AS n, n_excluded, n_undetermined, status
    FROM ({_RECORDS}) WHERE (kpi || ' ' || basis) IN {{headlines}}
"""
SCORES = """
    SELECT segment, framework, level, node, score, grade, change_on_month, coverage, signal FROM marts.index_trend
    WHERE cut = {cut} AND period = {month} AND level <= 1
"""
GAPS = """
    SELECT segment, dimension, objective_score, perceived_score, gap_points, reading FROM marts.gap_map
    WHERE cut = {cut} AND period = {month} AND stage = 'all'
"""
SURVEYS = shown_counts(
    """
    SELECT org_unit AS segment, stage, count(*) AS answers_count,
        count(*) FILTER (answered_on >= {month} - INTERVAL 2 MONTH) AS answers_quarter_count
    FROM core.survey_responses
    WHERE is_valid AND NOT is_audit AND answered_on >= {month} - INTERVAL 11 MONTH
        AND answered_on < {month} + INTERVAL 1 MONTH
    GROUP BY org_unit, stage
    """,
    "answers_count", ("answers_count", "answers_quarter_count"), key="segment", within="stage",
)  # fmt: skip
OPEN_CLAIMS = shown_counts(
    """
    SELECT org_unit AS segment, age_bucket, sum(cases)::BIGINT AS open_claims,
        coalesce(sum(cases) FILTER (is_past_decision_limit), 0)::BIGINT AS past_limit
    FROM marts.claims_open GROUP BY org_unit, age_bucket
    """,
    "open_claims", ("open_claims", "past_limit"), key="age_bucket", within="segment",
)  # fmt: skip
COMPLAINTS = shown_counts(
    """
    SELECT org_unit AS segment, category, sum(received_count)::BIGINT AS received_count,
        CASE WHEN sum(decided_count) >= {fewest} THEN sum(uphold_credit) / sum(decided_count) END AS upheld_share
    FROM marts.complaints_by_category
    WHERE period > {month} - INTERVAL 12 MONTH AND period <= {month}
    GROUP BY org_unit, category
    """,
    "received_count", ("received_count", "upheld_share"), key="category", within="segment",
)  # fmt: skip
DISTANCE_COLUMNS = [
    Column("kpi", "kpi"), Column("value", "number", unit_from="unit"), Column("ci_low", "interval", unit_from="unit"),
    Column("company_value", "number", unit_from="unit"), Column("distance", "points", unit_from="unit"),
    Column("position", words="positions"), Column("n", "number", "count"),
]  # fmt: skip
MONTH_COLUMNS = [
    Column("period", "month"), Column("value", "number", unit_from="unit"),
    Column("is_signal", words="yes_no"), Column("is_action", words="yes_no"),
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


QUALITY_COLUMNS = [
    Column("kpi", "kpi"), Column("n", "number", "count"), Column("n_excluded", "number", "count"),
    Column("n_undetermined", "number", "count"), Column("status", words="status"),
]  # fmt: skip
SURVEY_COLUMNS = [
    Column("stage", words="stages"), Column("answers_quarter_count", "number", "count"),
    Column("answers_count", "number", "count"),
]  # fmt: skip
# Of each table the name, the query on all branches, its columns and its order.
TABLES = {
    "scores": ("scores", SCORES, SCORE_COLUMNS, "framework, level, node"),
    "distances": ("distances", DISTANCES, DISTANCE_COLUMNS, WORST_FIRST.strip()),
    "months": ("months", MONTHS, MONTH_COLUMNS, "kpi, basis, period"),
    "actions": ("actions", ACTIONS, ACTION_COLUMNS, ACTIONS_ORDER.strip()),
    "gaps": ("gaps", GAPS, GAP_COLUMNS, "abs(gap_points) DESC, dimension"),
    "surveys": ("surveys", SURVEYS, SURVEY_COLUMNS, "answers_count DESC NULLS LAST, stage"),
    "open_claims": ("open-claims", OPEN_CLAIMS, CLAIM_COLUMNS, "age_bucket"),
    "complaints": ("complaints", COMPLAINTS, COMPLAINT_COLUMNS, "received_count DESC NULLS LAST, category"),
    "quality": ("quality", QUALITY, QUALITY_COLUMNS, "kpi, basis"),
}


def branch_pages(edition: Edition) -> Iterator[Page]:
    """A page for each branch that has a record; what all of them show is asked for at once."""
    asked = {
        "cut": BRANCHES, "month": edition.month, "fewest": edition.options.fewest_cases,
        "headlines": edition.headlines or ["none"], "months": MONTHS_SHOWN,
    }  # fmt: skip
    tables = {
        key: edition.published.parts(name, sql, columns, by="segment", order=order, **asked)
        for key, (name, sql, columns, order) in TABLES.items()
    }
    for segment, address in edition.branches.items():
        content = {key: table(segment) for key, table in tables.items()}
        yield Page(
            address,
            "branch.html",
            edition.segment_name(BRANCHES, segment),
            {**content, "multiples": _multiples(content["months"]), "segment": segment},
            list(content.values()),
        )


def _multiples(months: Table) -> list[tuple[list[Row], Markup]]:
    """The months of each KPI, with their small chart."""
    return [(rows, line(rows, MULTIPLE)) for _, rows in months.groups("kpi", "basis")]
