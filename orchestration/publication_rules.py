"""What has to hold before a build is published, and which fingerprint its publication may bear.

Rules only: who runs the checks and who copies the file is `session.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from expectations.suites import Check

Outcomes = Mapping[tuple[str, str], bool]
"""Whether a check passed on its table as it is now, by table and check; a check not done since is not in it."""


class Blocked(Exception):
    """Publishing was refused; the message names the checks that failed or are missing."""


def reasons_not_to_publish(
    checks: Sequence[Check], built: Collection[str], outcomes: Outcomes
) -> Iterator[str]:
    """Blocking checks of the tables in `built` that failed, and tables whose blocking checks were not all done."""
    blocking = [check for check in checks if check.blocking and check.table in built]
    for check in blocking:
        if outcomes.get((check.table, check.name)) is False:
            yield f"{check.table} {check.name} failed"
    for table in sorted({c.table for c in blocking if (c.table, c.name) not in outcomes}):
        yield f"{table} has to be made and checked again: something it is made from has changed"


def published_fingerprint(fingerprint: str, last: str, *, made_whole: bool, files_wait: bool) -> str:
    """The run's fingerprint if all of the build stands for it, made now or by the last publication; else none.

    A version without one is never taken for what a run would publish, so the next run makes everything anew. Files
    that wait for the next run have changed, so what is published does not stand for them.
    """
    if files_wait:
        return ""
    return fingerprint if made_whole or last == fingerprint else ""
