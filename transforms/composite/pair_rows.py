"""What sets the index of one unit apart from that of another, as rows of nodes with their points.

The pairs are given: from month to month in `index.contributions`, against the company in
`index.segment_contributions`. The decomposition itself is `explain.py`.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.composite.aggregate import Array
from transforms.composite.columns import UNIT, VERSION
from transforms.composite.explain import TreeChange, tree_change
from transforms.framework import Framework
from transforms.model import Columns

INDEX = "index"  # the root of every framework's tree
UNIT_FROM = tuple(f"{name}_from" for name in UNIT)


def scored_indices(scores: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of index.scores of the index itself, where it has a score that is made up of points: no place."""
    return scores.filter(pl.col("node") == INDEX, pl.col("status") != "placed", pl.col("score").is_not_null())


def pair_rows(
    scores: pl.LazyFrame, frameworks: Sequence[Framework], pairs: pl.DataFrame, columns: Columns
) -> pl.LazyFrame:
    """Rows of every pair and node, as `columns`; the leaves' total_points sum to the index's difference.

    `scores` is the table index.scores. A row of `pairs` has a framework version, a unit (period, cut, segment) and
    the unit it is compared with (period_from, cut_from, segment_from).
    """
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    cells = scores.select(*VERSION, *UNIT, "node", "score").collect()
    parts = []
    for framework in frameworks:
        version = {"framework": framework.code, "framework_version": framework.version}
        own = pairs.filter(**version)
        if own.height:
            units, matrix = _score_matrix(cells.filter(**version), framework)
            before = own.join(units, left_on=UNIT_FROM, right_on=UNIT, how="left", maintain_order="left")[
                "unit"
            ]
            after = own.join(units, on=UNIT, how="left", maintain_order="left")["unit"]
            change = tree_change(framework, matrix[:, before.to_numpy()], matrix[:, after.to_numpy()])
            parts.append(_rows(own, framework, change).select(list(schema)))
    return (pl.concat(parts) if parts else pl.DataFrame(schema=schema)).lazy()


def _score_matrix(cells: pl.DataFrame, framework: Framework) -> tuple[pl.DataFrame, Array]:
    """The units with their column `unit`, and the scores as nodes × units in the framework's order."""
    units = cells.select(UNIT).unique().sort(UNIT).with_row_index("unit")
    position = {node.code: i for i, node in enumerate(framework.nodes)}
    column = cells.join(units, on=UNIT, how="left", maintain_order="left")["unit"].to_numpy()
    row = cells["node"].replace_strict(position, return_dtype=pl.Int64).to_numpy()
    matrix = np.full((len(framework.nodes), units.height), np.nan)
    matrix[row, column] = cells["score"].fill_null(float("nan")).to_numpy()
    return units, matrix


def _rows(pairs: pl.DataFrame, framework: Framework, change: TreeChange) -> pl.DataFrame:
    position = np.repeat(np.arange(len(framework.nodes)), pairs.height)
    kpis = [node.leaf.kpi if node.leaf else None for node in framework.nodes]
    return pairs[np.tile(np.arange(pairs.height), len(framework.nodes))].with_columns(
        node=pl.Series([node.code for node in framework.nodes]).gather(position),
        kpi=pl.Series(kpis, dtype=pl.String).gather(position),
        value_points=pl.Series(change.value.ravel()),
        weight_points=pl.Series(change.weight.ravel()),
        composition_points=pl.Series(change.composition.ravel()),
        total_points=pl.Series((change.value + change.weight + change.composition).ravel()),
    )
