"""How sure a correlation is: its interval, its sign, and how many pairs it takes, by Fisher's transformation.

The coefficients themselves are Polars' own (`pl.corr`); what survey items have in common is in `reliability.py`.
"""

import math
from statistics import NormalDist
from typing import Literal

from transforms.statistics.intervals import Z_95

# With fewer pairs nothing is said about a correlation.
FEWEST_PAIRS = 30
_NORMAL = NormalDist()


def pairs_needed(correlation: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Pairs with which a two-sided test finds a true correlation at this power; ten million for one near 0.

    >>> pairs_needed(0.3)
    85
    """
    z = _NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)
    size = abs(math.atanh(max(min(correlation, 0.999999), -0.999999)))
    return math.ceil((z / size) ** 2 + 3) if size > 0.001 else 10**7


def correlation_interval(correlation: float, n: int) -> tuple[float, float]:
    """95 % interval of a correlation of n pairs; below four pairs (−1, 1), which says nothing.

    >>> low, high = correlation_interval(0.5, 103)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.339 to 0.632
    """
    if n < 4:
        return -1.0, 1.0
    centre = math.atanh(max(min(correlation, 0.999999999), -0.999999999))
    half = Z_95 / math.sqrt(n - 3)
    return math.tanh(centre - half), math.tanh(centre + half)


def sign_verdict(low: float, high: float, expected: Literal[1, -1]) -> str:
    """Whether an interval lies on the expected side of 0, on the other, or across it.

    >>> sign_verdict(0.1, 0.4, expected=-1)
    'wrong sign'
    """
    if low <= 0 <= high:
        return "not separable from none"
    return "as expected" if (low > 0) == (expected > 0) else "wrong sign"
