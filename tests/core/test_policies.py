"""core.policies: from when to when a policy was in force, and what ended it."""

from datetime import date

import polars as pl
from policy_frames import events_of, policies_of

from tests.kpi.books import KPIS
from transforms.core.policies import policies
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

AS_OF = date(2025, 6, 30)
ISSUED = date(2020, 1, 1)


def made(*events, as_of: date = AS_OF, **policy) -> dict:
    register = policies_of({"policy_id": "P", "issued_on": ISSUED, **policy})
    rows = policies(policies=register, events=events_of(*events), as_of=as_of, settings=Settings())
    return rows.collect().row(0, named=True)


def test_a_lapse_ends_a_policy_until_it_is_reinstated():
    lapse, back = ("P", "lapse", date(2023, 3, 2)), ("P", "reinstatement", date(2023, 8, 1))
    lapsed, reinstated = made(lapse), made(lapse, back)
    assert (lapsed["ended_on"], lapsed["end_event"]) == (date(2023, 3, 2), "lapse")
    assert (reinstated["ended_on"], reinstated["end_event"]) == (None, None)
    assert (reinstated["lapsed_on"], reinstated["reinstated_on"]) == (lapse[2], back[2])
    again = made(lapse, back, ("P", "lapse", date(2024, 3, 2)))
    assert again["ended_on"] == date(2024, 3, 2)


def test_the_first_end_counts_and_nothing_after_the_as_of_day():
    ends = (("P", "surrender", date(2024, 5, 6)), ("P", "death", date(2024, 9, 1)))
    assert (made(*ends)["ended_on"], made(*ends)["end_event"]) == (date(2024, 5, 6), "surrender")
    before = made(*ends, as_of=date(2024, 5, 5))
    assert (before["ended_on"], before["surrendered_on"]) == (None, None)
    # A policy that lapsed first was not in force any more when it was surrendered.
    lapsed = made(("P", "lapse", date(2024, 1, 2)), *ends)
    assert (lapsed["ended_on"], lapsed["end_event"]) == (date(2024, 1, 2), "lapse")


def test_cover_of_more_than_a_year_or_without_end_is_long_term():
    terms = {months: made(term_months=months)["is_long_term"] for months in (12, 13, None)}
    assert terms == {12: False, 13: True, None: True}


def test_a_policy_that_ended_before_it_began_takes_nothing_from_the_stock() -> None:
    issued = {
        "P0": date(2025, 1, 10),
        "P1": date(2025, 2, 10),
        "P2": date(2025, 3, 10),
        "X": date(2025, 6, 20),
    }
    register = policies_of(*({"policy_id": name, "issued_on": day} for name, day in issued.items()))
    happened = events_of(("X", "surrender", date(2025, 2, 5)), ("P1", "surrender", date(2025, 5, 5)))
    settings = Settings(cuts=("company",))
    rows = policies(policies=register, events=happened, as_of=AS_OF, settings=settings).collect()
    assert dict(rows.select("policy_id", "sequence_fault").iter_rows())["X"] == "ended before issue"
    assert rows["sequence_fault"].null_count() == 3
    months = month_periods([date(2025, month, 1) for month in range(1, 7)])
    kpis = [KPIS["surrender_policy_share"]]
    records = kpi_records({"core.policies": rows.lazy()}, kpis, months, as_of=AS_OF, settings=settings)
    by_month = {row["period"].month: row for row in records.filter(pl.col("cut") == "company").to_dicts()}
    assert (by_month[5]["numerator"], by_month[5]["denominator"]) == (1, 3)
    assert by_month[2]["n_excluded"] == 1
