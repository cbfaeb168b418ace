"""core.complaints: each complaint with its dates, outcome and limit, one row per complaint.

Merged contacts stay as rows and are marked; whether a share counts them is asked in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.clocks import WorkingCalendar, add_business_days, due_on
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import ALWAYS, Origins, codes_of, item, passed_on
from transforms.settings import ComplaintSettings, Settings

# Days that must not lie before a complaint was received, and what happened on them.
AFTER_RECEIPT = {
    "closed_on": "closed",
    "first_response_on": "answered",
    "accepted_on": "accepted",
    "reopened_on": "reopened",
    "escalated_on": "escalated",
}
# Days of which it is not known by the as-of day whether they come.
LATER_DATES = (*AFTER_RECEIPT, "new_facts_on")


OUTCOMES = ("upheld", "partly_upheld", "not_upheld", "withdrawn")
REQUEST_MET = ("full", "partial", "none")


def _origins(settings: Settings) -> Origins:
    received, closed = item("complaints.received_on"), item("complaints.closed_on")
    limit = ALWAYS if settings.complaints.unclassified else item("complaints.complexity")
    outcome = codes_of("complaints.outcome")
    return {
        **passed_on(
            "complaints", "received_on", *LATER_DATES, "category", "complexity",
            "extension_approved_on", "appraisal_days", "root_cause", "service_channel", "handler_id",
        ),
        **{f"request_met={degree}": codes_of("complaints.request_met")(degree) for degree in REQUEST_MET},
        # A list of closed complaints alone knows of none that is open.
        "closed_on=": item("complaints.closed_on="),
        "term_starts_on": received,
        "decided_on": closed,
        **{f"outcome={code}": closed & outcome(code) for code in OUTCOMES},
        "withdrawn_on": closed & outcome("withdrawn"),
        "limit_days": received & limit,
        "due_on": received & limit,
        "third_business_day_on": received,
        # A mean of halves and wholes says nothing while one side of it is never recorded.
        "uphold_credit": closed & outcome("upheld", "partly_upheld") & outcome("not_upheld"),
        "is_via_regulator": item("complaints.via_regulator"),
        "is_merged": ALWAYS,
        "responded_on": item("complaints.first_response_on"),
        "received_to_response_days": received & item("complaints.first_response_on"),
        "received_to_closed_days": received & closed,
    }  # fmt: skip


@transform(
    writes="core.complaints",
    reads={"complaints": "staging.complaints"},
    broadcast={"calendar": "staging.calendar"},
    origins=_origins,
    keys=("complaint_id",),
    grain=("complaint_id",),
    columns={
        "complaint_id": (pl.String, "The complaint."),
        "policy_id": (pl.String, "The policy complained about."),
        "claim_id": (pl.String, "The claim complained about."),
        "customer_id": (pl.String, "Pseudonym of the complainant."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "handler_id": (pl.String, "Pseudonym of who handles it."),
        "agent_id": (pl.String, "Pseudonym of the agent complained about, else of the policy."),
        "category": (pl.String, "Matter."),
        "root_cause": (pl.String, "What was found to have caused it, as delivered."),
        "cases": (pl.Int64, "How many complaints alike the row stands for; KPIs count each of them."),
        "received_on": (pl.Date, "Day it was received; empty where rows count complaints by their closing."),
        "first_response_on": (pl.Date, "Day of the first response."),
        "responded_on": (pl.Date, "Day of the first response, or of a decision before any."),
        "closed_on": (pl.Date, "Day the decision was communicated; empty while open, also again."),
        "undone_closed_on": (pl.Date, "Day of a closing that a reopening undid, with no closing since."),
        "accepted_on": (pl.Date, "Day the complainant accepted."),
        "reopened_on": (pl.Date, "Day it was opened again."),
        "new_facts_on": (pl.Date, "Day new facts or material arrived."),
        "term_starts_on": (
            pl.Date,
            "Day the time limit runs from: of receipt, or of new facts in time or with a reopening.",
        ),
        "escalated_on": (pl.Date, "Day it also reached a regulator, ombudsman or court."),
        "decided_on": (pl.Date, "Day of closing if decided, or withdrawn after the request was met."),
        "withdrawn_on": (pl.Date, "Day of closing if withdrawn before a decision."),
        "limit_days": (pl.Int32, "Days allowed by class and approved extension; empty without a class."),
        "due_on": (
            pl.Date,
            "Last day to decide: limit and days of appraisal after the term starts, rolled over rest days.",
        ),
        "third_business_day_on": (pl.Date, "Third working day after the day of receipt."),
        "outcome": (pl.String, "upheld, partly_upheld, not_upheld or withdrawn; empty while open."),
        "uphold_credit": (pl.Float64, "1 if upheld, 0.5 if partly, 0 if not; empty while undecided."),
        "request_met": (pl.String, "full, partial or none."),
        "complexity": (pl.String, "simple, complex or special."),
        "extension_approved_on": (pl.Date, "Day a longer limit was approved and communicated."),
        "appraisal_days": (pl.Int32, "Days of outside appraisal that do not count."),
        "is_via_regulator": (pl.Boolean, "Received and transferred by the regulator."),
        "is_merged": (pl.Boolean, "A repeated contact on a complaint still open; not a case of its own."),
        "received_to_response_days": (pl.Int32, "Calendar days from receipt to first response."),
        "received_to_closed_days": (pl.Int32, "Calendar days from receipt to closing."),
        "age_days": (pl.Int32, "Calendar days from receipt to the as-of date, for open complaints."),
        "sequence_fault": (pl.String, "What is impossible about the order of dates; empty if nothing is."),
    },
)
def complaints(
    complaints: pl.LazyFrame, calendar: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per complaint: its dates up to the as-of day, outcome, time limit and durations in calendar days.

    Limit by class, 15, 30 or 60 days after receipt (CBIRC order 2020 no. 3); days of outside appraisal do not
    count and a limit does not end on a rest day (Civil Code of the PRC arts. 201 and 203). New facts start the
    term anew if they arrive before it is over or reopen the complaint; those after a decision that stands do not.
    """
    rules = settings.complaints
    working = WorkingCalendar.of(calendar)
    known = complaints.filter(pl.coalesce("received_on", "closed_on") <= as_of).with_columns(
        pl.when(pl.col(day) <= as_of).then(day).alias(day) for day in (*LATER_DATES, "extension_approved_on")
    )
    known = known.with_columns(
        sequence_fault=_sequence_fault(),
        closed_on=pl.when(~is_open_again()).then("closed_on"),
        undone_closed_on=pl.when(is_open_again()).then("closed_on"),
    )
    closed = pl.col("closed_on").is_not_null()
    satisfied = pl.col("request_met").is_in(["full", "partial"]).fill_null(False)
    withdrawn = ((pl.col("outcome") == "withdrawn") & ~satisfied).fill_null(False)
    return (
        known.with_columns(
            outcome=pl.when(closed).then("outcome"),
            is_merged=is_merged(rules),
            is_via_regulator=pl.col("via_regulator"),
            third_business_day_on=add_business_days(pl.col("received_on"), 3, working),
            **_limit(rules, working),
        )
        .with_columns(
            withdrawn_on=pl.when(withdrawn).then("closed_on"),
            decided_on=pl.when(~withdrawn).then("closed_on"),
            uphold_credit=pl.col("outcome").replace_strict(
                {"upheld": 1.0, "partly_upheld": 0.5, "not_upheld": 0.0},
                default=None,
                return_dtype=pl.Float64,
            ),
            responded_on=pl.min_horizontal("first_response_on", pl.when(~withdrawn).then("closed_on")),
            received_to_response_days=_days_since_receipt("first_response_on"),
            received_to_closed_days=_days_since_receipt("closed_on"),
            age_days=pl.when(~closed).then((pl.lit(as_of) - pl.col("received_on")).dt.total_days()),
        )
        .with_columns(
            pl.col(segment).fill_null("unknown") for segment in (*SEGMENT_COLUMNS, *SERVICE_CHANNEL)
        )
    )


