"""Makes tables: opens the session of a run and makes one node of the graph at a time in the store.

When and in which order is Dagster's affair (`assets.py`); what a table means is in `transforms`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter

import polars as pl

from transforms.clocks import calendar_until
from transforms.graph import Node
from transforms.model import Transform
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import Settings
from transforms.sql_model import SqlModel
from warehouse.contract import contracts
from warehouse.latest import latest_sql
from warehouse.store import Store


@dataclass(frozen=True)
class Run:
    """What one run computes: everything known by `as_of`, under `settings`, for `months`."""

    as_of: date
    settings: Settings
    months: tuple[date, ...]


@dataclass(frozen=True)
class Made:
    """One table as it was made."""

    name: str
    rows: int
    seconds: float


def open_session(store: Store, run: Run, graph: Mapping[str, Node]) -> None:
    """Give the store the views that every table is made from: latest records, staging, as-of day, months."""
    store.set_as_of(run.as_of, run.settings.time_zone)
    store.replace("staging.periods", month_periods(list(run.months)))
    # Longer periods are made of all months, also when only some months are made anew.
    store.replace("staging.long_periods", long_periods(months_until(run.as_of, run.settings.months)))
    store.replace("staging.calendar", calendar_until(run.settings.calendar, run.as_of))
    for feed, contract in contracts().items():
        store.create_view(f"latest.{feed}", latest_sql(feed, contract.key))
    for node in graph.values():
        if node.schema == "staging" and isinstance(node.model, SqlModel):
            store.create_view(node.name, node.model.sql)


def make(store: Store, node: Node, run: Run, graph: Mapping[str, Node]) -> Made:
    """Make one table anew, or those months of it that the run is about, with its comments."""
    begin = perf_counter()
    if isinstance(node.model, SqlModel):
        rows = store.replace(node.name, node.model.sql)
    else:
        rows = _make_transform(store, node.model, run, graph)
    store.comment(node.name, node.description, node.columns)
    return Made(node.name, rows, perf_counter() - begin)


def _make_transform(store: Store, model: Transform, run: Run, graph: Mapping[str, Node]) -> int:
    tables = {**model.reads, **model.broadcast}
    frames = {name: _read(store, table, model, run, graph).lazy() for name, table in tables.items()}
    result = model(**frames, as_of=run.as_of, settings=run.settings).collect()
    if model.partitioned_by:
        return store.replace_rows(model.writes, result, model.partitioned_by, run.months)
    return store.replace(model.writes, result)


def _read(store: Store, table: str, reader: Transform, run: Run, graph: Mapping[str, Node]) -> pl.DataFrame:
    """A table's rows; of a partitioned one that feeds a partitioned one only the months of the run."""
    node = graph.get(table)
    partition = node.model.partitioned_by if node and isinstance(node.model, Transform) else None
    if not (partition and reader.partitioned_by):
        return store.read(table)
    return store.read(table).filter(pl.col(partition).is_in(list(run.months)))


def raw_sources(graph: Iterable[Node]) -> Sequence[str]:
    """The raw tables that the models read through their latest versions."""
    feeds = {
        table.removeprefix("latest.") for node in graph for table in node.reads if table.startswith("latest.")
    }
    return sorted(f"raw.{feed}" for feed in feeds)
