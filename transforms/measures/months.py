"""Months as numbers: of days, of periods, and which months are in which period.

What is added up by month is `month_sums.py`.
"""

import numpy as np
import polars as pl

from transforms.statistics.ordered import Array, Bools, Floats

_UNKNOWN = pl.Series([None], dtype=pl.Int32)


def layers(weights: Floats) -> list[Array]:
    """The periods (rows of periods × months) in as few layers as may be, none of which has two that overlap.

    >>> [layer.tolist() for layer in layers(np.array([[1, 0], [0, 1], [1, 1]]))]
    [[0, 1], [2]]
    """
    found: list[list[int]] = []
    taken: list[Array] = []
    for period, months in enumerate(weights > 0):
        for own, busy in zip(found, taken, strict=True):
            if not (busy & months).any():
                own.append(period)
                busy |= months
                break
        else:
            found.append([period])
            taken.append(months.copy())
    return [np.array(own) for own in found]


def month_number(day: str) -> pl.Expr:
    """Months since year 0 of a day.

    >>> from datetime import date
    >>> pl.DataFrame({"on": [date(2025, 3, 31), None]}).select(month_number("on"))["on"].to_list()
    [24302, None]
    """
    return pl.col(day).map_batches(_months_of_days, pl.Int32, is_elementwise=True)


def _months_of_days(days: pl.Series) -> pl.Series:
    numbers = days.to_physical().fill_null(0).to_numpy()
    first, last = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    if last - first < len(numbers):
        # Taking each day apart is ten times slower than looking it up.
        found = _months(np.arange(first, last + 1))[numbers - np.int32(first)]
    else:
        found = _months(numbers)
    months = pl.Series(days.name, found)
    return months.zip_with(days.is_not_null(), _UNKNOWN) if days.null_count() else months


def _months(days_since_1970: Array) -> Array:
    since_1970: Array = days_since_1970.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    return since_1970 + np.int32(12 * 1970)


def months_from_to(months: range, first: Array, last: Array) -> Floats:
    """Which months are among those from the first to the last one of each period: periods × months.

    >>> months_from_to(range(3), np.array([0, 1]), np.array([0, 2])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]
    """
    own = np.arange(months.start, months.stop)
    return ((own >= first[:, None]) & (own <= last[:, None])).astype(np.float64)


def periods_with(months: Floats, cells: Bools) -> Bools:
    """In which periods (of which `months` says which months count) and segments any cell of months × segments is set.

    >>> periods_with(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[False, False], [False, True]])).tolist()
    [[False, False], [False, True]]
    """
    found: Bools = np.matmul(months, cells.astype(np.float64)) > 0
    return found


def months_spanned(months: pl.Series) -> range:
    """The months from the first to the last; none of nothing."""
    first, last = months.min(), months.max()
    return range(int(first), int(last) + 1) if isinstance(first, int) and isinstance(last, int) else range(0)


def months_of_both(months: range, others: range) -> range:
    """The months from the first to the last of both."""
    if not months or not others:
        return months or others
    return range(min(months.start, others.start), max(months.stop, others.stop))
