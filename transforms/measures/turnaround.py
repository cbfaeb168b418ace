"""Clocks of cases, each declared once and asked for any statistic of the time that the cases take.

A declaration says which clock runs over which cases; a method a statistic makes the registry's entry from it. How a
statistic is computed is said in `case_measures.py` and `curve_measures.py`, which clocks there are in `transforms/kpi`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

import polars as pl

from transforms.measures.case_measures import Deadline, Mean, Quantile, Share, of_row
from transforms.measures.curve_measures import (
    Clock,
    Incidence,
    OfAClock,
    RestrictedMean,
    SurvivalQuantile,
    WithinProbability,
)
from transforms.measures.definition import Kpi, Measure
from transforms.measures.example import Example, Row
from transforms.settings import Settings
from transforms.vocabulary import CASES, Basis

# What a clock says of its cases, in the words of a registry entry.
OF_CASES = ("fact", "population", "excluded", "counts", "leaves_out", "minimum", "dates", "horizon_days")


class Own(TypedDict, total=False):
    """What an entry says itself; all the rest follows from its clock and statistic."""

    code: str
    title: str
    source: str
    definition: str
    version: str
    switch: str
    horizon_days: int
    population: pl.Expr
    counts: str
    by_rules: Callable[[Settings], Mapping[str, Any]]
    example: Example


@dataclass(frozen=True, kw_only=True)
class Turnaround:
    """A clock over the cases of a fact; `ended` is what those are called that reached its end, such as "decided".

    Open cases count in all statistics but median, p90, mean and beyond_days: these are of `days`, the column (or
    expression) with the time of the cases that ended, and what holds of these alone, such as that they are paid, stands
    in `ended_cases`. `dates`, `horizon_days` and the rest are as in a Kpi. Curves (km_median, km_p90, restricted_mean,
    probability, incidence) exist for the cohort alone and wait for no horizon: they say themselves when they are early.
    Who leaves by `withdrawn_on` before a limit is not late.

    A statistic raises ValueError if it needs `days` or a cohort and the clock has none.

    >>> questions = Turnaround(
    ...     fact="core.questions",
    ...     clock=Clock("asked_on", "answered_on"),
    ...     ended="answered",
    ...     dates={"cohort": "asked_on"},
    ...     counts="all questions",
    ... )
    >>> own = {"title": "Questions answered within 10 days", "source": "House rule 7"}
    >>> kpi = questions.within_days(10, code="questions_answered_within_10_days_share", **own)
    >>> kpi.unit, kpi.direction, kpi.formula
    ('share', 1, 'in time / (in time + late)')
    >>> questions.incidence(10, code="questions_answered_within_10_days_incidence", **own).formula
    'Σ S(t−) · answered / at risk, over t ≤ 10'
    """

    fact: str
    clock: Clock
    ended: str
    dates: Mapping[Basis, str]
    counts: str
    days: str | pl.Expr = ""
    horizon_days: int = 0
    withdrawn_on: str | None = None
    population: pl.Expr | None = None
    excluded: pl.Expr | None = None
    leaves_out: str = ""
    minimum: int = 1
    ended_cases: Mapping[str, Any] = field(default_factory=dict)

    def median(self, **own: Unpack[Own]) -> Kpi:
        """Median days of the cases that ended."""
        return self._of_ended(Quantile(self.days, 0.5), own, formula="50 % quantile, Hyndman–Fan type 7")

    def p90(self, **own: Unpack[Own]) -> Kpi:
        """Days that nine in ten of the cases that ended did not exceed."""
        return self._of_ended(Quantile(self.days, 0.9), own, formula="90 % quantile, Hyndman–Fan type 7")

    def mean(self, **own: Unpack[Own]) -> Kpi:
        """Mean days of the cases that ended."""
        cases = self.fact.partition(".")[2].replace("_", " ")
        return self._of_ended(Mean(self.days), own, formula=f"Σ days / {self.ended} {cases}")

    def beyond_days(self, limit: int, **own: Unpack[Own]) -> Kpi:
        """Share of the cases that ended which took more than so many days."""
        took = of_row(self.days)
        late = Share(of=took > limit, among=took.is_not_null())
        formula = f"{self.ended} later than {limit} days / {self.ended}"
        return self._of_ended(late, own, formula=formula, unit="share")

    def within_days(self, limit: int, **own: Unpack[Own]) -> Kpi:
        """Share that ended within so many calendar days, where that is known: open cases are late once older."""
        days = self._in_days
        return self._in_time(Deadline(days.starts, days.ends, limit, exits_on=self.withdrawn_on), own)

    def by_due_day(self, due_on: str, **own: Unpack[Own]) -> Kpi:
        """Share that ended by the day in a column, where that is known."""
        days = self._in_days
        return self._in_time(Deadline(days.starts, days.ends, exits_on=self.withdrawn_on, due_on=due_on), own)

    def km_median(self, **own: Unpack[Own]) -> Kpi:
        """Days by which half of the cases ended, open ones counted (Kaplan–Meier)."""
        return self._km_quantile(0.5, own)

    def km_p90(self, **own: Unpack[Own]) -> Kpi:
        """Days by which nine in ten cases ended, open ones counted (Kaplan–Meier)."""
        return self._km_quantile(0.9, own)

    def restricted_mean(self, tau: int, **own: Unpack[Own]) -> Kpi:
        """Mean days to the end, counted up to tau, open cases counted."""
        formula = f"area under S(t) from 0 to {tau} days"
        return self._of_curve(RestrictedMean(self.clock, tau), own, formula, "days", direction=-1)

    def probability(self, within: int, **own: Unpack[Own]) -> Kpi:
        """Probability to end within so many days, had nobody left otherwise."""
        formula = f"1 − S({within})"
        return self._of_curve(WithinProbability(self.clock, within), own, formula, "probability", direction=1)

    def incidence(self, within: int, **own: Unpack[Own]) -> Kpi:
        """Share that ends within so many calendar days; who leaves otherwise never does."""
        formula = f"Σ S(t−) · {self.ended} / at risk, over t ≤ {within}"
        return self._of_curve(Incidence(self._in_days, within), own, formula, "probability", direction=1)

    @property
    def _in_days(self) -> Clock:
        return self.clock.in_days or self.clock

    @property
    def _days_column(self) -> tuple[str, ...]:
        return (self.days,) if isinstance(self.days, str) and self.days else ()

    def _of_ended(self, measure: Measure, own: Own, *, formula: str, unit: str = "days") -> Kpi:
        if isinstance(self.days, str) and not self.days:
            raise ValueError(
                f"{own['code']}: its clock names no column `days` with the time of cases that ended"
            )
        return self._kpi(
            measure, own, self._days_column, formula=formula, unit=unit, direction=-1, **self.ended_cases
        )

    def _in_time(self, measure: Deadline, own: Own) -> Kpi:
        ends = (measure.starts_on, measure.ends_on, measure.exits_on, measure.due_on)
        formula = "in time / (in time + late)"
        return self._kpi(measure, own, filter(None, ends), formula=formula, unit="share", direction=1)

    def _km_quantile(self, q: float, own: Own) -> Kpi:
        formula = f"least t with S(t) ≤ {1 - q:g}, S(t) = Π (1 − {self.ended} / at risk)"
        return self._of_curve(SurvivalQuantile(self.clock, q), own, formula, "days", direction=-1)

    def _of_curve(
        self, measure: OfAClock, own: Own, formula: str, unit: str, direction: Literal[1, -1]
    ) -> Kpi:
        if "cohort" not in self.dates:
            raise ValueError(
                f"{own['code']}: open cases are counted by cohort, of which its clock names no date"
            )
        said = {"formula": formula, "unit": unit, "direction": direction}
        cohort = {"dates": {"cohort": self.dates["cohort"]}, "horizon_days": 0}
        return self._kpi(measure, own, measure.clock.moments, **said, **cohort)

    def _kpi(self, measure: Measure, own: Own, looked_at: Iterable[str], **rest: Any) -> Kpi:
        """The entry: what the statistic says before what the clock says, and its own words before both."""
        kpi = Kpi(measure=measure, **{**{name: getattr(self, name) for name in OF_CASES}, **rest, **own})
        return replace(kpi, example=self._shown(kpi, kpi.example, looked_at)) if kpi.example else kpi

    def _shown(self, kpi: Kpi, example: Example, looked_at: Iterable[str]) -> Example:
        """The example of an entry with the columns that it looks at."""
        conditions = [kpi.population, kpi.excluded]
        roots = [name for c in conditions if c is not None for name in c.meta.root_names()]
        full = [self._with_time(row, example.every) for row in example.rows]
        wanted = dict.fromkeys((CASES, *kpi.dates.values(), *looked_at, *roots))
        columns = [name for name in wanted if any(row.get(name) for row in full)]
        return replace(example, rows=tuple({name: row.get(name) for name in columns} for row in full))

    def _with_time(self, row: Row, every: Row) -> Row:
        """A row that has the clock's instants with their days, and with the time from its start to its end."""
        instants, days, told = self.clock, self._in_days, {**every, **row}
        of_both = zip(instants.moments, days.moments, strict=True)
        dated = {day: str(told[instant])[:10] for instant, day in of_both if row.get(instant)}
        took = {}
        if self._days_column and told.get(instants.starts) and told.get(instants.ends):
            start, end = (
                datetime.fromisoformat(str(told[name])) for name in (instants.starts, instants.ends)
            )
            took = dict.fromkeys(self._days_column, f"{(end - start) / timedelta(days=1):g}")
        return {**dated, **took, **row}
