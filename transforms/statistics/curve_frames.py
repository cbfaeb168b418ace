"""Between frames and curves: cases of a frame as risk sets, and what figures of curves are called and limited by.

Called by the estimators, `survival.py` and `competing_risks.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from transforms.statistics.intervals import Interval, normal_quantile
from transforms.statistics.ordered import Array
from transforms.statistics.risk_sets import ENTRY, ROUNDING, Coded, RiskSets

Column = str | pl.Expr
IntervalKind = Literal["log_log", "plain"]


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


def probability_limits(
    share: pl.Expr, variance: pl.Expr, known: pl.Expr, level: float, kind: IntervalKind
) -> Interval:
    """Limits of an estimated probability; Wilson over the `known` cases where it is 0 or 1.

    "log_log": normal on the scale log(−log p), so always within [0, 1] (Kalbfleisch and Prentice, The
    Statistical Analysis of Failure Time Data, 2002, section 1.4). "plain": p ± z·√variance, clipped.
    """
    z = normal_quantile(level)
    if kind == "plain":
        half = z * variance.sqrt()
        low, high = (share - half).clip(0, 1), (share + half).clip(0, 1)
    else:
        power = z * variance.sqrt() / (share * share.log())
        low, high = share ** (-power).exp(), share ** power.exp()
    none, every, unsure = share <= ROUNDING, share >= 1 - ROUNDING, z**2 / (known + z**2)
    return Interval(
        pl.when(none).then(0.0).when(every).then(1 - unsure).otherwise(low),
        pl.when(none).then(unsure).when(every).then(1.0).otherwise(high),
    )


def quantile_name(q: float) -> str:
    """Column of a quantile: p50 for 0.5."""
    return f"p{100 * q:g}"


def horizon_name(horizon: float) -> str:
    """Column of the probability to end within a horizon: within_30 for 30."""
    return f"within_{horizon:g}"


def with_limits(name: str, *ends: str) -> list[str]:
    """A column and those of its limits, and of whatever else is given: within_30, within_30_low, …"""
    return [name, *(f"{name}_{end}" for end in (*ends, "low", "high"))]
