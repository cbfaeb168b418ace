"""Where the files of one warehouse lie, and who may write them: one run at a time.

What is in the files is store.py's affair.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


class WarehouseBusy(Exception):
    """Another run holds the warehouse."""


@dataclass(frozen=True)
class Folder:
    """Where the files of one warehouse lie."""

    path: Path

    @property
    def raw(self) -> Path:
        """The landing zone: append-only, the truth."""
        return self.path / "raw.duckdb"

    @property
    def build(self) -> Path:
        """Everything derived from raw; losing it loses nothing."""
        return self.path / "build.duckdb"

    @property
    def state(self) -> Path:
        """What is kept from one run to the next and never published; losing it costs the time to work it out anew."""
        return self.path / "state.duckdb"

    @property
    def versions(self) -> Path:
        """Immutable published copies of the build."""
        return self.path / "versions"

    @property
    def current(self) -> Path:
        """Symlink to the version that analysts read."""
        return self.path / "current.duckdb"

    @property
    def current_site(self) -> Path:
        """The symlink to the pages of the version that readers see; absent where it has none."""
        return self.path / "current-site"

    @property
    def scratch(self) -> Path:
        """What is written on the way and may hold clear identifiers: there during a run only, for its owner only."""
        return self.path / "scratch"


def log_of(database: Path) -> Path:
    """What has been written of a database and is not in its file yet, as a killed process leaves it."""
    return database.with_name(f"{database.name}.wal")


@contextmanager
def locked(
    folder: Folder, wait_seconds: float = 0, on_wait: Callable[[str], None] = lambda holder: None
) -> Iterator[None]:
    """Hold the warehouse for writing; raises WarehouseBusy, naming who holds it, if it is not free within the time.

    `on_wait` is told once who is waited for.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _is_taken(handle):
            if wait_seconds > 0:
                on_wait(_holder(os.pread(handle, 200, 0)))
            _wait(handle, wait_seconds, folder)
        os.ftruncate(handle, 0)
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield
    finally:
        os.close(handle)


def _is_taken(handle: int) -> bool:
    """Whether the lock could be taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(handle: int, seconds: float, folder: Folder) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(0.5, max(0.0, until - time.monotonic())))
        if _is_taken(handle):
            return
    holder = _holder(os.pread(handle, 200, 0))
    waited = f"; waited {seconds:g} s" if seconds else ""
    raise WarehouseBusy(
        f"another run holds the warehouse {folder.path} ({holder}){waited}; wait for it to end (--wait 10m)"
    )


def _holder(content: bytes) -> str:
    try:
        who = json.loads(content)
        return f"process {who['pid']} since {who['since']}"
    except (ValueError, KeyError):
        return "it has just started"
