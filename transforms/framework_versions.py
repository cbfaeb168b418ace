"""The versions that frameworks have had, and which of them is in force when.

Scores compare only within one version (OECD/JRC Handbook 2008); computing them is `scores.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from transforms.framework import FROM_DATA, Framework, Node

Published = tuple[str, str, str, datetime]
# What a leaf says that decides no score; its weight counts relative to its siblings, as nodes have it.
WORDS = {"title", "note", "weight"}
# Weights relative to siblings are quotients, whose last digits hang on the order of a sum.
WEIGHT_DIGITS = 12


@dataclass(frozen=True)
class Version:
    """One version of a framework: its specification as JSON and the days on which it is in force, if any."""

    framework: str
    version: str
    title: str
    valid_from: date | None
    valid_to: date | None
    backcast_months: int
    in_force_from: date | None
    in_force_to: date | None
    is_in_force: bool
    is_computed: bool
    specification: str


def specification(framework: Framework) -> str:
    """The framework as JSON, the same text for the same framework."""
    return json.dumps(
        framework.model_dump(mode="json", exclude_unset=True), sort_keys=True, ensure_ascii=False
    )


def redefined(
    current: Sequence[Framework], published: Sequence[Published]
) -> list[tuple[Framework, datetime]]:
    """The frameworks that were last published under the same version with another meaning, and when.

    Titles, notes and sources may change, and so may the time in which a version is valid or computed.
    """
    last = {(code, version): (text, at) for code, version, text, at in published}
    found = []
    for framework in with_published_weights(current, published):
        text, at = last.get((framework.code, framework.version), (None, None))
        if text and at and _meaning(Framework.model_validate_json(text)) != _meaning(framework):
            found.append((framework, at))
    return found


def with_published_weights(
    current: Sequence[Framework], published: Sequence[Published]
) -> tuple[Framework, ...]:
    """The frameworks, those with weights from data with the weights that their version was last published with.

    So weights do not drift with the data. Of a node whose method or base is another now nothing is taken over.
    """
    last = {(code, version): text for code, version, text, _ in published}
    found = []
    for framework in current:
        text = last.get((framework.code, framework.version)) if framework.awaiting_weights else None
        if text:
            before = Framework.model_validate_json(text)
            methods = {node.code: node.weights for node in before.nodes}
            if before.weight_base == framework.weight_base:
                kept = {
                    child: before.frozen_weights[child]
                    for node in framework.awaiting_weights
                    if node.weights == methods.get(node.code)
                    for child in framework.groups[node.code].weighed_children
                    if child in before.frozen_weights
                }
                framework = framework.with_weights(kept) if kept else framework
        found.append(framework)
    return tuple(found)


def _meaning(framework: Framework) -> object:
    """What decides the scores of a framework; siblings are summed up, so their order does not."""
    nodes = {
        n.code: (
            n.parent,
            round(n.weight, WEIGHT_DIGITS),
            n.aggregation,
            n.round_to,
            _from_data(n),
            n.leaf.model_dump(exclude=WORDS) if n.leaf else None,
        )
        for n in framework.nodes
    }
    base = framework.weight_base if any(map(_from_data, framework.nodes)) else None
    values = base, framework.grain, framework.strata, framework.fill, framework.treatment
    return nodes, framework.floor, framework.coverage, framework.grades, framework.dimensions, values


def _from_data(node: Node) -> str | None:
    """The method by which the weights of a node's children come from data, if they do."""
    return node.weights.method if node.weights and node.weights.method in FROM_DATA else None


def versions(current: Sequence[Framework], published: Sequence[Published], as_of: date) -> list[Version]:
    """Every version that is computed now or was ever published, by framework in the order they came into force.

    Of the versions valid on a day that which began last is in force; of two that began alike that which was
    published last. `published` has code, version, specification and time of each publication, oldest first.
    """
    computed = {(f.code, f.version): f for f in current}
    known: dict[tuple[str, str], list[str]] = {}
    for code, version, text, _ in published:
        known.setdefault((code, version), []).append(text)
    for key, framework in computed.items():
        texts = known.setdefault(key, [])
        if specification(framework) not in texts:
            texts.append(specification(framework))
    found = []
    for code in sorted({code for code, _ in known}):
        own = {version: texts for (other, version), texts in known.items() if other == code}
        latest = {v: Framework.model_validate_json(texts[-1]) for v, texts in own.items()}
        latest |= {f.version: f for f in current if f.code == code}
        # Sorting is stable, so versions that began alike stay in the order of their publication.
        order = sorted(latest, key=lambda v: latest[v].valid_from or date.min)
        for i, version in enumerate(order):
            begins, ends = _in_force(latest[version], [latest[later] for later in order[i + 1 :]])
            found.append(
                Version(
                    framework=code,
                    version=version,
                    title=latest[version].title,
                    valid_from=latest[version].valid_from,
                    valid_to=latest[version].valid_to,
                    backcast_months=latest[version].backcast_months,
                    in_force_from=None if begins == date.min or begins > ends else begins,
                    in_force_to=None if ends == date.max or begins > ends else ends,
                    is_in_force=begins <= as_of <= ends,
                    is_computed=(code, version) in computed,
                    specification=specification(latest[version]),
                )
            )
    return found


def _in_force(version: Framework, later: Sequence[Framework]) -> tuple[date, date]:
    """First and last day on which the version holds; the last before the first if it never does."""
    begins, ends = version.valid_from or date.min, version.valid_to or date.max
    for successor in later:
        start = successor.valid_from or date.min
        ends = min(ends, start - timedelta(days=1)) if start > date.min else date.min
    return (begins, ends) if ends >= begins and ends > date.min else (date.max, date.min)


def catalogue_rows(
    found: Sequence[Version], months: Mapping[tuple[str, str], tuple[date, date]]
) -> list[tuple[object, ...]]:
    """Rows of catalog.frameworks; `months` are the first and last month ever published, by code and version."""
    return [
        (
            v.framework,
            v.version,
            v.title,
            v.valid_from,
            v.valid_to,
            v.backcast_months,
            *months.get((v.framework, v.version), (None, None)),
            v.in_force_from,
            v.in_force_to,
            v.is_in_force,
            v.is_computed,
            v.specification,
        )
        for v in found
    ]
