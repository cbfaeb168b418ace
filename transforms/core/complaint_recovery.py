"""core.complaint_recovery: whether those who complained were still customers a year later, one row per complaint.

What was decided and when is in `core.complaints`; the same of customers who did not complain is compared in
`marts.service_recovery`.
"""

from datetime import date

import polars as pl

from transforms.clocks import add_months
from transforms.core.policies import ORIGINS as OF_POLICIES
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Origins, item, origin_of, passed_on
from transforms.vocabulary import CASES

FOLLOWED_MONTHS = 12
# Who leaves so does not leave because of the service.
NOT_LEFT = ("death", "claim_termination", "maturity")

_known = item("policies.customer_id") & item("policies.issued_on")
ORIGINS: Origins = {
    **passed_on("complaints", "received_on"),
    "is_retained_12m": _known & (origin_of(OF_POLICIES, "ended_on") or _known),
}


@transform(
    writes="core.complaint_recovery",
    reads={"complaints": "core.complaints", "policies": "core.policies"},
    origins=lambda settings: ORIGINS,
    keys=("customer_id",),
    grain=("complaint_id",),
    columns={
        "complaint_id": (pl.String, "The complaint."),
        "customer_id": (pl.String, "Pseudonym of the complainant."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "category": (pl.String, "Matter."),
        "outcome": (pl.String, "upheld, partly_upheld, not_upheld or withdrawn; empty while open."),
        "received_on": (pl.Date, "Day it was received."),
        "followed_until": (pl.Date, "The same day a year later."),
        "policy_count": (pl.Int32, "Policies the customer had in force on the day of the complaint."),
        "is_retained_12m": (
            pl.Boolean,
            "A policy of the customer was in force a year later; empty before that, and where death, a claim or "
            "maturity ended the last one.",
        ),
    },
)
def complaint_recovery(complaints: pl.LazyFrame, policies: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per complaint of a customer with a policy in force: whether one still was twelve months later.

    A policy that began since counts as well; merged contacts are left out.
    """
    own = complaints.filter(
        ~pl.col("is_merged"),
        pl.col("customer_id").is_not_null(),
        pl.col("received_on").is_not_null(),
        # Many in one row are not one customer's.
        pl.col(CASES).fill_null(1) == 1,
    ).select(
        "complaint_id", "customer_id", *SEGMENT_COLUMNS, *SERVICE_CHANNEL, "category", "outcome", "received_on",
        followed_until=add_months(pl.col("received_on"), FOLLOWED_MONTHS),
    )  # fmt: skip
    held = own.join(
        policies.filter(pl.col("sequence_fault").is_null()).select(
            "customer_id", "issued_on", "ended_on", "end_event"
        ),
        on="customer_id",
    )

    def in_force(day: str) -> pl.Expr:
        return (pl.col("issued_on") <= pl.col(day)) & (pl.col("ended_on") >= pl.col(day)).fill_null(True)

    by_then = (pl.col("issued_on") <= pl.col("followed_until")) & (
        pl.col("ended_on") < pl.col("followed_until")
    )
    last_by = (
        pl.col("end_event")
        .filter(by_then)
        .sort_by(
            pl.col("ended_on").filter(by_then), pl.col("end_event").filter(by_then), descending=[True, False]
        )
    )
    followed = held.group_by("complaint_id").agg(
        policy_count=in_force("received_on").sum(),
        is_retained=in_force("followed_until").any(),
        last_by=last_by.first(),
    )
    left_otherwise = ~pl.col("is_retained") & pl.col("last_by").is_in(NOT_LEFT).fill_null(False)
    return (
        own.join(followed, on="complaint_id")
        .filter(pl.col("policy_count") > 0)
        .with_columns(
            is_retained_12m=pl.when((pl.col("followed_until") <= as_of) & ~left_otherwise).then("is_retained")
        )
    )
