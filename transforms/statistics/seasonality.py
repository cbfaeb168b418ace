"""Seasonal decomposition of many monthly series at once: STL, and how strong the season is.

What is done with a season (adjusting a control chart) is in `transforms/measures/ordinary_variation.py`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

Matrix = NDArray[np.float64]

SEASONAL_WINDOW = 7
INNER_ROUNDS, ROBUST_ROUNDS = 2, 15

YEAR = 12
# A season is taken out of at least two years, where it is both strong and more than chance.
MINIMUM_MONTHS, MINIMUM_STRENGTH, SIGNIFICANCE = 24, 0.4, 0.01


class Decomposition(NamedTuple):
    """Series × time arrays that add up to the series."""

    seasonal: Matrix
    trend: Matrix
    remainder: Matrix


def stl(values: ArrayLike, *, period: int = 12, fixed_season: bool = False) -> Decomposition:
    """Robust STL of series × time values without gaps (Cleveland, Cleveland, McRae and Terpenning 1990).

    Locally linear smoothers with the authors' default windows; `fixed_season` holds the season the same every
    year instead (a seasonal window without end, of degree 0). Needs two whole periods, else ValueError. All
    series are smoothed together: a loess on a fixed grid is five matrix products.
    """
    y = np.atleast_2d(np.asarray(values, dtype=float))
    length = y.shape[1]
    if length < 2 * period:
        raise ValueError(f"a season of {period} needs {2 * period} points; here are {length}")
    seasonal_window = 10 * length + 1 if fixed_season else SEASONAL_WINDOW
    trend_window = _odd(1.5 * period / (1 - 1.5 / seasonal_window))
    low_pass_window = _odd(period)
    trend, seasonal, robustness = np.zeros_like(y), np.zeros_like(y), np.ones_like(y)
    even = np.ones_like(y)
    for outer in range(ROBUST_ROUNDS + 1):
        for _ in range(INNER_ROUNDS):
            cycles = _smooth_cycles(y - trend, robustness, period, seasonal_window, 0 if fixed_season else 1)
            low = _moving_mean(_moving_mean(_moving_mean(cycles, period), period), 3)
            seasonal = cycles[:, period:-period] - _loess(low, even, low_pass_window)
            trend = _loess(y - seasonal, robustness, trend_window)
        if outer < ROBUST_ROUNDS:
            robustness = _bisquare(np.abs(y - trend - seasonal))
    return Decomposition(seasonal, trend, y - trend - seasonal)


def seasonal_strength(parts: Decomposition) -> Matrix:
    """F_s = 1 − Var(R) / Var(S + R) of each series, 0 to 1 (Wang, Smith and Hyndman 2006).

    >>> month = np.arange(48)
    >>> busy_december = 10 + 3.0 * (month % 12 == 11) + 0.2 * np.sin(7.0 * month)
    >>> round(seasonal_strength(stl(busy_december)).item(), 2)
    0.97
    """
    whole = (parts.seasonal + parts.remainder).var(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, np.maximum(0, 1 - parts.remainder.var(axis=1) / whole), 0.0)


def season_test(values: ArrayLike) -> Matrix:
    """p-value of every monthly series for having no season: F test of month effects beside a linear trend.

    Needs fourteen months; the strength F_s alone cannot tell a season from chance in two or three years.

    >>> month = np.arange(48)
    >>> season_test(10 + 3.0 * (month % 12 == 11) + 0.2 * np.sin(7.0 * month)).item() < 0.001
    True
    """
    y = np.atleast_2d(np.asarray(values, dtype=float))
    length = y.shape[1]
    time = np.arange(length)
    trend = np.column_stack([np.ones(length), time]).astype(float)
    months = np.column_stack([time, np.equal.outer(time % YEAR, np.arange(YEAR))]).astype(float)

    def squares_left(design: Matrix) -> Matrix:
        basis = np.linalg.qr(design)[0]
        squares: Matrix = ((y - y @ basis @ basis.T) ** 2).sum(axis=1)
        return squares

    explained, left = squares_left(trend) - squares_left(months), squares_left(months)
    freedom = length - YEAR - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (explained / (YEAR - 1)) / (left / freedom)
    constant = y.var(axis=1) <= 1e-24 * (y**2).mean(axis=1)
    return np.where(constant, 1.0, special.fdtrc(YEAR - 1, freedom, np.maximum(ratio, 0)))


def seasonal_component(series: str, period: str, value: str) -> pl.Expr:
    """What the calendar month adds to `value`, in its unit; null for series without a notable season.

    That is: two years of months without a gap, F_s > 0.4 and a season beyond chance at 1 %. The season is
    held the same every year: over two or three years a moving one follows every point and leaves no remainder
    (F_s of pure noise is then mostly above 0.4). Rows sorted by series and period.
    """
    return pl.struct(series=series, period=period, value=value).map_batches(
        _seasonal, return_dtype=pl.Float64
    )


def _seasonal(rows: pl.Series) -> pl.Series:
    series = rows.struct.field("series").to_numpy()
    period = rows.struct.field("period")
    month = (period.dt.year().cast(pl.Int64) * YEAR + period.dt.month()).to_numpy()
    value = rows.struct.field("value").to_numpy()
    seasonal = np.full(len(rows), np.nan)
    starts = np.flatnonzero(np.r_[True, series[1:] != series[:-1]]) if len(rows) else np.empty(0, int)
    lengths = np.diff(np.r_[starts, len(rows)])
    unbroken = month[starts + lengths - 1] - month[starts] + 1 == lengths
    for length in np.unique(lengths[unbroken & (lengths >= MINIMUM_MONTHS)]):
        places = starts[unbroken & (lengths == length)][:, None] + np.arange(length)
        places = places[season_test(value[places]) < SIGNIFICANCE]
        if len(places):
            parts = stl(value[places], period=YEAR, fixed_season=True)
            strong = seasonal_strength(parts) > MINIMUM_STRENGTH
            seasonal[places[strong]] = parts.seasonal[strong]
    return pl.Series(seasonal, nan_to_null=True)


def _odd(number: float) -> int:
    """The smallest odd whole number above `number`."""
    above = int(np.floor(number)) + 1
    return above if above % 2 else above + 1


def _smooth_cycles(y: Matrix, robustness: Matrix, period: int, window: int, degree: int) -> Matrix:
    """Each calendar month's own series smoothed, with one period more on both ends."""
    smoothed = np.empty((y.shape[0], y.shape[1] + 2 * period))
    for month in range(period):
        smoothed[:, month::period] = _loess(
            y[:, month::period], robustness[:, month::period], window, degree=degree, beyond=True
        )
    return smoothed


