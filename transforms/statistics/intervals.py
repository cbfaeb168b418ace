"""Confidence intervals as Polars expressions over columns of counts and sums, one row per group.

Estimates that need the single cases (survival curves, bootstrap) are elsewhere. Undefined is null: NaN and
infinity never leave.
"""

from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from transforms.exactness import added

Operand = pl.Expr | float
Numbers = NDArray[np.float64]
# The level of every interval that is published.
LEVEL = 0.95


class Interval(NamedTuple):
    """Lower and upper limit, null where undefined."""

    low: pl.Expr
    high: pl.Expr


class Difference(NamedTuple):
    """A difference of two estimates with its z statistic and interval."""

    value: pl.Expr
    z: pl.Expr
    low: pl.Expr
    high: pl.Expr


def _below_upper_limit(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, as in 0.95; got {level}")
    return (1 + level) / 2


def normal_quantile(level: float) -> float:
    """z of the two-sided interval at `level`: 1.959964 for 0.95."""
    return NormalDist().inv_cdf(_below_upper_limit(level))


# z of every interval that is published.
Z_95 = normal_quantile(LEVEL)


def deviation_interval(
    total: pl.Expr, squares: pl.Expr, cubes: pl.Expr, fourths: pl.Expr, n: pl.Expr, z: float = Z_95
) -> Interval:
    """Interval of a standard deviation from sums of powers of n values, by their kurtosis (Bonett 2006).

    Bonett, Approximate confidence interval for standard deviation of nonnormal distributions, Computational Statistics
    and Data Analysis 50; with the moments about the mean. Undefined under 4 values or where all are alike.
    """
    mean = total / n
    second = squares - n * mean**2
    fourth = fourths - 4 * mean * cubes + 6 * mean**2 * squares - 3 * n * mean**4
    kurtosis = n * fourth / second**2
    corrected = n / (n - z)
    error = corrected * ((kurtosis - (n - 3) / n) / (n - 1)).clip(lower_bound=0).sqrt()
    middle = (corrected * second / (n - 1)).log()
    is_defined = (n >= 4) & (second > 0)
    return Interval(
        *(finite(pl.when(is_defined).then(((middle + sign * z * error) / 2).exp())) for sign in (-1, 1))
    )


def student_quantile(n: pl.Expr, level: float) -> pl.Expr:
    """The two-sided quantile of Student's t with n − 1 degrees of freedom."""
    probability = _below_upper_limit(level)

    def quantile(cases: pl.Series) -> pl.Series:
        sizes, place = np.unique(cases.to_numpy().astype(np.float64), return_inverse=True)
        return pl.Series(cases.name, special.stdtrit(sizes - 1, probability)[place], nan_to_null=True)

    return n.map_batches(quantile, pl.Float64, is_elementwise=True)


def wilson(successes: Operand, n: Operand, level: float = LEVEL) -> Interval:
    """Limits of a share, successes/n.

    Shares outside [0, 1] have none. Wilson (1927), JASA 22, 209-212.

    >>> [round(limit, 3) for limit in pl.select(**wilson(6, 9)._asdict()).row(0)]
    [0.354, 0.879]
    """
    z = normal_quantile(level)
    k, cases = _float(successes), _float(n)
    valid = k.is_between(0, cases) & (cases > 0) & cases.is_finite()
    root = z * (4 * k * (1 - k / cases) + z**2).sqrt()
    low, high = ((2 * k + z**2 + side) / (2 * (cases + z**2)) for side in (-root, root))
    share = k / cases
    return Interval(
        pl.when(valid).then(pl.min_horizontal(low.clip(0, 1), share)),
        pl.when(valid).then(pl.max_horizontal(high.clip(0, 1), share)),
    )


def garwood(count: Operand, exposure: Operand = 1.0, level: float = LEVEL) -> Interval:
    """Exact limits of a rate, count/exposure, of Poisson events; zero events have lower limit 0.

    Garwood (1936), Biometrika 28, 437-442: chi-square quantiles with 2k and 2k + 2 degrees of freedom.

    >>> [round(limit, 3) for limit in pl.select(**garwood(30, 20.0)._asdict()).row(0)]
    [1.012, 2.141]
    """
    tail = (1 - level) / 2
    events, base = _float(count), _positive(exposure)
    low = events.map_batches(lambda k: _poisson_limit(k, 0, tail), pl.Float64, is_elementwise=True)
    high = events.map_batches(lambda k: _poisson_limit(k, 1, 1 - tail), pl.Float64, is_elementwise=True)
    return Interval(finite(low / base), finite(high / base))


def mean_interval(
    mean: Operand, standard_deviation: Operand, n: Operand, skewness: Operand = 0.0, level: float = LEVEL
) -> Interval:
    """Limits of a mean from the standard deviation with divisor n − 1; none below two cases.

    Student's t without skewness. With the sample's (`sample_skewness`) t is first made symmetric by Hall's cubic
    transformation, so that the upper limit of a few long durations lies further off than the lower one. Hall
    (1992), JRSS B 54, 221-228.

    >>> [round(limit, 1) for limit in pl.select(**mean_interval(7.8, 12.0, 10)._asdict()).row(0)]
    [-0.8, 16.4]
    >>> [round(limit, 1) for limit in pl.select(**mean_interval(7.8, 12.0, 10, skewness=2.0)._asdict()).row(0)]
    [1.8, 40.1]
    """
    cases = _at_least_two(n)
    error = _float(standard_deviation) / cases.sqrt()
    t, a = student_quantile(cases, level), _float(skewness) / cases.sqrt()
    low, high = (_float(mean) - _untransformed(side, a) * error for side in (t, -t))
    return Interval(finite(low), finite(high))


def sample_skewness(total: Operand, squares: Operand, cubes: Operand, n: Operand) -> pl.Expr:
    """Adjusted Fisher–Pearson skewness from Σx, Σx² and Σx³; 0 below three cases or where all are equal."""
    cases = _float(n)
    mean = _float(total) / cases
    variance = _float(squares) / cases - mean**2
    third = _float(cubes) / cases - 3 * mean * _float(squares) / cases + 2 * mean**3
    adjusted = third / variance**1.5 * (cases * (cases - 1)).sqrt() / (cases - 2)
    # No sample is more skewed than one case that differs from all others; sums that cancel could be.
    most = cases.sqrt()
    return pl.when((cases > 2) & (variance > 0)).then(adjusted.clip(-most, most)).otherwise(0.0)


def _untransformed(y: pl.Expr, a: pl.Expr) -> pl.Expr:
    """T with T + a·T²/3 + a²·T³/27 + a/6 = y; a is skewness/√n."""
    shifted = y - a / 6
    exact = (3 / a) * ((1 + a * shifted).cbrt() - 1)
    return pl.when(a.abs() > _HARDLY_SKEWED).then(exact).otherwise(shifted - a * shifted**2 / 3)


# Below this the cube root loses more digits than the terms left out of its series.
_HARDLY_SKEWED = 1e-5


def sum_interval(
    estimates: Sequence[pl.Expr],
    errors: Sequence[pl.Expr],
    correlation: Operand,
    n: Operand,
    level: float = LEVEL,
) -> Interval:
    """Limits of the sum of estimates with standard errors, any two of which are equally correlated; Student's t."""
    total = added(estimates)
    together = added(errors) ** 2
    apart = added([error**2 for error in errors])
    alike = _float(correlation)
    variance = alike * together + (1 - alike) * apart
    half = student_quantile(_at_least_two(n), level) * variance.clip(lower_bound=0).sqrt()
    return Interval(finite(total - half), finite(total + half))


def common_correlation(sum_variance: pl.Expr, variances: Sequence[pl.Expr]) -> pl.Expr:
    """The correlation that any two of several variables must share to give their sum its variance."""
    apart = added(variances)
    together = added([variance.sqrt() for variance in variances]) ** 2
    least = -1 / (len(variances) - 1)
    return finite((sum_variance - apart) / (together - apart)).clip(least, 1.0)


def ratio_interval(
    sum_y: Operand,
    sum_x: Operand,
    sum_yy: Operand,
    sum_xx: Operand,
    sum_xy: Operand,
    n: Operand,
    level: float = LEVEL,
) -> Interval:
    """Limits of Σy/Σx over n independent cases, linearised: from Σy, Σx, Σy², Σx², Σxy; Student's t.

    Var = n/(n−1) · Σ(y − Rx)² / (Σx)². Cochran, Sampling Techniques (1977), section 6.3, without the finite
    population correction: the interval is for the process, not for this month's census.
    """
    cases, base = _at_least_two(n), _float(sum_x)
    ratio = _float(sum_y) / base
    squares = _float(sum_yy) - 2 * ratio * _float(sum_xy) + ratio**2 * _float(sum_xx)
    error = (cases / (cases - 1) * squares.clip(lower_bound=0)).sqrt() / base.abs()
    half = student_quantile(cases, level) * error
    return Interval(finite(ratio - half), finite(ratio + half))


def weighted_share(sum_y: Operand, sum_x: Operand, sum_xx: Operand, level: float = LEVEL) -> Interval:
    """Limits of Σy/Σx where a case of size x has all of it, none or a part: 0 ≤ y ≤ x.

    Wilson over the effective number of cases (Σx)²/Σx² (Kish 1965, Survey Sampling, section 11.7): a few large
    cases that all went well say little, though the residuals from the ratio are then small. Conservative where
    parts are frequent.

    >>> [round(limit, 3) for limit in pl.select(**weighted_share(90.0, 100.0, 2000.0)._asdict()).row(0)]
    [0.463, 0.989]
    """
    base = _float(sum_x)
    effective = finite(base**2 / _float(sum_xx))
    return wilson(finite(_float(sum_y) / base) * effective, effective, level)


def compound_poisson(total: Operand, squares: Operand, exposure: Operand, level: float = LEVEL) -> Interval:
    """Limits of Σa/exposure, amounts a of Poisson events, from Σa and Σa²; no upper one without an event.

    Garwood over the effective number of events (Σa)²/Σa². Fay and Feuer (1997), Statistics in Medicine 16,
    791-801, with Σa²/Σa for the amount of the next event.

    >>> [round(limit, 3) for limit in pl.select(**compound_poisson(30.0, 40.0, 20.0)._asdict()).row(0)]
    [0.946, 2.261]
    """
    amount = _float(total)
    weight = finite(_float(squares) / amount)
    low, high = garwood(amount / weight, _float(exposure) / weight, level)
    return Interval(pl.when((amount == 0) & _positive(exposure).is_not_null()).then(0.0).otherwise(low), high)


def quantile_ranks(n: Numbers, q: float, level: float = LEVEL) -> tuple[Numbers, Numbers]:
    """1-based ranks of the two order statistics of n cases that enclose the q-quantile, whatever the distribution.

    X(low) ≤ quantile ≤ X(high) with probability ≥ level; a rank that does not exist in n cases is NaN.
    Binomial order statistics: Conover, Practical Nonparametric Statistics (1999), section 3.2.

    >>> low, high = quantile_ranks(np.array([100.0]), 0.5)
    >>> low.item(), high.item()
    (40.0, 61.0)
    """
    sizes, place = np.unique(n.astype(np.float64), return_inverse=True)
    few = int(np.searchsorted(sizes, _FEW_CASES))
    known, worked_out = _ranks_of_few(q, level), _ranks(sizes[few:], q, level)
    small = sizes[:few].astype(np.int64)
    low, high = (np.append(known[i][small], worked_out[i])[place] for i in range(2))
    return low, high


# Most segments have fewer cases, the same numbers again and again.
_FEW_CASES = 2048


@cache
def _ranks_of_few(q: float, level: float) -> tuple[Numbers, Numbers]:
    return _ranks(np.arange(_FEW_CASES, dtype=np.float64), q, level)


def _ranks(n: Numbers, q: float, level: float) -> tuple[Numbers, Numbers]:
    tail = (1 - level) / 2
    return _rank(n, q, tail, 0), _rank(n, q, 1 - tail, 1)


def nps(promoters: Operand, detractors: Operand, n: Operand) -> pl.Expr:
    """Net promoter score in points from −100 to 100.

    >>> pl.select(nps(90, 50, 200)).item()
    20.0
    """
    return finite(100 * (_float(promoters) - _float(detractors)) / _positive(n))


def nps_standard_error(promoters: Operand, detractors: Operand, n: Operand) -> pl.Expr:
    """Standard error of the net promoter score in points, √((p + d − (p − d)²)/n)."""
    cases = _positive(n)
    p, d = _float(promoters) / cases, _float(detractors) / cases
    return finite(100 * ((p + d - (p - d) ** 2).clip(lower_bound=0) / cases).sqrt())


def nps_adjusted(promoters: Operand, detractors: Operand, n: Operand, level: float = LEVEL) -> Interval:
    """Adjusted Wald limits in points: z² pseudo-answers, a quarter of them promoters, a quarter detractors.

    After Agresti and Coull (1998), The American Statistician 52, 119-126.

    >>> [round(limit, 1) for limit in pl.select(**nps_adjusted(90, 50, 200)._asdict()).row(0)]
    [8.5, 30.8]
    """
    z = normal_quantile(level)
    pseudo = z**2
    answers = _positive(n) + pseudo
    promoting, detracting = _float(promoters) + pseudo / 4, _float(detractors) + pseudo / 4
    score = nps(promoting, detracting, answers)
    return _points(score, z * nps_standard_error(promoting, detracting, answers))


def nps_difference(
    promoters: Operand,
    detractors: Operand,
    n: Operand,
    earlier_promoters: Operand,
    earlier_detractors: Operand,
    earlier_n: Operand,
    level: float = LEVEL,
) -> Difference:
    """Change of the net promoter score between two independent waves, in points; z is null at zero error.

    >>> difference = nps_difference(100, 45, 210, 90, 50, 200)
    >>> [round(number, 2) for number in pl.select(**difference._asdict()).row(0)]
    [6.19, 0.78, -9.32, 21.7]
    """
    value = nps(promoters, detractors, n) - nps(earlier_promoters, earlier_detractors, earlier_n)
    first = nps_standard_error(promoters, detractors, n)
    second = nps_standard_error(earlier_promoters, earlier_detractors, earlier_n)
    error = (first**2 + second**2).sqrt()
    half = normal_quantile(level) * error
    return Difference(value, finite(value / error), finite(value - half), finite(value + half))


def finite(value: pl.Expr) -> pl.Expr:
    """The value, null where it is NaN or infinite."""
    return pl.when(value.is_finite()).then(value)


def _float(value: Operand) -> pl.Expr:
    expression = value if isinstance(value, pl.Expr) else pl.lit(value)
    return expression.cast(pl.Float64)


def _positive(value: Operand) -> pl.Expr:
    number = _float(value)
    return pl.when(number > 0).then(number)


def _at_least_two(value: Operand) -> pl.Expr:
    number = _float(value)
    return pl.when(number >= 2).then(number)


def _points(score: pl.Expr, half: pl.Expr) -> Interval:
    return Interval((score - half).clip(-100, 100), (score + half).clip(-100, 100))


def _poisson_limit(count: pl.Series, more: int, probability: float) -> pl.Series:
    # Counts recur over months and segments; the inverse is worked out once for each.
    events, place = np.unique(count.to_numpy().astype(np.float64), return_inverse=True)
    shape = np.where(events >= 0, events + more, np.nan)
    limit = special.gammaincinv(np.where(shape > 0, shape, np.nan), probability)
    return pl.Series(count.name, np.where(shape == 0, 0.0, limit)[place], nan_to_null=True)


def _rank(cases: Numbers, q: float, probability: float, above: int) -> Numbers:
    """`above` the smallest k with P(Binomial(n, q) ≤ k) ≥ probability; NaN unless between 1 and n."""
    k = np.ceil(special.bdtrik(probability, cases, q))
    one_less = np.maximum(k - 1, 0)
    enough = special.bdtr(one_less, np.where(np.isfinite(cases), cases, 0).astype(np.int64), q) >= probability
    rank: Numbers = np.where(enough, one_less, k) + above
    rank[~((rank >= 1) & (rank <= cases))] = np.nan
    return rank
