"""The session of a run as it is watched: logged line by line, and measured when it ends, whoever started it.

What is written is `run_log.py` and `metrics.py`; what the session does is `session.py`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.launch import Launch, run_tags
from orchestration.metrics import FILE_NAME, Seen, write_metrics
from orchestration.progress import listening, tell
from orchestration.run_log import logged, tell_failure
from orchestration.session import Session, Warn, opened


@contextmanager
def observed(launch: Launch, run_id: str, warn: Warn) -> Iterator[Session]:
    """The opened session of a launch, under the eyes of log and metrics.

    A run that finds the warehouse taken is logged and leaves the metrics to the run that holds it.
    """
    began, seen = datetime.now(UTC), Seen()
    with logged(_log_file(launch), run_id), listening(seen):
        tell("started", "", {name.partition("/")[2]: value for name, value in run_tags(launch).items()})
        with ExitStack() as stack:
            try:
                session = stack.enter_context(opened(launch, warn))
            except Exception as error:
                tell_failure("", error)
                raise
            yield session
            # What was damaged or is not there has no age; the run has told why.
            with suppress(duckdb.Error):
                seen.ages = session.data_ages()
        ended = datetime.now(UTC)
        tell(
            "ended",
            "",
            {"success": not seen.has_failed, "seconds": round((ended - began).total_seconds(), 3)},
        )
        _measure(launch, seen, began, ended, warn)


def _log_file(launch: Launch) -> Path | None:
    name = launch.log_file or launch.project.file.monitoring.log_file
    return launch.project.folder / name if name else None


def _measure(launch: Launch, seen: Seen, began: datetime, ended: datetime, warn: Warn) -> None:
    warehouse = launch.project.warehouse
    name = launch.project.file.monitoring.metrics_file
    path = launch.project.folder / name if name else warehouse / FILE_NAME
    try:
        write_metrics(path, warehouse, seen, launch.as_of, began, ended)
    except OSError as error:
        # What was published stands, whether or not it could be measured.
        text = f"The metrics could not be written to {path}: {error.strerror or error}"
        warn(text)
        tell("noticed", "", text)
