"""core.complaints: each complaint with its dates, outcome and limit, one row a complaint.

Merged contacts stay as rows and are marked; whether a share counts them is asked in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.model import SEGMENT_COLUMNS, transform
from transforms.settings import Settings

# Days that may end a complaint's clock and must not lie before it was received.
LATER_DATES = ("first_response_on", "closed_on", "accepted_on", "reopened_on", "escalated_on")


@transform(
    writes="core.complaints",
    reads={"complaints": "staging.complaints"},
    keys=("complaint_id",),
    grain=("complaint_id",),
    columns={
        "complaint_id": (pl.String, "The complaint."),
        "policy_id": (pl.String, "The policy complained about."),
        "claim_id": (pl.String, "The claim complained about."),
        "customer_id": (pl.String, "Pseudonym of the complainant."),
        **SEGMENT_COLUMNS,
        "category": (pl.String, "Matter."),
        "received_on": (pl.Date, "Day it was received."),
        "first_response_on": (pl.Date, "Day of the first response."),
        "closed_on": (pl.Date, "Day the decision was communicated; empty while open."),
        "accepted_on": (pl.Date, "Day the complainant accepted."),
        "reopened_on": (pl.Date, "Day it was opened again."),
        "escalated_on": (pl.Date, "Day it also reached a regulator, ombudsman or court."),
        "decided_on": (pl.Date, "Day of closing if decided and not withdrawn."),
        "withdrawn_on": (pl.Date, "Day of closing if withdrawn before a decision."),
        "outcome": (pl.String, "upheld, partly_upheld, not_upheld or withdrawn; empty while open."),
        "request_met": (pl.String, "full, partial or none."),
        "complexity": (pl.String, "simple, complex or special."),
        "extension_approved_on": (pl.Date, "Day a longer limit was approved and communicated."),
        "appraisal_days": (pl.Int32, "Days of outside appraisal that do not count."),
        "is_via_regulator": (pl.Boolean, "Received and transferred by the regulator."),
        "is_merged": (pl.Boolean, "A repeated contact on a complaint still open; not a case of its own."),
        "received_to_response_days": (pl.Int32, "Calendar days from receipt to first response."),
        "received_to_closed_days": (pl.Int32, "Calendar days from receipt to closing."),
        "age_days": (pl.Int32, "Calendar days from receipt to the as-of date, for open complaints."),
        "sequence_fault": (pl.String, "What is impossible about the order of dates; empty if nothing is."),
    },
)
def complaints(complaints: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a complaint: its dates up to the as-of day, outcome, class and durations in calendar days."""
    del settings
    known = complaints.filter(pl.col("received_on") <= as_of).with_columns(
        pl.when(pl.col(day) <= as_of).then(day).alias(day) for day in LATER_DATES
    )
    return (
        known.with_columns(
            outcome=pl.when(pl.col("closed_on").is_not_null()).then("outcome"),
            sequence_fault=_sequence_fault(),
            is_merged=pl.col("merged_into").is_not_null(),
            is_via_regulator=pl.col("via_regulator"),
        )
        .with_columns(
            withdrawn_on=pl.when(pl.col("outcome") == "withdrawn").then("closed_on"),
            decided_on=pl.when((pl.col("outcome") != "withdrawn").fill_null(True)).then("closed_on"),
            received_to_response_days=_days_since_receipt("first_response_on"),
            received_to_closed_days=_days_since_receipt("closed_on"),
            age_days=pl.when(pl.col("closed_on").is_null()).then(
                (pl.lit(as_of) - pl.col("received_on")).dt.total_days()
            ),
        )
        .with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)
    )


def _days_since_receipt(end: str) -> pl.Expr:
    days = (pl.col(end) - pl.col("received_on")).dt.total_days()
    return pl.when(days >= 0).then(days)


def _sequence_fault() -> pl.Expr:
    return (
        pl.when(pl.col("closed_on") < pl.col("received_on"))
        .then(pl.lit("closed before received"))
        .when(pl.col("first_response_on") < pl.col("received_on"))
        .then(pl.lit("answered before received"))
    )
