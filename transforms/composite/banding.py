"""Grades: bands of the score on the framework's own scale, a statutory cap, and hysteresis over the months.

The scale is the insurer's own and is never to be shown as a regulator's rating; scores are not made here.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array
from transforms.exactness import compared_array
from transforms.framework import Framework, Grades
from transforms.model import Columns

Positions = NDArray[np.int64]

HELD_GRADE_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of."),
    "segment": (pl.String, "The segment."),
    "node": (pl.String, "Inner node of the tree."),
    "score": (pl.Float64, "Score of the month."),
    "grade": (pl.String, "Grade that the month's score alone would have."),
    "held_grade": (pl.String, "Grade to show: it moves once the change is more than noise."),
}


def banded(score: Array, grades: Grades) -> Positions:
    """Position on the scale, 0 the best; the scale's length where the score is missing.

    A score that is a cut but for its last digits is on it: it has the better grade.
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


def held_grades(
    scores: pl.LazyFrame, frameworks: Sequence[Framework], intervals: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The grade to show for each unit and node of `index.scores`, in the columns of HELD_GRADE_COLUMNS.

    A grade held so far moves to that of the score if the near end of the score's interval is past the cut,
    or if the score is past it by more than the margin for as many periods as the framework's hysteresis says.
    The cap holds at once. `intervals` has framework, framework_version, period, cut, segment, node,
    score_low, score_high; without it only the second way is open. Months of one segment belong together: the
    keys are (cut, segment).
    """
    identity = ["framework", "framework_version", "period", "cut", "segment", "node"]
    frame = scores.filter(pl.col("grade").is_not_null())
    if intervals is not None:
        frame = frame.join(intervals.select(*identity, "score_low", "score_high"), on=identity, how="left")
    else:
        missing = pl.lit(None, dtype=pl.Float64)
        frame = frame.with_columns(score_low=missing, score_high=missing)
    rows = frame.sort(identity).collect()
    held = []
    for framework in frameworks:
        own = rows.filter(framework=framework.code, framework_version=framework.version)
        if framework.grades and own.height:
            held.append(own.with_columns(held_grade=_held(own, framework.grades)))
    schema = {name: dtype for name, (dtype, _) in HELD_GRADE_COLUMNS.items()}
    return pl.concat(held).lazy().select(list(schema)) if held else pl.LazyFrame(schema=schema)


def _held(rows: pl.DataFrame, grades: Grades) -> pl.Series:
    """Held grades of one framework's rows, month by month with all units of a month at once."""
    unit = rows.select(pl.struct("cut", "segment", "node").rank("dense")).to_series().to_numpy() - 1
    month = (rows["period"].dt.year().cast(pl.Int64) * 12 + rows["period"].dt.month()).to_numpy()
    month = month - month.min()  # by the calendar: a month that nobody has still parts those around it
    shape = (int(month.max()) + 1, int(unit.max()) + 1)
    score, low, high = (np.full(shape, np.nan) for _ in range(3))
    for matrix, name in ((score, "score"), (low, "score_low"), (high, "score_high")):
        matrix[month, unit] = rows[name].fill_null(float("nan")).to_numpy()
    of_month = np.full(shape, len(grades.scale), dtype=np.int64)
    names = list(grades.scale)
    of_month[month, unit] = rows["grade"].replace_strict(names, list(range(len(names)))).to_numpy()
    held = np.where(of_month > banded(score, grades), of_month, _steadied(score, low, high, grades))
    return grade_names(held[month, unit], grades)


def _steadied(score: Array, low: Array, high: Array, grades: Grades) -> Positions:
    """Positions held, months × units; a unit's first grade is that of its score."""
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
