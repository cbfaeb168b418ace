"""Definitions that were published under their version with another meaning: told, and refused unless they are accepted.

What decides the values of an own KPI is said in `transforms/kpi_file.py`, what the scores of a framework in
`transforms/framework_versions.py`; what was published is kept by `warehouse/history.py`.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.own_kpis import line_in, told_at, usable_kpis
from orchestration.project import Project
from transforms.framework_versions import redefined
from transforms.kpi_file import specification
from warehouse.history import FRAMEWORKS, OWN_KPIS, published_specifications
from warehouse.store import Store, read_published

# Code, version, specification and when it was published, the last of a version last.
Published = Sequence[tuple[str, str, str, datetime]]
SEEN_FRAMEWORKS = """
    SELECT framework, framework_version, specification, max(published_at) AS published_at
    FROM catalog.frameworks
    JOIN index.history USING (framework, framework_version)
    GROUP BY ALL
"""
SEEN_KPIS = """
    SELECT kpi, version, specification, max(published_at) AS published_at
    FROM catalog.own_kpis
    JOIN kpi.history USING (kpi)
    WHERE definition_version = version
    GROUP BY ALL
"""


@dataclass(frozen=True)
class Redefinition:
    """An own KPI or a framework, by its code, and what people are told of its other meaning."""

    code: str
    told: str

    @property
    def refusal(self) -> str:
        """What is wrong, and the ways out of it."""
        return (
            f"{self.told}; write another version, take back the change, or have both meanings published as one: "
            f"policypulse run --accept {self.code}"
        )


def definitions_of(project: Project) -> list[str]:
    """The codes of all definitions of a project that must not mean something else under their version."""
    frameworks = [framework.code for framework in project.settings.frameworks]
    return [*frameworks, *(kpi.code for kpi in project.settings.own_kpis)]


def redefinitions_seen(project: Project) -> list[Redefinition]:
    """The definitions of a project that mean something else than in the version that readers see."""
    # A version of an earlier release may lack a column; the run asks its own ledger as well.
    frameworks, kpis = _seen(project, SEEN_FRAMEWORKS), _seen(project, SEEN_KPIS)
    return [*_of_frameworks(project, frameworks), *_of_kpis(project, kpis)]


def redefinitions_kept(project: Project, store: Store) -> list[Redefinition]:
    """The definitions of a project that mean something else than when they were last published."""
    frameworks, kpis = (published_specifications(store, table) for table in (FRAMEWORKS, OWN_KPIS))
    return [*_of_frameworks(project, frameworks), *_of_kpis(project, kpis)]


def refusals(found: Iterable[Redefinition], accepted: Collection[str]) -> list[str]:
    """What to tell of those that nobody has accepted."""
    return [one.refusal for one in found if one.code not in accepted]


def _seen(project: Project, sql: str) -> Published:
    with suppress(OSError, duckdb.Error):
        return read_published(project.current, sql).rows()
    return []


def _of_frameworks(project: Project, published: Published) -> Iterator[Redefinition]:
    places = {(f.code, f.version): place for place, f in project.frameworks.items()}
    names = project.file.index.frameworks
    for framework, at in redefined(project.settings.frameworks, published):
        place = places[framework.code, framework.version]
        reason = (
            f"{names[place]}: {framework.code} was published as version {framework.version} on {at:%Y-%m-%d} with "
            "other weights, goalposts or rules; scores compare only within one version"
        )
        yield Redefinition(framework.code, project.told(f"index.frameworks.{place}", reason))


def _of_kpis(project: Project, published: Published) -> Iterator[Redefinition]:
    before = {(code, version): (said, at) for code, version, said, at in published}
    for path, text in project.own.kpis:
        for own in usable_kpis(text):
            now = specification(own)
            then, at = before.get((own.code, own.version), (now, None))
            if at and then != now:
                key = f"{own.code}.version"
                reason = (
                    f"was published as version {own.version} on {at:%Y-%m-%d} with another definition "
                    f"({_differences(then, now)}), and published values are kept under it"
                )
                yield Redefinition(own.code, told_at(path, line_in(text, key), key, reason))


def _differences(then: str, now: str) -> str:
    """What two specifications say otherwise, key by key."""
    before, after = json.loads(then), json.loads(now)
    keys = [key for key in before | after if before.get(key) != after.get(key)]
    return "; ".join(f"{key}: {_said(before, key)}, now {_said(after, key)}" for key in keys)


def _said(specification: dict[str, object], key: str) -> str:
    return json.dumps(specification[key], ensure_ascii=False) if key in specification else "not written"
