"""Columns that several tables of the index share, each described once; a table's own columns stand in its file."""

import polars as pl

from transforms.model import Columns
from transforms.vocabulary import STATUSES as RECORD_STATUSES

VERSION_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework; scores compare only within one."),
}
UNIT_COLUMNS: Columns = {
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of; company is the whole."),
    "segment": (pl.String, "The segment."),
}
# Points of the index by which a node explains the difference between two units; see `pair_rows.py`.
POINTS_COLUMNS: Columns = {
    "node": (pl.String, "Node of the framework's tree; the index itself is called index."),
    "kpi": (pl.String, "KPI of a leaf, null for inner nodes: the rows of leaves sum to the index's row."),
    "value_points": (pl.Float64, "Points of the index from scores that moved."),
    "weight_points": (pl.Float64, "Points of the index from weights that moved, centred on the mean score."),
    "composition_points": (pl.Float64, "Points of the index from KPIs present on one side alone."),
    "total_points": (pl.Float64, "The three together; of the index, its change."),
}
VERSION = tuple(VERSION_COLUMNS)
UNIT = tuple(UNIT_COLUMNS)

# Every status a node can have; the first are those of KPI records.
STATUSES: tuple[str, ...] = (
    *RECORD_STATUSES,
    "filled",
    "shrunk",
    "placed",
    "absent",
    "below_minimum",
    "not_comparable",
    "missing_coverage",
    "missing_required",
)
STATUS = pl.Enum(STATUSES)
