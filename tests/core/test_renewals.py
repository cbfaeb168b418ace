"""core.renewals: was a policy of at most one year renewed when it expired, on single policies."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from policy_frames import events_of

from transforms.core.renewals import renewals
from transforms.model import SEGMENT_COLUMNS
from transforms.settings import Settings

TERM = {
    **dict.fromkeys(("policy_id", "current_org_unit", *SEGMENT_COLUMNS), pl.String),
    "issued_on": pl.Date,
    "term_months": pl.Int32,
    "renewed_on": pl.Date,
    "premium": pl.Decimal(18, 2),
    "renewal_premium": pl.Decimal(18, 2),
}
EXPIRES = date(2024, 12, 31)


def made(*events: Any, as_of: date = date(2025, 6, 30), **told: Any) -> dict[str, Any]:
    term = {"policy_id": "P", "issued_on": date(2024, 1, 1), "term_months": 12, "premium": 1000, **told}
    found = renewals(
        terms=pl.LazyFrame([term], schema=TERM), events=events_of(*events), as_of=as_of, settings=Settings()
    ).collect()
    return found.row(0, named=True)


def test_a_renewed_policy_keeps_its_premium_and_brings_the_new_one():
    row = made(renewed_on=date(2025, 1, 1), renewal_premium=1200)
    assert (row["expires_on"], row["renewed"], row["renewed_on"]) == (EXPIRES, True, date(2025, 1, 1))
    assert (row["premium"], row["premium_retained"], row["renewal_premium"]) == (1000, 1000, 1200)
    assert row["exclusion"] is None


@pytest.mark.parametrize("lead_days", [0, 1])
def test_the_window_ends_on_its_last_day(lead_days: int):
    window = Settings().renewal.window_days
    last = pl.select(pl.lit(EXPIRES).dt.offset_by(f"{window + lead_days}d")).item()
    row = made(renewed_on=last, renewal_premium=900)
    assert row["renewed"] is (lead_days == 0)
    if lead_days:
        assert (row["renewed_on"], row["renewal_premium"], row["premium_retained"]) == (None, 0, 0)


@pytest.mark.parametrize(
    ("event", "exclusion"),
    [
        ("death", "death"),
        ("claim_termination", "claim_termination"),
        ("cancellation", "declined"),
        ("surrender", "ended_before"),
        ("maturity", None),
    ],
)
def test_who_left_before_the_end_was_not_there_to_renew(event: str, exclusion: str | None):
    assert made(("P", event, date(2024, 9, 1)))["exclusion"] == exclusion


def test_a_term_that_has_not_expired_is_no_row():
    term = pl.LazyFrame([{"policy_id": "P", "issued_on": date(2024, 1, 1), "term_months": 12}], schema=TERM)
    found = renewals(terms=term, events=events_of(), as_of=date(2024, 12, 30), settings=Settings())
    assert found.collect().is_empty()
