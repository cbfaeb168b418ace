"""Records of facts that come in parts, against those of the whole facts."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.measures.test_families import CLOCK, CUTS, FACT, IS_EVEN, MEASURES, cases, facts, frame
from transforms.measures.case_measures import Deadline
from transforms.measures.curve_measures import Clock, SurvivalQuantile
from transforms.measures.definition import Kpi, Measure
from transforms.measures.records import kpi_records
from transforms.periods import MONTH, long_periods, month_periods, months_until
from transforms.settings import Settings

UNDER = Settings(time_zone="UTC", cuts=CUTS)
DAY = date(2025, 7, 1)
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
