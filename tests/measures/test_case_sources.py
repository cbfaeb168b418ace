"""Records from what is kept of an earlier day and the rows that changed since, against those of the whole facts."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.measures.test_families import CLOCK, CUTS, FACT, IS_EVEN, MEASURES, cases, facts, frame
from transforms.measures.case_measures import Deadline
from transforms.measures.case_sources import Change, ChangedFacts
from transforms.measures.curve_measures import Clock, SurvivalQuantile
from transforms.measures.definition import Kpi, Measure
from transforms.measures.records import kpi_records
from transforms.periods import MONTH, end_of_day, long_periods, month_periods, months_until
from transforms.settings import Settings

UNDER = Settings(time_zone="UTC", cuts=CUTS)
FIRST, LAST = date(2025, 5, 20), date(2025, 8, 10)
IN_DAYS = Clock("starts_on", "ends_on")
# What the clock alone moves, apart from the families themselves.
DEADLINES: list[tuple[Measure, dict[str, object]]] = [
    (Deadline("starts_on", "ends_on", 20), {}),
    (Deadline("starts_on", "ends_on", 20, exits_on="held_on"), {"excluded": IS_EVEN}),
    (Deadline("starts_on", "ends_on", due_on="matures_on"), {"population": IS_EVEN}),
    (SurvivalQuantile(Clock(CLOCK.starts, CLOCK.ends, CLOCK.exits, IN_DAYS, "is_first"), 0.5), {}),
]
KPIS = [
    Kpi(
        code=f"k{number}", title="K", fact=FACT, measure=measure, unit="ratio", direction=1,
        dates={"stock": "starts_on"} if measure.family == "stocks" else {"cohort": "starts_on", "period": "ends_on"},
        source="this test", **particular,
    )
    for number, (measure, particular) in enumerate([*DEADLINES, *(one for some in MEASURES.values() for one in some)])
]  # fmt: skip


def periods(as_of: date) -> pl.DataFrame:
    months = months_until(as_of, 6)
    single = month_periods(months).select(pl.lit(MONTH).alias("grain"), "starts_on", "ends_on")
    return pl.concat([single, long_periods(months)])


def records(rows: pl.DataFrame, as_of: date, source: ChangedFacts | None = None) -> pl.DataFrame:
    return kpi_records(source or facts(rows), KPIS, periods(as_of), as_of=as_of, settings=UNDER)


def changes(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, Change]:
    """What each fact lost and got, from rows of which each is in either or in both."""
    one, other = facts(before), facts(after)
    return {name: Change(one[name], other[name]) for name in one}


@given(
    rows=st.lists(st.tuples(cases(), st.sampled_from(["stays", "goes", "comes"])), max_size=14),
    day=st.dates(FIRST, LAST),
    days=st.integers(0, 100),
)
@settings(max_examples=6)
def test_records_after_a_change_are_those_of_the_whole(rows, day: date, days: int) -> None:
    every = frame([row for row, _ in rows]).with_columns(
        fate=pl.Series([f for _, f in rows], dtype=pl.String)
    )
    before, after = (every.filter(pl.col("fate") != gone).drop("fate") for gone in ("comes", "goes"))
    gone, new = (every.filter(fate=fate).drop("fate") for fate in ("goes", "comes"))
    first = ChangedFacts(facts(before), UNDER, day)
    assert_frame_equal(records(before, day, first), records(before, day))
    later = day + timedelta(days)
    second = ChangedFacts(facts(after), UNDER, later, first.kept, changes(gone, new))
    assert_frame_equal(records(after, later, second), records(after, later))
    third = ChangedFacts(
        facts(after), UNDER, later + timedelta(1), second.kept, changes(gone.clear(), new.clear())
    )
    expected = records(after, later + timedelta(1))
    assert_frame_equal(records(after, later + timedelta(1), third), expected)


@given(rows=st.lists(cases(), min_size=1, max_size=9), day=st.dates(FIRST, LAST), days=st.integers(0, 100))
@settings(max_examples=60)
def test_what_is_at_rest_comes_to_the_same_on_every_later_day(rows, day: date, days: int) -> None:
    later = day + timedelta(days)
    for measure, _ in DEADLINES:
        rest = frame(rows).filter(measure.at_rest(day))
        assert rest.select(still=measure.at_rest(later))["still"].all()
        then, now = (
            rest.select(s.cases.alias(name) for name, s in measure.statistics(on).items())
            if isinstance(measure, Deadline)
            else rest.select(measure.clock.fate(), until=measure.clock.duration(on, end_of_day(on, "UTC")))
            for on in (day, later)
        )
        assert_frame_equal(then, now)
