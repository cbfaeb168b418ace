"""The jobs that Dagster runs: everything from landing to publication, or some months made anew and published.

All steps of a job share a process and the one open warehouse; when jobs start by themselves is `schedules.py`.
"""

from typing import Any

import dagster as dg

JOB = "publish_everything"
RERUN_MONTHS = "rerun_months"


def jobs() -> list[Any]:
    """Both jobs; which months, and which day they are as of, is said by who starts one (`launch.py`)."""
    everything = dg.AssetSelection.all()
    return [
        dg.define_asset_job(
            JOB,
            selection=everything,
            executor_def=dg.in_process_executor,
            description="Land what is new, make every table from it, check them and publish.",
        ),
        dg.define_asset_job(
            RERUN_MONTHS,
            selection=everything - dg.AssetSelection.groups("raw"),
            executor_def=dg.in_process_executor,
            description="Make the facts anew from what has landed and the KPIs and scores of some months, and publish.",
        ),
    ]
