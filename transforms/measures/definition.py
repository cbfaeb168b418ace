"""What a KPI is: one registry entry that says which cases count, how they are measured and who says so.

Everything else (rows, dictionary page, bounds of the checks, eligibility for an index) follows from the entry.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar, Literal

import polars as pl

from transforms.measures.example import Example
from transforms.settings import Settings
from transforms.units import UNITS
from transforms.vocabulary import Basis

# What feeds state of exposures, a row a `month`.
EXPOSURES = "core.exposure_months"
# How the figures of measures are found.
FamilyName = Literal["cases", "stocks", "curves", "ready_made"]


@dataclass(frozen=True)
class Statistic:
    """A column of cases and how it is brought together in a segment: added up (flags: counted), or its `q`-quantile.

    A quantile comes with the number of its values and the limits of its interval: see `quantile_figures`.
    """

    cases: pl.Expr
    q: float | None = None


Statistics = Mapping[str, Statistic]
# A statistic of a segment by its name, and the columns of a record made from some.
Pick = Callable[[str], pl.Expr]
Record = Mapping[str, pl.Expr]
NONE, ZERO = pl.lit(None, dtype=pl.Float64), pl.lit(0.0)


def quantile_figures(name: str) -> tuple[str, str, str, str]:
    """Names of a quantile, the number of its values, and its lower and upper limit."""
    return name, f"{name}_n", f"{name}_low", f"{name}_high"


@dataclass(frozen=True)
class Flow:
    """How many of something are there, or how much of its `amount`: what entered a stock, and has not left it.

    Cases `excluded`, and those that left before they entered, are not in the stock but in `n_excluded`.
    """

    fact: str
    enters_on: str
    leaves_on: str
    population: pl.Expr | None = None
    amount: str | None = None
    excluded: pl.Expr | None = None

    @property
    def counted(self) -> pl.Expr:
        """Which cases of the population are in the stock; never null."""
        left_out = pl.lit(False) if self.excluded is None else self.excluded.fill_null(False)
        return ~left_out & (pl.col(self.leaves_on) >= pl.col(self.enters_on)).fill_null(True)

    @property
    def columns(self) -> set[str]:
        """The columns of its fact that it looks at."""
        named = {self.enters_on, self.leaves_on, *([self.amount] if self.amount else [])}
        return named | _looked_at(self.population, self.excluded)


@dataclass(frozen=True)
class Exposure:
    """What a rate is per: cases of a stock at risk in the period, or a column of the exposures feed.

    `opening`: in stock when the period began. `at_risk`: in stock when it ended plus those that left in it.
    `entered`: entered in the period. Without a flow only the feed can state it. `is_number`: it counts
    cases, so that the KPI's minimum is one of exposure; of an amount of money it is one of cases.
    Where a row of the feed has `due_with` but not the column, the whole is not known.
    """

    name: str
    flow: Flow | None
    moment: Literal["opening", "at_risk", "entered"] = "at_risk"
    feed_column: str | None = None
    due_with: str | None = None
    is_number: bool = True


class Measure(ABC):
    """How cases become a number: what figures of a segment it asks for, and the record it makes of them.

    Its family says where the figures come from: statistics of the cases of a month (`case_figures.py`), numbers of
    stocks (`stock_figures.py`) or curves of clocks that may still run (`curve_figures.py`). Here stand the answers of
    a measure that asks for nothing of a kind.
    """

    family: ClassVar[FamilyName]
    # Whether it counts: without a case it is 0.
    is_count: ClassVar[bool] = False

    @property
    @abstractmethod
    def interval(self) -> str:
        """The kind of its interval, for the dictionary."""

    @abstractmethod
    def record(self, figure: Pick) -> Record:
        """numerator, denominator, value, ci_low, ci_high, n, n_undetermined from the figures of a segment."""

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        """What some case must be able to meet, each, or the value says nothing: see `needs.py`."""
        return ()

    def statistics(self, as_of: date) -> Statistics:
        """What it takes of cases, by name; they are added up or brought into order."""
        return {}

    @property
    def columns(self) -> set[str]:
        """The columns of a case that it looks at, but for those of flows and exposures."""
        return _looked_at(*(statistic.cases for statistic in self.statistics(date.max).values()))

    def at_rest(self, as_of: date) -> pl.Expr | None:
        """Which cases come to the same on every later day if nothing happens to them; None if all do."""
        return None

    @property
    def stock(self) -> Flow | None:
        """The stock it is about."""
        return None

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The stocks it counts, by the prefix of their numbers."""
        return {}

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        """What it is per; their figures have their names."""
        return ()

    @property
    def per(self) -> float:
        """Per how much of its exposure it is; its denominator is the exposure divided by that."""
        return 1.0

    @property
    def follows_days(self) -> float:
        """Days for which a case is followed at least."""
        return 0


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One key performance indicator.

    `dates` names, for each basis, the date column that places a case in a month (received cohort, closed
    period; a stock has none). `slice` picks the rows of a fact with several kinds of rows. A cohort is
    immature until `horizon_days` after its period. Below `minimum` cases the status is low_n, below
    `suppress_below` suppressed. `issue_months` asks for that many of the latest fully mature issue months.
    Rows of a fact that is `cumulative` already run since the start of the year: a period takes its last month's.
    `held_since` is the date column of the fact since which a case is in the exposure of a rate: of a share of what
    was there when the period began, only what was counts, and the rest is excluded and counted as such.
    `needs` are further columns of the fact without which the KPI is not applicable (`name=`: empty somewhere);
    what it needs anyway follows from its expressions (see `needs.py`). `awaits` names a setting that the project has
    not made and that it needs as well.
    `unit` is one of UNITS.
    A KPI that is not `for_index`, such as a quotient of unlike cases, may not enter a composite index.

    `by_rules` are the fields that follow from the rules of a project, in `under` them; so texts say what is computed.
    `changes` is what the project has changed besides, in short.

    For the dictionary: `definition` in words, `formula`, whom it `counts` and `leaves_out`, a worked
    `example`, and why it is `seldom` ok, where neither the simulated insurer nor many another have such a record.
    """

    code: str
    title: str
    fact: str
    measure: Measure
    unit: str
    direction: Literal[1, -1, 0]
    dates: Mapping[Basis, str]
    source: str
    population: pl.Expr | None = None
    excluded: pl.Expr | None = None
    slice: tuple[str, object] | None = None
    horizon_days: int = 0
    minimum: int = 1
    suppress_below: int = 0
    issue_months: int = 0
    cumulative: bool = False
    held_since: str | None = None
    needs: tuple[str, ...] = ()
    awaits: str = ""
    version: str = "1"
    switch: str | None = None
    changes: str = ""
    by_rules: Callable[[Settings], Mapping[str, Any]] | None = field(default=None, compare=False)
    for_index: bool = True
    definition: str = ""
    formula: str = ""
    counts: str = ""
    leaves_out: str = ""
    seldom: str = ""
    example: Example | None = None

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.code}: unit {self.unit!r} is not one of {', '.join(UNITS)}")

    @property
    def counted(self) -> pl.Expr:
        """Which rows of the fact count: those of its slice, in its population, not left out."""
        sliced = pl.lit(True) if self.slice is None else pl.col(self.slice[0]) == pl.lit(self.slice[1])
        return sliced.fill_null(False) & self.in_population & ~self.left_out

    def counted_in_month(self, placed_on: str) -> pl.Expr:
        """Which rows count in the month that `placed_on` places them in; never null."""
        if self.held_since is None:
            return self.counted
        was_held = pl.col(self.held_since) < pl.col(placed_on).dt.truncate("1mo")
        return self.counted & was_held.fill_null(False)

    @property
    def in_population(self) -> pl.Expr:
        """Whether a row is of the population; never null."""
        return pl.lit(True) if self.population is None else self.population.fill_null(False)

    @property
    def left_out(self) -> pl.Expr:
        """Whether a row of the population is left out and counted as such; never null."""
        return pl.lit(False) if self.excluded is None else self.excluded.fill_null(False)

    @property
    def flows(self) -> list[Flow]:
        """The stocks that it counts, or that its cases are held against."""
        exposures = (exposure.flow for exposure in self.measure.exposures)
        every = [*self.measure.flows.values(), self.measure.stock, *exposures]
        return [flow for flow in every if flow]

    @property
    def columns(self) -> dict[str, set[str]]:
        """The columns of each fact that its records are made from."""
        found: dict[str, set[str]] = {}
        for fact, columns in self._looked_at():
            found.setdefault(fact, set()).update(columns)
        return found

    def _looked_at(self) -> Iterator[tuple[str, set[str]]]:
        yield (
            self.fact,
            {*self.dates.values(), *self.measure.columns, *_looked_at(self.population, self.excluded)},
        )
        yield self.fact, {*(self.slice or ())[:1], *([self.held_since] if self.held_since else [])}
        yield self.fact, {"matures_on"} if self.issue_months else set()
        yield from ((flow.fact, flow.columns) for flow in self.flows)
        for exposure in self.measure.exposures:
            yield EXPOSURES, {"month", *filter(None, (exposure.feed_column, exposure.due_with))}

    def under(self, settings: Settings) -> "Kpi":
        """The KPI as it is under a project's rules."""
        return replace(self, **self.by_rules(settings)) if self.by_rules else self

    def definition_version(self, settings: Settings) -> str:
        """Version of the rules, with the switch of the project file that changes them, and what it changes by name."""
        switched = attrgetter(self.switch)(settings) if self.switch else ""
        return "-".join(filter(None, [self.version, switched, self.changes]))


def _looked_at(*expressions: pl.Expr | None) -> set[str]:
    """The columns that some expressions are made of."""
    return {name for one in expressions if one is not None for name in one.meta.root_names()}
