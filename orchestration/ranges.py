"""Values of the project file that can be read and yet cannot be right, as a schedule that never comes.

For `policypulse check` and before a run; what a value may look like at all is said where it is declared.
"""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from orchestration.project import DEFAULT_SCHEDULE, Project

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2100, 1, 1)


def out_of_range(project: Project) -> Iterator[tuple[str, str]]:
    """Key path and reason of each such value."""
    file = project.file
    if reason := schedule_problem(file.schedule):
        yield "schedule", reason
    if file.as_of and (reason := day_problem(file.as_of)):
        yield "as_of", reason
    if reason := _folder_problem(project.warehouse, file.warehouse):
        yield "warehouse", reason
    for key in ("log_file", "metrics_file"):
        name = getattr(file.monitoring, key)
        if name and (reason := _file_problem(project.folder / name)):
            yield f"monitoring.{key}", reason


def day_problem(day: date) -> str | None:
    """Why a day cannot be the as-of day; None if it can."""
    if FIRST_DAY <= day <= LAST_DAY:
        return None
    return f"{day} is no day up to which an insurer's records count; write one from {FIRST_DAY} to {LAST_DAY}"


def schedule_problem(written: str) -> str | None:
    """Why nothing would ever run by a schedule; None if something would."""
    if written == DEFAULT_SCHEDULE:  # spares the import
        return None
    from dagster._utils.schedules import is_valid_cron_string

    if is_valid_cron_string(written):
        return None
    return (
        f"{written!r} is no time that ever comes: write minute, hour, day, month and weekday, as in 0 2 * * * for "
        "every night at two"
    )


def _folder_problem(path: Path, written: str) -> str | None:
    if not written.strip():
        return "name a folder"
    there = next(place for place in (path, *path.parents) if place.exists())
    if not there.is_dir():
        return f"{there} is no folder; name another"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"you may not write into {there}"
    return None


def _file_problem(path: Path) -> str | None:
    if path.is_dir():
        return f"{path} is a folder; name a file"
    return _folder_problem(path.parent, str(path))
