"""`index.scores`: the score, coverage and grade of every node of every framework, for every segment and month.

How a score comes about is `transforms/composite/evaluate.py`; weights and what was clipped are in `index.nodes`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.banding import banded, capped, grade_names
from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.evaluate import Evaluation
from transforms.composite.leaf_scores import newest, of_frameworks, with_windows
from transforms.composite.node_rows import evaluated_rows, node_rows
from transforms.exactness import compared, published
from transforms.framework import GradeCap
from transforms.model import Columns, transform
from transforms.periods import MONTH
from transforms.settings import Settings
from transforms.vocabulary import SHOWN

SCORES: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "node": (pl.String, "Node of the framework's tree; the index itself is called index."),
    "level": (pl.Int32, "Depth in the tree: 0 is the index."),
    "score": (pl.Float64, "0 to 100, higher is better; null where too much is missing."),
    "coverage": (pl.Float64, "Share (0 to 1) of the node's leaf weight that is present."),
    "grade": (pl.String, "Grade on the framework's own scale; null for leaves and missing scores."),
    "window_months": (
        pl.Int32,
        "Months up to this one over which a leaf is taken, 1 unless it has too few cases; of an inner node the most "
        "of its leaves; 0: none.",
    ),
    "status": (
        pl.String,
        "ok, or why there is no score; of a leaf the status of its KPI record, filled or shrunk where another estimate "
        "is scored; placed: an index that is a place among the segments of its cut (outranking).",
    ),
}


@transform(
    writes="index.scores",
    reads={"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows", "kpi_periodic": "kpi.periodic"},
    # A framework may compare the segments of a cut, so that none of them can be scored alone.
    keys=("period", "cut"),
    grain=(*VERSION, *UNIT, "node"),
    columns=SCORES,
    partitioned_by="period",
    takes=dict.fromkeys(("kpi_monthly", "kpi_windows", "kpi_periodic"), of_frameworks),
)
def scores(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, kpi_periodic: pl.LazyFrame, *, settings: Settings
) -> pl.LazyFrame:
    """One row per framework, month, segment and node of its tree: score 0–100, coverage, grade and status.

    A segment is scored from its own records alone, unless a framework compares segments. A version is scored for
    the time it is valid and for `backcast_months` before. Scores of quarters, half-years
    or years stand under their first day.
    """
    return evaluated_rows(
        with_windows(kpi_monthly, kpi_windows, kpi_periodic), settings.frameworks, _rows, SCORES
    )


def _rows(kpis: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    return node_rows(evaluation).with_columns(
        coverage=published(pl.lit(pl.Series(evaluation.coverage.ravel()))), grade=_grades(kpis, evaluation)
    )


def _grades(kpis: pl.DataFrame, evaluation: Evaluation) -> pl.Series | pl.Expr:
    grades = evaluation.framework.grades
    if grades is None:
        return pl.lit(None, dtype=pl.String)
    position = banded(evaluation.score, grades)
    position[[node.leaf is not None for node in evaluation.framework.nodes]] = len(grades.scale)
    if grades.cap:
        position[0] = capped(position[0], _out_of_bounds(kpis, grades.cap, evaluation), grades)
    return grade_names(position, grades)


def _out_of_bounds(kpis: pl.DataFrame, cap: GradeCap, evaluation: Evaluation) -> NDArray[np.bool_]:
    """Which units have a record of the cap's KPI that is out of its bounds."""
    value = compared(pl.col("value"))
    above = value > compared(pl.lit(cap.above)) if cap.above is not None else pl.lit(False)
    below = value < compared(pl.lit(cap.below)) if cap.below is not None else pl.lit(False)
    # The first month of a quarter or year is another period than the quarter or year.
    of_grain = pl.col("grain").fill_null(MONTH) == evaluation.framework.grain
    records = kpis.lazy().filter(of_grain, kpi=cap.kpi, basis=cap.basis, window_months=1)
    breaches = (
        newest(records, UNIT)
        .filter(pl.col("status").is_in(SHOWN) & (above | below))
        .select(*UNIT, is_breach=pl.lit(True))
        .collect()
    )
    joined = evaluation.units.join(breaches, on=UNIT, how="left", maintain_order="left")
    return joined["is_breach"].fill_null(False).to_numpy()
