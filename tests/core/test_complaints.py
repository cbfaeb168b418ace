"""core.complaints: which limit a complaint has, when it is due, and which contacts are one complaint.

Rules: CBIRC order 2020 no. 3 as known from copies; Civil Code of the PRC arts. 201 and 203.
"""

from datetime import date, timedelta

import polars as pl
import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.kpi.books import KPIS, complaint_facts
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import ComplaintSettings, Settings

AS_OF = date(2025, 3, 31)


def made(rows, as_of=AS_OF, **rules) -> pl.DataFrame:
    settings = Settings(complaints=ComplaintSettings(**rules))
    return complaint_facts(rows, as_of, settings)["core.complaints"].collect()


SEVEN = [
    # received, decided, limit in days, days of outside appraisal, due without roll-forward
    (date(2025, 3, 1), date(2025, 3, 14), 15, 0, date(2025, 3, 16)),
    (date(2025, 3, 1), date(2025, 3, 17), 15, 0, date(2025, 3, 16)),
    (date(2025, 3, 3), date(2025, 3, 25), 30, 0, date(2025, 4, 2)),
    (date(2025, 3, 10), None, 15, 0, date(2025, 3, 25)),
    (date(2025, 3, 20), None, 15, 0, date(2025, 4, 4)),
    (date(2025, 1, 20), date(2025, 3, 28), 60, 10, date(2025, 3, 31)),
    (date(2025, 3, 25), date(2025, 3, 26), 15, 0, date(2025, 4, 9)),
]


def test_due_days_of_seven_complaints():
    """Without roll-forward as written; with it the second is due on Monday the 17th."""
    classes = {15: "simple", 30: "complex", 60: "special"}
    rows = [
        {
            "received_on": received,
            "closed_on": decided,
            "complexity": classes[limit],
            "extension_approved_on": date(2025, 2, 10) if limit == 60 else None,
            "appraisal_days": appraisal,
        }
        for received, decided, limit, appraisal, _ in SEVEN
    ]
    assert made(rows, rolls_forward=False)["due_on"].to_list() == [due for *_, due in SEVEN]
    rolled = made(rows)
    assert rolled["due_on"][1] == date(2025, 3, 17)
    state = [
        "met" if closed and closed <= due else "breach" if (closed or AS_OF) > due else "undetermined"
        for closed, due in rolled.select("closed_on", "due_on").rows()
    ]
    assert state == ["met", "met", "met", "breach", "undetermined", "met", "met"]


@pytest.mark.parametrize(
    ("received", "due"), [(date(2025, 3, 1), date(2025, 3, 17)), (date(2025, 9, 20), date(2025, 10, 9))]
)
def test_a_limit_does_not_end_on_a_rest_day(received, due):
    """15 days from 2025-03-01 end on a Sunday, from 2025-09-20 in the National Day holidays."""
    assert made([{"received_on": received, "complexity": "simple"}], date(2025, 12, 1))["due_on"][0] == due


@pytest.mark.parametrize(
    ("approved", "limit"),
    [(None, 30), (date(2025, 1, 31), 60), (date(2025, 2, 5), 60), (date(2025, 2, 6), 30)],
)
def test_an_extension_counts_only_if_approved_and_told_by_the_shorter_deadline(approved, limit):
    """30 days from 2025-01-06 end on 2025-02-05, the first working day after the Spring Festival."""
    row = {
        "received_on": date(2025, 1, 6),
        "complexity": "special",
        "extension_approved_on": approved,
    }
    assert made([row])["limit_days"][0] == limit


@pytest.mark.parametrize(
    ("row", "starts", "due"),
    [
        ({}, date(2025, 3, 3), date(2025, 3, 18)),
        # On the last day of the first term; a day later it would excuse being late.
        ({"new_facts_on": date(2025, 3, 18)}, date(2025, 3, 18), date(2025, 4, 2)),
        ({"new_facts_on": date(2025, 3, 19)}, date(2025, 3, 3), date(2025, 3, 18)),
        # Decided once, opened again with new facts, decided for good.
        (
            {
                "reopened_on": date(2025, 5, 6),
                "new_facts_on": date(2025, 5, 6),
                "closed_on": date(2025, 5, 20),
            },
            date(2025, 5, 6),
            date(2025, 5, 21),
        ),
        # Opened again without them: one and the same term.
        (
            {"reopened_on": date(2025, 5, 6), "closed_on": date(2025, 5, 20)},
            date(2025, 3, 3),
            date(2025, 3, 18),
        ),
        # They came after a decision that stands.
        (
            {"closed_on": date(2025, 3, 10), "new_facts_on": date(2025, 3, 14)},
            date(2025, 3, 3),
            date(2025, 3, 18),
        ),
        # Not known yet on the as-of day.
        ({"new_facts_on": date(2025, 7, 1)}, date(2025, 3, 3), date(2025, 3, 18)),
    ],
)
def test_new_facts_start_the_term_anew(row, starts, due):
    found = made([{"received_on": date(2025, 3, 3), "complexity": "simple", **row}], date(2025, 6, 30))
    assert found.select("term_starts_on", "due_on").row(0) == (starts, due)


def test_an_extension_is_approved_within_the_term_that_new_facts_start():
    row = {
        "received_on": date(2025, 1, 6),
        "new_facts_on": date(2025, 1, 27),
        "extension_approved_on": date(2025, 2, 20),
        "complexity": "special",
    }
    assert made([row]).select("limit_days", "due_on").row(0) == (60, date(2025, 3, 28))


