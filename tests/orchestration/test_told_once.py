"""A failed run of Dagster's says why once, at the step that failed, and lists nothing that only waited for it."""

import errno
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.reasons import TRIES, may_pass, reasons_for_people
from orchestration.run_outcome import outcome_of, stays_wrong
from warehouse.folder import WarehouseBusy
from warehouse.landing.errors import LandingError

WHY = "complaints: c.csv: line 2, received_on: not a date"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    storage = {
        "module": "orchestration.event_log",
        "class": "KeptEventLogStorage",
        "config": {"base_dir": str(tmp_path / "runs")},
    }
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides={"event_log_storage": storage}) as made:
        yield made


def texts(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Every entry of a run's log as the UI shows it, its error included."""
    found = []
    for entry in instance.all_logs(run_id):
        data = entry.dagster_event.event_specific_data if entry.dagster_event else None
        error = getattr(data, "error", None)
        found.append(f"{entry.message}\n{error.to_string() if error else ''}")
    return found


def failed(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, **resources: object) -> list[str]:
    result = dg.materialize(assets, instance=instance, resources=resources, raise_on_error=False)
    assert not result.success
    assert outcome_of(instance, result.run_id).failure == WHY
    return texts(instance, result.run_id)


def test_a_failed_step_gives_one_message(instance: dg.DagsterInstance):
    tried = []

    @dg.multi_asset(
        specs=[dg.AssetSpec(f"raw_{i}") for i in range(9)],
        can_subset=True,
    )
    def raw(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        tried.append(1)
        with reasons_for_people(TRIES - 1 - context.retry_number):
            raise LandingError([WHY])
        yield

    @dg.asset(deps=[f"raw_{i}" for i in range(9)])
    def core() -> None: ...

    @dg.asset(deps=["core"])
    def marts() -> None: ...

    told = failed(instance, raw, core, marts)
    (why,) = (text for text in told if WHY in text)
    assert why.startswith('Execution of step "raw" failed.')
    assert "Stack Trace" not in why
    assert not any("['raw'" in text and "Not executing" in text for text in told)
    assert sum("core was not executed" in text for text in told) == 1
    assert len(tried) == 1  # the same file would be as wrong a second time


@pytest.mark.parametrize("source", [ConnectionError("no answer"), OSError(errno.ESTALE, "Stale file handle")])
def test_a_source_that_does_not_answer_is_tried_again_and_told_in_our_words(
    instance: dg.DagsterInstance, source: Exception, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("orchestration.reasons.SECONDS_BETWEEN", 0)
    tried = []

    @dg.asset
    def raw(context: dg.AssetExecutionContext) -> None:
        tried.append(1)
        with reasons_for_people(TRIES - 1 - context.retry_number):
            raise LandingError([WHY]) from source

    result = dg.materialize([raw], instance=instance, raise_on_error=False)
    assert len(tried) == TRIES
    assert outcome_of(instance, result.run_id).failure == WHY
    assert not stays_wrong(instance, result.run_id)


def test_a_mistake_of_ours_is_told_with_its_place(instance: dg.DagsterInstance):
    @dg.asset
    def raw() -> None:
        with reasons_for_people():
            raise KeyError(WHY)

    result = dg.materialize([raw], instance=instance, raise_on_error=False)
    told = texts(instance, result.run_id)
    (last,) = (text for text in told if text.startswith('Execution of step "raw" failed.'))
    assert "KeyError" in last
    assert "test_told_once.py" in last


def test_a_full_disk_and_a_wrong_file_do_not_pass_by_themselves():
    assert not may_pass(OSError(errno.ENOSPC, "No space left on device"))
    assert not may_pass(LandingError([WHY]))
    refused = LandingError([WHY])
    refused.__cause__ = ValueError("not a date")
    assert not may_pass(refused)


def test_a_warehouse_that_cannot_be_opened_is_told_once(instance: dg.DagsterInstance):
    @dg.resource
    def warehouse(_) -> Iterator[None]:
        raise WarehouseBusy(WHY)
        yield

    @dg.asset(required_resource_keys={"warehouse"})
    def raw() -> None: ...

    told = failed(instance, raw, warehouse=warehouse)
    (why,) = (text for text in told if WHY in text)
    assert "Stack Trace" not in why


def test_what_is_said_of_a_table_is_stored_with_its_materialization_alone(instance: dg.DagsterInstance):
    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="core")])
    def core() -> Iterator[object]:
        yield dg.MaterializeResult(metadata={"rows": 12345})
        yield dg.AssetCheckResult(passed=True, metadata={"violations": 0})

    assert dg.materialize([core], instance=instance).success
    run = instance.get_runs()[0].run_id
    telling = [entry for entry in instance.all_logs(run) if "12345" in entry.to_json()]
    assert [entry.dagster_event_type for entry in telling] == [dg.DagsterEventType.ASSET_MATERIALIZATION]
    found = instance.get_latest_materialization_event(dg.AssetKey("core"))
    assert found.asset_materialization.metadata["rows"].value == 12345


def test_events_given_out_together_are_stored_as_one_after_the_other(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    """What a run is going to do is given out at once, when it is made."""
    checks = [dg.AssetCheckSpec(f"sound_{i}", asset="core") for i in range(5)]

    @dg.asset(check_specs=checks)
    def core() -> Iterator[object]:
        yield dg.MaterializeResult()
        yield from (dg.AssetCheckResult(passed=True, check_name=check.name) for check in checks)

    def stored() -> Counter[object]:
        run = dg.materialize([core], instance=instance).run_id
        keys = [check.key for check in checks]
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        assert {record.run_id for record in found.values()} == {run}
        return Counter(entry.dagster_event_type for entry in instance.all_logs(run))

    one_by_one = stored()
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    assert stored() == one_by_one
