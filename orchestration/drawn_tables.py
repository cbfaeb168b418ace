"""Tables drawn at random whose rows meet: few values a column, so that keys, groups and ties come about.

What a transform reads of other transforms is made by these from the drawn staging tables, so that what belongs
together is together; records of KPIs alone are drawn, densely enough that an index covers its leaves. On them a
transform is held to the law of keys (`transforms/laws.py`), by the tests of ours and `policypulse check --laws`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from transforms.clocks import calendar_until
from transforms.graph import Node
from transforms.joins import JOINS
from transforms.laws import made
from transforms.model import Transform
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import Settings
from transforms.vocabulary import CASES
from warehouse.contract import contracts

AS_OF = date(2025, 6, 30)
RECORDS = ("kpi.monthly", "kpi.windows", "kpi.periodic")
PLACES = [("company", "company"), *(("org_unit", f"org_unit{i}") for i in range(3))]

FEW = 6
POOLS = {
    "event_id": 10_000,
    "contact_id": 10_000,
    "order_id": 10_000,
    "application_id": 10_000,
    "policy_id": 25,
    "claim_id": 20,
    "complaint_id": 40,
    "response_id": 12,
    "question": 8,
}
POOLS |= {"survey": 2, "wave": 2}
CODES: dict[str, list[str]] = {
    name: list(column.codes)
    for contract in contracts().values()
    for name, column in contract.columns.items()
    if column.codes
}
CODES |= {
    "construct": ["perception", "perception", "expectation", "satisfaction", "recommendation"],
    "category": ["claims", "sales"],
    "from_feed": [join.feed for join in JOINS],
    "from_column": [join.column for join in JOINS],
    "to_feed": [join.to_feed for join in JOINS],
    "unit": ["share", "per_10k_policies", "days"],
    "dimension": ["reliability", "empathy"],
    "grain": ["month", "quarter", "year"],
    "period": ["2025-03", "2025-Q1", "2024-H2", "2024", "2025"],
}
# Of these no row is without.
ALWAYS = (
    "claim_id",
    "policy_id",
    "event",
    "complaint_id",
    "response_id",
    "survey",
    "wave",
    "dimension",
    "item",
)
# Instants since which something is recorded: whole years of it are over.
LONG_AGO = ("first_ordered_at",)
SELDOM = ("merged_into", "spell_no", "reopened_on")


class Drawn:
    """Tables drawn once for a seed, each when it is asked for; `schemas` of those that no transform makes."""

    def __init__(
        self,
        graph: Mapping[str, Node],
        schemas: Mapping[str, pl.Schema],
        settings: Settings,
        *,
        seed: int,
        rows: int,
    ) -> None:
        self._graph, self._schemas, self._settings, self._rows = graph, schemas, settings, rows
        self._rng = np.random.default_rng(seed)
        self._months = months_until(AS_OF, settings.months)
        self._tables = {
            "staging.periods": month_periods(self._months),
            "staging.long_periods": long_periods(self._months),
            "staging.calendar": calendar_until(settings.calendar, AS_OF, first=date(2023, 1, 1)),
        }

    def reads(self, model: Transform) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
        """What the model reads by key, and what it is given whole."""
        by_key, whole = (
            {name: self._table(t) for name, t in told.items()} for told in (model.reads, model.broadcast)
        )
        return by_key, whole

    def earlier(self, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """The frames as they may have been before: some without a tenth of their rows."""
        return {
            name: frame.filter(self._rng.random(frame.height) > self._rng.choice([0, 0.1]))
            for name, frame in frames.items()
        }

    def _table(self, name: str) -> pl.DataFrame:
        if name not in self._tables:
            self._tables[name] = self._make(name)
        return self._tables[name]

    def _make(self, name: str) -> pl.DataFrame:
        node = self._graph.get(name)
        if name in RECORDS:
            return self._records(name)
        if node and isinstance(node.model, Transform):
            by_key, whole = self.reads(node.model)
            return made(node.model, {**by_key, **whole}, as_of=AS_OF, settings=self._settings)
        grain = node.grain if node else ()
        frame = self._frame(self._schemas[name], self._rows, always=(*ALWAYS, *grain))
        return frame.unique(grain or None, keep="first", maintain_order=True)

    def _records(self, table: str) -> pl.DataFrame:
        """Records of the leaves' KPIs in three months, nearly all of them there and counting."""
        schema = self._schemas[table]
        longer = {"window_months": 3} if "window_months" in schema else {}
        keys = [
            {"kpi": leaf.kpi, "basis": leaf.basis, "period": month, "cut": cut, "segment": segment, **longer}
            for framework in self._settings.frameworks
            for node in framework.leaves
            if (leaf := node.leaf)
            for month in self._months[-3:]
            for cut, segment in PLACES
            if self._rng.uniform() < 0.98
        ]
        rest = self._frame(schema, len(keys), always=())
        status = self._rng.choice(["ok", "low_n", "immature"], len(keys), p=[0.8, 0.1, 0.1])
        value = self._rng.uniform(0, 30, len(keys)).round(2)
        return rest.with_columns(
            *(pl.Series(name, [row[name] for row in keys], dtype=schema[name]) for name in keys[0]),
            pl.Series("status", status),
            pl.Series("value", value),
            denominator=pl.lit(500.0),
            definition_version=pl.lit("1"),
        )

    def _frame(self, schema: pl.Schema, rows: int, always: Sequence[str]) -> pl.DataFrame:
        """Rows with nine in ten of the values there, all of some columns, few of what is seldom given."""
        columns = []
        for name, dtype in schema.items():
            share = 1.0 if name in always else 0.1 if name in SELDOM else 0.9
            there = self._rng.uniform(size=rows) < share
            values = self._values(name, dtype, rows, of_claims="claim_id" in schema)
            given = [value if is_there else None for value, is_there in zip(values, there, strict=True)]
            columns.append(pl.Series(name, given, dtype=dtype, strict=False))
        return pl.DataFrame(columns)

    def _values(self, name: str, dtype: pl.DataType, rows: int, *, of_claims: bool) -> Sequence[object]:
        rng = self._rng
        if name == "event":
            feed = contracts()["claim_events" if of_claims else "policy_events"]
            return rng.choice(list(feed.columns["event"].codes or ()), rows).tolist()
        if name == "term_months":
            return rng.choice([6, 12, 240], rows).tolist()
        if dtype == pl.String:
            return rng.choice(
                CODES.get(name, [f"{name}{i}" for i in range(POOLS.get(name, FEW))]), rows
            ).tolist()
        if dtype == pl.Boolean:
            return rng.integers(0, 2, rows).astype(bool).tolist()
        if dtype == pl.Date:
            days = [date(2023, 6, 1) + timedelta(days=int(d)) for d in rng.integers(0, 800, rows)]
            return [day.replace(day=1) if name in ("period", "month") else day for day in days]
        if isinstance(dtype, pl.Datetime):
            begin = datetime(2022 if name in LONG_AGO else 2024, 11, 1, tzinfo=UTC)
            return [begin + timedelta(hours=int(h)) for h in rng.integers(0, 7464, rows)]
        if dtype.is_integer():
            return rng.integers(1, 4 if name in ("spell_no", CASES) else 90, rows).tolist()
        return rng.uniform(1, 9, rows).round(2).tolist()
