"""How long what took of a claim: days and hours between its instants, whole days where only a day is known.

Terms of law and contract, which count days of the calendar, are in `claim_terms.py`.
"""

import polars as pl

from transforms.exactness import divided
from transforms.facts.claim_spells import is_day

# The instants that clocks start from or end at: their day, and the events that may be one of which only that is known.
CLOCKED = {
    "loss_at": ("loss_on", ()),
    "reported_at": ("reported_on", ("reported",)),
    "opened_at": ("opened_on", ("reported", "reopened")),
    "documents_complete_at": ("documents_complete_on", ("documents_complete",)),
    "assessed_at": ("assessed_on", ("assessed",)),
    "first_decided_at": ("decided_on", ("decided",)),
    "payable_at": ("payable_on", ("agreed", "decided")),
    "prepaid_at": ("prepaid_on", ("prepaid",)),
    "paid_at": ("paid_on", ("paid",)),
    "ended_at": ("ended_on", ("closed", "withdrawn", "cancelled", "paid", "decided")),
}
# Durations of the fact: what it is called in words, and the instants between which it runs.
CLOCKS = {
    "report_to_decision_days": ("report to decision", "reported_at", "first_decided_at"),
    "documents_to_decision_days": ("documents to decision", "documents_complete_at", "first_decided_at"),
    "report_to_payment_days": ("report to payment", "reported_at", "paid_at"),
    "agreement_to_payment_days": ("agreement to payment", "payable_at", "paid_at"),
    "documents_to_payment_days": ("documents to payment", "documents_complete_at", "paid_at"),
    "loss_to_report_days": ("loss to report", "loss_at", "reported_at"),
    "report_to_documents_days": ("report to documents", "reported_at", "documents_complete_at"),
    "report_to_closing_days": ("report to closing", "reported_at", "ended_at"),
    "loss_to_payment_days": ("loss to payment", "loss_at", "paid_at"),
    "assessment_to_decision_days": ("assessment to decision", "assessed_at", "first_decided_at"),
    "loss_to_prepayment_days": ("loss to payment in advance", "loss_at", "prepaid_at"),
}
HOUR_MICROSECONDS = 3_600_000_000
DAY_MICROSECONDS = 24 * HOUR_MICROSECONDS
CONTACT_HOURS, REGISTRATION_HOURS = 24, 72


def durations() -> list[pl.Expr]:
    """Days between two instants; empty if either is missing or they lie the wrong way round."""
    taken = {name: length(start, end) for name, (_, start, end) in CLOCKS.items()}
    return [pl.when(days >= 0).then(days).alias(name) for name, days in taken.items()]


def loss_to_payment() -> pl.Expr:
    """Made of its segments, so that they add up to it to the last bit; without one of them, straight."""
    total = (
        pl.col("loss_to_report_days")
        + pl.col("report_to_documents_days")
        + pl.col("documents_to_payment_days")
    )
    return pl.coalesce(total, "loss_to_payment_days").alias("loss_to_payment_days")


def in_time(ends_at: pl.Expr) -> pl.Expr:
    """Hours to the handler and to the first contact, and whether contact and registration came within their hours.

    A case that ended sooner without them says nothing; one that is older is late.
    """

    def hours(end: pl.Expr) -> pl.Expr:
        return divided((end - pl.col("reported_at")).dt.total_microseconds(), HOUR_MICROSECONDS)

    def within(event: str, limit: int) -> pl.Expr:
        taken, age = hours(pl.col(f"{event}_at")), hours(pl.min_horizontal("ended_at", ends_at))
        # Of days alone it is known where even the longest way between them is short enough, or the shortest too long.
        days = 24 * (pl.col(f"{event}_on") - pl.col("reported_on")).dt.total_days()
        by_day = pl.when(days >= limit + 24).then(False).when((days >= 0) & (days <= limit - 24)).then(True)
        is_whole_day = is_day("reported", event)
        is_late = pl.when(is_whole_day).then(age >= limit + 24).otherwise(age > limit)
        return (
            pl.when(pl.col(f"{event}_at").is_null())
            .then(pl.when(is_late).then(False))
            .when(is_whole_day)
            .then(by_day)
            .when(taken >= 0)
            .then(taken <= limit)
        )

    def hours_to(event: str) -> pl.Expr:
        taken = hours(pl.col(f"{event}_at"))
        return pl.when((taken >= 0) & ~is_day("reported", event)).then(taken)

    return pl.struct(
        report_to_assignment_hours=hours_to("assigned"),
        report_to_contact_hours=hours_to("contacted"),
        is_contacted_within_24_hours=within("contacted", CONTACT_HOURS),
        is_registered_within_72_hours=within("registered", REGISTRATION_HOURS),
    ).struct.unnest()


def length(start: str, end: str) -> pl.Expr:
    """Days from one instant to another; whole ones where of either only the day is known."""
    (start_on, start_events), (end_on, end_events) = CLOCKED[start], CLOCKED[end]
    whole = is_day(*start_events, *end_events)
    if start == "loss_at":
        whole |= pl.col("loss_is_day").fill_null(False)
    days = (pl.col(end_on) - pl.col(start_on)).dt.total_days().cast(pl.Float64)
    exact = divided((pl.col(end) - pl.col(start)).dt.total_microseconds(), DAY_MICROSECONDS)
    return pl.when(whole).then(days).otherwise(exact)
