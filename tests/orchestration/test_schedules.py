"""What the sensor does after a failure: it asks again where that may help, ever more seldom; else it waits for news."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import definitions
from orchestration.jobs import JOB
from orchestration.project import read_project
from orchestration.reasons import reasons_for_people
from orchestration.schedules import LONGEST_WAIT, NOTHING_NEW, STATE_TAG, new_files, why_not_again
from warehouse.landing.errors import LandingError
from warehouse.opening import LandingZoneDamaged
from warehouse.refused import DiskRefuses
from warehouse.store import BuildDamaged

TAGS = {STATE_TAG: "state"}


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def run(instance: dg.DagsterInstance, error: Exception | None) -> None:
    @dg.asset
    def raw() -> None:
        with reasons_for_people():
            if error:
                raise error

    dg.materialize([raw], instance=instance, tags=TAGS, raise_on_error=False)


def reason_after(instance: dg.DagsterInstance, wait: timedelta) -> str | None:
    tries = instance.get_run_records(dg.RunsFilter(tags=TAGS), order_by="create_timestamp")
    return why_not_again(instance, tries, datetime.now(UTC) + wait)


def test_a_share_that_was_away_is_asked_again_ever_more_seldom(instance: dg.DagsterInstance):
    for minutes in (10, 20, 40):
        run(instance, ConnectionError("no answer"))
        assert "tried again after" in reason_after(instance, timedelta(minutes=minutes - 1))
        assert reason_after(instance, timedelta(minutes=minutes + 1)) is None
    for _ in range(9):
        run(instance, ConnectionError("no answer"))
    assert reason_after(instance, LONGEST_WAIT) is None


@pytest.mark.parametrize(
    "error", [DiskRefuses("no room"), BuildDamaged("set aside"), LandingZoneDamaged("restore")]
)
def test_what_is_mended_without_a_file_changing_is_asked_for_again(
    instance: dg.DagsterInstance, error: Exception
):
    run(instance, error)
    assert "tried again after" in reason_after(instance, timedelta(minutes=9))
    assert reason_after(instance, timedelta(minutes=11)) is None


def test_a_file_that_was_refused_is_not_asked_for_again_as_long_as_it_is_the_same(
    instance: dg.DagsterInstance,
):
    run(instance, LandingError(["complaints: c.csv: 1 of 1 rows break the contract"]))
    assert "has told what is wrong" in reason_after(instance, timedelta(days=9))


def test_what_ran_well_is_not_asked_for_again(instance: dg.DagsterInstance):
    """A database cannot say whether it has changed; it is asked once a state of all else."""
    run(instance, ConnectionError("no answer"))
    run(instance, None)
    assert "was asked for" in reason_after(instance, timedelta(days=9))


PROJECT = """\
insurer: North
as_of: 2025-06-30
months: 1
cuts: [company]
grains: []
index: {frameworks: []}
only: {tables: [core.complaints]}
pages: {written: false}
feeds:
  complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}
"""


def test_the_mended_file_of_a_failed_run_is_asked_for_and_published(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    cursor: str | None = None

    def delivered(text: str) -> None:
        (tmp_path / "c.csv").write_text(text, encoding="utf-8")
        os.utime(
            tmp_path / "c.csv", (1e9, 1e9)
        )  # at rest, and to be told from the other by more than its time

    def tick() -> dg.RunRequest | dg.SkipReason:
        nonlocal cursor
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        said = new_files(read_project(tmp_path))(context)
        cursor = context.cursor
        return said

    def carried_out(request: dg.RunRequest) -> bool:
        job = definitions(read_project(tmp_path)).resolve_job_def(JOB)
        return job.execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=instance, raise_on_error=False
        ).success

    delivered("id,date\n1,2025-06-02\n")
    assert not carried_out(tick())
    assert "has told what is wrong" in tick().skip_message
    delivered("id,day\n1,2025-06-02\n")
    assert carried_out(tick())
    assert (tmp_path / "warehouse" / "current.duckdb").exists()
    assert tick().skip_message == NOTHING_NEW
