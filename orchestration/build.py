"""Makes tables: opens the session of a run and makes one node of the graph at a time in the store.

When and in which order is Dagster's affair (`assets.py`); what a table means is in `transforms`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import perf_counter

import polars as pl

from orchestration.frame_cache import Frames
from transforms.clocks import calendar_until, known_years
from transforms.graph import Node
from transforms.kpi.declared_needs import asked_of_feeds
from transforms.model import Transform
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import Settings
from transforms.sql_model import SqlModel
from transforms.units import unit_rows
from warehouse.catalogue import write_table
from warehouse.contract import Contracts, contracts
from warehouse.history import open_last_said
from warehouse.landing.latest import open_latest
from warehouse.landing.mapping import FeedSource
from warehouse.landing.recorded import recorded_sql
from warehouse.landing.repeats import find_repeats
from warehouse.store import Store

DAYS_AHEAD = 400
CALENDAR = "staging.calendar"
RECORDED = "staging.recorded"


Seen = Callable[[Mapping[str, pl.LazyFrame], pl.DataFrame], None]


class CalendarGap(Exception):
    """Working days are needed that nobody knows; the message says which, and what can be done."""


@dataclass(frozen=True)
class Run:
    """What one run computes: all known on `as_of`, under `settings`, for `months`, from the sources of `feeds`."""

    as_of: date
    settings: Settings
    months: tuple[date, ...]
    feeds: Mapping[str, Sequence[FeedSource]] = field(default_factory=dict)
    contracts: Contracts = field(default_factory=contracts)

    @property
    def is_whole(self) -> bool:
        """Whether the run is about every month of the project, so that no row of another month may stay."""
        return list(self.months) == months_until(self.as_of, self.settings.months)


@dataclass(frozen=True)
class Made:
    """One table as it was made."""

    name: str
    rows: int
    seconds: float
    told: Mapping[str, str | int | float] = field(default_factory=dict)
    """In how many buckets of its keys it was made, and by whom, if it was."""


def open_session(store: Store, run: Run, graph: Mapping[str, Node]) -> None:
    """Give the store the views that every table is made from: latest records, staging, as-of day, months."""
    store.set_as_of(run.as_of, run.settings.time_zone)
    store.replace("staging.periods", month_periods(list(run.months)))
    # Longer periods are made of all months, also when only some months are made anew.
    months = months_until(run.as_of, run.settings.months)
    store.replace("staging.long_periods", long_periods(months, run.settings.grains))
    # Limits that end after the as-of day are rolled over rest days as well.
    # With a year it ends so that it is the same from night to night.
    until = date((run.as_of + timedelta(days=DAYS_AHEAD)).year, 12, 31)
    store.replace("staging.official_calendar", calendar_until(run.settings.calendar, until))
    # Checks hold KPIs to the range of their unit before the rest of the catalogue is written.
    write_table(store, "catalog.units", unit_rows())
    open_latest(store.con, run.contracts)
    find_repeats(store.con, run.contracts)
    open_last_said(store)
    store.create_view(
        RECORDED,
        recorded_sql(asked_of_feeds(run.settings), run.feeds, run.settings.time_zone, run.contracts),
    )
    for node in graph.values():
        if node.schema == "staging" and isinstance(node.model, SqlModel):
            store.create_view(node.name, node.model.sql)


def make(
    store: Store,
    node: Node,
    run: Run,
    graph: Mapping[str, Node],
    frames: Frames | None = None,
    seen: Seen | None = None,
    kept: pl.DataFrame | None = None,
) -> Made:
    """Make one table anew, or those months of it that the run is about, with its comments.

    `frames` are those that earlier tables of the same session left behind; `seen` is shown what a transform made of
    what; `kept` are rows that a transform which remembers them made before, by the same code and settings.
    """
    begin = perf_counter()
    told: Mapping[str, str | int | float] = {}
    if isinstance(node.model, SqlModel):
        rows = store.replace(node.name, node.model.sql)
    else:
        frames = frames or Frames(store, graph, run.settings)
        rows = _make_transform(store, node.model, run, graph, frames, seen, kept)
        told = frames.buckets.told.get(node.name, {})
    store.comment(node.name, node.description, node.columns)
    return Made(node.name, rows, perf_counter() - begin, told)


def make_empty(store: Store, node: Node) -> None:
    """Make a table that nobody asked for without rows, so that who reads it finds it, and nothing of another run."""
    if isinstance(node.model, SqlModel):
        store.replace(node.name, f"SELECT * FROM (\n{node.model.sql}\n) LIMIT 0")
    else:
        store.replace(node.name, pl.DataFrame(schema=node.model.schema))
    store.comment(node.name, node.description, node.columns)


def _make_transform(
    store: Store,
    model: Transform,
    run: Run,
    graph: Mapping[str, Node],
    frames: Frames,
    seen: Seen | None,
    kept: pl.DataFrame | None,
) -> int:
    asked, shared = model.asked_for(run.settings), None
    if asked and model.shared:
        shared = frames.shared(model.shared, lambda: _shared(model, run, frames)).lazy()
    if asked and frames.buckets.parts(model) > 1:
        return _make_in_parts(store, model, run, frames)
    tables = {**({} if model.shared else model.reads), **model.broadcast} if asked else {}
    inputs = {name: _read(frames, table, model, run, graph) for name, table in tables.items()}
    if CALENDAR in tables.values() and all(inputs[cases].head(1).collect().height for cases in model.reads):
        refuse_gaps(frames.read(CALENDAR), model.writes, run)
    known = kept.lazy() if kept is not None else None
    result = model(**inputs, shared=shared, kept=known, as_of=run.as_of, settings=run.settings).collect()
    if model.partitioned_by and not run.is_whole:
        result = result.filter(pl.col(model.partitioned_by).is_in(list(run.months)))
        frames.made(model.writes, None)
        return store.replace_rows(model.writes, result, model.partitioned_by, run.months)
    frames.made(model.writes, result)
    rows = store.replace(model.writes, result)
    if seen:
        seen(inputs, result)
    return rows


def _make_in_parts(store: Store, model: Transform, run: Run, frames: Frames) -> int:
    """The table of a transform whose input is too large to be worked on as a whole."""
    if CALENDAR in model.broadcast.values():
        refuse_gaps(frames.read(CALENDAR), model.writes, run)
    broadcast = {name: frames.read(table) for name, table in model.broadcast.items()}
    parts = frames.buckets.rows(model, broadcast, run.as_of, run.settings)
    rows = store.replace_by_parts(model.writes, parts)
    frames.made(model.writes, None)
    return rows


def _shared(model: Transform, run: Run, frames: Frames) -> pl.DataFrame:
    """What the table shares with others, from whole tables; KPIs take their cases in parts as well."""
    assert model.shared
    scan = frames.scan_in_parts if model.writes.startswith("kpi.") else frames.scan
    read = {name: scan(table) for name, table in model.reads.items()}
    return model.shared(**read, as_of=run.as_of, settings=run.settings).collect()


def _read(frames: Frames, table: str, reader: Transform, run: Run, graph: Mapping[str, Node]) -> pl.LazyFrame:
    """A table's rows; of a partitioned one that feeds a partitioned one only the months of the run."""
    if reader.remembers:
        return frames.narrow(table)
    node = graph.get(table)
    partition = node.model.partitioned_by if node and isinstance(node.model, Transform) else None
    if not (partition and reader.partitioned_by):
        return frames.scan(table)
    return frames.scan(table).filter(pl.col(partition).is_in(list(run.months)))


def refuse_gaps(calendar: pl.DataFrame, table: str, run: Run) -> None:
    """Raise CalendarGap for unknown days since the first month of the KPIs, up to the as-of day.

    Later days do not matter to what is late by then; due days on them are provisional, which checks tell.
    """
    first = months_until(run.as_of, run.settings.months)[0]
    gaps = calendar.filter(pl.col("date").is_between(first, run.as_of) & ~pl.col("is_known"))["date"]
    if gaps.is_empty() or run.settings.calendar_gaps == "weekdays":
        return
    country = run.settings.calendar
    package, first_year, last_year = known_years(country)
    raise CalendarGap(
        f"{table} needs the working calendar of {country} from {first} to {run.as_of}, but {len(gaps)} of these days "
        f"({gaps[0]} to {gaps[-1]}) are covered neither by the official one (package {package}: {first_year} to "
        f"{last_year}) nor by the calendar feed. Update the package, or deliver these days in the calendar feed (date, "
        "is_workday, is_statutory_rest), or write `calendar_gaps: weekdays` in the project file to take Mondays to "
        "Fridays for working days there"
    )
