"""Did it change: means of months before and after an event, their difference with its interval, and what was findable.

Which months are compared, so that no chance in their choice looks like an effect, is said where the months are chosen.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from transforms.statistics.intervals import LEVEL

Array = NDArray[np.float64]
_UPPER = (1 + LEVEL) / 2


class Sample(NamedTuple):
    """Months of each of several series: how many, their mean and their variance (divisor n − 1)."""

    n: Array
    mean: Array
    variance: Array


class Change(NamedTuple):
    """Mean after less mean before, its 95 % interval, its standard error and degrees of freedom; NaN if undefined."""

    value: Array
    low: Array
    high: Array
    error: Array
    freedom: Array


def sample(n: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> Sample:
    """A sample of floats; None is NaN."""
    return Sample(*(np.asarray(column, dtype=np.float64) for column in (n, mean, variance)))


def mean_limits(months: Sample) -> tuple[Array, Array]:
    """95 % interval of the mean of independent months by Student's t; NaN below two months.

    >>> low, high = mean_limits(sample([4], [10.0], [4.0]))
    >>> round(low.item(), 3), round(high.item(), 3)
    (6.818, 13.182)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        half = _quantile(months.n - 1) * np.sqrt(months.variance / months.n)
    return months.mean - half, months.mean + half


def change(before: Sample, after: Sample) -> Change:
    """The difference of means of independent months, with the variance of both pooled (Student's two-sample t).

    Months of one series that carry over into the next (trend, slow drift) make the interval too short; of a series
    less that of its peers, what all of them share is gone.

    >>> found = change(sample([4], [10.0], [4.0]), sample([3], [6.0], [4.0]))
    >>> [round(end.item(), 3) for end in (found.value, found.low, found.high)]
    [-4.0, -7.927, -0.073]
    """
    freedom = before.n + after.n - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = ((before.n - 1) * before.variance + (after.n - 1) * after.variance) / freedom
        error = np.sqrt(pooled * (1 / before.n + 1 / after.n))
    value = after.mean - before.mean
    half = _quantile(freedom) * error
    return Change(value, value - half, value + half, error, freedom)


def power(effect: ArrayLike, found: Change) -> Array:
    """Probability that the interval of `change` lies on the side of a true `effect`, as the months vary (noncentral t).

    >>> power([4.0], change(sample([12], [10.0], [4.0]), sample([6], [10.0], [4.0]))).round(2).item()
    0.96
    """
    effect = np.abs(np.asarray(effect, dtype=np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(found.error > 0, effect / found.error, np.nan)
    return np.asarray(1 - special.nctdtr(found.freedom, distance, _quantile(found.freedom)))


def _quantile(freedom: Array) -> Array:
    return np.asarray(special.stdtrit(np.where(freedom > 0, freedom, np.nan), _UPPER))
