"""Factor weights of survey scores, from the newest wave that has them: of its items together, else of its dimensions.

The factors are `transforms/statistics/reliability.py`, item by item in `core.survey_items`.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

READS = ("survey", "wave", "dimension", "factor_weight", "dimension_factor_weight")


def dimension_loadings(
    items: pl.DataFrame, waves: pl.DataFrame, dimension_of: Mapping[str, str], first: date, last: date
) -> dict[str, float]:
    """Factor weight of each KPI by its dimension, from the newest wave that ended within the days; empty if none.

    Where the items of the wave have weights, a dimension has theirs; else it has its own.
    `items` are rows of core.survey_items, `waves` of core.survey_waves, audits left out.
    """
    held = (
        waves.filter(~pl.col("is_audit"), pl.col("last_answered_on").is_between(first, last))
        .select("survey", "wave", "last_answered_on")
        .join(
            items.filter(pl.coalesce("factor_weight", "dimension_factor_weight").is_not_null()),
            on=["survey", "wave"],
        )
    )
    if held.is_empty():
        return {}
    newest = held.sort("last_answered_on", "survey", "wave").select("survey", "wave")[-1]
    by_dimension = held.join(newest, on=["survey", "wave"], how="semi").group_by("dimension")
    of_items = pl.col("factor_weight").sort().sum()
    told = by_dimension.agg(
        pl.when(pl.col("factor_weight").count() > 0)
        .then(of_items)
        .otherwise(pl.col("dimension_factor_weight").max())
    )
    weights = dict(told.iter_rows())
    return {kpi: weights[dimension] for kpi, dimension in dimension_of.items() if dimension in weights}
