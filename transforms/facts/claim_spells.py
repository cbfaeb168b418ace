"""From the events of claims to one row per claim and spell: the first instant of each kind, outcomes and requests.

A spell is a claim as it is handled once; a reopening starts the next. What follows from the instants (dates,
durations, terms) is not here.
"""

import polars as pl

KEY = ("claim_id", "spell_no")
# The instant columns that are simply the first event of their kind in the spell.
FIRST_EVENTS = {
    "reported_at": ("reported", "First notice of loss."),
    "registered_at": ("registered", "Case opened by the insurer."),
    "assigned_at": ("assigned", "Case given to a handler."),
    "contacted_at": ("contacted", "First contact of the handler with the claimant."),
    "documents_requested_at": ("documents_requested", "First request for missing documents."),
    "assessed_at": ("assessed", "Loss assessed."),
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
# What an event may say besides what happened when.
SAID = {
    "outcome": pl.String(),
    "amount": pl.Decimal(18, 2),
    "actor": pl.String(),
    "document_count": pl.Int64(),
    "document_medium": pl.String(),
}
# The bit of each event in `day_events`: whether only its day is known.
BITS = {event: 1 << place for place, (event, _) in enumerate(FIRST_EVENTS.values())}
BITS["documents_complete"] = 1 << len(BITS)
DAY_EVENTS = pl.col("day_events")
# Papers that reach the insurer, and the insurer's asking for those that are missing.
PAPERS = ("documents_received", "documents_complete")
REQUESTS = ("documents_requested", "request_delivered")
# Steps that the claimant should hear of.
STAGES = ("registered", "documents_complete", "assessed", "decided", "agreed", "paid", "closed")
PAID = ("paid_full", "paid_part")
# From the first to the last instant of a day, but for the hour of a change of clocks.
REST_OF_DAY = pl.duration(microseconds=86_400_000_000 - 1)


def with_spell_no(events: pl.LazyFrame, second_decision: str) -> pl.LazyFrame:
    """Events with their spell: as the source says, else one more than the reopenings so far."""
    silent = events.filter(pl.col("spell_no").is_null())
    if second_decision == "spell":
        silent = pl.concat([silent, _reopened_by_decision(silent)])
    reopenings = silent.filter(pl.col("event") == "reopened").select("claim_id", reopening="event_at")
    counted = (
        silent.join(reopenings, on="claim_id", how="inner")
        .group_by("event_id", "claim_id", "event", "event_at", "is_day", *SAID)
        .agg(spell_no=1 + (pl.col("reopening") <= pl.col("event_at")).sum().cast(pl.Int32))
    )
    plain = silent.join(reopenings, on="claim_id", how="anti").with_columns(pl.col("spell_no").fill_null(1))
    said = events.filter(pl.col("spell_no").is_not_null())
    return pl.concat([plain, counted, said], how="diagonal_relaxed")


def _reopened_by_decision(silent: pl.LazyFrame) -> pl.LazyFrame:
    """A reopening for every decision that grants what the decision before it refused, with no reopening between."""
    steps = silent.filter(pl.col("event").is_in(["decided", "reopened"])).sort(
        "event_at", "event", "event_id"
    )
    refused = ((pl.col("event") == "decided") & (pl.col("outcome") == "rejected")).shift(1).over("claim_id")
    again = (pl.col("event") == "decided") & (pl.col("outcome") != "rejected") & refused
    return steps.filter(again).with_columns(
        event_id=pl.col("event_id") + "|reopened",
        event=pl.lit("reopened"),
        **{name: pl.lit(None).cast(dtype) for name, dtype in SAID.items()},
    )


def spell_rows(spells: pl.LazyFrame) -> pl.LazyFrame:
    """One row per claim and spell: first instants, day_events, outcome, documents and requests before the decision."""
    # Kept, since three joins look at it and Polars would make it for each.
    instants = _first_instants(spells).cache()
    rows = (
        instants.join(_day_events(spells), on=KEY, how="left")
        .join(_reviewed(spells, instants), on=KEY, how="left")
        .with_columns(DAY_EVENTS.fill_null(0), stated_outcome=pl.coalesce("latest_outcome", "stated_outcome"))
        .with_columns(
            decided_by=pl.col("first_decided_at")
            + pl.when(is_day("decided")).then(REST_OF_DAY).otherwise(pl.duration())
        )
    )
    return rows.join(_documents_before_decision(spells, rows), on=KEY, how="left")


def _first_instants(spells: pl.LazyFrame) -> pl.LazyFrame:
    """One row per claim and spell with the first instant of every kind of event, outcome and amount."""

    def when(event: str, column: str = "event_at") -> pl.Expr:
        return pl.when(pl.col("event") == event).then(pl.col(column))

    return spells.group_by("claim_id", "spell_no").agg(
        *(when(event).min().alias(name) for name, (event, _) in FIRST_EVENTS.items()),
        stated_outcome=pl.col("outcome").max(),
        other_outcome=pl.col("outcome").min(),
        paid_amount=pl.when(pl.col("event").is_in(["paid", "prepaid"])).then(pl.col("amount")).sum(),
        papers_at=pl.when(pl.col("event").is_in(PAPERS)).then("event_at").min(),
        asked_at=pl.when(pl.col("event").is_in(REQUESTS)).then("event_at").min(),
        payment_count=pl.col("event").is_in(["paid", "prepaid"]).sum(),
        decided_by_system=when("decided", "actor").min(),
        progress_notice_count=(pl.col("event") == "progress_notified").sum(),
        stage_change_count=pl.col("event").is_in(STAGES).sum(),
        document_count=pl.when(pl.col("document_count").count() > 0).then(pl.col("document_count").sum()),
        document_medium=pl.when(pl.col("document_medium").min() == pl.col("document_medium").max())
        .then(pl.col("document_medium").max())
        .when(pl.col("document_medium").count() > 0)
        .then(pl.lit("mixed")),
    )


def _day_events(spells: pl.LazyFrame) -> pl.LazyFrame:
    """One row per claim and spell with events of which only the day is known, and which: their BITS."""
    bits = pl.col("event").replace_strict(BITS, default=0, return_dtype=pl.Int32)
    return spells.filter("is_day").group_by(KEY).agg(day_events=bits.unique().sum())


def _reviewed(spells: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per claim and spell that has more than one outcome: the latest, and when it was refused and granted.

    Of several at one time the one that pays counts, so that the order of rows does not matter.
    """
    decided = pl.col("event") == "decided"
    granted, refused = pl.col("outcome").is_in(PAID), pl.col("outcome") == "rejected"
    return (
        spells.filter(pl.col("outcome").is_not_null())
        .join(rows.filter(pl.col("stated_outcome") != pl.col("other_outcome")), on=KEY, how="semi")
        .sort("event_at", granted, "outcome")
        .group_by(KEY)
        .agg(
            latest_outcome=pl.col("outcome").last(),
            reviewed_at=pl.when(pl.col("outcome").filter(decided).n_unique() > 1).then(
                pl.col("event_at").filter(decided).max()
            ),
            granted_at=pl.when(decided & granted).then("event_at").min(),
            refused_at=pl.when(decided & refused).then("event_at").max(),
        )
    )


def _documents_before_decision(spells: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Last completion of the documents, and number of requests, before the first decision of each spell."""
    return (
        spells.filter(pl.col("event").is_in(["documents_complete", "documents_requested"]))
        .join(rows.select(*KEY, "decided_by"), on=KEY, how="inner")
        .filter((pl.col("event_at") <= pl.col("decided_by")).fill_null(True))
        .group_by(KEY)
        .agg(
            documents_complete_at=pl.when(pl.col("event") == "documents_complete").then("event_at").max(),
            document_request_count=(pl.col("event") == "documents_requested").sum(),
        )
    )


def is_day(*events: str) -> pl.Expr:
    """Whether of any of the events only the day is known."""
    return (DAY_EVENTS & sum(BITS[event] for event in events)) != 0
