"""Everything Dagster knows of a project, on one page: assets, checks, the job, schedule, sensor, resource."""

import warnings
from collections.abc import Iterator
from datetime import date

import dagster as dg

from orchestration.assets import all_assets
from orchestration.fingerprint import pending, unsettled
from orchestration.project import SETTLE_SECONDS, Project, read_project
from orchestration.warehouse_resource import Warehouse, project_folder
from transforms.periods import months_until

JOB = "publish_everything"
# Makes everything anew from what has landed, but of the tables made by month only the months that are asked for.
RERUN_MONTHS = "rerun_months"
# Code references and checks by month are used knowingly, though Dagster still calls them young.
for young in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=young)


def month_range(
    project: Project, as_of: date | None = None, months: tuple[date, date] | None = None
) -> dict[str, str]:
    """The run tags that ask for the months from the first to the last of `months`, else for all of the project."""
    every = months_until(project.as_of(as_of), project.settings.months)
    first, last = months or (every[0], every[-1])
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def definitions(project: Project, as_of: date | None = None) -> dg.Definitions:
    """The definitions of one project."""
    everything = dg.AssetSelection.all()
    job = dg.define_asset_job(JOB, selection=everything, executor_def=dg.in_process_executor)
    rerun = dg.define_asset_job(
        RERUN_MONTHS,
        selection=everything - dg.AssetSelection.groups("raw"),
        executor_def=dg.in_process_executor,
        description="Make the facts anew from what has landed and the KPIs and scores of some months, and publish.",
    )

    # By hand one knows that a file is there; a schedule may come while it is being copied.
    asked = project.file.settle_seconds
    settle_seconds = SETTLE_SECONDS if asked is None else asked
    settled = {"resources": {"warehouse": {"config": {"settle_seconds": settle_seconds}}}}

    @dg.schedule(
        name="nightly",
        cron_schedule=project.file.schedule,
        execution_timezone=project.settings.time_zone,
        job=job,
    )
    def nightly() -> dg.RunRequest:
        return dg.RunRequest(run_config=settled, tags=month_range(project))

    @dg.sensor(name="new_files", job=job, minimum_interval_seconds=60)
    def new_files(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        state = pending(project)
        if state is None or state == context.cursor:
            yield dg.SkipReason("no new file, no new day, nothing changed in the project file")
            return
        if youngest := unsettled(project, settle_seconds):
            yield dg.SkipReason(f"{youngest.name} changed less than {settle_seconds} s ago")
            return
        context.update_cursor(state)
        yield dg.RunRequest(run_key=state, run_config=settled, tags=month_range(project))

    return dg.Definitions(
        assets=all_assets(project, as_of),
        jobs=[job, rerun],
        schedules=[nightly],
        sensors=[new_files],
        resources={"warehouse": Warehouse.configure_at_launch()},
        executor=dg.in_process_executor,
    )


def __getattr__(name: str) -> dg.Definitions:
    """`defs`, read from the project when Dagster asks for it and not on import."""
    if name == "defs":
        return definitions(read_project(project_folder()))
    raise AttributeError(name)
