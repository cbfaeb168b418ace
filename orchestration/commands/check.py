"""`policypulse check`: what a run would find in the files that are there, and which KPIs it would compute.

What is wrong with the project itself is in orchestration/project_check.py; here its files are opened.
"""

from collections.abc import Iterator

from orchestration.commands.first_mapping import asked_by_kpis, computable, mapped_items
from orchestration.project import Project
from warehouse.landing.errors import LandingError
from warehouse.landing.first_rows import first_rejects
from warehouse.landing.mapping import matching_files

_FILES_A_SOURCE = 3
_MOST_LINES = 12


def file_problems(project: Project) -> tuple[list[str], list[str]]:
    """What would stop a run in the newest files of each source, and what it would only reject, a line each."""
    stops: list[str] = []
    notes: list[str] = []
    for feed, sources in project.feeds.items():
        for number, source in enumerate(sources):
            for path in matching_files(source, project.data)[-_FILES_A_SOURCE:] if source.files else ():
                place = f"{project.path}: feeds.{feed}[{number}]: {path.name}"
                try:
                    rejects, rows = first_rejects(
                        path, feed, source, project.contracts, project.settings.time_zone
                    )
                except LandingError as error:
                    stops += [f"{place}: {line}" for line in str(error).splitlines()]
                    continue
                share = rejects["line"].n_unique() / max(rows, 1)
                told = _told(rejects.select("line", "column", "reason").rows(), rows, place)
                (stops if share > source.max_reject_share else notes).extend(told)
    return stops, notes


def _told(rejects: list[tuple[int, str | None, str]], rows: int, place: str) -> Iterator[str]:
    """Each column and reason once, with its first line and how many rows it is said of."""
    found: dict[tuple[str | None, str], list[int]] = {}
    for line, column, reason in rejects:
        found.setdefault((column, reason), []).append(line)
    for (column, reason), lines in list(found.items())[:_MOST_LINES]:
        of = f"{column}: " if column else ""
        count = "1 row" if len(lines) == 1 else f"{len(lines):,} rows"
        yield f"{place}: line {min(lines)}: {of}{reason} ({count} of the first {rows:,})"
    if len(found) > _MOST_LINES:
        yield f"{place}: {len(found) - _MOST_LINES} more kinds; policypulse rejects shows all of them"


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
