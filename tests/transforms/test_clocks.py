"""Clocks and deadlines against worked values, brute force over days, and the laws they obey."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.clocks import (
    CALENDAR_SCHEMA,
    WorkingCalendar,
    add_business_days,
    add_months,
    business_days,
    calendar_days,
    deadline_state,
    due_on,
    inclusive_days,
    net_clock,
    roll_forward,
    working_calendar,
)


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    return WorkingCalendar.of(working_calendar("CN", date(2025, 1, 1), date(2025, 12, 31)))


def mondays_to_fridays(first: date, last: date) -> pl.DataFrame:
    days = pl.date_range(first, last, eager=True).alias("date").to_frame()
    return days.with_columns(
        is_workday=pl.col("date").dt.weekday() <= 5, is_statutory_rest=pl.col("date").dt.weekday() > 5
    )


PLAIN = WorkingCalendar.of(mondays_to_fridays(date(2020, 1, 1), date(2029, 12, 31)))
A_DAY = st.dates(date(2020, 3, 1), date(2029, 10, 31))


def value(expression: pl.Expr) -> Any:
    return pl.select(expression.alias("value")).item()


def day(year: int, month: int, of_month: int) -> pl.Expr:
    return pl.lit(date(year, month, of_month))


def test_report_on_a_friday_decision_after_the_national_holiday(china: WorkingCalendar) -> None:
    """2025-09-26 to 2025-10-10: Sunday 28 September was worked, 1 to 8 October were off."""
    reported, decided = day(2025, 9, 26), day(2025, 10, 10)
    assert value(calendar_days(reported, decided)) == 14
    assert value(inclusive_days(reported, decided)) == 15
    assert value(business_days(reported, decided, PLAIN)) == 10
    assert value(business_days(reported, decided, china)) == 5


def test_deadlines_roll_over_rest_days(china: WorkingCalendar) -> None:
    """Civil Code art. 203: 03-16 is a Sunday; 10-05 lies in the holiday, which ends on 10-08."""
    assert value(due_on(day(2025, 3, 1), 15)) == date(2025, 3, 16)
    assert value(due_on(day(2025, 3, 1), 15, calendar=china)) == date(2025, 3, 17)
    assert value(due_on(day(2025, 9, 20), 15, calendar=china)) == date(2025, 10, 9)
    assert value(due_on(day(2025, 1, 20), 60, 10, calendar=china)) == date(2025, 3, 31)


def test_months_end_on_the_original_day_or_the_last_of_the_month() -> None:
    """Civil Code art. 202, with the 60 days of grace of Insurance Law art. 36 after the 13th premium."""
    due = add_months(day(2024, 2, 29), 12)
    assert value(due) == date(2025, 2, 28)
    assert value(due_on(due, 60)) == date(2025, 4, 29)
    assert value(due_on(add_months(day(2024, 3, 31), 12), 60)) == date(2025, 5, 30)
    assert value(due_on(add_months(day(2024, 12, 31), 12), 60)) == date(2026, 3, 1)
    assert value(add_months(day(2025, 1, 31), 1)) == date(2025, 2, 28)
    assert value(add_months(day(2025, 1, 31), pl.lit(2))) == date(2025, 3, 31)


@given(A_DAY, st.integers(0, 120))
def test_add_months_by_hand(start: date, months: int) -> None:
    years, month = divmod(start.month - 1 + months, 12)
    last = monthrange(start.year + years, month + 1)[1]
    expected = date(start.year + years, month + 1, min(start.day, last))
    assert (
        value(add_months(pl.lit(start), months))
        == value(add_months(pl.lit(start), pl.lit(months)))
        == expected
    )


def test_days_between_worked(china: WorkingCalendar) -> None:
    """A Friday before the holidays of October to the Friday after them, with a Sunday worked in between."""
    reported, decided = day(2025, 9, 26), day(2025, 10, 10)
    assert value(calendar_days(reported, decided)) == 14
    assert value(inclusive_days(reported, decided)) == 15
    assert value(business_days(reported, decided, PLAIN)) == 10
    assert value(business_days(reported, decided, china)) == 5


@pytest.mark.parametrize(
    ("start", "days", "due", "due_in_china"),
    [
        (date(2025, 3, 1), 15, date(2025, 3, 16), date(2025, 3, 17)),
        (date(2025, 9, 20), 15, date(2025, 10, 5), date(2025, 10, 9)),
        (date(2025, 3, 3), 30, date(2025, 4, 2), date(2025, 4, 2)),
    ],
)
def test_due_days_worked(
    start: date, days: int, due: date, due_in_china: date, china: WorkingCalendar
) -> None:
    """A limit that ends on a Sunday or in the holidays of October moves to the next other day."""
    assert value(due_on(pl.lit(start), days)) == due
    assert value(due_on(pl.lit(start), days, calendar=china)) == due_in_china


def test_excluded_days_move_a_due_day() -> None:
    assert value(due_on(pl.lit(date(2025, 1, 20)), 60, 10)) == date(2025, 3, 31)


# --- working calendars


def test_unknown_days_of_china_are_refused_unless_given() -> None:
    first, last = date(2026, 12, 30), date(2027, 1, 2)
    with pytest.raises(ValueError, match=r"CN is known for 2004 to 2026.*2027-01-01.*calendar override"):
        working_calendar("CN", first, last)
    override = pl.DataFrame({"date": [date(2027, 1, 1), date(2027, 1, 2)], "is_workday": [False, True]})
    calendar = working_calendar("CN", first, last, override)
    assert calendar.schema == CALENDAR_SCHEMA
    assert calendar["is_workday"].to_list() == [True, True, False, True]
    assert calendar["is_statutory_rest"].to_list() == [False, False, True, False]


def test_the_override_wins() -> None:
    override = pl.DataFrame({"date": [date(2025, 10, 1)], "is_workday": [True], "is_statutory_rest": [True]})
    calendar = working_calendar("CN", date(2025, 10, 1), date(2025, 10, 2), override)
    assert calendar.rows() == [(date(2025, 10, 1), True, True), (date(2025, 10, 2), False, True)]


@pytest.mark.parametrize(
    ("country", "on", "works"),
    [
        ("CN", date(2025, 9, 28), True),
        ("US", date(2025, 7, 4), False),
        ("GB", date(2025, 12, 25), False),
        ("GB-SCT", date(2025, 1, 2), False),
        ("GB-ENG", date(2025, 1, 2), True),
        ("SA", date(2025, 6, 15), True),
    ],
)
def test_working_days_of_countries(country: str, on: date, works: bool) -> None:
    assert working_calendar(country, on, on)["is_workday"].to_list() == [works]


def test_wrong_calendars_are_refused() -> None:
    days = mondays_to_fridays(date(2025, 1, 1), date(2025, 1, 9))
    with pytest.raises(ValueError, match=r"'ZZ'.*calendar override"):
        working_calendar("ZZ", date(2025, 1, 1), date(2025, 1, 9))
    with pytest.raises(ValueError, match="more than once"):
        working_calendar("CN", date(2025, 1, 1), date(2025, 1, 9), pl.concat([days, days.head(1)]))
    with pytest.raises(ValueError, match="2025-01-06 or lacks a day before"):
        WorkingCalendar.of(days.filter(pl.col("date") != date(2025, 1, 5)))
    with pytest.raises(ValueError, match="repeats 2025-01-01"):
        WorkingCalendar.of(pl.concat([days, days.head(1)]))


def test_outside_the_calendar_clocks_are_null(china: WorkingCalendar) -> None:
    for outside in (day(2024, 12, 31), day(2026, 1, 1)):
        assert value(business_days(outside, day(2025, 5, 5), china)) is None
    assert value(roll_forward(day(2024, 12, 31), china)) is None
    assert value(roll_forward(day(2026, 1, 3), china)) == date(2026, 1, 3)
    nothing = WorkingCalendar.of(CALENDAR_SCHEMA.to_frame())
    assert value(business_days(day(2025, 5, 5), day(2025, 5, 5), nothing)) is None


@pytest.fixture(scope="module")
def pairs() -> pl.DataFrame:
    """Every pair of days at most 40 apart around the holidays of 2025 in China."""
    days = pl.date_range(date(2025, 9, 1), date(2025, 11, 10), eager=True).alias("start").to_frame()
    return days.join(days.rename({"start": "end"}), how="cross").filter(
        (pl.col("end") - pl.col("start")).dt.total_days().is_between(0, 40)
    )


def test_business_days_by_counting(china: WorkingCalendar, pairs: pl.DataFrame) -> None:
    calendar = working_calendar("CN", date(2025, 9, 1), date(2025, 12, 1))
    workdays = set(calendar.filter("is_workday")["date"])
    counted = pairs.with_columns(days=business_days(pl.col("start"), pl.col("end"), china))
    for start, end, days in counted.iter_rows():
        assert days == sum(start + timedelta(d) in workdays for d in range(1, (end - start).days + 1))


def test_rolling_stops_at_the_first_day_that_is_no_rest_day(
    china: WorkingCalendar, pairs: pl.DataFrame
) -> None:
    rest = set(
        working_calendar("CN", date(2025, 9, 1), date(2025, 12, 31)).filter("is_statutory_rest")["date"]
    )
    rolled = pairs.select("start", rolled=roll_forward(pl.col("start"), china)).unique()
    for start, stop in rolled.iter_rows():
        assert stop not in rest
        assert all(start + timedelta(d) in rest for d in range((stop - start).days))


@given(A_DAY, st.integers(0, 60), st.integers(-50, 50))
def test_whole_weeks_change_no_count_where_there_are_no_holidays(
    start: date, length: int, weeks: int
) -> None:
    def count(first: date) -> Any:
        days = pl.lit(first), pl.lit(first + timedelta(length))
        return value(business_days(*days, PLAIN))

    shifted = start + timedelta(weeks=weeks)
    if PLAIN.first <= shifted and shifted + timedelta(length) <= PLAIN.last:
        assert count(start) == count(shifted)


# --- deadlines


def states(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Of (ended, age, withdrawn) in days since the start, with a limit of ten days."""
    schema = {"ended": pl.Int64, "age": pl.Int64, "withdrawn": pl.Int64}
    state = deadline_state(pl.col("ended"), pl.lit(10), pl.col("age"), pl.col("withdrawn"))
    return pl.DataFrame(rows, schema, orient="row").with_columns(state=state)


