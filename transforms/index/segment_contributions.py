"""`index.segment_contributions`: what sets each segment's index apart from the company's in the same month.

The decomposition is `transforms/composite/explain.py`; changes over time are in `index.contributions`.
"""

import polars as pl

from transforms.composite.columns import POINTS_COLUMNS, UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.pair_rows import pair_rows, scored_indices
from transforms.model import Columns, transform
from transforms.settings import Settings

SEGMENT_CONTRIBUTIONS: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "cut_from": (pl.String, "What the segment it is compared with is a segment of."),
    "segment_from": (pl.String, "The segment it is compared with."),
    **POINTS_COLUMNS,
}


@transform(
    writes="index.segment_contributions",
    reads={"scores": "index.scores"},
    keys=("period",),
    grain=(*VERSION, *UNIT, "node"),
    columns=SEGMENT_CONTRIBUTIONS,
)
def segment_contributions(scores: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and node: points by which it sets the segment apart from the company.

    There are rows where both have an index; the leaves' total_points sum to the distance, within 1e-9 points.
    """
    index = scored_indices(scores)
    is_company = pl.col("cut") == "company"
    unit = [*VERSION, "period"]
    company = index.filter(is_company).select(*unit, cut_from="cut", segment_from="segment")
    pairs = index.filter(~is_company).select(*unit, "cut", "segment").join(company, on=unit).collect()
    pairs = pairs.with_columns(period_from="period")
    return pair_rows(scores, settings.frameworks, pairs, SEGMENT_CONTRIBUTIONS)
