"""`index.grade_probabilities`: how probable each grade of the index is, given sampling noise.

Counted from the draws of `index.score_intervals`; the grades themselves are in `index.grades`.
"""

import polars as pl

from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.model import Columns, transform
from transforms.settings import Settings

GRADE_PROBABILITIES: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "grade": (pl.String, "Grade of the framework's scale, before any cap."),
    "probability": (pl.Float64, "Share of the draws in which the index has the grade."),
}


@transform(
    writes="index.grade_probabilities",
    reads={"intervals": "index.score_intervals"},
    keys=UNIT,
    grain=(*VERSION, *UNIT, "grade"),
    columns=GRADE_PROBABILITIES,
)
def grade_probabilities(intervals: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and grade within reach of sampling noise: its probability."""
    scales = pl.LazyFrame(
        [(f.code, f.version, list(f.grades.scale)) for f in settings.frameworks if f.grades],
        schema={"framework": pl.String, "framework_version": pl.String, "grade": pl.List(pl.String)},
        orient="row",
    )
    return (
        intervals.filter(pl.col("grade_shares").is_not_null(), pl.col("node") == "index")
        .join(scales, on=VERSION)
        .rename({"grade_shares": "probability"})
        .select(list(GRADE_PROBABILITIES))
        .explode("grade", "probability")
        .filter(pl.col("probability") > 0)
    )
