"""What a project says about KPIs in `kpis/*.yml`: own ones, and what it changes in ours.

Cheap to import: neither Polars, sqlglot nor DuckDB. What the expressions mean is said in `transforms/kpi/own.py`, which
makes of an own KPI the same object as one of ours.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from transforms.framework import Version
from transforms.written_yaml import YamlError, key_problems, line_of, read_yaml

Sql = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}(/\d{4}-\d{2})?$")]
Days = Annotated[int, Field(ge=0, le=36_525)]
Cell = bool | int | float | datetime | date | str | None


class KpiFileError(Exception):
    """A file that cannot be used; `problems` are line (None where nobody knows), key path and reason.

    `usable` are the own KPIs and the changes in ours that nothing is wrong with.
    """

    def __init__(
        self,
        problems: list[tuple[int | None, str, str]],
        usable: "tuple[tuple[OwnKpi, ...], dict[str, KpiChange]]" = ((), {}),
    ) -> None:
        self.problems, self.usable = problems, usable
        super().__init__("\n".join(f"{path}: {reason}" for _, path, reason in problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OneOf(_Part):
    """Keys of which exactly one is written."""

    @model_validator(mode="after")
    def one_of_them(self) -> Any:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"write one of {', '.join(type(self).model_fields)}")
        return self


def _key_alone(value: Any) -> Any:
    """A name that needs nothing further, such as `median`, as a mapping."""
    return {value: {}} if isinstance(value, str) else value


class ShareOf(_Part):
    """Rows of which `of` holds among those of which `among` does."""

    of: Sql
    among: Sql = "TRUE"


class DeadlineOf(_Part):
    """Rows that ended within `days` of their start, or by the day in `due_on`: open ones are late once older."""

    starts: str
    ends: str
    days: Days = 0
    due_on: str | None = None
    exits: str | None = Field(None, description="Day on which a case leaves otherwise, which is not late.")


class ValueOf(_Part):
    """The value of a row."""

    value: Sql


class QuantileOf(_Part):
    """The `q`-quantile of the values of rows."""

    value: Sql
    q: float = Field(gt=0, lt=1)


class Nothing(_Part):
    """A measure or statistic that takes nothing further."""


class StockOf(_Part):
    """Rows that have entered and not left, or the sum of an `amount` of theirs."""

    enters: str
    leaves: str
    amount: str | None = None


class RatioOf(_Part):
    """The sum of one expression over that of another."""

    numerator: Sql
    denominator: Sql


class ExposureOf(StockOf):
    """Rows of any fact as what a rate is per: those there when the period began, at risk in it, or entered in it."""

    fact: str
    where: Sql | None = None
    moment: Literal["opening", "at_risk", "entered"] = "at_risk"


class RateOf(_Part):
    """Rows, or an `amount` of theirs, `per` so much exposure: one of ours by its name, or rows of a fact."""

    exposure: str | ExposureOf
    per: float = Field(1.0, gt=0)
    amount: str | None = None


class ScoreOf(_Part):
    """A column with answers from 0 to 10."""

    score: str


class TermShareOf(_Part):
    """Rows in state met (or breach) among both, by a column of states met, breach and undetermined."""

    state: str
    counts: Literal["met", "breach"] = "met"


class MeasureOf(_OneOf):
    """How rows become a number."""

    share: ShareOf | None = None
    deadline: DeadlineOf | None = None
    mean: ValueOf | None = None
    quantile: QuantileOf | None = None
    count: Nothing | None = None
    stock: StockOf | None = None
    ratio: RatioOf | None = None
    rate: RateOf | None = None
    net_promoter: ScoreOf | None = None
    term_share: TermShareOf | None = None


class ClockOf(_Part):
    """From which day (or instant) to which a case runs, and by what it leaves otherwise."""

    starts: str
    ends: str
    exits: tuple[str, ...] = ()


class StatisticOf(_OneOf):
    """What is asked of a clock; see `transforms/measures/turnaround.py`."""

    median: Nothing | None = None
    p90: Nothing | None = None
    mean: Nothing | None = None
    beyond_days: Days | None = None
    within_days: Days | None = None
    by_due_day: str | None = Field(None, description="The column with the day by which a case has to end.")
    km_median: Nothing | None = None
    km_p90: Nothing | None = None
    restricted_mean: Days | None = None
    probability: Days | None = None
    incidence: Days | None = None


class ExampleOf(_Part):
    """Rows of the fact, with only the columns that matter, and the value that follows from them.

    Without `period` it is that of the months in which the rows are placed, without `as_of` as known a year later.
    """

    rows: tuple[dict[str, Cell], ...] = Field(min_length=1)
    value: float
    numerator: float | None = None
    denominator: float | None = None
    also: dict[str, tuple[dict[str, Cell], ...]] = Field({}, description="Rows of other facts, by table.")
    period: Month | None = None
    as_of: date | None = None
    given: str = ""


class PlacedBy(_Part):
    """By which day a row is of a month: that of its receipt, that of its closing."""

    cohort: str | None = None
    period: str | None = None

    @property
    def days(self) -> dict[Literal["cohort", "period"], str]:
        """The columns of those that are said."""
        said: dict[Literal["cohort", "period"], str | None] = {"cohort": self.cohort, "period": self.period}
        return {basis: column for basis, column in said.items() if column}


class OwnKpi(_Part):
    """A KPI of the project's own; the keys mean what they mean in our registry."""

    code: Code
    title: str = Field(min_length=1)
    fact: str
    where: Sql | None = Field(None, description="Which rows count.")
    excluded: Sql | None = Field(None, description="Which of these are left out and counted as such.")
    clock: ClockOf | None = None
    statistic: Annotated[StatisticOf, BeforeValidator(_key_alone)] | None = None
    measure: Annotated[MeasureOf, BeforeValidator(_key_alone)] | None = None
    placed_by: PlacedBy = PlacedBy()
    unit: str | None = None
    direction: Literal[1, -1, 0] | None = None
    minimum: int = Field(1, ge=1)
    suppress_below: int = Field(0, ge=0)
    horizon_days: int | None = Field(None, ge=0, description="By default the limit of a deadline, else 0.")
    for_index: bool = True
    version: Version = "1"
    source: str = Field(min_length=1)
    definition: str = ""
    formula: str = ""
    counts: str = ""
    leaves_out: str = ""
    example: ExampleOf

    @model_validator(mode="after")
    def measured_one_way(self) -> "OwnKpi":
        if (self.clock is None) != (self.statistic is None):
            raise ValueError("clock and statistic go together: which time, and what is asked of it")
        if (self.measure is None) == (self.clock is None):
            raise ValueError("write a measure, or a clock with a statistic")
        if bool(self.placed_by.days) == bool(self.measure and self.measure.stock):
            raise ValueError(
                "placed_by says by which date a row is of a month (cohort, period), except of a stock, which is "
                "what is there at a month's end"
            )
        return self


