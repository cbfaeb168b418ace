"""core.targets: which value of a KPI is aimed at, from the feed, the project file and the limits of its packs.

Whether it is met is `transforms/marts/targets.sql`.
"""

import polars as pl

from transforms.model import transform
from transforms.settings import Settings

KEY = ("kpi", "basis", "cut", "segment", "year", "source")
_TARGETS = {
    **dict.fromkeys(("kpi", "basis", "cut", "segment"), pl.String),
    "year": pl.Int64,
    "source": pl.String,
    "side": pl.String,
    "target": pl.Float64,
    "corridor": pl.Float64,
}


@transform(
    writes="core.targets",
    reads={"targets": "staging.targets"},
    keys=(),
    grain=KEY,
    columns={
        "kpi": (pl.String, "Code of the KPI."),
        "basis": (pl.String, "Which months of the KPI: cohort, period or stock."),
        "cut": (pl.String, "What the segment is one of; company is the whole."),
        "segment": (pl.String, "The segment; all: every segment of the cut without a target of its own."),
        "year": (pl.Int64, "Calendar year; empty: every year."),
        "source": (pl.String, "feed, project, or the code of the pack."),
        "side": (pl.String, "at_least or at_most, where the source says so; else the KPI's better side."),
        "target": (pl.Float64, "Value that is aimed at."),
        "corridor": (pl.Float64, "How far from it, on its bad side, is still within the corridor."),
    },
)
def targets(targets: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per KPI, segment, year and source of a target; packs state theirs for the company and every year."""
    stated = [
        {**target.model_dump(), "source": "project", "side": None} for target in settings.targets
    ] + [
        {
            "kpi": entry.kpi, "basis": entry.basis, "cut": "company", "segment": "company", "source": pack.code,
            "side": side, "target": limit,
        }
        for pack in settings.packs
        for entry in pack.kpis
        for side, limit in (("at_least", entry.at_least), ("at_most", entry.at_most))
        if limit is not None
    ]  # fmt: skip
    delivered = targets.with_columns(
        pl.col("year").cast(pl.Int64), source=pl.lit("feed"), side=pl.lit(None, dtype=pl.String)
    )
    every = pl.concat([delivered.select(*_TARGETS), pl.LazyFrame(stated, schema=_TARGETS)])
    return every.unique(KEY, keep="last", maintain_order=True)