def counts(frame: pl.DataFrame) -> tuple[int, ...]:
    """How many of the states are met, breach and undetermined."""
    return tuple((frame["state"] == name).sum() for name in ("met", "breach", "undetermined"))


TEN = [(d, 50, None) for d in (2, 3, 3, 5, 8, 10, 12)] + [(None, age, None) for age in (6, 15, 40)]


def test_ten_claims_with_a_limit_of_ten_days() -> None:
    """Six in time, three late, among them those open for 15 and 40 days, and the one open for six is undetermined."""
    assert counts(states(TEN)) == (6, 3, 1)


def test_seven_complaints_with_and_without_rolling(china: WorkingCalendar) -> None:
    """As of 2025-03-31; the second is late without roll-forward and in time with it."""
    rows = [
        ("2025-03-01", "2025-03-14", 15, 0),
        ("2025-03-01", "2025-03-17", 15, 0),
        ("2025-03-03", "2025-03-25", 30, 0),
        ("2025-03-10", None, 15, 0),
        ("2025-03-20", None, 15, 0),
        ("2025-01-20", "2025-03-28", 60, 10),
        ("2025-03-25", "2025-03-26", 15, 0),
    ]
    frame = pl.DataFrame(
        rows, ["received_on", "decided_on", "allowed", "excluded"], orient="row"
    ).with_columns(pl.col("received_on", "decided_on").str.to_date())
    found = []
    for calendar in (None, china):
        due = due_on(pl.col("received_on"), pl.col("allowed"), pl.col("excluded"), calendar=calendar)
        state = deadline_state(pl.col("decided_on"), due, day(2025, 3, 31))
        found.append(counts(frame.select(state=state)))
    assert found == [(4, 2, 1), (5, 1, 1)]


