"""core.claims: clocks, terms, splits and reviews of single claims, after the worked examples of law and guides."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpi.claims_made import SETTINGS, core_claims
from transforms.settings import ClaimSettings

AS_OF = date(2025, 6, 30)
DECIDED = {"outcome": "paid_full"}


def one(events, as_of=AS_OF, settings=SETTINGS, spell=1, **particulars):
    facts = core_claims({"c": events}, as_of, {"c": particulars}, settings)
    return facts.filter(pl.col("spell_no") == spell).row(0, named=True)


REQUESTED = [
    ("reported", date(2025, 3, 3)),
    ("documents_requested", date(2025, 3, 6)),
    ("request_delivered", date(2025, 3, 10)),
    ("documents_received", date(2025, 3, 25)),
    ("decided", date(2025, 4, 14), DECIDED),
]


def test_net_clock_of_article_23() -> None:
    """Gross 42 days, 15 of them excluded while the claimant gathered papers: 27 are within 30."""
    claim = one(REQUESTED)
    assert (claim["decided_on"] - claim["reported_on"]).days == 42
    assert claim["excluded_days"] == 15
    assert claim["documents_to_decision_net_days"] == 27
    assert claim["decision_term_state"] == "met"
    gross = [event for event in REQUESTED if not event[0].startswith(("documents", "request"))]
    assert one(gross)["decision_term_state"] == "breach"


@pytest.mark.parametrize(
    ("events", "starts", "net_days", "state"),
    [
        # Reported by telephone; the claim and its papers came three weeks later.
        ([("documents_complete", date(2025, 3, 24))], date(2025, 3, 24), 28, "met"),
        # Some papers came, others were asked for and came later: the first receipt starts the clock.
        (
            [
                ("documents_received", date(2025, 3, 10)),
                ("documents_requested", date(2025, 3, 12)),
                ("documents_received", date(2025, 3, 26)),
                ("documents_complete", date(2025, 3, 26)),
            ],
            date(2025, 3, 10),
            42 - 14,
            "met",
        ),
        # What was asked for is a supplement; the claim came with the report.
        (
            [("documents_requested", date(2025, 3, 4)), ("documents_complete", date(2025, 3, 10))],
            date(2025, 3, 3),
            49 - 6,
            "breach",
        ),
        # Nobody recorded papers, or only after the decision.
        ([], date(2025, 3, 3), 49, "breach"),
        ([("documents_complete", date(2025, 5, 2))], date(2025, 3, 3), 49, "breach"),
    ],
)
def test_the_clock_of_article_23_starts_with_the_first_papers(events, starts, net_days, state) -> None:
    claim = one([("reported", date(2025, 3, 3)), *events, ("decided", date(2025, 4, 21), DECIDED)])
    assert claim["decision_term_starts_on"] == starts
    assert (claim["documents_to_decision_net_days"], claim["decision_term_state"]) == (net_days, state)


def test_only_the_first_request_stops_the_clock_unless_the_project_says_all() -> None:
    """Insurance Law art. 22(2) allows one complete request."""
    again = [
        *REQUESTED,
        ("request_delivered", date(2025, 3, 27)),
        ("documents_received", date(2025, 4, 1)),
    ]
    assert one(again)["excluded_days"] == 15
    every = SETTINGS.model_copy(update={"claims": ClaimSettings(excluded_rounds="all")})
    assert one(again, settings=every)["excluded_days"] == 20


def test_a_request_without_recorded_delivery_counts_from_itself() -> None:
    events = [event for event in REQUESTED if event[0] != "request_delivered"]
    assert one(events)["excluded_days"] == 19


def test_the_term_of_the_contract_takes_the_place_of_the_law() -> None:
    events = [
        ("reported", date(2025, 3, 3)),
        ("decided", date(2025, 3, 21), DECIDED),
        ("paid", date(2025, 4, 7)),
    ]
    by_law, by_contract = one(events), one(events, contract_decision_days=10, contract_payment_days=20)
    assert (by_law["decision_term_state"], by_contract["decision_term_state"]) == ("met", "breach")
    assert (by_law["payment_term_state"], by_contract["payment_term_state"]) == ("breach", "met")
    assert by_law["statutory_state"] == by_contract["statutory_state"] == "breach"


def test_terms_that_end_on_a_rest_day_roll_over_it() -> None:
    """Civil Code art. 203: 30 days from 2025-09-03 end in the national holiday, which lasts to 10-08."""
    claim = one([("reported", date(2025, 9, 3)), ("decided", date(2025, 10, 9), DECIDED)], date(2025, 12, 31))
    assert claim["decision_due_on"] == date(2025, 10, 9)
    assert claim["decision_term_state"] == "met"


def test_an_open_claim_is_undetermined_until_its_term_is_over() -> None:
    reported = [("reported", date(2025, 6, 2))]
    assert one(reported, date(2025, 7, 2))["decision_term_state"] == "undetermined"
    assert one(reported, date(2025, 7, 3))["decision_term_state"] == "breach"
    withdrawn = [*reported, ("withdrawn", date(2025, 6, 20))]
    assert one(withdrawn, date(2025, 12, 31))["decision_term_state"] == "undetermined"


def test_refusal_letters_within_three_days() -> None:
    refused = [("reported", date(2025, 3, 3)), ("decided", date(2025, 3, 10), {"outcome": "rejected"})]
    assert one([*refused, ("refusal_sent", date(2025, 3, 13))])["refusal_letter_state"] == "met"
    assert one([*refused, ("refusal_sent", date(2025, 3, 14))])["statutory_state"] == "breach"
    without = one(refused)
    assert (without["refusal_letter_state"], without["statutory_state"]) == ("breach", "met")


def test_part_payment_by_day_60_of_an_undetermined_claim() -> None:
    """Insurance Law art. 25: what is certain is paid 60 days after the documents were complete."""
    documents = [("reported", date(2025, 1, 6)), ("documents_complete", date(2025, 1, 8))]
    paid_part = one([*documents, ("prepaid", date(2025, 3, 7), {"amount": 10})])
    assert paid_part["part_payment_due_on"] == date(2025, 3, 10)  # 03-09 is a Sunday
    assert (paid_part["part_payment_state"], paid_part["is_undetermined_after_60_days"]) == ("met", True)
    assert one(documents)["part_payment_state"] == "breach"
    decided = one([*documents, ("decided", date(2025, 2, 1), DECIDED)])
    assert (decided["part_payment_state"], decided["is_undetermined_after_60_days"]) == ("met", False)


hours = st.integers(0, 5000)


@settings(max_examples=50)
@given(hours, hours, hours, st.integers(0, 3_600_000_000))
def test_three_segments_are_the_way_from_loss_to_payment(
    first: int, second: int, third: int, extra: int
) -> None:
    loss = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(microseconds=extra)
    reported = loss + timedelta(hours=first, microseconds=extra)
    documents = reported + timedelta(hours=second)
    paid = documents + timedelta(hours=third)
    events = [
        ("reported", reported),
        ("documents_complete", documents),
        ("decided", paid, DECIDED),
        ("paid", paid),
    ]
    claim = one(events, loss_at=loss)
    segments = ("loss_to_report_days", "report_to_documents_days", "documents_to_payment_days")
    assert claim["loss_to_payment_days"] == sum(claim[name] for name in segments)
    assert claim["loss_to_payment_days"] == pytest.approx((paid - loss) / timedelta(days=1), abs=1e-9)


def test_reopened_within_90_days_is_known_after_90_days() -> None:
    """Ends 01-10 (reopened 02-01), 02-15, 03-20 (reopened after 97 days), 05-10 (reopened), 06-01: 1 of 3."""
    ends = {
        date(2025, 1, 10): date(2025, 2, 1),
        date(2025, 2, 15): None,
        date(2025, 3, 20): date(2025, 6, 25),
        date(2025, 5, 10): date(2025, 5, 20),
        date(2025, 6, 1): None,
    }
    histories = {}
    for i, (ended, reopened) in enumerate(ends.items()):
        begin = ended - timedelta(days=5)
        histories[str(i)] = [("reported", begin), ("decided", ended, DECIDED), ("closed", ended)]
        histories[str(i)] += [("reopened", reopened)] if reopened else []
    first = core_claims(histories, AS_OF).filter(pl.col("spell_no") == 1)
    known = first["is_reopened_within_90_days"].drop_nulls()
    assert sorted(known) == [False, False, True]
    # Reopened by now among all: recent ones are counted that had no time, late ones that took too long.
    assert first["next_reopened_on"].is_not_null().mean() == 3 / 5


def test_a_reopening_is_a_spell_of_its_own_and_its_second_decision_may_overturn() -> None:
    events = [
        ("reported", date(2025, 1, 6)),
        ("decided", date(2025, 1, 10), {"outcome": "rejected"}),
        ("closed", date(2025, 1, 10)),
        ("reopened", date(2025, 2, 3)),
        ("decided", date(2025, 2, 10), DECIDED),
        ("closed", date(2025, 2, 11)),
    ]
    first, second = one(events), one(events, spell=2)
    assert (first["decided_on"], first["outcome"]) == (date(2025, 1, 10), "rejected")
    assert (second["opened_on"], second["is_overturned"]) == (date(2025, 2, 3), True)
    assert first["is_overturned"] is None


@pytest.mark.parametrize(
    ("kind", "amount", "more", "small"),
    [
        ("medical", 3000, {}, True),
        ("medical", 3000.01, {}, False),
        ("medical", 2500, {"investigated": True}, False),
        ("medical", 2500, {"injury": True}, True),
        ("motor", 5000, {}, True),
        ("motor", 4000, {"injury": True}, False),
        ("motor", 4000, {"third_party": True}, False),
        ("death", 100, {}, False),
    ],
)
def test_small_claims(kind: str, amount: float, more: dict, small: bool) -> None:
    """The limit is included: Civil Code art. 1259 on 以下."""
    claim = one([("reported", date(2025, 3, 3))], claim_type=kind, claimed_amount=amount, **more)
    assert claim["is_small_claim"] is small


def test_older_than_60_days_from_the_61st_on() -> None:
    reported = [("reported", date(2025, 4, 1))]
    assert one(reported, date(2025, 5, 31))["over_60_days_on"] is None
    assert one(reported, date(2025, 6, 1))["over_60_days_on"] == date(2025, 6, 1)
    assert one([*reported, ("withdrawn", date(2025, 6, 1))])["over_60_days_on"] is None


def test_contact_is_late_once_a_day_has_passed() -> None:
    noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
    assert one([("reported", noon), ("contacted", noon + timedelta(hours=24))])[
        "is_contacted_within_24_hours"
    ]
    assert one([("reported", noon)], date(2025, 3, 4))["is_contacted_within_24_hours"] is False
    assert one([("reported", noon)], date(2025, 3, 3))["is_contacted_within_24_hours"] is None
    soon = [("reported", noon), ("withdrawn", noon + timedelta(hours=2))]
    assert one(soon)["is_contacted_within_24_hours"] is None
