"""core.complaint_repeats: was a closed complaint followed by another one on the same matter, one row each.

A contact while the complaint was still open is merged into it and is no repeat; limits are in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.core.complaints import is_merged, is_open_again
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, item, passed_on
from transforms.settings import Settings
from transforms.vocabulary import CASES

MATTER = ("customer_id", "policy_id", "category")
# The customer of a complaint, or of the policy complained about.
_customer = item("complaints.customer_id") | item("complaints.policy_id") & item("policies.customer_id")
_repeated = _customer & item("complaints.closed_on")
ORIGINS: Origins = {
    **passed_on("complaints", "policy_id", "category", "closed_on"),
    "customer_id": _customer,
    "repeated_on": _repeated,
    "closed_to_repeat_days": _repeated,
}


@transform(
    writes="core.complaint_repeats",
    reads={"complaints": "staging.complaints"},
    origins=lambda settings: ORIGINS,
    keys=MATTER,
    grain=("complaint_id",),
    columns={
        "complaint_id": (pl.String, "The complaint that was closed."),
        "customer_id": (pl.String, "Pseudonym of the complainant."),
        "policy_id": (pl.String, "The policy complained about."),
        **SEGMENT_COLUMNS,
        "category": (pl.String, "Matter."),
        "closed_on": (pl.Date, "Day it was closed."),
        "repeated_on": (pl.Date, "Day of the next complaint of the customer on the matter; empty if none."),
        "closed_to_repeat_days": (pl.Int32, "Calendar days from closing to the repeat."),
    },
)
def complaint_repeats(complaints: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per closed complaint of a known customer: the next one of the same customer, policy and category."""
    own = complaints.filter(
        pl.col("received_on") <= as_of,
        pl.col("customer_id").is_not_null(),
        ~is_merged(settings.complaints),
        # Of many in one row nobody knows who complained again.
        pl.col(CASES).fill_null(1) == 1,
    ).with_columns(pl.when(pl.col(day) <= as_of).then(day).alias(day) for day in ("closed_on", "reopened_on"))
    matter = ["_customer", "_policy", "_category"]
    # A blank policy or category is a matter too; joins would drop it.
    keyed = own.with_columns(
        pl.col(name).fill_null("").alias(alias) for name, alias in zip(MATTER, matter, strict=True)
    )
    later = keyed.select(*matter, repeated_on="received_on", _from="received_on").sort("_from")
    closed = keyed.filter((pl.col("closed_on") >= pl.col("received_on")) & ~is_open_again())
    followed = (
        # The day after: a complaint received and closed on one day does not follow itself.
        closed.with_columns(_from=pl.col("closed_on").dt.offset_by("1d"))
        .sort("_from")
        .join_asof(later, on="_from", by=matter, strategy="forward", check_sortedness=False)
    )
    days = (pl.col("repeated_on") - pl.col("closed_on")).dt.total_days()
    return followed.with_columns(
        *(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS), closed_to_repeat_days=days
    )
