"""Measures of how long cases take that count those still open: quantile, restricted mean, probability, incidence.

They need every case with its duration, not sums; the curves are estimated in `curve_figures.py`.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

import polars as pl

from transforms.exactness import divided
from transforms.measures.case_measures import filled
from transforms.measures.definition import NONE, Measure, Pick, Record
from transforms.measures.figures import EARLY
from transforms.statistics.curve_limits import horizon_name, quantile_name

DAY_MICROSECONDS = 86_400_000_000
UNIT_MICROSECONDS = {"days": DAY_MICROSECONDS, "hours": 3_600_000_000, "seconds": 1_000_000}
# What became of a case by the as-of day.
OPEN, ENDED, LEFT = 0, 1, 2
# A curve without a horizon is read as far as the closed-only figures wait for their cases.
QUANTILE_FOLLOWS_DAYS = 60


@dataclass(frozen=True)
class Clock:
    """A clock from the column `starts` to the column `ends`, which still runs for some cases.

    Both are days (`_on`: calendar days, the starting day not counted) or both instants (`_at`: days of
    86,400 s, unless in another `unit`). A case that does not reach `ends` leaves at the first of `exits`, else it is
    open as of today. Cases that have `whole_days` because of some instants only the day is known count by the
    clock `in_days`.
    """

    starts: str
    ends: str
    exits: tuple[str, ...] = ()
    in_days: "Clock | None" = None
    whole_days: str = "has_whole_days"
    unit: Literal["days", "hours", "seconds"] = "days"

    @property
    def moments(self) -> tuple[str, ...]:
        """The columns of its start, its end and its exits."""
        return (self.starts, self.ends, *self.exits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at."""
        own = self.moments
        return (*own, *self.in_days.columns, self.whole_days) if self.in_days else own

    def duration(self, as_of: date, ends_at: datetime) -> pl.Expr:
        """Time, in its unit, until the case ended, left or was last seen; `ends_at` is the end of the as-of day."""
        now = pl.lit(as_of) if self.starts.endswith("_on") else pl.lit(ends_at)
        until = pl.coalesce(self.ends, self._left(), now) - pl.col(self.starts)
        if self.starts.endswith("_on"):
            return until.dt.total_days().cast(pl.Float64)
        exact = divided(until.dt.total_microseconds(), UNIT_MICROSECONDS[self.unit])
        if self.in_days is None:
            return exact
        return pl.when(self.whole_days).then(self.in_days.duration(as_of, ends_at)).otherwise(exact)

    def fate(self) -> pl.Expr:
        """ENDED, LEFT or OPEN.

        >>> days = {"ends_on": [date(2025, 3, 2), None, None], "exits_on": [None, date(2025, 3, 5), None]}
        >>> fates = pl.DataFrame(days).select(fate=Clock("starts_on", "ends_on", ("exits_on",)).fate())["fate"]
        >>> fates.to_list() == [ENDED, LEFT, OPEN]
        True
        """
        fate = pl.when(pl.col(self.ends).is_not_null()).then(ENDED)
        return fate.when(self._left().is_not_null()).then(LEFT).otherwise(OPEN).cast(pl.Int8)

    def at_rest(self) -> pl.Expr:
        """Whether what is known of the case ends it, so that its duration stays; never null."""
        seen = pl.col(self.ends).is_not_null() | self._left().is_not_null()
        if self.in_days is None:
            return seen
        return pl.when(self.whole_days).then(self.in_days.at_rest()).otherwise(seen)

    def _left(self) -> pl.Expr:
        return pl.min_horizontal(*self.exits) if self.exits else pl.lit(None)


@dataclass(frozen=True)
class FromCurve:
    """What is read off a curve: quantiles, the probability to end within horizons of days, means up to taus."""

    quantiles: tuple[float, ...] = ()
    horizons: tuple[float, ...] = ()
    taus: tuple[float, ...] = ()


