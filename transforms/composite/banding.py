"""Grades as positions on a framework's own scale: bands of the score, a statutory cap, hysteresis over the months.

The scale is the insurer's own and is never to be shown as a regulator's rating. Points for bands of a KPI's value
are in `normalise.py`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array
from transforms.exactness import compared_array
from transforms.framework import Grades

Positions = NDArray[np.int64]


def banded(score: Array, grades: Grades) -> Positions:
    """Position on the scale, 0 the best; the scale's length where the score is missing.

    A score that differs from a cut only in its last digits counts as on it and has the better grade.

    >>> grades = Grades(scale={"A": 80, "B": 60, "C": 0})
    >>> banded(np.array([80.0, 79.9, np.nan]), grades).tolist()
    [0, 1, 3]
    """
    lowest = compared_array(list(grades.scale.values()))
    position = len(lowest) - np.searchsorted(lowest[::-1], compared_array(score), side="right")
    worst = len(lowest) - 1
    return np.where(np.isnan(score), len(lowest), np.minimum(position, worst)).astype(np.int64)


def capped(position: Positions, is_capped: NDArray[np.bool_], grades: Grades) -> Positions:
    """Positions no better than the cap's grade where it applies; missing ones stay missing."""
    if grades.cap is None:
        return position
    limit = list(grades.scale).index(grades.cap.at_most)
    return np.where(is_capped, np.maximum(position, limit), position)


def grade_names(position: Positions, grades: Grades) -> pl.Series:
    """Names of positions in any shape, flattened; null for missing."""
    return pl.Series([*grades.scale, None], dtype=pl.String).gather(position.ravel())


def steadied(score: Array, low: Array, high: Array, grades: Grades) -> Positions:
    """Positions held, months × units, given scores and the ends of their intervals (NaN where missing).

    A unit's first grade is that of its score. It moves to that of a later score if the near end of the interval is
    past the cut, or if the score is past it by more than the margin for as many periods as the hysteresis says.
    """
    rule, band = grades.hysteresis, banded(score, grades)
    missing = len(grades.scale)
    score, low, high = compared_array(score), compared_array(low), compared_array(high)
    lowest = compared_array([*grades.scale.values(), -np.inf])
    next_up = compared_array([np.inf, *grades.scale.values()])
    ceilings, floors = (
        compared_array(next_up + rule.margin_points),
        compared_array(lowest - rule.margin_points),
    )
    current = np.full(score.shape[1], missing, dtype=np.int64)
    streak_up = np.zeros(score.shape[1], dtype=np.int64)
    streak_down = np.zeros_like(streak_up)
    held = np.full(score.shape, missing, dtype=np.int64)
    for month, now in enumerate(score):
        is_there = ~np.isnan(now)
        ceiling, floor = next_up[current], lowest[current]
        streak_up = np.where(now > ceilings[current], streak_up + 1, 0)
        streak_down = np.where(now < floors[current], streak_down + 1, 0)
        beyond = (low[month] >= ceiling) | (high[month] < floor)
        lasting = np.maximum(streak_up, streak_down) >= rule.periods
        moves = is_there & ((current == missing) | beyond | lasting)
        current = np.where(moves, band[month], current)
        streak_up, streak_down = np.where(moves, 0, streak_up), np.where(moves, 0, streak_down)
        held[month] = np.where(is_there, current, missing)
    return held
