"""`index.grades`: the grade that a month's score has, and the grade to show, which moves only for more than noise.

Bands, cap and hysteresis are `transforms/composite/banding.py`; `index.grade_probabilities` says how sure a grade is.
"""

import numpy as np
import polars as pl

from transforms.composite.banding import banded, grade_names, steadied
from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.framework import Grades
from transforms.model import Columns, transform
from transforms.settings import Settings

GRADES: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "node": (pl.String, "Inner node of the tree."),
    "score": (pl.Float64, "Score of the month."),
    "grade": (pl.String, "Grade that the month's score alone would have."),
    "held_grade": (pl.String, "Grade to show: it moves once the change is more than noise."),
}


@transform(
    writes="index.grades",
    reads={"scores": "index.scores", "intervals": "index.score_intervals"},
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=GRADES,
)
def grades(scores: pl.LazyFrame, intervals: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and inner node: the grade of the month and the grade to show.

    The grade held so far moves to that of the score once the change is more than noise, as the framework's
    hysteresis says; a cap holds at once. Without an interval of its score a grade moves only if the change lasts.
    """
    identity = [*VERSION, *UNIT, "node"]
    rows = (
        scores.filter(pl.col("grade").is_not_null())
        .join(intervals.select(*identity, "score_low", "score_high"), on=identity, how="left")
        .sort(identity)
        .collect()
    )
    parts = []
    for framework in settings.frameworks:
        own = rows.filter(framework=framework.code, framework_version=framework.version)
        if framework.grades and own.height:
            parts.append(own.with_columns(held_grade=_held(own, framework.grades, framework.months)))
    schema = {name: dtype for name, (dtype, _) in GRADES.items()}
    return pl.concat(parts).lazy().select(list(schema)) if parts else pl.LazyFrame(schema=schema)


def _held(rows: pl.DataFrame, scale: Grades, length: int) -> pl.Series:
    """Held grades of one framework's rows, period (`length` months) by period with all units of one at once."""
    unit = rows.select(pl.struct("cut", "segment", "node").rank("dense")).to_series().to_numpy() - 1
    month = (rows["period"].dt.year().cast(pl.Int64) * 12 + rows["period"].dt.month()).to_numpy()
    month = (
        month - month.min()
    ) // length  # by the calendar: a month that nobody has still parts those around it
    shape = (int(month.max()) + 1, int(unit.max()) + 1)
    score, low, high = (np.full(shape, np.nan) for _ in range(3))
    for matrix, name in ((score, "score"), (low, "score_low"), (high, "score_high")):
        matrix[month, unit] = rows[name].fill_null(float("nan")).to_numpy()
    names = list(scale.scale)
    of_month = np.full(shape, len(names), dtype=np.int64)
    of_month[month, unit] = rows["grade"].replace_strict(names, list(range(len(names)))).to_numpy()
    is_capped = of_month > banded(score, scale)
    held = np.where(is_capped, of_month, steadied(score, low, high, scale))
    return grade_names(held[month, unit], scale)
