"""`policypulse check`: every fault of a project and of the first rows of its sources, and which KPIs it would compute.

What is wrong with the project itself is asked in orchestration/project_check.py; here its sources are opened, and all
faults come together.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from orchestration.commands.first_mapping import asked_by_kpis, computable, mapped_items
from orchestration.project import Project, mapping_problems, read_what_can_be
from orchestration.project_check import problems
from warehouse.landing.errors import LandingError
from warehouse.landing.first_rows import ask_query, columns_there, first_rejects, rejects_of_query
from warehouse.landing.mapping import FeedSource, matching_files
from warehouse.landing.objects import fetch_object, stored_objects

_FILES_A_SOURCE = 3
_MOST_LINES = 12
# Keys of a source without which its header cannot be found.
_HOW_A_FILE_IS_READ = {"", "csv", "skip", "sheet", "format"}


class Found(NamedTuple):
    """A project as far as it can be read, what would stop a run of it, and what one would only reject, a line each."""

    project: Project
    faults: list[str]
    notes: list[str]


def looked_over(folder: Path) -> Found:
    """Everything that is wrong in a project's folder; raises ProjectError if there is no project file."""
    project, of_keys = read_what_can_be(folder)
    of_keys += mapping_problems(project)
    of_sources, notes = _source_problems(project, [key for key, _ in of_keys])
    faults = [project.told(key, reason) for key, reason in of_keys]
    return Found(project, list(dict.fromkeys([*faults, *problems(project), *of_sources])), notes)


def _source_problems(project: Project, wrong: Collection[str]) -> tuple[list[str], list[str]]:
    """What would stop a run in the newest files and the query of each source, and what it would only reject.

    Of a source with `wrong` keys no row is tried, as it would be refused for these.
    """
    stops: list[str] = []
    notes: list[str] = []
    for feed, sources in project.feeds.items():
        for number, source in enumerate(sources if feed in project.contracts else ()):
            at_fault = set(_parts_of(wrong, feed, number))
            with TemporaryDirectory() as work:
                stopping, noted = _of_source(project, (feed, number), source, at_fault, Path(work))
            stops += stopping
            notes += noted
    return stops, notes


def _of_source(
    project: Project, place: tuple[str, int], source: FeedSource, at_fault: Collection[str], work: Path
) -> tuple[list[str], list[str]]:
    """The same of one source, whose objects are fetched into `work`."""
    feed, key = place[0], f"feeds.{place[0]}[{place[1]}]"
    stops: list[str] = []
    notes: list[str] = []
    try:
        newest = _newest(project, source, at_fault, work)
    except LandingError as error:
        return [_told_of(project, key, feed, source.place(), line) for line in error.problems], []
    for path in newest:
        name = path.name if path else source.place()
        try:
            rejects, rows = _rejects(project, feed, source, path, at_fault)
        except LandingError as error:
            stops += [_told_of(project, key, feed, name, line) for line in error.problems]
            continue
        told = [project.told(key, f"{name}: {line}") for line in _told(rejects, rows)]
        share = rejects["line"].n_unique() / max(rows, 1)
        (stops if share > source.max_reject_share else notes).extend(told)
    return stops, notes


def _parts_of(wrong: Collection[str], feed: str, number: int) -> Iterator[str]:
    """The keys of one source of a feed under which something is wrong; a list of one may be written without it."""
    for key in wrong:
        first, of_feed, *rest = [*re.findall(r"[^.\[\]]+", key), "", ""]
        if (first, of_feed) == ("feeds", feed):
            place = rest.pop(0) if rest[0].isdigit() else str(number)
            if place == str(number):
                yield rest[0]


def _newest(project: Project, source: FeedSource, at_fault: Collection[str], work: Path) -> list[Path | None]:
    """The files to be looked at, None for a query; nothing of which is wrong how it is read."""
    if source.database:
        return [None]
    if _HOW_A_FILE_IS_READ & {*at_fault}:
        return []
    if not source.lies_in_storage():
        return [*matching_files(source, project.data)[-_FILES_A_SOURCE:]]
    newest = stored_objects(source)[-1:]
    if not newest:
        raise LandingError([f"no object matches {source.place()}"])
    path = work / PurePosixPath(newest[0].url).name
    fetch_object(newest[0].url, path)
    return [path]


def _rejects(
    project: Project, feed: str, source: FeedSource, path: Path | None, at_fault: Collection[str]
) -> tuple[pl.DataFrame, int]:
    """What is rejected of a source's first rows, and how many they are; none are tried of one `at_fault`."""
    zone = project.settings.time_zone
    if path and not at_fault:
        return first_rejects(path, feed, source, project.contracts, zone)
    if path:
        columns_there(path, source, f"feeds.{feed}[0]")
    elif source.database:
        if not at_fault:
            return rejects_of_query(source.database, feed, source, project.contracts, zone, project.data)
        ask_query(source.database, project.data)
    return pl.DataFrame(schema={"line": pl.Int64, "column": pl.String, "reason": pl.String}), 0


def _told_of(project: Project, key: str, feed: str, name: str, line: str) -> str:
    """What the landing says of a source that it was given alone, under the key and on the line that it is about."""
    line = line.removeprefix(f"{feed}: ").removeprefix(f"{name}: ").replace(f"feeds.{feed}[0]", key)
    named = re.search(rf"{re.escape(key)}[.\w]*\w", line)
    return project.told(named[0] if named else key, f"{name}: {line}")


def _told(rejects: pl.DataFrame, rows: int) -> Iterator[str]:
    """Each column and reason once, with its first line and how many rows it is said of."""
    found: dict[tuple[str | None, str], list[int]] = {}
    for line, column, reason in rejects.select("line", "column", "reason").iter_rows():
        found.setdefault((column, reason), []).append(line)
    for (column, reason), lines in list(found.items())[:_MOST_LINES]:
        of = f"{column}: " if column else ""
        count = "1 row" if len(lines) == 1 else f"{len(lines):,} rows"
        yield f"line {min(lines)}: {of}{reason} ({count} of the first {rows:,})"
    if len(found) > _MOST_LINES:
        yield f"{len(found) - _MOST_LINES} more kinds; policypulse rejects shows all of them"


def lacks(project: Project) -> Iterator[str]:
    """How many KPIs can be computed, and what the others lack, what most of them lack first."""
    asked = asked_by_kpis(project)
    mapped = mapped_items(project, asked)
    now = computable(asked, mapped)
    yield f"{len(now)} of {len({kpi.code for kpi, _ in asked})} KPIs can be computed; the others are not_applicable:"
    by_lack: dict[str, set[str]] = {}
    for kpi, one in asked:
        if kpi.code not in now:
            missing = [
                need.without(mapped) for need in one.needs if not any(a <= mapped for a in need.alternatives)
            ]
            by_lack.setdefault(str(missing[0]), set()).add(kpi.code)
    ranked = sorted(by_lack.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    for lack, codes in ranked[:_MOST_LINES]:
        others = f" and {len(codes) - 1} more" if len(codes) > 1 else ""
        yield f"  {min(codes)}{others}: no {lack}"
    if len(ranked) > _MOST_LINES:
        yield "  … after a run, catalog.kpis says of each KPI what it lacks"
