"""core.claims: the life of each claim from report to payment, one row a claim and spell.

Instants, dates and durations are derived here; what share of them is good is asked in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.clocks import WorkingCalendar, add_days
from transforms.core.claim_terms import TERM_COLUMNS, document_requests, with_terms
from transforms.model import INSTANT, SEGMENT_COLUMNS, transform
from transforms.periods import end_of_day
from transforms.settings import Settings

# The instant columns that are simply the first event of their kind in the spell.
FIRST_EVENTS = {
    "reported_at": ("reported", "First notice of loss."),
    "registered_at": ("registered", "Case opened by the insurer."),
    "contacted_at": ("contacted", "First contact of the handler with the claimant."),
    "documents_requested_at": ("documents_requested", "First request for missing documents."),
    "first_decided_at": ("decided", "First decision on liability and amount."),
    "refusal_sent_at": ("refusal_sent", "Refusal letter sent."),
    "agreed_at": ("agreed", "Agreement on the amount."),
    "prepaid_at": ("prepaid", "First payment in advance."),
    "paid_at": ("paid", "First payment; of instalment benefits the first one ends the clock."),
    "closed_at": ("closed", "Case closed."),
    "withdrawn_at": ("withdrawn", "Withdrawn by the customer."),
    "cancelled_at": ("cancelled", "Cancelled by the insurer as duplicate or mis-registered."),
    "reopened_at": ("reopened", "Start of this spell, for spells after the first."),
}
# Papers that reach the insurer, and the insurer's asking for those that are missing.
PAPERS = ("documents_received", "documents_complete")
REQUESTS = ("documents_requested", "request_delivered")
# Steps that the claimant should hear of.
STAGES = ("registered", "documents_complete", "assessed", "decided", "agreed", "paid", "closed")
PAID = ("paid_full", "paid_part")
HOUR_MICROSECONDS = 3_600_000_000
DAY_MICROSECONDS = 24 * HOUR_MICROSECONDS
REOPENED_WITHIN_DAYS = 90
# Ages of open claims: the terms of Insurance Law of the PRC arts 23 and 25, a quarter and half a year.
AGES_DAYS = (30, 60, 90, 180)
CONTACT_HOURS, REGISTRATION_HOURS = 24, 72


@transform(
    writes="core.claims",
    reads={"events": "staging.claim_events", "cases": "staging.claims"},
    broadcast={"calendar": "staging.calendar"},
    keys=("claim_id",),
    grain=("claim_id", "spell_no"),
    columns={
        "claim_id": (pl.String, "The claim."),
        "spell_no": (pl.Int32, "1 as first handled, 2 after the first reopening, and so on."),
        "policy_id": (pl.String, "The policy claimed on."),
        "customer_id": (pl.String, "Pseudonym of the claimant."),
        **SEGMENT_COLUMNS,
        "claim_type": (pl.String, "Kind of claim."),
        **{name: (INSTANT, text) for name, (_, text) in FIRST_EVENTS.items()},
        "documents_complete_at": (INSTANT, "Documents complete: the last time before the first decision."),
        "loss_at": (INSTANT, "Insured event."),
        "payable_at": (INSTANT, "Agreement, else decision: the payment is due from here on."),
        "ended_at": (
            INSTANT,
            "Closed, withdrawn or cancelled; paid or refused where the source never closes.",
        ),
        "reported_on": (pl.Date, "Day of the report, business time."),
        "opened_on": (pl.Date, "Day this spell began: of the report, else of the reopening."),
        "registered_on": (pl.Date, "Day the case was opened by the insurer, else of the report."),
        "documents_complete_on": (pl.Date, "Day the documents were complete, business time."),
        "decided_on": (pl.Date, "Day of the first decision, business time."),
        "agreed_on": (pl.Date, "Day of the agreement, business time."),
        "payable_on": (pl.Date, "Day of the agreement, else of the decision, business time."),
        "paid_on": (pl.Date, "Day of the payment, business time."),
        "prepaid_on": (pl.Date, "Day of the first payment in advance, business time."),
        "refusal_sent_on": (pl.Date, "Day of the refusal letter, business time."),
        "withdrawn_on": (pl.Date, "Day of the withdrawal, business time."),
        "ended_on": (pl.Date, "Day the case ended, business time."),
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
        "progress_notice_count": (pl.Int32, "Notices of progress to the claimant."),
        "stage_change_count": (pl.Int32, "Steps taken of which the claimant should hear."),
        "is_decided_by_system": (pl.Boolean, "Decided without human touch."),
        "is_investigated": (pl.Boolean, "Needed an investigation."),
        "has_injury": (pl.Boolean, "Somebody was injured."),
        "has_third_party": (pl.Boolean, "Third-party property is involved."),
        "is_fast_track": (pl.Boolean, "Went through the fast track."),
        "is_small_claim": (
            pl.Boolean,
            "Simple and at most the limit of its kind: eligible for the fast track.",
        ),
        "contract_decision_days": (pl.Int32, "Decision term of the contract in days."),
        "contract_payment_days": (pl.Int32, "Payment term of the contract in days."),
        "report_to_decision_days": (pl.Float64, "Days of 86,400 s from report to first decision."),
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
        "report_to_contact_hours": (pl.Float64, "Hours from report to first contact."),
        "is_contacted_within_24_hours": (pl.Boolean, "Contacted in time; empty while not known."),
        "is_registered_within_72_hours": (pl.Boolean, "Registered in time; empty while not known."),
        "is_reopened_within_90_days": (pl.Boolean, "Reopened soon after its end; empty for 90 days."),
        "is_overturned": (pl.Boolean, "Decided again after reopening, and paid; empty for first spells."),
        **TERM_COLUMNS,
        "age_days": (pl.Int32, "Calendar days from report to the as-of date, for open cases."),
        "sequence_fault": (pl.String, "What is impossible about the order of events; empty if nothing is."),
    },
)
def claims(
    events: pl.LazyFrame, cases: pl.LazyFrame, calendar: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a claim and spell: its instants, business dates, outcome, amounts, durations and terms.

    A reopening starts a new spell. A duration whose end lies before its start is empty, and
    `sequence_fault` says why.
    """
    ends_at = pl.lit(end_of_day(as_of, settings.time_zone))
    spells = _with_spell_no(events.filter(pl.col("event_at") < ends_at))
    rows = _first_instants(spells)
    documents = _documents_before_decision(spells, rows)
    dated = (
        rows.join(documents, on=["claim_id", "spell_no"], how="left")
        .join(cases, on="claim_id", how="left")
        .with_columns(pl.col(c).fill_null("unknown") for c in SEGMENT_COLUMNS)
        .with_columns(_outcome(), _ended_at(), payable_at=pl.coalesce("agreed_at", "first_decided_at"))
        .with_columns(_business_dates(settings.time_zone))
        .with_columns(opened_on=pl.coalesce("reported_on", "reopened_on"))
    )
    with_next = dated.join(_next_reopenings(dated), on=["claim_id", "spell_no"], how="left")
    termed = with_terms(
        with_next,
        document_requests(spells, settings.time_zone),
        as_of=as_of,
        calendar=WorkingCalendar.of(calendar),
        excluded_rounds=settings.claims.excluded_rounds,
    )
    return (
        termed.with_columns(_durations())
        .with_columns(_loss_to_payment())
        .with_columns(_in_time(ends_at), *_reviews(as_of), _is_small(settings.claims.small_claim_limits))
        .with_columns(_age_days(as_of), *_older_on(as_of), _sequence_fault())
        .rename(
            {
                "investigated": "is_investigated",
                "injury": "has_injury",
                "third_party": "has_third_party",
                "fast_track": "is_fast_track",
            }
        )
    )


