"""`index.contributions`: what moved each segment's index since the month before.

The decomposition is `transforms/composite/explain.py`; what sets segments apart is in `index.segment_contributions`.
"""

import polars as pl

from transforms.composite.columns import POINTS_COLUMNS, UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.pair_rows import pair_rows, scored_indices
from transforms.model import Columns, transform
from transforms.settings import Settings

CONTRIBUTIONS: Columns = {
    **VERSION_COLUMNS,
    **{name: UNIT_COLUMNS[name] for name in ("cut", "segment", "period")},
    "period_from": (pl.Date, "Month it is compared with."),
    **POINTS_COLUMNS,
}


@transform(
    writes="index.contributions",
    reads={"scores": "index.scores"},
    keys=("cut", "segment"),
    grain=(*VERSION, *UNIT, "node"),
    columns=CONTRIBUTIONS,
)
def contributions(scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and node: points by which it moved the index since the month before.

    There are rows where the index has a score in both months (quarters, years, of a framework of such periods); the
    leaves' total_points sum to its change, within 1e-9 points.
    """
    index = scored_indices(scores).select(*VERSION, "cut", "segment", "period")
    lengths = pl.LazyFrame(
        [(f.code, f.version, f"{f.months}mo") for f in settings.frameworks],
        schema=dict.fromkeys((*VERSION, "length"), pl.String),
        orient="row",
    )
    earlier = (
        index.join(lengths, on=VERSION)
        .with_columns(period=pl.col("period").dt.offset_by(pl.col("length")), period_from="period")
        .drop("length")
    )
    pairs = index.join(earlier, on=index.collect_schema().names()).collect()
    pairs = pairs.with_columns(cut_from="cut", segment_from="segment")
    return pair_rows(scores, settings.frameworks, pairs, CONTRIBUTIONS)
