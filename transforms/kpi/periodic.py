"""kpi.periodic: every KPI of quarters, half-years, years and rolling years, recomputed from the facts.

None is an average of months: medians, rates and shares of a year are those of the year's cases.
"""

import polars as pl

from transforms.kpi.every_period import READS, RECORDED, every_period
from transforms.measures.records import GRAIN, RECORD
from transforms.model import transform


@transform(
    writes="kpi.periodic",
    reads={**READS, **RECORDED},
    broadcast={"periods": "staging.long_periods"},
    shared=every_period,
    keys=(),
    grain=("kpi", "grain", "period", "basis", "cut", "segment"),
    columns={**RECORD, "period": (pl.Date, "First day of the period."), **GRAIN},
)
def periodic(shared: pl.LazyFrame, periods: pl.LazyFrame) -> pl.LazyFrame:
    """One row per KPI, period longer than a month, basis, cut and segment: value, interval, cases, status."""
    asked = periods.select("grain", period="starts_on")
    return shared.join(asked, on=["grain", "period"], how="semi")
