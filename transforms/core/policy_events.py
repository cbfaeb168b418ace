"""core.policy_events: what happened to policies, with the policy's segment, one row per event.

What an event means for the policy's time in force is said in `core.policies`; rates are in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, codes_of, item, passed_on

# Events by which a part of the cash value is paid to the policyholder: both count in the amount surrendered.
SURRENDERS = ("surrender", "partial_surrender")

_paid = item("policy_events.requested_on") & item("policy_events.paid_on")
ORIGINS: Origins = {
    **passed_on("policy_events", "event", "effective_on", "requested_on", "paid_on", "amount"),
    **passed_on("policies", "issued_on", "sum_assured"),
    "reinstated_on": codes_of("policy_events.event")("reinstatement"),
    "requested_to_paid_days": _paid,
}


@transform(
    writes="core.policy_events",
    reads={"policies": "staging.policies", "events": "staging.policy_events"},
    origins=lambda settings: ORIGINS,
    keys=("policy_id",),
    grain=("event_id",),
    columns={
        "event_id": (pl.String, "The event record."),
        "policy_id": (pl.String, "The policy."),
        **SEGMENT_COLUMNS,
        "current_org_unit": (pl.String, "Unit that looks after the policy now."),
        "event": (pl.String, "What happened."),
        "issued_on": (pl.Date, "Day the policy took effect."),
        "policy_year": (pl.Int32, "1 until the first anniversary, and so on."),
        "effective_on": (pl.Date, "Day it took effect."),
        "requested_on": (pl.Date, "Day the notice reached the insurer."),
        "paid_on": (pl.Date, "Day the money was paid; empty while it is not."),
        "amount": (pl.Float64, "Amount of the event."),
        "sum_assured": (pl.Float64, "Sum assured of the policy."),
        "reinstated_on": (pl.Date, "Of a lapse: the day the policy came back into force."),
        "requested_to_paid_days": (pl.Int32, "Calendar days from the notice to the payment."),
        "sequence_fault": (pl.String, "What is impossible about the order of days; empty if nothing is."),
    },
)
def policy_events(policies: pl.LazyFrame, events: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per event of a policy up to the as-of day: segment, amount, days to payment, reinstatement."""
    known = events.filter(pl.col("effective_on") <= as_of).with_columns(
        pl.when(pl.col(day) <= as_of).then(day).alias(day) for day in ("requested_on", "paid_on")
    )
    back = (
        known.filter(pl.col("event") == "reinstatement")
        .select("policy_id", "effective_on", reinstated_on="effective_on")
        .sort("effective_on")
    )
    lapses = (
        known.filter(pl.col("event") == "lapse")
        .select("event_id", "policy_id", "effective_on")
        .sort("effective_on")
        .join_asof(back, on="effective_on", by="policy_id", strategy="forward", check_sortedness=False)
        .select("event_id", "reinstated_on")
    )
    carried = (*SEGMENT_COLUMNS, "current_org_unit", "issued_on", "sum_assured")
    days = (pl.col("paid_on") - pl.col("requested_on")).dt.total_days()
    months = 12 * (pl.col("effective_on").dt.year() - pl.col("issued_on").dt.year())
    months += pl.col("effective_on").dt.month().cast(pl.Int32) - pl.col("issued_on").dt.month()
    months -= (pl.col("effective_on").dt.day() < pl.col("issued_on").dt.day()).cast(pl.Int32)
    return (
        known.join(policies.select("policy_id", *carried), on="policy_id", how="left")
        .join(lapses, on="event_id", how="left")
        .with_columns(
            pl.col(segment).fill_null("unknown") for segment in (*SEGMENT_COLUMNS, "current_org_unit")
        )
        .with_columns(
            policy_year=months // 12 + 1,
            requested_to_paid_days=pl.when(days >= 0).then(days),
            sequence_fault=pl.when(days < 0)
            .then(pl.lit("paid before requested"))
            .when(pl.col("effective_on") < pl.col("issued_on"))
            .then(pl.lit("before issue")),
        )
    )
