"""core.service_orders: what was ordered of service and what came of it, one row per order.

What is owed to a policy after its issue is asked in `new_policies.py`, of a premium in `instalments_due.py`.
"""

from datetime import date

import polars as pl

from transforms.clocks import deadline_state
from transforms.facts.moments import day_of, days_between, first_fault, minutes_between
from transforms.model import INSTANT, SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import ALWAYS, Origins, codes_of, item, passed_on
from transforms.periods import end_of_day
from transforms.settings import Settings

# Who is answered within a minute was answered by the system.
INSTANT_MINUTES = 1
NOT_DONE = ("failed", "declined", "cancelled")

_outcome = codes_of("service_orders.outcome")
_ended = item("service_orders.completed_at")
_began = item("service_orders.started_at")
ORIGINS: Origins = {
    **passed_on("service_orders", "kind", "item", "partner", "reason", "service_channel"),
    "ordered_on": item("service_orders.ordered_at"),
    "started_on": _began | _ended,
    "completed_on": _ended,
    # Where only what has ended is delivered, nothing is ever open.
    "completed_on=": item("service_orders.completed_at="),
    "done_on": _ended,
    "left_on": _ended & _outcome(*NOT_DONE),
    "cancelled_on": _ended & _outcome("cancelled"),
    "outcome=done": _ended,
    **{f"outcome={code}": _ended & _outcome(code) for code in NOT_DONE},
    "rating": _ended & item("service_orders.rating"),
    "is_problem_found": _ended & item("service_orders.problem_found"),
    "is_instant": ALWAYS,
    "ordered_to_done_days": _ended,
    "ordered_to_started_days": _began | _ended,
    "ordered_to_started_minutes": _began,
    "due_state": item("service_orders.due_at") & _began,
}
FAULTS = {
    "completed before ordered": ("ordered_on", "completed_on"),
    "started before ordered": ("ordered_on", "started_on"),
}


@transform(
    writes="core.service_orders",
    reads={"orders": "staging.service_orders"},
    origins=lambda settings: ORIGINS,
    keys=("order_id",),
    grain=("order_id",),
    columns={
        "order_id": (pl.String, "The order."),
        "kind": (
            pl.String,
            "delivery, alteration, callback, reminder, value_added, roadside, home_visit, objection or enquiry.",
        ),
        "item": (pl.String, "Which of its kind."),
        "policy_id": (pl.String, "The policy it is about."),
        "claim_id": (pl.String, "The claim it is about."),
        "complaint_id": (pl.String, "The complaint it is about."),
        "customer_id": (pl.String, "Pseudonym of who is served."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "partner": (pl.String, "The firm that provides the service."),
        "ordered_at": (INSTANT, "When it was ordered."),
        "due_at": (INSTANT, "When it was promised for; of a reminder, when the premium falls due."),
        "started_at": (INSTANT, "When the service began; empty if it has not, or nobody records it."),
        "completed_at": (INSTANT, "When it ended, whatever came of it."),
        "ordered_on": (pl.Date, "Day it was ordered."),
        "started_on": (pl.Date, "Day the service began, or was done where no beginning is recorded."),
        "completed_on": (pl.Date, "Day it ended, whatever came of it."),
        "done_on": (pl.Date, "Day it ended as ordered."),
        "left_on": (pl.Date, "Day it ended otherwise: failed, declined or cancelled."),
        "cancelled_on": (pl.Date, "Day the customer called it off."),
        "outcome": (pl.String, "done, failed, declined or cancelled; empty while open."),
        "reason": (pl.String, "Why it was not done."),
        "is_problem_found": (pl.Boolean, "A call-back found a problem with the sale."),
        "is_instant": (pl.Boolean, "Done within a minute of the order, by the system itself."),
        "rating": (pl.Int32, "What the customer gave it, 1 (worst) to 5 (best)."),
        "ordered_to_done_days": (pl.Int32, "Calendar days from the order to its end as ordered."),
        "ordered_to_started_days": (
            pl.Int32,
            "Calendar days from the order to the beginning of the service.",
        ),
        "ordered_to_started_minutes": (pl.Float64, "Minutes from the order to the beginning of the service."),
        "due_state": (
            pl.String,
            "met if the service began when it was promised for, breach if not, undetermined if not known yet.",
        ),
        "age_days": (pl.Int32, "Calendar days from the order to the as-of date, for open ones."),
        "sequence_fault": (pl.String, "What is impossible about its moments; empty if nothing is."),
    },
)
def service_orders(orders: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per order of service by the as-of day: its moments, what came of it, and how long it took."""
    zone, ends_at = settings.time_zone, pl.lit(end_of_day(as_of, settings.time_zone), dtype=INSTANT)
    known = orders.filter(pl.col("ordered_at") < ends_at).with_columns(
        pl.when(pl.col(moment) < ends_at).then(moment).alias(moment)
        for moment in ("started_at", "completed_at")
    )
    ended = pl.col("completed_at").is_not_null()
    return (
        known.with_columns(
            outcome=pl.when(ended).then(pl.col("outcome").fill_null("done")),
            is_problem_found=pl.when(ended).then("problem_found"),
            rating=pl.when(ended).then("rating"),
            ordered_on=day_of("ordered_at", zone),
            started_on=day_of("started_at", zone),
            completed_on=day_of("completed_at", zone),
        )
        .with_columns(
            done_on=pl.when(pl.col("outcome") == "done").then("completed_on"),
            left_on=pl.when(pl.col("outcome").is_in(NOT_DONE)).then("completed_on"),
            cancelled_on=pl.when(pl.col("outcome") == "cancelled").then("completed_on"),
        )
        .with_columns(started_on=pl.coalesce("started_on", "done_on"))
        .with_columns(
            is_instant=_is_instant(),
            ordered_to_done_days=days_between("ordered_on", "done_on"),
            ordered_to_started_days=days_between("ordered_on", "started_on"),
            ordered_to_started_minutes=minutes_between(
                "ordered_at", "started_at", "ordered_is_day", "started_is_day"
            ),
            due_state=_due_state(ends_at),
            age_days=pl.when(~ended).then((pl.lit(as_of) - pl.col("ordered_on")).dt.total_days()),
            sequence_fault=first_fault(FAULTS),
        )
    )


def _is_instant() -> pl.Expr:
    took = minutes_between("ordered_at", "completed_at", "ordered_is_day", "completed_is_day")
    return ((pl.col("outcome") == "done") & (took <= INSTANT_MINUTES)).fill_null(False)


def _due_state(now: pl.Expr) -> pl.Expr:
    """Whether the service began by the promised moment; what is known to the day says nothing of it."""
    left_at = pl.when(pl.col("left_on").is_not_null()).then("completed_at")
    state = deadline_state(pl.col("started_at"), pl.col("due_at"), now, left_at)
    return pl.when(~(pl.col("due_is_day") | pl.col("started_is_day")).fill_null(False)).then(state)
