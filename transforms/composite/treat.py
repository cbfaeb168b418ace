"""Outlier treatment before a comparison between units, as COINr does it: winsorise, and if that fails, log.

For a cross-section of units only: with fixed goalposts truncation takes its place, and the months of one unit
are never treated this way.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from transforms.composite.aggregate import Array

SMALLEST_SAMPLE = 10


@dataclass(frozen=True)
class Treatment:
    """Treated values in their old order, how many were pulled in at each end, and by which method."""

    values: Array
    n_low: int
    n_high: int
    method: Literal["none", "winsorised", "log", "failed"]


def skewness(values: Array) -> float:
    """Sample skewness G1, corrected for bias; NaN is left out."""
    x = values[~np.isnan(values)]
    n, centred = len(x), x - x.mean()
    second = (centred**2).sum()
    if second == 0 or n < 3:
        return 0.0
    return float(np.sqrt(n) * (centred**3).sum() / second**1.5 * np.sqrt(n * (n - 1)) / (n - 2))


def excess_kurtosis(values: Array) -> float:
    """Sample excess kurtosis G2, corrected for bias; NaN is left out."""
    x = values[~np.isnan(values)]
    n, centred = len(x), x - x.mean()
    second = (centred**2).sum()
    if second == 0 or n < 4:
        return 0.0
    ratio = n * (centred**4).sum() / second**2 - 3
    return float(((n + 1) * ratio + 6) * (n - 1) / ((n - 2) * (n - 3)))


def treated(
    values: Array, *, most_points: int = 5, skew_limit: float = 2.0, kurtosis_limit: float = 3.5
) -> Treatment:
    """The values without outliers, one KPI over all units.

    A sample passes when |skewness| or kurtosis is below its limit. Until it does, the highest values (the
    lowest where skew is negative) take the next value inwards, `most_points` at most; if that is not enough,
    the untouched values are put on the log scale of COINr, log(x − min + range/100). Under ten units nothing
    is treated. Becker et al. (2022), COINr.

    >>> treatment = treated(np.array([*range(1, 11), 30, 100], dtype=float))
    >>> treatment.method, treatment.values[-2:].tolist()
    ('winsorised', [30.0, 30.0])
    """

    def passes(sample: Array) -> bool:
        return abs(skewness(sample)) < skew_limit or excess_kurtosis(sample) < kurtosis_limit

    if np.count_nonzero(~np.isnan(values)) < SMALLEST_SAMPLE or passes(values):
        return Treatment(values, 0, 0, "none")
    result = values.copy()
    moved = np.zeros(len(values), dtype=bool)
    n_low = n_high = 0
    while not passes(result) and moved.sum() < most_points:
        high = skewness(result) >= 0
        edge = np.nanmax(result) if high else np.nanmin(result)
        at_edge = result == edge
        newly = int((at_edge & ~moved).sum())
        inside = result[~at_edge & ~np.isnan(result)]
        result[at_edge] = inside.max() if high else inside.min()
        moved |= at_edge
        n_low, n_high = n_low + (0 if high else newly), n_high + (newly if high else 0)
    if passes(result):
        return Treatment(result, n_low, n_high, "winsorised")
    spread = np.nanmax(values) - np.nanmin(values)
    logged = np.log(values - np.nanmin(values) + 0.01 * spread)
    return Treatment(logged, 0, 0, "log") if passes(logged) else Treatment(logged, 0, 0, "failed")
