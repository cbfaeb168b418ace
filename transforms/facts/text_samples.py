"""Which texts something is learned from: those of earlier months, and of many so many as are enough.

What is learned therefore stands still within a month and costs the same however many texts there are. What is learned
from them is said where it is.
"""

from datetime import date

import polars as pl

from transforms.statistics.text_classification import place_of


def of_earlier_months(texts: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """The texts written before the month of the as-of day."""
    return texts.filter(pl.col("written_on") < as_of.replace(day=1))


def drawn(texts: pl.DataFrame, most: int, *, by: str) -> pl.DataFrame:
    """The texts, or, of more, those whose names come first in an order that has nothing to do with them.

    `by` is the column of the names; whoever comes later leaves most of those drawn before.
    """
    if texts.height <= most:
        return texts
    place = pl.Series("place", [place_of(name) for name in texts[by]])
    return texts.with_columns(place).sort("place", "text_id")[:most].drop("place")