class KpiChange(_Part):
    """What a project changes in one of our KPIs; its definition version says so."""

    minimum: int | None = Field(
        None, ge=1, description="Cases from which on a value is ok; with fewer it is low_n.", examples=[50]
    )
    suppress_below: int | None = Field(
        None, ge=0, description="Cases below which a value is withheld as suppressed.", examples=[5]
    )
    horizon_days: int | None = Field(
        None,
        ge=0,
        description="Days that the cases of a month are followed before its value counts.",
        examples=[30],
    )
    left_out: bool = Field(False, description="The KPI is not computed.")

    @property
    def fields(self) -> dict[str, int]:
        """The fields of the KPI that it sets."""
        return {
            name: value for name, value in self.model_dump(exclude={"left_out"}).items() if value is not None
        }

    @property
    def name(self) -> str:
        """The change in short, as it stands in a definition version."""
        return ",".join(f"{name} {value}" for name, value in self.fields.items())


def specification(kpi: OwnKpi) -> str:
    """What decides the values of an own KPI, as JSON; titles, sources and examples do not."""
    words = {"title", "source", "definition", "formula", "counts", "leaves_out", "example"}
    said = kpi.model_dump(mode="json", exclude=words, exclude_defaults=True)
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


def own_kpi_rows(kpis: Collection[OwnKpi]) -> list[tuple[str, str, str]]:
    """One row per KPI, in the columns of catalog.own_kpis."""
    return [(kpi.code, kpi.version, specification(kpi)) for kpi in kpis]


def read_kpis(text: str) -> tuple[tuple[OwnKpi, ...], dict[str, KpiChange]]:
    """The own KPIs of a file `kpis/*.yml`, and what it changes in ours, by code.

    An entry that says nothing but minimum, suppress_below, horizon_days or left_out is a change. Raises KpiFileError
    for everything that is wrong.
    """
    try:
        content, node = read_yaml(text)
    except YamlError as error:
        raise KpiFileError([(error.line, error.path, error.reason)]) from None
    if not isinstance(content, dict):
        raise KpiFileError([(None, "", "write a mapping of codes to KPIs")])
    own: list[OwnKpi] = []
    changes: dict[str, KpiChange] = {}
    problems: list[tuple[int | None, str, str]] = []
    for code, entry in content.items():
        if not isinstance(entry, dict):
            problems.append((line_of(node, [str(code)]), str(code), "write a mapping of keys to values"))
            continue
        try:
            if set(entry) <= set(KpiChange.model_fields):
                changes[str(code)] = KpiChange.model_validate(entry)
            else:
                own.append(OwnKpi.model_validate({**entry, "code": code}))
        except ValidationError as error:
            problems += _told(error, str(code), entry, node)
    if problems:
        raise KpiFileError(problems, (tuple(own), changes))
    return tuple(own), changes


def _told(
    error: ValidationError, code: str, entry: Mapping[str, Any], node: yaml.Node | None
) -> Iterator[tuple[int | None, str, str]]:
    for path, reason in key_problems(error, entry, OwnKpi):
        if path == "code":
            path, reason = "", "a code is written in small letters, digits and _, as in visits_in_time_share"
        whole = ".".join(filter(None, [code, path]))
        if path == "example" and reason == "is required":
            reason = "is required: rows of the fact and the value that follows from them, which `check` runs"
        yield line_of(node, whole.split(".")), whole, reason
