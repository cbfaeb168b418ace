"""Curves and their figures of the cases of frames, which tests compare with worked values and peer packages.

The product brings its cases into risk sets itself (`transforms/measures/curve_figures.py`) and asks them for the same
figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.statistics.competing_risks import incidence_curve, incidence_figures
from transforms.statistics.ordered import Array
from transforms.statistics.risk_sets import CENSORED, COMPETING, ENTRY, EVENT, Coded, RiskSets
from transforms.statistics.survival import km_figures

Column = str | pl.Expr


def expression(column: Column) -> pl.Expr:
    """A column given by its name, or the expression itself."""
    return pl.col(column) if isinstance(column, str) else column


@dataclass(frozen=True)
class Grouped:
    """The risk sets of a frame, with the columns of its groups in the order of their numbers."""

    columns: pl.DataFrame
    sets: RiskSets

    def of_groups(self, figures: pl.DataFrame) -> pl.LazyFrame:
        """The figures of groups with the groups' columns."""
        return self._with_columns(self.sets.groups, figures)

    def curve(self, figures: Mapping[str, Array]) -> pl.LazyFrame:
        """Figures of the steps but entries: the groups' columns, t, kind, count, n_at_risk, figures."""
        sets = self.sets
        _, group = sets.every_step
        steps = {
            "t": sets.t,
            "kind": sets.kind,
            "count": np.array(sets.count),
            "n_at_risk": sets.before(*sets.every_step),
            **figures,
        }
        return self._with_columns(sets.groups[group], pl.DataFrame(steps)).filter(pl.col("kind") != ENTRY)

    def _with_columns(self, groups: Array, figures: pl.DataFrame) -> pl.LazyFrame:
        return figures.lazy().with_columns(column.gather(groups) for column in self.columns)


def risk_sets(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, kind: pl.Expr, entry: Column | None
) -> Grouped:
    """The risk sets of the cases of each group.

    Rows without a finite duration ≥ 0 or without a kind are left out. A case is at risk after its `entry`
    (null or 0: from the start); one that ends at or before its entry is left out.
    """
    time = expression(duration).cast(pl.Float64)
    start = pl.lit(0.0) if entry is None else expression(entry).cast(pl.Float64).fill_null(0.0)
    cases = (
        frame.select(*by, _time=time, _kind=kind.cast(pl.UInt8), _entry=start)
        .filter(pl.col("_time").is_finite() & (pl.col("_time") >= 0) & pl.col("_kind").is_not_null())
        .filter((pl.col("_entry") <= 0) | (pl.col("_time") > pl.col("_entry")))
        .collect()
    )
    columns = cases.select(by).unique(maintain_order=True) if by else pl.DataFrame()
    group = pl.lit(0, pl.UInt32)
    if by:
        numbered = columns.with_row_index("_group")
        cases = cases.join(numbered, on=by, how="left", nulls_equal=True, maintain_order="left")
        group = pl.col("_group")
    happenings = cases.select(group.alias("group"), "_time", "_kind")
    entries = cases.filter(pl.col("_entry") > 0).select(
        group.alias("group"), _time="_entry", _kind=pl.lit(ENTRY, pl.UInt8)
    )
    every = pl.concat([happenings, entries]) if len(cases) else happenings
    count = columns.height if by else 1
    coded = Coded.of(every["_time"].to_numpy(), every["_kind"].to_numpy())
    return Grouped(columns, RiskSets.of(every["group"].to_numpy(), max(count, 1), coded))


def kaplan_meier(
    frame: pl.LazyFrame, by: Sequence[str], duration: Column, event: Column, entry: Column | None = None
) -> pl.LazyFrame:
    """The survival curve of each group, one row per distinct time at which cases end or are censored.

    Columns: `by`, t, n_at_risk (just before t), d (events at t), survival S(t), greenwood_var (0 once S is
    0). Rows without a duration ≥ 0 or without an event flag are left out. A case is at risk after its `entry`
    (null or 0: from the start); one that ends at or before its entry is left out. Events come before
    censorings at equal times. Kaplan and Meier (1958), JASA 53, 457-481; Greenwood (1926).
    """
    grouped = risk_sets(frame, by, duration, _ended(event), entry)
    sets = grouped.sets
    curve = {"survival": sets.survival_after_each, "hazard_var": sets.hazard_var(*sets.every_step)}
    return (
        grouped.curve(curve)
        .group_by(*by, "t")
        .agg(
            pl.col("n_at_risk").max(),
            pl.col("count").filter(pl.col("kind") == EVENT).sum().alias("d"),
            pl.col("survival").min(),
            (pl.col("survival").min() ** 2 * pl.col("hazard_var").max()).alias("greenwood_var"),
        )
    )


