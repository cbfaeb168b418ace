"""The periods that KPIs are computed for: months up to the as-of month, and longer ones made of whole months.

Which of them a run computes is asked here; how a case falls into one is `transforms/measures/records.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from transforms.vocabulary import CALENDAR_GRAINS


def months_until(as_of: date, count: int) -> list[date]:
    """First days of the `count` months up to and including that of `as_of`, oldest first."""
    last = as_of.year * 12 + as_of.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def month_periods(months: list[date]) -> pl.DataFrame:
    """One row per month: period and starts_on (its first day), ends_on (its last)."""
    return pl.DataFrame({"period": months}, schema={"period": pl.Date}).with_columns(
        starts_on=pl.col("period"), ends_on=pl.col("period").dt.month_end()
    )


MONTH = "month"
# The grains that a period can be delivered in, by their length in months.
LENGTHS: Mapping[str, int] = {MONTH: 1, **{str(grain): length for grain, length in CALENDAR_GRAINS.items()}}
# Windows of several months up to each month, by their length in months.
WINDOW_GRAINS = {"window_3": 3, "window_6": 6, "window_12": 12}
ROLLING_MONTHS = 12
ROLLING = f"rolling_{ROLLING_MONTHS}"


def long_periods(months: Sequence[date], grains: Sequence[str] = (*CALENDAR_GRAINS, ROLLING)) -> pl.DataFrame:
    """The periods longer than a month that begin within `months` (consecutive): grain, starts_on, ends_on.

    Calendar quarters, half-years and years; and the twelve months up to each of `months`, wholly within them.
    The last calendar periods may end later than the months do.
    """
    rows: list[tuple[str, date, date]] = [
        (grain, month, _months_later(month, length))
        for grain, length in CALENDAR_GRAINS.items()
        for month in months
        if grain in grains and (month.month - 1) % length == 0
    ]
    if ROLLING in grains:
        rows += [
            (ROLLING, first, _months_later(first, ROLLING_MONTHS)) for first in months[: 1 - ROLLING_MONTHS]
        ]
    frame = pl.DataFrame(
        rows, schema={"grain": pl.String, "starts_on": pl.Date, "ends_on": pl.Date}, orient="row"
    )
    return frame.with_columns(pl.col("ends_on").dt.offset_by("-1d"))


def months_of(periods: pl.DataFrame) -> pl.DataFrame:
    """Which months make up which period: month, period."""
    months = pl.date_ranges("starts_on", "ends_on", interval="1mo")
    return periods.select("period", month=months).explode("month").select("month", "period")


def grain_of(period: pl.Expr) -> pl.Expr:
    """The grain of a period as text.

    >>> written = pl.DataFrame({"period": ["2025-03", "2025-Q2", "2025-H2", "2025"]})
    >>> written.select(grain_of(pl.col("period")))["period"].to_list()
    ['month', 'quarter', 'half_year', 'year']
    """
    marks = {"H": "half_year", "Q": "quarter", "": "year"}
    return period.str.slice(5, 1).replace_strict(marks, default=MONTH, return_dtype=pl.String)


def first_day_of(period: pl.Expr) -> pl.Expr:
    """The first day of a period as text.

    >>> written = pl.DataFrame({"period": ["2025-03", "2025-Q2", "2025-H2", "2025"]})
    >>> [day.month for day in written.select(first_day_of(pl.col("period")))["period"]]
    [3, 4, 7, 1]
    """
    length = grain_of(period).replace_strict(LENGTHS, return_dtype=pl.Int32)
    number = period.str.extract(r"-[HQ]?(\d+)$").cast(pl.Int32).fill_null(1)
    return pl.date(period.str.slice(0, 4).cast(pl.Int32), (number - 1) * length + 1, 1).alias("period")


def without_rolling(periods: pl.DataFrame) -> pl.DataFrame:
    """The periods that do not overlap with others of their grain."""
    return periods.filter(pl.col("grain") != ROLLING) if "grain" in periods.columns else periods


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which a business day ends, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(time_zone))
    return midnight.astimezone(ZoneInfo("UTC"))


def _months_later(month: date, count: int) -> date:
    place = month.year * 12 + month.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)
