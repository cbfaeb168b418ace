"""core.policy_events: an event with the segment and age of its policy, and how long its payment took."""

from datetime import date

from policy_frames import events_of, policies_of

from transforms.core.policy_events import policy_events
from transforms.settings import Settings

POLICY = {"policy_id": "P", "issued_on": date(2023, 2, 10), "region": "north", "sum_assured": 1000}


def made(*events, as_of: date = date(2025, 6, 30)) -> list[dict]:
    rows = policy_events(
        policies=policies_of(POLICY), events=events_of(*events), as_of=as_of, settings=Settings()
    )
    return rows.sort("event_id").collect().to_dicts()


def test_days_from_the_notice_to_the_payment():
    asked = {"requested_on": date(2025, 3, 3), "amount": 800.0}
    paid, unpaid, wrong = made(
        ("P", "surrender", date(2025, 3, 5), {**asked, "paid_on": date(2025, 3, 13)}),
        ("P", "partial_surrender", date(2025, 3, 5), {**asked, "paid_on": date(2025, 7, 1)}),
        ("P", "surrender", date(2025, 3, 5), {**asked, "paid_on": date(2025, 3, 1)}),
    )
    assert (paid["requested_to_paid_days"], paid["region"], paid["channel"]) == (10, "north", "unknown")
    # Paid after the as-of day: not paid yet.
    assert (unpaid["paid_on"], unpaid["requested_to_paid_days"]) == (None, None)
    assert (wrong["requested_to_paid_days"], wrong["sequence_fault"]) == (None, "paid before requested")


def test_the_policy_year_changes_on_the_anniversary():
    days = (date(2024, 2, 9), date(2024, 2, 10), date(2025, 2, 10), date(2023, 1, 1))
    rows = made(*(("P", "waiver", day) for day in days))
    assert [row["policy_year"] for row in rows][:3] == [1, 2, 3]
    assert rows[3]["sequence_fault"] == "before issue"


def test_a_lapse_knows_the_reinstatement_that_follows_it():
    rows = made(
        ("P", "lapse", date(2024, 3, 1)),
        ("P", "reinstatement", date(2024, 5, 1)),
        ("P", "lapse", date(2025, 3, 1)),
    )
    assert [row["reinstated_on"] for row in rows] == [date(2024, 5, 1), None, None]
