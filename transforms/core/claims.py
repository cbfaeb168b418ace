"""core.claims: the life of each claim from report to payment, one row per claim and spell.

How spells, durations, terms and contradictions are found is in `transforms/facts`; what share of them is good is
asked in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.clocks import WorkingCalendar, add_days
from transforms.facts.claim_clocks import CLOCKS, durations, in_time, loss_to_payment
from transforms.facts.claim_contradictions import clock_fault, sequence_fault
from transforms.facts.claim_spells import (
    DAY_EVENTS,
    FIRST_EVENTS,
    KEY,
    PAID,
    STAGES,
    spell_rows,
    with_spell_no,
)
from transforms.facts.claim_terms import TERM_COLUMNS, document_requests, with_terms
from transforms.model import INSTANT, SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Need, Origins, all_of, codes_of, item, passed_on
from transforms.periods import end_of_day
from transforms.settings import Settings

REOPENED_WITHIN_DAYS = 90
# Ages of open claims: the terms of Insurance Law of the PRC arts 23 and 25, a quarter and half a year.
AGES_DAYS = (30, 60, 90, 180)

_event, _outcome_code = codes_of("claim_events.event"), codes_of("claim_events.outcome")
_start, _decided, _paid = _event("reported"), _event("decided"), _event("paid")
_opened = _event("reported", "reopened")
_documents, _refused = _event("documents_complete"), _decided & _outcome_code("rejected")
_granted = _decided & (_outcome_code(*PAID) | _paid)
_INSTANTS = {
    **{name: _event(code) for name, (code, _) in FIRST_EVENTS.items()},
    "documents_complete_at": _documents,
    "loss_at": item("claim_events.loss_at"),
    "payable_at": _event("agreed", "decided"),
    "ended_at": _event("closed", "withdrawn", "cancelled", "paid") | _refused,
}
_DAYS = {
    "decided_on": "first_decided_at",
    **{
        f"{name}_on": f"{name}_at"
        for name in (
            "reported", "assigned", "contacted", "documents_complete", "assessed", "agreed", "payable", "paid",
            "prepaid", "refusal_sent", "withdrawn", "ended",
        )
    },
}  # fmt: skip


def _of_reopenings(reopened: Need) -> Origins:
    """What the columns about reopenings need, by what tells of these."""
    return {
        "spell_no>1": reopened,
        "reopened_at": reopened,
        "next_reopened_on": reopened,
        "is_reopened_within_90_days": _decided & _INSTANTS["ended_at"] & reopened,
        "is_overturned": _granted & reopened,
    }


ORIGINS: Origins = {
    **passed_on(
        "claim_events",
        "claim_type",
        "claimed_amount",
        "contract_decision_days",
        "contract_payment_days",
        "service_channel",
        "handler_id",
        "catastrophe_code",
        "document_count",
        "document_medium",
    ),
    **_INSTANTS,
    **{day: _INSTANTS[instant] for day, instant in _DAYS.items()},
    **{days: _INSTANTS[start] & _INSTANTS[end] for days, (_, start, end) in CLOCKS.items()},
    **_of_reopenings(_event("reopened")),
    "opened_on": _opened,
    "registered_on": _event("registered", "reported"),
    **{f"over_{days}_days_on": _opened for days in AGES_DAYS},
    "outcome=paid_full": _outcome_code("paid_full") | _paid,
    **{f"outcome={code}": _outcome_code(code) for code in ("paid_part", "rejected", "zero")},
    "outcome=withdrawn": _event("withdrawn"),
    "outcome=cancelled": _event("cancelled"),
    "paid_amount": _event("paid", "prepaid") & item("claim_events.amount"),
    "document_request_count>0": _event("documents_requested"),
    "progress_notice_count": _event("progress_notified"),
    "stage_change_count": _event(*STAGES),
    "is_decided_by_system=true": _decided & codes_of("claim_events.actor")("auto"),
    "is_decided_by_system=false": _decided & codes_of("claim_events.actor")("human"),
    "is_investigated": item("claim_events.investigated"),
    "has_injury": item("claim_events.injury"),
    "has_third_party": item("claim_events.third_party"),
    "is_fast_track": item("claim_events.fast_track"),
    "is_green_channel": item("claim_events.green_channel"),
    "is_direct_pay": item("claim_events.direct_pay"),
    "is_small_claim=true": all_of(item(f"claim_events.{name}") for name in ("claimed_amount", "claim_type")),
    "report_to_assignment_hours": _start & _event("assigned"),
    "report_to_contact_hours": _start & _event("contacted"),
    "is_contacted_within_24_hours": _start & _event("contacted"),
    "is_registered_within_72_hours": _start & _event("registered"),
    "decision_term_starts_on": _start,
    "documents_to_decision_net_days": _start & _decided,
    "decision_due_on": _start,
    "payment_due_on": _event("agreed") | _granted,
    "part_payment_due_on": _documents,
    "decision_term_state": _start & _decided,
    "payment_term_state": _INSTANTS["payable_at"] & _paid,
    "refusal_letter_state": _refused & _event("refusal_sent"),
    "part_payment_state": _documents & _event("decided", "prepaid", "paid"),
    # A letter that is not recorded makes no claim late; a payment that is not makes every one.
    "statutory_state": _start & _decided & _paid,
    "is_undetermined_after_60_days": _documents & _decided,
}


def _origins(settings: Settings) -> Origins:
    """Where another decision starts a spell, decisions alone tell of reopenings."""
    if settings.claims.second_decision != "spell":
        return ORIGINS
    return {**ORIGINS, **_of_reopenings(_decided)}


@transform(
    writes="core.claims",
    reads={"events": "staging.claim_events", "cases": "staging.claims"},
    broadcast={"calendar": "staging.calendar"},
    origins=_origins,
    keys=("claim_id",),
    grain=("claim_id", "spell_no"),
    columns={
        "claim_id": (pl.String, "The claim."),
        "spell_no": (pl.Int32, "1 as first handled, 2 after the first reopening, and so on."),
        "policy_id": (pl.String, "The policy claimed on."),
        "customer_id": (pl.String, "Pseudonym of the claimant."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "handler_id": (pl.String, "Pseudonym of who handles it, at last."),
        "agent_id": (pl.String, "Pseudonym of the agent of the policy."),
        "claim_type": (pl.String, "Kind of claim."),
        "catastrophe_code": (pl.String, "Catastrophe that the loss is part of."),
        "cases": (pl.Int64, "How many claims alike the row stands for; KPIs count each of them."),
        **{name: (INSTANT, text) for name, (_, text) in FIRST_EVENTS.items()},
        "documents_complete_at": (INSTANT, "Documents complete: the last time before the first decision."),
        "loss_at": (INSTANT, "Insured event."),
        "payable_at": (INSTANT, "Agreement, else decision: the payment is due from here on."),
        "ended_at": (
            INSTANT,
            "Closed, withdrawn or cancelled; paid or refused where the source never closes.",
        ),
        "has_whole_days": (
            pl.Boolean,
            "Of some of its instants only the day is known: clocks from or to these count whole days.",
        ),
        "reported_on": (pl.Date, "Day of the report, business time."),
        "opened_on": (pl.Date, "Day this spell began: of the report, else of the reopening."),
        "registered_on": (pl.Date, "Day the case was opened by the insurer, else of the report."),
        "contacted_on": (pl.Date, "Day of the first contact, business time."),
        "assigned_on": (pl.Date, "Day the case was given to a handler, business time."),
        "documents_complete_on": (pl.Date, "Day the documents were complete, business time."),
        "assessed_on": (pl.Date, "Day the loss was assessed, business time."),
        "decided_on": (pl.Date, "Day of the first decision, business time."),
        "agreed_on": (pl.Date, "Day of the agreement, business time."),
        "payable_on": (pl.Date, "Day of the agreement, else of the decision, business time."),
        "paid_on": (pl.Date, "Day of the payment, business time."),
        "prepaid_on": (pl.Date, "Day of the first payment in advance, business time."),
        "refusal_sent_on": (pl.Date, "Day of the refusal letter, business time."),
        "withdrawn_on": (pl.Date, "Day of the withdrawal, business time."),
        "ended_on": (pl.Date, "Day the case ended, business time."),
        "reviewed_on": (
            pl.Date,
            "Day of the latest decision of a spell that was decided in more than one way; that decision counts.",
        ),
        "next_reopened_on": (pl.Date, "Day the claim was reopened after this spell; empty if it was not."),
        **{
            f"over_{days}_days_on": (
                pl.Date,
                f"Day on which the spell, still open, was older than {days} days.",
            )
            for days in AGES_DAYS
        },
        "outcome": (
            pl.String,
            "paid_full, paid_part, rejected, zero, withdrawn, cancelled; empty while open.",
        ),
        "claimed_amount": (pl.Decimal(18, 2), "Amount claimed."),
        "paid_amount": (pl.Decimal(18, 2), "Amount paid, advances included; empty if nothing was paid."),
        "document_request_count": (pl.Int32, "Requests for documents before the first decision."),
        "document_count": (pl.Int32, "Documents that came; empty where nobody counts them."),
        "document_medium": (pl.String, "electronic, paper or mixed."),
        "progress_notice_count": (pl.Int32, "Notices of progress to the claimant."),
        "stage_change_count": (pl.Int32, "Steps taken of which the claimant should hear."),
        "is_decided_by_system": (pl.Boolean, "Decided without human touch."),
        "is_investigated": (pl.Boolean, "Needed an investigation."),
        "has_injury": (pl.Boolean, "Somebody was injured."),
        "has_third_party": (pl.Boolean, "Third-party property is involved."),
        "is_fast_track": (pl.Boolean, "Went through the fast track."),
        "is_green_channel": (pl.Boolean, "Went through a green channel."),
        "is_direct_pay": (
            pl.Boolean,
            "Settled with hospital or garage, so that the customer paid nothing first.",
        ),
        "is_small_claim": (
            pl.Boolean,
            "Simple and at most the limit of its kind: eligible for the fast track.",
        ),
        "contract_decision_days": (pl.Int32, "Decision term of the contract in days."),
        "contract_payment_days": (pl.Int32, "Payment term of the contract in days."),
        "report_to_decision_days": (
            pl.Float64,
            "Days of 86,400 s from report to first decision; whole days where only a day is known.",
        ),
        "documents_to_decision_days": (pl.Float64, "Days from documents complete to first decision."),
        "report_to_payment_days": (pl.Float64, "Days from report to payment."),
        "agreement_to_payment_days": (pl.Float64, "Days from agreement, else decision, to payment."),
        "documents_to_payment_days": (pl.Float64, "Days from documents complete to payment."),
        "loss_to_payment_days": (
            pl.Float64,
            "Days from loss to payment: the sum of its three segments, where all are known.",
        ),
        "loss_to_report_days": (pl.Float64, "First segment: days from loss to report."),
        "report_to_documents_days": (pl.Float64, "Second segment: days from report to documents complete."),
        "report_to_closing_days": (pl.Float64, "Days from report to the end of the case."),
        "assessment_to_decision_days": (pl.Float64, "Days from assessment to first decision."),
        "loss_to_prepayment_days": (
            pl.Float64,
            "Days from loss, of an illness its diagnosis, to the first payment in advance.",
        ),
        "report_to_assignment_hours": (pl.Float64, "Hours from report to assignment to a handler."),
        "report_to_contact_hours": (pl.Float64, "Hours from report to first contact."),
        "is_contacted_within_24_hours": (pl.Boolean, "Contacted in time; empty while not known."),
        "is_registered_within_72_hours": (pl.Boolean, "Registered in time; empty while not known."),
        "is_reopened_within_90_days": (pl.Boolean, "Reopened soon after its end; empty for 90 days."),
        "is_overturned": (pl.Boolean, "Decided again after reopening, and paid; empty for first spells."),
        **TERM_COLUMNS,
        "age_days": (pl.Int32, "Calendar days from report to the as-of date, for open cases."),
        "sequence_fault": (pl.String, "What is impossible about the order of events; empty if nothing is."),
        "clock_fault": (
            pl.String,
            "The first clock whose end lies before its start and whose days are empty, such as loss to report.",
        ),
        "changed": (
            pl.String,
            "policy, unit, loss or amount claimed, where the latest event, which counts, differs from the first.",
        ),
    },
)
def claims(
    events: pl.LazyFrame, cases: pl.LazyFrame, calendar: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per claim and spell: its instants, business dates, outcome, amounts, durations and terms.

    A reopening starts a new spell; so does, if the project says so, another decision after a refusal, which is
    else a review of it. A duration whose end lies before its start is empty, and `sequence_fault` or
    `clock_fault` says why.
    """
    ends_at = pl.lit(end_of_day(as_of, settings.time_zone))
    known = events.filter(pl.col("event_at") < ends_at)
    spells = with_spell_no(known, settings.claims.second_decision)
    dated = (
        spell_rows(spells)
        .join(cases, on="claim_id", how="left")
        .with_columns(pl.col(c).fill_null("unknown") for c in (*SEGMENT_COLUMNS, *SERVICE_CHANNEL))
        .with_columns(
            _outcome(), _ended_at(), payable_at=pl.coalesce("agreed_at", "granted_at", "first_decided_at")
        )
        .with_columns(_business_dates(settings.time_zone))
        .with_columns(
            opened_at=pl.coalesce("reported_at", "reopened_at"),
            opened_on=pl.coalesce("reported_on", "reopened_on"),
            has_whole_days=(DAY_EVENTS != 0) | pl.col("loss_is_day").fill_null(False),
        )
    )
    with_next = dated.join(_next_reopenings(dated), on=KEY, how="left")
    termed = with_terms(
        with_next,
        document_requests(spells, settings.time_zone),
        as_of=as_of,
        calendar=WorkingCalendar.of(calendar),
        excluded_rounds=settings.claims.excluded_rounds,
    )
    return (
        termed.with_columns(*durations(), clock_fault())
        .with_columns(loss_to_payment())
        .with_columns(in_time(ends_at), *_reviews(as_of), _is_small(settings.claims.small_claim_limits))
        .with_columns(_age_days(as_of), *_older_on(as_of), sequence_fault())
        .rename(
            {
                "investigated": "is_investigated",
                "injury": "has_injury",
                "third_party": "has_third_party",
                "fast_track": "is_fast_track",
                "green_channel": "is_green_channel",
                "direct_pay": "is_direct_pay",
            }
        )
    )


