"""The periods that KPIs are computed for: whole months up to the as-of month.

Which of them a run computes is asked here; how a case falls into one is `transforms/kpi/records.py`.
"""

from datetime import date

import polars as pl


def months_until(as_of: date, count: int) -> list[date]:
    """First days of the `count` months up to and including that of `as_of`, oldest first."""
    last = as_of.year * 12 + as_of.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def month_periods(months: list[date]) -> pl.DataFrame:
    """One row a month: period and starts_on (its first day), ends_on (its last)."""
    return pl.DataFrame({"period": months}, schema={"period": pl.Date}).with_columns(
        starts_on=pl.col("period"), ends_on=pl.col("period").dt.month_end()
    )
