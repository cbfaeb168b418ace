"""What starts runs by itself: the schedule `nightly`, and the sensor `new_files`.

Each reads the project file as it is at the tick, and decides there of which day the run is (`launch.py`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.fingerprint import pending, unsettled
from orchestration.jobs import JOB
from orchestration.launch import Launch, scheduled
from orchestration.project import Project, read_project
from orchestration.run_outcome import stays_wrong

STATE_TAG = "policypulse/asked_for"
"""Tag of a run that the sensor asked for: a short form of the state of files, day and project that it saw."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=6)
MOST_TRIES = 50
NOTHING_NEW = "no new file, no new day, nothing changed in the project file"


def nightly(project: Project) -> dg.ScheduleDefinition:
    """Runs the job at the times of the project's `schedule`, in its time zone, if there is something to do."""
    is_on = "schedule" in project.file.model_fields_set

    @dg.schedule(
        name="nightly",
        cron_schedule=project.file.schedule,
        execution_timezone=project.settings.time_zone,
        job_name=JOB,
        default_status=dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        launch = scheduled(read_project(project.folder), context.scheduled_execution_time)
        if pending(launch.project, launch.as_of) is None:
            return dg.SkipReason(NOTHING_NEW)
        return _asked_by(launch)

    return tick


def new_files(project: Project) -> dg.SensorDefinition:
    """Runs the job once files of the feeds are new and have settled, or a day or the project file is new.

    What failed is asked for again, ever more seldom, unless the run has told what is wrong with just these files.
    """
    is_on = project.file.watch_files

    @dg.sensor(
        name="new_files",
        job_name=JOB,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
    )
    def tick(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        launch = scheduled(read_project(project.folder))
        state = pending(launch.project, launch.as_of)
        if state is None:
            return dg.SkipReason(NOTHING_NEW)
        if youngest := unsettled(launch.project, launch.settle_seconds):
            return dg.SkipReason(f"{youngest.name} changed less than {launch.settle_seconds} s ago")
        tries = context.instance.get_run_records(
            dg.RunsFilter(tags={STATE_TAG: state[:16]}), limit=MOST_TRIES, order_by="create_timestamp"
        )
        if state == context.cursor and (reason := why_not_again(context.instance, tries)):
            return dg.SkipReason(reason)
        context.update_cursor(state)
        return _asked_by(launch, f"{state}-{len(tries)}", {STATE_TAG: state[:16]})

    return tick


def why_not_again(
    instance: dg.DagsterInstance, tries: Sequence[dg.RunRecord], now: datetime | None = None
) -> str | None:
    """Why nothing is to be asked for that was asked for before, by `tries`, the newest first; None if it is."""
    if not tries:
        return "the run that was asked for is not there any more; nothing has changed since"
    last = tries[0]
    if not last.dagster_run.is_failure:
        return f"run {last.dagster_run.run_id[:8]} was asked for; nothing has changed since"
    if stays_wrong(instance, last.dagster_run.run_id):
        return f"run {last.dagster_run.run_id[:8]} has told what is wrong; nothing has changed since"
    wait = min(FIRST_WAIT * 2 ** (len(tries) - 1), LONGEST_WAIT)
    again = datetime.fromtimestamp(last.end_time or last.create_timestamp.timestamp(), UTC) + wait
    if (now or datetime.now(UTC)) < again:
        return f"run {last.dagster_run.run_id[:8]} failed; it is tried again after {again:%Y-%m-%d %H:%M} UTC"
    return None


def _asked_by(
    launch: Launch, run_key: str | None = None, tags: dict[str, str] | None = None
) -> dg.RunRequest:
    config = {"resources": {"warehouse": {"config": launch.resource_config}}}
    return dg.RunRequest(run_key=run_key, run_config=config, tags={**launch.month_tags, **(tags or {})})
