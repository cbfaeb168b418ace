"""What Dagster logs of a run, so that it stands there once: the reason at the step that failed, columns at their table.

Dagster repeats the reason with the end of the run, and its own stack with what was only meant for people; it names
as errors all tables that a step waited for; and a step that made a table gives all that is said of it out a second
time. Reasons themselves are those of `run_outcome.py`.
"""

import logging
import re
from typing import Any

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.execution.plan.outputs import StepOutputData

from orchestration.run_outcome import innermost, is_of_ours

_NOT_EXECUTED = re.compile(
    r"Dependencies for step (\S+) (?:failed|were not executed): .*Not executing\.", re.S
)


def told_once(entry: dg.EventLogEntry) -> dg.EventLogEntry:
    """The entry without what another entry of the same run says."""
    event = entry.dagster_event
    if event is None:
        if found := _NOT_EXECUTED.fullmatch(entry.user_message):
            text = f"{found[1]} was not executed, since a step before it failed."
            return entry._replace(user_message=text, level=logging.DEBUG)
        return entry
    data: Any = event.event_specific_data
    if isinstance(data, JobFailureData):
        error = None if data.first_step_failure_event else _in_short(data.error)
        data = data._replace(error=error)
    elif isinstance(data, StepFailureData) and data.user_failure_data and data.error:
        data = data._replace(error=data.error._replace(stack=[], cause=None, context=None))
    elif isinstance(data, StepOutputData):
        data = data._replace(metadata={})  # the materialization has it
    elif event.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE:
        data = data._replace(error=None)
    else:
        return entry
    return entry._replace(dagster_event=event._replace(event_specific_data=data))


def _in_short(error: Any) -> Any:
    """Of our own errors the innermost alone, which says what is wrong and what to do."""
    if error is None or not is_of_ours(inner := innermost(error)):
        return error
    return inner._replace(stack=[], context=None)


class _Short(logging.Filter):
    """Keeps from a console what `told_once` leaves out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _NOT_EXECUTED.search(record.getMessage())


@dg.logger(
    dg.colored_console_logger.config_schema, description="Dagster's console, without what is said twice."
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """The console of a process that Dagster started."""
    made: logging.Logger = dg.colored_console_logger.logger_fn(context)
    made.addFilter(_Short())
    return made
