"""kpi.periodic: every KPI of quarters, half-years, years and rolling years, recomputed from the facts.

None is an average of months: medians, rates and shares of a year are those of the year's cases.
"""

from datetime import date

import polars as pl

from transforms.kpi.monthly import facts_by_table, monthly
from transforms.kpi.records import kpi_records
from transforms.kpi.registry import registry
from transforms.model import transform
from transforms.settings import Settings

GRAIN = {
    "grain": (pl.String, "quarter, half_year, year, or rolling_12: the twelve months up to a month's end."),
    "ends_on": (pl.Date, "Last day of the period."),
}


@transform(
    writes="kpi.periodic",
    reads=monthly.reads,
    broadcast={"periods": "staging.long_periods"},
    keys=(),
    grain=("kpi", "grain", "period", "basis", "cut", "segment"),
    columns={**monthly.columns, "period": (pl.Date, "First day of the period."), **GRAIN},
)
def periodic(
    periods: pl.LazyFrame, *, as_of: date, settings: Settings, **facts: pl.LazyFrame
) -> pl.LazyFrame:
    """One row a KPI, period longer than a month, basis, cut and segment: value, interval, numbers of cases, status."""
    tables = facts_by_table(**facts)
    return kpi_records(tables, registry(settings), periods.collect(), as_of=as_of, settings=settings).lazy()
