"""The tables `index.scores` and `index.nodes`: every node of every framework for every unit.

Only rows and columns are made here; what a score is, is `evaluate.py`, what changed it `contributions.py`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array
from transforms.composite.banding import banded, capped, grade_names
from transforms.composite.evaluate import COUNTED, STATUSES, UNIT, Evaluation, evaluate, known_windows
from transforms.exactness import compared
from transforms.framework import Framework, GradeCap
from transforms.model import Columns

SCORE_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework; scores compare only within one."),
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of; company is the whole."),
    "segment": (pl.String, "The segment."),
    "node": (pl.String, "Node of the framework's tree; the index itself is called index."),
    "level": (pl.Int32, "Depth in the tree: 0 is the index."),
    "score": (pl.Float64, "0 to 100, higher is better; null where too much is missing."),
    "coverage": (pl.Float64, "Share (0 to 1) of the node's leaf weight that is present."),
    "grade": (pl.String, "Grade on the framework's own scale; null for leaves and missing scores."),
    "window_months": (
        pl.Int32,
        "Months up to this that a leaf is taken over, 1 unless it has too few cases; above leaves the most; 0: none.",
    ),
    "status": (pl.String, "ok, or why there is no score; of a leaf the status of its KPI record."),
}
NODE_COLUMNS: Columns = {
    **dict(list(SCORE_COLUMNS.items())[:6]),
    "parent": (pl.String, "Node above; null for the index."),
    "level": SCORE_COLUMNS["level"],
    "kpi": (pl.String, "KPI of a leaf; null for inner nodes."),
    "basis": (pl.String, "Basis of the KPI's records; null for inner nodes."),
    "value": (pl.Float64, "Value of the KPI in its own unit; null for inner nodes."),
    "n": (pl.Float64, "Denominator of the KPI, or its cases where it has none; null for inner nodes."),
    "minimum": (pl.Float64, "Least of these that counts, where the framework sets one."),
    "window_months": SCORE_COLUMNS["window_months"],
    "score": SCORE_COLUMNS["score"],
    "weight": (pl.Float64, "Weight within the parent as the framework gives it; siblings sum to 1."),
    "effective_weight": (pl.Float64, "Weight in this unit's index after what is missing; 0 if missing."),
    "n_truncated": (pl.Int32, "Leaves beyond their goalposts, here or below."),
    "n_floored": (pl.Int32, "Scores raised to the floor of a geometric or harmonic mean, below this node."),
    "status": SCORE_COLUMNS["status"],
}
READS = (*UNIT, "kpi", "basis", "as_of", "denominator", "value", "n", "direction", "status", "window_months")


def scores(kpis: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """One row per framework version, unit (period, cut, segment) and node, in the columns of SCORE_COLUMNS.

    `kpis` are the records of months and windows (see `with_windows`), or of months alone. A unit is scored from its
    own records alone, unless a framework compares units (see `keys`). A version is scored for its validity and
    `backcast_months` before it.
    """

    def rows(kpis: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([_score_rows(kpis, framework) for framework in frameworks])

    return _mapped(kpis, frameworks, rows, SCORE_COLUMNS)


def nodes(kpis: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """The rows of `scores` with each leaf's value, the weights, and what was clipped: NODE_COLUMNS."""

    def rows(kpis: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([_node_rows(evaluate(kpis.lazy(), framework)) for framework in frameworks])

    return _mapped(kpis, frameworks, rows, NODE_COLUMNS)


def keys(frameworks: Sequence[Framework]) -> tuple[str, ...]:
    """Columns of kpi.monthly whose values can be scored apart from each other."""
    return ("period", "cut") if any(framework.is_cross_unit for framework in frameworks) else UNIT


def _mapped(
    kpis: pl.LazyFrame,
    frameworks: Sequence[Framework],
    rows: Callable[[pl.DataFrame], pl.DataFrame],
    columns: Columns,
) -> pl.LazyFrame:
    schema = pl.Schema({name: dtype for name, (dtype, _) in columns.items()})
    if not frameworks:
        return pl.LazyFrame(schema=schema)
    caps = [framework.grades.cap for framework in frameworks if framework.grades]
    used = {node.leaf.kpi for framework in frameworks for node in framework.leaves if node.leaf}
    used |= {cap.kpi for cap in caps if cap}

    def table(kpis: pl.DataFrame) -> pl.DataFrame:
        return rows(kpis).select(pl.col(name).cast(dtype) for name, dtype in schema.items())

    # The result has other columns than the input: a filter on it must not travel above this step.
    kpis = known_windows(kpis)
    return (
        kpis.filter(pl.col("kpi").is_in(sorted(used)))
        .select(READS)
        .map_batches(
            table, schema=schema, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
        )
    )


def _score_rows(kpis: pl.DataFrame, framework: Framework) -> pl.DataFrame:
    evaluation = evaluate(kpis.lazy(), framework)
    return _unit_nodes(evaluation).with_columns(
        score=_nullable(evaluation.score),
        coverage=pl.Series(evaluation.coverage.ravel()),
        grade=_grades(kpis, evaluation),
    )


def _grades(kpis: pl.DataFrame, evaluation: Evaluation) -> pl.Series | pl.Expr:
    grades = evaluation.framework.grades
    if grades is None:
        return pl.lit(None, dtype=pl.String)
    position = banded(evaluation.score, grades)
    position[[node.leaf is not None for node in evaluation.framework.nodes]] = len(grades.scale)
    if grades.cap:
        position[0] = capped(position[0], _out_of_bounds(kpis, grades.cap, evaluation.units), grades)
    return grade_names(position, grades)


def _node_rows(evaluation: Evaluation) -> pl.DataFrame:
    tree = evaluation.framework.nodes
    position = np.repeat(np.arange(len(tree)), evaluation.units.height)
    kpis = [node.leaf.kpi if node.leaf else None for node in tree]
    bases = [node.leaf.basis if node.leaf else None for node in tree]
    minima = [node.leaf.minimum_denominator if node.leaf else None for node in tree]
    return _unit_nodes(evaluation).with_columns(
        parent=pl.Series([node.parent for node in tree], dtype=pl.String).gather(position),
        kpi=pl.Series(kpis, dtype=pl.String).gather(position),
        basis=pl.Series(bases, dtype=pl.String).gather(position),
        value=_nullable(evaluation.value),
        score=_nullable(evaluation.score),
        weight=pl.Series([node.weight for node in tree], dtype=pl.Float64).gather(position),
        effective_weight=pl.Series(evaluation.effective_weight.ravel()),
        n=_nullable(evaluation.n),
        minimum=pl.Series(minima, dtype=pl.Float64).gather(position),
        n_truncated=pl.Series(evaluation.n_truncated.ravel()),
        n_floored=pl.Series(evaluation.n_floored.ravel()),
    )


def _unit_nodes(evaluation: Evaluation) -> pl.DataFrame:
    """Framework, unit, node, level and status of every cell, nodes outermost as the arrays have them."""
    framework, size = evaluation.framework, evaluation.units.height
    position = np.repeat(np.arange(len(framework.nodes)), size)
    unit = np.tile(np.arange(size), len(framework.nodes))
    return evaluation.units[unit].with_columns(
        framework=pl.lit(framework.code),
        framework_version=pl.lit(framework.version),
        node=pl.Series([node.code for node in framework.nodes]).gather(position),
        level=pl.Series([node.level for node in framework.nodes]).gather(position),
        window_months=pl.Series(evaluation.window.ravel()),
        status=pl.Series(STATUSES).gather(evaluation.status.ravel().astype(np.uint32)),
    )


def _nullable(matrix: Array) -> pl.Series:
    return pl.Series(matrix.ravel()).fill_nan(None)


def _out_of_bounds(kpis: pl.DataFrame, cap: GradeCap, units: pl.DataFrame) -> NDArray[np.bool_]:
    """Which units have a record of the cap's KPI that is out of its bounds."""
    value = compared(pl.col("value"))
    above = value > compared(pl.lit(cap.above)) if cap.above is not None else pl.lit(False)
    below = value < compared(pl.lit(cap.below)) if cap.below is not None else pl.lit(False)
    breaches = (
        kpis.filter(kpi=cap.kpi, basis=cap.basis, window_months=1)
        .sort("as_of")
        .unique(UNIT, keep="last")
        .filter(pl.col("status").is_in(COUNTED) & (above | below))
        .select(*UNIT, is_breach=pl.lit(True))
    )
    joined = units.join(breaches, on=UNIT, how="left", maintain_order="left")
    return joined["is_breach"].fill_null(False).to_numpy()
