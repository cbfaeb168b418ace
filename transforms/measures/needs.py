"""What a project has to record before a KPI says anything, and from which day it does: nothing known is not zero.

It follows from the expressions of the KPI: what a case must have to count, to be good and to be bad, traced to columns
and codes of the feeds by the origins that facts declare. How records are made is `records.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from transforms.measures.definition import EXPOSURES, Exposure, Flow, Kpi
from transforms.model import Transform
from transforms.origins import ALWAYS, NEVER, Firsts, Need, Origins, all_of, any_of, item, origin_of
from transforms.settings import Settings
from transforms.vocabulary import Basis

Schemas = Mapping[str, pl.Schema]
# What begins an item that is no column of a feed, but for the project to say.
SETTING = "setting."
# A text that is none of those an expression names.
ANOTHER = "*"
_DAY = date(2020, 1, 1)
_LATER_DAYS = (0, 1, 1200)


@dataclass(frozen=True)
class Asked:
    """What a KPI needs on one basis.

    It says something of periods whose cases could still be seen, for `reach_days`, when the last of its `needs` was
    first recorded; there are no cases before those of `cases`.
    """

    needs: tuple[Need, ...]
    cases: Need
    reach_days: int

    def since(self, firsts: Firsts) -> date | None:
        """The day from which all it needs is recorded; None if something never was."""
        days = [need.since(firsts) for need in self.needs]
        return None if None in days else max(filter(None, days), default=date.min)


@dataclass
class Needs:
    """What KPIs need, by the columns of facts and their origins; a column without origins needs itself alone."""

    settings: Settings
    schemas: Schemas
    origins: Mapping[str, Origins]
    _known: dict[tuple[str, str], Need] = field(default_factory=dict)

    @classmethod
    def declared(cls, settings: Settings, facts: Iterable[Transform]) -> "Needs":
        """By the origins that the transforms of facts declare."""
        models = {model.writes: model for model in facts}
        return cls(
            settings,
            {name: model.schema for name, model in models.items()},
            {name: model.origins(settings) for name, model in models.items()},
        )

    def with_facts(self, schemas: Schemas) -> "Needs":
        """The same with facts of a project's own, about whose columns nothing is declared."""
        kept = {key: need for key, need in self._known.items() if key[0] in self.schemas}
        return replace(self, schemas={**schemas, **self.schemas}, _known=kept)

    @classmethod
    def undeclared(cls, settings: Settings, schemas: Schemas) -> "Needs":
        """Without anything known about where columns come from: each has to have a value itself."""
        return cls(settings, schemas, {})

    def of(self, kpi: Kpi, basis: str) -> Asked:
        """What the KPI needs on a basis."""
        reach = 0
        if basis == "cohort":
            reach = max(kpi.horizon_days, int(kpi.measure.follows_days))
        return Asked(tuple(dict.fromkeys(self._needs(kpi, basis))), self._cases(kpi, basis), reach)

    def flow(self, flow: Flow) -> Need:
        """What it takes to count a stock: its cases, and when they leave it."""
        return self._entered(flow) & (self._column(flow.fact, flow.leaves_on) if self.origins else ALWAYS)

    def _needs(self, kpi: Kpi, basis: str) -> Iterator[Need]:
        measure = kpi.measure
        if kpi.awaits:
            yield item(f"{SETTING}{kpi.awaits}")
            return
        if measure.stock:
            # Parts of a stock, such as the old ones, may be empty; only their origins tell whether they can be.
            yield from map(self.flow, measure.flows.values() if self.origins else [measure.stock])
            return
        yield self._column(kpi.fact, kpi.dates[basis])  # type: ignore[index]
        counted = _sliced(kpi) & kpi.in_population
        yield self._condition(kpi.fact, counted)
        for condition in measure.conditions:
            yield self._condition(kpi.fact, counted & condition)
        # That a column is empty somewhere is known of feeds alone.
        asked = [column for column in kpi.needs if self.origins or column[-1] != "="]
        yield from (self._column(kpi.fact, column) for column in asked)
        yield from map(self._exposure, measure.exposures)

    def _cases(self, kpi: Kpi, basis: str) -> Need:
        """What it takes to have cases at all, also below the line."""
        if kpi.measure.stock:
            return self._entered(kpi.measure.stock)
        placed = self._column(kpi.fact, kpi.dates[basis])  # type: ignore[index]
        return any_of([placed, *map(self._exposure, kpi.measure.exposures)])

    def _exposure(self, exposure: Exposure) -> Need:
        counted = self.flow(exposure.flow) if exposure.flow else NEVER
        fed = self._column(EXPOSURES, exposure.feed_column) if exposure.feed_column else NEVER
        return counted | fed

    def _entered(self, flow: Flow) -> Need:
        entered = pl.col(flow.enters_on).is_not_null()
        counted = entered if flow.population is None else entered & flow.population.fill_null(False)
        amount = self._column(flow.fact, flow.amount) if flow.amount else ALWAYS
        return self._condition(flow.fact, counted) & amount

    def _column(self, fact: str, column: str) -> Need:
        return self._origin(fact, column)

    def _origin(self, fact: str, column: str, value: object = None) -> Need:
        asked = None if value == ANOTHER else value
        found = origin_of(self.origins.get(fact, {}), column, asked)
        return item(f"{fact}.{column}") if found is None else found

    def _is_coded(self, fact: str, column: str) -> bool:
        """Whether all values that a column can have are known."""
        is_declared = any(key.startswith(f"{column}=") for key in self.origins.get(fact, {}))
        return is_declared or self.schemas[fact][column] == pl.Boolean

    def _condition(self, fact: str, condition: pl.Expr) -> Need:
        """What it takes that a case can meet a condition: tried out on every combination of values that matter.

        An empty value is always to be had.
        """
        key = fact, str(condition)
        if key not in self._known:
            self._known[key] = self._tried(fact, condition)
        return self._known[key]

    def _tried(self, fact: str, condition: pl.Expr) -> Need:
        grid, origins = pl.LazyFrame({"": [0]}), []
        columns = list(dict.fromkeys(condition.meta.root_names()))
        if fact not in self.schemas:
            return all_of(item(f"{fact}.{column}") for column in columns)
        for column in columns:
            if column not in self.schemas[fact]:
                return item(f"{fact}.{column}")
            literals = list(_literals_for(column, condition))
            values = _values(column, self.schemas[fact][column], literals, self.origins.get(fact, {}))
            needs = [ALWAYS if v is None else self._origin(fact, column, v) for v in values]
            kinds = list(dict.fromkeys(needs))
            name = f"need of {column}"
            tried = pl.DataFrame([values, pl.Series(name, [kinds.index(need) for need in needs])])
            grid = grid.join(tried.lazy(), how="cross")
            origins.append((name, kinds))
        if not origins:
            return ALWAYS if pl.select(condition).item() else NEVER
        met = grid.filter(condition).select(name for name, _ in origins).unique().collect()
        if met.is_empty() and not all(self._is_coded(fact, column) for column in columns):
            # None of the values tried meets it, which says nothing of all others, as of lower(name) or a product.
            return all_of(self._column(fact, column) for column in columns)
        return any_of(
            all_of(kinds[number] for (_, kinds), number in zip(origins, row, strict=True))
            for row in met.iter_rows()
        )


