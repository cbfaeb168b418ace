"""An evaluation as rows, one a unit and node: what the tables `index.scores` and `index.nodes` have in common.

How a score comes about is `evaluate.py`; which columns a table adds to these rows stands in its own file.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from transforms.composite.aggregate import Array
from transforms.composite.columns import STATUSES, UNIT
from transforms.composite.evaluate import Evaluation, evaluate
from transforms.composite.leaf_scores import known_windows
from transforms.composite.shrink import READS as READS_TO_SHRINK
from transforms.framework import Framework
from transforms.model import Columns

READS = (
    *UNIT,
    "kpi",
    "basis",
    "as_of",
    "denominator",
    "value",
    "n",
    "direction",
    "status",
    "window_months",
    "grain",
)


def evaluated_rows(
    kpis: pl.LazyFrame,
    frameworks: Sequence[Framework],
    rows: Callable[[pl.DataFrame, Evaluation], pl.DataFrame],
    columns: Columns,
) -> pl.LazyFrame:
    """What `rows` makes of the records that each framework uses and of their evaluation, in `columns`."""
    schema = pl.Schema({name: dtype for name, (dtype, _) in columns.items()})
    if not frameworks:
        return pl.LazyFrame(schema=schema)

    def table(kpis: pl.DataFrame) -> pl.DataFrame:
        found = pl.concat([rows(kpis, evaluate(kpis.lazy(), framework)) for framework in frameworks])
        return found.select(pl.col(name).cast(dtype) for name, dtype in schema.items())

    # The result has other columns than the input: a filter on it must not be pushed above this step.
    return (
        known_windows(kpis)
        .select(*READS, *(READS_TO_SHRINK if any(f.shrinks for f in frameworks) else ()))
        .map_batches(
            table, schema=schema, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
        )
    )


def node_rows(evaluation: Evaluation) -> pl.DataFrame:
    """Framework, unit, node, level, window, score and status of every node and unit, nodes outermost."""
    framework, size = evaluation.framework, evaluation.units.height
    position = np.repeat(np.arange(len(framework.nodes)), size)
    unit = np.tile(np.arange(size), len(framework.nodes))
    return evaluation.units[unit].with_columns(
        framework=pl.lit(framework.code),
        framework_version=pl.lit(framework.version),
        node=pl.Series([node.code for node in framework.nodes]).gather(position),
        level=pl.Series([node.level for node in framework.nodes]).gather(position),
        window_months=pl.Series(evaluation.window.ravel()),
        score=column(evaluation.score),
        status=pl.Series(STATUSES).gather(evaluation.status.ravel().astype(np.uint32)),
    )


def column(matrix: Array) -> pl.Series:
    """Nodes × units as a column of `node_rows`, null where the matrix has NaN."""
    return pl.Series(matrix.ravel()).fill_nan(None)
