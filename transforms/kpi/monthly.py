"""kpi.monthly: every KPI of every month, basis, cut and segment, one record each."""

import polars as pl

from transforms.kpi.every_period import READS, RECORDED, every_period
from transforms.measures.records import RECORD
from transforms.model import transform
from transforms.periods import MONTH


@transform(
    writes="kpi.monthly",
    reads={**READS, **RECORDED},
    broadcast={"periods": "staging.periods"},
    shared=every_period,
    keys=(),
    grain=("kpi", "period", "basis", "cut", "segment"),
    partitioned_by="period",
    columns=RECORD,
)
def monthly(shared: pl.LazyFrame, periods: pl.LazyFrame) -> pl.LazyFrame:
    """One row per KPI, month, basis, cut and segment: value, interval, numbers of cases and status."""
    return shared.filter(pl.col("grain") == MONTH).join(periods, on="period", how="semi")