@pytest.mark.parametrize(
    ("ended", "age", "withdrawn", "state"),
    [
        (10, 50, None, "met"),
        (11, 50, None, "breach"),
        (None, 10, None, "undetermined"),
        (None, 11, None, "breach"),
        (None, 50, 4, "undetermined"),  # withdrawn in time
        (None, 50, 12, "breach"),  # withdrawn when it was late already
        (8, 50, 4, "undetermined"),  # the withdrawal ended it
        (4, 50, 8, "met"),
        (8, 5, None, "undetermined"),  # what happens later is not known yet
        (20, 15, None, "breach"),
        (3, None, None, None),
    ],
)
def test_states(ended: int | None, age: int | None, withdrawn: int | None, state: str | None) -> None:
    assert states([(ended, age, withdrawn)])["state"].to_list() == [state]


@given(
    st.lists(st.booleans(), min_size=120, max_size=120),
    st.lists(st.booleans(), min_size=120, max_size=120),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60), st.none() | st.integers(0, 60)), max_size=10),
)
def test_states_do_not_depend_on_working_days_to_come(
    one_future: list[bool], other_future: list[bool], cases: list[tuple[int, int, int | None]]
) -> None:
    """As of day 60 of two calendars that agree up to it; only due days that lie ahead may differ."""
    first = date(2025, 1, 1)
    now = first + timedelta(60)

    def found(future: list[bool]) -> list[list[Any]]:
        official = working_calendar("CN", first, now)
        days = pl.DataFrame(
            {"date": [now + timedelta(i + 1) for i in range(120)], "is_workday": future}
        ).with_columns(is_statutory_rest=~pl.col("is_workday"))
        calendar = WorkingCalendar.of(pl.concat([official, days]))
        frame = pl.DataFrame(cases, {"start": pl.Int64, "limit": pl.Int64, "end": pl.Int64}, orient="row")
        start_on = pl.lit(first) + pl.duration(days="start")
        ended_on = start_on + pl.duration(days="end")
        rolled = due_on(start_on, pl.col("limit"), calendar=calendar)
        counted = add_business_days(start_on, pl.col("limit"), calendar).fill_null(date(2030, 1, 1))
        states = (deadline_state(ended_on, due, pl.lit(now)) for due in (rolled, counted))
        return [frame.select(state=state)["state"].to_list() for state in states]

    assert found(one_future) == found(other_future)


