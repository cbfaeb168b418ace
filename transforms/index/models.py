"""The index tables as models: what index.scores and index.nodes read and write.

How a score comes about is in `scores.py` and `evaluate.py`; a framework is a YAML file.
"""

from datetime import date

import polars as pl

from transforms.index.scores import NODE_COLUMNS, SCORE_COLUMNS, nodes, scores
from transforms.model import transform
from transforms.settings import Settings

UNIT = ("period", "cut", "segment")


@transform(
    writes="index.scores",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=UNIT,
    grain=("framework", "framework_version", *UNIT, "node"),
    columns=SCORE_COLUMNS,
    partitioned_by="period",
)
def index_scores(kpi_monthly: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and node of its tree: score 0–100, coverage, grade and status."""
    del as_of
    return scores(kpi_monthly, settings.frameworks)


@transform(
    writes="index.nodes",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=UNIT,
    grain=("framework", "framework_version", *UNIT, "node"),
    columns=NODE_COLUMNS,
)
def index_nodes(kpi_monthly: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and node with the leaf's value, the weights and what was clipped."""
    del as_of
    return nodes(kpi_monthly, settings.frameworks)
