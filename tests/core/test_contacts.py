"""core.contacts: how long a customer waited for a person, and whether she came back."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from tests.kpi.books import frame, record
from transforms.core.contacts import contacts
from transforms.model import INSTANT, SEGMENT_COLUMNS
from transforms.settings import Settings

AS_OF = date(2025, 4, 30)
INSTANTS = ("offered_at", "answered_at", "handed_over_at", "abandoned_at", "called_back_at", "ended_at")
TEXTS = (
    "contact_id", "customer_id", "policy_id", "claim_id", "complaint_id", "medium", "purpose", "actor", "handler_id",
    "service_channel", *SEGMENT_COLUMNS,
)  # fmt: skip
STAGED = {
    **dict.fromkeys(TEXTS, pl.String),
    **dict.fromkeys(INSTANTS, INSTANT),
    "is_day": pl.Boolean,
    "is_elder": pl.Boolean,
    "succeeded": pl.Boolean,
    "rating": pl.Int64,
}


def at(text: str) -> datetime:
    """An instant of March 2025 in Shanghai, written as day and time: 03 09:00:20."""
    return datetime.fromisoformat(f"2025-03-{text.replace(' ', 'T')}+08:00").astimezone(UTC)


def staged(*rows: dict) -> pl.LazyFrame:
    """Calls of one customer for one purpose, except where a row says otherwise."""
    usual = {"medium": "call", "customer_id": "C", "purpose": "payment"}
    told = [{name: at(value) if name in INSTANTS else value for name, value in row.items()} for row in rows]
    return frame(STAGED, [{"contact_id": f"N{i}", **usual, **row} for i, row in enumerate(told)])


def made(*rows: dict, as_of: date = AS_OF) -> pl.DataFrame:
    settings = Settings(time_zone="Asia/Shanghai")
    return contacts(contacts=staged(*rows), as_of=as_of, settings=settings).collect().sort("contact_id")


def test_who_calls_waits_from_the_first_and_who_chats_with_a_machine_from_the_hand_over():
    found = made(
        {"offered_at": "03 09:00:00", "answered_at": "03 09:00:20"},
        {"offered_at": "03 09:00:00", "answered_at": "03 09:03:00", "handed_over_at": "03 09:02:00", "medium": "bot"},
        {"offered_at": "03 09:00:00", "answered_at": "03 09:01:10", "handed_over_at": "03 09:01:00", "actor": "auto"},
        # Handed from one person to another: the customer waited for the first.
        {"offered_at": "03 09:00:00", "answered_at": "03 09:00:30", "handed_over_at": "03 09:05:00"},
        {"offered_at": "03 09:00:00", "medium": "bot"},
    )  # fmt: skip
    assert found["wait_seconds"].to_list() == [20, 60, 10, 30, None]
    assert found["person_asked_at"].is_null().to_list() == [False] * 4 + [True]
    assert found["is_transferred"].to_list() == [False] * 3 + [True, False]
    assert found["is_by_machine"].to_list() == [False] * 4 + [True]


def test_a_wait_known_to_the_day_is_no_wait():
    to_the_day = {"offered_at": "03 00:00:00", "answered_at": "03 00:00:00", "is_day": True}
    found = made(to_the_day, {"offered_at": "03 09:00:00", "answered_at": "03 09:01:00"})
    assert found["wait_seconds"].to_list() == [None, 60]
    facts = {"core.contacts": found.lazy()}
    in_time = record("call_answered_within_20_seconds_share", facts, date(2025, 3, 1), AS_OF)
    assert [in_time[name] for name in ("numerator", "denominator", "n_excluded")] == [0, 1, 1]


@pytest.mark.parametrize(("given_up", "is_short"), [("03 09:00:04", True), ("03 09:00:05", False)])
def test_who_hangs_up_at_once_did_not_ask(given_up, is_short):
    found = made({"offered_at": "03 09:00:00", "abandoned_at": given_up})
    assert found["is_short_abandoned"].to_list() == [is_short]


def test_who_is_called_back_within_two_hours_is_answered_in_the_twin_alone():
    """The last second of the two hours, and the one after; who was answered is not counted twice."""
    given_up = {"offered_at": "03 09:00:00", "abandoned_at": "03 09:01:00"}
    found = made(
        given_up | {"called_back_at": "03 11:00:00"},
        given_up | {"called_back_at": "03 11:00:01"},
        given_up,
        {"offered_at": "03 09:00:00", "answered_at": "03 09:00:20", "called_back_at": "03 09:30:00"},
    )
    assert found["is_called_back_in_time"].to_list() == [True, False, False, False]
    facts = {"core.contacts": found.lazy()}
    shares = {
        code: record(f"call_answered{code}_share", facts, date(2025, 3, 1), AS_OF)["numerator"]
        for code in ("", "_or_called_back")
    }
    assert shares == {"": 1, "_or_called_back": 2}


def test_the_next_call_for_the_purpose_is_the_repeat():
    first = {"offered_at": "03 09:00:00", "answered_at": "03 09:00:20"}
    assert made(first, {"offered_at": "10 18:00:00"})["repeat_call_days"].to_list() == [7, None]
    for other in (
        {"purpose": "advice"}, {"customer_id": "D"}, {"medium": "app"},
        {"abandoned_at": "10 18:00:03"},
    ):  # fmt: skip
        found = made(first, {"offered_at": "10 18:00:00", **other})
        assert found["repeat_call_days"].to_list() == [None, None], other
    blank = {"purpose": None}
    assert made(first | blank, {"offered_at": "03 09:30:00", **blank})["repeat_call_days"][0] == 0


def test_any_contact_of_the_customer_follows_a_chat_with_a_machine():
    chat = {"offered_at": "03 09:00:00", "medium": "bot"}
    found = made(chat, {"offered_at": "06 10:00:00", "medium": "email", "purpose": "advice"})
    assert found["next_contact_hours"].to_list() == [73.0, None]


def test_nobody_known_comes_back():
    nobody = {"customer_id": None, "answered_at": "03 09:00:20"}
    found = made(*({"offered_at": f"03 09:0{minute}:00", **nobody} for minute in range(3)))
    assert found["repeat_call_days"].null_count() == found["next_contact_hours"].null_count() == 3


def test_what_happens_after_the_as_of_day_is_not_known():
    rows = (
        {"offered_at": "03 23:59:50", "answered_at": "04 00:00:10", "ended_at": "04 00:03:00"},
        {"offered_at": "05 09:00:00"},
    )
    found = made(*rows, as_of=date(2025, 3, 3))
    assert found.height == 1
    assert found.select("answered_at", "ended_at", "wait_seconds", "repeat_call_days").row(0) == (None,) * 4


@pytest.mark.parametrize(
    ("moved", "fault"),
    [
        ({"answered_at": "03 08:00:00"}, "answered before offered"),
        ({"ended_at": "03 08:59:59"}, "ended before offered"),
        ({"abandoned_at": "03 09:01:00", "answered_at": "03 09:00:30"}, "abandoned after an answer"),
        ({"ended_at": "03 09:10:00", "answered_at": "03 09:00:30"}, None),
    ],
)
def test_instants_that_contradict_each_other_are_told(moved, fault):
    assert made({"offered_at": "03 09:00:00", **moved})["sequence_fault"].to_list() == [fault]


def test_a_rating_beyond_the_scale_is_none():
    found = made(*({"offered_at": "03 09:00:00", "rating": stars} for stars in (0, 1, 5, 10)))
    assert found["rating"].to_list() == [None, 1, 5, None]


def test_calls_of_nobody_known_and_those_hung_up_at_once_are_left_out_and_counted():
    """Of six calls in March one is hung up at once and one not answered; of the answered, one is of nobody known."""
    answered = {"answered_at": "03 09:00:20"}
    facts = {
        "core.contacts": made(
            {"offered_at": "03 09:00:00", **answered},
            {"offered_at": "03 09:00:00", **answered, "customer_id": "D"},
            {"offered_at": "03 09:00:00", **answered, "customer_id": None},
            {"offered_at": "08 09:00:00", "answered_at": "08 09:01:00"},
            {"offered_at": "09 09:00:00", "customer_id": "E", "abandoned_at": "09 09:00:02"},
            {"offered_at": "09 09:00:00", "customer_id": "F", "abandoned_at": "09 09:00:30"},
        ).lazy()
    }
    month = date(2025, 3, 1)
    answered_share = record("call_answered_share", facts, month, AS_OF)
    assert [answered_share[name] for name in ("numerator", "denominator", "n_excluded")] == [4, 5, 1]
    in_time = record("call_answered_within_20_seconds_share", facts, month, AS_OF)
    assert [in_time[name] for name in ("numerator", "denominator", "n_excluded")] == [3, 5, 1]
    resolved = record("call_first_contact_resolved_share", facts, month, AS_OF)
    assert [resolved[name] for name in ("numerator", "denominator", "n_excluded")] == [2, 3, 1]
    assert record("call_first_contact_resolved_share", facts, month, date(2025, 4, 6))["status"] == "immature"
    assert record("call_first_contact_resolved_share", facts, month, date(2025, 4, 7))["status"] == "low_n"
