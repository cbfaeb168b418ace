"""Small books of cases as the staging tables hold them, and the one record of a KPI that follows from them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from transforms.clocks import calendar_until
from transforms.core.complaint_repeats import complaint_repeats
from transforms.core.complaints import complaints
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.model import SEGMENT_COLUMNS
from transforms.periods import month_periods
from transforms.settings import ComplaintSettings, Settings

SALES = ComplaintSettings(mis_selling=("sales",))
KPIS = {kpi.code: kpi for kpi in registry(Settings(complaints=SALES))}
COMPLAINT = {
    "complaint_id": pl.String,
    "received_on": pl.Date,
    "closed_on": pl.Date,
    "first_response_on": pl.Date,
    "accepted_on": pl.Date,
    "reopened_on": pl.Date,
    "new_facts_on": pl.Date,
    "escalated_on": pl.Date,
    "outcome": pl.String,
    "request_met": pl.String,
    "category": pl.String,
    "via_regulator": pl.Boolean,
    "complexity": pl.String,
    "extension_approved_on": pl.Date,
    "appraisal_days": pl.Int32,
    "merged_into": pl.String,
    "follows_open": pl.Boolean,
    "cases": pl.Int64,
    "customer_id": pl.String,
    "policy_id": pl.String,
    "claim_id": pl.String,
    **dict.fromkeys((*SEGMENT_COLUMNS, "service_channel", "handler_id", "agent_id", "root_cause"), pl.String),
}
SEGMENTS = dict.fromkeys((*SEGMENT_COLUMNS, "current_org_unit"), pl.String)
POLICY = {
    "policy_id": pl.String,
    "customer_id": pl.String,
    "issued_on": pl.Date,
    "product_code": pl.String,
    **SEGMENTS,
    "pay_mode": pl.String,
    "premium_term_months": pl.Int32,
    "term_months": pl.Int32,
    "modal_premium": pl.Float64,
    "annual_premium": pl.Float64,
    "sum_assured": pl.Float64,
    "grace_days": pl.Int32,
    "renews_policy_id": pl.String,
    "agent_id": pl.String,
}
EVENT = {
    "event_id": pl.String,
    "policy_id": pl.String,
    "event": pl.String,
    "effective_on": pl.Date,
    "requested_on": pl.Date,
    "paid_on": pl.Date,
    "amount": pl.Float64,
}


def frame(schema: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> pl.LazyFrame:
    """Rows that name only what matters; the rest is empty."""
    return pl.LazyFrame({name: [row.get(name) for row in rows] for name in schema}, schema=dict(schema))


def complaint_facts(
    rows: list[Mapping[str, Any]], as_of: date, settings: Settings | None = None
) -> dict[str, pl.LazyFrame]:
    """core.complaints and core.complaint_repeats of some complaints, by the Chinese working calendar."""
    settings = settings or Settings()
    numbered = [
        {"complaint_id": f"K{i}", "via_regulator": False, "cases": 1, **row} for i, row in enumerate(rows)
    ]
    staged = frame(COMPLAINT, numbered)
    calendar = calendar_until(settings.calendar, as_of + timedelta(days=400), first=date(2015, 1, 1)).lazy()
    return {
        "core.complaints": complaints(complaints=staged, calendar=calendar, as_of=as_of, settings=settings),
        "core.complaint_repeats": complaint_repeats(complaints=staged, as_of=as_of, settings=settings),
    }


def record(
    code: str,
    facts: Mapping[str, pl.LazyFrame],
    month: date,
    as_of: date,
    *,
    basis: str = "cohort",
    settings: Settings | None = None,
) -> dict[str, Any]:
    """The company's record of one KPI in one month; numerators are there even where it is immature."""
    settings = settings or Settings(cuts=("company",))
    found = kpi_records(facts, [KPIS[code]], month_periods([month]), as_of=as_of, settings=settings)
    return found.filter((pl.col("cut") == "company") & (pl.col("basis") == basis)).row(0, named=True)


def quotient(found: Mapping[str, Any]) -> float:
    """The value, also of an immature month, whose value is withheld."""
    return found["numerator"] / found["denominator"]
