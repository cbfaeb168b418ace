"""What Dagster remembers of past runs: one whose process is gone has failed, and of the others the oldest go.

Runs that are under way are Dagster's; what was published is not touched.
"""

import os
import shutil
import socket
from pathlib import Path

import dagster as dg

PROCESS = "policypulse/process"
"""Tag of a run: the host and the number of the process that carries it out."""
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def keep_in_order(instance: dg.DagsterInstance, run_id: str, keep_runs: int) -> None:
    """Note which process carries out the run; fail those whose process is gone, and forget all but `keep_runs`.

    A killed run would be under way for ever, and Dagster, which starts one at a time, would start no other.
    """
    instance.add_run_tags(run_id, {PROCESS: f"{socket.gethostname()} {os.getpid()}"})
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
        if run.run_id != run_id and _is_gone(run.tags.get(PROCESS, "")):
            instance.report_run_failed(run, "The process of this run ended before the run did.")
    ended = instance.get_runs(dg.RunsFilter(statuses=_ENDED))
    for run in ended[keep_runs:]:
        instance.delete_run(run.run_id)
        shutil.rmtree(Path(instance.storage_directory()) / run.run_id, ignore_errors=True)


def _is_gone(process: str) -> bool:
    """Whether a process of this host is no more; one of another host may be there."""
    host, _, number = process.partition(" ")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return int(number) == os.getpid()  # the number of a process that is gone is given again
