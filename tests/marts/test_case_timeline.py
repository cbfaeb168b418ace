"""marts.case_timeline: the three cases of the papers, told event by event with the limits that were broken."""

from datetime import date

import duckdb
import polars as pl

from orchestration.models import models
from tests.kpi.books import complaint_facts
from tests.kpi.claims_made import core_claims

AS_OF = date(2025, 6, 30)
PAID = {"outcome": "paid_full"}


def timeline(claims: dict | None = None, complaints: tuple = (), as_of: date = AS_OF) -> pl.DataFrame:
    """The mart over claims made from events and complaints made from rows."""
    made = core_claims(claims or {}, as_of, {name: {"claim_type": name} for name in claims or {}})
    frames = {
        "claims": made,
        "complaints": complaint_facts(list(complaints), as_of)["core.complaints"].collect(),
    }
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA core")
        for name, frame in frames.items():
            con.register("frame", frame)
            con.execute(f"CREATE TABLE core.{name} AS FROM frame")
        found = con.sql(models()["marts.case_timeline"].model.sql).pl()
    return found.sort("happened_on", "place", nulls_last=True)


def broken(rows: pl.DataFrame) -> list[tuple]:
    """event, due_on, happened_on and days_late of the broken limits."""
    return rows.filter("is_breached").select("event", "due_on", "happened_on", "days_late").rows()


def test_a_motor_claim_that_took_over_two_months():
    """Papers on 10 March, decided on 9 May, paid on 28 May: 30 days and 10 days were promised by law."""
    rows = timeline(
        {
            "motor": [
                ("reported", date(2025, 3, 3)),
                ("contacted", date(2025, 3, 3)),
                ("documents_complete", date(2025, 3, 10)),
                ("decided", date(2025, 5, 9), PAID),
                ("agreed", date(2025, 5, 12)),
                ("paid", date(2025, 5, 28)),
                ("closed", date(2025, 5, 29)),
            ]
        }
    )
    assert rows["event"].to_list() == [
        "opened", "contacted", "documents complete", "certain part determined", "decided", "paid", "ended",
    ]  # fmt: skip
    # The 30th day, 9 April, is a working day; so is the tenth after the agreement, 22 May.
    assert broken(rows) == [
        ("decided", date(2025, 4, 9), date(2025, 5, 9), 30),
        ("paid", date(2025, 5, 22), date(2025, 5, 28), 6),
    ]
    assert set(rows["matter"]) == {"motor"}


def test_a_mis_selling_that_went_on_to_the_regulator():
    """A simple complaint has 15 days; it was decided on the 40th and had reached the regulator on the 25th."""
    rows = timeline(
        complaints=(
            {
                "complaint_id": "T",
                "category": "sales",
                "complexity": "simple",
                "received_on": date(2025, 3, 3),
                "first_response_on": date(2025, 3, 12),
                "escalated_on": date(2025, 3, 28),
                "closed_on": date(2025, 4, 12),
                "outcome": "upheld",
            },
        )
    )
    assert rows["event"].to_list() == [
        "received", "first response", "reached a regulator, ombudsman or court", "decided", "closed",
    ]  # fmt: skip
    assert broken(rows) == [("decided", date(2025, 3, 18), date(2025, 4, 12), 25)]


def test_a_fire_claim_that_nobody_decides():
    """The papers are complete since February: decision and part payment are overdue, and their days are empty."""
    rows = timeline(
        {
            "fire": [
                ("reported", date(2025, 2, 3)),
                ("documents_complete", date(2025, 2, 10)),
                ("assessed", date(2025, 3, 3)),
            ]
        }
    )
    assert rows["event"].to_list()[:3] == ["opened", "documents complete", "assessed"]
    assert [(event, day) for event, _, day, _ in broken(rows)] == [
        ("contacted", None),
        ("certain part determined", None),
        ("decided", None),
    ]
    due = dict(rows.filter("is_breached").select("event", "due_on").iter_rows())
    assert due["decided"] == date(2025, 3, 12)
    assert due["certain part determined"] == date(2025, 4, 11)


def test_closed_cases_that_kept_every_limit_are_left_out():
    quick = [
        ("reported", date(2025, 3, 3)),
        ("decided", date(2025, 3, 5), PAID),
        ("paid", date(2025, 3, 6)),
        ("closed", date(2025, 3, 6)),
    ]
    kept = {
        "complexity": "simple",
        "received_on": date(2025, 3, 3),
        "closed_on": date(2025, 3, 10),
        "outcome": "upheld",
    }
    assert timeline({"quick": quick}, (kept,)).is_empty()
