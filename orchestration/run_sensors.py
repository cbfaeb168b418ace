"""What tells of runs that Dagster started: one sensor for those that ended well, one for those that failed.

A check that warns fails no run, so the sensor of the former tells it; the message itself is of `notify.py`.
"""

import dagster as dg

from orchestration.notify import told_of
from orchestration.project import Project, read_project

_ENDS = {"tell_of_success": dg.DagsterRunStatus.SUCCESS, "tell_of_failure": dg.DagsterRunStatus.FAILURE}


def run_sensors(project: Project) -> list[dg.SensorDefinition]:
    """The sensors of a project that names somebody to be told; none else."""
    if project.file.notify is None:
        return []
    return [_tells_of(project, name, status) for name, status in _ENDS.items()]


def _tells_of(project: Project, name: str, status: dg.DagsterRunStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the message of a run to those whom the project file names.",
    )
    def ended(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        # As the file is now, since it may name others than when the sensor was made.
        wrong = told_of(read_project(project.folder), context.instance, context.dagster_run.run_id)
        for line in wrong:
            context.log.warning(line)
        return dg.SkipReason("; ".join(wrong)) if wrong else None

    return ended
