"""core.claims where the records contradict themselves: what is flagged, what counts, and what days alone can say."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpi.claims_made import SETTINGS, core_claims
from transforms.facts.claim_clocks import CLOCKS
from transforms.settings import ClaimSettings, Settings

AS_OF = date(2025, 6, 30)
BERLIN = Settings(time_zone="Europe/Berlin", cuts=("company",))
DAY = {"is_day": True}
EXACT = 1 / 86_400_000_000


def spells(events, settings=SETTINGS, **particulars):
    facts = core_claims({"c": events}, AS_OF, {"c": particulars}, settings).sort("spell_no")
    return facts.to_dicts()


def one(events, settings=SETTINGS, **particulars):
    (row,) = spells(events, settings, **particulars)
    return row


def midnight(day: date, zone: str = "Europe/Berlin") -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --- decided more than once

REFUSED_THEN_PAID = [
    ("reported", date(2025, 3, 4)),
    ("decided", date(2025, 3, 8), {"outcome": "rejected"}),
    ("decided", date(2025, 3, 18), {"outcome": "paid_full"}),
    ("paid", date(2025, 3, 20)),
]


def test_a_second_decision_in_one_spell_is_a_review_and_counts() -> None:
    claim = one(REFUSED_THEN_PAID)
    assert (claim["outcome"], claim["decided_on"], claim["reviewed_on"]) == (
        "paid_full", date(2025, 3, 8), date(2025, 3, 18),
    )  # fmt: skip
    # What was granted is due from the decision that grants it.
    assert (claim["payable_on"], claim["agreement_to_payment_days"]) == (date(2025, 3, 18), 2.0)
    assert claim["ended_on"] == date(2025, 3, 20)
    assert claim["sequence_fault"] is None


def test_the_project_may_start_a_spell_with_it() -> None:
    by_spell = SETTINGS.model_copy(update={"claims": ClaimSettings(second_decision="spell")})
    first, second = spells(REFUSED_THEN_PAID, by_spell)
    assert (first["outcome"], first["ended_on"], first["reviewed_on"]) == ("rejected", date(2025, 3, 8), None)
    assert (second["opened_on"], second["outcome"], second["is_overturned"]) == (
        date(2025, 3, 18), "paid_full", True,
    )  # fmt: skip
    # Decisions that a reopening parts, or that agree, start no further one.
    reopened = [*REFUSED_THEN_PAID[:2], ("reopened", date(2025, 3, 10)), *REFUSED_THEN_PAID[2:]]
    assert len(spells(reopened, by_spell)) == 2
    assert len(spells([*REFUSED_THEN_PAID[:2], REFUSED_THEN_PAID[1]], by_spell)) == 1


@given(st.permutations(REFUSED_THEN_PAID))
@settings(max_examples=10)
def test_the_order_of_rows_decides_nothing(events) -> None:
    assert one(events)["outcome"] == "paid_full"


@pytest.mark.parametrize(
    ("later_days", "in_24_hours", "in_72_hours"),
    [(0, True, True), (1, None, True), (2, False, True), (3, False, None), (4, False, False)],
)
def test_hours_are_known_from_days_only_where_no_hour_can_change_them(
    later_days, in_24_hours, in_72_hours
) -> None:
    begin, then = (
        midnight(date(2025, 5, 1), "UTC"),
        midnight(date(2025, 5, 1) + timedelta(days=later_days), "UTC"),
    )
    claim = one([("reported", begin, DAY), ("contacted", then, DAY), ("registered", then, DAY)])
    assert claim["report_to_contact_hours"] is None
    assert claim["is_contacted_within_24_hours"] is in_24_hours
    assert claim["is_registered_within_72_hours"] is in_72_hours


@pytest.mark.parametrize(
    ("open_days", "in_24_hours", "in_72_hours"),
    [(0, None, None), (1, False, None), (2, False, None), (3, False, False)],
)
def test_a_claim_reported_on_a_day_is_late_without_the_event_once_its_latest_hour_is(
    open_days, in_24_hours, in_72_hours
) -> None:
    claim = one([("reported", midnight(AS_OF - timedelta(days=open_days), "UTC"), DAY)])
    assert claim["registered_on"] == claim["reported_on"]
    assert claim["is_contacted_within_24_hours"] is in_24_hours
    assert claim["is_registered_within_72_hours"] is in_72_hours


instants = st.datetimes(datetime(2025, 1, 1), datetime(2025, 5, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(st.tuples(instants, instants, instants, instants), st.tuples(*[st.booleans()] * 4))
@settings(max_examples=60)
def test_whole_days_differ_from_exact_ones_by_less_than_a_day(moments, by_day) -> None:
    """What is known to the day says the same as the instant would, to the day, in whatever order."""
    zone = ZoneInfo("Europe/Berlin")

    def made(whole: tuple[bool, ...]) -> dict:
        seen = [
            midnight(moment.astimezone(zone).date()) if is_day else moment
            for moment, is_day in zip(moments, whole, strict=True)
        ]
        names = ("reported", "documents_complete", "decided", "paid")
        events = [(name, at, {"is_day": d}) for name, at, d in zip(names, seen, whole, strict=True)]
        return one(events, BERLIN)

    exact, dated = made((False,) * 4), made(by_day)
    for name in ("report_to_decision_days", "report_to_payment_days"):
        if exact[name] is not None:
            assert dated[name] is not None
            assert abs(dated[name] - exact[name]) < 1 + 1 / 24 + EXACT
    for name in CLOCKS:
        assert dated[name] is None or dated[name] >= 0


# --- clocks that run backwards


@pytest.mark.parametrize(
    ("fault", "events", "particulars"),
    [
        ("loss to report", [("reported", date(2025, 3, 3))], {"loss_at": datetime(2025, 3, 6, tzinfo=UTC)}),
        (
            "agreement to payment",
            [("reported", date(2025, 3, 3)), ("paid", date(2025, 3, 5)), ("decided", date(2025, 3, 9))],
            {},
        ),
        (
            "report to documents",
            [("reported", date(2025, 3, 3)), ("documents_complete", date(2025, 3, 1))],
            {},
        ),
    ],
)
def test_a_clock_that_runs_backwards_is_named_and_empty(fault: str, events: list, particulars: dict) -> None:
    claim = one(events, **particulars)
    column = next(name for name, (words, _, _) in CLOCKS.items() if words == fault)
    assert (claim["clock_fault"], claim["sequence_fault"], claim[column]) == (fault, None, None)


def test_what_runs_forwards_has_no_fault() -> None:
    facts = core_claims(
        {"c": [(event, date(2025, 3, 3)) for event in ("reported", "decided", "paid")]}, AS_OF
    )
    assert facts.select("clock_fault", "sequence_fault").null_count().row(0) == (1, 1)
    assert set(CLOCKS) <= set(facts.columns)
    assert facts.select(pl.col("changed").is_null().all()).item()
