"""Clocks: how long a case took and when it was due, by calendar, working calendar and law.

Between which two instants a clock runs is decided where facts are made; here they are just two expressions.
Columns ending in `_at` are instants in UTC, columns ending in `_on` are days in business time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

CALENDAR_SCHEMA = pl.Schema({"date": pl.Date, "is_workday": pl.Boolean, "is_statutory_rest": pl.Boolean})

Days = pl.Expr | int
_EPOCH = date(1970, 1, 1)


def working_calendar(
    country: str, first: date, last: date, override: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The working calendar of a country from `first` to `last`: date, is_workday, is_statutory_rest.

    CN comes from the State Council's yearly notices with make-up days (package chinesecalendar); any other
    country, also "GB-ENG", from its weekends and public holidays (package holidays). Statutory rest days,
    over which deadlines roll, are there the days that are not working days. `override` (date, is_workday and,
    if it differs, is_statutory_rest) wins; a day it gives need not be known otherwise. Raises ValueError for
    an unknown country and for days of which nothing is known.
    """
    if last < first:
        raise ValueError(f"the calendar ends on {last}, before it starts on {first}")
    given = _override(override).filter(pl.col("date").is_between(first, last))
    days = pl.date_range(first, last, eager=True).alias("date").to_frame()
    missing = days.join(given, on="date", how="anti")
    workdays = _workdays(country, missing["date"].to_list()) if missing.height else []
    official = missing.with_columns(is_workday=pl.Series(workdays, dtype=pl.Boolean))
    official = official.with_columns(is_statutory_rest=~pl.col("is_workday"))
    return pl.concat([official, given]).sort("date")


def calendar_until(country: str, last: date, first: date = date(1990, 1, 1)) -> pl.DataFrame:
    """The working calendar up to a day, with is_official: false for years that nobody knows officially.

    In those years Monday to Friday are taken as working days; make-up days and holidays are then missing.
    Raises ValueError for an unknown country.
    """
    _, first_year, last_year = known_years(country)
    days = pl.date_range(first, last, eager=True).alias("date").to_frame()
    unknown = days.filter(~pl.col("date").dt.year().is_between(first_year, last_year))
    plain = unknown.with_columns(is_workday=pl.col("date").dt.weekday() <= 5)
    return working_calendar(country, first, last, plain).with_columns(
        is_official=~pl.col("date").is_in(unknown["date"].implode())
    )


def known_years(country: str) -> tuple[str, int, int]:
    """The package that knows a country's official calendar, and its first and last year.

    Raises ValueError for an unknown country.
    """
    if country == "CN":
        from chinese_calendar.constants import holidays as known

        return "chinesecalendar", min(known).year, max(known).year
    calendar = _country_holidays(country, ())
    return "holidays", calendar.start_year, calendar.end_year


def _override(override: pl.DataFrame | None) -> pl.DataFrame:
    if override is None:
        return CALENDAR_SCHEMA.to_frame()
    if not {"date", "is_workday"} <= set(override.columns):
        raise ValueError(
            f"a calendar override needs the columns date and is_workday; it has {override.columns}"
        )
    if "is_statutory_rest" not in override.columns:
        override = override.with_columns(is_statutory_rest=~pl.col("is_workday").cast(pl.Boolean))
    frame = override.select(pl.col(name).cast(dtype) for name, dtype in CALENDAR_SCHEMA.items())
    repeated = frame.filter(pl.col("date").is_duplicated())["date"]
    if len(repeated):
        raise ValueError(f"the calendar override gives {repeated[0]} more than once")
    return frame


def _workdays(country: str, days: Sequence[date]) -> list[bool]:
    _refuse_unknown(country, days)
    return _chinese_workdays(days) if country == "CN" else _workdays_elsewhere(country, days)


def _chinese_workdays(days: Sequence[date]) -> list[bool]:
    import chinese_calendar

    return [chinese_calendar.is_workday(day) for day in days]


def _workdays_elsewhere(country: str, days: Sequence[date]) -> list[bool]:
    calendar = _country_holidays(country, range(min(days).year, max(days).year + 1))
    return [calendar.is_working_day(day) for day in days]


def _country_holidays(country: str, years: Iterable[int]) -> Any:
    import holidays

    code, _, subdivision = country.partition("-")
    try:
        return holidays.country_holidays(code, subdiv=subdivision or None, years=years)
    except NotImplementedError as error:
        raise ValueError(
            f"no working calendar is known for {country!r} ({error}); "
            "write a country as in CN, GB or GB-ENG, or give every day in the calendar override"
        ) from None


