"""The index tables as models: what each table of the schema `index` reads and writes.

How a score comes about is in `scores.py` and `evaluate.py`, what explains it in `contributions.py` and
`calibration.py`; a framework is a YAML file. Tables of its robustness are in `robustness_models.py`.
"""

from datetime import date

import polars as pl

from transforms.composite.banding import HELD_GRADE_COLUMNS, held_grades
from transforms.composite.evaluate import with_windows
from transforms.index.calibration import CALIBRATION_COLUMNS, GAP_COLUMNS, calibration, gap_map
from transforms.index.contributions import (
    CONTRIBUTION_COLUMNS,
    MIX_COLUMNS,
    SEGMENT_CONTRIBUTION_COLUMNS,
    contributions,
    mix_effects,
    segment_contributions,
)
from transforms.index.scores import NODE_COLUMNS, SCORE_COLUMNS, nodes, scores
from transforms.index.signals import INDEX_SIGNALS, index_signals
from transforms.model import transform
from transforms.settings import Settings

UNIT = ("period", "cut", "segment")
VERSION = ("framework", "framework_version")
SCORES = {"scores": "index.scores"}
KPIS = {"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows"}


@transform(
    writes="index.scores",
    reads=KPIS,
    keys=UNIT,
    grain=("framework", "framework_version", *UNIT, "node"),
    columns=SCORE_COLUMNS,
    partitioned_by="period",
)
def index_scores(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, month, segment and node of its tree: score 0–100, coverage, grade and status."""
    del as_of
    return scores(with_windows(kpi_monthly, kpi_windows), settings.frameworks)


@transform(
    writes="index.nodes",
    reads=KPIS,
    keys=UNIT,
    grain=("framework", "framework_version", *UNIT, "node"),
    columns=NODE_COLUMNS,
)
def index_nodes(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, month, segment and node with the leaf's value, the weights and what was clipped."""
    del as_of
    return nodes(with_windows(kpi_monthly, kpi_windows), settings.frameworks)


@transform(
    writes="index.contributions",
    reads=SCORES,
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=CONTRIBUTION_COLUMNS,
)
def index_contributions(scores: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and node: points it moved the index since the month before."""
    del as_of
    return contributions(scores, settings.frameworks)


@transform(
    writes="index.segment_contributions",
    reads=SCORES,
    keys=("period",),
    grain=(*VERSION, *UNIT, "node"),
    columns=SEGMENT_CONTRIBUTION_COLUMNS,
)
def index_segment_contributions(scores: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and node: points by which it sets the segment apart from the company."""
    del as_of
    return segment_contributions(scores, settings.frameworks)


@transform(
    writes="index.mix_effects",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=("kpi", "cut"),
    grain=("kpi", "basis", *UNIT),
    columns=MIX_COLUMNS,
)
def index_mix_effects(kpi_monthly: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a KPI, month and segment: what its own rate and its share of the cases did to the total."""
    del as_of, settings
    return mix_effects(kpi_monthly.filter(pl.col("cut") != "company"))


@transform(
    writes="index.grades",
    reads={**SCORES, "intervals": "index.score_intervals"},
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=HELD_GRADE_COLUMNS,
)
def index_grades(
    scores: pl.LazyFrame, intervals: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, month, segment and inner node: the grade of the month and the grade to show."""
    del as_of
    return held_grades(scores, settings.frameworks, intervals)


@transform(
    writes="index.signals",
    reads=SCORES,
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=INDEX_SIGNALS,
)
def index_signal_table(scores: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and inner node with a score: whether its change is more than noise."""
    del as_of
    return index_signals(scores, settings.frameworks)


@transform(
    writes="index.calibration",
    reads=SCORES,
    keys=("cut",),
    grain=(*VERSION, "cut", "dimension"),
    columns=CALIBRATION_COLUMNS,
)
def index_calibration(scores: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, cut and dimension: whether the records and the customers say the same."""
    del as_of
    return calibration(scores, settings.frameworks)


@transform(
    writes="index.gaps",
    reads=SCORES,
    keys=UNIT,
    grain=(*VERSION, *UNIT, "dimension"),
    columns=GAP_COLUMNS,
)
def index_gaps(scores: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and dimension: its objective and its perceived score, and the gap."""
    del as_of
    return gap_map(scores, settings.frameworks)
