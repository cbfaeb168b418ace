"""core.complaint_recovery: who complained and was still a customer a year later."""

from datetime import date

import pytest
from policy_frames import events_of, policies_of

from tests.kpi.books import complaint_facts
from transforms.core.complaint_recovery import complaint_recovery
from transforms.core.policies import policies
from transforms.settings import Settings

AS_OF = date(2025, 6, 30)
COMPLAINED = date(2024, 3, 1)


def retained(*events: tuple, issued_on: date = date(2023, 1, 1), as_of: date = AS_OF) -> list:
    """is_retained_12m of a complaint of 1 March 2024 by the holder of one policy."""
    held = policies(
        policies=policies_of({"policy_id": "P", "customer_id": "Z", "issued_on": issued_on}),
        events=events_of(*events),
        as_of=as_of,
        settings=Settings(),
    )
    complaints = complaint_facts([{"customer_id": "Z", "received_on": COMPLAINED}], as_of)["core.complaints"]
    return (
        complaint_recovery(complaints=complaints, policies=held, as_of=as_of, settings=Settings())
        .collect()["is_retained_12m"]
        .to_list()
    )


@pytest.mark.parametrize(
    ("event", "day", "is_retained"),
    [
        ("surrender", date(2025, 2, 28), False),
        ("surrender", date(2025, 3, 1), True),
        ("surrender", date(2025, 3, 2), True),
        ("lapse", date(2024, 9, 1), False),
        ("death", date(2024, 9, 1), None),
        ("maturity", date(2024, 9, 1), None),
    ],
)
def test_a_year_after_the_complaint(event, day, is_retained):
    assert retained(("P", event, day)) == [is_retained]


def test_who_stays_is_known_after_a_year():
    assert retained() == [True]
    assert retained(as_of=date(2025, 2, 28)) == [None]


def test_who_had_no_policy_then_could_not_stay():
    assert retained(issued_on=date(2024, 4, 1)) == []
    assert retained(("P", "surrender", date(2024, 2, 1))) == []


def test_a_policy_that_began_since_counts():
    rows = [
        {"policy_id": "P1", "customer_id": "Z", "issued_on": date(2023, 1, 1)},
        {"policy_id": "P2", "customer_id": "Z", "issued_on": date(2024, 8, 1)},
    ]
    held = policies(
        policies=policies_of(*rows),
        events=events_of(("P1", "surrender", date(2024, 6, 1))),
        as_of=AS_OF,
        settings=Settings(),
    )
    complaints = complaint_facts([{"customer_id": "Z", "received_on": COMPLAINED}], AS_OF)["core.complaints"]
    found = complaint_recovery(
        complaints=complaints, policies=held, as_of=AS_OF, settings=Settings()
    ).collect()
    assert found.select("policy_count", "is_retained_12m").rows() == [(1, True)]
