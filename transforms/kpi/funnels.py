"""kpi.funnels: is a branch or other segment unlike the others of its cut in a month.

How limits are set is in `transforms/statistics/control_charts.py`.
"""

import polars as pl

from transforms.measures.ordinary_variation import HAS_VALUE, SERIES, SIGNALS
from transforms.model import Columns, transform
from transforms.statistics.control_charts import funnel
from transforms.units import UNITS

FUNNELS: Columns = {
    **{name: SIGNALS[name] for name in (*SERIES, "period", "value")},
    "numerator": (pl.Float64, "Numerator of the segment."),
    "denominator": (pl.Float64, "Denominator of the segment, in which the funnel narrows."),
    "target": (pl.Float64, "Value of all segments of the cut together."),
    "lower_95": (pl.Float64, "Lower limit that a segment like the others keeps 19 times of 20."),
    "upper_95": (pl.Float64, "Upper limit, likewise."),
    "lower_998": (pl.Float64, "Lower limit that a segment like the others keeps 499 times of 500."),
    "upper_998": (pl.Float64, "Upper limit, likewise."),
    "inflation": (pl.Float64, "Factor on the limits where segments differ by more than chance; else 1."),
    "position": (pl.String, "within, above_95, below_95, above_998 or below_998."),
    "is_good": (pl.Boolean, "Beyond a limit on the better side; empty within, or without a good side."),
}


@transform(
    writes="kpi.funnels",
    reads={"kpi_monthly": "kpi.monthly"},
    takes={"kpi_monthly": HAS_VALUE},
    keys=("kpi", "basis", "cut", "period"),
    grain=(*SERIES, "period"),
    columns=FUNNELS,
)
def funnels(kpi_monthly: pl.LazyFrame) -> pl.LazyFrame:
    """One row per share or rate of a segment and month: where it stands among the segments of its cut."""
    by = ["kpi", "basis", "cut", "period"]
    counted = kpi_monthly.filter(pl.col("cut") != "company", pl.col("denominator") > 0)
    parts = []
    for code, unit in UNITS.items():
        if (family := unit.chart) is None:
            continue
        own = counted.filter(pl.col("unit") == code)
        # A funnel is for cases: shares of money, or scaled exposures, have other scatter than their counts.
        whole = pl.col("numerator").is_between(0, pl.col("denominator")) if family == "p" else pl.lit(True)
        is_counted = (pl.col("denominator") - pl.col("n")).abs() < 0.5 if family == "p" else pl.lit(True)
        parts.append(funnel(own.filter(whole & is_counted), by, family=family))
    sign = (
        pl.when(pl.col("position").str.starts_with("above"))
        .then(1)
        .when(pl.col("position").str.starts_with("below"))
        .then(-1)
    ) * pl.col("direction")
    rows = pl.concat(parts).with_columns(is_good=pl.when(sign != 0).then(sign > 0))
    return rows.select(pl.col(name).cast(dtype) for name, (dtype, _) in FUNNELS.items())
