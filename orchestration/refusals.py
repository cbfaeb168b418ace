"""What the system or a database refuses, in a sentence for people: a full disk, a folder that may not be written.

Asked of the error's own words and without importing what raised it, so that a run with nothing to do stays quick.
"""

import os
from dataclasses import dataclass

from orchestration.exit_status import ExitStatus

_FULL = ("disk is full", "No space left", "disk I/O error", "File too large", "Disk quota exceeded")
_CLOSED = ("readonly database", "unable to open database file", "Read-only file system", "Permission denied")
_KEEP = "Readers keep what they had."


@dataclass(frozen=True)
class Refusal:
    """What is told, and how the command ends."""

    text: str
    status: ExitStatus


def refusal(error: Exception) -> Refusal | None:
    """What to tell of an error that is none of ours; None where it is a mistake in our code."""
    rooms = {type(one).__module__.partition(".")[0] for one in _chain(error)}
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, OSError):
        return _of_system(error)
    if rooms & {"sqlite3", "sqlalchemy"}:
        place = os.environ.get("DAGSTER_HOME", "its home")
        reason = text.rpartition(") ")[2]
        return Refusal(
            f"Dagster cannot keep its log in {place} ({reason}): {_way(text)} {_KEEP}", ExitStatus.REFUSED
        )
    if rooms & {"duckdb", "_duckdb"}:
        return Refusal(_of_duckdb(text), ExitStatus.REFUSED)
    return None


def is_about_room(text: str) -> bool:
    """Whether a message says that a disk is full or that a file or folder may not be written."""
    return any(sign in text for sign in (*_FULL, *_CLOSED))


def _way(text: str) -> str:
    if any(sign in text for sign in _FULL):
        return "make room on its disk and run again."
    return "see that you may write there and that the disk has room, and run again."


def _of_system(error: OSError) -> Refusal:
    where = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    if any(sign in reason for sign in _FULL):
        return Refusal(f"{where}{reason}: {_way(reason)} {_KEEP}", ExitStatus.REFUSED)
    advice = "Check that the path is right, that its folder exists, and that you may read and write it."
    return Refusal(f"{where}{reason}. {advice}", ExitStatus.MISTAKEN)


def _of_duckdb(text: str) -> str:
    if is_about_room(text):
        return f"A database file cannot be written ({text}): {_way(text)} {_KEEP}"
    return (
        f"A database file cannot be used: {text} If it is the published one, `policypulse run` makes a new one, and "
        "`policypulse rollback` returns to the version before."
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error, and what it was raised from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
