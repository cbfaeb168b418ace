"""core.applications: each application with its moments, its decision and how long it took, one row per application.

What is owed to the policy that comes of it is in `new_policies.py`.
"""

from datetime import date

import polars as pl

from transforms.clocks import deadline_state
from transforms.exactness import divided
from transforms.facts.moments import day_of, first_fault, minutes_between
from transforms.model import INSTANT, SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Origins, codes_of, item, passed_on
from transforms.periods import end_of_day
from transforms.settings import Settings

MOMENTS = ("started", "submitted", "decided", "issued")
# Who has not submitted so many hours after the start has given up.
SUBMITTED_WITHIN_HOURS = 24
FLAGS = ("assisted", "recommended", "needs_recorded", "sale_recorded", "overridden")

_submitted, _decided, _issued = (item(f"applications.{moment}_at") for moment in MOMENTS[1:])
_actor, _decision = codes_of("applications.actor"), codes_of("applications.decision")
ACCEPTED = ("accepted", "accepted_on_terms")
ORIGINS: Origins = {
    **passed_on("applications", "service_channel"),
    **{f"is_{flag}": item(f"applications.{flag}") for flag in FLAGS},
    "started_on": item("applications.started_at"),
    "submitted_on": _submitted,
    "decided_on": _decided,
    "withdrawn_on": _decided & _decision("withdrawn"),
    "issued_on": _issued,
    "counted_from_at": _submitted,
    "decided_at": _decided,
    "withdrawn_at": _decided & _decision("withdrawn"),
    "submission_state=met": _submitted,
    # Where only what was submitted is delivered, nobody ever gives up.
    "submission_state=breach": item("applications.submitted_at="),
    "submission_state=undetermined": item("applications.submitted_at="),
    "submit_to_decision_hours": _submitted & _decided,
    "submit_to_issue_minutes": _submitted & _issued,
    "is_decided_by_system=true": _decided & _actor("auto"),
    "is_decided_by_system=false": _decided & _actor("human"),
    **{
        f"decision={code}": _decided & _decision(code)
        for code in (*ACCEPTED, "postponed", "declined", "withdrawn")
    },
    "rescinded_on": codes_of("policy_events.event")("rescission"),
}
FAULTS = {
    "submitted before started": ("started_on", "submitted_on"),
    "decided before submitted": ("submitted_on", "decided_on"),
    "issued before submitted": ("submitted_on", "issued_on"),
}


