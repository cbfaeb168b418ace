"""What is read of the cases of a fact for all KPIs that place them in months alike, and what they come to: states.

Which figures are made of that is `case_figures.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from transforms.measures.definition import Kpi, Statistic
from transforms.measures.figures import Series, key_of
from transforms.measures.month_sums import MonthSums, RowsByMonth, ValueCounts
from transforms.measures.months import month_number, months_of_both, months_spanned
from transforms.measures.segments import SegmentedFact, SegmentedFacts
from transforms.periods import months_of
from transforms.statistics.ordered import ranked

# How many months a case had been in the exposure of its rate.
HELD = "held_months"
COUNTED = "n_counted"


@dataclass(frozen=True)
class Window:
    """Which months of cases a period takes: its own, its last one alone (`is_cumulative`), or months of issue.

    These are so many of the latest in which every policy is mature.
    """

    issue_months: int = 0
    is_cumulative: bool = False


@dataclass(frozen=True)
class Planned:
    """A series with its statistics and the columns they are computed in; equal ones of several KPIs share one."""

    series: Series
    columns: Mapping[str, str]
    statistics: Mapping[str, Statistic]

    @classmethod
    def of(cls, series: Series, as_of: date) -> "Planned":
        """The KPI's statistics restricted to the cases that count, each under a name made of its expression."""
        statistics = _statistics(series.kpi, as_of)
        # The same name on every day.
        names = {name: _column_name(s.cases) for name, s in _statistics(series.kpi, date.max).items()}
        return cls(series, names, statistics)

    @property
    def window(self) -> Window:
        """Which months of cases its periods take."""
        return Window(self.series.kpi.issue_months, self.series.kpi.cumulative)

    @property
    def slice(self) -> object:
        """The kind of the fact's rows that it is about; None if it has but one."""
        return self.series.kpi.slice[1] if self.series.kpi.slice else None


def _statistics(kpi: Kpi, as_of: date) -> dict[str, Statistic]:
    counted, left_out = kpi.in_population & ~kpi.left_out, kpi.in_population & kpi.left_out
    statistics = {
        name: Statistic(pl.when(counted).then(s.cases), s.q)
        for name, s in kpi.measure.statistics(as_of).items()
    }
    statistics["n_excluded"] = Statistic(left_out)
    if kpi.held_since:
        statistics[COUNTED] = Statistic(counted)
    return statistics


def _column_name(cases: pl.Expr) -> str:
    return f"statistic_{key_of(cases)}"


@dataclass(frozen=True, eq=False)
class CaseState:
    """What cases come to by slice, month and segment: sums of columns, and how often each value of others occurs.

    `matured` says how many cases of a slice and month are mature when: the slice's column, month, matures_on, cases.
    """

    sums: MonthSums
    values: Mapping[str, ValueCounts]
    matured: pl.DataFrame | None = None

    def merge(self, other: "CaseState") -> "CaseState":
        """The state of the cases of both."""
        values = {name: counts.merge(other.values[name]) for name, counts in self.values.items()}
        return CaseState(self.sums.merge(other.sums), values, self._matured_with(other, 1))

    def without(self, other: "CaseState") -> "CaseState":
        """The state of the cases but for those of the other."""
        values = {name: counts.without(other.values[name]) for name, counts in self.values.items()}
        return CaseState(self.sums.without(other.sums), values, self._matured_with(other, -1))

    def _matured_with(self, other: "CaseState", sign: int) -> pl.DataFrame | None:
        if self.matured is None or other.matured is None:
            return None
        return matured_of(self.matured, other.matured, sign)


def matured_of(one: pl.DataFrame, other: pl.DataFrame, sign: int) -> pl.DataFrame:
    """How many cases of one, and of the other as often as the sign says, are mature when."""
    by = [name for name in one.columns if name != "cases"]
    both = pl.concat([one, other.with_columns(pl.col("cases") * sign)])
    return both.group_by(by).agg(pl.col("cases").sum()).filter(pl.col("cases") != 0).sort(by)


