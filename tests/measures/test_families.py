"""Every family's state: that of two parts, merged, is that of the whole, and a row may stand for many cases."""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.measures.case_measures import Count, Mean, Quantile, Ratio, Share
from transforms.measures.curve_measures import (
    Clock,
    Incidence,
    RestrictedMean,
    SurvivalQuantile,
    WithinProbability,
)
from transforms.measures.definition import Exposure, Flow, Kpi, Measure
from transforms.measures.families import Families
from transforms.measures.figures import Figures, Plan, Scope, Series
from transforms.measures.rates import PerExposure
from transforms.measures.segments import segmented
from transforms.measures.stock_measures import Clearance, ClosedInWindow, Stock, StockShare
from transforms.measures.survey_measures import AllocationMean, NetPromoter, WeightedMean
from transforms.periods import MONTH, long_periods, month_periods, months_until

FACT, FEED = "core.cases", "core.exposure_months"
CUTS = ("company", "branch", "line")
AS_OF, FIRST = date(2025, 6, 30), date(2024, 6, 1)
IS_EVEN, IS_SMALL = pl.col("score") % 2 == 0, pl.col("score") < 5
FLOW = Flow(FACT, "starts_on", "ends_on", excluded=pl.col("score") == 7)
CLOCK = Clock("starts_at", "ends_at", ("exits_at",))
# A family's measures, and what else is particular about KPIs of it.
MEASURES: dict[str, list[tuple[Measure, dict[str, object]]]] = {
    "sums": [
        (Count(), {}),
        (Share(of=IS_SMALL, among=IS_EVEN), {"excluded": pl.col("score") == 4}),
        (Mean("amount"), {}),
        (Ratio("score", "amount"), {}),
        (Share(of=IS_SMALL, among=pl.lit(True)), {"slice": ("kind", 13), "issue_months": 2}),
        (Mean("amount"), {"cumulative": True}),
        (Count(), {"held_since": "held_on"}),
    ],
    "quantiles": [
        (Quantile("amount", 0.5), {}),
        (Quantile("score", 0.9), {}),
        (Quantile("score", 0.25), {"slice": ("kind", 25)}),
    ],
    "stocks": [
        (Stock(FLOW), {}),
        (Clearance(Flow(FACT, "starts_on", "ends_on", amount="amount", population=IS_EVEN)), {}),
        (StockShare(FLOW, of=Flow(FACT, "starts_on", "ends_on", population=IS_SMALL)), {}),
        (ClosedInWindow(FLOW), {}),
    ],
    "rates": [
        (PerExposure(Exposure("at_risk", FLOW)), {}),
        (PerExposure(Exposure("opening", FLOW, "opening"), per=1000.0, amount="amount"), {}),
        (PerExposure(Exposure("fed", None, feed_column="policies"), is_share=False), {}),
    ],
    "curves": [
        (SurvivalQuantile(CLOCK, 0.5), {}),
        (RestrictedMean(CLOCK, 30), {}),
        (WithinProbability(CLOCK, 10), {"excluded": pl.col("score") == 4}),
        (Incidence(CLOCK, 10), {}),
        (SurvivalQuantile(Clock("starts_on", "ends_on"), 0.9), {}),
    ],
    "surveys": [
        (NetPromoter("score"), {}),
        (WeightedMean("score", "weight"), {}),
        (AllocationMean("amount", "weight", by="branch", groups=("Aue", "Bonn")), {}),
    ],
}
SCHEMA = {
    "branch": pl.String, "line": pl.String, "kind": pl.Int64, "score": pl.Int64, "amount": pl.Float64,
    "amount_overall": pl.Float64, "weight": pl.Float64, "starts_on": pl.Date, "ends_on": pl.Date,
    "held_on": pl.Date, "matures_on": pl.Date, "starts_at": pl.Datetime("us", "UTC"),
    "ends_at": pl.Datetime("us", "UTC"), "exits_at": pl.Datetime("us", "UTC"), "policies": pl.Float64,
    "is_first": pl.Boolean, "cases": pl.Int64,
}  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> dict[str, object]:
    """A row that may be of either part, with what every family looks at."""
    day = FIRST + timedelta(draw(st.integers(0, 390)))
    instant = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    days = draw(st.none() | st.integers(0, 60) | st.sampled_from([0.5, 1.25, 7.123456]))
    outcome = draw(st.sampled_from(["ends_at", "exits_at"]))
    amount = st.none() | st.integers(-9, 99) | st.decimals(-999, 999, places=2) | st.floats(-1e15, 1e15)
    drawn = draw(amount)
    return {
        "branch": draw(st.sampled_from([None, "Aue", "Bonn", "Celle"])),
        "line": draw(st.sampled_from(["life", "motor"])),
        "kind": draw(st.sampled_from([13, 25])),
        "score": draw(st.none() | st.integers(0, 10)),
        "amount": None if drawn is None else float(drawn),
        "amount_overall": draw(st.floats(0, 10)),
        "weight": draw(st.floats(0.1, 9)),
        "starts_on": day,
        "ends_on": None if days is None else day + timedelta(int(days) - draw(st.booleans())),
        "held_on": day - timedelta(draw(st.integers(-20, 120))),
        "matures_on": day + timedelta(draw(st.integers(30, 200))),
        "starts_at": instant,
        "policies": float(draw(st.integers(0, 500))),
        "is_first": draw(st.booleans()),
        "cases": draw(st.integers(0, 3)),
        **({} if days is None else {outcome: instant + timedelta(days)}),
    }


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(SCHEMA), **row} for row in rows], schema=SCHEMA)


