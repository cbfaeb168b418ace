"""Dagster's home of a project: where it keeps its runs, without telemetry, one run at a time."""

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from orchestration.project import Project
from warehouse.damage import set_aside
from warehouse.whole_file import write_whole

PROJECT_VARIABLE = "POLICYPULSE_PROJECT"
"""Names the project's folder to the processes that Dagster starts, which know only a module."""
CONFIGURATION = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
event_log_storage: {events}
"""
DATABASES = 3
"""How many databases every run opens."""
EVENTS_AT_ONCE = 1000
"""So many of the events that Dagster gives out together are stored in one transaction."""
OPENLINEAGE_VARIABLE = "OPENLINEAGE_URL"
"""Where a catalogue takes OpenLineage's events, as its own client has it; with the extra `openlineage`."""
NO_OPENLINEAGE = (
    f"{OPENLINEAGE_VARIABLE} is set, but the packages that speak OpenLineage are not there: "
    "pip install 'policypulse[openlineage]'"
)


def prepare_home(project: Project) -> list[str]:
    """Write the home's configuration and point this process and its children to home and project.

    Returns what a user should know: which of Dagster's databases could not be read and were set aside, and what is not
    there that is asked for.
    """
    home = project.warehouse / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    speaks = bool(os.environ.get(OPENLINEAGE_VARIABLE))
    can_speak = speaks and find_spec("dagster_openlineage") is not None
    events = json.dumps(_event_log(home, can_speak))  # JSON is YAML
    with _alone(home):
        for partial in home.glob("*.partial"):
            partial.unlink()  # of a process that was killed
        write_whole(home / "dagster.yaml", CONFIGURATION.format(events=events))
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["DAGSTER_EVENT_BATCH_SIZE"] = str(EVENTS_AT_ONCE)
    os.environ[PROJECT_VARIABLE] = str(project.folder)
    replaced = [_replaced(path) for path in _databases(home) if _is_damaged(path)]
    return [*replaced, *([NO_OPENLINEAGE] if speaks and not can_speak else [])]


def _event_log(home: Path, speaks_openlineage: bool) -> dict[str, Any]:
    """How events are stored, and told to a catalogue of lineage where there is one."""
    ours = {
        "module": "orchestration.event_log",
        "class": "KeptEventLogStorage",
        "config": {"base_dir": f"{home}/history/runs/"},
    }
    if not speaks_openlineage:
        return ours
    return {
        "module": "dagster_openlineage",
        "class": "OpenLineageEventLogStorage",
        "config": {"wrapped": ours, "namespace": os.environ.get("OPENLINEAGE_NAMESPACE", "policypulse")},
    }


def make_databases() -> None:
    """Make Dagster's databases where they are not there yet, one process at a time: several at once break them."""
    home = Path(os.environ["DAGSTER_HOME"])
    with _alone(home):
        if len(_databases(home)) < DATABASES:
            import dagster as dg

            dg.DagsterInstance.get().dispose()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Wait until no other of the processes that may start at once prepares the home."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _databases(home: Path) -> list[Path]:
    """Those of the databases that are there which every run opens; one of a single run is for who looks at the run."""
    found = [
        home / "history" / "runs.db",
        home / "history" / "runs" / "index.db",
        home / "schedules" / "schedules.db",
    ]
    return [path for path in found if path.is_file()]


def _is_damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            return connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    except sqlite3.OperationalError:
        return False  # held by another process of Dagster's
    except sqlite3.DatabaseError:
        return True


def _replaced(path: Path) -> str:
    aside = set_aside(path)
    lost = (
        "schedules and sensors have to be switched on again"
        if path.stem == "schedules"
        else "past runs are not listed"
    )
    return f"Dagster's {path} could not be read; it is set aside as {aside.name} and begun anew: {lost}"
