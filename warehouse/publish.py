"""Publishing: a copy of the build becomes the version that readers see, whole or not at all; and rolling back.

Whether the build may be published is decided by whoever calls; nothing here looks at its content.
"""

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.store import Folder, locked

SUFFIX = ".duckdb"
NAMED_BY = "%Y%m%dT%H%M%S%fZ"
NAME = re.compile(r"\d{8}T\d{12}Z\.duckdb")


class NoSuchVersion(Exception):
    """There is no version to go back to; the message says which there are."""


def publish(folder: Folder, *, keep_versions: int) -> Path:
    """Copy the checkpointed build to a new version and point `current.duckdb` at it; returns the version.

    The copy is on disk before the symlink is swapped in one step, so that a reader always finds a whole file
    and a failure leaves the old one. A reader that has an old version open keeps it. Keeps the newest
    `keep_versions` versions, and always the one that readers see.
    """
    folder.versions.mkdir(parents=True, exist_ok=True)
    version = folder.versions / _next_name(folder)
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
        if old != current_version(folder):
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
    """The published versions, oldest first; other files beside them do not count."""
    return sorted(path for path in folder.versions.glob(f"*{SUFFIX}") if NAME.fullmatch(path.name))


def current_version(folder: Folder) -> Path | None:
    """The version that readers see; None if there is none or the link leads nowhere."""
    if not folder.current.exists():
        return None
    return folder.path / folder.current.readlink()


def roll_back(folder: Folder, name: str | None) -> Path:
    """Point `current.duckdb` at the version of that name, or else at the one before the current; returns it.

    Raises NoSuchVersion, and WarehouseBusy while a run may be about to publish.
    """
    with locked(folder):
        version = _earlier(folder, name)
        point_to(folder, version)
    return version


def _earlier(folder: Folder, name: str | None) -> Path:
    found, now = versions(folder), current_version(folder)
    if name is None:
        fitting = [version for version in found if now is None or version.name < now.name]
    else:
        fitting = [version for version in found if version.stem == name.removesuffix(SUFFIX)]
    if fitting:
        return fitting[-1]
    asked = f"there is no version {name}" if name else "there is no version before the current one"
    there = ", ".join(f"{version.name} (current)" if version == now else version.name for version in found)
    raise NoSuchVersion(f"{asked} in {folder.versions}; there are: {there or 'none'}")


def _next_name(folder: Folder) -> str:
    """The time as a name that sorts after all others, even if the clock has been set back."""
    at = datetime.now(UTC)
    if newest := versions(folder)[-1:]:
        named = datetime.strptime(newest[0].stem, NAMED_BY).replace(tzinfo=UTC)
        at = max(at, named + timedelta(microseconds=1))
    return f"{at:{NAMED_BY}}{SUFFIX}"


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