def facts(rows: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """The cases, and what a feed states, each with its own cuts."""
    feed = rows.select("line", "policies", "cases", month=pl.col("starts_on").dt.truncate("1mo"))
    return {FACT: rows.drop("policies").lazy(), FEED: feed.lazy()}


def series(family: str) -> list[Series]:
    return [
        Series(
            number,
            Kpi(
                code=f"k{number}", title="K", fact=FACT, measure=measure, unit="ratio", direction=1,
                dates={"cohort": "starts_on"}, source="this test", **particular,
            ),
            "cohort",
        )
        for number, (measure, particular) in enumerate(MEASURES[family])
    ]  # fmt: skip


def periods() -> pl.DataFrame:
    months = months_until(AS_OF, 6)
    single = month_periods(months).select(pl.lit(MONTH).alias("grain"), "starts_on", "ends_on")
    return pl.concat([single, long_periods(months)]).with_columns(
        period=pl.int_range(pl.len(), dtype=pl.UInt32)
    )


def figures(family: str, segments, states) -> list[Figures]:
    scope = Scope(periods(), segments, AS_OF, datetime(2025, 7, 1, tzinfo=UTC))
    found = Families.of(scope, states, lambda flow: True).by_name
    return [
        one
        for name, finder in found.items()
        for one in finder.figures([s for s in series(family) if s.kpi.measure.family == name])
    ]


def content(value: object) -> object:
    """What a state holds, to be compared."""
    if is_dataclass(value):
        return type(value).__name__, {f.name: content(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return value.shape, [repr(float(v)) for v in value.ravel()]
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, dict):
        return {name: content(part) for name, part in value.items()}
    return tuple(map(content, value)) if isinstance(value, tuple) else value


def assert_same_figures(found: list[Figures], expected: list[Figures]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.series.number == other.series.number
        assert (one.segments == other.segments).all()
        assert one.numbers.keys() == other.numbers.keys()
        for name, array in one.numbers.items():
            np.testing.assert_array_equal(array, other.numbers[name], err_msg=name)


@pytest.mark.parametrize("family", MEASURES)
@given(rows=st.lists(cases(), max_size=20))
@settings(max_examples=25)
@example(rows=[])
def test_merged_parts_are_the_whole(family: str, rows: list[dict[str, object]]) -> None:
    """Whatever the parts: segments that one of them lacks, months that it lacks, and no case at all."""
    whole = frame(rows)
    segments, of_whole = segmented(facts(whole), CUTS)
    _, of_one = segmented(facts(whole.filter("is_first")), CUTS)
    _, of_other = segmented(facts(whole.filter(~pl.col("is_first"))), CUTS)

    def merged(plan: Plan):
        state = plan.state(of_one).merge(plan.state(of_other))
        assert content(state) == content(plan.state(of_whole))
        return state

    expected = figures(family, segments, lambda plan: plan.state(of_whole))
    assert_same_figures(figures(family, segments, merged), expected)


@pytest.mark.parametrize("family", MEASURES)
@given(rows=st.lists(cases(), max_size=20))
@settings(max_examples=25)
def test_the_whole_without_a_part_is_the_rest(family: str, rows: list[dict[str, object]]) -> None:
    """Also where the rest has no case left in a segment, a month or a slice, or none at all."""
    whole = frame(rows)
    _, of_whole = segmented(facts(whole), CUTS)
    rest, part = whole.filter("is_first"), whole.filter(~pl.col("is_first"))
    own, of_rest = segmented(facts(rest), CUTS)
    _, of_part = segmented(facts(part), CUTS)

    def left(plan: Plan):
        return plan.state(of_whole).without(plan.state(of_part))

    expected = figures(family, own, lambda plan: plan.state(of_rest))
    assert_same_figures(figures(family, own, left), expected)


@pytest.mark.parametrize("family", MEASURES)
@given(rows=st.lists(cases(), max_size=12))
@settings(max_examples=25)
def test_a_row_of_many_cases_is_as_many_rows(family: str, rows: list[dict[str, object]]) -> None:
    weighted = frame(rows)
    multiplied = weighted.select(pl.all().repeat_by("cases")).explode(pl.all())
    segments, of_weighted = segmented(facts(weighted), CUTS, {FACT: "cases", FEED: "cases"})
    _, of_multiplied = segmented(facts(multiplied), CUTS)
    # A segment of which no case is told is one all the same.
    expected = figures(family, segments, lambda plan: plan.state(of_multiplied))
    assert_same_figures(figures(family, segments, lambda plan: plan.state(of_weighted)), expected)


@pytest.mark.parametrize("family", MEASURES)
def test_a_billion_cases_are_counted_one_by_one(family: str) -> None:
    """Their state is exactly that of two rows of which one stands for one case less than a billion."""
    row = {
        "branch": "Aue", "line": "life", "kind": 13, "score": 3, "amount": 1234567.89, "amount_overall": 3.3,
        "weight": 0.123456789, "starts_on": date(2025, 2, 3), "ends_on": date(2025, 3, 9), "policies": 2.0,
        "held_on": date(2025, 1, 1), "matures_on": date(2025, 5, 1), "starts_at": datetime(2025, 2, 3, tzinfo=UTC),
        "ends_at": datetime(2025, 3, 9, tzinfo=UTC),
    }  # fmt: skip
    weights = {FACT: "cases", FEED: "cases"}
    segments, one = segmented(facts(frame([{**row, "cases": 10**9}])), CUTS, weights)
    _, two = segmented(facts(frame([{**row, "cases": 10**9 - 1}, {**row, "cases": 1}])), CUTS, weights)

    def alike(plan: Plan):
        state = plan.state(one)
        assert content(state) == content(plan.state(two))
        return state

    found = figures(family, segments, alike)
    assert any((array == 1e9).any() for f in found for array in f.numbers.values())