def _with_spell_no(events: pl.LazyFrame) -> pl.LazyFrame:
    """Events with their spell: as the source says, else one more than the reopenings so far."""
    silent = events.filter(pl.col("spell_no").is_null())
    reopenings = silent.filter(pl.col("event") == "reopened").select("claim_id", reopening="event_at")
    counted = (
        silent.join(reopenings, on="claim_id", how="inner")
        .group_by("event_id", "claim_id", "event", "event_at", "outcome", "amount", "actor")
        .agg(spell_no=1 + (pl.col("reopening") <= pl.col("event_at")).sum().cast(pl.Int32))
    )
    plain = events.join(reopenings, on="claim_id", how="anti").with_columns(pl.col("spell_no").fill_null(1))
    said = events.filter(pl.col("spell_no").is_not_null()).join(reopenings, on="claim_id", how="semi")
    return pl.concat([plain, counted, said], how="diagonal_relaxed")


def _first_instants(spells: pl.LazyFrame) -> pl.LazyFrame:
    """One row a claim and spell with the first instant of every kind of event, outcome and amount."""

    def when(event: str, column: str = "event_at") -> pl.Expr:
        return pl.when(pl.col("event") == event).then(pl.col(column))

    return spells.group_by("claim_id", "spell_no").agg(
        *(when(event).min().alias(name) for name, (event, _) in FIRST_EVENTS.items()),
        stated_outcome=pl.col("outcome").max(),
        paid_amount=pl.when(pl.col("event").is_in(["paid", "prepaid"])).then(pl.col("amount")).sum(),
        papers_at=pl.when(pl.col("event").is_in(PAPERS)).then("event_at").min(),
        asked_at=pl.when(pl.col("event").is_in(REQUESTS)).then("event_at").min(),
        payment_count=pl.col("event").is_in(["paid", "prepaid"]).sum(),
        decided_by_system=when("decided", "actor").min(),
        progress_notice_count=(pl.col("event") == "progress_notified").sum(),
        stage_change_count=pl.col("event").is_in(STAGES).sum(),
    )


