"""What is wrong with models, frameworks and packs, without reading data: for `policypulse check` and before a run."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import duckdb

from orchestration.checks import checks
from orchestration.empty_warehouse import own_problems
from orchestration.models import models
from orchestration.own_files import OwnFileError
from orchestration.own_indicators import indicator_problems
from orchestration.own_kpis import facts_added, kpi_problems, kpis_redefined
from orchestration.project import Project, framework_problems, pack_problems
from transforms.clocks import known_years
from transforms.framework_versions import Published, redefined
from transforms.kpi.registry import built_in, registry
from transforms.measures.case_figures import adds_up
from transforms.sql_model import ModelError
from warehouse.landing.mapping import matching_files
from warehouse.store import read_published

FRAMEWORKS = """
    SELECT framework, framework_version, specification, max(published_at) AS published_at
    FROM catalog.frameworks
    JOIN index.history USING (framework, framework_version)
    GROUP BY ALL
"""


def problems(project: Project) -> list[str]:
    """Every problem of models, frameworks and packs, and of feeds without a file before the first run, a line each."""
    return list(_problems(project))


def _problems(project: Project) -> Iterator[str]:
    try:
        known_years(project.settings.calendar)
    except ValueError as error:
        yield f"{project.path}: calendar: {error}"
    yield from _missing_files(project)
    if hidden := list(indicator_problems(project, _computed(project))):
        # Nothing can be asked of a registry in which two KPIs have one code.
        yield from hidden
        return
    try:
        models(project.own)
        checks(project.own)
    except (ModelError, OwnFileError) as error:
        told = [*error.problems, *kpi_problems(project, dict.fromkeys(facts_added(project.own)))]
    else:
        told = list(own_problems(project))
    yield from told
    try:
        kpis = registry(project.settings)
    except ValueError as error:
        if not told:
            yield str(error)
        return
    directions = {kpi.code: kpi.direction for kpi in kpis}
    yield from framework_problems(project, directions, {kpi.code for kpi in kpis if adds_up(kpi)})
    yield from pack_problems(project, directions)
    yield from redefinitions(project, _published(project))
    yield from kpis_redefined(project, _published_kpis(project))
    yield from _outranking_problems(project)
    barred = {kpi.code for kpi in kpis if not kpi.for_index}
    for framework in project.settings.frameworks:
        for node in framework.leaves:
            if node.leaf and node.leaf.kpi in barred:
                yield (
                    f"{project.path}: index.frameworks: {framework.code}: {node.code}: {node.leaf.kpi} is a quotient "
                    "of unlike cases and may exceed 1; it cannot enter an index"
                )


def _outranking_problems(project: Project) -> Iterator[str]:
    """Indices that are places among segments, in a project that has none."""
    if set(project.settings.cuts) == {"company"}:
        for framework in project.settings.frameworks:
            if framework.ranks_segments:
                yield (
                    f"{project.path}: index.frameworks: {framework.code}: outranking ranks the segments of a "
                    "cut, and the project has no cuts; write cuts, as [org_unit], or another aggregation"
                )


def _computed(project: Project) -> set[str]:
    """The codes of the KPIs that are not delivered as values: ours and the project's own."""
    ours = built_in(project.settings.model_copy(update={"indicators": {}}))
    return {kpi.code for kpi in ours} | {kpi.code for kpi in project.settings.own_kpis}


def redefinitions(project: Project, published: Sequence[Published]) -> list[str]:
    """The frameworks that were published under their version with another meaning, and what to do."""
    frameworks = project.settings.frameworks
    files = dict(zip([(f.code, f.version) for f in frameworks], project.file.index.frameworks, strict=True))
    return [
        f"{project.path}: index.frameworks: {files[f.code, f.version]}: {f.code} was published as version {f.version} "
        f"on {at:%Y-%m-%d} with other weights, goalposts or rules; give the file a new version (and valid_from), or "
        "take back the change"
        for f, at in redefined(frameworks, published)
    ]


def _published_kpis(project: Project) -> list[tuple[str, str, str]]:
    """The project's own KPIs that readers see: code, version and specification."""
    if project.own.kpis:
        with suppress(OSError, duckdb.Error):
            return read_published(
                project.current, "SELECT kpi, version, specification FROM catalog.own_kpis"
            ).rows()
    return []


def _published(project: Project) -> list[Published]:
    """The frameworks that readers see: code, version, specification and when it was published last."""
    # A version of an earlier release may lack a column; the run asks its own ledger as well.
    with suppress(OSError, duckdb.Error):
        return read_published(project.current, FRAMEWORKS).rows()
    return []


def _missing_files(project: Project) -> Iterator[str]:
    """Sources of which nothing can have landed yet and that match no file: the first run would stop at them."""
    if (project.warehouse / "raw.duckdb").exists():
        return
    for feed, sources in project.feeds.items():
        for number, source in enumerate(sources):
            if not source.database and not matching_files(source, project.data):
                patterns = ", ".join(source.files)
                yield f"{project.path}: feeds.{feed}[{number}].files: no file in {project.data} matches {patterns}"
