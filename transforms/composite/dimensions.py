"""The two scores of a dimension side by side: from the insurer's records, and from customers' answers.

The framework says which nodes they are (`dimensions`); what follows from them is in `index.calibration` and
`index.gaps`.
"""

from collections.abc import Sequence

import polars as pl

from transforms.composite.columns import UNIT, VERSION
from transforms.framework import Framework

SIDES = ("objective_score", "perceived_score")


def dimension_scores(scores: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """objective_score and perceived_score by framework version, unit and dimension, from the table index.scores."""
    nodes = pl.LazyFrame(
        [
            (framework.code, framework.version, dimension, side, node)
            for framework in frameworks
            for dimension, pair in framework.dimensions.items()
            for side, node in zip(SIDES, (pair.objective, pair.perceived), strict=True)
        ],
        schema=dict.fromkeys((*VERSION, "dimension", "side", "node"), pl.String),
        orient="row",
    )
    named = scores.join(nodes, on=[*VERSION, "node"])
    return named.group_by(*VERSION, *UNIT, "dimension").agg(
        pl.col("score").filter(pl.col("side") == side).first().alias(side) for side in SIDES
    )