def _moving_mean(y: Matrix, window: int) -> Matrix:
    sums = np.cumsum(np.pad(y, ((0, 0), (1, 0))), axis=1)
    return (sums[:, window:] - sums[:, :-window]) / window


def _loess(y: Matrix, robustness: Matrix, window: int, *, degree: int = 1, beyond: bool = False) -> Matrix:
    """Local lines (degree 0: means) at every point, `beyond`: and one step off both ends.

    Weights are tricube × robustness; a point whose whole window has no weight stays as it is.
    """
    n = y.shape[1]
    kernel, targets = _tricube(n, window, beyond)
    x = np.arange(n, dtype=float) - (n - 1) / 2
    weight = robustness @ kernel
    nearest = y[:, np.clip(np.rint(targets + (n - 1) / 2).astype(int), 0, n - 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x = (robustness * x) @ kernel / weight
        mean_y = (robustness * y) @ kernel / weight
        spread = (robustness * x**2) @ kernel / weight - mean_x**2
        shared = (robustness * x * y) @ kernel / weight - mean_x * mean_y
        slope = degree * np.where(np.sqrt(np.maximum(spread, 0)) > 0.001 * (n - 1), shared / spread, 0.0)
        fitted = mean_y + slope * (targets - mean_x)
    return np.where(weight > 0, fitted, nearest)


@lru_cache(maxsize=64)
def _tricube(n: int, window: int, beyond: bool) -> tuple[Matrix, Matrix]:
    """Weights of n points (rows) for each target (columns), and the targets, from the middle of the grid."""
    grid = np.arange(n)
    targets = np.arange(-1, n + 1) if beyond else grid
    first = np.clip(targets - (window - 1) // 2, 0, max(n - window, 0))
    last = np.minimum(first + window, n) - 1
    reach = np.maximum(targets - first, last - targets) + max(window - n, 0) // 2
    distance = np.abs(grid[:, None] - targets[None, :])
    inside = (grid[:, None] >= first) & (grid[:, None] <= last) & (distance <= 0.999 * reach)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(distance <= 0.001 * reach, 1.0, (1 - (distance / reach) ** 3) ** 3)
    kernel: Matrix = np.where(inside, weights, 0.0)
    return kernel, np.asarray(targets - (n - 1) / 2, dtype=float)


def _bisquare(residual: Matrix) -> Matrix:
    """Robustness weights: bisquare of the residuals over six times their median."""
    bound = 6 * np.median(residual, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = (1 - (residual / bound) ** 2) ** 2
    weights = np.where(residual <= 0.001 * bound, 1.0, np.where(residual <= 0.999 * bound, weights, 0.0))
    return np.where(bound > 0, weights, 1.0)
