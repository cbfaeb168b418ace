"""`index.sensitivity`: which choices of method move the ranking of the segments, in the newest month (Sobol).

The indices are `transforms/composite/sobol.py`; empty unless the project asks for `robustness`.
"""

import polars as pl

from transforms.composite.columns import UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.leaf_scores import of_frameworks, with_windows
from transforms.composite.robustness import Sample, sample_rows, samples
from transforms.composite.sobol import choice_sensitivity
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_draws

SENSITIVITY: Columns = {
    **VERSION_COLUMNS,
    "period": UNIT_COLUMNS["period"],
    "cut": (pl.String, "What the segments are segments of."),
    "input": (pl.String, "What varies: normalisation, aggregation, or the weight of a node, by its name."),
    "first_order": (pl.Float64, "Share of the variance of the mean rank shift that it explains alone."),
    "first_order_half_width": (pl.Float64, "Half the width of its 95 % interval; small negatives are noise."),
    "total": (pl.Float64, "Share of the variance in which it has a part, with all interactions."),
    "total_half_width": (pl.Float64, "Half the width of its 95 % interval."),
    "variance": (pl.Float64, "Variance of the mean rank shift; below 0.001 there are no indices."),
}


@transform(
    writes="index.sensitivity",
    reads={"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows"},
    keys=("cut",),
    grain=(*VERSION, "period", "cut", "input"),
    columns=SENSITIVITY,
    asked_for=asks_for_draws,
    takes=dict.fromkeys(("kpi_monthly", "kpi_windows"), of_frameworks),
)
def sensitivity(kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, cut and choice of method, in the newest month: its part in moving the ranks (Sobol)."""
    asked = settings.robustness
    assert asked, "made only if asked for"

    def shares(units: Sample) -> pl.DataFrame:
        found = choice_sensitivity(units, n=asked.sobol_points, seed=asked.seed)
        return pl.DataFrame(
            {
                "input": list(found.inputs),
                "first_order": found.first_order,
                "first_order_half_width": found.first_order_half_width,
                "total": found.total,
                "total_half_width": found.total_half_width,
                "variance": found.variance,
            }
        ).fill_nan(None)

    found = samples(with_windows(kpi_monthly, kpi_windows), settings.frameworks, newest_only=True)
    return sample_rows(found, shares, SENSITIVITY)
