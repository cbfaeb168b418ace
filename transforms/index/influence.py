"""`index.influence`: what each KPI really does to the ranking of the segments, beside its nominal weight.

It is found in `transforms/composite/robustness.py`; empty unless the project asks for `robustness`.
"""

import polars as pl

from transforms.composite.columns import UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.leaf_scores import of_frameworks, with_windows
from transforms.composite.robustness import leaf_influence, sample_rows, samples
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_draws

INFLUENCE: Columns = {
    **VERSION_COLUMNS,
    "period": UNIT_COLUMNS["period"],
    "cut": (pl.String, "What the segments are segments of."),
    "node": (pl.String, "The leaf."),
    "kpi": (pl.String, "Its KPI."),
    "weight": (pl.Float64, "Weight of the leaf in the index as the framework gives it."),
    "influence_r2": (pl.Float64, "r² of its score with the index over the segments; null if it is constant."),
    "mean_rank_shift": (pl.Float64, "Mean distance of the ranks without the leaf from those with it."),
    "largest_score_change": (pl.Float64, "Largest change of a segment's index when the leaf is left out."),
}


@transform(
    writes="index.influence",
    reads={"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows"},
    keys=("period", "cut"),
    grain=(*VERSION, "period", "cut", "node"),
    columns=INFLUENCE,
    asked_for=asks_for_draws,
    takes=dict.fromkeys(("kpi_monthly", "kpi_windows"), of_frameworks),
)
def influence(kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, cut and KPI: what it does to the ranking, beside its nominal weight."""
    found = samples(with_windows(kpi_monthly, kpi_windows), settings.frameworks)
    return sample_rows(found, leaf_influence, INFLUENCE)
