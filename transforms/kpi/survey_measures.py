"""The measure of surveys that customers weigh themselves: means of dimensions by the points they allot to each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from transforms.kpi.definition import Statistic
from transforms.kpi.measures import MeanOfMeans, means_record


@dataclass(frozen=True)
class AllocationMean:
    """Σ w̄ x̄ / Σ w̄ over groups of cases, with the mean weight and the mean value of each group.

    Weighted SERVQUAL, SERVPERF and the satisfaction index have this form (Parasuraman, Zeithaml and Berry 1988):
    the weighted sum is not divided by the number of groups again. Empty where a group has no value or no
    weight, as weights are not stretched over the rest. The interval takes the weights as given and counts a
    respondent, who answers in all groups, as one (see `MeanOfMeans`).
    """

    interval: ClassVar[str] = MeanOfMeans.interval
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
        statistics = dict(self._means.statistics(as_of))
        for group in self.groups:
            weight = pl.when(pl.col(self.by) == group).then(pl.col(self.weight).cast(pl.Float64))
            statistics[f"weight_{group}"] = Statistic(weight.fill_null(0.0))
            statistics[f"weighed_{group}"] = Statistic(weight.is_not_null().cast(pl.Float64))
        return statistics

    @property
    def _means(self) -> MeanOfMeans:
        """The same means with equal weights."""
        return MeanOfMeans(self.value, self.by, self.groups)

    def record(self, statistic: Callable[[str], pl.Expr]) -> Mapping[str, pl.Expr]:
        """The weighted mean with its interval; n is the least number of answers of a group."""
        weights = {
            group: statistic(f"weight_{group}") / _positive(statistic(f"weighed_{group}"))
            for group in self.groups
        }
        total = _positive(pl.sum_horizontal(weights.values(), ignore_nulls=False))
        record = means_record(statistic, {group: weight / total for group, weight in weights.items()})
        weighed = [statistic(f"weighed_{group}") for group in self.groups]
        return record | {"n": pl.min_horizontal(record["n"], *weighed)}


def _positive(number: pl.Expr) -> pl.Expr:
    return pl.when(number > 0).then(number)
