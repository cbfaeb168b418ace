"""Distribution functions of the hazards and an even spread of points to integrate over them.

What the hazards are is in `hazards.py`; what follows from them in the `*_truth.py` modules.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRID = np.linspace(-8.5, 8.5, 20_001)
_NORMAL = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in _GRID])


def normal_cdf(z: Floats) -> Floats:
    """Standard normal distribution function, to 1e-7."""
    return np.interp(z, _GRID, _NORMAL)


def normal_quantile(p: Floats) -> Floats:
    return np.interp(p, _NORMAL, _GRID)


def lognormal_cdf(x: Floats, median: Floats | float, sigma: float) -> Floats:
    positive = np.maximum(x, 1e-300)
    return np.where(x > 0, normal_cdf(np.log(positive / median) / sigma), 0.0)


def rounded_mean(mean: Floats, sd: float, low: int, high: int) -> Floats:
    """Expectation of a normal that is rounded to whole numbers and clipped to low…high."""
    grid = np.linspace(low - 6.0, high + 6.0, 4001)
    cuts = np.arange(low, high) + 0.5
    above = 1 - normal_cdf((cuts[None, :] - grid[:, None]) / sd)
    return np.interp(mean, grid, low + above.sum(axis=1))


def answer_chances(mean: Floats, sd: float, low: int, high: int) -> Floats:
    """Chance of each whole number low…high of a normal that is rounded and clipped, one row a mean."""
    cuts = np.arange(low, high) + 0.5
    below = normal_cdf((cuts[None, :] - mean[:, None]) / sd)
    edges = np.ones((len(mean), 1))
    return np.diff(np.concatenate([0 * edges, below, edges], axis=1), axis=1)


def even_points(count: int, bases: tuple[int, ...]) -> Floats:
    """Points spread evenly over the unit cube, one a row: the Halton sequence of the prime bases."""
    columns = []
    for base in bases:
        number, value, digit = np.arange(1, count + 1), np.zeros(count), 1.0
        while number.any():
            number, remainder = np.divmod(number, base)
            digit /= base
            value += digit * remainder
        columns.append(value)
    return np.stack(columns, axis=1)