# --- the net clock of Insurance Law art. 23


def net(requests: list[tuple[date, date | None]], rounds: Any = "first") -> tuple[int, int, int]:
    """Gross, excluded and net days of a claim requested 2025-03-03 and decided 2025-04-14."""
    case = {"claim": ["a"], "requested_on": [date(2025, 3, 3)], "decided_on": [date(2025, 4, 14)]}
    schema = {"claim": pl.String, "noticed_on": pl.Date, "supplied_on": pl.Date}
    found = net_clock(
        pl.LazyFrame(case),
        pl.LazyFrame([("a", *request) for request in requests], schema, orient="row"),
        key=["claim"],
        start_on="requested_on",
        end_on="decided_on",
        noticed_on="noticed_on",
        supplied_on="supplied_on",
        excluded_rounds=rounds,
    )
    gross, excluded, net_days = found.select("gross_days", "excluded_days", "net_days").collect().row(0)
    return gross, excluded, net_days


def test_time_to_supply_documents_does_not_count() -> None:
    """Noticed 03-10, supplied 03-25: 42 days gross, 15 excluded, 27 net, so within 30 days."""
    assert net([(date(2025, 3, 10), date(2025, 3, 25))]) == (42, 15, 27)
    assert net([]) == (42, 0, 42)


def test_only_the_first_of_several_requests_counts_unless_all_are_asked_for() -> None:
    requests = [(date(2025, 3, 28), date(2025, 4, 2)), (date(2025, 3, 10), date(2025, 3, 25))]
    assert net(requests) == (42, 15, 27)
    assert net(requests, "all") == (42, 20, 22)
    overlapping = [(date(2025, 3, 10), date(2025, 3, 25)), (date(2025, 3, 12), date(2025, 3, 28))]
    assert net(overlapping, "all") == (42, 18, 24)
    within = [(date(2025, 3, 10), date(2025, 3, 25)), (date(2025, 3, 12), date(2025, 3, 14))]
    assert net([*within, (date(2025, 3, 20), date(2025, 3, 26))], "all") == (42, 16, 26)


def test_the_clock_stands_still_only_between_its_ends() -> None:
    assert net([(date(2025, 3, 10), None)]) == (42, 35, 7)
    assert net([(date(2025, 2, 20), date(2025, 3, 8))]) == (42, 5, 37)
    assert net([(date(2025, 4, 20), date(2025, 4, 30))]) == (42, 0, 42)
