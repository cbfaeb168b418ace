"""Which texts something is learned from: those known before the month began, and of many so many as are enough.

What is learned therefore stands still within a month and costs the same however many texts there are. What is learned
from them is said where it is.
"""

from datetime import date

import polars as pl

from transforms.settings import Settings
from transforms.statistics.text_classification import place_of


def known_before_the_month(
    texts: pl.LazyFrame, arrivals: pl.LazyFrame, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """The texts written, and first recorded if anybody says when, before the month of the as-of day."""
    begin = as_of.replace(day=1)
    recorded_on = pl.col("first_recorded_at").dt.convert_time_zone(settings.time_zone).dt.date()
    in_time = arrivals.filter((recorded_on < begin).fill_null(True)).select("text_id")
    return texts.filter(pl.col("written_on") < begin).join(in_time, on="text_id", how="semi")


def drawn(texts: pl.DataFrame, most: int, *, by: str) -> pl.DataFrame:
    """The texts, or, of more, those whose names come first in an order that has nothing to do with them.

    `by` is the column of the names; whoever comes later leaves most of those drawn before.
    """
    if texts.height <= most:
        return texts
    place = pl.Series("place", [place_of(name) for name in texts[by]])
    return texts.with_columns(place).sort("place", "text_id")[:most].drop("place")