@transform(
    writes="core.applications",
    reads={"applications": "staging.applications"},
    origins=lambda settings: ORIGINS,
    keys=("application_id",),
    grain=("application_id",),
    columns={
        "application_id": (pl.String, "The application."),
        "policy_id": (pl.String, "The policy that came of it."),
        "customer_id": (pl.String, "Pseudonym of who applies."),
        "agent_id": (pl.String, "Pseudonym of the agent who sells."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "started_at": (INSTANT, "When the customer began."),
        "submitted_at": (INSTANT, "When it was submitted; empty while it is not."),
        "decided_at": (INSTANT, "When underwriting decided; empty while it has not, or if withdrawn."),
        "withdrawn_at": (INSTANT, "When the customer took it back."),
        "counted_from_at": (
            INSTANT,
            "When it was submitted, later by the hours of waiting for the customer: the clock of the insurer.",
        ),
        "started_on": (pl.Date, "Day the customer began."),
        "submitted_on": (pl.Date, "Day it was submitted."),
        "decided_on": (pl.Date, "Day of the decision."),
        "withdrawn_on": (pl.Date, "Day the customer took it back."),
        "issued_on": (pl.Date, "Day the policy was issued."),
        "rescinded_on": (pl.Date, "Day from which the policy was rescinded."),
        "decision": (
            pl.String,
            "accepted, accepted_on_terms, postponed, declined or withdrawn; empty while undecided.",
        ),
        "submission_state": (
            pl.String,
            "met if submitted within 24 hours of the start, breach if not, undetermined if not known yet.",
        ),
        "submit_to_decision_hours": (
            pl.Float64,
            "Hours from submission to decision without those of waiting for the customer.",
        ),
        "submit_to_issue_minutes": (pl.Float64, "Minutes from submission to the issue of the policy."),
        "customer_wait_hours": (pl.Float64, "Hours of waiting for the customer."),
        "is_decided_by_system": (pl.Boolean, "The system decided alone; empty if nobody says who did."),
        "is_overridden": (pl.Boolean, "A person overrode what the system had decided."),
        "is_assisted": (pl.Boolean, "Somebody helped the customer to apply."),
        "is_recommended": (pl.Boolean, "The product was recommended in an advice."),
        "is_needs_recorded": (pl.Boolean, "The customer's needs were recorded before the sale."),
        "is_sale_recorded": (pl.Boolean, "The sale was recorded in sound or picture."),
        "sequence_fault": (pl.String, "What is impossible about its moments; empty if nothing is."),
    },
)
def applications(applications: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per application started by the as-of day: its moments, decision, and the hours the insurer took."""
    zone, ends_at = settings.time_zone, pl.lit(end_of_day(as_of, settings.time_zone), dtype=INSTANT)
    later = tuple(f"{moment}_at" for moment in MOMENTS[1:])
    known = applications.filter(pl.col("started_at") < ends_at).with_columns(
        *(pl.when(pl.col(moment) < ends_at).then(moment).alias(moment) for moment in later),
        rescinded_on=pl.when(pl.col("rescinded_on") <= as_of).then("rescinded_on"),
    )
    withdrawn = (pl.col("decision") == "withdrawn").fill_null(False)
    return (
        known.with_columns(
            decision=pl.when(pl.col("decided_at").is_not_null()).then("decision"),
            withdrawn_at=pl.when(withdrawn).then("decided_at"),
            decided_at=pl.when(~withdrawn).then("decided_at"),
            counted_from_at=_counted_from(ends_at),
            **{f"is_{flag}": pl.col(flag) for flag in FLAGS},
        )
        .with_columns(
            **{f"{moment}_on": day_of(f"{moment}_at", zone) for moment in (*MOMENTS, "withdrawn")},
            is_decided_by_system=pl.when(pl.col("decided_at").is_not_null()).then(pl.col("actor") == "auto"),
            submission_state=_submission_state(ends_at),
            submit_to_decision_hours=divided(
                minutes_between("counted_from_at", "decided_at", "submitted_is_day", "decided_is_day"), 60
            ),
            submit_to_issue_minutes=minutes_between(
                "submitted_at", "issued_at", "submitted_is_day", "issued_is_day"
            ),
        )
        .with_columns(
            *(pl.col(segment).fill_null("unknown") for segment in SERVICE_CHANNEL),
            sequence_fault=pl.coalesce(first_fault(FAULTS), _waited_too_long()),
        )
    )


def _counted_from(now: pl.Expr) -> pl.Expr:
    """A wait for the customer that is longer than an open application's age cannot be over yet."""
    waited = pl.duration(
        microseconds=(pl.col("customer_wait_hours").fill_null(0.0) * 3_600_000_000).cast(pl.Int64)
    )
    later = pl.col("submitted_at") + waited
    return pl.when(pl.col("decided_at").is_null()).then(pl.min_horizontal(later, now)).otherwise(later)


def _waited_too_long() -> pl.Expr:
    exact = ~(pl.col("submitted_is_day") | pl.col("decided_is_day"))
    longer = exact & (pl.col("counted_from_at") > pl.col("decided_at"))
    return pl.when(longer).then(pl.lit("waited longer for the customer than it took"))


def _submission_state(now: pl.Expr) -> pl.Expr:
    """Of a day alone nobody knows whether 24 hours had passed."""
    due = pl.col("started_at") + pl.duration(hours=SUBMITTED_WITHIN_HOURS)
    exact = ~(pl.col("started_is_day") | pl.col("submitted_is_day"))
    return pl.when(exact).then(deadline_state(pl.col("submitted_at"), due, now))
