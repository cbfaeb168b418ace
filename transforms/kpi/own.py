"""KPIs that a project declares in files of its own, made the same objects as ours.

What the files may say is `transforms/kpi_file.py`, how an expression is understood `transforms/expression.py`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from transforms.expression import IN_WORDS, ExpressionError, Kind, expression, kind_of
from transforms.kpi_file import Cell, ClockOf, ExampleOf, ExposureOf, OwnKpi, RateOf
from transforms.measures.case_measures import Count, Deadline, Mean, Quantile, Ratio, Share, TermShare
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Exposure, Flow, Kpi, Measure
from transforms.measures.example import Example, Row
from transforms.measures.rates import PerExposure
from transforms.measures.stock_measures import Stock
from transforms.measures.survey_measures import NetPromoter
from transforms.measures.turnaround import Turnaround
from transforms.nearest import did_you_mean
from transforms.units import UNITS

Columns = Mapping[str, pl.DataType]
Problem = tuple[str, str]
# Statistics of the cases that ended; the others count open ones, by days.
OF_ENDED = {"median", "p90", "mean", "beyond_days"}
# The units that a measure can have; of the others any will do.
UNITS_OF: Mapping[str, tuple[str, ...]] = {
    "share": ("share",),
    "deadline": ("share",),
    "term_share": ("share",),
    "net_promoter": ("points",),
    "count": ("count",),
    "ratio": tuple(code for code, unit in UNITS.items() if unit.is_quotient),
    "rate": tuple(code for code, unit in UNITS.items() if unit.is_quotient),
    "mean": tuple(code for code, unit in UNITS.items() if not unit.is_quotient),
    "quantile": tuple(code for code, unit in UNITS.items() if not unit.is_quotient),
}


class OwnKpiError(ValueError):
    """An own KPI that cannot be computed; `problems` are pairs of key path and reason."""

    def __init__(self, code: str, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{code}: {path}: {reason}" for path, reason in problems))


def kpi_of(own: OwnKpi, facts: Mapping[str, Columns | None], exposures: Mapping[str, Exposure]) -> Kpi:
    """The KPI that an entry declares.

    `facts` are those that KPIs can be of, by table, with the types of their columns (None where nobody has declared
    them), `exposures` what a rate can be per, by name. Raises OwnKpiError for everything that is wrong.
    """
    return _Entry(own, facts, exposures).kpi()


@dataclass
class _Entry:
    """One entry, read part by part; what is wrong is kept with its key."""

    own: OwnKpi
    facts: Mapping[str, Columns | None]
    exposures: Mapping[str, Exposure]
    problems: list[Problem] = field(default_factory=list)

    def kpi(self) -> Kpi:
        own = self.own
        if own.fact not in self.facts:
            self._refuse("fact", self._no_such_fact(own.fact))
            raise OwnKpiError(own.code, self.problems)
        dates = {
            basis: self._column(f"placed_by.{basis}", day, "date")
            for basis, day in own.placed_by.days.items()
        }
        said = {
            "code": own.code,
            "title": own.title,
            "source": own.source,
            "version": own.version,
            "fact": own.fact,
            "dates": dates,
            "population": self._condition("where", own.where),
            "excluded": self._condition("excluded", own.excluded),
            "minimum": own.minimum,
            "definition": own.definition,
            "counts": own.counts or (f"rows of {own.fact}" + (f" with {own.where}" if own.where else "")),
            "leaves_out": own.leaves_out or (own.excluded or ""),
        }
        kpi = self._of_clock(said) if own.clock and own.statistic else self._of_measure(said)
        if self.problems or kpi is None:
            raise OwnKpiError(own.code, self.problems)
        further: dict[str, Any] = {"suppress_below": own.suppress_below, "for_index": own.for_index}
        further |= {"formula": own.formula} if own.formula else {}
        further |= {} if own.horizon_days is None else {"horizon_days": own.horizon_days}
        kpi = replace(kpi, **further)
        return replace(kpi, example=example_of(own.example, kpi))

    def _refuse(self, key: str, reason: str) -> None:
        self.problems.append((key, reason))

    def _no_such_fact(self, fact: str) -> str:
        hint = did_you_mean(fact, self.facts, f"there are {', '.join(sorted(self.facts))}")
        return f"there is no fact {fact}; {hint}"

    def _expression(self, key: str, sql: str, wanted: Kind, fact: str | None = None) -> pl.Expr:
        try:
            return expression(sql, self.facts[fact or self.own.fact], wanted).computed
        except ExpressionError as error:
            self._refuse(key, str(error))
            return pl.lit(None)

    def _condition(self, key: str, sql: str | None, fact: str | None = None) -> pl.Expr | None:
        return None if sql is None else self._expression(key, sql, "condition", fact)

    def _column(self, key: str, name: str, wanted: Kind, fact: str | None = None) -> str:
        """A column by its name, which has to be there and of a kind."""
        columns = self.facts[fact or self.own.fact]
        if columns is not None:
            try:
                # An unknown name is told as one in an expression is.
                if name not in columns:
                    expression(f'"{name}"', columns)
                elif (kind := kind_of(name, columns[name])) != wanted:
                    self._refuse(key, f"column {name} is {IN_WORDS[kind]}; here {IN_WORDS[wanted]} is needed")
            except ExpressionError as error:
                self._refuse(key, str(error))
        return name

    def _unit(self, measure: str, default: str = "") -> str:
        """The unit, which has to be one of ours and of the measure."""
        fits = UNITS_OF.get(measure, (default,) if default else tuple(UNITS))
        unit = self.own.unit or (fits[0] if len(fits) == 1 else "")
        if unit not in fits:
            said = f"{unit} is no unit of {measure}" if unit else "is required"
            self._refuse("unit", f"{said}; there are {', '.join(fits)}")
            return fits[0]
        return unit

    def _of_clock(self, said: Mapping[str, Any]) -> Kpi | None:
        clock, statistic, own = self.own.clock, self.own.statistic, self.own
        assert clock and statistic
        (name,) = statistic.model_fields_set
        argument = getattr(statistic, name)
        for key, column in (
            ("starts", clock.starts),
            ("ends", clock.ends),
            *(("exits", c) for c in clock.exits),
        ):
            self._moment(f"clock.{key}", column, name)
        if name == "by_due_day":
            self._column("statistic.by_due_day", argument, "date")
        if name in ("within_days", "by_due_day") and len(clock.exits) > 1:
            self._refuse("clock.exits", f"{name} takes one column by which cases leave otherwise")
        if own.horizon_days is None and name in ("within_days", "beyond_days"):
            said = {**said, "horizon_days": argument}
        if self.problems:
            return None
        of_cases = {
            key: said[key]
            for key in ("fact", "dates", "population", "excluded", "counts", "leaves_out", "minimum")
        }
        turnaround = Turnaround(
            clock=Clock(clock.starts, clock.ends, clock.exits),
            ended="ended",
            days=_days_between(clock),
            withdrawn_on=clock.exits[0] if clock.exits else None,
            **of_cases,
        )
        ask: Callable[..., Kpi] = getattr(turnaround, name)
        stated = {key: value for key, value in said.items() if key not in of_cases}
        try:
            kpi = ask(*([argument] if isinstance(argument, int | str) else []), **stated)
        except ValueError as error:
            self._refuse("placed_by", str(error).removeprefix(f"{own.code}: "))
            return None
        self._unit(name, kpi.unit)
        return kpi if own.direction is None else replace(kpi, direction=own.direction)

    def _moment(self, key: str, column: str, statistic: str) -> None:
        """Hold a moment of a clock to be a day, or an instant where a statistic takes these."""
        takes_instants = statistic in OF_ENDED or statistic in (
            "km_median",
            "km_p90",
            "restricted_mean",
            "probability",
        )
        if column.endswith("_at") and takes_instants:
            self._column(key, column, "instant")
        elif not column.endswith("_on"):
            kinds = "of a day ends in _on, of an instant in _at" if takes_instants else "of a day ends in _on"
            self._refuse(key, f"the name of a column {kinds}; {column} does not, and {statistic} counts days")
        else:
            self._column(key, column, "date")

    def _of_measure(self, said: Mapping[str, Any]) -> Kpi | None:
        measure = self.own.measure
        assert measure
        (name,) = measure.model_fields_set
        unit = self._unit(name, "count" if name == "stock" and not measure.stock.amount else "")  # type: ignore[union-attr]
        made, formula = self._measures(unit)[name](getattr(measure, name))
        if self.own.direction is None:
            self._refuse("direction", "is required: 1 if higher is better, -1 if lower is, 0 if neither")
        if self.problems or self.own.direction is None:
            return None
        horizon = {"horizon_days": made.limit_days} if isinstance(made, Deadline) else {}
        return Kpi(
            measure=made, unit=unit, direction=self.own.direction, formula=formula, **{**said, **horizon}
        )  # type: ignore[arg-type]

    def _measures(self, unit: str) -> Mapping[str, Callable[[Any], tuple[Measure, str]]]:
        """By the name of a measure: what makes it of what an entry says, with its formula."""

        def condition(key: str, sql: str) -> pl.Expr:
            return self._expression(f"measure.{key}", sql, "condition")

        def number(key: str, sql: str) -> pl.Expr:
            return self._expression(f"measure.{key}", sql, "number")

        return {
            "share": lambda m: (
                Share(condition("share.of", m.of), condition("share.among", m.among)),
                f"rows with {m.of} / rows with {m.among}" if m.among != "TRUE" else f"rows with {m.of} / all",
            ),
            "deadline": lambda m: (self._deadline(m), "in time / (in time + late)"),
            "mean": lambda m: (Mean(number("mean.value", m.value)), f"Σ {m.value} / rows that have it"),
            "quantile": lambda m: (
                Quantile(number("quantile.value", m.value), m.q),
                f"{m.q:.0%} quantile of {m.value}, Hyndman–Fan type 7",
            ),
            "count": lambda m: (Count(), "number of rows"),
            "stock": lambda m: (
                Stock(self._flow("measure.stock", m)),
                f"{f'Σ {m.amount}' if m.amount else 'rows'} entered by {m.enters} and not left by {m.leaves}",
            ),
            "ratio": lambda m: (
                Ratio(
                    number("ratio.numerator", m.numerator),
                    number("ratio.denominator", m.denominator),
                    unit == "share",
                ),
                f"Σ {m.numerator} / Σ {m.denominator}",
            ),
            "rate": lambda m: (self._rate(m, unit), f"{m.amount or 'rows'} / exposure · {m.per:g}"),
            "net_promoter": lambda m: (
                NetPromoter(self._column("measure.net_promoter.score", m.score, "number")),
                "(9 and 10 − 0 to 6) / answers · 100",
            ),
            "term_share": lambda m: (
                TermShare(self._column("measure.term_share.state", m.state, "text"), m.counts),
                f"{m.counts} / (met + breach)",
            ),
        }

    def _deadline(self, m: Any) -> Deadline:
        moments = {name: getattr(m, name) for name in ("starts", "ends", "exits", "due_on")}
        for name, column in moments.items():
            if column is not None:
                self._column(f"measure.deadline.{name}", column, "date")
        return Deadline(m.starts, m.ends, m.days, exits_on=m.exits, due_on=m.due_on)

    def _flow(self, key: str, m: Any) -> Flow:
        fact = getattr(m, "fact", self.own.fact)
        is_own = fact == self.own.fact and not isinstance(m, ExposureOf)
        return Flow(
            fact,
            self._column(f"{key}.enters", m.enters, "date", fact),
            self._column(f"{key}.leaves", m.leaves, "date", fact),
            self._condition("where", self.own.where)
            if is_own
            else self._condition(f"{key}.where", m.where, fact),
            None if m.amount is None else self._column(f"{key}.amount", m.amount, "number", fact),
            self._condition("excluded", self.own.excluded) if is_own else None,
        )

    def _rate(self, m: RateOf, unit: str) -> Measure:
        amount = None if m.amount is None else self._column("measure.rate.amount", m.amount, "number")
        return PerExposure(self._exposure(m), m.per, amount, is_share=unit == "share")

    def _exposure(self, m: RateOf) -> Exposure:
        key = "measure.rate.exposure"
        if isinstance(m.exposure, str):
            if m.exposure not in self.exposures:
                known = ", ".join(sorted(self.exposures))
                self._refuse(
                    key, f"there is no exposure {m.exposure}; there are {known}; or say of which fact"
                )
            return self.exposures.get(m.exposure, Exposure("", None))
        if m.exposure.fact not in self.facts:
            self._refuse(f"{key}.fact", self._no_such_fact(m.exposure.fact))
            return Exposure("", None)
        flow = self._flow(key, m.exposure)
        return Exposure(
            f"exposure_of_{self.own.code}", flow, m.exposure.moment, is_number=m.exposure.amount is None
        )


def _days_between(clock: ClockOf) -> pl.Expr:
    """Days from start to end of the cases that ended; none of those of which the clock runs backwards."""
    took = pl.col(clock.ends) - pl.col(clock.starts)
    days = (
        took.dt.total_days().cast(pl.Float64)
        if clock.starts.endswith("_on")
        else took.dt.total_microseconds() / 86_400_000_000
    )
    return pl.when(days >= 0).then(days)


def example_of(told: ExampleOf, kpi: Kpi) -> Example:
    """The example of an entry as one of ours, with the months and the day that it leaves out."""
    rows = tuple(_texts(row) for row in told.rows)
    period = told.period or _months_of(rows, kpi)
    last = period[-7:]
    a_year_later = date(int(last[:4]) + 1, int(last[5:]), 28)
    return Example(
        given=told.given or f"{len(rows)} rows",
        rows=rows,
        value=told.value,
        numerator=told.numerator,
        denominator=told.denominator,
        also={fact: tuple(_texts(row) for row in rows) for fact, rows in told.also.items()},
        period=period,
        as_of=str(told.as_of or a_year_later),
        source="",
    )


def _texts(row: Mapping[str, Cell]) -> Row:
    """The cells of a row as the examples of ours write them."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Cell) -> str | None:
    if value is None or isinstance(value, bool):
        return {None: None, True: "yes", False: "no"}[value]
    return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value)


def _months_of(rows: tuple[Row, ...], kpi: Kpi) -> str:
    """The months in which the rows are placed; of a stock that in which the last one entered it."""
    stock = kpi.measure.stock
    placed_by = stock.enters_on if stock else next(iter(kpi.dates.values()))
    months = sorted({str(row[placed_by])[:7] for row in rows if row.get(placed_by)})
    if not months:
        raise OwnKpiError(kpi.code, [("example.rows", f"no row has {placed_by}, by which it is of a month")])
    first, last = months[-1] if stock else months[0], months[-1]
    return first if first == last else f"{first}/{last}"


def facts_of(kpis: Collection[OwnKpi]) -> list[str]:
    """The tables that own KPIs count rows of, or exposures."""
    rates = [kpi.measure.rate.exposure for kpi in kpis if kpi.measure and kpi.measure.rate]
    return sorted({kpi.fact for kpi in kpis} | {e.fact for e in rates if isinstance(e, ExposureOf)})
