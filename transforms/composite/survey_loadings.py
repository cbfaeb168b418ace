"""Factor weights of survey scores: those of the items of each dimension together, from the newest wave that has them.

The factors are `transforms/statistics/reliability.py`, item by item in `core.survey_items`.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

READS = ("survey", "wave", "dimension", "factor_weight")


def dimension_loadings(
    items: pl.DataFrame, waves: pl.DataFrame, dimension_of: Mapping[str, str], first: date, last: date
) -> dict[str, float]:
    """Factor weight of each KPI by its dimension, from the newest wave that ended within the days; empty if none.

    `items` are rows of core.survey_items, `waves` of core.survey_waves, audits left out.
    """
    held = (
        waves.filter(~pl.col("is_audit"), pl.col("last_answered_on").is_between(first, last))
        .select("survey", "wave", "last_answered_on")
        .join(items.filter(pl.col("factor_weight").is_not_null()), on=["survey", "wave"])
    )
    if held.is_empty():
        return {}
    newest = held.sort("last_answered_on", "survey", "wave").select("survey", "wave")[-1]
    by_dimension = held.join(newest, on=["survey", "wave"], how="semi").group_by("dimension")
    weights = dict(by_dimension.agg(pl.col("factor_weight").sort().sum()).iter_rows())
    return {kpi: weights[dimension] for kpi, dimension in dimension_of.items() if dimension in weights}
