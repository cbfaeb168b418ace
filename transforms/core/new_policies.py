"""core.new_policies: what was owed to a policy after its issue, delivery and call-back, one row per policy.

Single orders, those in vain included, are in `service_orders.py`.
"""

import polars as pl

from transforms.clocks import WorkingCalendar, add_business_days, add_days
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import ALWAYS, Origins, codes_of, item
from transforms.settings import ServiceSettings, Settings

KINDS = ("delivery", "callback")
# A policy issued so long before the first order of its kind may have been served before anybody recorded it.
SERVED_WITHIN_DAYS = 31

_kind = codes_of("service_orders.kind")
_done = item("service_orders.completed_at")
_issued = item("policies.issued_on")
ORIGINS: Origins = {
    "issued_on": _issued,
    "is_to_be_delivered": ALWAYS,
    "delivery_due_on": _issued,
    "delivered_on": _kind("delivery") & _done,
    "is_to_be_called_back": ALWAYS,
    "callback_due_on": _issued,
    "called_back_on": _kind("callback") & _done,
}


@transform(
    writes="core.new_policies",
    reads={"policies": "staging.policies", "orders": "core.service_orders"},
    known_on={"policies": "issued_on"},
    broadcast={"kinds": "staging.service_kinds", "calendar": "staging.calendar"},
    origins=lambda settings: ORIGINS,
    keys=("policy_id",),
    grain=("policy_id",),
    columns={
        "policy_id": (pl.String, "The policy."),
        "customer_id": (pl.String, "Pseudonym of the policyholder."),
        **SEGMENT_COLUMNS,
        "issued_on": (pl.Date, "Day it took effect."),
        "is_to_be_delivered": (pl.Boolean, "Has to be delivered: not where every delivery was called off."),
        "delivery_due_on": (pl.Date, "Last day on which its delivery is in time."),
        "delivered_on": (pl.Date, "Day the customer first received or opened it."),
        "failed_delivery_count": (pl.Int32, "Deliveries that failed."),
        "is_to_be_called_back": (pl.Boolean, "Of more than a year, so that the buyer has to be called back."),
        "callback_due_on": (
            pl.Date,
            "Last day of the free look, which begins with the receipt, or with the issue where none is recorded.",
        ),
        "called_back_on": (pl.Date, "Day the buyer was first reached."),
        "failed_callback_count": (pl.Int32, "Call-backs that reached nobody."),
    },
)
def new_policies(
    policies: pl.LazyFrame,
    orders: pl.LazyFrame,
    kinds: pl.LazyFrame,
    calendar: pl.LazyFrame,
    *,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per policy issued since deliveries or call-backs are recorded: due, and done, on which day.

    CIRC service evaluation of 2015 (保单送达率, 电话回访成功率; names published, formulas ours).
    """
    rules = settings.service
    since = kinds.filter(pl.col("kind").is_in(KINDS)).select(
        recorded_from=pl.col("first_ordered_at").min().dt.date().dt.offset_by(f"-{SERVED_WITHIN_DAYS}d")
    )
    issued = policies.join(since, how="cross").filter(pl.col("issued_on") >= pl.col("recorded_from"))
    served = (
        orders.filter(pl.col("kind").is_in(KINDS))
        .group_by("policy_id")
        .agg(
            _first_done("delivery").alias("delivered_on"),
            _first_done("callback").alias("called_back_on"),
            _failed("delivery").alias("failed_delivery_count"),
            _failed("callback").alias("failed_callback_count"),
            was_ordered=(pl.col("kind") == "delivery").any(),
            was_called_off=(_of("delivery", "outcome") == "cancelled").fill_null(False).all(),
        )
    )
    called_off = (pl.col("was_ordered") & pl.col("was_called_off")).fill_null(False)
    return (
        issued.join(served, on="policy_id", how="left")
        .with_columns(
            pl.col("failed_delivery_count", "failed_callback_count").fill_null(0),
            pl.col("free_look_days").fill_null(rules.free_look_days),
            is_to_be_delivered=~called_off,
            is_to_be_called_back=(pl.col("term_months") > 12).fill_null(True),
            delivery_due_on=_delivery_due(rules, WorkingCalendar.of(calendar)),
        )
        .with_columns(
            callback_due_on=add_days(pl.coalesce("delivered_on", "issued_on"), pl.col("free_look_days")),
        )
        .with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)
    )


def _of(kind: str, column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("kind") == kind)


def _first_done(kind: str) -> pl.Expr:
    return _of(kind, "done_on").min()


def _failed(kind: str) -> pl.Expr:
    return (_of(kind, "outcome") == "failed").sum()


def _delivery_due(rules: ServiceSettings, calendar: WorkingCalendar) -> pl.Expr:
    days = pl.lit(rules.delivery_days)
    if rules.delivery_counting == "business":
        return add_business_days(pl.col("issued_on"), days, calendar)
    return add_days(pl.col("issued_on"), days)
