"""core.indicator_values: figures that others have worked out, with what keeps one from being used.

What a record is made of them is `transforms/kpi/indicators.py`.
"""

import polars as pl

from transforms.model import transform
from transforms.origins import passed_on
from transforms.periods import LENGTHS, first_day_of, grain_of
from transforms.settings import Settings
from transforms.units import TOLERANCE, UNITS


@transform(
    writes="core.indicator_values",
    reads={"values": "staging.indicator_values"},
    origins=lambda settings: passed_on("indicator_values", "indicator", "period"),
    keys=("indicator", "cut", "segment"),
    grain=("indicator", "grain", "period", "basis", "cut", "segment"),
    columns={
        "indicator": (pl.String, "Code of the indicator, and of its KPI."),
        "grain": (pl.String, "month, quarter, half_year or year."),
        "period": (pl.Date, "First day of the period."),
        "ends_on": (pl.Date, "Last day of the period."),
        "basis": (pl.String, "cohort, period or stock."),
        "cut": (pl.String, "What the segments are segments of; company is the whole."),
        "segment": (pl.String, "The segment."),
        "value": (pl.Float64, "Value as delivered, else numerator over denominator."),
        "numerator": (pl.Float64, "Numerator."),
        "denominator": (pl.Float64, "Denominator."),
        "n": (pl.Int64, "Cases that determine the value; empty where the source does not say."),
        "ci_low": (pl.Float64, "Lower end of the 95 % interval."),
        "ci_high": (pl.Float64, "Upper end of the 95 % interval."),
        "mark": (pl.String, "What the source remarks about the value."),
        "problem": (pl.String, "Why the value is not used; empty if it is."),
        "load_id": (pl.Int64, "The load that brought it, as in raw.loads."),
        "line": (pl.Int64, "Line of that load's file."),
    },
)
def indicator_values(values: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per indicator, period, basis, cut and segment: its value, and why it is not used where it is not.

    A key that is delivered both with its basis and as declared is one; which of the two counts is not known, so none.
    """
    declared = settings.indicators
    units = {code: UNITS[indicator.unit] for code, indicator in declared.items()}
    code = pl.col("indicator")
    lowest = code.replace_strict(
        {c: u.lowest for c, u in units.items()}, default=None, return_dtype=pl.Float64
    )
    highest = code.replace_strict(
        {c: u.highest for c, u in units.items()}, default=None, return_dtype=pl.Float64
    )
    basis = code.replace_strict(
        {c: i.basis for c, i in declared.items()}, default="period", return_dtype=pl.String
    )
    length = pl.col("grain").replace_strict(LENGTHS, return_dtype=pl.Int32)
    quotient = pl.when(pl.col("denominator") != 0).then(pl.col("numerator") / pl.col("denominator"))
    ends = ["value", "ci_low", "ci_high"]
    key = ["indicator", "starts_on", "grain", "basis", "cut", "segment"]
    problem = (
        pl.when(~code.is_in(list(declared)))
        .then(pl.lit("the project declares no such indicator"))
        .when((pl.col("cut") == "company") != (pl.col("segment") == "company"))
        .then(pl.lit("a segment needs a cut and a cut its segments; both are company for the whole"))
        .when(pl.len().over(key) > 1)
        .then(pl.lit("delivered twice, with its basis and without"))
        .when(pl.col("value").is_null() & pl.col("mark").is_null())
        .then(pl.lit("neither a value nor a numerator with a denominator"))
        .when(
            pl.any_horizontal(
                (pl.col(name) < lowest - TOLERANCE) | (pl.col(name) > highest + TOLERANCE) for name in ends
            ).fill_null(False)
        )
        .then(pl.lit("not a value of its unit"))
        .when(pl.col("n") < 0)
        .then(pl.lit("fewer than no cases"))
    )
    return (
        values.with_columns(starts_on=first_day_of(pl.col("period")), grain=grain_of(pl.col("period")))
        .with_columns(
            basis=pl.when(pl.col("basis") == "declared").then(basis).otherwise("basis"),
            value=pl.coalesce("value", quotient),
        )
        .with_columns(
            ends_on=pl.col("starts_on").dt.offset_by(pl.format("{}mo", length)).dt.offset_by("-1d"),
            problem=problem,
        )
        .with_columns(pl.col("starts_on").alias("period"))
        .sort("load_id", "line", maintain_order=True)
        .unique([*key[:1], "period", *key[2:]], keep="last", maintain_order=True)
    )
