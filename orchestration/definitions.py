"""Everything Dagster knows of a project, on one page: assets and checks, jobs, schedule, sensor, resource."""

import os
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.assets import all_assets
from orchestration.dagster_home import PROJECT_VARIABLE
from orchestration.jobs import jobs
from orchestration.launch import configured, run_tags
from orchestration.observed import observed
from orchestration.past_runs import keep_in_order
from orchestration.project import Project, read_project
from orchestration.run_sensors import run_sensors
from orchestration.schedules import new_files, nightly
from orchestration.session import Session
from orchestration.told_once import console

CONFIGURATION = {
    "as_of": dg.Field(
        str, default_value="", description="YYYY-MM-DD; else as the project file says, else yesterday."
    ),
    "settle_seconds": dg.Field(
        int, is_required=False, description="A file changed so short a time ago waits for the next run."
    ),
    "accept": dg.Field(
        [str],
        default_value=[],
        description="Files that may take back more rows than their source's limit, own KPIs and frameworks that "
        "may mean something else than when their version was published.",
    ),
    "wait_seconds": dg.Field(
        int, default_value=0, description="How long to wait for another run that holds the warehouse."
    ),
    "log_file": dg.Field(
        str, default_value="", description="File for the run's log, in place of the project file's."
    ),
}
# Code references and checks by month are used knowingly, though Dagster still calls them young.
for young in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=young)


def definitions(project: Project, as_of: date | None = None) -> dg.Definitions:
    """The definitions of one project, for runs as of one day or, without it, of many days to come."""
    return dg.Definitions(
        assets=all_assets(project, as_of),
        jobs=jobs(),
        schedules=[nightly(project)],
        sensors=[new_files(project), *run_sensors(project)],
        resources={"warehouse": _warehouse(project)},
        executor=dg.in_process_executor,
        loggers={"console": console},
    )


def _warehouse(project: Project) -> dg.ResourceDefinition:
    """The warehouse that the assets of a run share, opened when the run begins."""

    @dg.resource(config_schema=CONFIGURATION)
    def warehouse(context: dg.InitResourceContext) -> Iterator[Session]:
        log = context.log or dg.get_dagster_logger()
        launch = configured(project, context.resource_config)
        run_id = context.run_id or ""
        if context.instance and run_id:
            keep_in_order(context.instance, run_id, project.file.keep_runs)
            context.instance.add_run_tags(run_id, run_tags(launch))
        with observed(launch, run_id, log.warning) as session:
            yield session

    return warehouse


def __getattr__(name: str) -> dg.Definitions:
    """`defs`, read from the project when Dagster asks for it and not on import."""
    if name == "defs":
        return definitions(read_project(Path(os.environ.get(PROJECT_VARIABLE, "."))))
    raise AttributeError(name)
