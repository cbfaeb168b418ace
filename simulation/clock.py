"""Time of the simulated insurer: the observed months, month arithmetic, and office hours.

Days are whole numbers since 1970-01-01 in business time, instants are such days with a fraction; nothing
is drawn at random here.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

AS_OF = date(2025, 12, 31)
# Rolling 61-month persistency of a month needs issues up to 73 months back.
ISSUE_MONTHS_BEFORE = 74
# Claims and complaints run in before the first observed month, so that its closings are complete.
RUN_IN_MONTHS = 2

MONTH_STARTS = np.arange("1970-01", "2080-01", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)

DAY_SECONDS = 86_400

# Stands for a day that has not come.
NEVER = int(np.iinfo(np.int64).max)

# Share of the day's work done by an hour: 94 % of it between 8:30 and 18:00. Strictly increasing, so that
# the order of instants and all calendar days stay as drawn.
WORK_DONE = np.array([0.0, 0.03, 0.97, 1.0])
DAY_FRACTION = np.array([0.0, 8.5, 18.0, 24.0]) / 24

Days = NDArray[np.int64]
Instants = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """The observed service months up to the as-of date; months count from January 1970."""

    months: int

    @property
    def as_of_day(self) -> int:
        return (AS_OF - date(1970, 1, 1)).days

    @property
    def end(self) -> int:
        """The instant after which nothing has happened yet."""
        return self.as_of_day + 1

    @property
    def last_month(self) -> int:
        return (AS_OF.year - 1970) * 12 + AS_OF.month - 1

    @property
    def first_month(self) -> int:
        return self.last_month - self.months + 1

    @property
    def run_in_month(self) -> int:
        return self.first_month - RUN_IN_MONTHS

    @property
    def run_in_day(self) -> int:
        return int(MONTH_STARTS[self.run_in_month])

    @property
    def first_issue_month(self) -> int:
        return self.first_month - ISSUE_MONTHS_BEFORE

    @property
    def issue_months(self) -> int:
        return self.last_month - self.first_issue_month + 1

    @property
    def observed(self) -> range:
        return range(self.first_month, self.last_month + 1)


def month_of(days: NDArray) -> Days:
    """Months since January 1970 of days or instants."""
    whole = np.floor(days).astype(np.int64)
    return whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_label(month: int) -> str:
    return f"{1970 + month // 12}-{month % 12 + 1:02d}"


def months_later(days: Days, months: int | NDArray) -> Days:
    """The corresponding day some months on, else the month's last (Civil Code of the PRC, art. 202)."""
    start = month_of(days)
    target = start + months
    length = MONTH_STARTS[target + 1] - MONTH_STARTS[target]
    return MONTH_STARTS[target] + np.minimum(days - MONTH_STARTS[start], length - 1)


def at_work(instants: Instants) -> Instants:
    """Instants drawn evenly over the day, moved within their day to when people work."""
    days = np.floor(instants)
    return days + np.interp(instants - days, WORK_DONE, DAY_FRACTION)


def microseconds(instants: Instants) -> NDArray[np.int64]:
    """Microseconds since 1970 of instants, cut to whole seconds."""
    days = np.floor(instants)
    seconds = np.floor((instants - days) * 86_400)
    return (days * 86_400 + seconds).astype(np.int64) * 1_000_000
