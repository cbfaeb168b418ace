"""Terms of claims by law and contract: when decision, payment, refusal letter and part payment are due.

Each term is met, breach or undetermined as of a day; which share of them is good is asked in `transforms/kpi`.
"""

from datetime import date
from typing import Literal

import polars as pl

from transforms.clocks import WorkingCalendar, deadline_state, due_on, net_clock
from transforms.facts.claim_spells import KEY, PAID, PAPERS, REQUESTS
from transforms.model import Columns

# Insurance Law of the PRC (2015): arts 23(1), 23(1), 24 and 25.
DECISION_DAYS, PAYMENT_DAYS, REFUSAL_LETTER_DAYS, PART_PAYMENT_DAYS = 30, 10, 3, 60
_STATE = "met, breach or undetermined; empty where it does not apply."

TERM_COLUMNS: Columns = {
    "decision_term_starts_on": (
        pl.Date,
        "Day the clock of art. 23 starts: first receipt of papers, of the report if they came with it.",
    ),
    "excluded_days": (pl.Int32, "Days the clock of art. 23 stood still while the claimant gathered papers."),
    "documents_to_decision_net_days": (
        pl.Int32,
        "Calendar days from the start of the clock of art. 23 to the decision without excluded days.",
    ),
    "decision_due_on": (pl.Date, "Last day for the decision: contract's term, else 30 days, net (art. 23)."),
    "payment_due_on": (pl.Date, "Last day for the payment: contract's term, else 10 days (art. 23)."),
    "refusal_letter_due_on": (
        pl.Date,
        "Last day for the letter with the reasons of a refusal: 3 days (art. 24).",
    ),
    "part_payment_due_on": (pl.Date, "Last day to decide or pay what is certain: 60 days (art. 25)."),
    "decision_term_state": (pl.String, f"Decision in time (art. 23): {_STATE}"),
    "payment_term_state": (pl.String, f"Payment in time (art. 23): {_STATE}"),
    "refusal_letter_state": (pl.String, f"Refusal letter within 3 days (art. 24): {_STATE}"),
    "part_payment_state": (pl.String, f"Decided or paid in part within 60 days (art. 25): {_STATE}"),
    "statutory_state": (
        pl.String,
        "breach if any of the four is, a refusal letter that is not recorded left aside; else undetermined "
        "if decision, payment or part payment is; else met.",
    ),
    "is_undetermined_after_60_days": (
        pl.Boolean,
        "Not decided 60 days after the documents were complete; empty while not known.",
    ),
}


def document_requests(spells: pl.LazyFrame, time_zone: str) -> pl.LazyFrame:
    """One row per request for documents: claim_id, spell_no, noticed_on, supplied_on (empty if never).

    The notice counts from its delivery, in spells without recorded deliveries from the request itself.
    """
    wanted = spells.filter(pl.col("event").is_in([*REQUESTS, *PAPERS])).with_columns(
        day=pl.col("event_at").dt.convert_time_zone(time_zone).dt.date()
    )
    is_delivery = pl.col("event") == "request_delivered"
    told = wanted.filter(is_delivery | (pl.col("event") == "documents_requested")).filter(
        is_delivery | ~is_delivery.any().over(KEY)
    )
    supplied = wanted.filter(pl.col("event").is_in(PAPERS))
    # Of which only the day is known, that may have been at its end.
    supplied_by = pl.when("is_day").then(pl.col("event_at").dt.offset_by("1d")).otherwise("event_at")
    return (
        told.select(*KEY, "event_at", noticed_on="day")
        .sort("event_at")
        .join_asof(
            supplied.select(*KEY, event_at=supplied_by, supplied_on="day").sort("event_at"),
            on="event_at",
            by=KEY,
            strategy="forward",
            check_sortedness=False,
        )
        .drop("event_at")
    )


