"""What next: the signals that cost the index most, the work that waits, and what people complain about."""

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column

ADDRESS = "what-next.html"
MOST_SIGNALS = 10
SIGNALS = """
    WITH cost AS (
        SELECT kpi, basis, cut, segment, min(contribution_points) AS contribution_points
        FROM marts.index_change WHERE period = {month} GROUP BY kpi, basis, cut, segment
    )
    SELECT signals.measure AS kpi, signals.basis, definitions.unit,
        any_value(signals.is_good) AS is_good, count(*) AS segments_count,
        list(signals.cut || ': ' || signals.segment ORDER BY signals.cut = 'company' DESC, signals.cut, signals.segment)
            AS segments,
        first(signals.value ORDER BY signals.cut = 'company' DESC, signals.cut, signals.segment) AS value,
        first(signals.centre ORDER BY signals.cut = 'company' DESC, signals.cut, signals.segment) AS centre,
        first(signals.rule ORDER BY signals.cut = 'company' DESC, signals.cut, signals.segment) AS rule,
        min(cost.contribution_points) AS contribution_points, true AS is_signal
    FROM marts.signals AS signals
    LEFT JOIN cost
        ON cost.kpi = signals.measure AND cost.basis = signals.basis AND cost.cut = signals.cut
        AND cost.segment = signals.segment
    LEFT JOIN catalog.kpis AS definitions ON definitions.kpi = signals.measure
    WHERE signals.period = {month} AND signals.kind = 'kpi'
    GROUP BY signals.measure, signals.basis, definitions.unit, signals.is_good
    ORDER BY CASE WHEN signals.is_good THEN 2 WHEN signals.is_good IS NULL THEN 1 ELSE 0 END,
        contribution_points NULLS LAST, segments_count DESC, kpi, signals.basis
"""
OPEN_CLAIMS = """
    SELECT org_unit,
        CASE WHEN count(*) >= {fewest} THEN count(*) END AS open_claims,
        CASE WHEN count(*) >= {fewest} THEN count(*) FILTER (is_past_decision_limit) END AS past_limit,
        CASE WHEN count(*) >= {fewest} THEN count(*) FILTER (is_awaiting_payment) END AS awaiting_payment,
        CASE WHEN count(*) >= {fewest} THEN max(age_days) END AS oldest_days
    FROM marts.claims_open GROUP BY org_unit ORDER BY count(*) DESC, org_unit
"""
CASES = """
    SELECT claim_id, org_unit, claim_type, reported_on, age_days, is_past_decision_limit, is_awaiting_payment
    FROM marts.claims_open ORDER BY is_past_decision_limit DESC, age_days DESC, claim_id LIMIT 50
"""
TOPICS = """
    WITH quarters AS (
        SELECT category,
            sum(received_count) FILTER (period > {month} - INTERVAL 3 MONTH AND period <= {month}) AS now,
            sum(received_count) FILTER (period <= {month} - INTERVAL 3 MONTH
                AND period > {month} - INTERVAL 6 MONTH) AS before
        FROM marts.complaints_by_category GROUP BY category
    )
    SELECT category, CASE WHEN now >= {fewest} THEN now::BIGINT END AS quarter_count,
        CASE WHEN before >= {fewest} THEN before::BIGINT END AS quarter_before_count,
        CASE WHEN now >= {fewest} AND before >= {fewest} THEN (now - before)::BIGINT END AS change_count
    FROM quarters WHERE now > 0 OR before > 0 ORDER BY now DESC NULLS LAST, category
"""
SIGNAL_COLUMNS = [
    Column("kpi", "kpi"), Column("variation", "variation"), Column("rule", "sentence"),
    Column("segments", "segments"), Column("contribution_points", "points", "score_0_100"),
]  # fmt: skip
CLAIM_COLUMNS = [
    Column("org_unit", "branch"), Column("open_claims", "number", "count"), Column("past_limit", "number", "count"),
    Column("awaiting_payment", "number", "count"), Column("oldest_days", "number", "days"),
]  # fmt: skip
CASE_COLUMNS = [
    Column("claim_id"), Column("org_unit", "branch"), Column("claim_type"), Column("reported_on", "day"),
    Column("age_days", "number", "days"), Column("is_past_decision_limit", words="yes_no"),
    Column("is_awaiting_payment", words="yes_no"),
]  # fmt: skip
TOPIC_COLUMNS = [
    Column("category"), Column("quarter_count", "number", "count"), Column("quarter_before_count", "number", "count"),
    Column("change_count", "points", "count"),
]  # fmt: skip


def what_next(edition: Edition) -> Page:
    """The page of work: signals, bad first, then cases, then topics."""
    ask, asked = edition.published.table, {"month": edition.month, "fewest": edition.options.fewest_cases}
    tables = {
        "signals": ask("signals", SIGNALS, SIGNAL_COLUMNS, **asked),
        "open_claims": ask("open-claims", OPEN_CLAIMS, CLAIM_COLUMNS, **asked),
        "topics": ask("topics", TOPICS, TOPIC_COLUMNS, **asked),
    }
    if edition.options.show_case_ids:
        tables["cases"] = ask("cases", CASES, CASE_COLUMNS)
    title = edition.words.say("next.title")
    return Page(ADDRESS, "what_next.html", title, {**tables, "most": MOST_SIGNALS}, list(tables.values()))
