"""Days and lengths of time between the moments of a case, as the facts of service and of applications have them.

Clocks of claims, whose events may be known to the day each, are in `claim_clocks.py`.
"""

import polars as pl

from transforms.exactness import divided

MINUTE_MICROSECONDS = 60_000_000


def day_of(moment: str, time_zone: str) -> pl.Expr:
    """The day of an instant, as the business counts days."""
    return pl.col(moment).dt.convert_time_zone(time_zone).dt.date()


def days_between(start_on: str, end_on: str) -> pl.Expr:
    """Calendar days from one day to another; empty if either is missing or they lie the wrong way round."""
    days = (pl.col(end_on) - pl.col(start_on)).dt.total_days()
    return pl.when(days >= 0).then(days)


def minutes_between(start_at: str, end_at: str, *to_the_day: str) -> pl.Expr:
    """Minutes between two instants; empty if either is missing, known `to_the_day` alone, or they run backwards."""
    minutes = divided((pl.col(end_at) - pl.col(start_at)).dt.total_microseconds(), MINUTE_MICROSECONDS)
    exact = ~pl.any_horizontal(pl.col(name).fill_null(False) for name in to_the_day)
    return pl.when(exact & (minutes >= 0)).then(minutes)


def first_fault(faults: dict[str, tuple[str, str]]) -> pl.Expr:
    """The first of several contradictions that a case has: what it is called, and the moments of which the first
    must not lie after the second.
    """
    found = pl.lit(None, dtype=pl.String)
    for what, (first, second) in reversed(faults.items()):
        found = pl.when(pl.col(first) > pl.col(second)).then(pl.lit(what)).otherwise(found)
    return found
