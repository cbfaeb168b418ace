"""Who may read which file of a warehouse, whatever the umask: what is private its owner, what is published its readers.

The file system of one machine is meant; encryption and the accounts are the operator's affair.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from warehouse.folder import Folder

Readers = Literal["owner", "group", "everyone"]
PRIVATE_UMASK = 0o077
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_PUBLISHED = {"owner": (0o400, 0o700), "group": (0o440, 0o750), "everyone": (0o444, 0o755)}
"""Modes of files and folders that readers get at. Nobody writes into a version, so its owner does not either."""
_PAGES = {"owner": 0o600, "group": 0o640, "everyone": 0o644}


def keep_private(folder: Folder, readers: Readers) -> list[str]:
    """Close all that is not published to everybody but its owner; returns what a user should know of it.

    The folder itself lets the readers through to what is published.
    """
    told = []
    let_through(folder.path, readers)
    for path in sorted(folder.path.iterdir()):
        if path.is_symlink() or path == folder.versions:
            continue
        was = stat.S_IMODE(path.stat().st_mode)
        if was & PRIVATE_UMASK:
            left = _set(path, _PRIVATE_FOLDER if path.is_dir() else _PRIVATE_FILE)
            if left & PRIVATE_UMASK:
                told.append(f"{path} can be read by others (mode {left:o}), and its file system keeps it so")
            elif path.suffix == folder.raw.suffix:
                told.append(f"{path} could be read by others (mode {was:o}); now only its owner can")
    if folder.versions.is_dir():
        let_through(folder.versions, readers)
        for path in folder.versions.iterdir():
            if stat.S_IMODE(path.stat().st_mode) != _PUBLISHED[readers][path.is_dir()]:
                let_read(path, readers)
    return told


def let_through(folder: Path, readers: Readers) -> None:
    """Let readers through a folder, whose files have modes of their own."""
    _set(folder, _PUBLISHED[readers][1])


def let_read(published: Path, readers: Readers) -> None:
    """Open a published file, or a folder with all that is in it, to its readers and to nobody else."""
    if published.is_file():
        _set(published, _PUBLISHED[readers][0])
        return
    for path in [published, *_within(published)]:
        _set(path, _PUBLISHED[readers][1] if path.is_dir() else _PAGES[readers])


def _set(path: Path, mode: int) -> int:
    """Give a file or folder a mode; returns the one it has now, which is another where the file system has its own."""
    with suppress(OSError):
        path.chmod(mode)
    return stat.S_IMODE(path.stat().st_mode)


def _within(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        yield from (Path(above, name) for name in (*folders, *files))