def _outcome() -> pl.Expr:
    """How the spell ended; a claim that was decided keeps its decision even if closed otherwise later."""
    return (
        pl.when(pl.col("cancelled_at").is_not_null())
        .then(pl.lit("cancelled"))
        .when(pl.col("stated_outcome").is_not_null())
        .then("stated_outcome")
        .when(pl.col("paid_at").is_not_null())
        .then(pl.lit("paid_full"))
        .when(pl.col("withdrawn_at").is_not_null())
        .then(pl.lit("withdrawn"))
        .alias("outcome")
    )


def _ended_at() -> pl.Expr:
    refused_at = pl.when(pl.col("stated_outcome") == "rejected").then(
        pl.coalesce("refused_at", "first_decided_at")
    )
    left_at = pl.min_horizontal("closed_at", "withdrawn_at", "cancelled_at")
    return pl.coalesce(left_at, "paid_at", refused_at).alias("ended_at")


def _business_dates(time_zone: str) -> list[pl.Expr]:
    """The days of the instants, as the business counts them."""
    instants = {
        "loss_on": "loss_at",
        "reported_on": "reported_at",
        "papers_on": "papers_at",
        "reopened_on": "reopened_at",
        "assigned_on": "assigned_at",
        "documents_complete_on": "documents_complete_at",
        "assessed_on": "assessed_at",
        "decided_on": "first_decided_at",
        "agreed_on": "agreed_at",
        "payable_on": "payable_at",
        "paid_on": "paid_at",
        "prepaid_on": "prepaid_at",
        "refusal_sent_on": "refusal_sent_at",
        "withdrawn_on": "withdrawn_at",
        "ended_on": "ended_at",
        "reviewed_on": "reviewed_at",
        "contacted_on": "contacted_at",
    }
    dates = [
        pl.col(instant).dt.convert_time_zone(time_zone).dt.date().alias(day)
        for day, instant in instants.items()
    ]
    paid = pl.when(pl.col("payment_count") > 0).then("paid_amount").alias("paid_amount")
    registered_at = pl.coalesce("registered_at", "reported_at")
    registered = registered_at.dt.convert_time_zone(time_zone).dt.date().alias("registered_on")
    return [*dates, registered, paid, (pl.col("decided_by_system") == "auto").alias("is_decided_by_system")]