def km_summary(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    event: Column,
    entry: Column | None = None,
    *,
    quantiles: Sequence[float] = (0.5,),
    horizons: Sequence[float] = (30,),
    tau: float | None = 30,
    level: float = 0.95,
) -> pl.LazyFrame:
    """Kaplan–Meier figures of each group, one row per group.

    Columns: `by`, n, n_events, followed_to (last observed time);
    for each quantile q, named p50 for 0.5: p50 = min{t: S(t) ≤ 1 − q}, null if not reached, p50_low and
    p50_high (Brookmeyer and Crowley 1982, Biometrics 38, on the log-log scale; null if not reached);
    for each horizon h, named within_30 for 30: P(T ≤ h) = 1 − S(h), within_30_var (Greenwood), within_30_low
    and within_30_high (log-log; where S(h) is 0 or 1, Wilson over the cases whose fate at h is known);
    for tau: rmst = ∫₀^tau S(t)dt, the restricted mean, rmst_var, rmst_low, rmst_high (on the logit scale of
    rmst/tau; null without events).

    Beyond followed_to S is held constant, so that P(T ≤ h) is a lower bound where followed_to < h and S > 0.
    Rows, entry and ties are as in `kaplan_meier`. Durations, horizons and tau are in one unit.
    """
    grouped = risk_sets(frame, by, duration, _ended(event), entry)
    figures = km_figures(grouped.sets, quantiles=quantiles, horizons=horizons, tau=tau, level=level)
    return grouped.of_groups(figures)


def cumulative_incidence(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    cause: Column,
    entry: Column | None = None,
    *,
    of: int = 1,
) -> pl.LazyFrame:
    """The cumulative incidence of cause `of` in each group, one row per distinct time of an end or a censoring.

    `cause` is 0 for a censored case and 1..K for what ended it. Columns: `by`, t, n_at_risk, d (ended by this
    cause), d_any (by any), survival (share still open), incidence F(t), incidence_var. Rows, entry and ties
    are as in `kaplan_meier`. Aalen and Johansen (1978), Scand. J. Statist. 5; variance after Gaynor et al.
    (1993), JASA 88.
    """
    grouped = risk_sets(frame, by, duration, _cause(cause, of), entry)
    curve = {"survival": grouped.sets.survival_after_each, **incidence_curve(grouped.sets)}
    count, kind = pl.col("count"), pl.col("kind")
    return (
        grouped.curve(curve)
        .group_by(*by, "t")
        .agg(
            pl.col("n_at_risk").max(),
            count.filter(kind == EVENT).sum().alias("d"),
            count.filter(kind <= COMPETING).sum().alias("d_any"),
            pl.col("survival").min(),
            pl.col("incidence").max(),
            pl.col("incidence_var").sort_by("n_at_risk").first(),
        )
    )


def incidence_summary(
    frame: pl.LazyFrame,
    by: Sequence[str],
    duration: Column,
    cause: Column,
    entry: Column | None = None,
    *,
    of: int = 1,
    horizons: Sequence[float] = (30,),
    level: float = 0.95,
) -> pl.LazyFrame:
    """Share of each group ended by cause `of` within each horizon, other causes competing, one row per group.

    Columns: `by`, n, n_events (by this cause), followed_to, n_competing (by others) and for each horizon,
    named within_30 for 30: within_30 = F(h), within_30_var, within_30_low, within_30_high (log-log; Wilson
    over the cases whose fate at h is known where F(h) is 0 or 1). `cause` and rows are as in
    `cumulative_incidence`;
    beyond followed_to F is held constant.
    """
    grouped = risk_sets(frame, by, duration, _cause(cause, of), entry)
    return grouped.of_groups(incidence_figures(grouped.sets, horizons=horizons, level=level))


def _ended(event: Column) -> pl.Expr:
    ended = expression(event).cast(pl.Boolean)
    return pl.when(ended).then(EVENT).when(~ended).then(CENSORED)


def _cause(cause: Column, of: int) -> pl.Expr:
    code = expression(cause)
    ended = pl.when(code == of).then(EVENT).when(code == 0).then(CENSORED)
    return ended.when(code.is_not_null()).then(COMPETING)