def is_open_again() -> pl.Expr:
    """Whether a complaint was opened again after its closing and not closed since."""
    return (pl.col("reopened_on") > pl.col("closed_on")).fill_null(False)


def is_merged(rules: ComplaintSettings) -> pl.Expr:
    """Whether a contact is part of a complaint that was still open."""
    marked = pl.col("merged_into").is_not_null()
    return marked | pl.col("follows_open").fill_null(False) if rules.merging == "same_matter" else marked


def _limit(rules: ComplaintSettings, calendar: WorkingCalendar) -> dict[str, pl.Expr]:
    """term_starts_on, limit_days and due_on."""
    new_facts, until = pl.col("new_facts_on"), pl.col("closed_on").fill_null(date.max)
    _, first_due = _limit_from(pl.col("received_on"), rules, calendar)
    anew = (new_facts <= first_due).fill_null(False) | pl.col("reopened_on").is_not_null()
    anew &= new_facts.is_between("received_on", until)
    starts = pl.when(anew).then(new_facts).otherwise("received_on")
    limit, due = _limit_from(starts, rules, calendar)
    return {"term_starts_on": starts, "limit_days": limit, "due_on": due}


def _limit_from(
    starts_on: pl.Expr, rules: ComplaintSettings, calendar: WorkingCalendar
) -> tuple[pl.Expr, pl.Expr]:
    """Limit and due day; a special class has the longer limit only if the extension came in time."""
    days = rules.limit_days
    complexity = pl.coalesce("complexity", pl.lit(rules.unclassified, dtype=pl.String))
    by_then = _due(starts_on, pl.lit(days.complex), rules, calendar)
    extended = (pl.col("extension_approved_on") <= by_then).fill_null(False)
    limit = (
        pl.when(complexity == "simple")
        .then(days.simple)
        .when((complexity == "special") & extended)
        .then(days.special)
        .when(complexity.is_in(["complex", "special"]))
        .then(days.complex)
    )
    return limit, _due(starts_on, limit, rules, calendar)


def _due(starts_on: pl.Expr, limit: pl.Expr, rules: ComplaintSettings, calendar: WorkingCalendar) -> pl.Expr:
    appraisal = pl.col("appraisal_days").fill_null(0)
    if rules.counting == "business":
        return add_business_days(starts_on, limit + appraisal, calendar)
    return due_on(starts_on, limit, appraisal, calendar=calendar if rules.rolls_forward else None)


def _days_since_receipt(end: str) -> pl.Expr:
    days = (pl.col(end) - pl.col("received_on")).dt.total_days()
    return pl.when(days >= 0).then(days)


def _sequence_fault() -> pl.Expr:
    """The first day that lies before the receipt, where it cannot."""
    fault = pl.lit(None, dtype=pl.String)
    for day, what in reversed(AFTER_RECEIPT.items()):
        before = pl.col(day) < pl.col("received_on")
        fault = pl.when(before).then(pl.lit(f"{what} before received")).otherwise(fault)
    return fault
