"""Dagster's memory of past runs stays small, and a run that was killed does not stay under way."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.past_runs import PROCESS, keep_in_order


@dg.op
def nothing(context: dg.OpExecutionContext) -> None:
    context.log.info("done")


@dg.job
def job() -> None:
    nothing()


@pytest.fixture
def instance(tmp_path: Path):
    storage = {
        "module": "orchestration.event_log",
        "class": "KeptEventLogStorage",
        "config": {"base_dir": str(tmp_path / "history" / "runs")},
    }
    with dg.DagsterInstance.local_temp(str(tmp_path), {"event_log_storage": storage}) as instance:
        yield instance


def process_that_is_gone() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def started(instance: dg.DagsterInstance, host: str, number: int) -> str:
    run = instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={PROCESS: f"{host} {number}"}
    )
    return run.run_id


def test_of_runs_that_are_under_way_those_fail_whose_process_is_gone(instance):
    here = socket.gethostname()
    gone = started(instance, here, process_that_is_gone())
    under_way = [started(instance, here, os.getppid()), started(instance, "another host", 1)]
    now = instance.create_run_for_job(job).run_id
    keep_in_order(instance, now, keep_runs=10)
    assert instance.get_run_by_id(gone).status == dg.DagsterRunStatus.FAILURE
    assert all(instance.get_run_by_id(run).status == dg.DagsterRunStatus.STARTED for run in under_way)
    assert instance.get_run_by_id(now).tags[PROCESS] == f"{here} {os.getpid()}"


def test_the_oldest_runs_go_with_their_files(instance, tmp_path):
    runs = [job.execute_in_process(instance=instance).run_id for _ in range(4)]
    keep_in_order(instance, runs[-1], keep_runs=2)
    assert [run.run_id for run in instance.get_runs()] == runs[:1:-1]
    assert len(instance.all_logs(runs[2])) > 5
    left = [path for path in tmp_path.rglob("*") if any(run in path.as_posix() for run in runs[:2])]
    assert not left
