"""core.instalments_due: of which instalment a reminder is, and how long before it came."""

from datetime import date
from typing import Any

import polars as pl
from order_frames import at, core_orders

from transforms.core.instalments_due import instalments_due
from transforms.model import SEGMENT_COLUMNS
from transforms.settings import Settings

INSTALMENT = {
    **dict.fromkeys(("policy_id", "customer_id", *SEGMENT_COLUMNS), pl.String),
    "instalment_no": pl.Int32,
    "due_on": pl.Date,
    "paid_on": pl.Date,
}
AS_OF = date(2025, 6, 30)


def made(*orders: dict[str, Any], as_of: date = AS_OF) -> dict[int, tuple[date | None, int | None]]:
    """Day of the reminder and days before, of the second and third quarterly instalments of a policy."""
    rows = [
        {"policy_id": "P", "instalment_no": 2, "due_on": date(2025, 3, 20), "paid_on": date(2025, 3, 18)},
        {"policy_id": "P", "instalment_no": 3, "due_on": date(2025, 6, 20)},
    ]
    found = instalments_due(
        instalments=pl.LazyFrame(rows, schema=INSTALMENT),
        orders=core_orders(*({"policy_id": "P", "kind": "reminder", **o} for o in orders), as_of=as_of),
        as_of=as_of,
        settings=Settings(),
    ).collect()
    return {
        number: (day, before)
        for number, day, before in found.select(
            "instalment_no", "reminded_on", "reminded_before_days"
        ).iter_rows()
    }


def reminder(month: int, day: int, **told: Any) -> dict[str, Any]:
    return {"ordered_at": at(month, day, 8), "completed_at": at(month, day, 9), **told}


NONE = (None, None)


def test_a_reminder_is_of_the_next_instalment_and_the_first_one_counts():
    assert made(reminder(3, 10), reminder(3, 13)) == {2: (date(2025, 3, 10), 10), 3: NONE}


def test_a_reminder_that_names_a_due_day_is_of_that_instalment():
    early = reminder(3, 10, due_at=at(6, 20, 0))
    assert made(early) == {2: NONE, 3: (date(2025, 3, 10), 102)}
    # After the due day it names: no reminder in time, but one of it.
    late = reminder(3, 21, due_at=at(3, 20, 0))
    assert made(late)[2] == (date(2025, 3, 21), -1)


def test_a_reminder_more_than_sixty_days_ahead_or_in_vain_is_of_none():
    assert made(reminder(4, 20))[3] == NONE
    assert made(reminder(4, 21))[3] == (date(2025, 4, 21), 60)
    assert made(reminder(3, 10, outcome="failed"))[2] == NONE


def test_instalments_to_come_are_no_rows():
    assert list(made(as_of=date(2025, 6, 19))) == [2]
