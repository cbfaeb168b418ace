"""KPIs over several months up to each month, from the figures of months: where one month of a segment is too few cases.

A rate stays one a month, as exposures are added up like cases, so that what a month is held against holds here too.
Which KPIs a framework asks for and which window a score takes is said in `transforms/index`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from transforms.measures.case_figures import adds_up
from transforms.measures.figures import PERIOD, Figures
from transforms.periods import MONTH, WINDOW_GRAINS
from transforms.statistics.ordered import Array, Bools, Floats

# The longest window asked for, by code and basis.
Windows = Mapping[tuple[str, str], int]


def with_windows(
    periods: pl.DataFrame, figures: Sequence[Figures], windows: Windows
) -> tuple[pl.DataFrame, list[Figures]]:
    """The periods and, after them, a window of each length up to every month; and the figures of these windows.

    A window has the first and last day of its last month, and no figures where months before it are not among the
    periods, which are to be consecutive.
    """
    if not windows:
        return periods, []
    months = periods.filter(pl.col("grain") == MONTH)
    rows = months["period"].to_numpy().astype(np.int64)
    found: list[Figures] = []
    for grain, length in WINDOW_GRAINS.items():
        begin = periods.height
        numbers = np.arange(begin, begin + months.height)
        periods = pl.concat(
            [periods, months.with_columns(period=pl.Series(numbers, dtype=PERIOD), grain=pl.lit(grain))]
        )
        found += [
            Figures(
                one.series,
                numbers,
                one.segments,
                {name: _added(a[rows], length) for name, a in one.numbers.items()},
                None if one.wanted is None else with_following(one.wanted[rows], length),
            )
            for one in figures
            if windows.get((one.series.kpi.code, one.series.basis), 1) >= length and adds_up(one.series.kpi)
        ]
    return periods, found


def with_following(months: Bools, length: int) -> Bools:
    """Which months are in a window of so many months up to them with any of those given (rows).

    >>> with_following(np.array([False, True, False, False]), 2).tolist()
    [False, True, True, False]
    """
    found = months.copy()
    for later in range(1, length):
        found[later:] |= months[:-later]
    return found


def _added(monthly: Floats, length: int) -> Floats:
    """Each month added to those before it; NaN where these are too few."""
    added: Array = np.full(monthly.shape, np.nan)
    whole = len(monthly) - length + 1
    if whole > 0:
        added[length - 1 :] = sum(monthly[start : start + whole] for start in range(length))
    return added
