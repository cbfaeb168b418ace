"""core.applications: single applications from start to policy, and what is known of them on which day."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from order_frames import APPLICATION, MOMENTS, at

from transforms.core.applications import applications
from transforms.settings import Settings

AS_OF = date(2025, 3, 31)


def made(as_of: date = AS_OF, **told: Any) -> dict[str, Any]:
    row = {f"{moment}_is_day": False for moment in MOMENTS}
    row |= {"application_id": "A", "started_at": at(3, 10, 9), "submitted_at": at(3, 10, 10), **told}
    frame = pl.LazyFrame([row], schema=APPLICATION)
    return applications(applications=frame, as_of=as_of, settings=Settings()).collect().row(0, named=True)


def test_the_wait_for_the_customer_is_not_the_insurers():
    row = made(decided_at=at(3, 12, 10), customer_wait_hours=30, actor="human", decision="accepted")
    assert (row["submit_to_decision_hours"], row["is_decided_by_system"]) == (18, False)
    assert row["counted_from_at"] == at(3, 11, 16)


def test_a_wait_longer_than_all_it_took_is_a_contradiction():
    row = made(decided_at=at(3, 11, 10), customer_wait_hours=30, decision="accepted")
    assert row["submit_to_decision_hours"] is None
    assert row["sequence_fault"] == "waited longer for the customer than it took"
    # While it is open the wait may go on.
    still = made(as_of=date(2025, 3, 10), customer_wait_hours=48)
    assert (still["sequence_fault"], still["counted_from_at"]) == (None, at(3, 11, 0))


def test_who_withdraws_is_not_decided_on():
    row = made(decided_at=at(3, 12), decision="withdrawn", actor="human")
    assert (row["decided_at"], row["withdrawn_on"], row["is_decided_by_system"]) == (
        None,
        date(2025, 3, 12),
        None,
    )


@pytest.mark.parametrize(
    ("submitted", "as_of", "state"),
    [
        (at(3, 11, 9), AS_OF, "met"),
        (at(3, 11, 10), AS_OF, "breach"),
        (None, date(2025, 3, 11), "breach"),
        (None, date(2025, 3, 10), "undetermined"),
    ],
)
def test_given_up_is_what_is_not_submitted_in_a_day(submitted: Any, as_of: date, state: str):
    assert made(submitted_at=submitted, as_of=as_of)["submission_state"] == state


def test_of_days_alone_no_hours_are_known():
    row = made(submitted_is_day=True, decided_at=at(3, 11, 10), issued_at=at(3, 11, 11))
    unknown = ("submission_state", "submit_to_decision_hours", "submit_to_issue_minutes", "sequence_fault")
    assert [row[name] for name in unknown] == [None] * 4


def test_what_happens_after_the_as_of_day_is_not_known_yet():
    row = made(
        as_of=date(2025, 3, 10),
        decided_at=at(3, 11),
        issued_at=at(3, 11),
        actor="auto",
        decision="declined",
        rescinded_on=date(2025, 3, 20),
    )
    unknown = ("decided_on", "issued_on", "decision", "is_decided_by_system", "rescinded_on")
    assert [row[name] for name in unknown] == [None] * 5
    assert row["submitted_on"] == date(2025, 3, 10)


def test_a_policy_is_issued_minutes_after_submission():
    row = made(decided_at=at(3, 10, 10, 2), issued_at=at(3, 10, 10, 9), actor="auto", decision="accepted")
    assert (row["submit_to_issue_minutes"], row["is_decided_by_system"]) == (9, True)
