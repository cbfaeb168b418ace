"""core.actions: what is done about service, with when it was due and done and what it answers."""

from datetime import date

import polars as pl

from tests.kpi.books import frame, record
from transforms.core.actions import actions
from transforms.model import SEGMENT_COLUMNS
from transforms.settings import Settings

AS_OF = date(2025, 3, 31)
TEXTS = (
    "action_id", "title", "kind", "kpi", "basis", "cut", "segment", "trigger", "owner", "decision", "complaint_id",
    "text_id",
)  # fmt: skip
STAGED = {
    **dict.fromkeys((*TEXTS, *SEGMENT_COLUMNS), pl.String),
    **dict.fromkeys(("opened_on", "due_on", "done_on", "feedback_on"), pl.Date),
    "target": pl.Float64,
    "check_after_months": pl.Int64,
}


def made(*rows: dict) -> pl.DataFrame:
    usual = {"kind": "training", "opened_on": date(2025, 3, 3), "cut": "company", "segment": "company"}
    staged = frame(STAGED, [{"action_id": f"T{i}", **usual, **row} for i, row in enumerate(rows)])
    return actions(actions=staged, as_of=AS_OF, settings=Settings()).collect().sort("action_id")


def test_an_action_is_overdue_from_the_day_after_it_was_due_until_it_is_done():
    found = made(
        {"due_on": AS_OF},
        {"due_on": date(2025, 3, 30)},
        {"due_on": date(2025, 3, 30), "done_on": AS_OF},
        {"due_on": date(2025, 3, 30), "done_on": date(2025, 4, 1)},
        {},
        {"opened_on": date(2025, 4, 1)},
    )
    assert found["is_overdue"].to_list() == [False, True, False, True, False]
    assert found["done_on"].to_list() == [None, None, AS_OF, None, None]


def test_days_run_from_the_feedback_to_the_action_that_answers_it():
    found = made({"feedback_on": date(2025, 2, 28)}, {"feedback_on": date(2025, 3, 4)}, {})
    assert found["feedback_to_opened_days"].to_list() == [3, None, None]
    facts = {"core.actions": found.lazy()}
    days = record("feedback_to_action_days_median", facts, date(2025, 3, 1), AS_OF)
    assert (days["value"], days["n"]) == (3, 1)
