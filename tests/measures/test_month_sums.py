"""What cells are made of."""

from datetime import date

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.measures.months import month_number


@given(st.lists(st.none() | st.dates()))
@example([])
@example([None])
@example([date(1600, 2, 29), None, date(9999, 12, 31)])
@example([date(1970, 1, 1 + day % 31) for day in range(40)])
@example([date(1969, 12, 31 - day % 31) for day in range(40)] + [None])
def test_months_are_counted_from_year_0(days: list[date | None]) -> None:
    expected = [None if day is None else 12 * day.year + day.month - 1 for day in days]
    frame = pl.LazyFrame({"day": days}, schema={"day": pl.Date})
    assert frame.select(month_number("day")).collect()["day"].to_list() == expected