def asked_items(kpis: Iterable[Kpi], needs: Needs) -> set[str]:
    """Every column and code of the feeds that a KPI may need."""
    asked = (needs.of(kpi, basis) for kpi in kpis for basis in bases_of(kpi))
    return {name for one in asked for need in (*one.needs, one.cases) for name in need.items}


def bases_of(kpi: Kpi) -> tuple[Basis, ...]:
    """The bases on which a KPI has records."""
    return tuple(kpi.dates) or ("stock",)


def words_of(asked: Iterable[Asked]) -> str:
    """What is needed on several bases, in words: each need that the others do not imply."""
    told = {str(need) for need in _telling([need for one in asked for need in one.needs])}
    return "; ".join(sorted(told, key=lambda text: (len(text), text)))


def lacks_of(asked: Mapping[str, Asked], recorded: pl.DataFrame) -> str:
    """What of the needs on several bases was never recorded, in words and with the reason; empty if all was."""
    firsts = firsts_of(recorded)
    mapped = set(recorded.filter("is_mapped")["item"])
    missing: dict[str, list[str]] = {}
    for basis, one in asked.items():
        for need in _telling([need for need in one.needs if need.since(firsts) is None]):
            if any(name.startswith("core.") for name in need.items):
                # Of a fact of the project's own its values tell, not what the sources record.
                continue
            left = need.without(firsts.keys())
            why = "mapped, but none has landed" if left.items & mapped else "not mapped"
            reason = (
                "to be said in the project file" if any(i.startswith(SETTING) for i in left.items) else why
            )
            missing.setdefault(f"{left} ({reason})", []).append(basis)
    return "; ".join(
        text if len(bases) == len(asked) else f"{', '.join(bases)}: {text}" for text, bases in missing.items()
    )