def _documents_before_decision(spells: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Last completion of the documents, and number of requests, before the first decision of each spell."""
    key = ["claim_id", "spell_no"]
    return (
        spells.filter(pl.col("event").is_in(["documents_complete", "documents_requested"]))
        .join(rows.select(*key, "first_decided_at"), on=key, how="inner")
        .filter((pl.col("event_at") <= pl.col("first_decided_at")).fill_null(True))
        .group_by(key)
        .agg(
            documents_complete_at=pl.when(pl.col("event") == "documents_complete").then("event_at").max(),
            document_request_count=(pl.col("event") == "documents_requested").sum(),
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
    refused_at = pl.when(pl.col("stated_outcome") == "rejected").then("first_decided_at")
    left_at = pl.min_horizontal("closed_at", "withdrawn_at", "cancelled_at")
    return pl.coalesce(left_at, "paid_at", refused_at).alias("ended_at")


def _business_dates(time_zone: str) -> list[pl.Expr]:
    """The days of the instants, as the business counts them."""
    instants = {
        "reported_on": "reported_at",
        "papers_on": "papers_at",
        "reopened_on": "reopened_at",
        "documents_complete_on": "documents_complete_at",
        "decided_on": "first_decided_at",
        "agreed_on": "agreed_at",
        "payable_on": "payable_at",
        "paid_on": "paid_at",
        "prepaid_on": "prepaid_at",
        "refusal_sent_on": "refusal_sent_at",
        "withdrawn_on": "withdrawn_at",
        "ended_on": "ended_at",
    }
    dates = [
        pl.col(instant).dt.convert_time_zone(time_zone).dt.date().alias(day)
        for day, instant in instants.items()
    ]
    paid = pl.when(pl.col("payment_count") > 0).then("paid_amount").alias("paid_amount")
    registered_at = pl.coalesce("registered_at", "reported_at")
    registered = registered_at.dt.convert_time_zone(time_zone).dt.date().alias("registered_on")
    return [*dates, registered, paid, (pl.col("decided_by_system") == "auto").alias("is_decided_by_system")]


def _durations() -> list[pl.Expr]:
    """Fractional days between two instants; empty if either is missing or they lie the wrong way round."""

    def days(start: str, end: str) -> pl.Expr:
        length = (pl.col(end) - pl.col(start)).dt.total_microseconds() / DAY_MICROSECONDS
        return pl.when(length >= 0).then(length)

    return [
        days("reported_at", "first_decided_at").alias("report_to_decision_days"),
        days("documents_complete_at", "first_decided_at").alias("documents_to_decision_days"),
        days("reported_at", "paid_at").alias("report_to_payment_days"),
        days("payable_at", "paid_at").alias("agreement_to_payment_days"),
        days("documents_complete_at", "paid_at").alias("documents_to_payment_days"),
        days("loss_at", "paid_at").alias("loss_to_payment_days"),
        days("loss_at", "reported_at").alias("loss_to_report_days"),
        days("reported_at", "documents_complete_at").alias("report_to_documents_days"),
        days("reported_at", "ended_at").alias("report_to_closing_days"),
    ]


def _loss_to_payment() -> pl.Expr:
    """Made of its segments, so that they add up to it to the last bit; without one of them, straight."""
    total = (
        pl.col("loss_to_report_days")
        + pl.col("report_to_documents_days")
        + pl.col("documents_to_payment_days")
    )
    return pl.coalesce(total, "loss_to_payment_days").alias("loss_to_payment_days")


def _in_time(ends_at: pl.Expr) -> pl.Expr:
    """Hours to the first contact, and whether contact and registration came within their hours.

    A case that ended sooner without them says nothing; one that is older is late.
    """

    def hours(end: pl.Expr) -> pl.Expr:
        return (end - pl.col("reported_at")).dt.total_microseconds() / HOUR_MICROSECONDS

    def within(event: str, limit: int) -> pl.Expr:
        taken, age = hours(pl.col(event)), hours(pl.min_horizontal("ended_at", ends_at))
        return pl.when(taken >= 0).then(taken <= limit).when(taken.is_null() & (age > limit)).then(False)

    contact = hours(pl.col("contacted_at"))
    return pl.struct(
        report_to_contact_hours=pl.when(contact >= 0).then(contact),
        is_contacted_within_24_hours=within("contacted_at", CONTACT_HOURS),
        is_registered_within_72_hours=within("registered_at", REGISTRATION_HOURS),
    ).struct.unnest()


def _next_reopenings(dated: pl.LazyFrame) -> pl.LazyFrame:
    """The day after each spell on which the next one began."""
    later = dated.filter(pl.col("reopened_on").is_not_null())
    return later.select("claim_id", spell_no=pl.col("spell_no") - 1, next_reopened_on="reopened_on")


def _reviews(as_of: date) -> list[pl.Expr]:
    """Whether a decided claim came back within 90 days of its end, known once they are over; and was changed."""
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


def _sequence_fault() -> pl.Expr:
    """The first impossibility in the order of events."""
    start = pl.coalesce("reported_at", "reopened_at")
    return (
        pl.when(start.is_null())
        .then(pl.lit("no report"))
        .when(pl.col("first_decided_at") < start)
        .then(pl.lit("decided before reported"))
        .when(pl.col("paid_at") < start)
        .then(pl.lit("paid before reported"))
        .when(pl.col("ended_at") < start)
        .then(pl.lit("ended before reported"))
        .alias("sequence_fault")
    )
