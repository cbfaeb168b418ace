"""Normalisation: a KPI's values onto one scale on which higher is better, as Polars expressions.

Each function takes the value as an expression and is elementwise or ranks within whatever window the caller
lays over it (`.over(...)`); outliers are treated before, in `treat.py`. Formulas: OECD/JRC Handbook (2008),
step 5, and COINr; `direction` is +1 where higher is better and −1 where lower is.
"""

from itertools import pairwise

import polars as pl

from transforms.exactness import compared
from transforms.expression import expression


def goalposts(value: pl.Expr, worst: pl.Expr, best: pl.Expr) -> pl.Expr:
    """0–100 between fixed posts, truncated beyond them; `worst` above `best` where lower is better.

    >>> days = pl.DataFrame({"days": [2.0, 16.0, 45.0]})
    >>> days.select(goalposts(pl.col("days"), pl.lit(30.0), pl.lit(2.0))).to_series().to_list()
    [100.0, 50.0, 0.0]
    """
    return ((value - worst) / (best - worst)).clip(0.0, 1.0) * 100.0


def by_formula(formula: str) -> pl.Expr:
    """What a formula makes of the column `value`, brought to 0 to 100; null where that is no number.

    Raises ExpressionError for what is not understood.

    >>> days = pl.DataFrame({"value": [4.0, 30.0, None]})
    >>> days.select(by_formula("power(value, 2) / 4")).to_series().to_list()
    [4.0, 100.0, None]
    """
    score = expression(formula, {"value": pl.Float64()}, "number").computed.cast(pl.Float64)
    return pl.when(score.is_finite()).then(score.clip(0.0, 100.0))


def is_truncated(value: pl.Expr, worst: pl.Expr, best: pl.Expr) -> pl.Expr:
    """Whether the value lies beyond its goalposts, where progress is no longer seen."""
    low, high = pl.min_horizontal(worst, best), pl.max_horizontal(worst, best)
    return ~compared(value).is_between(compared(low), compared(high))


def min_max(value: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """0–100 between the sample's worst and best; null where all are the same.

    >>> days = pl.DataFrame({"days": [4.0, 6.0, 20.0]})
    >>> days.select(min_max(pl.col("days"), pl.lit(-1))).to_series().to_list()
    [100.0, 87.5, 0.0]
    """
    spread = value.max() - value.min()
    up = (value - value.min()) / spread
    down = (value.max() - value) / spread
    return pl.when(spread > 0).then(pl.when(direction > 0).then(up).otherwise(down) * 100.0)


def z_score(value: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """Standard deviations (n − 1) from the sample's mean; null where all are the same."""
    spread = value.std(ddof=1)
    return pl.when(spread > 0).then((value - value.mean()) / spread * direction)


def distance_to_target(value: pl.Expr, target: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """0–1 on the way from the sample's worst to the target, and 1 beyond it.

    Where the whole sample is at or beyond the target there is no distance left, and every unit has 1.
    """
    worst = pl.when(direction > 0).then(value.min()).otherwise(value.max())
    way = (target - worst) * direction
    share = pl.when(way > 0).then((value - worst) * direction / way).when(value.is_not_null()).then(1.0)
    return share.clip(0.0, 1.0)


def borda(value: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """How many units of the sample are worse."""
    ascending = value.rank("min").cast(pl.Float64)
    descending = value.rank("min", descending=True).cast(pl.Float64)
    return pl.when(direction > 0).then(ascending).otherwise(descending) - 1.0


def percentile_rank(value: pl.Expr, direction: pl.Expr) -> pl.Expr:
    """Share (0–1) of the other units that are worse; null in a sample of one.

    >>> days = pl.DataFrame({"days": [4.0, 6.0, 20.0]})
    >>> days.select(percentile_rank(pl.col("days"), pl.lit(-1))).to_series().to_list()
    [1.0, 0.5, 0.0]
    """
    others = value.count().cast(pl.Float64) - 1.0
    return pl.when(others > 0).then(borda(value, direction) / others)


def banded(value: pl.Expr, cut_points: list[float], points: list[float]) -> pl.Expr:
    """The points of the value's band; a value on a cut point gets the better of the two bands beside it.

    >>> days = pl.DataFrame({"days": [5.0, 7.0, 12.0]})
    >>> days.select(banded(pl.col("days"), [5.0, 10.0], [100, 60, 0])).to_series().to_list()
    [100.0, 60.0, 0.0]
    """
    banding, exact = pl.lit(float(points[-1])), compared(value)
    for cut, (below, above) in reversed(list(zip(cut_points, pairwise(points), strict=True))):
        limit = compared(pl.lit(float(cut)))
        is_below = exact <= limit if below > above else exact < limit
        banding = pl.when(is_below).then(pl.lit(float(below))).otherwise(banding)
    return pl.when(value.is_not_null()).then(banding)
