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
    WITH months AS (
        SELECT segment, kpi, sum(contribution_points) AS points FROM marts.index_change
        WHERE framework = {framework} AND framework_version = {version} AND cut = 'org_unit'
            AND period > {month} - INTERVAL {span} MONTH AND period <= {month}
        GROUP BY segment, kpi
    ),
    ends AS (
        SELECT segment, max(score) FILTER (period = {month}) AS index_after,
            max(score) FILTER (period = {month} - INTERVAL {span} MONTH) AS index_before
        FROM index.scores
        WHERE framework = {framework} AND framework_version = {version} AND cut = 'org_unit' AND level = 0
        GROUP BY segment
    )
    SELECT segment AS org_unit, index_before, index_after, index_after - index_before AS change_points,
        first(kpi ORDER BY points, kpi) AS worst_kpi, min(points) AS worst_points,
        first(kpi ORDER BY points DESC, kpi) AS best_kpi, max(points) AS best_points
    FROM months INNER JOIN ends USING (segment)
    WHERE index_before IS NOT NULL AND index_after IS NOT NULL
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
# By measure and reason; of the company the figure that moved most.
RESTATED = """
    SELECT measure AS kpi, unit, why, count(*) AS records_count, count(DISTINCT period) AS months_count,
        max_by(period, abs(change_points)) FILTER (cut = 'company' AND n >= {fewest}) AS period,
        max_by(value_before, abs(change_points)) FILTER (cut = 'company' AND n >= {fewest}) AS value_before,
        max_by(value_after, abs(change_points)) FILTER (cut = 'company' AND n >= {fewest}) AS value_after
    FROM marts.restatements WHERE kind = 'kpi' GROUP BY measure, unit, why
    ORDER BY why = 'completion', records_count DESC, kpi, why
"""
RESTATED_SCORES = """
    SELECT scores.framework, scores.node, scores.period, value_before, value_after, change_points
    FROM marts.restatements AS restated
    INNER JOIN index.scores AS scores
        ON restated.measure = scores.framework || ' ' || scores.node AND restated.cut = scores.cut
        AND restated.framework_version = scores.framework_version AND restated.period = scores.period
    WHERE kind = 'index' AND scores.cut = 'company' AND scores.level <= 1
        AND (scores.framework, scores.framework_version) IN {inforce}
    ORDER BY abs(change_points) DESC NULLS LAST, scores.period DESC, scores.node LIMIT 20
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
RESTATED_COLUMNS = [
    Column("kpi", "kpi_alone"), Column("why", words="whys"), Column("records_count", "number", "count"),
    Column("months_count", "number", "count"), Column("period", "month"),
    Column("value_before", "number", unit_from="unit"), Column("value_after", "number", unit_from="unit"),
]  # fmt: skip
RESTATED_SCORE_COLUMNS = [
    Column("node", "node_of"), Column("period", "month"), Column("value_before", "number", "score_0_100"),
    Column("value_after", "number", "score_0_100"), Column("change_points", "points", "score_0_100"),
]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """The change of an index over a span, with its ends, and that of each branch."""

    span: str
    figure: Figure
    ends: Table
    branches: Table


@dataclass(frozen=True)
class Moved:
    """What moved an index: over three spans, and what of its KPIs is mix."""

    framework: FrameworkShown
    changes: list[Change]
    mix: Table


def what_moved(edition: Edition) -> Page:
    """The page of changes, of each framework in force, and of what is told otherwise than before."""
    moved = [_moved(edition, framework) for framework in edition.frameworks]
    restated = _restated(edition)
    tables = [
        *(t for one in moved for c in one.changes for t in (c.figure.table, c.ends, c.branches)),
        *(one.mix for one in moved),
        *restated.values(),
    ]
    content = {"moved": moved, "restated": restated}
    return Page(ADDRESS, "what_moved.html", edition.words.say("moved.title"), content, tables)


def _restated(edition: Edition) -> dict[str, Table]:
    """What changed since the version before; versions of earlier releases do not say it."""
    if not edition.published.has("marts.restatements"):
        return {}
    ask, in_force = edition.published.table, [(one.code, one.version) for one in edition.frameworks]
    return {
        "kpis": ask("restated", RESTATED, RESTATED_COLUMNS, fewest=edition.options.fewest_cases),
        "scores": ask(
            "restated-scores", RESTATED_SCORES, RESTATED_SCORE_COLUMNS, inforce=in_force or [("none", "none")]
        ),
    }


def _moved(edition: Edition, framework: FrameworkShown) -> Moved:
    asked = {"framework": framework.code, "version": framework.version, "month": framework.month}
    changes = [change for span in SPANS if (change := _change(edition, framework, span, asked))]
    ask = edition.published.table
    return Moved(
        framework,
        changes,
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
    branches = edition.published.table(
        f"branches-{span}-{framework.code}", BRANCHES, BRANCH_COLUMNS, **asked, span=months
    )
    return Change(
        span, Figure(title, waterfall(bars, edition.words.say("columns.score")), table), ends, branches
    )
