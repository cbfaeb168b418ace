"""The log of a run for machines: a JSON object a line, with the run's id, and nothing that is about people.

What happens is told by `progress.py`; here is what of it is written down, and how a line of it reads.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.message import plain, without_values
from orchestration.progress import Event, listening, tell

COUNTS = ("rows_read", "rows_landed", "rows_rejected", "rows_skipped", "rows_unchanged")


def said_of(event: Event) -> Mapping[str, Any]:
    """What an event says, in counts, names and words without values."""
    detail: Any = event.detail
    if event.kind == "landed":
        return {"feed": event.name, "file": detail.file, **{name: getattr(detail, name) for name in COUNTS}}
    if event.kind == "made":
        return {"table": event.name, "rows": detail.rows, "seconds": round(detail.seconds, 3)}
    if event.kind == "checked":
        check = {"table": event.name, "check": detail.check.name, "severity": detail.check.severity}
        return {**check, "passed": detail.passed, "unexpected_count": detail.unexpected_count}
    if event.kind == "published":
        return {"version": event.name, "changed_records": detail["changed_records"]}
    if event.kind in ("started", "ended"):
        return dict(detail)
    return {key: value for key, value in (("feed", event.name), ("text", _told(detail))) if value}


def line_of(event: Event) -> str:
    """The event as a line for people, as `made table=core.claims rows=4802 seconds=0.31`."""
    return " ".join(
        [event.kind, *(f"{key}={value}" for key, value in said_of(event).items() if value is not None)]
    )


@contextmanager
def logged(path: Path | None, run_id: str) -> Iterator[None]:
    """Append what happens in the block to a file, if there is one; it is opened at once, so that it fails early."""
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    with os.fdopen(handle, "w", encoding="utf-8", buffering=1) as file:

        def write(event: Event) -> None:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"at": at, "run_id": run_id, "event": event.kind, **said_of(event)}
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

        with listening(write):
            yield


def tell_failure(step: str, error: BaseException) -> None:
    """Report why a step stopped."""
    tell("failed", step, str(error) or type(error).__name__)


def _told(detail: object) -> str:
    return plain(without_values(str(detail)))