def with_terms(
    rows: pl.LazyFrame,
    requests: pl.LazyFrame,
    *,
    as_of: date,
    calendar: WorkingCalendar,
    excluded_rounds: Literal["first", "all"],
) -> pl.LazyFrame:
    """The rows with `TERM_COLUMNS`; terms that end on a statutory rest day end on the next other day.

    The 30 days run from the first receipt of the claim with papers, the time between the notice of missing
    papers and their receipt excluded: Supreme People's Court, Interpretation (II) of the Insurance Law, art. 15;
    Civil Code art. 203.
    """
    now = pl.lit(as_of)
    rows = rows.with_columns(decision_term_starts_on=_decision_term_starts_on())
    left_on = pl.min_horizontal("withdrawn_on", "ended_on")
    netted = net_clock(
        rows.with_columns(_until=pl.coalesce("decided_on", left_on, now)),
        requests,
        key=KEY,
        start_on="decision_term_starts_on",
        end_on="_until",
        noticed_on="noticed_on",
        supplied_on="supplied_on",
        excluded_rounds=excluded_rounds,
    )
    decision_days = pl.coalesce("contract_decision_days", DECISION_DAYS)
    payment_days = pl.coalesce("contract_payment_days", PAYMENT_DAYS)
    payable = pl.col("outcome").is_in(PAID) | (
        pl.col("outcome").is_null() & pl.col("agreed_on").is_not_null()
    )
    letter_due = due_on(
        pl.when(pl.col("outcome") == "rejected").then("decided_on"), REFUSAL_LETTER_DAYS, calendar=calendar
    )
    determined_on = pl.min_horizontal("decided_on", "prepaid_on", "paid_on")
    return (
        netted.with_columns(
            decision_due_on=due_on(
                pl.col("decision_term_starts_on"), decision_days, pl.col("excluded_days"), calendar=calendar
            ),
            payment_due_on=due_on(
                pl.when(payable.fill_null(False)).then("payable_on"), payment_days, calendar=calendar
            ),
            refusal_letter_due_on=letter_due,
            part_payment_due_on=due_on(pl.col("documents_complete_on"), PART_PAYMENT_DAYS, calendar=calendar),
        )
        .with_columns(
            documents_to_decision_net_days=pl.when(
                pl.col("decided_on") >= pl.col("decision_term_starts_on")
            ).then("net_days"),
            decision_term_state=_state("decided_on", "decision_due_on", now, left_on),
            payment_term_state=_state("paid_on", "payment_due_on", now, pl.col("withdrawn_on")),
            refusal_letter_state=deadline_state(pl.col("refusal_sent_on"), letter_due, now),
            part_payment_state=_state(determined_on, "part_payment_due_on", now, left_on),
            is_undetermined_after_60_days=_is_undetermined(now, left_on),
        )
        .with_columns(_statutory_state())
    )


def _decision_term_starts_on() -> pl.Expr:
    """First receipt of papers; of the report where they came with it, or nobody recorded when they did.

    Papers that were asked for are a supplement: the claim itself had come with some before.
    """
    papers_at = pl.col("papers_at")
    are_first = (papers_at < pl.col("asked_at")).fill_null(True)
    in_time = (papers_at <= pl.col("decided_by")).fill_null(True)
    first = pl.when(are_first & in_time).then("papers_on")
    return pl.when(pl.col("reported_on").is_not_null()).then(pl.max_horizontal("reported_on", first))


def _state(ended_on: str | pl.Expr, due: str, now: pl.Expr, left_on: pl.Expr) -> pl.Expr:
    """The state of a term; who has left before the end counts as withdrawn."""
    ended = pl.col(ended_on) if isinstance(ended_on, str) else ended_on
    return deadline_state(ended, pl.col(due), now, pl.when(ended.is_null()).then(left_on))


def _is_undetermined(now: pl.Expr, left_on: pl.Expr) -> pl.Expr:
    due = pl.col("part_payment_due_on")
    gone = pl.col("decided_on").is_null() & (left_on <= due).fill_null(False)
    return pl.when((due < now) & ~gone).then((pl.col("decided_on") > due).fill_null(True))


def _statutory_state() -> pl.Expr:
    """All terms of the law together; sources without refusal letters do not put every refusal in breach."""
    late_letter = (pl.col("refusal_letter_state") == "breach") & pl.col("refusal_sent_on").is_not_null()
    states = [pl.col(name) for name in ("decision_term_state", "payment_term_state", "part_payment_state")]
    breach = pl.any_horizontal(late_letter, *((state == "breach").fill_null(False) for state in states))
    open_still = pl.any_horizontal((state == "undetermined").fill_null(False) for state in states)
    return (
        pl.when(pl.col("decision_term_state").is_null())
        .then(None)
        .when(breach)
        .then(pl.lit("breach"))
        .when(open_still)
        .then(pl.lit("undetermined"))
        .otherwise(pl.lit("met"))
        .alias("statutory_state")
    )
