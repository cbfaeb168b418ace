"""The records of KPIs of one session: those made anew that can be others than in the night before, the others kept.

Which they are is found in `transforms/measures/wanted.py`. What has to be known of one night for the next is kept in
`state` once all tables of records have been made from the same facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import polars as pl

from orchestration.build import Run
from orchestration.frame_cache import Frames
from orchestration.increments import Change
from orchestration.recipes import DEFINITIONS, is_of_records
from transforms.graph import Node
from transforms.kpi.every_period import READS, RECORDED, every_period, every_period_since
from transforms.measures.records_since import Change as FactChange
from transforms.measures.records_since import Kept, Records
from transforms.model import Transform
from transforms.settings import CROSSED, UNIT_CUTS
from warehouse.made import MadeFrom
from warehouse.store import Store

FEW_ROWS = 2_000_000
"""Of facts with fewer rows all records are made sooner than those are found that can be others."""
_OWNER = "kpi"
_DAY = f"{_OWNER}.day"
_FRAMES = [field.name for field in fields(Kept) if field.name not in ("as_of", "cuts")]
# What became of a table since its version was the one given; None if nobody knows.
ChangeSince = Callable[[str, str], Change | None]


class NightRecords:
    """The tables of records of one session."""

    def __init__(self, store: Store, graph: Mapping[str, Node], frames: Frames) -> None:
        self._store, self._graph, self._frames = store, graph, frames
        self._records: Records | None = None
        self._is_since = False  # whether the records are those of this night alone
        self._made: set[str] = set()

    def look_again(self) -> None:
        """Forget what was made: what it was made from is another now."""
        self._records, self._is_since, self._made = None, False, set()

    def begin(
        self, model: Transform, run: Run, before: MadeFrom, now: MadeFrom, changes: ChangeSince
    ) -> str | None:
        """Make the records since `before`, once for all tables, and return None; else why they are to be made whole.

        The reason is empty where it is no more than what that costs, or that others were made whole.
        """
        if self._records is not None:
            return None if self._is_since else ""
        facts = [table for name, table in model.reads.items() if name not in RECORDED]
        is_as_defined = before.inputs.get(DEFINITIONS) == now.inputs[DEFINITIONS]
        if is_as_defined and sum(map(self._store.count, facts)) < FEW_ROWS:
            return ""
        if (kept := self._kept(run)) is None:
            return "what its records were made from is not known"
        units = {part for cut in run.settings.cuts for part in cut.split(CROSSED)} & set(UNIT_CUTS)
        if units and before.inputs["org_units"] != now.inputs["org_units"]:
            return f"{RECORDED['org_units']} has changed"
        self._is_since = True
        found = self._changes(model, before, now, changes)
        self._records = every_period_since(
            kept, found, **self._read(model), as_of=run.as_of, settings=run.settings
        )
        return None

    def whole(self, model: Transform, run: Run) -> None:
        """Make all records, for whoever makes a table of them whole."""

        def made() -> pl.DataFrame:
            if self._records is None or self._is_since:
                self._is_since = False
                self._records = every_period_since(
                    None, {}, **self._read(model), as_of=run.as_of, settings=run.settings
                )
            return self._records.anew

        self._frames.shared(every_period, made)

    def put(self, model: Transform, run: Run) -> Change:
        """Put the records made anew into their table; that the day of the others has moved on is no change."""
        assert self._records
        periods = {name: self._frames.read(table).lazy() for name, table in model.broadcast.items()}
        rows = model(
            shared=self._records.anew.lazy(), **periods, as_of=run.as_of, settings=run.settings
        ).collect()
        table, keys = model.writes, rows.select(model.grain)
        removed = []
        with self._store.changing(table):
            for columns, standing in self._standing(model):
                others = f"FROM {table} WHERE ({columns}) NOT IN (SELECT ({columns}) FROM given_rows)"
                removed.append(self._rows(others, standing))
                self._store.replace_keys(table, rows.clear(), removed[-1].select(model.grain))
            removed.append(
                self._rows(f"FROM {table} SEMI JOIN given_rows USING ({', '.join(model.grain)})", keys)
            )
            self._store.con.execute(
                f"UPDATE {table} SET as_of = $day WHERE as_of <> $day", {"day": run.as_of}
            )
            self._store.replace_keys(table, rows, keys)
        self._frames.made(table, None)
        old, but_for_day = pl.concat(removed), [name for name in rows.columns if name != "as_of"]
        return Change(
            old.join(rows, on=but_for_day, how="anti", nulls_equal=True),
            rows.join(old, on=but_for_day, how="anti", nulls_equal=True),
        )

    def keep(self, table: str) -> None:
        """Keep for the next night what it has to know, when all tables have been made."""
        self._made.add(table)
        if self._records is None or not self._tables <= self._made:
            return
        kept, state = self._records.kept, self._store.state
        with state.keeping(_OWNER, self._tables):
            for name in _FRAMES:
                state.replace(f"{_OWNER}.{name}", getattr(kept, name))
            state.replace(_DAY, pl.DataFrame({"as_of": [kept.as_of], "cuts": [list(kept.cuts)]}))

    @property
    def _tables(self) -> set[str]:
        """All tables of records that are made in a run."""
        return {node.name for node in self._graph.values() if is_of_records(node.model)}

    def _kept(self, run: Run) -> Kept | None:
        state = self._store.state
        if not all(state.holds(_OWNER, table) for table in self._tables):
            return None
        day, found = state.read(_DAY), {name: state.read(f"{_OWNER}.{name}") for name in _FRAMES}
        if day is None or any(frame is None for frame in found.values()):
            return None
        as_of, cuts = day.row(0)
        known = as_of <= run.as_of and tuple(cuts) == tuple(run.settings.cuts)
        return Kept(as_of, tuple(cuts), **found) if known else None  # type: ignore[arg-type]

    def _read(self, model: Transform) -> dict[str, Any]:
        """Everything that records are made from, of which only what is asked for is read."""
        return {name: self._frames.lazily(table) for name, table in model.reads.items()}

    def _changes(
        self, model: Transform, before: MadeFrom, now: MadeFrom, changes: ChangeSince
    ) -> dict[str, FactChange]:
        """What became of the facts, of those of which it is known."""
        found = {}
        for name, table in model.reads.items():
            if name in RECORDED:
                continue
            change = changes(table, before.inputs.get(name, ""))
            if before.inputs.get(name) == now.inputs[name]:
                nothing = self._store.empty(table)
                change = Change(nothing, nothing)
            if change:
                found[READS.get(name, name)] = FactChange(change.removed.lazy(), change.added.lazy())
        return found

    def _standing(self, model: Transform) -> list[tuple[str, pl.DataFrame]]:
        """Columns of the table, and the values in them of all records that there are to be."""
        assert self._records
        # Those that are delivered have no recipe, but all of them are among the records made anew.
        series = [frame.select("kpi", "basis") for frame in (self._records.kept.recipes, self._records.anew)]
        by = [pl.col(name) for name in ("grain", "period") if name in model.grain]
        periods = self._records.kept.periods.select("grain", period="starts_on").select(by)
        return [
            ("kpi, basis", pl.concat(series).unique()),
            ("cut, segment", self._records.segments),
            (", ".join(periods.columns), periods.unique()),
        ]

    def _rows(self, query: str, given: pl.DataFrame) -> pl.DataFrame:
        """The rows of a query about the frame `given_rows`."""
        self._store.con.register("given_rows", given)
        try:
            return self._store.query(query)
        finally:
            self._store.con.unregister("given_rows")
