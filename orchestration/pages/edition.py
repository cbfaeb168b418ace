"""What all pages of a site share: the version, the words, what everything is called, and where each thing has its page.

Asked once a site; what a single page shows is in the module of its name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from orchestration.pages.published import Published
from orchestration.pages.words import Words

BRANCHES = "org_unit"


@dataclass(frozen=True)
class Options:
    """What an insurer may choose: its name, the fewest cases a figure may stand for, whether case ids are shown.

    Of several `frameworks` the first is the one that a reader sees first.
    """

    insurer: str
    fewest_cases: int
    show_case_ids: bool
    frameworks: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrameworkShown:
    """A framework in force, with the newest month that it scores and its nodes: code, title, level, KPI."""

    code: str
    version: str
    title: str
    month: date
    nodes: Mapping[str, "Node"]

    @property
    def leaves(self) -> list["Node"]:
        """The KPIs of the framework, each once."""
        return list({node.kpi: node for node in self.nodes.values() if node.kpi}.values())

    @property
    def parts(self) -> list["Node"]:
        """What the index is made of, above the KPIs."""
        return [node for node in self.nodes.values() if node.level and not node.kpi]


@dataclass(frozen=True)
class Node:
    """A node of a framework's tree; `kpi` and `basis` are of a leaf."""

    code: str
    title: str
    level: int
    kpi: str = ""
    basis: str = ""


class Edition:
    """A published version as the pages show it, in one language."""

    def __init__(self, published: Published, words: Words, options: Options) -> None:
        self.published, self.words, self.options = published, words, options

    @cached_property
    def as_of(self) -> date | None:
        """The day up to which records count."""
        return self._one("SELECT max(as_of) AS found FROM kpi.monthly")

    @cached_property
    def month(self) -> date:
        """The newest month that the index has a score for, else the newest with any value."""
        found = max((framework.month for framework in self.frameworks), default=None)
        return found or self._one("SELECT max(period) AS found FROM kpi.monthly") or date(1970, 1, 1)

    @cached_property
    def frameworks(self) -> list[FrameworkShown]:
        """The frameworks in force that have scored the company, in the order of the project, others after them."""
        rows = self.published.rows(
            """
            SELECT framework, framework_version, title, specification, (
                SELECT max(period) FROM index.scores AS scores
                WHERE scores.framework = frameworks.framework AND level = 0 AND cut = 'company'
                    AND scores.framework_version = frameworks.framework_version AND score IS NOT NULL
            ) AS month
            FROM catalog.frameworks AS frameworks WHERE is_in_force ORDER BY framework, framework_version
            """
        )
        found = [
            FrameworkShown(
                row["framework"], row["framework_version"], row["title"], row["month"], self._nodes(row)
            )
            for row in rows
            if row["month"]
        ]
        order = {code: place for place, code in enumerate(self.options.frameworks)}
        return sorted(found, key=lambda framework: order.get(framework.code, len(order)))

    def _nodes(self, row: Mapping[str, Any]) -> dict[str, Node]:
        tree = json.loads(row["specification"])
        found = {node.code: node for node in _walk("index", tree["index"], 0)}
        return {
            code: replace(
                node,
                title=self.words.name("nodes", node.title)
                or (self.kpi_title(node.kpi) if node.kpi else code),
            )
            for code, node in found.items()
        }

    @cached_property
    def _titles(self) -> dict[str, str]:
        rows = self.published.rows("SELECT kpi, title FROM kpi.titles")
        return {row["kpi"]: row["title"] for row in rows}

    @cached_property
    def _unit_names(self) -> dict[str, str]:
        rows = self.published.rows("SELECT org_unit, name FROM core.org_units WHERE name IS NOT NULL")
        return {row["org_unit"]: row["name"] for row in rows}

    def kpi_title(self, kpi: str) -> str:
        """What a KPI is called."""
        return self.words.name("kpis", kpi) if f"kpis.{kpi}" in self.words else self._titles.get(kpi, kpi)

    def segment_name(self, cut: str, segment: str) -> str:
        """What a segment is called: a branch by its name and code."""
        if cut == "company":
            return self.options.insurer
        name = self._unit_names.get(segment) if cut == BRANCHES else None
        return f"{name} ({segment})" if name and name != segment else segment

    @cached_property
    def branches(self) -> dict[str, str]:
        """The page of each branch that has a record, by branch."""
        rows = self.published.rows(
            "SELECT DISTINCT segment FROM kpi.monthly WHERE cut = {cut} AND segment <> 'unknown' ORDER BY segment",
            cut=BRANCHES,
        )
        return {
            row["segment"]: _address("branch", row["segment"], number) for number, row in enumerate(rows, 1)
        }

    @cached_property
    def kpis(self) -> dict[str, str]:
        """The page of each KPI of the catalogue, by code."""
        return {kpi: _address("kpi", kpi) for kpi in sorted(self._titles)}

    @cached_property
    def headlines(self) -> list[str]:
        """The KPIs that an index in force is made of, with their basis, as `claim_paid_share period`."""
        rows = self.published.rows(
            """
            SELECT DISTINCT kpi || ' ' || basis AS found FROM index.nodes
            WHERE cut = 'company' AND kpi IS NOT NULL AND basis IS NOT NULL AND period = {month}
            ORDER BY found
            """,
            month=self.month,
        )
        return [row["found"] for row in rows]

    def _one(self, sql: str) -> Any:
        return self.published.rows(sql)[0]["found"]


def _walk(code: str, tree: Mapping[str, Any], level: int) -> Iterator[Node]:
    kpi = tree.get("kpi", "")
    basis = tree.get("basis") or ""
    yield Node(code, tree.get("title") or "", level, kpi, basis)
    for child, below in (tree.get("children") or {}).items():
        yield from _walk(child, below, level + 1)


def _address(kind: str, name: str, number: int | None = None) -> str:
    """A file name that any system takes; what would be lost of a name is made up for by its number."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:60]
    return (
        "-".join(filter(None, [kind, plain, f"{number:03d}" if number and plain != name else ""])) + ".html"
    )
