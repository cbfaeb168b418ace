"""What cannot be true of a claim's events: an order that is impossible, a clock that runs backwards.

Rows with a contradiction stay and say it; which KPIs leave them out is said by the KPIs.
"""

import polars as pl

from transforms.facts.claim_clocks import CLOCKS, length


def sequence_fault() -> pl.Expr:
    """The first impossibility in the order of events."""

    def before_start(instant: str) -> pl.Expr:
        return length("opened_at", instant) < 0

    return (
        pl.when(pl.col("opened_at").is_null())
        .then(pl.lit("no report"))
        .when(before_start("first_decided_at"))
        .then(pl.lit("decided before reported"))
        .when(before_start("paid_at"))
        .then(pl.lit("paid before reported"))
        .when(before_start("ended_at"))
        .then(pl.lit("ended before reported"))
        .when((pl.col("outcome") == "rejected") & pl.col("paid_at").is_not_null())
        .then(pl.lit("paid though refused"))
        .alias("sequence_fault")
    )


def clock_fault() -> pl.Expr:
    """The first clock that runs backwards, by its name; the parts of a way before the whole."""
    fault = pl.lit(None, dtype=pl.String)
    for words, start, end in reversed(CLOCKS.values()):
        fault = pl.when(length(start, end) < 0).then(pl.lit(words)).otherwise(fault)
    return fault.alias("clock_fault")
