"""What became of a run, as Dagster's log has it: why it failed, which checks did not pass, what it published.

For the command line and for messages alike; what is said of it is theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from orchestration.fingerprint import ROOMS
from orchestration.reasons import MAY_PASS

_TOLD_BY = frozenset(
    {
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.ASSET_MATERIALIZATION,
    }
)


@dataclass(frozen=True)
class Unmet:
    """A check that did not pass."""

    table: str
    check: str
    is_blocking: bool


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `version` is the name of what it published, `failure` why it stopped."""

    run_id: str
    failure: str | None
    unmet: tuple[Unmet, ...]
    version: str | None


def outcome_of(instance: dg.DagsterInstance, run_id: str) -> Outcome:
    """How a run that has ended did so."""
    logged = instance.all_logs(run_id, of_type=set(_TOLD_BY))
    events = [entry.dagster_event for entry in logged if entry.dagster_event]
    run = instance.get_run_by_id(run_id)
    evaluations = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    unmet = tuple(
        Unmet(".".join(one.asset_key.path), one.check_name, one.severity == dg.AssetCheckSeverity.ERROR)
        for one in evaluations
        if not one.passed
    )
    versions = [
        event.step_materialization_data.materialization.metadata["version"].value
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
        and event.asset_key == dg.AssetKey("published")
    ]
    failed = run is not None and run.is_failure_or_canceled
    return Outcome(
        run_id,
        failure_told(events) if failed else None,
        unmet,
        str(versions[-1]) if versions else None,
    )


def stays_wrong(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a failed run has told what is wrong with files or project, so that the same again fails again."""
    failed = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    told = [
        entry.dagster_event.step_failure_data.user_failure_data for entry in failed if entry.dagster_event
    ]
    return any(one and not (MAY_PASS in one.metadata and one.metadata[MAY_PASS].value) for one in told)


def failure_told(events: Iterable[Any]) -> str:
    """The innermost reasons of a failed run, for people."""
    events = list(events)
    failed = [event for event in events if event.is_step_failure]
    # Without a failed step the run itself says why; else it only says which step.
    failed = failed or [event for event in events if event.is_run_failure]
    reasons = dict.fromkeys(filter(None, map(_reason, failed)))
    return "\n".join(reasons) or "the run failed; the Dagster UI shows where"


def _reason(event: Any) -> str | None:
    failure = getattr(event.event_specific_data, "user_failure_data", None)
    if failure and failure.description:
        return str(failure.description)
    error = getattr(event.event_specific_data, "error", None)
    if error is None:
        return None
    error = innermost(error)
    # Our own errors speak for themselves; of others the kind may be all there is to go by.
    words = error.message.strip().partition(": ")[2]
    return words if words and is_of_ours(error) else error.message.strip()


def innermost(error: Any) -> Any:
    """What an error that Dagster has kept goes back to."""
    while error.cause is not None:
        error = error.cause
    return error


def is_of_ours(error: Any) -> bool:
    """Whether an error that Dagster has kept is one of our own, which are written for people."""
    return error.message.partition(": ")[0].strip().split(".")[0] in ROOMS
