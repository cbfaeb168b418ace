"""What figures of curves are called, and the limits of an estimated probability.

Used by the estimators, `survival.py` and `competing_risks.py`, and by those who ask them for figures.
"""

import polars as pl

from transforms.statistics.intervals import Interval, normal_quantile
from transforms.statistics.risk_sets import ROUNDING


def probability_limits(share: pl.Expr, variance: pl.Expr, known: pl.Expr, level: float) -> Interval:
    """Limits of an estimated probability; Wilson over the `known` cases where it is 0 or 1.

    Normal on the scale log(−log p), so always within [0, 1] (Kalbfleisch and Prentice, The Statistical Analysis of
    Failure Time Data, 2002, section 1.4).
    """
    z = normal_quantile(level)
    power = z * variance.sqrt() / (share * share.log())
    low, high = share ** (-power).exp(), share ** power.exp()
    none, every, unsure = share <= ROUNDING, share >= 1 - ROUNDING, z**2 / (known + z**2)
    return Interval(
        pl.when(none).then(0.0).when(every).then(1 - unsure).otherwise(low),
        pl.when(none).then(unsure).when(every).then(1.0).otherwise(high),
    )


def quantile_name(q: float) -> str:
    """Column of a quantile: p50 for 0.5.

    >>> quantile_name(0.9)
    'p90'
    """
    return f"p{100 * q:g}"


def horizon_name(horizon: float) -> str:
    """Column of the probability to end within a horizon: within_30 for 30.

    >>> horizon_name(30)
    'within_30'
    """
    return f"within_{horizon:g}"


def with_limits(name: str, *ends: str) -> list[str]:
    """A column and those of its limits, and of whatever else is given: within_30, within_30_low, …

    >>> with_limits("p50")
    ['p50', 'p50_low', 'p50_high']
    """
    return [name, *(f"{name}_{end}" for end in (*ends, "low", "high"))]
