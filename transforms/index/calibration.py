"""Objective against perceived: whether the dimensions measured from records go with what customers say.

A check of validity and a map of gaps, by unit and month; no weight is ever changed by it. The pairs of nodes
come from the framework's `dimensions`.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import polars as pl

from transforms.framework import Framework
from transforms.model import Columns

FEWEST_PAIRS = 30
Z95 = NormalDist().inv_cdf(0.975)

CALIBRATION_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
    "cut": (pl.String, "What the units are segments of."),
    "dimension": (pl.String, "Dimension of the framework."),
    "n_pairs": (pl.Int64, "Unit-months with both an objective and a perceived score."),
    "spearman": (pl.Float64, "Rank correlation of the two scores; null under 30 pairs."),
    "ci_low": (pl.Float64, "Lower end of its 95 % interval (Fisher)."),
    "ci_high": (pl.Float64, "Upper end of its 95 % interval (Fisher)."),
    "n_needed": (pl.Int64, "Pairs at which a correlation of this size is found with 80 % power."),
    "spearman_of_changes": (pl.Float64, "Rank correlation of month-on-month changes, free of common trends."),
    "n_changes": (pl.Int64, "Month-on-month changes it rests on."),
    "verdict": (pl.String, "as expected, wrong sign, not separable from none, or too few pairs."),
}
GAP_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of."),
    "segment": (pl.String, "The segment."),
    "dimension": (pl.String, "Dimension of the framework."),
    "objective_score": (pl.Float64, "Score from the insurer's records."),
    "perceived_score": (pl.Float64, "Score from customers' answers."),
    "gap_points": (pl.Float64, "Perceived less objective."),
    "reading": (pl.String, "strength, communication problem, survey or survivorship bias, or weakness."),
}


def pairs_needed(correlation: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Pairs at which a true correlation is found by a two-sided test (Fisher's transformation)."""
    normal = NormalDist()
    z = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
    size = abs(math.atanh(max(min(correlation, 0.999999), -0.999999)))
    return math.ceil((z / size) ** 2 + 3) if size > 0.001 else 10**7


def correlation_interval(correlation: float, n: int) -> tuple[float, float]:
    """95 % interval of a correlation of n pairs (Fisher); of (−1, 1) from four pairs on."""
    if n < 4:
        return -1.0, 1.0
    centre = math.atanh(max(min(correlation, 0.999999999), -0.999999999))
    half = Z95 / math.sqrt(n - 3)
    return math.tanh(centre - half), math.tanh(centre + half)


def calibration(scores: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """Correlation of objective and perceived scores per framework version, cut and dimension.

    `scores` is the table index.scores; columns of CALIBRATION_COLUMNS. The expected sign is plus: a wrong
    sign is to be looked into, not weighted away. Months of a unit are not independent, so the correlation of
    month-on-month changes stands beside that of levels. The keys are (cut,).
    """
    unit = ["framework", "framework_version", "cut", "dimension", "segment"]
    follows = pl.col("period") == pl.col("period").shift(1).over(unit).dt.offset_by("1mo")
    pairs = (
        _pairs(scores, frameworks)
        .drop_nulls(["objective_score", "perceived_score"])
        .sort(*unit, "period")
        .with_columns(
            pl.when(follows).then(pl.col("objective_score").diff().over(unit)).alias("objective_change"),
            pl.when(follows).then(pl.col("perceived_score").diff().over(unit)).alias("perceived_change"),
        )
    )
    has_change = pl.col("objective_change").is_not_null()
    table = (
        pairs.group_by(unit[:-1])
        .agg(
            n_pairs=pl.len().cast(pl.Int64),
            spearman=pl.corr("objective_score", "perceived_score", method="spearman"),
            spearman_of_changes=pl.corr(
                pl.col("objective_change").filter(has_change),
                pl.col("perceived_change").filter(has_change),
                method="spearman",
            ),
            n_changes=has_change.sum().cast(pl.Int64),
        )
        .sort(unit[:-1])
        .collect()
    )
    return pl.DataFrame(
        [_verdict(row) for row in table.iter_rows(named=True)],
        schema={name: dtype for name, (dtype, _) in CALIBRATION_COLUMNS.items()},
    ).lazy()


def gap_map(
    scores: pl.LazyFrame, frameworks: Sequence[Framework], *, high_from: float = 70.0
) -> pl.LazyFrame:
    """Objective and perceived score of each unit and dimension side by side, read: columns of GAP_COLUMNS.

    High facts with low perception are a communication problem; low facts with high perception point to bias
    of survey or survivorship. High is from `high_from` points. The keys are (period, cut, segment).
    """
    facts, perception = pl.col("objective_score") >= high_from, pl.col("perceived_score") >= high_from
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
    return (
        _pairs(scores, frameworks)
        .with_columns(
            gap_points=pl.col("perceived_score") - pl.col("objective_score"),
            reading=reading,
        )
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in GAP_COLUMNS.items())
    )


def _pairs(scores: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """objective_score and perceived_score by unit and dimension."""
    sides = pl.LazyFrame(
        [
            (framework.code, framework.version, dimension, side, node)
            for framework in frameworks
            for dimension, pair in framework.dimensions.items()
            for side, node in (("objective_score", pair.objective), ("perceived_score", pair.perceived))
        ],
        schema=dict.fromkeys(("framework", "framework_version", "dimension", "side", "node"), pl.String),
        orient="row",
    )
    unit = ["framework", "framework_version", "period", "cut", "segment", "dimension"]
    named = scores.join(sides, on=["framework", "framework_version", "node"])
    return named.group_by(unit).agg(
        pl.col("score").filter(pl.col("side") == side).first().alias(side)
        for side in ("objective_score", "perceived_score")
    )


def _verdict(row: dict[str, object]) -> dict[str, object]:
    n, rho = row["n_pairs"], row["spearman"]
    if not isinstance(n, int) or n < FEWEST_PAIRS or not isinstance(rho, float) or math.isnan(rho):
        return {**row, "spearman": None, "spearman_of_changes": None, "verdict": "too few pairs"}
    low, high = correlation_interval(rho, n)
    verdict = "as expected" if low > 0 else "wrong sign" if high < 0 else "not separable from none"
    return {**row, "ci_low": low, "ci_high": high, "n_needed": pairs_needed(rho), "verdict": verdict}
