"""The two scores of a dimension side by side: from the insurer's records, and from customers' answers.

The framework says which nodes they are (`dimensions`); what follows from them is in `index.calibration` and
`index.gaps`.
"""

from collections.abc import Sequence

import polars as pl

from transforms.composite.columns import UNIT, VERSION
from transforms.framework import Framework

SIDES = ("objective_score", "perceived_score")
HIGH_FROM = 70.0  # points from which a score counts as high


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


def gap_columns() -> list[pl.Expr]:
    """gap_points, perceived less objective, and the reading of the two; empty where a side is missing.

    High facts with low perception are a communication problem; low facts with high perception point to bias in
    the survey, or in who is left to answer it.
    """
    facts, perception = (pl.col(side) >= HIGH_FROM for side in SIDES)
    reading = (
        pl.when(facts & perception)
        .then(pl.lit("strength"))
        .when(facts & ~perception)
        .then(pl.lit("communication problem"))
        .when(~facts & perception)
        .then(pl.lit("survey or survivorship bias"))
        .when(~facts & ~perception)
        .then(pl.lit("weakness"))
    )
    return [
        (pl.col("perceived_score") - pl.col("objective_score")).alias("gap_points"),
        reading.alias("reading"),
    ]
