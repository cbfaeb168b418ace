"""What is wrong with models, frameworks and packs, without reading data: for `policypulse check` and before a run."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import duckdb

from orchestration.checks import checks
from orchestration.data_age import freshness_problems
from orchestration.empty_warehouse import own_problems
from orchestration.models import models
from orchestration.own_files import OwnFile, OwnFileError, OwnFiles
from orchestration.own_indicators import indicator_problems
from orchestration.own_kpis import facts_added
from orchestration.project import Project, framework_problems, pack_problems, target_problems
from orchestration.ranges import out_of_range
from orchestration.redefinitions import redefinitions_seen, refusals
from transforms.asked import tables_named
from transforms.clocks import known_years
from transforms.kpi.own import facts_of
from transforms.kpi.registry import built_in, registry
from transforms.measures.case_figures import adds_up
from transforms.measures.definition import Kpi
from transforms.nearest import meant
from transforms.settings import Settings
from transforms.sql_model import ModelError
from warehouse.landing.mapping import matching_files
from warehouse.store import read_published


def problems(project: Project, accepted: Collection[str] = ()) -> list[str]:
    """Every problem of models, frameworks and packs, and of feeds without a file before the first run, a line each.

    What is wrong hides nothing but what is made of it, so that a project may be asked of which not all can be used. Of
    the definitions that are `accepted`, by their codes, that they had another meaning before is none.
    """
    return list(_problems(project, accepted))


def _problems(project: Project, accepted: Collection[str]) -> Iterator[str]:
    try:
        known_years(project.settings.calendar)
    except ValueError as error:
        yield project.told("calendar", str(error))
    yield from _missing_files(project)
    for key, reason in (*out_of_range(project), *freshness_problems(project)):
        yield project.told(key, reason)
    computed = _computed(project)
    yield from indicator_problems(project, computed)
    project = _without_indicators(project, computed)
    told = [*_problems_of_own_files(project)]
    yield from told
    yield from _nothing_named(project) if not told else ()
    try:
        kpis = registry(project.settings)
    except ValueError as error:
        if not told:
            yield str(error)
        kpis = _usable_kpis(project.settings)
    # A KPI that is written, though wrongly, is none that there is not.
    written = dict.fromkeys(_codes_written(project), 0) if told else {}
    directions = {**written, **{kpi.code: kpi.direction for kpi in kpis}}
    yield from framework_problems(
        project, directions, {*written, *(kpi.code for kpi in kpis if adds_up(kpi))}
    )
    yield from pack_problems(project, directions)
    yield from target_problems(project, directions)
    yield from refusals(redefinitions_seen(project), accepted)
    yield from _outranking_problems(project)
    barred = {kpi.code for kpi in kpis if not kpi.for_index}
    for place, framework in project.frameworks.items():
        for node in framework.leaves:
            if node.leaf and node.leaf.kpi in barred:
                reason = (
                    f"{framework.code}: {node.code}: {node.leaf.kpi} is a quotient of unlike cases and may exceed 1; "
                    "it cannot enter an index"
                )
                yield project.told(f"index.frameworks.{place}", reason)


def _problems_of_own_files(project: Project) -> Iterator[str]:
    """What is wrong with own models, checks and KPIs; of what is made of a wrong model nothing is said."""
    usable, of_models = _held_to(models, project.own)
    lost = {f"{path.parent.name}.{path.stem}" for path, _ in set(project.own.models) - set(usable.models)}
    if of_models:
        suites, audits = _not_about(lost, project.own.suites), _not_about(lost, project.own.audits)
        usable = replace(usable, suites=suites, audits=audits)
    usable, of_checks = _held_to(checks, usable)
    unknown = {*facts_added(project.own), *(facts_of(project.settings.own_kpis) if of_models else ())}
    yield from (*of_models, *of_checks, *own_problems(replace(project, own=usable), unknown))


def _nothing_named(project: Project) -> Iterator[str]:
    """Names and patterns of tables that there are none of."""
    tables = [name for name, node in models(project.own).items() if node.schema != "staging"]
    for place, pattern in enumerate(project.settings.only.tables):
        if not tables_named(tables, pattern):
            reason = f"there is no table {pattern}{meant(pattern, tables)}"
            yield project.told(f"only.tables.{place}", reason)


def _held_to(made: Callable[[OwnFiles], object], own: OwnFiles) -> tuple[OwnFiles, Sequence[str]]:
    """The own files of which something can be made, and what is wrong with the others."""
    told: Sequence[str] = ()
    while True:
        try:
            made(own)
        except (ModelError, OwnFileError) as error:
            # What is refused without a file that it needs is not wrong itself.
            told = told or error.problems
            own = _without_files(own, error.problems)
        else:
            return own, told


def _without_files(own: OwnFiles, told: Sequence[str]) -> OwnFiles:
    """The own files without those that problems name; where they name none, without all that join graph and checks."""
    wrong = {file.path for file in own if any(problem.startswith(f"{file.path}:") for problem in told)}
    if not wrong:
        return replace(own, models=(), suites=(), audits=(), contracts=(), module="", python=())
    models, suites, audits, contracts, python = (
        tuple(file for file in part if file.path not in wrong)
        for part in (own.models, own.suites, own.audits, own.contracts, own.python)
    )
    module = own.module if python == own.python else ""
    return replace(
        own, models=models, suites=suites, audits=audits, contracts=contracts, python=python, module=module
    )


def _not_about(tables: Collection[str], files: Sequence[OwnFile]) -> tuple[OwnFile, ...]:
    """The suites and audits that none of the tables is in."""
    return tuple(
        file
        for file in files
        if f"{file.path.parent.name}.{file.path.stem}" not in tables
        and not any(table in file.text for table in tables)
    )


def _without_indicators(project: Project, codes: Collection[str]) -> Project:
    """The project without indicators that would hide a KPI, as nothing can be asked where two have one code."""
    left = {code: one for code, one in project.settings.indicators.items() if code not in codes}
    return replace(project, settings=project.settings.model_copy(update={"indicators": left}))


def _usable_kpis(settings: Settings) -> tuple[Kpi, ...]:
    """The KPIs of a project some of whose own, or of whose changes in ours, cannot be used."""
    ours = {kpi.code for kpi in built_in(settings)}
    changes = {code: change for code, change in settings.kpis.items() if code in ours}
    only = settings.only.model_copy(update={"kpis": tuple(c for c in settings.only.kpis if c in ours)})
    usable = settings.model_copy(update={"kpis": changes, "only": only, "own_kpis": ()})
    found = {kpi.code: kpi for kpi in registry(usable)}
    for own in settings.own_kpis:
        with suppress(ValueError):
            alone = registry(usable.model_copy(update={"kpis": {}, "own_kpis": (own,)}))
            found.setdefault(own.code, alone[-1])
    return tuple(found.values())


def _codes_written(project: Project) -> Iterator[str]:
    """What may be codes of KPIs and indicators in the project's own files, whether they can be read or not."""
    for _, text in (*project.own.kpis, *project.own.indicators, OwnFile(project.path, project.text)):
        yield from re.findall(r"^\s*(\w+):", text, re.MULTILINE)


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


def _missing_files(project: Project) -> Iterator[str]:
    """Sources of which nothing can have landed yet and that match no file: the first run would stop at them."""
    landed = _feeds_landed(project)
    for feed, sources in project.feeds.items():
        for number, source in enumerate(sources):
            if (
                feed not in landed
                and not source.lies_elsewhere()
                and not matching_files(source, project.data)
            ):
                patterns = ", ".join(source.files)
                yield project.told(
                    f"feeds.{feed}[{number}].files", f"no file in {project.data} matches {patterns}"
                )


def _feeds_landed(project: Project) -> Collection[str]:
    """The feeds of which something has been published, or may have landed."""
    if not (project.warehouse / "raw.duckdb").exists():
        return ()
    with suppress(OSError, duckdb.Error):
        loads = read_published(project.current, "SELECT DISTINCT feed FROM catalog.loads")
        return loads["feed"].to_list()
    return project.feeds.keys()
