"""`index.calibration`: whether the dimensions measured from records go with what customers say.

A check of validity; no weight is ever changed by it. The sharper form, by customer, is
`index.respondent_calibration`; how far apart the two scores lie is in `index.gaps`.
"""

import math

import polars as pl

from transforms.composite.columns import VERSION, VERSION_COLUMNS
from transforms.composite.dimensions import dimension_scores
from transforms.model import Columns, transform
from transforms.settings import Settings
from transforms.statistics.correlation import FEWEST_PAIRS, correlation_interval, pairs_needed, sign_verdict

CALIBRATION: Columns = {
    **VERSION_COLUMNS,
    "cut": (pl.String, "What the segments are segments of."),
    "dimension": (pl.String, "Dimension of the framework."),
    "n_pairs": (pl.Int64, "Months of segments with both an objective and a perceived score."),
    "spearman": (pl.Float64, "Rank correlation of the two scores; null under 30 pairs."),
    "ci_low": (pl.Float64, "Lower end of its 95 % interval (Fisher)."),
    "ci_high": (pl.Float64, "Upper end of its 95 % interval (Fisher)."),
    "n_needed": (pl.Int64, "Pairs at which a correlation of this size is found with 80 % power."),
    "spearman_of_changes": (pl.Float64, "Rank correlation of month-on-month changes, free of common trends."),
    "n_changes": (pl.Int64, "Month-on-month changes it rests on."),
    "verdict": (pl.String, "as expected, wrong sign, not separable from none, or too few pairs."),
}


@transform(
    writes="index.calibration",
    reads={"scores": "index.scores"},
    keys=("cut",),
    grain=(*VERSION, "cut", "dimension"),
    columns=CALIBRATION,
)
def calibration(scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, cut and dimension: whether the records and the customers say the same.

    The expected sign is plus: a wrong one is to be looked into, not weighted away. Months of a segment are not
    independent, so the correlation of month-on-month changes stands beside that of levels.
    """
    group = [*VERSION, "cut", "dimension"]
    series = [*group, "segment"]
    follows = pl.col("period") == pl.col("period").shift(1).over(series).dt.offset_by("1mo")
    pairs = (
        dimension_scores(scores, settings.frameworks)
        .drop_nulls(["objective_score", "perceived_score"])
        .sort(*series, "period")
        .with_columns(
            pl.when(follows).then(pl.col("objective_score").diff().over(series)).alias("objective_change"),
            pl.when(follows).then(pl.col("perceived_score").diff().over(series)).alias("perceived_change"),
        )
    )
    has_change = pl.col("objective_change").is_not_null()
    table = (
        pairs.group_by(group)
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
        .sort(group)
        .collect()
    )
    rows = [_judged(row) for row in table.iter_rows(named=True)]
    return pl.LazyFrame(rows, schema={name: dtype for name, (dtype, _) in CALIBRATION.items()})


def _judged(row: dict[str, object]) -> dict[str, object]:
    n, rho = row["n_pairs"], row["spearman"]
    if not isinstance(n, int) or n < FEWEST_PAIRS or not isinstance(rho, float) or math.isnan(rho):
        return {**row, "spearman": None, "spearman_of_changes": None, "verdict": "too few pairs"}
    low, high = correlation_interval(rho, n)
    verdict = sign_verdict(low, high, expected=1)
    return {**row, "ci_low": low, "ci_high": high, "n_needed": pairs_needed(rho), "verdict": verdict}
