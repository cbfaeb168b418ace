"""Records of facts that come in parts, and records since an earlier day, against those of the whole facts."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.measures.test_families import CLOCK, CUTS, FACT, IS_EVEN, MEASURES, cases, facts, frame
from transforms.measures.case_measures import Deadline
from transforms.measures.curve_measures import Clock, SurvivalQuantile
from transforms.measures.definition import Kpi, Measure
from transforms.measures.records import kpi_records, records_since
from transforms.measures.records_since import RECORD_KEY, Change, Since
from transforms.periods import MONTH, end_of_day, long_periods, month_periods, months_until
from transforms.settings import Settings

UNDER = Settings(time_zone="UTC", cuts=CUTS)
DAY = date(2025, 7, 1)
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
WINDOWS = {(kpi.code, "cohort"): 6 for kpi in KPIS[::3]}


def periods(as_of: date) -> pl.DataFrame:
    months = months_until(as_of, 6)
    single = month_periods(months).select(pl.lit(MONTH).alias("grain"), "starts_on", "ends_on")
    return pl.concat([single, long_periods(months)])


def records(given_facts: dict) -> pl.DataFrame:
    return kpi_records(given_facts, KPIS, periods(DAY), as_of=DAY, settings=UNDER)


@given(rows=st.lists(st.tuples(cases(), st.integers(0, 2)), max_size=14))
@settings(max_examples=6)
def test_records_of_parts_are_those_of_the_whole(rows) -> None:
    """Whatever the parts: also where one of them has no case, or all."""
    every = frame([row for row, _ in rows])
    number = pl.Series([part for _, part in rows], dtype=pl.Int64)
    parts = [facts(every.filter(number == part)) for part in range(3)]
    in_parts = {name: [part[name] for part in parts] for name in parts[0]}
    assert_frame_equal(records(in_parts), records(facts(every)))


@given(
    rows=st.lists(st.tuples(cases(), st.integers(0, 3), st.integers(1, 4)), max_size=14),
    day=st.dates(FIRST, LAST),
    days=st.lists(st.integers(0, 70), min_size=2, max_size=2),
)
@settings(max_examples=12)
def test_records_since_a_day_with_those_that_stand_are_those_of_the_whole(rows, day: date, days) -> None:
    """Cases come on one of three days and go again on a later one, with their segments, their months, or all."""
    every = frame([row for row, _, _ in rows])
    comes, goes = (pl.Series([fate[place] for fate in rows], dtype=pl.Int64) for place in (1, 2))
    since, kept = None, pl.DataFrame()
    for number, days_later in enumerate([0, *days]):
        day += timedelta(days_later)
        there = (comes <= number) & (goes > number)
        made = records_since(
            since, facts(every.filter(there)), KPIS, periods(day), as_of=day, settings=UNDER, windows=WINDOWS
        )
        kept = pl.concat([made.standing(kept), made.anew]) if since else made.anew
        whole = kpi_records(
            facts(every.filter(there)), KPIS, periods(day), as_of=day, settings=UNDER, windows=WINDOWS
        )
        assert_frame_equal(kept.sort(RECORD_KEY), whole.sort(RECORD_KEY))
        gone, new = (
            facts(every.filter(own))
            for own in (there & (goes == number + 1), (comes == number + 1) & (goes > number + 1))
        )
        since = Since(made.kept, {name: Change(gone[name], new[name]) for name in gone})


def test_nothing_is_made_anew_where_nothing_changed_and_the_clock_moves_nothing() -> None:
    row = {"branch": "Aue", "line": "life", "kind": 13, "score": 3, "starts_on": DAY, "ends_on": DAY}
    given_facts = facts(frame([row]))
    first = records_since(None, given_facts, KPIS, periods(DAY), as_of=DAY, settings=UNDER)
    nothing = {name: Change(fact.clear(), fact.clear()) for name, fact in given_facts.items()}
    later = DAY + timedelta(1)
    second = records_since(
        Since(first.kept, nothing), given_facts, KPIS, periods(later), as_of=later, settings=UNDER
    )
    assert first.anew.height > 1000 and second.anew.is_empty()


def test_one_definition_that_changes_makes_its_own_records_anew() -> None:
    given_facts = facts(frame([{"branch": "Aue", "line": "life", "score": 3, "starts_on": DAY}]))
    first = records_since(None, given_facts, KPIS, periods(DAY), as_of=DAY, settings=UNDER)
    nothing = {name: Change(fact.clear(), fact.clear()) for name, fact in given_facts.items()}
    changed = [replace(kpi, minimum=2) if kpi.code == "k5" else kpi for kpi in KPIS]
    second = records_since(
        Since(first.kept, nothing), given_facts, changed, periods(DAY), as_of=DAY, settings=UNDER
    )
    assert set(second.anew["kpi"]) == {"k5"}
    whole = kpi_records(given_facts, changed, periods(DAY), as_of=DAY, settings=UNDER)
    assert_frame_equal(
        pl.concat([second.standing(first.anew), second.anew]).sort(RECORD_KEY), whole.sort(RECORD_KEY)
    )


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
