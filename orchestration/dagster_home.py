"""Dagster's home of a project: where it keeps its runs, without telemetry, one run at a time."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from orchestration.project import Project
from warehouse.damage import set_aside

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
event_log_storage:
  module: orchestration.event_log
  class: KeptEventLogStorage
  config:
    base_dir: {home}/history/runs/
"""


def prepare_home(project: Project) -> list[str]:
    """Write the home's configuration and point this process and its children to home and project.

    Returns what a user should know: which of Dagster's databases could not be read and were set aside.
    """
    home = project.warehouse / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    (home / "dagster.yaml").write_text(CONFIGURATION.format(home=home), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ[PROJECT_VARIABLE] = str(project.folder)
    return [_replaced(path) for path in _databases(home) if _is_damaged(path)]


def _databases(home: Path) -> list[Path]:
    """The databases that every run opens; those of single runs are opened by who looks at the run."""
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
