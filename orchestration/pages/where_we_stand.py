"""The first page: where do we stand? Index, its parts and KPIs of the newest month, with what is signal and noise."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from orchestration.pages.charts import Figure, series, trend
from orchestration.pages.edition import Edition, FrameworkShown, Node
from orchestration.pages.lines import SPARK, line
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Row, Table

ADDRESS = "index.html"
MONTHS_SHOWN = 24
NOW = """
    SELECT now.node, now.level, now.score, now.score_low, now.score_high, now.grade, now.change_on_month,
        now.change_on_year, now.coverage, signals.rule, signals.is_signal, signals.is_good
    FROM marts.index_trend AS now
    LEFT JOIN index.signals AS signals USING (framework, framework_version, node, cut, segment, period)
    WHERE now.framework = {framework} AND now.framework_version = {version} AND now.cut = 'company'
        AND now.period = {month} AND now.node IN {nodes}
    ORDER BY now.level, now.node
"""
NODE_MONTHS = """
    SELECT period, node, value, centre, lower, upper, is_signal, is_good, rule
    FROM index.signals
    WHERE framework = {framework} AND framework_version = {version} AND cut = 'company' AND node IN {nodes}
        AND period > {month} - INTERVAL {months} MONTH AND period <= {month}
    ORDER BY node, period
"""
KPIS_NOW = """
    SELECT now.kpi, now.basis, now.value, now.unit, now.ci_low, now.ci_high, now.n, now.change_on_month,
        now.change_on_year, signals.rule, signals.is_signal, signals.is_good, aims.assurance, now.status
    FROM marts.kpi_trend AS now
    LEFT JOIN kpi.signals AS signals USING (kpi, basis, cut, segment, period)
    LEFT JOIN (
        SELECT kpi, basis, assurance FROM marts.targets WHERE cut = 'company' AND (year IS NULL OR year = year({month}))
        QUALIFY row_number() OVER (
            PARTITION BY kpi, basis ORDER BY source NOT IN ('feed', 'project'), year NULLS LAST, source
        ) = 1
    ) AS aims ON aims.kpi = now.kpi AND aims.basis = now.basis
    WHERE now.cut = 'company' AND now.period = {month} AND (now.kpi || ' ' || now.basis) IN {leaves}
        AND now.n >= {fewest}
    ORDER BY now.kpi, now.basis
"""
KPI_MONTHS = """
    SELECT kpi, basis, period, value, centre, lower, upper, is_signal, is_good
    FROM kpi.signals
    WHERE cut = 'company' AND (kpi || ' ' || basis) IN {leaves}
        AND period > {month} - INTERVAL {months} MONTH AND period <= {month}
    ORDER BY kpi, basis, period
"""
CHECKS = """
    SELECT count(*) AS checks, count(*) FILTER (NOT passed) AS not_passed FROM catalog.checks
"""


@dataclass(frozen=True)
class Tile:
    """A part of the index: its row of the newest month and its months as a sparkline."""

    node: Node
    row: Row
    spark: Markup


@dataclass(frozen=True)
class Standing:
    """Where the company stands by one framework."""

    framework: FrameworkShown
    now: Table
    index: Row
    trend: Figure
    parts: Figure
    tiles: list[Tile]
    kpis: Table
    sparks: dict[tuple[str, str], Markup]


def where_we_stand(edition: Edition) -> Page:
    """The first page of an edition; without a framework it says so and leads to the KPIs."""
    standings = [_standing(edition, framework) for framework in edition.frameworks]
    checks = edition.published.table("checks", CHECKS)
    tables = [checks]
    for standing in standings:
        tables += [standing.now, standing.trend.table, standing.parts.table, standing.kpis]
    return Page(
        ADDRESS,
        "where_we_stand.html",
        edition.words.say("where.title"),
        {"standings": standings, "checks": checks.rows()[0]},
        tables,
    )


def _standing(edition: Edition, framework: FrameworkShown) -> Standing:
    published, words = edition.published, edition.words
    asked = {"framework": framework.code, "version": framework.version, "month": framework.month}
    shown = [framework.nodes["index"], *framework.parts]
    columns = [
        Column("node", "part"), Column("score", "number", "score_0_100"), Column("grade"),
        Column("change_on_month", "points", "score_0_100"), Column("change_on_year", "points", "score_0_100"),
        Column("coverage", "number", "share"), Column("variation", "variation"),
    ]  # fmt: skip
    suffix = "" if framework is edition.frameworks[0] else f"-{framework.code}"
    now = published.table(f"parts-now{suffix}", NOW, columns, nodes=[node.code for node in shown], **asked)
    of_index = _months(edition, f"index-months{suffix}", asked, ["index"])
    tops = [node.code for node in shown if node.level == 1]
    of_parts = _months(
        edition, f"parts-months{suffix}", asked, [node.code for node in framework.parts] or ["index"]
    )
    by_node = {row["node"]: row for row in now.rows()}
    leaves = [one for one in edition.headlines if one.split()[0] in {node.kpi for node in framework.leaves}]
    asked_kpis = {
        "month": framework.month,
        "leaves": leaves or ["none"],
        "fewest": edition.options.fewest_cases,
    }
    kpis = published.table(f"kpis-now{suffix}", KPIS_NOW, KPI_COLUMNS, **asked_kpis)
    months = published.table(
        "", KPI_MONTHS, month=framework.month, leaves=leaves or ["none"], months=MONTHS_SHOWN
    )
    return Standing(
        framework,
        now,
        by_node["index"],
        Figure(words.say("where.trend"), trend(of_index.rows(), words.say("columns.score")), of_index),
        Figure(
            words.say("where.parts_by_month"),
            series(
                [
                    {**row, "name": framework.nodes[row["node"]].title}
                    for row in of_parts.rows()
                    if row["node"] in tops
                ],
                words.say("columns.score"),
            ),
            of_parts,
        ),
        [
            Tile(
                node, by_node[node.code], line([r for r in of_parts.rows() if r["node"] == node.code], SPARK)
            )
            for node in framework.parts
            if node.code in by_node
        ],
        kpis,
        {key: line(rows, SPARK) for key, rows in _grouped(months.rows())},
    )


KPI_COLUMNS = [
    Column("kpi", "kpi"), Column("variation", "variation"), Column("assurance", "assurance"), Column("trend", "spark"),
    Column("value", "number", unit_from="unit"), Column("ci_low", "interval", unit_from="unit"),
    Column("n", "number", "count"), Column("change_on_year", "points", unit_from="unit"),
    Column("status", words="status"),
]  # fmt: skip


def _months(edition: Edition, name: str, asked: dict[str, Any], nodes: list[str]) -> Table:
    columns = [
        Column("period", "month"), Column("node", "part"), Column("value", "number", "score_0_100"),
        Column("lower", "number", "score_0_100"), Column("upper", "number", "score_0_100"),
        Column("is_signal", words="yes_no"),
    ]  # fmt: skip
    return edition.published.table(name, NODE_MONTHS, columns, nodes=nodes, months=MONTHS_SHOWN, **asked)


def _grouped(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row["kpi"], row["basis"]), []).append(row)
    yield from grouped.items()
