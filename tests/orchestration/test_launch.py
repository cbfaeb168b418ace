"""A run decides once which day it is as of: whoever starts it, midnight may pass while it is under way."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from conftest import published

from orchestration import project as project_file
from orchestration.cli import main
from orchestration.definitions import definitions
from orchestration.fingerprint import pending
from orchestration.jobs import JOB
from orchestration.launch import by_hand, scheduled
from orchestration.project import Project, read_project

PROJECT = """\
insurer: Night Life
time_zone: Asia/Shanghai
months: 2
cuts: [company]
index: {frameworks: []}
only: {tables: [kpi.monthly]}
pages: {written: false}
feeds:
  complaints: {files: complaints.csv, columns: {complaint_id: id, received_on: received, closed_on: closed}}
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2025, 6, 30, 23, 59, 59, tzinfo=SHANGHAI)
YESTERDAY, TODAY = date(2025, 6, 29), date(2025, 6, 30)


class Clock:
    """A clock that is a day further whenever somebody has asked it."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self, zone: tzinfo) -> datetime:
        self.asked += 1
        return (LATE + timedelta(days=self.asked - 1)).astimezone(zone)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    rows = [f"K{i},2025-0{5 + i % 2}-{i + 10},2025-06-{i + 12}" for i in range(8)]
    (tmp_path / "complaints.csv").write_text("\n".join(["id,received,closed", *rows]), encoding="utf-8")
    return read_project(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(project_file, "datetime", found)
    return found


def days_of_publication(folder: Path) -> set[date]:
    """Every as-of day that a published table names."""
    tables = published(
        folder,
        "SELECT table_name FROM catalog.columns WHERE column_name = 'as_of' AND table_name LIKE 'kpi.%'",
    )["table_name"]
    assert len(tables) > 1
    return {
        day for table in tables for day in published(folder, f"SELECT DISTINCT as_of FROM {table}")["as_of"]
    }


def test_a_run_by_command_asks_the_clock_once(
    project: Project, clock: Clock, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    for variable in ("DAGSTER_HOME", "POLICYPULSE_PROJECT"):  # the command sets them for its children
        monkeypatch.setenv(variable, "")
    monkeypatch.setattr("sys.argv", ["policypulse", "run", "--project", str(project.folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capfd.readouterr().out
    assert clock.asked == 1
    assert days_of_publication(project.folder) == {YESTERDAY}
    assert pending(project, YESTERDAY) is None
    assert pending(project, TODAY) is not None


def of_schedule(defs: dg.Definitions) -> dg.RunRequest:
    context = dg.build_schedule_context(scheduled_execution_time=LATE.astimezone(UTC))
    (asked,) = defs.resolve_schedule_def("nightly").evaluate_tick(context).run_requests
    return asked


def of_sensor(defs: dg.Definitions) -> dg.RunRequest:
    (asked,) = (
        defs.resolve_sensor_def("new_files")
        .evaluate_tick(dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral()))
        .run_requests
    )
    return asked


def of_user(defs: dg.Definitions) -> dg.RunRequest:
    """As from the Launchpad of the UI: months, and no configuration."""
    return dg.RunRequest(
        tags={f"dagster/asset_partition_range_{end}": "2025-06-01" for end in ("start", "end")}
    )


@pytest.mark.parametrize("launched", [of_schedule, of_sensor, of_user])
def test_a_run_by_dagster_is_as_of_the_day_on_which_it_was_asked_for(
    project: Project, clock: Clock, launched: Callable[[dg.Definitions], dg.RunRequest]
):
    os.utime(project.folder / "complaints.csv", (1e9, 1e9))
    defs = definitions(project, YESTERDAY)
    asked = launched(defs)
    result = defs.resolve_job_def(JOB).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        run_config={**asked.run_config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        tags=asked.tags,
    )
    assert result.success
    assert clock.asked == (launched is not of_schedule)
    assert days_of_publication(project.folder) == {YESTERDAY}


def test_a_late_tick_is_of_the_day_it_was_planned_for(project: Project, clock: Clock):
    assert scheduled(project, LATE).as_of == YESTERDAY
    assert scheduled(project, (LATE + timedelta(seconds=2)).astimezone(UTC)).as_of == TODAY
    assert by_hand(project, date(2025, 1, 31)).as_of == date(2025, 1, 31)
    assert clock.asked == 0
