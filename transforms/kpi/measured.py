"""The measured columns of a KPI on one cut, the common form of everything that is computed from facts.

How statistics are brought together is in `records.py`, `stocks.py` and `survival_records.py`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from transforms.kpi.definition import Kpi

Facts = Mapping[str, pl.LazyFrame]
NUMBERS = ("numerator", "denominator", "value", "ci_low", "ci_high", "n", "n_undetermined", "n_excluded")
# Sums are taken in decimals: those of floats depend on the order of rows, and a rerun must change no number.
EXACT = pl.Decimal(38, 12)
# Whether the cases have been followed too short for the value; only measures that look at that say so.
EARLY = "is_early"


def of_cuts(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The frames of several cuts as one with the column cut, so that a KPI is worked out once for all of them."""
    return pl.concat(
        [frame.with_columns(cut=pl.lit(cut)) for cut, frame in frames.items()], how="diagonal_relaxed"
    )


def measured(frame: pl.DataFrame, kpi: Kpi, basis: str, record: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """KPI, place and numbers, one row a period, cut and segment of the frame."""
    return frame.select(
        pl.lit(kpi.code).alias("kpi"),
        "period",
        pl.lit(basis).alias("basis"),
        "cut",
        "segment",
        *(record[name].cast(pl.Float64).alias(name) for name in NUMBERS),
        record.get(EARLY, pl.lit(False)).alias(EARLY),
    )


def nothing_measured() -> pl.DataFrame:
    """The same columns without a row."""
    names = {"kpi": pl.String, "period": pl.Int64, "basis": pl.String, "cut": pl.String, "segment": pl.String}
    return pl.DataFrame(schema={**names, **dict.fromkeys(NUMBERS, pl.Float64), EARLY: pl.Boolean})


def cuts_of(fact: pl.LazyFrame, cuts: Sequence[str]) -> list[str]:
    """The cuts that divide a fact: the company, and those it has a column for."""
    return [cut for cut in cuts if cut in {"company", *fact.collect_schema()}]
