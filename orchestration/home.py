"""Dagster's home of a project: where it keeps its runs, without telemetry, one run at a time."""

import os
from pathlib import Path

from orchestration.project import Project
from orchestration.session import PROJECT_VARIABLE

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


def prepare_home(project: Project) -> Path:
    """Write the home's configuration and point this process and its children to home and project."""
    home = project.warehouse / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    (home / "dagster.yaml").write_text(CONFIGURATION.format(home=home), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ[PROJECT_VARIABLE] = str(project.folder)
    return home
