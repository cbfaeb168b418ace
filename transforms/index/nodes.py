"""`index.nodes`: what stands behind every score, a leaf's value and cases, the weights, and what was clipped.

The scores are those of `index.scores`; how they come about is `transforms/composite/evaluate.py`.
"""

import numpy as np
import polars as pl

from transforms.composite.columns import UNIT, VERSION
from transforms.composite.evaluate import Evaluation
from transforms.composite.leaf_scores import of_frameworks, with_windows
from transforms.composite.node_rows import column, evaluated_rows, node_rows
from transforms.composite.shrink import SHRUNK
from transforms.index.scores import SCORES
from transforms.model import Columns, transform
from transforms.settings import Settings

NODES: Columns = {
    **{name: SCORES[name] for name in (*VERSION, *UNIT, "node")},
    "parent": (pl.String, "Node above; null for the index."),
    "level": SCORES["level"],
    "kpi": (pl.String, "KPI of a leaf; null for inner nodes."),
    "basis": (pl.String, "Basis of the KPI's records; null for inner nodes."),
    "value": (pl.Float64, "Value of the KPI in its own unit; null for inner nodes."),
    "shrunk_value": (
        pl.Float64,
        "What the value of a small segment is shrunk to, which is what is scored; null where nothing was shrunk.",
    ),
    "shrunk_low": (pl.Float64, "Its lower 95 % limit, with the uncertainty of what it is shrunk towards."),
    "shrunk_high": (pl.Float64, "Its upper 95 % limit."),
    "own_case_weight": (
        pl.Float64,
        "Weight (0 to 1) of the segment's own cases in it; the rest is what the segments have in common.",
    ),
    "n": (pl.Float64, "Denominator of the KPI, or its cases where it has none; null for inner nodes."),
    "minimum": (pl.Float64, "Smallest n that counts, where the framework sets one."),
    "window_months": SCORES["window_months"],
    "score": SCORES["score"],
    "weight": (pl.Float64, "Weight within the parent as the framework gives it; siblings sum to 1."),
    "effective_weight": (
        pl.Float64,
        "Weight in this segment's index once what is missing is left out; 0 if missing.",
    ),
    "n_truncated": (pl.Int32, "Leaves beyond their goalposts, here or below."),
    "n_floored": (pl.Int32, "Scores raised to the floor of a geometric or harmonic mean, below this node."),
    "status": SCORES["status"],
}


@transform(
    writes="index.nodes",
    reads={"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows", "kpi_periodic": "kpi.periodic"},
    keys=("period", "cut"),
    grain=(*VERSION, *UNIT, "node"),
    columns=NODES,
    takes=dict.fromkeys(("kpi_monthly", "kpi_windows", "kpi_periodic"), of_frameworks),
)
def nodes(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, kpi_periodic: pl.LazyFrame, *, settings: Settings
) -> pl.LazyFrame:
    """One row per framework, month, segment and node with the leaf's value, the weights and what was clipped."""
    return evaluated_rows(
        with_windows(kpi_monthly, kpi_windows, kpi_periodic), settings.frameworks, _rows, NODES
    )


def _rows(kpis: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    del kpis
    tree = evaluation.framework.nodes
    position = np.repeat(np.arange(len(tree)), evaluation.units.height)
    kpi_codes = [node.leaf.kpi if node.leaf else None for node in tree]
    bases = [node.leaf.basis if node.leaf else None for node in tree]
    minima = [node.leaf.minimum_denominator if node.leaf else None for node in tree]
    return node_rows(evaluation).with_columns(
        parent=pl.Series([node.parent for node in tree], dtype=pl.String).gather(position),
        kpi=pl.Series(kpi_codes, dtype=pl.String).gather(position),
        basis=pl.Series(bases, dtype=pl.String).gather(position),
        value=column(evaluation.value),
        **{name: column(part) for name, part in zip(SHRUNK, evaluation.shrunk, strict=True)},
        weight=pl.Series([node.weight for node in tree], dtype=pl.Float64).gather(position),
        effective_weight=pl.Series(evaluation.effective_weight.ravel()),
        n=column(evaluation.n),
        minimum=pl.Series(minima, dtype=pl.Float64).gather(position),
        n_truncated=pl.Series(evaluation.n_truncated.ravel()),
        n_floored=pl.Series(evaluation.n_floored.ravel()),
    )
