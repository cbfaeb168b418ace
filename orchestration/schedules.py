"""What starts runs by itself: the schedule `nightly`, and the sensor `new_files`.

Each reads the project file as it is at the tick, and decides there of which day the run is (`launch.py`).
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.fingerprint import pending, unsettled
from orchestration.jobs import JOB
from orchestration.launch import Launch, scheduled
from orchestration.project import Project, read_project


def nightly(project: Project) -> dg.ScheduleDefinition:
    """Runs the job at the times of the project's `schedule`, in its time zone."""

    @dg.schedule(
        name="nightly",
        cron_schedule=project.file.schedule,
        execution_timezone=project.settings.time_zone,
        job_name=JOB,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return _asked_by(scheduled(read_project(project.folder), context.scheduled_execution_time))

    return tick


def new_files(project: Project) -> dg.SensorDefinition:
    """Runs the job once files of the feeds are new and have settled, or a day or the project file is new."""

    @dg.sensor(name="new_files", job_name=JOB, minimum_interval_seconds=60)
    def tick(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        launch = scheduled(read_project(project.folder))
        state = pending(launch.project, launch.as_of)
        if state is None or state == context.cursor:
            yield dg.SkipReason("no new file, no new day, nothing changed in the project file")
            return
        if youngest := unsettled(launch.project, launch.settle_seconds):
            yield dg.SkipReason(f"{youngest.name} changed less than {launch.settle_seconds} s ago")
            return
        context.update_cursor(state)
        yield _asked_by(launch, run_key=state)

    return tick


def _asked_by(launch: Launch, run_key: str | None = None) -> dg.RunRequest:
    config = {"resources": {"warehouse": {"config": launch.resource_config}}}
    return dg.RunRequest(run_key=run_key, run_config=config, tags=launch.month_tags)
