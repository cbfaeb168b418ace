"""From the cases of stocks to figures: how many are there at the start and end of every period, and what moved.

Counted from the moves of months, never by looking at every day; exposures are numbers of stocks, too, or of a feed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Self, cast

import numpy as np
import polars as pl

from transforms.measures.definition import EXPOSURES, Exposure, Flow
from transforms.measures.figures import Changed, Differences, Figures, Scope, Series, States, key_of
from transforms.measures.month_sums import Axes, MonthSums, RowsByMonth
from transforms.measures.months import (
    month_number,
    months_from_to,
    months_of_both,
    months_spanned,
    periods_with,
)
from transforms.measures.segments import SegmentedFact, SegmentedFacts, Segments
from transforms.measures.stock_measures import WINDOW_MONTHS, OfAStock
from transforms.statistics.exact_sums import Sums
from transforms.statistics.ordered import Array, Floats

# A month after all others: cases that have not left.
NEVER = np.iinfo(np.int32).max
Moves = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class StockState:
    """What entered and left a stock in each month, and what is excluded from it; how many cases its fact has."""

    moves: MonthSums
    n_cases: int

    def merge(self, other: "StockState") -> "StockState":
        """The state of the cases of both."""
        return StockState(self.moves.merge(other.moves), self.n_cases + other.n_cases)

    def without(self, other: "StockState") -> "StockState":
        """The state of the cases but for those of the other."""
        return StockState(self.moves.without(other.moves), self.n_cases - other.n_cases)


@dataclass(frozen=True)
class StockPlan:
    """The cases of a flow: their amounts in the months in which they entered and left."""

    flow: Flow

    @property
    def fact(self) -> str:
        return self.flow.fact

    @property
    def key(self) -> str:
        return key_of("stock", *_said(self.flow))

    def at_rest(self, as_of: date) -> None:
        return None

    def state(self, facts: SegmentedFacts) -> StockState:
        """entered, left, excluded_entered and excluded_left of each month."""
        if self.flow.fact not in facts:
            return StockState(MonthSums(Axes((None,), range(0), Segments({})), {}), 0)
        fact = facts[self.flow.fact]
        cases = _cases(self.flow, fact)
        rows = {
            f"{prefix}{move}": cases.filter(chosen).drop_nulls(move).with_columns(month=pl.col(move))
            for prefix, chosen in (("", pl.col("counted")), ("excluded_", ~pl.col("counted")))
            for move in ("entered", "left")
        }
        months = range(0)
        for some in rows.values():
            months = months_of_both(months, months_spanned(some["month"]))
        sums: dict[str, Sums] = {}
        for name, some in rows.items():
            # What is left out is told as a number of cases.
            amount = (
                pl.repeat(True, some.height, eager=True) if name.startswith("excluded") else some["amount"]
            )
            sums |= RowsByMonth(some, fact, months).sums({name: amount}).sums
        return StockState(MonthSums(Axes((None,), months, fact.segments), sums), _n_cases(fact, fact.frame))


@dataclass(frozen=True)
class WindowPlan:
    """The cases of a flow that entered in `months`, by the month in which they left (a slice of its own)."""

    flow: Flow
    months: range

    @property
    def fact(self) -> str:
        return self.flow.fact

    def at_rest(self, as_of: date) -> None:
        return None

    def state(self, facts: SegmentedFacts) -> StockState:
        """The amount that entered, by month of entering and month of leaving."""
        fact = facts[self.flow.fact]
        within = pl.col("entered").is_between(self.months.start, self.months.stop - 1)
        rows = _cases(self.flow, fact).filter("counted", within)
        sliced = rows.with_columns(month=pl.col("entered"), left=pl.col("left").fill_null(NEVER))
        located = RowsByMonth(sliced, fact, self.months, "left")
        return StockState(located.sums({"amount": sliced["amount"]}), _n_cases(fact, sliced.lazy()))


@dataclass(frozen=True)
class FeedPlan:
    """A column of the exposures that a feed states for each month."""

    column: str
    due_with: str | None = None

    @property
    def fact(self) -> str:
        return EXPOSURES

    def at_rest(self, as_of: date) -> None:
        return None

    def state(self, facts: SegmentedFacts) -> StockState:
        """Its sum in each month; not a number where a row that should state it does not."""
        fact = facts[EXPOSURES]
        amount = pl.col(self.column)
        if self.due_with:
            is_due = (pl.col(self.due_with) != 0).fill_null(False)
            amount = pl.when(amount.is_null() & is_due).then(float("nan")).otherwise(amount)
        rows = fact.frame.select(*fact.summed_by, amount=amount, month=month_number("month")).collect()
        located = RowsByMonth(rows, fact, months_spanned(rows["month"]))
        return StockState(located.sums({"amount": rows["amount"]}), _n_cases(fact, rows.lazy()))


def _said(flow: Flow) -> tuple[object, ...]:
    """What tells flows apart, comparable."""
    return flow.fact, flow.enters_on, flow.leaves_on, flow.amount, flow.population, flow.excluded


def _n_cases(fact: SegmentedFact, rows: pl.LazyFrame) -> int:
    return int(rows.select(fact.n_cases).collect().item())


def _cases(flow: Flow, fact: SegmentedFact) -> pl.DataFrame:
    """The months of entering and leaving, the amount, and whether they count, of the flow's cases."""
    leaves = pl.col(flow.leaves_on)
    cases = fact.frame if flow.population is None else fact.frame.filter(flow.population)
    return (
        cases.filter(pl.col(flow.enters_on).is_not_null())
        .select(
            *fact.summed_by,
            entered=month_number(flow.enters_on),
            # Who left before entering is told of from the day of entering on.
            left=pl.when(leaves >= pl.col(flow.enters_on)).then(month_number(flow.leaves_on)),
            amount=pl.col(flow.amount) if flow.amount else pl.lit(True),
            counted=flow.counted,
        )
        .collect()
    )


