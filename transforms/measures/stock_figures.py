"""Stocks and exposures: how many cases are there at the start and end of every period, by place.

Counted from the moves of months, never by looking at every day.
"""

from collections.abc import Callable, Iterable
from typing import cast

import numpy as np
import polars as pl

from transforms.measures.definition import Exposure, Flow
from transforms.measures.figures import Figures, Series
from transforms.measures.month_sums import Cells, Sums, month_number, months_from_to, months_spanned
from transforms.measures.segments import Places
from transforms.measures.stock_measures import WINDOW_MONTHS, OfAStock
from transforms.statistics.ordered import Array, Floats

Key = tuple[object, ...]
Moves = dict[str, Floats]


def stocks(
    series: Iterable[Series], periods: pl.DataFrame, places: Places, counted: "Stocks"
) -> list[Figures]:
    """The figures of the KPIs that count a stock at the end of each period."""
    found = []
    for one in series:
        if one.kpi.measure.family == "stocks":
            found.append(Figures.of(one, periods, places, counted.flows(cast(OfAStock, one.kpi.measure))))
    return found


class Stocks:
    """The stocks of some periods; each flow is counted once, however many KPIs ask for it."""

    def __init__(
        self, places: Places, periods: pl.DataFrame, is_recorded: Callable[[Flow], bool] = lambda flow: True
    ) -> None:
        """`periods` have starts_on and ends_on, of whole months; flows that are not recorded give no exposure."""
        self._is_recorded = is_recorded
        first, last = periods.select(month_number("starts_on"), month_number("ends_on")).get_columns()
        self._first, self._last = first.to_numpy(), last.to_numpy()
        self._days = (periods["ends_on"] - periods["starts_on"]).dt.total_days().to_numpy() + 1
        self._places = places
        self._counted: dict[Key, Moves] = {}

    def of(self, flow: Flow) -> Moves:
        """opening, entered, left, closing and excluded number of a flow's cases for every period and place."""
        chosen = (None if e is None else e.meta.serialize() for e in (flow.population, flow.excluded))
        key = (flow.fact, flow.enters_on, flow.leaves_on, flow.amount, *chosen)
        if key not in self._counted:
            self._counted[key] = self._count(flow)
        return self._counted[key]

    def exposure(self, exposure: Exposure) -> Floats:
        """The exposure of every period and place, NaN in cuts for which nobody states one."""
        flow = exposure.flow
        if flow is not None and self._is_recorded(flow) and not self._is_empty(flow.fact):
            moves = self.of(flow)
            at_risk = moves["closing"] + moves["left"]
            moments = {"opening": moves["opening"], "at_risk": at_risk, "entered": at_risk - moves["opening"]}
            return self._known(flow.fact, moments[exposure.moment])
        fact = "core.exposure_months"
        if exposure.feed_column is None:
            return np.full((len(self._first), self._places.frame.height), np.nan)
        placed = self._places.facts[fact]
        rows = placed.frame.select(
            *placed.adding, exposure.feed_column, month=month_number("month")
        ).collect()
        months = months_spanned(rows["month"])
        sums = Cells(rows, self._places, fact, months).sums(rows[exposure.feed_column])
        return self._known(fact, sums.over(months_from_to(months, self._first, self._last))[0])

    def flows(self, measure: OfAStock) -> Moves:
        """The numbers of a measure's flows, each under its prefix, and the days of the period."""
        shape = (len(self._first), self._places.frame.height)
        numbers: Moves = {"days": np.broadcast_to(self._days[:, None].astype(np.float64), shape)}
        numbers["n_excluded"] = self.of(measure.flow)["excluded"]
        for prefix, flow in measure.flows.items():
            if measure.looks_at_window:
                numbers |= self._window(flow)
            else:
                numbers |= {f"{prefix}_{name}": array for name, array in self.of(flow).items()}
        return numbers

    def _is_empty(self, fact: str) -> bool:
        return fact not in self._places.facts or self._places.facts[fact].frame.head(1).collect().is_empty()

    def _known(self, fact: str, numbers: Floats) -> Floats:
        """The numbers, NaN in cuts that the fact does not know."""
        known = np.full_like(numbers, np.nan)
        places = self._places.of_cuts(fact)
        known[:, places] = numbers[:, places]
        return known

    def _cases(self, flow: Flow) -> pl.DataFrame:
        """The months of entering and leaving, the amount, and whether they count, of the flow's cases."""
        placed, leaves = self._places.facts[flow.fact], pl.col(flow.leaves_on)
        cases = placed.frame if flow.population is None else placed.frame.filter(flow.population)
        return (
            cases.filter(pl.col(flow.enters_on).is_not_null())
            .select(
                *placed.adding,
                entered=month_number(flow.enters_on),
                # Who left before entering is told of from the day of entering on.
                left=pl.when(leaves >= pl.col(flow.enters_on)).then(month_number(flow.leaves_on)),
                amount=pl.col(flow.amount) if flow.amount else pl.lit(True),
                counted=flow.counted,
            )
            .collect()
        )

    def _count(self, flow: Flow) -> Moves:
        cases = self._cases(flow)
        moves = self._standing(flow, cases.filter("counted"))
        excluded = cases.filter(~pl.col("counted"))
        if excluded.is_empty():
            return {**moves, "excluded": np.zeros_like(moves["closing"])}
        told = excluded.with_columns(amount=pl.lit(True))
        return {**moves, "excluded": self._standing(flow, told)["closing"]}

    def _standing(self, flow: Flow, cases: pl.DataFrame) -> Moves:
        entered, left = (self._moved(flow, cases, name) for name in ("entered", "left"))

        def by(month: Array) -> tuple[Floats, Floats]:
            """How many had entered and left by the end of months, one a period."""
            found = []
            for months, sums in (entered, left):
                ever = np.full_like(month, months.start)
                found.append(sums.over(months_from_to(months, ever, month))[0])
            return found[0], found[1]

        (entered_before, left_before), (entered_by, left_by) = by(self._first - 1), by(self._last)
        return {
            "opening": entered_before - left_before,
            "entered": entered_by - entered_before,
            "left": left_by - left_before,
            "closing": entered_by - left_by,
        }

    def _moved(self, flow: Flow, cases: pl.DataFrame, move: str) -> tuple[range, Sums]:
        rows = cases.drop_nulls(move).with_columns(month=pl.col(move))
        months = months_spanned(rows["month"])
        return months, Cells(rows, self._places, flow.fact, months).sums(rows["amount"])

    def _window(self, flow: Flow) -> Moves:
        """window_entered, window_left: entered in the twelve months to a period's end, and left by it as well."""
        first = self._last - WINDOW_MONTHS + 1
        within = pl.col("entered").is_between(int(first.min()), int(self._last.max()))
        rows = self._cases(flow).filter("counted", within).with_columns(month=pl.col("entered"))
        months = months_spanned(rows["month"])
        leaving = months_spanned(rows["left"].drop_nulls())
        # Cases that have not left are the last slice.
        left = (rows["left"] - leaving.start).fill_null(len(leaving)).to_numpy().astype(np.int64)
        cells = Cells(rows, self._places, flow.fact, months, left, len(leaving) + 1)
        entered = cells.sums(rows["amount"]).over(months_from_to(months, first, self._last))
        gone = (
            np.append(np.arange(leaving.start, leaving.stop), np.iinfo(np.int32).max)[:, None] <= self._last
        )
        return {
            "window_entered": entered.sum(axis=0),
            "window_left": (entered * gone[:, :, None]).sum(axis=0),
        }
