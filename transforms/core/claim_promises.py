"""core.claim_promises: whether the promises of the project were kept, one row per claim, spell and promise.

Promises are written in the project file; limits set by law are in `facts/claim_terms.py`.
"""

from datetime import date

import polars as pl

from transforms.clocks import WorkingCalendar, business_days, calendar_days, deadline_state
from transforms.core.claims import ORIGINS as OF_CLAIMS
from transforms.exactness import divided
from transforms.facts.claim_clocks import HOUR_MICROSECONDS
from transforms.model import INSTANT, SEGMENT_COLUMNS, transform
from transforms.origins import ALWAYS, Need, Origins, any_of, origin_of
from transforms.periods import end_of_day
from transforms.settings import Promise, Settings


def _origins(settings: Settings) -> Origins:
    starts = {promise.name: _instant(promise.starts) for promise in settings.claims.promises}
    ends = {promise.name: _instant(promise.ends) for promise in settings.claims.promises}
    return {
        **{f"promise={name}": starts[name] & ends[name] for name in starts},
        "started_on": any_of(starts.values()),
        "reached_on": any_of(ends.values()),
        "state": ALWAYS,
    }


def _instant(column: str) -> Need:
    return origin_of(OF_CLAIMS, column) or ALWAYS


@transform(
    writes="core.claim_promises",
    reads={"claims": "core.claims"},
    broadcast={"calendar": "staging.calendar"},
    origins=_origins,
    keys=("claim_id",),
    grain=("claim_id", "spell_no", "promise"),
    columns={
        "claim_id": (pl.String, "The claim."),
        "spell_no": (pl.Int32, "1 as first handled, 2 after the first reopening."),
        "promise": (pl.String, "The promise by its name in the project file."),
        **SEGMENT_COLUMNS,
        "cases": (pl.Int64, "How many claims alike the row stands for."),
        "started_at": (INSTANT, "When its clock started."),
        "reached_at": (INSTANT, "When what was promised had come; empty if it has not."),
        "started_on": (pl.Date, "Day on which its clock started, business time."),
        "reached_on": (pl.Date, "Day on which what was promised had come, business time."),
        "taken": (pl.Float64, "Time taken in the promise's own unit; empty if it has not come."),
        "allowed": (pl.Float64, "Limit in the promise's own unit."),
        "state": (pl.String, "met, breach or undetermined."),
    },
)
def claim_promises(
    claims: pl.LazyFrame, calendar: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per claim, spell and promise that covers it: its clock, the time taken and the state."""
    days = WorkingCalendar.of(calendar)
    frames = [_of_promise(claims, promise, days, as_of, settings) for promise in settings.claims.promises]
    return pl.concat(frames) if frames else pl.LazyFrame(schema=claim_promises.schema)


def _of_promise(
    claims: pl.LazyFrame, promise: Promise, calendar: WorkingCalendar, as_of: date, settings: Settings
) -> pl.LazyFrame:
    ends_at = end_of_day(as_of, settings.time_zone)
    zone = settings.time_zone
    left_at = pl.when(pl.col("reached_at").is_null()).then(pl.min_horizontal("withdrawn_at", "ended_at"))
    return (
        claims.filter(_covered(promise))
        .select(
            "claim_id",
            "spell_no",
            *SEGMENT_COLUMNS,
            "cases",
            started_at=pl.col(promise.starts),
            reached_at=pl.col(promise.ends),
            withdrawn_at="withdrawn_at",
            ended_at="ended_at",
            promise=pl.lit(promise.name),
            allowed=pl.lit(float(promise.limit)),
        )
        .with_columns(
            started_on=pl.col("started_at").dt.convert_time_zone(zone).dt.date(),
            reached_on=pl.col("reached_at").dt.convert_time_zone(zone).dt.date(),
        )
        .filter(pl.col("started_on").is_between(promise.valid_from or date.min, promise.valid_to or date.max))
        .with_columns(taken=_length(pl.col("reached_at"), promise, calendar, zone))
        .with_columns(
            state=deadline_state(
                pl.col("taken"),
                pl.col("allowed"),
                _length(pl.lit(ends_at, dtype=INSTANT), promise, calendar, zone, until=as_of),
                _length(left_at, promise, calendar, zone),
            )
        )
        .filter((pl.col("reached_at") >= pl.col("started_at")).fill_null(True))
        .drop("withdrawn_at", "ended_at")
    )


def _covered(promise: Promise) -> pl.Expr:
    """Which claims a promise is about: by values of their columns and the amount claimed."""
    covered = pl.col(promise.starts).is_not_null()
    covered &= pl.col("sequence_fault").is_null() & (pl.col("outcome") != "cancelled").fill_null(True)
    for column, values in promise.where.items():
        covered &= pl.col(column).is_in(list(values)).fill_null(False)
    if promise.claimed_up_to is not None:
        covered &= (pl.col("claimed_amount") <= promise.claimed_up_to).fill_null(False)
    return covered


def _length(
    end: pl.Expr, promise: Promise, calendar: WorkingCalendar, zone: str, until: date | None = None
) -> pl.Expr:
    """Time from the start of the clock to `end` in the promise's unit; days are business days of the zone."""
    if promise.unit == "hours":
        return divided((end - pl.col("started_at")).dt.total_microseconds(), HOUR_MICROSECONDS)
    day = end.dt.convert_time_zone(zone).dt.date() if until is None else pl.lit(until)
    if promise.unit == "days":
        return calendar_days(pl.col("started_on"), day).cast(pl.Float64)
    return business_days(pl.col("started_on"), day, calendar).cast(pl.Float64)