def firsts_of(recorded: pl.DataFrame) -> dict[str, date]:
    """The first day of each item that was ever recorded."""
    return dict(recorded.drop_nulls("recorded_from").select("item", "recorded_from").iter_rows())


def _sliced(kpi: Kpi) -> pl.Expr:
    return pl.lit(True) if kpi.slice is None else pl.col(kpi.slice[0]) == pl.lit(kpi.slice[1])


def _literals_for(column: str, expression: pl.Expr) -> Iterator[Any]:
    """The values that an expression holds one column against: those of the parts that look at it alone."""
    looked_at = set(expression.meta.root_names())
    if looked_at == {column}:
        yield from _literals(expression)
    elif column in looked_at:
        for part in expression.meta.pop():
            yield from _literals_for(column, part)


def _literals(expression: pl.Expr) -> Iterator[Any]:
    """The values that an expression names."""
    parts = expression.meta.pop()
    if not parts and expression.meta.is_literal():
        value = pl.select(expression).to_series()
        value = value.cast(pl.Float64) if value.dtype == pl.Decimal else value
        yield from (value.explode() if value.dtype == pl.List else value).to_list()
    for part in parts:
        yield from _literals(part)


def _values(column: str, dtype: pl.DataType, literals: list[Any], origins: Origins) -> pl.Series:
    """Nothing, and values of a column on every side of what the literals tell apart."""
    found: list[Any]
    if dtype == pl.String:
        codes = [key.partition("=")[2] for key in origins if key.startswith(f"{column}=")]
        found = codes or [*(v for v in literals if isinstance(v, str)), ANOTHER]
    elif dtype == pl.Boolean:
        found = [True, False]
    elif dtype == pl.Date:
        found = [*(_DAY + timedelta(days) for days in _LATER_DAYS), *_days_around(literals)]
    elif isinstance(dtype, pl.Datetime):
        found = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days) for days in _LATER_DAYS]
    else:
        numbers = [v for v in literals if isinstance(v, int | float) and not isinstance(v, bool)]
        # Two columns may be held against each other: one has to be more than the other.
        found = [0, *(n + step for n in numbers or [1] for step in (-1, 0, 1))]
    return pl.Series(column, [None, *dict.fromkeys(found)], dtype=dtype, strict=False)


def _days_around(literals: list[Any]) -> Iterator[date]:
    """Days on every side of days, and in years and months, that an expression names."""
    for value in literals:
        if isinstance(value, date):
            yield from (value + timedelta(days) for days in (-1, 0, 1))
        elif isinstance(value, int) and 1 <= value <= 12:
            yield _DAY.replace(month=value)
        elif isinstance(value, int) and 1900 <= value <= 2200:
            yield from (_DAY.replace(year=year) for year in (value - 1, value, value + 1))


def _telling(needs: Sequence[Need]) -> Iterator[Need]:
    """The needs that others do not imply, each once."""
    told = dict.fromkeys(need for need in needs if need != ALWAYS)
    for need in told:
        if not any(other != need and other.implies(need) for other in told):
            yield need