@dataclass(frozen=True)
class StockFigures:
    """The family of stocks, and the exposures of rates; each flow is counted once, however many KPIs ask for it.

    Flows for which `is_recorded` does not hold give no exposure.
    """

    scope: Scope
    states: States
    is_recorded: Callable[[Flow], bool]
    _found: dict[str, "_Stock"] = field(default_factory=dict)
    _differences: dict[str, StockState | None] = field(default_factory=dict)

    @cached_property
    def _first(self) -> Array:
        """The month in which each period begins."""
        return self.scope.periods.select(month_number("starts_on"))["starts_on"].to_numpy()

    @cached_property
    def _last(self) -> Array:
        """The month in which each period ends."""
        return self.scope.periods.select(month_number("ends_on"))["ends_on"].to_numpy()

    def figures(self, series: Sequence[Series]) -> Iterator[Figures]:
        """The numbers of the flows of each measure under their prefixes, and the days of the period."""
        days = (
            self.scope.periods["ends_on"] - self.scope.periods["starts_on"]
        ).dt.total_days().to_numpy() + 1
        for one in series:
            measure = cast(OfAStock, one.kpi.measure)
            stock = self._stock(measure.flow)
            excluded = stock.moves["excluded"]
            every_day = np.broadcast_to(days[:, None].astype(np.float64), excluded.shape)
            numbers = {"n_excluded": excluded, "days": every_day}
            for prefix, flow in measure.flows.items():
                if measure.looks_at_window:
                    numbers |= self._window(flow)
                else:
                    moves = self._stock(flow).moves
                    numbers |= {f"{prefix}_{name}": array for name, array in moves.items()}
            yield Figures.of(one, self.scope, stock.segments, numbers)

    def count(self, flows: Iterable[Flow]) -> None:
        """Count the stocks of some flows, so that their facts need not be read when something is held against them."""
        for flow in flows:
            if self.is_recorded(flow):
                self._stock(flow)

    def exposure(self, exposure: Exposure, of: Segments) -> Floats:
        """The exposure of every period and of some segments, NaN in cuts for which nobody states one."""
        found = self._stock_exposure(exposure) or self._stated_exposure(exposure)
        known = np.full((len(self._first), len(of)), np.nan)
        if found is None:
            return known
        own, numbers = found
        for cut, span in of.spans.items():
            if cut in own.spans:
                known[:, span] = numbers[:, own.spans[cut]]
        return known

    def changed(self, series: Sequence[Series], before: Self, differences: Differences) -> Iterator[Changed]:
        """Where anything entered or left that had not, or no more has."""
        for one in series:
            measure = cast(OfAStock, one.kpi.measure)
            yield from self._standing_changed(one, measure.flow, differences)
            for flow in measure.flows.values():
                if measure.looks_at_window:
                    plan = self._window_plan(flow)
                    first = self._last - WINDOW_MONTHS + 1
                    yield from self._moves_changed(one, differences(plan, plan), first)
                else:
                    yield from self._standing_changed(one, flow, differences)

    def exposure_changed(
        self, series: Series, exposure: Exposure, differences: Differences
    ) -> Iterator[Changed]:
        """Where an exposure of a series differs."""
        if exposure.flow and self.is_recorded(exposure.flow):
            yield from self._standing_changed(series, exposure.flow, differences)
        if exposure.feed_column:
            plan = FeedPlan(exposure.feed_column, exposure.due_with)
            yield from self._moves_changed(series, differences(plan, plan), self._first)

    def _standing_changed(self, series: Series, flow: Flow, differences: Differences) -> Iterator[Changed]:
        plan = StockPlan(flow)
        if plan.key not in self._differences:
            self._differences[plan.key] = differences(plan, plan)
        # Who entered or left once is there, or not, ever after.
        yield from self._moves_changed(series, self._differences[plan.key], None)

    def _moves_changed(
        self, series: Series, difference: StockState | None, first: Array | None
    ) -> Iterator[Changed]:
        """Where anything moved from the first month of each period, None: ever, to its last."""
        if difference is None:
            return
        moves = self._in_scope(difference.moves)
        months = moves.axes.months
        since = np.full_like(self._last, months.start) if first is None else first
        cells = np.any(moves.occur(), axis=0)
        yield Changed(
            series, moves.axes.segments, periods_with(months_from_to(months, since, self._last), cells)
        )

    def _stock_exposure(self, exposure: Exposure) -> tuple[Segments, Floats] | None:
        if exposure.flow is None or not self.is_recorded(exposure.flow):
            return None
        stock = self._stock(exposure.flow)
        if not stock.has_cases:
            return None
        opening, at_risk = stock.moves["opening"], stock.moves["closing"] + stock.moves["left"]
        moments = {"opening": opening, "at_risk": at_risk, "entered": at_risk - opening}
        return stock.segments, moments[exposure.moment]

    def _stated_exposure(self, exposure: Exposure) -> tuple[Segments, Floats] | None:
        if exposure.feed_column is None:
            return None
        moves = self._in_scope(self.states(FeedPlan(exposure.feed_column, exposure.due_with)).moves)
        of_period = months_from_to(moves.axes.months, self._first, self._last)
        return moves.axes.segments, moves.sums["amount"].over(of_period)[0]

    def _stock(self, flow: Flow) -> "_Stock":
        """The stock of a flow in every period and segment."""
        plan = StockPlan(flow)
        key = plan.key
        if key not in self._found:
            state = self.states(plan)
            moves = self._in_scope(state.moves)
            found = self._standing(moves, "") | {"excluded": self._standing(moves, "excluded_")["closing"]}
            self._found[key] = _Stock(moves.axes.segments, found, state.n_cases > 0)
        return self._found[key]

    def _standing(self, moves: MonthSums, prefix: str) -> Moves:
        months = moves.axes.months

        def by(month: Array) -> tuple[Floats, Floats]:
            """How many had entered and left by the end of months, one a period."""
            until = months_from_to(months, np.full_like(month, months.start), month)
            entered, left = (moves.sums[f"{prefix}{move}"].over(until)[0] for move in ("entered", "left"))
            return entered, left

        (entered_before, left_before), (entered_by, left_by) = by(self._first - 1), by(self._last)
        return {
            "opening": entered_before - left_before,
            "entered": entered_by - entered_before,
            "left": left_by - left_before,
            "closing": entered_by - left_by,
        }

    def _window(self, flow: Flow) -> Moves:
        """window_entered, window_left: entered in the twelve months to a period's end, and left by it as well."""
        first = self._last - WINDOW_MONTHS + 1
        moves = self._in_scope(self.states(self._window_plan(flow)).moves)
        entered = moves.sums["amount"].over(months_from_to(moves.axes.months, first, self._last))
        gone = np.array(moves.axes.slices)[:, None] <= self._last
        return {
            "window_entered": entered.sum(axis=0),
            "window_left": (entered * gone[:, :, None]).sum(axis=0),
        }

    def _window_plan(self, flow: Flow) -> WindowPlan:
        first = self._last - WINDOW_MONTHS + 1
        return WindowPlan(flow, range(int(first.min()), int(self._last.max()) + 1))

    def _in_scope(self, moves: MonthSums) -> MonthSums:
        return moves.on(moves.axes.with_segments(self.scope.segments))


@dataclass(frozen=True, eq=False)
class _Stock:
    """opening, entered, left, closing and excluded number of a stock for every period and segment."""

    segments: Segments
    moves: Moves
    has_cases: bool
