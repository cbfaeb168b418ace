"""What the sensor does after a failure: it asks again where that may help, ever more seldom; else it waits for news."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from orchestration.reasons import reasons_for_people
from orchestration.schedules import LONGEST_WAIT, STATE_TAG, why_not_again
from warehouse.landing.errors import LandingError

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
