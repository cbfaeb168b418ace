"""Complaints and policies whose days contradict each other: open again, or ended before they began."""

from datetime import date

import polars as pl
import pytest

from tests.kpi.books import KPIS, complaint_facts
from transforms.core.policies import policies
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

AS_OF = date(2025, 6, 30)
MONTHS = [date(2025, month, 1) for month in range(1, 7)]
SETTINGS = Settings(cuts=("company",))


def values(facts: dict[str, pl.LazyFrame], kpi: str, basis: str) -> dict[int, tuple[float, int]]:
    """Numerator and number excluded of a KPI of the company, by month."""
    rows = kpi_records(facts, [KPIS[kpi]], month_periods(MONTHS), as_of=AS_OF, settings=SETTINGS)
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
    facts = complaint_facts(BOOK, AS_OF)
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


def test_a_complaint_open_again_has_no_repeat() -> None:
    about = {"customer_id": "Z", "policy_id": "P", "category": "claims"}
    facts = complaint_facts([{**row, **about} for row in BOOK], AS_OF)
    assert facts["core.complaint_repeats"].collect().height == 2


@pytest.mark.parametrize(
    "day", ["closed_on", "first_response_on", "accepted_on", "reopened_on", "escalated_on"]
)
def test_what_lies_before_the_receipt_is_a_fault(day: str) -> None:
    facts = complaint_facts([complaint(**{day: date(2025, 5, 1)})], AS_OF)
    assert facts["core.complaints"].collect()["sequence_fault"].item().endswith("before received")
    assert values(facts, "complaints_open_count", "stock")[6] == (0, 1)


def test_a_policy_that_ended_before_it_began_takes_nothing_from_the_stock() -> None:
    issued = {
        "P0": date(2025, 1, 10),
        "P1": date(2025, 2, 10),
        "P2": date(2025, 3, 10),
        "X": date(2025, 6, 20),
    }
    register = pl.LazyFrame({"policy_id": list(issued), "issued_on": list(issued.values())}).with_columns(
        sum_assured=100.0, term_months=240,
        **dict.fromkeys(
            ("customer_id", "current_org_unit", "product_code", "pay_mode", "annual_premium", "renews_policy_id",
             "org_unit", "region", "product_line", "channel", "age_band"), pl.lit(None, dtype=pl.String)),
    )  # fmt: skip
    happened = pl.LazyFrame({
        "policy_id": ["X", "P1"], "event": ["surrender"] * 2, "effective_on": [date(2025, 2, 5), date(2025, 5, 5)],
    })  # fmt: skip
    made = policies(policies=register, events=happened, as_of=AS_OF, settings=SETTINGS).collect()
    assert dict(made.select("policy_id", "sequence_fault").iter_rows())["X"] == "ended before issue"
    assert made["sequence_fault"].null_count() == 3
    rows = kpi_records(
        {"core.policies": made.lazy()}, [KPIS["surrender_policy_share"]], month_periods(MONTHS), as_of=AS_OF,
        settings=SETTINGS,
    )  # fmt: skip
    by_month = {row["period"].month: row for row in rows.filter(pl.col("cut") == "company").to_dicts()}
    assert (by_month[5]["numerator"], by_month[5]["denominator"]) == (1, 3)
    assert by_month[2]["n_excluded"] == 1
