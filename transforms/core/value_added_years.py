"""core.value_added_years: did a customer use a value-added service, one row per customer and year of being one.

How long such services are waited for is asked of each order, in `service_orders.py`.
"""

from datetime import date

import polars as pl

from transforms.clocks import add_days, add_months
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, all_of, codes_of, item

_used = codes_of("service_orders.kind")("value_added") & item("service_orders.completed_at")
_held = all_of(item(f"policies.{name}") for name in ("issued_on", "customer_id"))
ORIGINS: Origins = {
    "starts_on": _held,
    "ends_on": _held,
    "order_count": codes_of("service_orders.kind")("value_added"),
    "done_count>0": _used,
    "is_used=true": _used,
}


@transform(
    writes="core.value_added_years",
    reads={"policies": "core.policies", "orders": "core.service_orders"},
    broadcast={"kinds": "staging.service_kinds"},
    origins=lambda settings: ORIGINS,
    keys=("customer_id",),
    grain=("customer_id", "starts_on"),
    columns={
        "customer_id": (pl.String, "Pseudonym of the policyholder."),
        **SEGMENT_COLUMNS,
        "starts_on": (pl.Date, "First day of the year, an anniversary of the customer's first policy."),
        "ends_on": (pl.Date, "Last day of the year."),
        "order_count": (pl.Int32, "Value-added services ordered in the year."),
        "done_count": (pl.Int32, "Of these those done by its end."),
        "is_used": (pl.Boolean, "One or more were done."),
    },
)
def value_added_years(
    policies: pl.LazyFrame, orders: pl.LazyFrame, kinds: pl.LazyFrame, *, as_of: date
) -> pl.LazyFrame:
    """One row per customer with a policy in force and year over by the as-of day, since value-added services are
    recorded; with the segment of the oldest policy in force when the year began.
    """
    since = kinds.filter(pl.col("kind") == "value_added").select(
        recorded_from=pl.col("first_ordered_at").min().dt.date()
    )
    held = policies.filter(pl.col("customer_id").is_not_null() & pl.col("sequence_fault").is_null()).join(
        since.drop_nulls(), how="cross"
    )
    years = (
        held.group_by("customer_id")
        .agg(pl.col("issued_on").min().alias("first_on"), pl.col("recorded_from").first())
        .with_columns(year=pl.int_ranges(0, (pl.lit(as_of) - pl.col("first_on")).dt.total_days() // 365 + 1))
        .explode("year")
        .with_columns(
            starts_on=add_months(pl.col("first_on"), 12 * pl.col("year")),
            ends_on=add_days(add_months(pl.col("first_on"), 12 * (pl.col("year") + 1)), -1),
        )
        .filter((pl.col("ends_on") <= as_of) & (pl.col("starts_on") >= pl.col("recorded_from")))
        .select("customer_id", "starts_on", "ends_on")
    )
    entitled = (
        years.join(held.drop("recorded_from"), on="customer_id")
        .filter(
            (pl.col("issued_on") <= pl.col("starts_on"))
            & (pl.col("ended_on") > pl.col("starts_on")).fill_null(True)
        )
        .sort("issued_on", "policy_id")
        .unique(["customer_id", "starts_on"], keep="first", maintain_order=True)
    )
    ordered = (
        years.join(orders.filter(pl.col("kind") == "value_added"), on="customer_id")
        .filter(pl.col("ordered_on").is_between("starts_on", "ends_on") | _done_in_year())
        .group_by("customer_id", "starts_on")
        .agg(
            order_count=pl.col("ordered_on").is_between("starts_on", "ends_on").sum(),
            done_count=_done_in_year().sum(),
        )
    )
    return entitled.join(ordered, on=["customer_id", "starts_on"], how="left").with_columns(
        pl.col("order_count", "done_count").fill_null(0),
        is_used=(pl.col("done_count") > 0).fill_null(False),
    )


def _done_in_year() -> pl.Expr:
    return pl.col("done_on").is_between("starts_on", "ends_on").fill_null(False)
