"""`index.rank_intervals`: the rank of every segment, and the ranks that other sound methods would give it.

The draws of methods are `transforms/composite/robustness.py`; empty unless the project asks for `robustness`.
"""

import polars as pl

from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.leaf_scores import of_frameworks, with_windows
from transforms.composite.robustness import Sample, rank_distribution, sample_rows, samples
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_draws

RANK_INTERVALS: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "score": (pl.Float64, "Score of the index as published."),
    "rank": (pl.Int32, "Rank among the segments of the cut, 1 the best."),
    "median_rank": (pl.Float64, "Median rank over the draws."),
    "rank_low": (pl.Float64, "5th percentile of the rank over the draws."),
    "rank_high": (pl.Float64, "95th percentile of the rank over the draws."),
    "first_share": (pl.Float64, "Share of the draws in which the segment leads."),
    "mean_rank_shift": (pl.Float64, "Mean distance of the rank from the published one."),
}


@transform(
    writes="index.rank_intervals",
    reads={"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows"},
    keys=("period", "cut"),
    grain=(*VERSION, *UNIT),
    columns=RANK_INTERVALS,
    asked_for=asks_for_draws,
    takes=dict.fromkeys(("kpi_monthly", "kpi_windows"), of_frameworks),
)
def rank_intervals(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, settings: Settings
) -> pl.LazyFrame:
    """One row per framework, month and segment: its rank, and the ranks that other sound methods give it."""
    asked = settings.robustness
    assert asked, "made only if asked for"

    def ranked(units: Sample) -> pl.DataFrame:
        return rank_distribution(units, draws=asked.draws, seed=asked.seed)

    found = samples(with_windows(kpi_monthly, kpi_windows), settings.frameworks)
    return sample_rows(found, ranked, RANK_INTERVALS)