@dataclass(frozen=True)
class CasePlan:
    """Series that share a fact and the date that places a case in a month, so that its cases are read once.

    `slice_on` is the column that tells the fact's kinds of rows apart, if these KPIs ask for one kind each;
    `held_since` the date since which a case is in their exposure, if only what was when a period began counts: at
    most `longest` months are told apart. `months` are those that periods take; months of issue may be any.
    """

    fact: str
    placed_on: str
    slice_on: str | None
    held_since: str | None
    members: tuple[Planned, ...]
    months: range
    longest: int
    asked: tuple[int, ...] | None = None

    def at_rest(self, as_of: date) -> pl.Expr | None:
        """Cases that are at rest for all members."""
        own = [rest for m in self.members if (rest := m.series.kpi.measure.at_rest(as_of)) is not None]
        return pl.all_horizontal(own) if own else None

    @property
    def takes_issue_months(self) -> bool:
        """Whether some periods take the latest mature months of issue."""
        return any(member.window.issue_months for member in self.members)

    @cached_property
    def columns(self) -> dict[str, pl.Expr]:
        """Every column to compute, once."""
        return {m.columns[name]: s.cases for m in self.members for name, s in m.statistics.items()}

    @cached_property
    def quantiles(self) -> dict[str, list[float]]:
        """The columns that quantiles are taken of, and which."""
        taken = [
            (m.columns[n], s.q) for m in self.members for n, s in m.statistics.items() if s.q is not None
        ]
        return {column: sorted({q for other, q in taken if other == column}) for column, _ in taken}

    def state(self, facts: SegmentedFacts) -> CaseState:
        """The state of the fact's cases."""
        fact = facts[self.fact]
        rows = self._rows(fact)
        months = self.months
        if self.takes_issue_months:
            months = months_of_both(months, months_spanned(rows["month"]))
        located = RowsByMonth(rows, fact, months, HELD if self.held_since else self.slice_on)
        sums = located.sums({name: rows[name] for name in self.columns if name not in self.quantiles})
        values = {}
        for name in self.quantiles:
            column = rows[name].cast(pl.Float64)
            known = column.is_not_nan().fill_null(False).to_numpy()
            codes, distinct = ranked(column.to_numpy()[known])
            values[name] = located.counts(codes, (distinct,), None if known.all() else known)
        return CaseState(sums, values, self.matured(fact) if self.takes_issue_months else None)

    def _rows(self, fact: SegmentedFact) -> pl.DataFrame:
        """One row per case of the months, with every column."""
        month = pl.col("month")
        held = (month - month_number(self.held_since)).clip(0, self.longest) if self.held_since else None
        return (
            fact.frame.with_columns(month=month_number(self.placed_on))
            .filter(self._is_read, *(pl.col(name).is_not_null() for name in self._slices))
            .select(
                "month",
                *self._slices,
                *([] if held is None else [held.fill_null(0).alias(HELD)]),
                *(fact.grouped_by if self.quantiles else fact.summed_by),
                *(cases.alias(name) for name, cases in self.columns.items()),
            )
            .collect()
        )

    @property
    def _is_read(self) -> pl.Expr:
        month = pl.col("month")
        if self.takes_issue_months:
            return month.is_not_null()
        if self.asked is not None:
            return month.is_in(self.asked)
        return month.is_between(self.months.start, self.months.stop - 1)

    @property
    def _slices(self) -> list[str]:
        return [self.slice_on] if self.slice_on else []

    def matured(self, fact: SegmentedFact) -> pl.DataFrame:
        """How many cases of each slice and month are mature when."""
        by = [*self._slices, "month", "matures_on"]
        rows = fact.frame.with_columns(month=month_number(self.placed_on))
        counted = rows.drop_nulls([*self._slices, "month"]).group_by(by).agg(cases=fact.n_cases)
        return counted.select(*by, "cases").sort(by).collect()


def months_in(window: Window, periods: pl.DataFrame) -> pl.DataFrame:
    """The months (numbers) of periods: period, month."""
    if window.is_cumulative:
        return periods.select("period", month=month_number("ends_on"))
    return months_of(periods).select("period", month=month_number("month"))


def latest_mature(matured: pl.DataFrame, count: int, periods: pl.DataFrame) -> pl.DataFrame:
    """For each period the latest issue months in which every policy was mature at its end.

    A month is mature by the day on which it and all before it are.
    """
    slices = [name for name in matured.columns if name not in ("month", "matures_on", "cases")]
    by: list[str | pl.Expr] = [*slices] or [pl.lit(0)]
    pairs = (
        matured.group_by(*slices, "month")
        .agg(pl.col("matures_on").max())
        .sort("month")
        .with_columns(pl.col("matures_on").cum_max().over(by))
        .join(periods.select("period", "ends_on"), how="cross")
        .filter(pl.col("matures_on") <= pl.col("ends_on"))
    )
    first = pl.col("month").max().over(*slices, "period") - (count - 1)
    return pairs.filter(pl.col("month") >= first).select(*slices, "month", "period")
