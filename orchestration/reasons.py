"""How an error ends a step of Dagster's: in words for people if it is ours, and only if trying again may not help.

What is then left of it in the log is `told_once.py`; when a run is asked for again is `schedules.py`.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.fingerprint import ROOMS
from orchestration.progress import tell
from orchestration.remaking import NotAsRebuilt
from orchestration.run_log import tell_failure
from warehouse.folder import WarehouseBusy
from warehouse.opening import LandingZoneDamaged
from warehouse.refused import DiskRefuses
from warehouse.store import BuildDamaged

TRIES, SECONDS_BETWEEN = 3, 10
MAY_PASS = "may_pass"
"""Metadata of a failure: whether the same may go well another time, as when a share or a database did not answer."""
MENDED_ELSEWHERE = (DiskRefuses, WarehouseBusy, LandingZoneDamaged, BuildDamaged, NotAsRebuilt)
"""What goes well once there is room, a backup is put back or the next run makes all anew, though no file changes."""
PASSING = frozenset(
    {
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EAGAIN,
    }
)
_FOR_GOOD = (ValueError, TypeError, LookupError, ArithmeticError)


@contextmanager
def reasons_for_people(tries_left: int = 0) -> Iterator[None]:
    """Have Dagster show what our own errors say, and nothing around it.

    What may pass is tried again as long as there are `tries_left`.
    """
    try:
        yield
    except Exception as error:
        passing = may_pass(error)
        if passing and tries_left:
            tell("noticed", "", f"{error}; it is tried again")
            raise dg.RetryRequested(max_retries=TRIES - 1, seconds_to_wait=SECONDS_BETWEEN) from error
        tell_failure("", error)
        if not _is_of_ours(error):
            raise
        again = passing or isinstance(error, MENDED_ELSEWHERE)
        raise dg.Failure(description=str(error), metadata={MAY_PASS: again}) from None


def may_pass(error: BaseException) -> bool:
    """Whether an error comes from without, and not from what a file, a mapping or a rule of ours says."""
    cause = error.__cause__ if _is_of_ours(error) else error
    if cause is None or isinstance(cause, _FOR_GOOD) or _is_of_ours(cause):
        return False
    if isinstance(cause, OSError):
        return isinstance(cause, ConnectionError | TimeoutError) or cause.errno in PASSING
    # A driver or DuckDB that could not read, whose kinds of errors are many; a mistake of ours bears no words of ours.
    return _is_of_ours(error)


def _is_of_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in ROOMS
