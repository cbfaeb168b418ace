"""core.contacts: each contact with the service desk, how long the customer waited and whether she came back.

Which contacts a share counts is asked in `transforms/kpi/contacts.py`.
"""

from datetime import date

import polars as pl

from transforms.exactness import divided
from transforms.model import INSTANT, SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Origins, any_of, codes_of, item, passed_on
from transforms.periods import end_of_day
from transforms.settings import Settings

SHORT_SECONDS = 5
CALLED_BACK_WITHIN_HOURS = 2
# Instants of which it is not known by the as-of day whether they come, in the order in which they can.
LATER = ("handed_over_at", "answered_at", "abandoned_at", "called_back_at", "ended_at")
FAULTS = {
    "handed over before offered": pl.col("handed_over_at") < pl.col("offered_at"),
    "answered before offered": pl.col("answered_at") < pl.col("offered_at"),
    "abandoned before offered": pl.col("abandoned_at") < pl.col("offered_at"),
    "called back before offered": pl.col("called_back_at") < pl.col("offered_at"),
    "ended before offered": pl.col("ended_at") < pl.col("offered_at"),
    "abandoned after an answer": pl.col("abandoned_at") > pl.col("answered_at"),
    "ended before an answer": pl.col("ended_at") < pl.col("answered_at"),
}

_medium = codes_of("contacts.medium")
_customer = item("contacts.customer_id") | item("contacts.policy_id") & item("policies.customer_id")
_age = item("policies.birth_on") | item("policies.age_band")
_by_machine = _medium("bot") | item("contacts.actor=auto")
_BY_MEDIUM = ("app", "call", "counter")
_CHANNELS = ("app", "mini_program", "web", "call", "counter", "agent", "bank")
ORIGINS: Origins = {
    **passed_on(
        "contacts", "medium", "purpose", "answered_at", "abandoned_at", "called_back_at", "handed_over_at", "ended_at",
        "rating", "policy_id", "claim_id", "complaint_id", "handler_id",
    ),
    # A log of answered calls alone knows of none that was not.
    "answered_at=": item("contacts.answered_at="),
    "offered_at": item("contacts.offered_at"),
    "offered_on": item("contacts.offered_at"),
    **{f"actor={actor}": item(f"contacts.actor={actor}") for actor in ("human", "auto")},
    "customer_id": _customer,
    "is_successful": item("contacts.succeeded"),
    "person_asked_at": _medium("call", "chat", "counter", "email", "app")
    | _by_machine & item("contacts.handed_over_at"),
    "wait_seconds": item("contacts.answered_at"),
    "is_called_back_in_time": item("contacts.called_back_at"),
    "is_by_machine=true": _by_machine,
    "is_transferred=true": item("contacts.handed_over_at") & item("contacts.answered_at"),
    "is_elder": item("contacts.age_band") | item("contacts.policy_id") & _age,
    "repeat_call_days": _customer & item("contacts.purpose") & _medium("call"),
    "next_contact_hours": _customer,
    **{
        f"service_channel={code}": any_of(
            [item(f"contacts.service_channel={code}"), *([_medium(code)] if code in _BY_MEDIUM else [])]
        )
        for code in _CHANNELS
    },
}  # fmt: skip


