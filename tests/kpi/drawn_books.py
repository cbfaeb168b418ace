"""Books of many like branches, drawn from the hazards of the simulated insurer: what their makers share.

A maker gives the tables that KPIs read, and by KPI the true value that the hazards imply: an integral, never an
estimate from what was drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MONTHS = [date(2025, month, 1) for month in range(1, 13)]
QUARTER = MONTHS[:3]
# Late enough that every clock has run out; a few days after the quarter, when a third of its last month is open.
COMPLETE, EARLY = date(2026, 12, 31), date(2025, 4, 5)
SETTINGS = Settings(time_zone="UTC", cuts=("company", "org_unit"))
EPOCH = date(1970, 1, 1)
DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True)
class Book:
    """The tables that KPIs read, and the true value by KPI, the same in every branch and month."""

    tables: dict[str, pl.LazyFrame]
    truth: dict[str, float]
    as_of: date = COMPLETE
    months: list[date] = field(default_factory=lambda: QUARTER)


def cells(branches: int, per_cell: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Branch and month of every case of the quarter: a Poisson number in each cell."""
    count = rng.poisson(per_cell, branches * len(QUARTER))
    cell = np.repeat(np.arange(len(count)), count)
    return cell // len(QUARTER), cell % len(QUARTER)


def days_in(month: Ints, rng: np.random.Generator) -> Floats:
    """Days since 1970 with a fraction, evenly spread over the month."""
    first = np.array([(m - EPOCH).days for m in (*MONTHS, date(2026, 1, 1))])
    return first[month] + rng.random(len(month)) * np.diff(first)[month]


def chosen(shares: Any, count: int, rng: np.random.Generator) -> Ints:
    """One category a case, by shares that need not add up to 1."""
    return rng.choice(len(shares), count, p=np.array(shares) / np.sum(shares))


def instants(days: Floats) -> pl.Series:
    """Days since 1970 as instants."""
    return pl.Series((days * DAY_MICROSECONDS).astype(np.int64)).cast(pl.Datetime("us", "UTC"))


def dates(days: Floats) -> pl.Series:
    """Whole days since 1970 as dates."""
    return pl.Series(days.astype(np.int32)).cast(pl.Date)


def completed(columns: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """The columns, and those of the schema that are not given, empty."""
    return pl.DataFrame(columns).select(
        pl.col(name).cast(dtype) if name in columns else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    )


def repeated(value: Any, count: int, dtype: Any = None) -> pl.Series:
    """A column of one value."""
    return pl.Series([value], dtype=dtype).new_from_index(0, count)
