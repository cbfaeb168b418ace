"""Can I trust it: what was delivered and when, what was refused, which checks did not pass, what does not compare."""

from datetime import date

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column

ADDRESS = "trust.html"
# The newest event that each feed has brought, where it brings events.
FEEDS = """
    WITH newest AS (
        SELECT 'claim_events' AS feed, greatest(max(reported_on), max(decided_on), max(ended_on)) AS newest_on
        FROM core.claims
        UNION ALL SELECT 'complaints', greatest(max(received_on), max(decided_on), max(closed_on)) FROM core.complaints
        UNION ALL SELECT 'survey_answers', max(answered_on) FROM core.survey_responses
        UNION ALL SELECT 'survey_invitations', max(invited_on) FROM core.survey_invitations
        UNION ALL SELECT 'policies', max(issued_on) FROM core.policies
        UNION ALL SELECT 'contacts', max(offered_on) FROM core.contacts
        UNION ALL SELECT 'audits', max(audited_on) FROM core.audits
        UNION ALL SELECT 'service_orders', greatest(max(ordered_on), max(completed_on)) FROM core.service_orders
        UNION ALL SELECT 'applications', greatest(max(started_on), max(decided_on)) FROM core.applications
        UNION ALL SELECT 'texts', max(written_on) FROM core.texts
    ),
    loads AS (
        SELECT feed, max(loaded_at) AS loaded_at, count(*) AS files_count, sum(rows_read)::BIGINT AS rows_read,
            sum(rows_rejected)::BIGINT AS rows_rejected
        FROM catalog.loads WHERE in_force GROUP BY feed
    )
    SELECT feed, loaded_at, newest_on, date_diff('day', newest_on, {as_of}) AS behind_days, files_count, rows_read,
        rows_rejected
    FROM loads LEFT JOIN newest USING (feed) ORDER BY feed
"""
COVERAGE = """
    SELECT framework, node, coverage FROM index.scores
    WHERE cut = 'company' AND period = {month} AND level <= 2 AND (framework, framework_version) IN {inforce}
    ORDER BY framework, level, node
"""
KEYS = """
    SELECT from_feed, from_column, to_feed, n_rows, met_share, likely_reason FROM core.key_matches
    WHERE n_rows > 0 ORDER BY met_share, from_feed, from_column, to_feed
"""
DEFINITIONS = """
    SELECT kpi, definition_version, min(period) AS told_from, max(period) AS told_to, max(published_at) AS published_at
    FROM kpi.history
    WHERE cut = 'company' AND kpi IN (
        SELECT kpi FROM kpi.history WHERE cut = 'company' GROUP BY kpi HAVING count(DISTINCT definition_version) > 1)
    GROUP BY kpi, definition_version ORDER BY kpi, told_from, definition_version
"""
RECORDED = """
    SELECT kpi, recorded_from FROM catalog.kpis
    WHERE recorded_from > (SELECT min(period) FROM kpi.monthly) + INTERVAL 1 MONTH ORDER BY recorded_from DESC, kpi
"""
REJECTS = """
    SELECT feed, column_name, count(*) AS rows_rejected FROM catalog.rejects
    GROUP BY feed, column_name ORDER BY rows_rejected DESC, feed, column_name
"""
CHECKS = """
    SELECT table_name, check_name, severity, passed, unexpected_count, description FROM catalog.checks
    WHERE NOT passed ORDER BY severity, table_name, check_name
"""
CHECKS_BY_TABLE = """
    SELECT table_name, count(*) AS checks_count, count(*) FILTER (passed) AS passed_count FROM catalog.checks
    GROUP BY table_name ORDER BY table_name
"""
BREAKS = """
    SELECT framework, framework_version, title, scored_from, scored_to, is_in_force FROM catalog.frameworks
    ORDER BY framework, scored_from
"""
LACKING = """
    SELECT kpi, lacks FROM catalog.kpis WHERE lacks IS NOT NULL ORDER BY kpi
"""
COLUMNS = {
    "feeds": [
        Column("feed"), Column("newest_on", "day"), Column("behind_days", "number", "days"),
        Column("loaded_at", "day"), Column("files_count", "number", "count"),
        Column("rows_read", "number", "count"), Column("rows_rejected", "number", "count"),
    ],
    "rejects": [Column("feed"), Column("column_name"), Column("rows_rejected", "number", "count")],
    "checks": [
        Column("description"), Column("table_name"), Column("severity", words="severities"),
        Column("unexpected_count", "number", "count"),
    ],
    "checks_by_table": [
        Column("table_name"), Column("checks_count", "number", "count"), Column("passed_count", "number", "count"),
    ],
    "breaks": [
        Column("title"), Column("framework_version"), Column("scored_from", "month"), Column("scored_to", "month"),
        Column("is_in_force", words="yes_no"),
    ],
    "coverage": [Column("node", "node_of"), Column("coverage", "number", "share")],
    "keys": [
        Column("from_feed"), Column("from_column"), Column("to_feed"), Column("n_rows", "number", "count"),
        Column("met_share", "number", "share"), Column("likely_reason"),
    ],
    "definitions": [
        Column("kpi", "kpi_alone"), Column("definition_version"), Column("told_from", "month"),
        Column("told_to", "month"), Column("published_at", "day"),
    ],
    "recorded": [Column("kpi", "kpi_alone"), Column("recorded_from", "day")],
    "lacking": [Column("kpi", "kpi"), Column("lacks")],
}  # fmt: skip
QUERIES = {
    "feeds": FEEDS, "checks": CHECKS, "checks_by_table": CHECKS_BY_TABLE, "rejects": REJECTS, "keys": KEYS,
    "coverage": COVERAGE, "lacking": LACKING, "breaks": BREAKS, "definitions": DEFINITIONS, "recorded": RECORDED,
}  # fmt: skip


def trust(edition: Edition) -> Page:
    """The page on the data behind the others."""
    in_force = [(one.code, one.version) for one in edition.frameworks] or [("none", "none")]
    asked = {"as_of": edition.as_of or date(1970, 1, 1), "month": edition.month, "inforce": in_force}
    tables = {
        name: edition.published.table(name, sql, COLUMNS[name], **asked) for name, sql in QUERIES.items()
    }
    return Page(
        ADDRESS, "trust.html", edition.words.say("trust.title"), {"sections": tables}, list(tables.values())
    )