@transform(
    writes="core.contacts",
    reads={"contacts": "staging.contacts"},
    origins=lambda settings: ORIGINS,
    keys=("customer_id",),
    grain=("contact_id",),
    columns={
        "contact_id": (pl.String, "The contact."),
        "customer_id": (pl.String, "Pseudonym of the customer."),
        "policy_id": (pl.String, "The policy it was about."),
        "claim_id": (pl.String, "The claim it was about."),
        "complaint_id": (pl.String, "The complaint it was about."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "medium": (pl.String, "call, chat, bot, counter, email or app."),
        "purpose": (pl.String, "What it was about."),
        "actor": (pl.String, "Who took it first: human or auto."),
        "handler_id": (pl.String, "Pseudonym of the person who took it."),
        "offered_on": (pl.Date, "Day on which the customer asked, business time."),
        "offered_at": (INSTANT, "When the customer asked."),
        "person_asked_at": (
            INSTANT,
            "Since when she waited for a person: from the first, or since a machine handed over; empty if never.",
        ),
        "handed_over_at": (INSTANT, "When a machine handed it over to a person, or one person to another."),
        "answered_at": (INSTANT, "When a person took it."),
        "abandoned_at": (INSTANT, "When the customer gave up."),
        "called_back_at": (INSTANT, "When the customer was called back."),
        "ended_at": (INSTANT, "When it ended."),
        "wait_seconds": (
            pl.Int32,
            "Seconds from asking for a person to the answer; empty where only a day is known.",
        ),
        "is_short_abandoned": (pl.Boolean, f"Given up within {SHORT_SECONDS} seconds."),
        "is_called_back_in_time": (
            pl.Boolean,
            f"No person answered, and the customer was called back within {CALLED_BACK_WITHIN_HOURS} hours.",
        ),
        "is_by_machine": (pl.Boolean, "A machine dealt with it alone."),
        "is_transferred": (pl.Boolean, "One person handed it to another: it had reached the wrong one."),
        "is_successful": (pl.Boolean, "What the customer wanted was done."),
        "rating": (pl.Int8, "The customer's rating from 1 to 5; empty if it is none of these."),
        "is_elder": (pl.Boolean, "The customer is 60 or older; empty if not known."),
        "repeat_call_days": (
            pl.Int32,
            "Calendar days to the customer's next call for the same purpose; empty for other media and if none.",
        ),
        "next_contact_hours": (
            pl.Float64,
            "Hours to the customer's next contact of any kind; empty if none.",
        ),
        "sequence_fault": (pl.String, "What is impossible about the order of instants; empty if nothing is."),
    },
)
def contacts(contacts: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per contact: its instants up to the as-of day, the wait for a person, and what the customer did next.

    What follows a contact is another one of the same customer that was not given up at once; where the customer is
    not known, nothing is. A blank purpose is a purpose too.
    """
    ends_at = pl.lit(end_of_day(as_of, settings.time_zone))
    by_machine = (pl.col("medium") == "bot") | (pl.col("actor") == "auto").fill_null(False)
    known = (
        contacts.filter(pl.col("offered_at") < ends_at)
        .with_columns(pl.when(pl.col(instant) < ends_at).then(instant).alias(instant) for instant in LATER)
        .with_columns(
            *(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS),
            service_channel=pl.coalesce(
                "service_channel", pl.when(pl.col("medium").is_in(_BY_MEDIUM)).then("medium"), pl.lit("unknown")
            ),
            offered_on=pl.col("offered_at").dt.convert_time_zone(settings.time_zone).dt.date(),
            person_asked_at=pl.when(by_machine).then("handed_over_at").when(~by_machine).then("offered_at"),
            is_successful=pl.col("succeeded"),
            rating=pl.when(pl.col("rating").is_between(1, 5)).then("rating"),
            sequence_fault=pl.coalesce(pl.when(fault).then(pl.lit(words)) for words, fault in FAULTS.items()),
        )
    )  # fmt: skip
    return known.with_columns(
        wait_seconds=_seconds_to("answered_at"),
        is_by_machine=by_machine & pl.col("handed_over_at").is_null() & pl.col("answered_at").is_null(),
        is_transferred=(pl.col("handed_over_at") > pl.col("answered_at")).fill_null(False),
        is_short_abandoned=pl.col("answered_at").is_null()
        & (_seconds_to("abandoned_at") < SHORT_SECONDS).fill_null(False),
        is_called_back_in_time=pl.col("answered_at").is_null()
        & (_seconds_to("called_back_at") <= CALLED_BACK_WITHIN_HOURS * 3600).fill_null(False),
    ).with_columns(repeat_call_days=_next_call_days(), next_contact_hours=_next_contact_hours())


def _seconds_to(instant: str) -> pl.Expr:
    """Seconds since a person was asked for, else since the beginning; empty where only the day of one is known."""
    seconds = (pl.col(instant) - pl.coalesce("person_asked_at", "offered_at")).dt.total_seconds()
    return pl.when((seconds >= 0) & ~pl.col("is_day").fill_null(False)).then(seconds)


def _next_call_days() -> pl.Expr:
    is_call = (pl.col("medium") == "call") & _can_follow()
    purpose = pl.col("purpose").fill_null("")
    following = _following("offered_on", ["customer_id", is_call, purpose])
    return pl.when(is_call).then((following - pl.col("offered_on")).dt.total_days())


def _next_contact_hours() -> pl.Expr:
    following = _following("offered_at", ["customer_id", _can_follow()])
    hours = divided((following - pl.col("offered_at")).dt.total_seconds(), 3600)
    return pl.when(_can_follow()).then(hours)


def _following(column: str, alike: list[str | pl.Expr]) -> pl.Expr:
    """What the next contact has of those that are alike."""
    return pl.col(column).shift(-1).over(alike, order_by=["offered_at", "contact_id"])


def _can_follow() -> pl.Expr:
    """Whether it is a contact of a known customer that was not given up at once."""
    return pl.col("customer_id").is_not_null() & ~pl.col("is_short_abandoned")
