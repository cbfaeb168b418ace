"""`policypulse rollback`: has readers see an earlier published version again."""

from collections.abc import Iterator

from orchestration.project import Project
from warehouse.folder import Folder
from warehouse.publish import roll_back
from warehouse.store import read_published


def rolled_back(project: Project, version: str | None) -> Iterator[str]:
    """Go back to a version, by default the one before; what readers see now and what the next run does.

    Raises NoSuchVersion or WarehouseBusy.
    """
    before = project.current.resolve().name
    now = roll_back(Folder(project.warehouse), version)
    as_of = read_published(project.current, "SELECT max(as_of) FROM kpi.monthly").item()
    yield f"Readers now see {now.name}, as of {as_of}; before, they saw {before}, which stays in {now.parent}."
    yield (
        "The next run publishes anew whatever has landed, mistakes included: correct them first, or switch off "
        "whatever starts runs."
    )
