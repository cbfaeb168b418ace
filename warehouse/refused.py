"""What the disk refuses, told as a sentence: it is full, or something may not be written; never taken for damage.

What is damaged is told in opening.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

# DuckDB takes no more of a disk for what memory cannot hold than had been free there.
_SPILLS = "failed to offload data block"
_FULL = ("No space left", "disk is full", "disk I/O error", "File too large", "quota exceeded", _SPILLS)
_CLOSED = ("Read-only file system", "readonly database", "Permission denied", "unable to open database file")


class DiskRefuses(Exception):
    """Something could not be written; the message says what, why and what to do."""


@contextmanager
def refusals_told() -> Iterator[None]:
    """Raise DiskRefuses in the place of what the system or DuckDB raises where they may not write."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not is_refusal(error):
            raise
        raise DiskRefuses(told(error)) from None


def is_refusal(error: Exception) -> bool:
    """Whether an error says that a disk is full or that something may not be written."""
    return is_full(error) or any(sign in str(error) for sign in _CLOSED)


def is_full(error: Exception) -> bool:
    """Whether an error says that a disk is full."""
    return any(sign in str(error) for sign in _FULL)


def told(error: Exception) -> str:
    """What could not be written, why, and what to do."""
    text = str(error).splitlines()[0]
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename2 or error.filename,) if name]
        text = ": ".join([*names, error.strerror])
    cure = "make room on its disk" if is_full(error) else "see that you may write there"
    return f"{text.rstrip('.')}: {cure} and run again"
