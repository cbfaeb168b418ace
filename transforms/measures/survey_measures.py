"""Measures of surveys: promoter score, means of means, by allotted points, weighted by respondent.

Their statistics are sums of cases like others (`case_figures.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import polars as pl

from transforms.exactness import added
from transforms.measures.case_measures import OfCases, filled, over, variance_of
from transforms.measures.definition import NONE, ZERO, Pick, Record, Statistic, Statistics
from transforms.statistics.intervals import common_correlation, nps_adjusted, ratio_interval, sum_interval


@dataclass(frozen=True)
class NetPromoter(OfCases):
    """Promoters (9–10) less detractors (0–6) of answers on 0–10, in points; adjusted Wald interval."""

    interval: ClassVar[str] = "adjusted Wald"
    score: str

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.score),)

    def statistics(self, as_of: date) -> Statistics:
        score = pl.col(self.score)
        return {
            "promoters": Statistic((score >= 9).fill_null(False)),
            "detractors": Statistic((score <= 6).fill_null(False)),
            "n": Statistic(score.is_not_null()),
        }

    def record(self, figure: Pick) -> Record:
        promoters, detractors, n = (figure(name) for name in ("promoters", "detractors", "n"))
        low, high = nps_adjusted(promoters, detractors, n)
        return {
            "numerator": promoters - detractors,
            "denominator": n,
            "value": over(promoters - detractors, n) * 100,
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "n_undetermined": ZERO,
        }


@dataclass(frozen=True)
class MeanOfMeans(OfCases):
    """Mean of the means of several groups of cases, each with equal weight.

    Its interval counts a respondent, who has a row in every group, as one: the groups' errors correlate as the
    answers do, any two groups alike. For that `value` has a twin `value`_overall, the respondent's mean of groups.
    """

    interval: ClassVar[str] = "Student's t, respondents as clusters"
    value: str
    by: str
    groups: tuple[str, ...]

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return tuple((pl.col(self.by) == group) & filled(self.value) for group in self.groups)

    def statistics(self, as_of: date) -> Statistics:
        own = pl.when(pl.col(self.by).is_in(self.groups)).then(pl.col(self.value).cast(pl.Float64))
        statistics = {"with_mean": Statistic((own * pl.col(f"{self.value}_overall")).fill_null(0.0))}
        for group in self.groups:
            value = pl.when(pl.col(self.by) == group).then(pl.col(self.value).cast(pl.Float64))
            statistics[f"sum_{group}"] = Statistic(value.fill_null(0.0))
            statistics[f"squares_{group}"] = Statistic((value**2).fill_null(0.0))
            statistics[f"n_{group}"] = Statistic(value.is_not_null())
        return statistics

    def record(self, figure: Pick) -> Record:
        return _means_record(figure, {group: pl.lit(1 / len(self.groups)) for group in self.groups})


def _means_record(figure: Pick, shares: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    """The record of the sum over groups of share times mean, the shares as given."""
    values, errors, variances, totals, sizes = [], [], [], [], []
    for group, share in shares.items():
        total, squares, n = (figure(f"{name}_{group}") for name in ("sum", "squares", "n"))
        variance = variance_of(total, squares, n)
        values.append(share * total / _positive(n))
        errors.append(share * (variance / n).sqrt())
        variances.append(variance)
        totals.append(total)
        sizes.append(n)
    groups, n = len(shares), pl.min_horizontal(sizes)
    # Each respondent's mean stands in every row of his, so that it counts once a group.
    respondents = added(sizes) / groups
    of_means = variance_of(added(totals) / groups, figure("with_mean") / groups, respondents)
    correlation = common_correlation(groups**2 * of_means, variances).fill_null(1.0)
    low, high = sum_interval(values, errors, correlation, n)
    return {
        "numerator": NONE,
        "denominator": NONE,
        "value": added(values),
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "n_undetermined": ZERO,
    }


@dataclass(frozen=True)
class AllocationMean(OfCases):
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
    def conditions(self) -> tuple[pl.Expr, ...]:
        """Value and weight in every group."""
        return tuple((pl.col(self.by) == group) & filled(self.value, self.weight) for group in self.groups)

    def statistics(self, as_of: date) -> Statistics:
        """Sum, sum of squares and number of the values, sum and number of the weights, by group."""
        statistics = dict(self._means.statistics(as_of))
        for group in self.groups:
            weight = pl.when(pl.col(self.by) == group).then(pl.col(self.weight).cast(pl.Float64))
            statistics[f"weight_{group}"] = Statistic(weight.fill_null(0.0))
            statistics[f"weighed_{group}"] = Statistic(weight.is_not_null())
        return statistics

    @property
    def _means(self) -> MeanOfMeans:
        """The same means with equal weights."""
        return MeanOfMeans(self.value, self.by, self.groups)

    def record(self, figure: Pick) -> Record:
        """The weighted mean with its interval; n is the least number of answers of a group."""
        weights = {
            group: figure(f"weight_{group}") / _positive(figure(f"weighed_{group}")) for group in self.groups
        }
        total = _positive(added(weights.values()))
        record = _means_record(figure, {group: weight / total for group, weight in weights.items()})
        weighed = [figure(f"weighed_{group}") for group in self.groups]
        return record | {"n": pl.min_horizontal(record["n"], *weighed)}


@dataclass(frozen=True)
class WeightedMean(OfCases):
    """Σ w x / Σ w over respondents, whose n is the effective one, (Σw)² / Σw² (Kish 1965).

    So a sample that weights have to bend far is suppressed sooner. The interval is linearised (Cochran 1977, 6.3).
    """

    interval: ClassVar[str] = "normal, linearised"
    value: str
    weight: str

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        """Value and weight."""
        return (filled(self.value, self.weight),)

    def statistics(self, as_of: date) -> Statistics:
        """Σw, Σw², Σwx, Σw²x, Σw²x² and the number of respondents."""
        value = pl.col(self.value).cast(pl.Float64)
        weight = pl.when(value.is_not_null()).then(pl.col(self.weight))
        sums = {
            "w": weight,
            "ww": weight**2,
            "wx": weight * value,
            "wwx": weight**2 * value,
            "wwxx": (weight * value) ** 2,
            "n": weight.is_not_null(),
        }
        return {name: Statistic(cases) for name, cases in sums.items()}

    def record(self, figure: Pick) -> Record:
        """The weighted mean with its interval and the effective n; numerator and denominator are weighted sums."""
        w, ww, wx, wwx, wwxx, n = (figure(name) for name in ("w", "ww", "wx", "wwx", "wwxx", "n"))
        low, high = ratio_interval(wx, w, wwxx, ww, wwx, n)
        return {
            "numerator": wx,
            "denominator": w,
            "value": wx / _positive(w),
            "ci_low": low,
            "ci_high": high,
            "n": (w**2 / _positive(ww)).fill_null(0.0),
            "n_undetermined": ZERO,
        }


def _positive(number: pl.Expr) -> pl.Expr:
    return pl.when(number > 0).then(number)
