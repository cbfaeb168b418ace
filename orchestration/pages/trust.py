"""Can I trust it: what was delivered and when, what was refused, which checks did not pass, what does not compare."""

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column

ADDRESS = "trust.html"
FEEDS = """
    SELECT feed, max(loaded_at) AS loaded_at, count(*) AS files_count, sum(rows_read)::BIGINT AS rows_read,
        sum(rows_rejected)::BIGINT AS rows_rejected
    FROM catalog.loads WHERE in_force GROUP BY feed ORDER BY feed
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
        Column("feed"), Column("loaded_at", "day"), Column("files_count", "number", "count"),
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
    "lacking": [Column("kpi", "kpi"), Column("lacks")],
}  # fmt: skip
QUERIES = {
    "feeds": FEEDS, "checks": CHECKS, "checks_by_table": CHECKS_BY_TABLE, "rejects": REJECTS, "lacking": LACKING,
    "breaks": BREAKS,
}  # fmt: skip


def trust(edition: Edition) -> Page:
    """The page on the data behind the others."""
    tables = {name: edition.published.table(name, sql, COLUMNS[name]) for name, sql in QUERIES.items()}
    return Page(
        ADDRESS, "trust.html", edition.words.say("trust.title"), {"sections": tables}, list(tables.values())
    )