def _refuse_unknown(country: str, days: Sequence[date]) -> None:
    package, first_year, last_year = known_years(country)
    unknown = [day for day in days if not first_year <= day.year <= last_year]
    if unknown:
        raise ValueError(
            f"the working calendar of {country} is known for {first_year} to {last_year} (package "
            f"{package}), but {len(unknown)} days from {unknown[0]} to {unknown[-1]} are asked for. Update "
            "the package, or give these days in the calendar override (date, is_workday, is_statutory_rest)"
        )


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """A working calendar made ready for look-ups, one entry a day from `first` on, without gaps.

    `workdays_through`: working days from `first` to this day, both included. `days_to_open`: days until the
    next one that is no statutory rest day, 0 on such a day.
    """

    first: date
    is_workday: pl.Series
    workdays_through: pl.Series
    days_to_open: pl.Series

    @classmethod
    def of(cls, calendar: pl.DataFrame | pl.LazyFrame) -> "WorkingCalendar":
        """From date, is_workday, is_statutory_rest; raises ValueError where days repeat or are missing."""
        days = calendar.lazy().select(CALENDAR_SCHEMA.names()).sort("date").collect()
        if days.null_count().sum_horizontal().sum():
            raise ValueError("the working calendar has a row without date, is_workday or is_statutory_rest")
        steps = days["date"].diff().dt.total_days()
        wrong = days["date"].filter(steps != 1)
        if len(wrong):
            raise ValueError(f"the working calendar repeats {wrong[0]} or lacks a day before it")
        place = pl.int_range(pl.len(), dtype=pl.Int32)
        reached = pl.when(~pl.col("is_statutory_rest")).then(place).backward_fill().fill_null(pl.len())
        found = days.select(
            "is_workday",
            workdays_through=pl.col("is_workday").cum_sum().cast(pl.Int64),
            days_to_open=(reached - place).cast(pl.Int64),
        )
        return cls(days["date"].min() or _EPOCH, *found.get_columns())  # type: ignore[arg-type]

    @property
    def workdays(self) -> pl.Series:
        """Its working days in order."""
        place = self.is_workday.arg_true().cast(pl.Int32)
        return (place + (self.first - _EPOCH).days).cast(pl.Date)

    @property
    def last(self) -> date:
        """The last day of the calendar."""
        return self.first + timedelta(days=len(self.is_workday) - 1)

    def look_up(self, values: pl.Series, on: pl.Expr) -> pl.Expr:
        """The entry of each day; null for a day outside."""
        place = on.cast(pl.Date).cast(pl.Int32) - (self.first - _EPOCH).days
        return pl.lit(values).get(pl.when(place >= 0).then(place), null_on_oob=True)


def calendar_days(start_on: pl.Expr, end_on: pl.Expr) -> pl.Expr:
    """Elapsed days, the starting day not counted. Civil Code of the PRC art. 201.

    >>> pl.select(calendar_days(pl.date(2025, 9, 26), pl.date(2025, 10, 10))).item()
    14
    """
    return (end_on - start_on).dt.total_days()


def inclusive_days(start_on: pl.Expr, end_on: pl.Expr) -> pl.Expr:
    """Elapsed days, both ends counted, as APRA's life claims statistics do.

    >>> pl.select(inclusive_days(pl.date(2025, 9, 26), pl.date(2025, 10, 10))).item()
    15
    """
    return calendar_days(start_on, end_on) + 1


def business_days(start_on: pl.Expr, end_on: pl.Expr, calendar: WorkingCalendar) -> pl.Expr:
    """Working days w with start < w ≤ end, negative if end is before start, null outside the calendar.

    >>> china = WorkingCalendar.of(working_calendar("CN", date(2025, 9, 1), date(2025, 10, 31)))
    >>> pl.select(business_days(pl.date(2025, 9, 26), pl.date(2025, 10, 10), china)).item()
    5
    """
    through = calendar.workdays_through
    return calendar.look_up(through, end_on) - calendar.look_up(through, start_on)


def add_days(on: pl.Expr, days: Days) -> pl.Expr:
    """The day that many days later."""
    return (on.cast(pl.Int32) + days).cast(pl.Int32).cast(pl.Date)


def add_business_days(on: pl.Expr, days: Days, calendar: WorkingCalendar) -> pl.Expr:
    """The day on which that many working days have passed since `on`, itself not counted.

    Null where the calendar does not reach.
    """
    through = calendar.look_up(calendar.workdays_through, on)
    return pl.lit(calendar.workdays).get(through + days - 1, null_on_oob=True)


def add_months(on: pl.Expr, months: Days) -> pl.Expr:
    """The same day that many months later, or the month's last day if it has no such day.

    Civil Code of the PRC art. 202: 2024-02-29 and 12 months is 2025-02-28. Always count from the original
    day: from 01-31, one month ends on 02-28 and two on 03-31.

    >>> pl.select(add_months(pl.date(2024, 2, 29), 12)).item()
    datetime.date(2025, 2, 28)
    """
    return on.dt.offset_by(f"{months}mo" if isinstance(months, int) else pl.format("{}mo", months))


