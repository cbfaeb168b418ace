"""core.complaint_repeats: which closed complaint was followed by another one on the same matter."""

from datetime import date

from tests.kpi.books import complaint_facts

AS_OF = date(2025, 6, 30)
MATTER = {"customer_id": "C", "policy_id": "P", "category": "claims"}


def repeats(*rows: dict, as_of: date = AS_OF) -> list[tuple]:
    facts = complaint_facts([{**MATTER, **row} for row in rows], as_of)["core.complaint_repeats"]
    return (
        facts.sort("closed_on").select("closed_on", "repeated_on", "closed_to_repeat_days").collect().rows()
    )


def test_the_next_complaint_on_the_matter_is_the_repeat():
    first = {"received_on": date(2025, 1, 6), "closed_on": date(2025, 1, 20)}
    second = {"received_on": date(2025, 3, 21), "closed_on": date(2025, 3, 24)}
    assert repeats(first, second) == [
        (date(2025, 1, 20), date(2025, 3, 21), 60),
        (date(2025, 3, 24), None, None),
    ]
    for other in ({"category": "sales"}, {"policy_id": "Q"}, {"customer_id": "D"}):
        assert repeats(first, {**second, **other})[0] == (date(2025, 1, 20), None, None)


def test_a_blank_policy_or_category_is_a_matter_too():
    blank = {"policy_id": None, "category": None}
    first = {"received_on": date(2025, 1, 6), "closed_on": date(2025, 1, 20), **blank}
    assert repeats(first, {"received_on": date(2025, 1, 21), **blank}) == [
        (date(2025, 1, 20), date(2025, 1, 21), 1)
    ]
    assert repeats({**first, "customer_id": None}) == []


def test_a_contact_before_the_closing_or_on_its_day_is_no_repeat():
    first = {"received_on": date(2025, 1, 6), "closed_on": date(2025, 1, 20)}
    for day in (date(2025, 1, 10), date(2025, 1, 20)):
        assert repeats(first, {"received_on": day}) == [(date(2025, 1, 20), None, None)]


def test_a_complaint_open_again_has_no_repeat() -> None:
    closed, reopened = date(2025, 5, 10), date(2025, 5, 20)
    book = [
        {"received_on": date(2025, 5, 2), "closed_on": closed, "reopened_on": reopened},
        {"received_on": date(2025, 5, 2), "closed_on": closed},
        {"received_on": date(2025, 5, 2), "closed_on": date(2025, 6, 10), "reopened_on": reopened},
    ]
    assert [row[0] for row in repeats(*book)] == [closed, date(2025, 6, 10)]
    # Before it was opened again it was closed, and so it is followed.
    assert len(repeats(*book, as_of=date(2025, 5, 19))) == 2
