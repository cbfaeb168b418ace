"""Backups: the landing zone and the version that readers see, copied whole with their digests, and put back.

All else is made anew from these. The project file and the key of the pseudonyms lie elsewhere and are not in them.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.folder import Folder, locked, log_of
from warehouse.opening import of_raw
from warehouse.publish import PARTIAL, current_version, point_to
from warehouse.verification import FeedContent, feed_contents

MANIFEST = "backup.json"


class NoBackup(Exception):
    """A folder cannot be used as a backup, or for one; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: files by their name in it, with the SHA-256 of each, and the feeds of its landing zone."""

    made_at: str
    version: str
    """Name of the version that readers saw; empty if there was none."""
    files: dict[str, str]
    feeds: tuple[FeedContent, ...]


def back_up(folder: Folder, target: Path) -> Backup:
    """Copy the landing zone and the current version of a warehouse to a new folder, whole or not at all.

    Raises NoBackup, WarehouseBusy while a run is under way, and LandingZoneDamaged.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise NoBackup(f"{target} holds something already; a backup is a folder of its own: name a new one")
    with locked(folder):
        if not folder.raw.exists():
            raise NoBackup(f"There is nothing to back up: {folder.raw} is not there.")
        _settle(folder.raw)
        partial = target.with_name(f"{target.name}{PARTIAL}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        try:
            made = _copied(folder, partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    if target.exists():
        target.rmdir()
    partial.rename(target)
    return made


def read_backup(source: Path) -> Backup:
    """The backup in a folder, every file of which is the one that was written; raises NoBackup."""
    try:
        told = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        feeds = tuple(FeedContent(**feed) for feed in told.pop("feeds"))
        found = Backup(**told, feeds=feeds)
    except FileNotFoundError:
        raise NoBackup(
            f"{source} is no backup, since {MANIFEST} is not in it: name a folder that `policypulse backup` wrote"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoBackup(f"{source / MANIFEST} cannot be read ({error}); use another backup") from None
    for name, digest in found.files.items():
        path = source / name
        if not path.is_file():
            raise NoBackup(f"{path} is not there; use another backup")
        if _digest(path) != digest:
            raise NoBackup(f"{path} is not what was backed up: its SHA-256 is another; use another backup")
    return found


def restore(folder: Folder, source: Path) -> tuple[Backup, Sequence[Path]]:
    """Put a backup in the place of the landing zone; returns it and the files that were set aside, not deleted.

    What was made from another landing zone is removed, and the next run makes it anew. Readers keep the version that
    they see; if there is none, they see that of the backup. Can be repeated if it is interrupted. Raises NoBackup
    before anything is changed, and WarehouseBusy.
    """
    found = read_backup(source)
    with locked(folder):
        partial = folder.raw.with_suffix(PARTIAL)
        try:
            _copy(source / folder.raw.name, partial)
            if feed_contents(partial) != list(found.feeds):
                raise NoBackup(f"{source / folder.raw.name} does not hold the rows that were backed up")
            _restore_version(folder, source, found)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        for made in (folder.build, folder.state):
            for path in (made, log_of(made)):
                path.unlink(missing_ok=True)
        aside = _set_aside(folder.raw)
        partial.replace(folder.raw)
        _to_disk(folder.path)
    return found, aside


def _set_aside(raw: Path) -> list[Path]:
    """Give the landing zone a second name, so that there is one under its own at every instant."""
    aside = raw.with_name(f"{raw.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    moved = []
    if log_of(raw).exists():
        # First, since DuckDB would add it to the file that is put back.
        moved.append(log_of(raw).rename(log_of(aside)))
    if raw.exists():
        os.link(raw, aside)
        moved.append(aside)
    return moved


def _restore_version(folder: Folder, source: Path, found: Backup) -> None:
    if not found.version:
        return
    version = folder.versions / found.version
    folder.versions.mkdir(exist_ok=True)
    if not version.exists():
        partial = version.with_suffix(PARTIAL)
        _copy(source / found.version, partial)
        partial.chmod(0o444)
        partial.rename(version)
    if current_version(folder) is None:
        point_to(folder, version)


def _copied(folder: Folder, partial: Path) -> Backup:
    seen = current_version(folder)
    files = {path.name: _copy(path, partial / path.name) for path in (folder.raw, seen) if path}
    made = Backup(
        made_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        version=seen.name if seen else "",
        files=files,
        feeds=tuple(feed_contents(partial / folder.raw.name)),
    )
    (partial / MANIFEST).write_text(json.dumps(asdict(made), indent=1), encoding="utf-8")
    _to_disk(partial / MANIFEST)
    _to_disk(partial)
    return made


def _settle(raw: Path) -> None:
    """Have all of the landing zone in its one file, even if a run was killed."""
    try:
        with duckdb.connect(str(raw)) as con:
            con.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise of_raw(raw, error) from None


def _copy(source: Path, target: Path) -> str:
    """Copy a file to disk, for its owner only; returns its SHA-256."""
    for path in (target, log_of(target)):
        path.unlink(missing_ok=True)
    target.touch(mode=0o600)
    shutil.copyfile(source, target)
    _to_disk(target)
    return _digest(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