def roll_forward(on: pl.Expr, calendar: WorkingCalendar) -> pl.Expr:
    """The day itself, or the next one that is no statutory rest day. Civil Code of the PRC art. 203.

    Null before the calendar. After its end nothing is known and the day stays; that leaves states of
    deadlines right as long as the calendar reaches the day as of which they are asked.
    """
    known = calendar.look_up(calendar.days_to_open, on)
    return add_days(on, pl.when(on > calendar.last).then(0).otherwise(known))


def due_on(
    start_on: pl.Expr, days: Days, excluded_days: Days = 0, *, calendar: WorkingCalendar | None = None
) -> pl.Expr:
    """Last day of a period of `days` and `excluded_days` after `start_on`; rolled if a calendar is given.

    Civil Code of the PRC arts. 201 and 203: the starting day does not count and a period does not end on a
    statutory rest day.

    >>> china = WorkingCalendar.of(working_calendar("CN", date(2025, 9, 1), date(2025, 10, 31)))
    >>> pl.select(due_on(pl.date(2025, 9, 20), 15, calendar=china)).item()
    datetime.date(2025, 10, 9)
    """
    raw = add_days(add_days(start_on, days), excluded_days)
    return raw if calendar is None else roll_forward(raw, calendar)


def deadline_state(ended: pl.Expr, due: pl.Expr, now: pl.Expr, withdrawn: pl.Expr | None = None) -> pl.Expr:
    """What is known at `now` of a case's deadline: met, breach or undetermined; null if due or now is null.

    met: ended by the deadline. breach: ended or withdrawn after it, or still open when it has passed.
    undetermined: still open or withdrawn before it has passed. What happened after `now` is not yet known.
    All arguments are days, or all are lengths of time since the start of the case (with `now` its age).

    >>> claims = pl.DataFrame({"ended": [8, None, None], "age": [50, 6, 15]})
    >>> claims.select(deadline_state(pl.col("ended"), pl.lit(10), pl.col("age"))).to_series().to_list()
    ['met', 'undetermined', 'breach']
    """
    left = pl.min_horizontal(ended, now) if withdrawn is None else pl.min_horizontal(ended, withdrawn, now)
    return (
        pl.when(due.is_null() | now.is_null())
        .then(None)
        .when(left > due)
        .then(pl.lit("breach"))
        .when(ended == left)
        .then(pl.lit("met"))
        .otherwise(pl.lit("undetermined"))
    )


def net_clock(
    cases: pl.LazyFrame,
    requests: pl.LazyFrame,
    *,
    key: Sequence[str],
    start_on: str,
    end_on: str,
    noticed_on: str,
    supplied_on: str,
    excluded_rounds: Literal["first", "all"] = "first",
) -> pl.LazyFrame:
    """Cases with gross_days, excluded_days and net_days: the clock stops while the claimant gathers papers.

    `requests` has a row a document request: the `key` of its case, the day its notice reached the claimant
    and the day the supplement reached the insurer (null: not yet, so the clock stands still until `end_on`,
    for an open case the as-of day). Only the first request stops the clock, because art. 22 allows one
    complete request; with "all" every one does, and days within several count once. Insurance Law of the PRC
    art. 23(1) with the Supreme People's Court's Interpretation (II) art. 15.
    """
    noticed, supplied = pl.col(noticed_on), pl.col(supplied_on)
    start, end = pl.col(start_on), pl.col(end_on)
    stops = requests.filter(noticed.is_not_null()).select(*key, noticed_on, supplied_on)
    if excluded_rounds == "first":
        stops = stops.sort(noticed_on, supplied_on).unique(key, keep="first", maintain_order=True)
    stopped = pl.max_horizontal(noticed, start)
    resumed = pl.min_horizontal(supplied, end)
    covered = resumed.cum_max().shift(1).over(key, order_by=noticed_on)
    excluded = (
        stops.join(cases.select(*key, start_on, end_on), on=list(key))
        .with_columns(_days=calendar_days(pl.max_horizontal(stopped, covered), resumed).clip(lower_bound=0))
        .group_by(key)
        .agg(excluded_days=pl.col("_days").sum())
    )
    gross = calendar_days(start, end)
    return (
        cases.join(excluded, on=list(key), how="left")
        .with_columns(gross_days=gross, excluded_days=pl.col("excluded_days").fill_null(0))
        .with_columns(net_days=pl.col("gross_days") - pl.col("excluded_days"))
    )