@dataclass(frozen=True)
class OfAClock(Measure):
    """A measure of the curve of a clock; where cases that leave otherwise are `competing`, that of their incidence."""

    family = "curves"
    competing: ClassVar[bool] = False
    clock: Clock

    @property
    @abstractmethod
    def from_curve(self) -> FromCurve:
        """What it reads off the curve."""

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.clock.starts, self.clock.ends),)

    @property
    def columns(self) -> set[str]:
        return set(self.clock.columns)

    def at_rest(self, as_of: date) -> pl.Expr:
        """Those that ended or left; one that is open lasts a day longer every day."""
        return self.clock.at_rest()

    @property
    def follows_days(self) -> float:
        return QUANTILE_FOLLOWS_DAYS


@dataclass(frozen=True)
class SurvivalQuantile(OfAClock):
    """Quantile of the time to the end by Kaplan–Meier, as if nobody left otherwise; Brookmeyer–Crowley interval.

    It is early while the curve has not come down to it and cases are open.
    """

    interval: ClassVar[str] = "Brookmeyer–Crowley, on the log-log scale"
    q: float

    @property
    def from_curve(self) -> FromCurve:
        return FromCurve(quantiles=(self.q,))

    def record(self, figure: Pick) -> Record:
        """The record from the figures of `km_figures`, with n_open."""
        value = figure(quantile_name(self.q))
        return _record(figure, quantile_name(self.q), value.is_null() & (figure("n_open") > 0))


@dataclass(frozen=True)
class RestrictedMean(OfAClock):
    """Mean time to the end, counted up to `tau` days: the area under the Kaplan–Meier curve.

    It is early while no case has been followed to tau and some are open; only equal taus compare.
    """

    interval: ClassVar[str] = "Student's t, on the logit scale of mean/tau"
    tau: float

    @property
    def follows_days(self) -> float:
        return self.tau

    @property
    def from_curve(self) -> FromCurve:
        return FromCurve(taus=(self.tau,))

    def record(self, figure: Pick) -> Record:
        """The record from the figures of `km_figures`, with n_open."""
        return _record(figure, "rmst", _cut_short(figure, self.tau))


@dataclass(frozen=True)
class WithinProbability(OfAClock):
    """Probability to end within `horizon` days, had nobody left otherwise: 1 − S(horizon), Kaplan–Meier."""

    interval: ClassVar[str] = "Greenwood, on the log-log scale; Wilson at 0 and 1"
    horizon: float

    @property
    def follows_days(self) -> float:
        return self.horizon

    @property
    def from_curve(self) -> FromCurve:
        return FromCurve(horizons=(self.horizon,))

    def record(self, figure: Pick) -> Record:
        """The record from the figures of `km_figures`, with n_open."""
        return _record(figure, horizon_name(self.horizon), _cut_short(figure, self.horizon))


@dataclass(frozen=True)
class Incidence(OfAClock):
    """Share that ends within `horizon` days where cases can also leave otherwise (Aalen–Johansen)."""

    interval: ClassVar[str] = "Gaynor, on the log-log scale; Wilson at 0 and 1"
    competing = True
    horizon: float

    @property
    def follows_days(self) -> float:
        return self.horizon

    @property
    def from_curve(self) -> FromCurve:
        return FromCurve(horizons=(self.horizon,))

    def record(self, figure: Pick) -> Record:
        """The record from the figures of `incidence_summary`, with n_open."""
        return _record(figure, horizon_name(self.horizon), _cut_short(figure, self.horizon))


def _cut_short(figure: Pick, horizon: float) -> pl.Expr:
    """Whether nothing is known beyond a day before the horizon that may still happen."""
    return (figure("followed_to") < horizon) & (figure("n_open") > 0)


def _record(figure: Pick, name: str, early: pl.Expr) -> Record:
    value = figure(name)
    if name.startswith("within"):
        value = value.clip(0, 1)  # sums of hundreds of terms
    return {
        "numerator": NONE,
        "denominator": figure("n"),
        "value": value,
        "ci_low": figure(f"{name}_low"),
        "ci_high": figure(f"{name}_high"),
        "n": figure("n"),
        "n_undetermined": figure("n_open"),
        "n_excluded": figure("n_excluded"),
        EARLY: early.fill_null(False),
    }