def test_a_complaint_without_a_class_has_no_limit_unless_the_project_gives_one():
    row = {"received_on": date(2025, 3, 3)}
    assert made([row]).select("limit_days", "due_on").row(0) == (None, None)
    assert made([row], unclassified="simple")["limit_days"][0] == 15


def test_working_days_instead_of_natural_ones():
    """Friday 2025-09-26 and three working days: Sunday 28 is a make-up day, so the third is Tuesday 30."""
    row = {"received_on": date(2025, 9, 26), "complexity": "simple"}
    found = made([row], date(2025, 12, 1), counting="business")
    assert found["third_business_day_on"][0] == date(2025, 9, 30)
    # 28 to 30 September, 9 to 11 October with the make-up Saturday, 13 to 17, 20 to 23: fifteen days.
    assert found["due_on"][0] == date(2025, 10, 23)


def test_a_withdrawal_after_the_request_was_met_is_a_decision():
    closed = {"received_on": date(2025, 3, 3), "closed_on": date(2025, 3, 10), "outcome": "withdrawn"}
    found = made([closed, {**closed, "request_met": "none"}, {**closed, "request_met": "partial"}])
    assert found["withdrawn_on"].is_null().to_list() == [False, False, True]
    assert found["decided_on"].is_null().to_list() == [True, True, False]


def test_contacts_on_an_open_matter_are_merged_if_the_project_says_so():
    rows = [
        {"received_on": date(2025, 3, 3), "follows_open": True},
        {"received_on": date(2025, 3, 3), "merged_into": "K9"},
    ]
    assert made(rows)["is_merged"].to_list() == [False, True]
    assert made(rows, merging="same_matter")["is_merged"].to_list() == [True, True]


def test_what_happened_after_the_as_of_day_is_not_known():
    row = {
        "received_on": date(2025, 3, 3),
        "closed_on": date(2025, 4, 1),
        "outcome": "upheld",
        "complexity": "simple",
    }
    found = made([row, {"received_on": date(2025, 4, 1)}])
    assert found.height == 1
    assert found.select("closed_on", "outcome", "decided_on", "age_days").row(0) == (None, None, None, 28)


@given(
    st.dates(date(2024, 1, 1), date(2025, 3, 1)),
    st.sampled_from(["simple", "complex", "special"]),
    st.integers(0, 40),
    st.integers(0, 60),
)
@hypothesis_settings(max_examples=40)
def test_the_due_day_is_a_working_day_and_never_early(received, complexity, appraisal, approved_after):
    row = {
        "received_on": received,
        "complexity": complexity,
        "appraisal_days": appraisal,
        "extension_approved_on": received + timedelta(approved_after),
    }
    found, plain = made([row]), made([row], rolls_forward=False)
    due, raw = found["due_on"][0], plain["due_on"][0]
    assert raw == received + timedelta(plain["limit_days"][0] + appraisal)
    # Rolling forward may admit an extension that the shorter deadline as it stands does not.
    assert found["limit_days"][0] >= plain["limit_days"][0]
    assert due >= raw
    assert is_workday(due)


# --- days that contradict each other

MONTHS = [date(2025, month, 1) for month in range(1, 7)]
LATER = date(2025, 6, 30)


def values(facts: dict[str, pl.LazyFrame], kpi: str, basis: str) -> dict[int, tuple[float, int]]:
    """Numerator and number excluded of a KPI of the company, by month."""
    rows = kpi_records(
        facts, [KPIS[kpi]], month_periods(MONTHS), as_of=LATER, settings=Settings(cuts=("company",))
    )
    rows = rows.filter(pl.col("basis") == basis, pl.col("cut") == "company")
    return {row["period"].month: (row["numerator"], row["n_excluded"]) for row in rows.to_dicts()}


def complaint(**days: date) -> dict:
    return {"outcome": "not_upheld", "received_on": date(2025, 5, 2), "complexity": "simple", **days}


CLOSED, REOPENED, AGAIN = date(2025, 5, 10), date(2025, 5, 20), date(2025, 6, 10)
BOOK = [
    complaint(closed_on=CLOSED, reopened_on=REOPENED),
    complaint(closed_on=CLOSED),
    complaint(closed_on=AGAIN, reopened_on=REOPENED),
]


def test_a_complaint_opened_again_and_not_closed_since_is_open() -> None:
    facts = complaint_facts(BOOK, LATER)
    rows = facts["core.complaints"].sort("complaint_id").collect()
    assert rows["closed_on"].to_list() == [None, CLOSED, AGAIN]
    assert rows["undone_closed_on"].to_list() == [CLOSED, None, None]
    assert rows["age_days"].to_list() == [59, None, None]
    assert rows["outcome"].to_list() == [None, "not_upheld", "not_upheld"]
    assert values(facts, "complaints_open_count", "stock")[6] == (1, 0)
    assert values(facts, "complaint_resolved_share", "cohort")[5] == (2, 0)


def test_before_it_was_opened_again_it_was_closed() -> None:
    rows = complaint_facts(BOOK[:1], date(2025, 5, 19))["core.complaints"].collect()
    assert (rows["closed_on"].item(), rows["undone_closed_on"].item()) == (CLOSED, None)


@pytest.mark.parametrize(
    "day", ["closed_on", "first_response_on", "accepted_on", "reopened_on", "escalated_on"]
)
def test_what_lies_before_the_receipt_is_a_fault(day: str) -> None:
    facts = complaint_facts([complaint(**{day: date(2025, 5, 1)})], LATER)
    assert facts["core.complaints"].collect()["sequence_fault"].item().endswith("before received")
    assert values(facts, "complaints_open_count", "stock")[6] == (0, 1)
