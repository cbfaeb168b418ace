"""core.instalments_due: was the customer reminded before an instalment fell due, one row per instalment.

Whether it was paid is asked by persistency; reminders themselves are in `service_orders.py`.
"""

from datetime import date

import polars as pl

from transforms.facts.moments import day_of
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, codes_of, item, passed_on
from transforms.settings import Settings

# A reminder sent earlier than this is of another instalment.
REMINDS_FOR_DAYS = 60

_reminded = codes_of("service_orders.kind")("reminder") & item("service_orders.completed_at")
ORIGINS: Origins = {
    **passed_on("premiums", "due_on", "paid_on"),
    "reminded_on": _reminded,
    "reminded_before_days": _reminded,
}


@transform(
    writes="core.instalments_due",
    reads={"instalments": "staging.instalments_due", "orders": "core.service_orders"},
    origins=lambda settings: ORIGINS,
    keys=("policy_id",),
    grain=("policy_id", "instalment_no"),
    columns={
        "policy_id": (pl.String, "The policy."),
        "instalment_no": (pl.Int32, "Number of the instalment."),
        "customer_id": (pl.String, "Pseudonym of the policyholder."),
        **SEGMENT_COLUMNS,
        "due_on": (pl.Date, "Day it fell due."),
        "paid_on": (pl.Date, "Value date of the payment; empty while unpaid."),
        "reminded_on": (pl.Date, "Day on which the first reminder of it reached the customer."),
        "reminded_before_days": (pl.Int32, "Days from that reminder to the due day."),
    },
)
def instalments_due(
    instalments: pl.LazyFrame, orders: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per instalment after the first that fell due by the as-of day, and the first reminder of it.

    A reminder is of the first instalment of its policy due on or after the day that it names, or was received on
    if it names none, within 60 days.
    """
    due = instalments.filter(pl.col("due_on") <= as_of).sort("due_on", "instalment_no")
    reminders = (
        orders.filter((pl.col("kind") == "reminder") & pl.col("policy_id").is_not_null())
        .filter(pl.col("done_on").is_not_null())
        .select(
            "policy_id",
            reminded_on="done_on",
            due_on=pl.coalesce(day_of("due_at", settings.time_zone), "done_on"),
        )
        .sort("due_on")
    )
    named = due.select("policy_id", "due_on", "instalment_no")
    reminded = (
        reminders.join_asof(
            named,
            on="due_on",
            by="policy_id",
            strategy="forward",
            tolerance=f"{REMINDS_FOR_DAYS}d",
            check_sortedness=False,
        )
        .drop_nulls("instalment_no")
        .group_by("policy_id", "instalment_no")
        .agg(pl.col("reminded_on").min())
    )
    return (
        due.join(reminded, on=["policy_id", "instalment_no"], how="left")
        .with_columns(
            paid_on=pl.when(pl.col("paid_on") <= as_of).then("paid_on"),
            reminded_before_days=(pl.col("due_on") - pl.col("reminded_on")).dt.total_days(),
        )
        .with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)
    )
