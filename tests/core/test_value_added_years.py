"""core.value_added_years: whose year counts and what of it, on a single customer."""

from datetime import date
from typing import Any

import polars as pl
from order_frames import at, core_orders
from policy_frames import events_of, policies_of

from transforms.core.policies import policies as core_policies
from transforms.core.value_added_years import value_added_years
from transforms.model import INSTANT
from transforms.settings import Settings

AS_OF = date(2025, 12, 31)
SETTINGS = Settings()
FIRST = {"policy_id": "P", "customer_id": "C", "issued_on": date(2022, 5, 10), "org_unit": "north"}


def made(*orders: dict[str, Any], ends: Any = (), register: Any = (FIRST,)) -> list[tuple[Any, ...]]:
    """Begin, orders, orders done, and whether used, of the customer's years since services are recorded."""
    served = ({"customer_id": "C", "kind": "value_added", **order} for order in orders)
    return (
        value_added_years(
            policies=core_policies(
                policies=policies_of(*register), events=events_of(*ends), as_of=AS_OF, settings=SETTINGS
            ),
            orders=core_orders(*served, as_of=AS_OF),
            kinds=pl.LazyFrame(
                {"kind": ["value_added"], "first_ordered_at": [at(1, 1).replace(year=2023)]},
                schema={"kind": pl.String, "first_ordered_at": INSTANT},
            ),
            as_of=AS_OF,
            settings=SETTINGS,
        )
        .collect()
        .sort("starts_on")
        .select("starts_on", "order_count", "done_count", "is_used")
        .rows()
    )


def test_a_service_counts_in_the_year_in_which_it_was_done():
    booked = {"ordered_at": at(5, 8), "completed_at": at(5, 9)}
    waited = {"ordered_at": at(5, 8), "completed_at": at(5, 10)}
    assert made(booked) == [(date(2023, 5, 10), 0, 0, False), (date(2024, 5, 10), 1, 1, True)]
    # Ordered in the one year and done in the next, which is not over yet.
    assert made(waited) == [(date(2023, 5, 10), 0, 0, False), (date(2024, 5, 10), 1, 0, False)]


def test_what_was_called_off_is_ordered_and_not_used():
    off = {"ordered_at": at(2, 8), "completed_at": at(2, 9), "outcome": "cancelled"}
    assert made(off)[-1] == (date(2024, 5, 10), 1, 0, False)


def test_only_who_has_a_policy_when_the_year_begins_is_entitled():
    left = [("P", "surrender", date(2024, 5, 10))]
    assert [row[0] for row in made(ends=left)] == [date(2023, 5, 10)]
    second = {**FIRST, "policy_id": "Q", "issued_on": date(2024, 1, 1)}
    assert [row[0] for row in made(ends=left, register=(FIRST, second))] == [
        date(2023, 5, 10),
        date(2024, 5, 10),
    ]


def test_who_is_not_known_by_name_is_not_counted():
    assert made(register=({**FIRST, "customer_id": None},)) == []
