"""`index.gaps`: where the records say one thing about a dimension and customers another, and how to read that.

Whether the two go together at all is in `index.calibration`.
"""

import polars as pl

from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.dimensions import dimension_scores, gap_columns
from transforms.model import Columns, transform
from transforms.settings import Settings

GAPS: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "dimension": (pl.String, "Dimension of the framework."),
    "objective_score": (pl.Float64, "Score from the insurer's records."),
    "perceived_score": (pl.Float64, "Score from customers' answers."),
    "gap_points": (pl.Float64, "Perceived less objective."),
    "reading": (pl.String, "strength, communication problem, survey or survivorship bias, or weakness."),
}


@transform(
    writes="index.gaps",
    reads={"scores": "index.scores"},
    keys=UNIT,
    grain=(*VERSION, *UNIT, "dimension"),
    columns=GAPS,
)
def gaps(scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and dimension: its objective and its perceived score, and the gap.

    High facts with low perception are a communication problem; low facts with high perception point to bias in
    the survey, or in who is left to answer it.
    """
    return dimension_scores(scores, settings.frameworks).with_columns(gap_columns())
