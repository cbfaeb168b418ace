"""`policypulse backup` and `restore`: what is told of a backup that was made or put back.

What a backup holds and how it is put back is `warehouse/backup.py`.
"""

from collections.abc import Iterator
from pathlib import Path

from orchestration.fingerprint import forget
from orchestration.project import Project
from warehouse.backup import back_up, restore
from warehouse.folder import Folder


def backed_up(project: Project, target: Path) -> Iterator[str]:
    """Back a warehouse up to a new folder; what it holds and what it does not, a sentence each.

    Raises NoBackup, WarehouseBusy or LandingZoneDamaged.
    """
    made = back_up(Folder(project.warehouse), target)
    rows = sum(feed.rows for feed in made.feeds)
    seen = f", and {made.version}, which readers see" if made.version else ""
    yield f"{target} holds all that was landed ({rows:,} rows of {len(made.feeds)} feeds){seen}."
    yield "Not in it: the project file and the key of the pseudonyms. Keep these too, the key in another place."


def restored(project: Project, source: Path) -> Iterator[str]:
    """Put a backup back; what is there now, a sentence each. Raises NoBackup or WarehouseBusy."""
    folder = Folder(project.warehouse)
    made, aside = restore(folder, source)
    forget(project)
    yield f"{folder.raw} holds again what it held at {made.made_at}; every feed of it was compared."
    for path in aside:
        yield f"What stood there is {path}; delete it once nobody misses anything."
    yield "What was landed after the backup is landed anew by the next run, if its files are still there."
