"""Everything Dagster knows of a project, on one page: assets, checks, the job, schedule, sensor, resource."""

import os
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.assets import all_assets
from orchestration.dagster_home import PROJECT_VARIABLE
from orchestration.fingerprint import pending, unsettled
from orchestration.launch import Launch, configured, scheduled
from orchestration.project import Project, read_project
from orchestration.session import Session, opened

JOB = "publish_everything"
# Makes everything anew from what has landed, but of the tables made by month only the months that are asked for.
RERUN_MONTHS = "rerun_months"
CONFIGURATION = {
    "as_of": dg.Field(
        str, default_value="", description="YYYY-MM-DD; else as the project file says, else yesterday."
    ),
    "settle_seconds": dg.Field(
        int, is_required=False, description="A file changed so short a time ago waits for the next run."
    ),
    "accept": dg.Field(
        [str], default_value=[], description="Files that may take back more rows than their source's limit."
    ),
}
# Code references and checks by month are used knowingly, though Dagster still calls them young.
for young in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=young)


def definitions(project: Project, as_of: date | None = None) -> dg.Definitions:
    """The definitions of one project, for runs as of one day or, without it, of many days to come."""
    everything = dg.AssetSelection.all()
    job = dg.define_asset_job(JOB, selection=everything, executor_def=dg.in_process_executor)
    rerun = dg.define_asset_job(
        RERUN_MONTHS,
        selection=everything - dg.AssetSelection.groups("raw"),
        executor_def=dg.in_process_executor,
        description="Make the facts anew from what has landed and the KPIs and scores of some months, and publish.",
    )

    def asked_by(launch: Launch, run_key: str | None = None) -> dg.RunRequest:
        config = {"resources": {"warehouse": {"config": launch.resource_config}}}
        return dg.RunRequest(run_key=run_key, run_config=config, tags=launch.month_tags)

    @dg.schedule(
        name="nightly",
        cron_schedule=project.file.schedule,
        execution_timezone=project.settings.time_zone,
        job=job,
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return asked_by(scheduled(read_project(project.folder), context.scheduled_execution_time))

    @dg.sensor(name="new_files", job=job, minimum_interval_seconds=60)
    def new_files(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        launch = scheduled(read_project(project.folder))
        state = pending(launch.project, launch.as_of)
        if state is None or state == context.cursor:
            yield dg.SkipReason("no new file, no new day, nothing changed in the project file")
            return
        if youngest := unsettled(launch.project, launch.settle_seconds):
            yield dg.SkipReason(f"{youngest.name} changed less than {launch.settle_seconds} s ago")
            return
        context.update_cursor(state)
        yield asked_by(launch, run_key=state)

    return dg.Definitions(
        assets=all_assets(project, as_of),
        jobs=[job, rerun],
        schedules=[nightly],
        sensors=[new_files],
        resources={"warehouse": _warehouse(project)},
        executor=dg.in_process_executor,
    )


def _warehouse(project: Project) -> dg.ResourceDefinition:
    """The warehouse that the assets of a run share, opened when the run begins."""

    @dg.resource(config_schema=CONFIGURATION)
    def warehouse(context: dg.InitResourceContext) -> Iterator[Session]:
        log = context.log or dg.get_dagster_logger()
        with opened(configured(project, context.resource_config), log.warning) as session:
            yield session

    return warehouse


def __getattr__(name: str) -> dg.Definitions:
    """`defs`, read from the project when Dagster asks for it and not on import."""
    if name == "defs":
        return definitions(read_project(Path(os.environ.get(PROJECT_VARIABLE, "."))))
    raise AttributeError(name)
