"""Stocks and exposures: how many cases are there at the start and end of every period, by place.

Counted from the moves of months, never by looking at every day.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from transforms.kpi.definition import Exposure, Flow
from transforms.kpi.flow_measures import WINDOW_MONTHS, ClosedInWindow, FlowMeasure
from transforms.kpi.measured import PERIOD, Facts, Series, measured
from transforms.kpi.measures import Stock
from transforms.kpi.places import EXACT, PLACE, Places, place_of
from transforms.periods import months_of

Key = tuple[object, ...]


def stocks(series: Iterable[Series], counted: "Stocks") -> list[pl.DataFrame]:
    """The measured columns of the KPIs that count a stock at the end of each period."""
    found = []
    for one in series:
        measure = one.kpi.measure
        if isinstance(measure, Stock):
            record = {**measure.record(pl.col), "n_excluded": pl.lit(0.0)}
            found.append(measured(counted.of(measure.flow), one, record))
        elif isinstance(measure, FlowMeasure):
            found.append(measured(_flows(counted, measure, one.kpi.fact), one, measure.record(pl.col)))
    return found


class Stocks:
    """The stocks of some periods; each flow is counted once, however many KPIs ask for it."""

    def __init__(self, facts: Facts, places: Places, periods: pl.DataFrame) -> None:
        """`facts` have the places of their cases, see `Places.placed`."""
        self.periods = periods
        self._facts = facts
        self._places = places
        self._counted: dict[Key, pl.DataFrame] = {}

    def of(self, flow: Flow) -> pl.DataFrame:
        """opening, entered, left and closing number of a flow's cases for every period and place."""
        population = None if flow.population is None else flow.population.meta.serialize()
        key = (flow.fact, flow.enters_on, flow.leaves_on, population, flow.amount)
        if key not in self._counted:
            self._counted[key] = self._count(flow)
        return self._counted[key]

    def grid(self, fact: str) -> pl.DataFrame:
        """Every place of the fact's cuts and every period."""
        cuts = self._places.cuts_of(self._facts[fact])
        places = self._places.frame.filter(pl.col("cut").is_in(cuts)).select("place")
        return places.join(self.periods, how="cross")

    def with_exposure(self, frame: pl.DataFrame, exposure: Exposure, cuts: Sequence[str]) -> pl.DataFrame:
        """Adds the exposure of every period and place of the cuts, also of those without a case."""
        flow = exposure.flow
        if flow is not None and flow.fact in self._facts and self._facts[flow.fact].head(1).collect().height:
            at_risk = pl.col("closing") + pl.col("left")
            moments = {
                "opening": pl.col("opening"),
                "at_risk": at_risk,
                "entered": at_risk - pl.col("opening"),
            }
            found = self.of(flow).select("place", "period", moments[exposure.moment].alias(exposure.name))
        else:
            found = self._fed(exposure)
        own = self._places.frame.filter(pl.col("cut").is_in(cuts)).select("place")
        # A segment without a stated exposure keeps its cases: other rates of the batch may have one.
        joined = found.join(own, on="place", how="semi").join(
            frame, on=["place", "period"], how="full", coalesce=True
        )
        sums = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
        return joined.with_columns(pl.col(sums).fill_null(0.0))

    def window(self, flow: Flow) -> pl.DataFrame:
        """window_entered, window_left: entered in the twelve months to a period's end, and left by it as well."""
        entered, left = (pl.col(day).dt.truncate("1mo") for day in (flow.enters_on, flow.leaves_on))
        pairs = self._added(flow, {"month": entered, "month_left": left}, {"n": pl.lit(True)})
        last = pl.col("ends_on").dt.truncate("1mo")
        begin = last.dt.offset_by(f"-{WINDOW_MONTHS - 1}mo")
        windows = self.periods.select("period", "ends_on", starts_on=begin)
        months = months_of(windows).join(windows.select("period", last=last), on="period")
        gone = pl.when(pl.col("month_left") <= pl.col("last")).then("n").otherwise(0)
        return (
            pairs.join(months, on="month")
            .group_by("place", "period")
            .agg(window_entered=pl.col("n").sum(), window_left=gone.sum())
        )

    def _added(self, flow: Flow, by: dict[str, pl.Expr], columns: dict[str, pl.Expr]) -> pl.DataFrame:
        """Sums of the flow's cases by months and place."""
        fact = self._facts[flow.fact]
        if flow.population is not None:
            fact = fact.filter(flow.population)
        cuts = self._places.cuts_of(fact)
        cases = fact.filter(pl.col(flow.enters_on).is_not_null()).select(
            *map(place_of, cuts), **by, **columns
        )
        return self._places.added(cases.collect(), list(by), list(columns), cuts)

    def _count(self, flow: Flow) -> pl.DataFrame:
        amount = pl.col(flow.amount).cast(EXACT) if flow.amount else pl.lit(True)
        moves = [
            self._added(flow, {"month": pl.col(day).dt.truncate("1mo")}, {name: amount})
            for name, day in (("entered", flow.enters_on), ("left", flow.leaves_on))
        ]
        dtype = pl.Float64 if flow.amount else pl.Int64
        until = (
            pl.concat(moves, how="diagonal")
            .drop_nulls("month")
            .group_by("place", "month")
            .agg(pl.col("entered", "left").sum())
            .sort("month")
            .select("place", "month", pl.col("entered", "left").cum_sum().over("place").cast(dtype))
        )
        grid = self.grid(flow.fact)

        def by_month(month: pl.Expr, suffix: str) -> pl.DataFrame:
            return (
                grid.select("place", "period", month=month)
                .sort("month")
                .join_asof(until, on="month", by="place", strategy="backward", check_sortedness=False)
                .select("place", "period", pl.col("entered", "left").fill_null(0).name.suffix(suffix))
            )

        opened = by_month(pl.col("starts_on").dt.offset_by("-1mo"), "_before")
        closed = by_month(pl.col("ends_on").dt.truncate("1mo"), "_by_end")
        return opened.join(closed, on=["place", "period"]).select(
            "place",
            "period",
            opening=pl.col("entered_before") - pl.col("left_before"),
            entered=pl.col("entered_by_end") - pl.col("entered_before"),
            left=pl.col("left_by_end") - pl.col("left_before"),
            closing=pl.col("entered_by_end") - pl.col("left_by_end"),
        )

    def _fed(self, exposure: Exposure) -> pl.DataFrame:
        """The exposure as the exposures feed states it, for the cuts that it has."""
        if exposure.feed_column is None:
            schema = {"place": PLACE, "period": PERIOD, exposure.name: pl.Float64}
            return pl.DataFrame(schema=schema)
        fed = self._facts["core.exposure_months"]
        cuts = self._places.cuts_of(fed)
        rows = fed.select("month", *map(place_of, cuts), pl.col(exposure.feed_column).alias(exposure.name))
        by_month = self._places.added(rows.collect(), ["month"], [exposure.name], cuts)
        return (
            by_month.join(months_of(self.periods), on="month")
            .group_by("place", "period")
            .agg(pl.col(exposure.name).sum().cast(pl.Float64))
        )


def _flows(counted: Stocks, measure: FlowMeasure, fact: str) -> pl.DataFrame:
    """The numbers of a measure's flows, each under its prefix, and the days of the period."""
    days = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days() + 1
    frame = counted.grid(fact).select("place", "period", days=days)
    for prefix, flow in measure.flows.items():
        if isinstance(measure, ClosedInWindow):
            numbers = counted.window(flow)
        else:
            named = pl.exclude("place", "period").name.prefix(f"{prefix}_")
            numbers = counted.of(flow).select("place", "period", named)
        frame = frame.join(numbers, on=["place", "period"], how="left")
    return frame