def _next_reopenings(dated: pl.LazyFrame) -> pl.LazyFrame:
    """The day after each spell on which the next one began."""
    later = dated.filter(pl.col("reopened_on").is_not_null())
    return later.select("claim_id", spell_no=pl.col("spell_no") - 1, next_reopened_on="reopened_on")


def _reviews(as_of: date) -> list[pl.Expr]:
    """Whether a decided claim came back within 90 days of its end, known once they are over; and was then paid."""
    decided, waited = pl.col("first_decided_at").is_not_null(), pl.col("ended_on").dt.offset_by("90d")
    soon = (pl.col("next_reopened_on") - pl.col("ended_on")).dt.total_days() <= REOPENED_WITHIN_DAYS
    return [
        pl.when(decided & (waited <= as_of)).then(soon.fill_null(False)).alias("is_reopened_within_90_days"),
        pl.when(decided & (pl.col("spell_no") > 1))
        .then(pl.col("outcome").is_in(PAID))
        .alias("is_overturned"),
    ]


def _is_small(limits: dict[str, float]) -> pl.Expr:
    """Small and simple by its claimed amount; the limit itself is included (Civil Code of the PRC art. 1259).

    Guide to small-claim service, CIRC consumer bureau (2015) no. 201: motor without injury or third party.
    """
    limit = pl.lit(None, dtype=pl.Float64)
    for kind, amount in limits.items():
        limit = pl.when(pl.col("claim_type") == kind).then(amount).otherwise(limit)
    simple = ~pl.col("investigated").fill_null(False)
    harmed = pl.col("injury").fill_null(False) | pl.col("third_party").fill_null(False)
    small = (pl.col("claimed_amount").cast(pl.Float64) <= limit).fill_null(False)
    is_motor = (pl.col("claim_type") == "motor").fill_null(False)
    return (small & simple & ~(is_motor & harmed)).alias("is_small_claim")


def _older_on(as_of: date) -> list[pl.Expr]:
    """The day on which a spell that was still open became older than each of the ages."""

    def older_on(days: int) -> pl.Expr:
        day = add_days(pl.col("opened_on"), days + 1)
        reached = (day <= as_of) & (pl.col("ended_on").is_null() | (pl.col("ended_on") > day))
        return pl.when(reached).then(day).alias(f"over_{days}_days_on")

    return [older_on(days) for days in AGES_DAYS]


def _age_days(as_of: date) -> pl.Expr:
    age = (pl.lit(as_of) - pl.col("opened_on")).dt.total_days()
    return pl.when(pl.col("ended_on").is_null()).then(age).alias("age_days")
