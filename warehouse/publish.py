"""Publishing: a copy of the build becomes the version that readers see, whole or not at all; and rolling back.

What is written beside a version, its pages, is swapped, rolled back and deleted with it.

Whether the build may be published is decided by whoever calls; nothing here looks at its content.
"""

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.folder import Folder, locked, log_of
from warehouse.modes import Readers, let_read, let_through
from warehouse.opening import leave_out_unpublished

SUFFIX = ".duckdb"
PARTIAL = ".partial"
NAMED_BY = "%Y%m%dT%H%M%S%fZ"
NAME = re.compile(r"\d{8}T\d{12}Z\.duckdb")


class NoSuchVersion(Exception):
    """There is no version to go back to; the message says which there are."""


def publish(
    folder: Folder,
    *,
    keep_versions: int,
    write_site: Callable[[Path, Path], object] | None = None,
    readers: Readers = "group",
) -> Path:
    """Copy the checkpointed build to a new version and point `current.duckdb` at it; returns the version.

    `write_site` is given the copy and the folder to write its pages into, before either is a version.

    The copy is on disk and its pages are written before the symlink is swapped in one step, so that a reader always
    finds a whole file and a failure leaves the old one. A reader that has an old version open keeps it. Keeps the
    newest `keep_versions` versions, and always the one that readers saw until now: somebody may just be opening it.
    """
    folder.versions.mkdir(parents=True, exist_ok=True)
    let_through(folder.versions, readers)
    version = folder.versions / _next_name(folder)
    partial = version.with_suffix(PARTIAL)
    try:
        shutil.copyfile(folder.build, partial)
        leave_out_unpublished(partial)
        _to_disk(partial)
        let_read(partial, readers)
        if write_site:
            write_site(partial, site_of(version))
            let_read(site_of(version).parent, readers)
        partial.rename(version)
    except BaseException:
        _delete(partial)
        raise
    _to_disk(folder.versions)
    seen = current_version(folder)
    point_to(folder, version)
    for old in versions(folder)[:-keep_versions]:
        if old not in (version, seen):
            _delete(old)
    return version


def clear_unfinished(folder: Folder) -> None:
    """Remove what a killed publication left behind, and have the pages be those of the version that readers see."""
    for partial in folder.versions.glob(f"*{PARTIAL}*"):
        partial.unlink()
    for pages in list(folder.versions.glob("*/site*")):
        if not pages.parent.with_suffix(SUFFIX).exists():
            shutil.rmtree(pages.parent, ignore_errors=True)
        elif pages.suffix == PARTIAL:
            shutil.rmtree(pages)
    for link in (folder.current, folder.current_site):
        _following(link).unlink(missing_ok=True)
    if (seen := current_version(folder)) and _pages(folder) != _pages_of(seen):
        point_to(folder, seen)


def site_of(version: Path) -> Path:
    """The folder of the pages of a version."""
    return version.with_suffix("") / "site"


def point_to(folder: Folder, version: Path) -> None:
    """Make `version` the current one, and its pages; also the way back to an older one."""
    _swap(folder, folder.current, version)
    if site_of(version).is_dir():
        _swap(folder, folder.current_site, site_of(version))
    else:
        folder.current_site.unlink(missing_ok=True)
    _to_disk(folder.path)


def _pages(folder: Folder) -> Path | None:
    return folder.path / folder.current_site.readlink() if folder.current_site.is_symlink() else None


def _pages_of(version: Path) -> Path | None:
    return site_of(version) if site_of(version).is_dir() else None


def _following(link: Path) -> Path:
    return link.with_name(f"{link.stem}.next")


def _swap(folder: Folder, link: Path, target: Path) -> None:
    following = _following(link)
    following.unlink(missing_ok=True)
    following.symlink_to(target.relative_to(folder.path))
    following.replace(link)


def _delete(version: Path) -> None:
    version.unlink(missing_ok=True)
    log_of(version).unlink(missing_ok=True)
    shutil.rmtree(version.with_suffix(""), ignore_errors=True)


def versions(folder: Folder) -> list[Path]:
    """The published versions, oldest first; other files beside them do not count."""
    return sorted(path for path in folder.versions.glob(f"*{SUFFIX}") if NAME.fullmatch(path.name))


def named_at(version: Path) -> datetime:
    """The instant that a version is named by: when it was published, or just after the version before it."""
    return datetime.strptime(version.stem, NAMED_BY).replace(tzinfo=UTC)


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


def named_version(folder: Folder, name: str | None) -> Path:
    """The version of that name, or else the current one; raises NoSuchVersion."""
    now = current_version(folder)
    fitting = (
        [now] if name is None else [one for one in versions(folder) if one.stem == name.removesuffix(SUFFIX)]
    )
    if fitting and fitting[0]:
        return fitting[0]
    raise _no_such(folder, f"there is no version {name}" if name else "nothing is published")


def _earlier(folder: Folder, name: str | None) -> Path:
    if name is not None:
        return named_version(folder, name)
    now = current_version(folder)
    fitting = [version for version in versions(folder) if now is None or version.name < now.name]
    if fitting:
        return fitting[-1]
    raise _no_such(folder, "there is no version before the current one")


def _no_such(folder: Folder, asked: str) -> NoSuchVersion:
    now = current_version(folder)
    found = versions(folder)
    there = ", ".join(f"{version.name} (current)" if version == now else version.name for version in found)
    return NoSuchVersion(f"{asked} in {folder.versions}; there are: {there or 'none'}")


def _next_name(folder: Folder) -> str:
    """The time as a name that sorts after all others, even if the clock has been set back."""
    at = datetime.now(UTC)
    if newest := versions(folder)[-1:]:
        at = max(at, named_at(newest[0]) + timedelta(microseconds=1))
    return f"{at:{NAMED_BY}}{SUFFIX}"


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
