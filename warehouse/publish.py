"""Publishing: a copy of the build becomes the version that readers see, whole or not at all.

Whether the build may be published is decided by whoever calls; nothing here looks at its content.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from warehouse.store import Folder

SUFFIX = ".duckdb"


def publish(folder: Folder, *, keep_versions: int) -> Path:
    """Copy the checkpointed build to a new version and point `current.duckdb` at it; returns the version.

    The copy is on disk before the symlink is swapped in one step, so that a reader always finds a whole file
    and a failure leaves the old one. A reader that has an old version open keeps it. Keeps the newest
    `keep_versions` versions.
    """
    folder.versions.mkdir(parents=True, exist_ok=True)
    version = folder.versions / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}{SUFFIX}"
    partial = version.with_suffix(".partial")
    try:
        shutil.copyfile(folder.build, partial)
        _to_disk(partial)
        partial.chmod(0o444)
        partial.rename(version)
        _to_disk(folder.versions)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    point_to(folder, version)
    for old in versions(folder)[:-keep_versions]:
        old.unlink()
    return version


def point_to(folder: Folder, version: Path) -> None:
    """Make `version` the current one; also the way back to an older one."""
    link = folder.path / "current.next"
    link.unlink(missing_ok=True)
    link.symlink_to(version.relative_to(folder.path))
    link.replace(folder.current)
    _to_disk(folder.path)


def versions(folder: Folder) -> list[Path]:
    """The published versions, oldest first."""
    return sorted(folder.versions.glob(f"*{SUFFIX}"))


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
