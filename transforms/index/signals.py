"""`index.signals`: for every inner node of every framework whether the score of a month is noise.

An XmR chart of the scores, which have no denominator; charts and sentences are those of `kpi.signals`.
"""

import polars as pl

from transforms.composite.columns import UNIT, VERSION, VERSION_COLUMNS
from transforms.measures.ordinary_variation import SIGNALS as KPI_SIGNALS
from transforms.measures.ordinary_variation import charted
from transforms.model import Columns, transform
from transforms.settings import Settings

SIGNALS: Columns = {
    **VERSION_COLUMNS,
    "node": (pl.String, "Inner node of the tree; the index itself is called index."),
    **{name: column for name, column in KPI_SIGNALS.items() if name not in ("kpi", "basis")},
}
VERSIONED_NODE = (*VERSION, "node")
SEPARATOR = "\x1f"


@transform(
    writes="index.signals",
    reads={"scores": "index.scores"},
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=SIGNALS,
)
def signals(scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and inner node with a score: whether its change is more than noise.

    Each version of a framework is a series of its own, since its scores compare with no other's. An index by
    outranking is no series: the place of a segment moves with the others.
    """
    inner = pl.LazyFrame(
        [
            (f.code, f.version, node.code)
            for f in settings.frameworks
            for node in f.nodes
            if node.children and node.aggregation != "outranking"
        ],
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
    periods = {
        SEPARATOR.join((f.code, f.version, node.code)): f.months
        for f in settings.frameworks
        for node in f.nodes
    }
    named = (
        pl.col("kpi").str.splitn(SEPARATOR, len(VERSIONED_NODE)).struct.rename_fields(list(VERSIONED_NODE))
    )
    return charted(as_kpis, period_months=periods).with_columns(named.alias("_node")).unnest("_node")
