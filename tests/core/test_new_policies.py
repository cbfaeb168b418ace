"""core.new_policies: whether a policy reached its customer and the buyer was called back, on single policies."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from order_frames import at, core_orders
from policy_frames import POLICY

from transforms.clocks import calendar_until
from transforms.core.new_policies import new_policies
from transforms.model import INSTANT
from transforms.settings import ServiceSettings, Settings

AS_OF = date(2025, 3, 31)
BEGIN = at(1, 10)
CALENDAR = calendar_until("CN", date(2025, 12, 31), first=date(2025, 1, 1)).lazy()
SCHEMA = {**POLICY, "free_look_days": pl.Int32}


def made(*orders: dict[str, Any], since: Any = BEGIN, rules: Any = None, **told: Any) -> pl.DataFrame:
    policy = {"policy_id": "P", "issued_on": date(2025, 3, 3), "term_months": 240, **told}
    settings = Settings(service=ServiceSettings(**(rules or {})))
    kinds = {"kind": ["delivery"] if since else [], "first_ordered_at": [since] if since else []}
    return new_policies(
        policies=pl.LazyFrame([policy], schema=SCHEMA),
        orders=core_orders(*({"policy_id": "P", **order} for order in orders), as_of=AS_OF),
        kinds=pl.LazyFrame(kinds, schema={"kind": pl.String, "first_ordered_at": INSTANT}),
        calendar=CALENDAR,
        as_of=AS_OF,
        settings=settings,
    ).collect()


def delivery(day: int, outcome: str = "done") -> dict[str, Any]:
    return {"kind": "delivery", "ordered_at": at(3, 3), "completed_at": at(3, day), "outcome": outcome}


def test_the_first_receipt_counts_and_attempts_in_vain_are_told():
    row = made(delivery(6, "failed"), delivery(20), delivery(12)).row(0, named=True)
    assert row["delivered_on"] == date(2025, 3, 12)
    assert (row["delivery_due_on"], row["failed_delivery_count"]) == (date(2025, 3, 18), 1)


def test_a_policy_of_which_nothing_is_recorded_is_owed_its_delivery():
    row = made().row(0, named=True)
    assert (row["is_to_be_delivered"], row["delivered_on"]) == (True, None)


def test_a_policy_whose_deliveries_were_all_called_off_is_not():
    assert not made(delivery(4, "cancelled"))["is_to_be_delivered"].item()
    assert made(delivery(4, "cancelled"), delivery(5, "failed"))["is_to_be_delivered"].item()
    # A call-back that was called off is no delivery.
    callback = {"kind": "callback", "ordered_at": at(3, 3), "completed_at": at(3, 4), "outcome": "cancelled"}
    assert made(callback)["is_to_be_delivered"].item()


def test_the_limit_may_be_one_of_working_days():
    """2025-03-03 is a Monday: ten working days end on Monday, 17 March."""
    row = made(rules={"delivery_days": 10, "delivery_counting": "business"}).row(0, named=True)
    assert row["delivery_due_on"] == date(2025, 3, 17)


@pytest.mark.parametrize(
    ("told", "due"),
    [({}, date(2025, 3, 18)), ({"free_look_days": 10}, date(2025, 3, 13))],
)
def test_the_free_look_begins_with_the_receipt(told: dict[str, Any], due: date):
    assert made(**told)["callback_due_on"].item() == due
    received = made(delivery(8), **told)["callback_due_on"].item()
    assert (received - due).days == 5


def test_only_buyers_of_more_than_a_year_are_called_back():
    assert [made(term_months=months)["is_to_be_called_back"].item() for months in (12, 13, None)] == [
        False,
        True,
        True,
    ]


def test_policies_of_before_the_records_begin_say_nothing():
    assert made(since=at(4, 4)).is_empty()
    assert made(since=at(4, 3)).height == 1
    assert made(since=None).is_empty()
