"""Files that can no longer be read but can be made anew are set aside, so that they do not stop every later run.

Which files those are is known to whoever keeps them; what was landed is never among them.
"""

from datetime import UTC, datetime
from pathlib import Path


def set_aside(path: Path) -> Path:
    """Rename a damaged file and what its database wrote beside it; returns its new path.

    Nothing is deleted: somebody may want to look into it.
    """
    suffix = f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for beside in (".wal", "-wal", "-shm", "-journal"):
        companion = path.with_name(path.name + beside)
        if companion.exists():
            companion.rename(companion.with_name(companion.name + suffix))
    return path.rename(path.with_name(path.name + suffix))
