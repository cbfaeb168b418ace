"""core.customers: first and second policy of a customer, and the day on which there was none any more."""

from datetime import date

import polars as pl
from policy_frames import events_of, policies_of

from transforms.core.customers import customers
from transforms.core.policies import policies
from transforms.settings import Settings

AS_OF = date(2025, 6, 30)


def made(*rows: dict, events: tuple = ()) -> pl.DataFrame:
    facts = policies(policies=policies_of(*rows), events=events_of(*events), as_of=AS_OF, settings=Settings())
    return customers(policies=facts, as_of=AS_OF, settings=Settings()).collect()


def test_a_renewal_and_a_policy_of_the_same_day_are_no_second_policy():
    first = {"policy_id": "P1", "customer_id": "Z", "issued_on": date(2023, 3, 1), "org_unit": "B1"}
    bundle = {"policy_id": "P2", "customer_id": "Z", "issued_on": date(2023, 3, 1)}
    renewal = {"policy_id": "P3", "customer_id": "Z", "issued_on": date(2024, 3, 1), "renews_policy_id": "P1"}
    (row,) = made(first, bundle, renewal).to_dicts()
    assert (row["second_policy_on"], row["policy_count"], row["org_unit"]) == (None, 2, "B1")
    other = {"policy_id": "P4", "customer_id": "Z", "issued_on": date(2025, 1, 1)}
    (row,) = made(first, bundle, renewal, other).to_dicts()
    assert (row["second_policy_on"], row["policy_count"], row["open_policy_count"]) == (
        date(2025, 1, 1),
        3,
        4,
    )


def test_a_customer_leaves_with_the_last_policy():
    rows = [{"policy_id": f"P{i}", "customer_id": "Z", "issued_on": date(2023, i, 1)} for i in (1, 2)]
    one = ("P1", "surrender", date(2024, 1, 1))
    assert made(*rows, events=(one,))["left_on"].item() is None
    left = made(*rows, events=(one, ("P2", "death", date(2024, 5, 1))))
    assert left.select("left_on", "left_by").row(0) == (date(2024, 5, 1), "death")


def test_nobody_knows_whose_it_is():
    assert made({"policy_id": "P1", "issued_on": date(2023, 1, 1)}).is_empty()
