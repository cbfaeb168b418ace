"""The measure of surveys that customers weigh themselves: means of dimensions by the points they allot to each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from transforms.kpi.definition import Statistic
from transforms.statistics.intervals import mean_interval

Sums = tuple[pl.Expr, pl.Expr, pl.Expr]


@dataclass(frozen=True)
class AllocationMean:
    """Σ w̄ x̄ / Σ w̄ over groups of cases, with the mean weight and the mean value of each group.

    Weighted SERVQUAL, SERVPERF and the satisfaction index have this form (Parasuraman, Zeithaml and Berry 1988):
    the weighted sum is not divided by the number of groups again. Empty where a group has no value or no
    weight, as weights are not stretched over the rest. The interval takes the weights as given and the groups'
    errors as fully correlated, since one respondent answers in all of them.
    """

    interval: ClassVar[str] = "normal, errors fully correlated"
    value: str
    weight: str
    by: str
    groups: tuple[str, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns without which the KPI is not applicable."""
        return (self.value, self.weight)

    def statistics(self, as_of: date) -> Mapping[str, Statistic]:
        """Sum, sum of squares and number of the values, sum and number of the weights, by group."""
        del as_of
        statistics: dict[str, Statistic] = {}
        for group in self.groups:
            is_own = pl.col(self.by) == group
            value = pl.when(is_own).then(pl.col(self.value).cast(pl.Float64))
            weight = pl.when(is_own).then(pl.col(self.weight).cast(pl.Float64))
            statistics[f"sum_{group}"] = Statistic(value.fill_null(0.0))
            statistics[f"squares_{group}"] = Statistic((value**2).fill_null(0.0))
            statistics[f"n_{group}"] = Statistic(value.is_not_null())
            statistics[f"weight_{group}"] = Statistic(weight.fill_null(0.0))
            statistics[f"weighed_{group}"] = Statistic(weight.is_not_null())
        return statistics

    def record(self, statistic: Callable[[str], pl.Expr]) -> Mapping[str, pl.Expr]:
        """The weighted mean with its interval; n is the least number of answers of a group."""
        weights = {g: _over(statistic(f"weight_{g}"), statistic(f"weighed_{g}")) for g in self.groups}
        total = pl.sum_horizontal(weights.values(), ignore_nulls=False)
        values, lows, highs, sizes = [], [], [], []
        for group in self.groups:
            share = _over(weights[group], total)
            mean, low, high = _mean(statistic, group)
            values.append(share * mean)
            lows.append(share * low)
            highs.append(share * high)
            sizes.append(pl.min_horizontal(statistic(f"n_{group}"), statistic(f"weighed_{group}")))
        none = pl.lit(None, dtype=pl.Float64)
        return {
            "numerator": none,
            "denominator": none,
            "value": pl.sum_horizontal(values, ignore_nulls=False),
            "ci_low": pl.sum_horizontal(lows, ignore_nulls=False),
            "ci_high": pl.sum_horizontal(highs, ignore_nulls=False),
            "n": pl.min_horizontal(sizes),
            "n_undetermined": pl.lit(0.0),
        }


def _mean(statistic: Callable[[str], pl.Expr], group: str) -> Sums:
    total, squares, n = (statistic(f"{name}_{group}") for name in ("sum", "squares", "n"))
    variance = ((squares - total**2 / n) / (n - 1)).clip(lower_bound=0)
    return (_over(total, n), *mean_interval(total / n, variance.sqrt(), n))


def _over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return pl.when(denominator != 0).then(numerator / denominator)
