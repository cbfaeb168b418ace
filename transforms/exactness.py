"""What a float stands for: a decimal of 15 digits when it is published, of 12 where it is held against a limit.

Numbers that are equal on paper must be equal in every rule, whatever the order of sums; the sums are those of
`measures/month_sums.py`.
"""

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

# Every decimal of so many digits survives a float and comes back by rounding; a quotient of two exact sums is off by
# less than the digit after.
PUBLISHED_DIGITS = 15
# Weighted means of scores gather errors in the last places: twelve digits are far from them, and far from any meaning.
COMPARED_DIGITS = 12
# Half a million numbers below 10,000 in units of 2^-20 add up in a float without error.
_ROUNDED_TO = 2.0**20


def published(value: pl.Expr) -> pl.Expr:
    """The value as it is published: the decimal of 15 significant digits next to it."""
    return value.round_sig_figs(PUBLISHED_DIGITS)


def divided(value: pl.Expr, divisor: float) -> pl.Expr:
    """The value by a constant, the same to the last digit however many rows there are.

    Polars' `/` takes the reciprocal for several rows and divides where one stands alone, also in a part that a thread
    of its own works on.
    """
    return value * (1 / divisor)


def steady_sum(value: pl.Expr) -> pl.Expr:
    """The sum of floats, the same to the last digit whatever the order of rows and the number of threads.

    The rounded parts add up without error; what they leave is added up by size. Polars leaves out a sort before a
    sum, but not before a running one.
    """
    rounded = (value * _ROUNDED_TO).round() / _ROUNDED_TO
    parts = (part.sort().cum_sum().last() for part in (rounded, value - rounded))
    return added(part.fill_null(0.0) for part in parts)


def added(terms: Iterable[pl.Expr]) -> pl.Expr:
    """The terms added up one after the other; NULL where one is. `sum_horizontal` adds in an order of its threads."""
    return reduce(operator.add, terms)


def steady_mean(value: pl.Expr) -> pl.Expr:
    """The mean likewise; NULL without a value."""
    return steady_sum(value) / pl.when(value.count() > 0).then(value.count())


def steady_variance(value: pl.Expr) -> pl.Expr:
    """The variance, with divisor n − 1, likewise; NULL below two values."""
    n = value.count()
    return steady_sum((value - steady_mean(value)) ** 2) / pl.when(n > 1).then(n - 1)


def steady_correlation(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Pearson's correlation of two columns without NULLs likewise; not finite where one does not vary."""
    own, others = one - steady_mean(one), other - steady_mean(other)
    return steady_sum(own * others) / (steady_sum(own**2) * steady_sum(others**2)).sqrt()


def compared(value: pl.Expr) -> pl.Expr:
    """The value as limits are asked about it, to 12 significant digits; limits are to be given in the same way."""
    return value.round_sig_figs(COMPARED_DIGITS)


def compared_array(values: Any) -> NDArray[np.float64]:
    """The same of an array in its shape; NaN and infinite stay."""
    array = np.asarray(values, dtype=np.float64)
    rounded = pl.Series(array.ravel()).round_sig_figs(COMPARED_DIGITS).to_numpy()
    return np.where(np.isfinite(array), rounded.reshape(array.shape), array)
