"""`index.signals`: for every inner node of every framework whether the score of a month is noise.

An XmR chart on the scores, which have no denominator; charts and sentences are as in
`transforms/measures/ordinary_variation.py`.
"""

from collections.abc import Sequence

import polars as pl

from transforms.framework import Framework
from transforms.measures.ordinary_variation import SIGNALS, signals
from transforms.model import Columns

VERSIONED_NODE = ("framework", "framework_version", "node")
INDEX_SIGNALS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
    "node": (pl.String, "Inner node of the tree; the index itself is called index."),
    **{name: column for name, column in SIGNALS.items() if name not in ("kpi", "basis")},
}
SEPARATOR = "\x1f"


def index_signals(scores: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """One row a score of an inner node of `index.scores`, in the columns of INDEX_SIGNALS.

    Each version of a framework is a series of its own, as its scores compare with no other's. Law of keys:
    cut, segment.
    """
    inner = pl.LazyFrame(
        [(f.code, f.version, node.code) for f in frameworks for node in f.nodes if node.children],
        schema=dict.fromkeys(VERSIONED_NODE, pl.String),
        orient="row",
    )
    as_kpis = scores.join(inner, on=VERSIONED_NODE, how="semi").select(
        "cut",
        "segment",
        "period",
        "status",
        kpi=pl.concat_str(VERSIONED_NODE, separator=SEPARATOR),
        basis=pl.lit("period"),
        value=pl.col("score"),
        numerator=pl.lit(None, dtype=pl.Float64),
        denominator=pl.lit(None, dtype=pl.Float64),
        n=pl.lit(None, dtype=pl.Int64),
        unit=pl.lit("score_0_100"),
        direction=pl.lit(1, dtype=pl.Int8),
    )
    named = (
        pl.col("kpi").str.splitn(SEPARATOR, len(VERSIONED_NODE)).struct.rename_fields(list(VERSIONED_NODE))
    )
    judged = signals(as_kpis).with_columns(named.alias("_node")).unnest("_node")
    return judged.select(pl.col(name).cast(dtype) for name, (dtype, _) in INDEX_SIGNALS.items())
