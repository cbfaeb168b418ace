"""core.customers: each customer's first and second policy and how long there was one, one row per customer.

Single policies are in `core.policies`; what customers went through is `core.customer_journeys`.
"""

import polars as pl

from transforms.core.policies import ORIGINS as OF_POLICIES
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, item, origin_of

_known = item("policies.customer_id")
ORIGINS: Origins = {
    "first_policy_on": _known & item("policies.issued_on"),
    "second_policy_on": _known & item("policies.issued_on"),
    "left_on": _known & (origin_of(OF_POLICIES, "ended_on") or _known),
}


@transform(
    writes="core.customers",
    reads={"policies": "core.policies"},
    known_on={"policies": "issued_on"},
    origins=lambda settings: ORIGINS,
    keys=("customer_id",),
    grain=("customer_id",),
    columns={
        "customer_id": (pl.String, "Pseudonym of the policyholder."),
        **SEGMENT_COLUMNS,
        "first_policy_on": (pl.Date, "Day the first policy took effect."),
        "second_policy_on": (
            pl.Date,
            "First later day on which another policy took effect that renews none; empty if none did.",
        ),
        "policy_count": (pl.Int32, "Policies, renewals left out."),
        "open_policy_count": (pl.Int32, "Policies in force on the as-of day."),
        "left_on": (pl.Date, "Last day on which a policy was in force; empty while one is."),
        "left_by": (pl.String, "What ended the last of them; of several on one day the first by name."),
    },
)
def customers(policies: pl.LazyFrame) -> pl.LazyFrame:
    """One row per known customer: when the first and the second policy began, and whether one is still in force.

    The segments are those of the first policy. A policy that renews another is no second one.
    """
    known = policies.filter(pl.col("customer_id").is_not_null(), pl.col("sequence_fault").is_null())
    issued, is_new = pl.col("issued_on"), pl.col("renews_policy_id").is_null()
    is_open = pl.col("ended_on").is_null()
    return (
        known.group_by("customer_id")
        .agg(
            *(pl.col(name).sort_by("issued_on", "policy_id").first() for name in SEGMENT_COLUMNS),
            first_policy_on=issued.min(),
            second_policy_on=issued.filter(is_new & (issued > issued.min())).min(),
            policy_count=is_new.sum(),
            open_policy_count=is_open.sum(),
            last_on=pl.col("ended_on").max(),
            last_by=pl.col("end_event").sort_by("ended_on", "end_event", descending=[True, False]).first(),
        )
        .with_columns(
            left_on=pl.when(pl.col("open_policy_count") == 0).then("last_on"),
            left_by=pl.when(pl.col("open_policy_count") == 0).then("last_by"),
        )
    )
