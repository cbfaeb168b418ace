"""What moved: the change of the index in a month, quarter and year, by KPI and branch, mix and rate apart."""

from dataclasses import dataclass
from typing import Any

from orchestration.pages import numbers
from orchestration.pages.charts import Figure, waterfall
from orchestration.pages.edition import Edition, FrameworkShown
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Table

ADDRESS = "what-moved.html"
SPANS = {"month": 1, "quarter": 3, "year": 12}
# The contributions of each month sum to its change, so those of several months sum to the change over them.
CHANGES = """
    WITH months AS (
        SELECT kpi, node, sum(contribution_points) AS contribution_points, count(*) AS months,
            max(CASE WHEN period = {month} THEN value_after END) AS value_after,
            max(CASE WHEN period = {month} - INTERVAL {earlier} MONTH THEN value_before END) AS value_before
        FROM marts.index_change
        WHERE framework = {framework} AND framework_version = {version} AND cut = 'company'
            AND period > {month} - INTERVAL {span} MONTH AND period <= {month}
        GROUP BY kpi, node
    )
    SELECT months.kpi, months.node, definitions.unit, value_before, value_after, contribution_points
    FROM months LEFT JOIN catalog.kpis AS definitions USING (kpi)
    ORDER BY abs(contribution_points) DESC, node
"""
ENDS = """
    SELECT period, score FROM index.scores
    WHERE framework = {framework} AND framework_version = {version} AND cut = 'company' AND level = 0
        AND period IN ({month}, {month} - INTERVAL {span} MONTH) AND score IS NOT NULL
    ORDER BY period
"""
BRANCHES = """
    SELECT segment AS org_unit, index_before, index_after, index_after - index_before AS change_points,
        first(kpi ORDER BY contribution_points) AS worst_kpi, min(contribution_points) AS worst_points,
        first(kpi ORDER BY contribution_points DESC) AS best_kpi, max(contribution_points) AS best_points
    FROM marts.index_change
    WHERE framework = {framework} AND framework_version = {version} AND cut = 'org_unit' AND period = {month}
    GROUP BY segment, index_before, index_after
    ORDER BY change_points, org_unit
"""
MIX = """
    SELECT effects.kpi, effects.basis, definitions.unit,
        sum(rate_effect) AS rate_effect, sum(mix_effect) AS mix_effect,
        sum(rate_effect) + sum(mix_effect) AS change_on_month
    FROM index.mix_effects AS effects LEFT JOIN catalog.kpis AS definitions USING (kpi)
    WHERE cut = 'org_unit' AND period = {month} AND (kpi || ' ' || basis) IN (
        SELECT kpi || ' ' || basis FROM index.nodes
        WHERE framework = {framework} AND framework_version = {version} AND kpi IS NOT NULL AND basis IS NOT NULL)
    GROUP BY effects.kpi, effects.basis, definitions.unit
    ORDER BY effects.kpi, effects.basis
"""
CHANGE_COLUMNS = [
    Column("kpi", "kpi"), Column("value_before", "number", unit_from="unit"),
    Column("value_after", "number", unit_from="unit"), Column("contribution_points", "points", "score_0_100"),
]  # fmt: skip
BRANCH_COLUMNS = [
    Column("org_unit", "branch"), Column("index_before", "number", "score_0_100"),
    Column("index_after", "number", "score_0_100"), Column("change_points", "points", "score_0_100"),
    Column("worst_kpi", "kpi_alone"), Column("worst_points", "points", "score_0_100"),
    Column("best_kpi", "kpi_alone"), Column("best_points", "points", "score_0_100"),
]  # fmt: skip
MIX_COLUMNS = [
    Column("kpi", "kpi"), Column("change_on_month", "points", unit_from="unit"),
    Column("rate_effect", "points", unit_from="unit"), Column("mix_effect", "points", unit_from="unit"),
]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """The change of an index over a span, with its ends."""

    span: str
    figure: Figure
    ends: Table


@dataclass(frozen=True)
class Moved:
    """What moved an index: over three spans, by branch, and what of its KPIs is mix."""

    framework: FrameworkShown
    changes: list[Change]
    branches: Table
    mix: Table


def what_moved(edition: Edition) -> Page:
    """The page of changes; of each framework in force."""
    moved = [_moved(edition, framework) for framework in edition.frameworks]
    tables = [
        table
        for one in moved
        for table in (
            *(c.figure.table for c in one.changes),
            *(c.ends for c in one.changes),
            one.branches,
            one.mix,
        )
    ]
    return Page(ADDRESS, "what_moved.html", edition.words.say("moved.title"), {"moved": moved}, tables)


def _moved(edition: Edition, framework: FrameworkShown) -> Moved:
    asked = {"framework": framework.code, "version": framework.version, "month": framework.month}
    changes = [change for span in SPANS if (change := _change(edition, framework, span, asked))]
    ask = edition.published.table
    return Moved(
        framework,
        changes,
        ask(f"branches-{framework.code}", BRANCHES, BRANCH_COLUMNS, **asked),
        ask(f"mix-{framework.code}", MIX, MIX_COLUMNS, **asked),
    )


def _change(edition: Edition, framework: FrameworkShown, span: str, asked: dict[str, Any]) -> Change | None:
    months = SPANS[span]
    ends = edition.published.table(f"ends-{span}-{framework.code}", ENDS, **asked, span=months)
    if ends.frame.height < 2:
        return None
    table = edition.published.table(
        f"changes-{span}-{framework.code}", CHANGES, CHANGE_COLUMNS, **asked, span=months, earlier=months - 1
    )
    level, bars = ends.rows()[0]["score"], []
    for row in table.rows():
        bars.append(
            {
                "name": edition.kpi_title(row["kpi"]),
                "bar_from": level,
                "bar_to": level + row["contribution_points"],
                "label": numbers.change(row["contribution_points"], "score_0_100", edition.words),
            }
        )
        level += row["contribution_points"]
    title = edition.words.say(f"moved.{span}")
    return Change(span, Figure(title, waterfall(bars, edition.words.say("columns.score")), table), ends)
