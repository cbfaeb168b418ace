"""core.service_orders: what becomes of single orders, and on which day it is known."""

from datetime import date
from typing import Any

import pytest
from order_frames import at, core_orders

AS_OF = date(2025, 3, 31)


def made(as_of: date = AS_OF, **told: Any) -> dict[str, Any]:
    row = {"kind": "alteration", "ordered_at": at(3, 3, 9), **told}
    return core_orders(row, as_of=as_of).collect().row(0, named=True)


def test_an_order_is_done_unless_it_is_said_otherwise():
    row = made(completed_at=at(3, 7))
    assert (row["outcome"], row["done_on"], row["left_on"]) == ("done", date(2025, 3, 7), None)
    assert (row["ordered_to_done_days"], row["age_days"]) == (4, None)
    # Without a beginning of its own a service began when it was done.
    assert (row["started_on"], row["ordered_to_started_days"]) == (date(2025, 3, 7), 4)


@pytest.mark.parametrize("outcome", ["failed", "declined", "cancelled"])
def test_what_is_not_done_has_left_and_took_no_days(outcome: str):
    row = made(completed_at=at(3, 7), outcome=outcome)
    assert (row["done_on"], row["left_on"], row["ordered_to_done_days"]) == (None, date(2025, 3, 7), None)
    assert (row["cancelled_on"] is not None) == (outcome == "cancelled")


def test_what_happens_after_the_as_of_day_is_not_known_yet():
    row = made(completed_at=at(4, 1), outcome="failed", rating=5, problem_found=True)
    unknown = ("completed_on", "outcome", "rating", "is_problem_found")
    assert [row[name] for name in unknown] == [None] * 4
    assert row["age_days"] == 28
    assert core_orders({"kind": "enquiry", "ordered_at": at(4, 1)}, as_of=AS_OF).collect().is_empty()


def test_what_the_system_does_at_once_is_told_from_what_people_do():
    assert made(completed_at=at(3, 3, 9, 1))["is_instant"]
    assert not made(completed_at=at(3, 3, 9, 2))["is_instant"]
    assert not made(completed_at=at(3, 3, 9), outcome="declined")["is_instant"]
    # Of a day alone nobody knows.
    assert not made(completed_at=at(3, 3, 9), ordered_is_day=True)["is_instant"]


def test_help_is_in_time_if_it_arrives_when_promised():
    promised = {"kind": "roadside", "ordered_at": at(3, 31, 9), "due_at": at(3, 31, 10)}
    assert made(**promised, started_at=at(3, 31, 9, 40))["due_state"] == "met"
    assert made(**promised, started_at=at(3, 31, 9, 40))["ordered_to_started_minutes"] == 40
    assert made(**promised, started_at=at(3, 31, 10, 1))["due_state"] == "breach"
    assert made(**promised)["due_state"] == "breach"
    assert made(**promised, completed_at=at(3, 31, 9, 30), outcome="cancelled")["due_state"] == "undetermined"
    assert made(**{**promised, "due_at": at(4, 1)})["due_state"] == "undetermined"
    assert made(**promised, started_at=at(3, 31), due_is_day=True)["due_state"] is None


def test_what_runs_backwards_is_flagged():
    row = made(completed_at=at(3, 1))
    assert (row["sequence_fault"], row["ordered_to_done_days"]) == ("completed before ordered", None)
    assert made(started_at=at(3, 2), completed_at=at(3, 7))["sequence_fault"] == "started before ordered"
