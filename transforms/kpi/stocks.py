"""Stocks and exposures: how many cases are there at the start and end of every period, by segment.

Counted from the moves of months, never by looking at every day.
"""

from collections.abc import Sequence

import polars as pl

from transforms.kpi.definition import Exposure, Flow, Kpi
from transforms.kpi.flow_measures import WINDOW_MONTHS, ClosedInWindow, FlowMeasure
from transforms.kpi.measured import EXACT, Facts, cuts_of, measured, of_cuts
from transforms.kpi.measures import Stock
from transforms.periods import months_of


def stocks(
    facts: Facts, kpis: Sequence[Kpi], periods: pl.DataFrame, cuts: Sequence[str], segments: pl.DataFrame
) -> list[pl.DataFrame]:
    """The measured columns of the KPIs that count a stock at the end of each period."""
    found = []
    for kpi in kpis:
        if isinstance(kpi.measure, Stock):
            flow = kpi.measure.flow
            frames = {
                cut: _stock(facts, flow, cut, periods, segments) for cut in cuts_of(facts[flow.fact], cuts)
            }
            record = {**kpi.measure.record(pl.col), "n_excluded": pl.lit(0.0)}
            found.append(measured(of_cuts(frames), kpi, "stock", record))
        elif isinstance(kpi.measure, FlowMeasure):
            basis = next(iter(kpi.dates), "stock")
            frames = {
                cut: _flows(facts, kpi.measure, cut, periods, segments)
                for cut in cuts_of(facts[kpi.fact], cuts)
            }
            found.append(measured(of_cuts(frames), kpi, basis, kpi.measure.record(pl.col)))
    return found


def _flows(
    facts: Facts, measure: FlowMeasure, cut: str, periods: pl.DataFrame, segments: pl.DataFrame
) -> pl.DataFrame:
    """The numbers of a measure's flows, each under its prefix, and the days of the period."""
    days = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days() + 1
    frame = segments.filter(pl.col("cut") == cut).select("segment").join(
        periods.select("period", days=days), how="cross"
    )  # fmt: skip
    for prefix, flow in measure.flows.items():
        if isinstance(measure, ClosedInWindow):
            counts = _window(facts, flow, cut, periods)
        else:
            named = pl.exclude("segment", "period").name.prefix(f"{prefix}_")
            counts = _stock(facts, flow, cut, periods, segments).select("segment", "period", named)
        frame = frame.join(counts, on=["segment", "period"], how="left")
    return frame


def _window(facts: Facts, flow: Flow, cut: str, periods: pl.DataFrame) -> pl.DataFrame:
    """window_entered, window_left: entered in the twelve months to a period's end, and left by it as well."""
    cases = facts[flow.fact].with_columns(company=pl.lit("company"))
    if flow.population is not None:
        cases = cases.filter(flow.population)
    pairs = cases.group_by(
        segment=pl.col(cut),
        month=pl.col(flow.enters_on).dt.truncate("1mo"),
        left=pl.col(flow.leaves_on).dt.truncate("1mo"),
    ).agg(n=pl.len().cast(pl.Int64))
    last = pl.col("ends_on").dt.truncate("1mo")
    windows = periods.select("period", "ends_on", starts_on=last.dt.offset_by(f"-{WINDOW_MONTHS - 1}mo"))
    months = months_of(windows).join(windows.select("period", last=last), on="period")
    gone = pl.when(pl.col("left") <= pl.col("last")).then("n").otherwise(0)
    return (
        pairs.join(months.lazy(), on="month")
        .group_by("segment", "period")
        .agg(window_entered=pl.col("n").sum(), window_left=gone.sum())
        .collect()
    )


def _stock(facts: Facts, flow: Flow, cut: str, periods: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """opening, entered, left and closing number of a flow's cases for every period and segment of a cut."""
    cases = facts[flow.fact].with_columns(company=pl.lit("company"))
    if flow.population is not None:
        cases = cases.filter(flow.population)
    cases = cases.filter(pl.col(flow.enters_on).is_not_null())

    def monthly(day: str, name: str) -> pl.LazyFrame:
        amount = (
            pl.col(flow.amount).cast(EXACT).sum().cast(pl.Float64) if flow.amount else pl.len().cast(pl.Int64)
        )
        return cases.group_by(
            pl.col(cut).alias("segment"), pl.col(day).dt.truncate("1mo").alias("month")
        ).agg(amount.alias(name))

    moves = (
        pl.concat([monthly(flow.enters_on, "entered"), monthly(flow.leaves_on, "left")], how="diagonal")
        .drop_nulls("month")
        .group_by("segment", "month")
        .agg(pl.col("entered", "left").sum())
        .sort("month")
        .with_columns(pl.col("entered", "left").cum_sum().over("segment"))
        .collect()
    )
    grid = segments.filter(pl.col("cut") == cut).select("segment").join(periods, how="cross")

    def until(day: pl.Expr, suffix: str) -> pl.DataFrame:
        return (
            grid.select("segment", "period", month=day)
            .sort("month")
            .join_asof(moves, on="month", by="segment", strategy="backward", check_sortedness=False)
            .select("segment", "period", pl.col("entered", "left").fill_null(0).name.suffix(suffix))
        )

    opened = until(pl.col("starts_on").dt.offset_by("-1mo"), "_before")
    closed = until(pl.col("ends_on").dt.truncate("1mo"), "_by_end")
    return opened.join(closed, on=["segment", "period"]).select(
        "segment",
        "period",
        opening=pl.col("entered_before") - pl.col("left_before"),
        entered=pl.col("entered_by_end") - pl.col("entered_before"),
        left=pl.col("left_by_end") - pl.col("left_before"),
        closing=pl.col("entered_by_end") - pl.col("left_by_end"),
    )


def with_exposure(
    frame: pl.DataFrame,
    exposure: Exposure,
    facts: Facts,
    cut: str,
    periods: pl.DataFrame,
    segments: pl.DataFrame,
) -> pl.DataFrame:
    """Adds the exposure of every period and segment, also of those without a case."""
    flow = exposure.flow
    if flow is not None and flow.fact in facts and facts[flow.fact].head(1).collect().height:
        at_risk = pl.col("closing") + pl.col("left")
        moments = {"opening": pl.col("opening"), "at_risk": at_risk, "entered": at_risk - pl.col("opening")}
        found = _stock(facts, flow, cut, periods, segments).select(
            "segment", "period", moments[exposure.moment].alias(exposure.name)
        )
    else:
        found = _fed_exposure(facts["core.exposure_months"], exposure, cut, periods)
    # A segment without a stated exposure keeps its cases: other rates of the batch may have one.
    joined = found.join(frame, on=["segment", "period"], how="full", coalesce=True)
    sums = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    return joined.with_columns(pl.col(sums).fill_null(0.0))


def _fed_exposure(
    exposures: pl.LazyFrame, exposure: Exposure, cut: str, periods: pl.DataFrame
) -> pl.DataFrame:
    """The exposure as the exposures feed states it, for the cuts that it has."""
    if cut not in {"company", *exposures.collect_schema().names()} or exposure.feed_column is None:
        return pl.DataFrame(
            schema={"segment": pl.String, "period": periods.schema["period"], exposure.name: pl.Float64}
        )
    return (
        exposures.with_columns(company=pl.lit("company"))
        .join(months_of(periods).lazy(), on="month")
        .group_by(pl.col(cut).alias("segment"), "period")
        .agg(pl.col(exposure.feed_column).cast(EXACT).sum().cast(pl.Float64).alias(exposure.name))
        .collect()
    )
