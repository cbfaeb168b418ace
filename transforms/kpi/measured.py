"""The measured columns of a KPI on one basis, the common form of everything that is computed from facts.

How statistics are brought together is in `records.py`, `stocks.py` and `survival_records.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from transforms.kpi.definition import Kpi
from transforms.kpi.places import PLACE

Facts = Mapping[str, pl.LazyFrame]
NUMBERS = ("numerator", "denominator", "value", "ci_low", "ci_high", "n", "n_undetermined", "n_excluded")
# Whether the cases have been followed too short for the value; only measures that look at that say so.
EARLY = "is_early"
PERIOD = pl.UInt32
SERIES = pl.UInt16
_PLACES = 1 << 16


@dataclass(frozen=True)
class Series:
    """A KPI on one basis, by its number: what has one value a period and place."""

    number: int
    kpi: Kpi
    basis: str


def measured(frame: pl.DataFrame, series: Series, record: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Series, period and place with the numbers, one row a row of the frame."""
    # Lazily, since only then what limits have in common is worked out once.
    rows = frame.lazy().select(
        pl.lit(series.number, SERIES).alias("series"),
        pl.col("period").cast(PERIOD),
        pl.col("place").cast(PLACE),
        *(record[name].cast(pl.Float64).alias(name) for name in NUMBERS),
        record.get(EARLY, pl.lit(False)).alias(EARLY),
    )
    return rows.collect()


def cell(place: str) -> pl.Expr:
    """Period and place as one number: grouping by it takes half the time of grouping by both."""
    return (pl.col("period").cast(pl.UInt64) * _PLACES + pl.col(place)).alias("cell")


def split_cells(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with period and place instead of their cell."""
    place, period = pl.col("cell") % _PLACES, pl.col("cell") // _PLACES
    return frame.with_columns(place=place.cast(PLACE), period=period.cast(PERIOD)).drop("cell")


def nothing_measured() -> pl.DataFrame:
    """The same columns without a row."""
    keys = {"series": SERIES, "period": PERIOD, "place": PLACE}
    return pl.DataFrame(schema={**keys, **dict.fromkeys(NUMBERS, pl.Float64), EARLY: pl.Boolean})
