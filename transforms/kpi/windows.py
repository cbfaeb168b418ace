"""kpi.windows: KPIs over 3, 6 and 12 months up to each month, where a framework takes these for small segments.

How they are added up is `measures/rolling.py`; which window a score takes is `transforms/composite/evaluate.py`.
"""

import polars as pl

from transforms.framework import windows_asked
from transforms.kpi.every_period import READS, RECORDED, every_period
from transforms.measures.records import RECORD
from transforms.model import transform
from transforms.periods import WINDOW_GRAINS


@transform(
    writes="kpi.windows",
    reads={**READS, **RECORDED},
    broadcast={"periods": "staging.periods"},
    shared=every_period,
    keys=(),
    grain=("kpi", "period", "basis", "cut", "segment", "window_months"),
    partitioned_by="period",
    asked_for=lambda settings: bool(windows_asked(settings.frameworks)),
    columns={
        **RECORD,
        "period": (pl.Date, "First day of the last month of the window."),
        "window_months": (pl.Int32, "Months of the window: 3, 6 or 12."),
    },
)
def windows(shared: pl.LazyFrame, periods: pl.LazyFrame) -> pl.LazyFrame:
    """One row per KPI that a framework takes over longer windows, month, basis, cut, segment and length."""
    length = pl.col("grain").replace_strict(WINDOW_GRAINS, default=None, return_dtype=pl.Int32)
    return (
        shared.with_columns(window_months=length)
        .filter(pl.col("window_months").is_not_null())
        .join(periods, on="period", how="semi")
    )
