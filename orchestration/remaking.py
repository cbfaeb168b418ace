"""Makes of each table what is due: nothing, the keys that can have changed, or the whole; and notes what it did.

What a table means is its model's; how a whole one is made is in `build.py`, what becomes of some keys in
`increments.py`. Whatever is not known for certain is made whole, and told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from time import perf_counter

import polars as pl

from orchestration.build import CALENDAR, Made, Run, make, refuse_gaps
from orchestration.frame_cache import Frames
from orchestration.increments import Change, asks_the_clock, change_between, change_of_keys, moving
from orchestration.kpi_records import NightRecords
from orchestration.motion import Motion, ends_a_month
from orchestration.recipes import is_of_records, recipe
from orchestration.rows_of_keys import RowsOfKeys
from orchestration.versions import NOT_LOOKED_AT, Versions
from transforms.graph import Node
from transforms.model import Transform
from warehouse.digests import PARTS, Digests
from warehouse.made import MadeFrom, MadeTables
from warehouse.store import Store

MANY = 0.3
"""From this share of a table's keys on it is cheaper to make it whole."""
_ANOTHER_EACH_TIME = re.compile(
    r"\b(current_\w+|now|today|random|uuid|gen_random_uuid|nextval)\b", re.IGNORECASE
)


NEW = "it is new, or what it was made from is not known"
MANY_KEYS = "most of its rows change with the day"
FOLLOWS = "what it is made from has changed"
ASKED = "it was asked for"


@dataclass(frozen=True)
class Remade:
    """A table as it is now, and what was done to make it so."""

    made: Made
    is_changed: bool
    """Whether its rows are others than before."""
    rows_changed: int | None = None
    """Of a table made by key, how many rows came or went; None if it was made whole."""
    why_whole: str = ""

    @property
    def is_told(self) -> bool:
        """Whether people should know that a table was made whole, which was there and could have been kept."""
        return bool(self.why_whole) and self.why_whole not in (NEW, FOLLOWS, MANY_KEYS, ASKED)


class NotAsRebuilt(Exception):
    """Rows of a table are not what a rebuild makes of them; the message says which, and what to do."""


class _Whole(Exception):
    """A table has to be made whole; the message says why."""


class Remaking:
    """The tables of one session."""

    def __init__(self, store: Store, graph: Mapping[str, Node], frames: Frames) -> None:
        self._store, self._graph, self._frames = store, graph, frames
        self._made = MadeTables(store.con)
        self._digests = Digests(store.con, store.state)
        self._motion = Motion(store.state)
        self._versions = Versions(store, graph, self._made, self._digests)
        self._changes: dict[str, tuple[str, Change]] = {}
        self._whole: set[str] = set()
        self._rows = RowsOfKeys(store)
        self._restless: dict[str, tuple[pl.DataFrame, date | None]] = {}
        self._records = NightRecords(store, graph, frames)

    def look_again(self) -> None:
        """Forget what the session's views said: they are others now."""
        self._versions.look_again()
        self._records.look_again()
        self._rows.look_again()

    def make(self, node: Node, run: Run) -> Remade:
        """Make of one table what is due for a run."""
        begin = perf_counter()
        if not run.is_whole:
            made = make(self._store, node, run, self._graph, self._frames)
            return Remade(made, True, why_whole=ASKED)
        before = self._made.of(node.name)
        made_from = MadeFrom(recipe(node, run.settings), run.as_of, self._versions.inputs(node, run))
        try:
            change = self._increment(node, run, before, made_from)
        except _Whole as reason:
            self._whole.add(node.name)
            is_changed, rows, why = self._make_whole(node, run, before, made_from), None, str(reason)
        else:
            rows, why = max(change.removed.height, change.added.height) if change else 0, ""
            is_changed = rows > 0
        self._made.note(node.name, made_from)
        if is_of_records(node.model):
            self._records.keep(node.name)
        by_whom = self._frames.buckets.told.get(node.name, {})
        made = Made(node.name, self._store.count(node.name), perf_counter() - begin, by_whom)
        return Remade(made, is_changed, rows, why)

    def _increment(self, node: Node, run: Run, before: MadeFrom | None, now: MadeFrom) -> Change | None:
        """Make what is due of a table by key; None if nothing is. Raises _Whole."""
        model = node.model
        if before is None:
            raise _Whole(NEW)
        if before.recipe != now.recipe:
            raise _Whole("its code or settings have changed")
        if is_of_records(model) and now.inputs:
            return self._make_records(model, run, before, now)
        if not (isinstance(model, Transform) and model.keys):
            self._refuse_changes(node, before, now)
            return None
        if before.as_of > now.as_of:
            raise _Whole("the as-of day has moved back")
        for name, table in model.broadcast.items():
            if name in now.inputs and before.inputs.get(name) != now.inputs[name]:
                raise _Whole(f"{table} has changed")
        if not now.inputs:
            return None
        if CALENDAR in model.broadcast.values() and self._store.count(node.name):
            refuse_gaps(self._frames.read(CALENDAR), node.name, run)
        touched = list(self._touched(model, run, before, now))
        keys = pl.concat([*touched, self._woken(node, model, run, before)]).unique()
        if keys.is_empty():
            return None
        return self._make_keys(node, model, run, keys)

    def _make_records(self, model: Transform, run: Run, before: MadeFrom, now: MadeFrom) -> Change | None:
        """Make the records anew that can be others. Raises _Whole."""
        if before.inputs == now.inputs and before.as_of == now.as_of:
            return None
        why_not = self._records.begin(model, run, before, now, self._change_since)
        if why_not is not None:
            raise _Whole(why_not or FOLLOWS)
        stamp = self._made.stamp(model.writes)
        change = self._records.put(model, run)
        self._changes[model.writes] = (stamp, change)
        return change

    def _change_since(self, table: str, version: str) -> Change | None:
        """What became of a table in this session since a version of it; None if that is not known."""
        stamp, change = self._changes.get(table, ("", None))
        return change if stamp == version else None

    def _refuse_changes(self, node: Node, before: MadeFrom, now: MadeFrom) -> None:
        """Raise _Whole if anything is other than it was, of a table that cannot be made by key."""
        model = node.model
        if isinstance(model, Transform):
            known = self._become_known(model, *sorted((before.as_of, now.as_of)))
            if before.as_of != now.as_of and (asks_the_clock(model) or any(rows.height for rows in known)):
                raise _Whole(FOLLOWS)
        elif _ANOTHER_EACH_TIME.search(model.sql):
            raise _Whole(FOLLOWS)
        if before.inputs != now.inputs or NOT_LOOKED_AT in now.inputs.values():
            raise _Whole(FOLLOWS)

    def _touched(self, model: Transform, run: Run, before: MadeFrom, now: MadeFrom) -> Iterator[pl.DataFrame]:
        """The keys whose rows read otherwise in what a table is made from."""
        for name, table in model.reads.items():
            then = before.inputs.get(name, "")
            if then == now.inputs[name]:
                continue
            if self._versions.is_made(table):
                if table in self._whole:
                    raise _Whole(FOLLOWS)
                change = self._change_since(table, then)
                if change and name in model.takes:
                    change = change.of(model.taken(name, run.settings))
                keys = change.keys(model.keys) if change else None
            else:
                keys = self._digests.changed_since(table, model.keys, then)
            if keys is None:
                raise _Whole(f"what changed in {table} is not known")
            yield keys

    def _woken(self, node: Node, model: Transform, run: Run, before: MadeFrom) -> pl.DataFrame:
        """The keys whose rows the as-of day alone may have changed; asks the function where nobody has yet."""
        if before.as_of == run.as_of:
            return self._no_keys(model)
        if not asks_the_clock(model):
            return pl.concat([self._no_keys(model), *self._become_known(model, before.as_of, run.as_of)])
        if (keys := self._motion.of(node.name, run.as_of)) is None:
            if self._frames.buckets.parts(model) > 1:
                raise _Whole(FOLLOWS)  # asking takes all rows at once
            kept = self._store.read(node.name)
            tables = {**model.reads, **model.broadcast}
            inputs = {name: self._frames.read(table).lazy() for name, table in tables.items()}
            keys = self._ask(node, model, run, kept, inputs)
        return keys

    def _become_known(self, model: Transform, after: date, until: date) -> Iterator[pl.DataFrame]:
        """The keys of rows that are known since some days; of a table without keys the days of such rows."""
        for name, day in model.known_on.items():
            yield self._rows.keys_between(model.reads[name], model.keys or (day,), day, after, until)

    def _ask(
        self, node: Node, model: Transform, run: Run, kept: pl.DataFrame, inputs: Mapping[str, pl.LazyFrame]
    ) -> pl.DataFrame:
        """The keys that move until some day; where most do, until shortly before the month ends."""
        found = pl.DataFrame()
        for until in self._motion.until(node.name, run.as_of):
            found = moving(model, kept, inputs, until=until, settings=run.settings)
            self._motion.keep(node.name, found, until)
            if found.height <= MANY * kept.select(model.keys).n_unique():
                break
        return found

    def _make_keys(self, node: Node, model: Transform, run: Run, keys: pl.DataFrame) -> Change:
        """Make the rows of some keys anew, and of a part of the others to see that these are what a rebuild makes."""
        table, until = node.name, self._motion.asked_until(node.name)
        # What was touched may move on other days than it would have: it is asked with the others that do.
        moved = pl.concat([keys, self._motion.kept(table, keys.schema)]).unique()
        if self._are_many(keys, node, model):
            self._restless[table] = (moved, until)
            raise _Whole(MANY_KEYS)
        drawn = self._drawn(node, model, run).join(keys, on=model.keys, how="anti", nulls_equal=True)
        every = pl.concat([keys, drawn])
        wanted = partial(self._wanted, run, model.keys)
        inputs = {
            name: (
                self._rows.of_table(read, every)
                if self._versions.is_made(read)
                else self._rows.of_view(read, every, wanted)
            ).lazy()
            for name, read in model.reads.items()
        }
        inputs |= {name: self._frames.read(read).lazy() for name, read in model.broadcast.items()}
        kept = self._rows.of_table(table, every)
        change = change_of_keys(model, kept, inputs, as_of=run.as_of, settings=run.settings)
        self._refuse_differences(table, change.beyond_rounding(model.grain).keys(model.keys), drawn)
        stamp = self._made.stamp(table)
        if not change.is_nothing:
            self._store.replace_keys(table, change.added, change.keys(model.grain))
            self._frames.made(table, None)
        if until:
            self._motion.keep(table, moved, until)
        self._changes[table] = (stamp, change)
        return change

    def _are_many(self, keys: pl.DataFrame, node: Node, model: Transform) -> bool:
        """Whether keys are so many that it is cheaper to make all rows, of which there may be few."""
        return all(
            keys.height > MANY * self._versions.count(table, model.keys)
            for table in (node.name, *model.reads.values())
        )

    def _drawn(self, node: Node, model: Transform, run: Run) -> pl.DataFrame:
        """The part of a table's keys whose turn it is on the as-of day, of those that it has or should have."""
        part = run.as_of.toordinal() % PARTS
        found = [self._digests.some_in(node.name, model.keys, part)]
        for table in model.reads.values():
            some = self._digests.some_in if self._versions.is_made(table) else self._digests.some_of
            found.append(some(table, model.keys, part))
        return pl.concat(found).unique()

    def _refuse_differences(self, table: str, changed: pl.DataFrame, drawn: pl.DataFrame) -> None:
        """Raise NotAsRebuilt if rows of keys differ that had no reason to; the next run makes the table whole."""
        wrong = changed.join(drawn, on=drawn.columns, how="semi", nulls_equal=True)
        self._refuse(table, wrong, drawn.height)

    def _refuse(self, table: str, wrong: pl.DataFrame, n_made: int) -> None:
        if wrong.is_empty():
            return
        self._made.forget(table)
        raise NotAsRebuilt(
            f"{table}: a part of its rows was made anew to see that they are what a rebuild makes, and {wrong.height} "
            f"of {n_made} keys are not, as {_told(wrong)}, though nothing was known to have changed them. "
            "Nothing is published; run again, which makes the table whole, and please report it: an own transform may "
            "break the law of keys, of the clock or of memory (`policypulse check --laws`), else it is a mistake of "
            "ours"
        )

    def _wanted(self, run: Run, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        """The keys, by some columns, that tables yet to be made will be made by, as far as can be known beforehand."""
        for node in self._graph.values():
            model, before = node.model, self._made.of(node.name)
            if not (isinstance(model, Transform) and model.keys == columns and before and before.inputs):
                continue
            moving = self._motion.kept(node.name, self._no_keys(model).schema)
            if not self._are_many(moving, node, model):
                yield moving
            for name, table in model.reads.items():
                version = self._versions.of(table, columns)
                if (
                    not self._versions.is_made(table)
                    and (then := before.inputs.get(name, version)) != version
                ):
                    touched = self._digests.changed_since(table, columns, then)
                    yield self._no_keys(model) if touched is None else touched
            yield self._drawn(node, model, run)

    def _no_keys(self, model: Transform) -> pl.DataFrame:
        return pl.DataFrame(schema=dict(model.schema)).select(model.keys)

    def _make_whole(self, node: Node, run: Run, before: MadeFrom | None, now: MadeFrom) -> bool:
        """Make a table whole; returns whether its rows are others than before."""
        model, table = node.model, node.name
        by_key = isinstance(model, Transform) and bool(model.keys)
        is_compared = before is not None and before.recipe == now.recipe and not by_key
        stamp, digest = self._made.stamp(table), self._digests.of_all(table) if is_compared else ""
        rows_before = self._store.read(table) if is_compared and self._is_read_by_key(node) else None
        moved, until = self._restless.get(table, (None, None))
        if before and ends_a_month(before.as_of, run.as_of):
            moved, until = None, None  # another month may be another matter
        seen = partial(self._ask_of_made, node, run) if by_key and now.inputs and not until else None
        if is_of_records(model) and now.inputs:
            self._records.whole(model, run)
        kept, checked = self._remembered(node, run, before, now)
        make(self._store, node, run, self._graph, self._frames, seen, kept)
        if checked is not None:
            self._refuse_memories(node, checked)
        if moved is not None and until:
            self._motion.keep(table, moved, until)
        if is_compared and digest == self._digests.of_all(table):
            self._made.put_back(table, stamp)
            return False
        if rows_before is not None:
            self._changes[table] = (stamp, change_between(rows_before, self._frames.read(table)))
            self._whole.discard(table)
        return True

    def _remembered(
        self, node: Node, run: Run, before: MadeFrom | None, now: MadeFrom
    ) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
        """The rows that a transform may give back, and those of a part that it makes anew to see that it may."""
        memory = node.model.remembers if isinstance(node.model, Transform) else None
        if memory is None or before is None or before.recipe != now.recipe:
            return None, None
        rows, part = self._store.read(node.name), run.as_of.toordinal() % PARTS
        is_checked = pl.struct(memory.together or [memory.digest]).hash() % PARTS == part
        return rows.filter(~is_checked), rows.filter(is_checked)

    def _refuse_memories(self, node: Node, checked: pl.DataFrame) -> None:
        """Raise NotAsRebuilt if rows that were made of the same are not what they were."""
        model = node.model
        assert isinstance(model, Transform) and model.remembers
        by = model.remembers.digest
        made = self._store.read(node.name).join(checked, on=by, how="semi")
        same = checked.join(made, on=by, how="semi")
        wrong = change_between(same, made).beyond_rounding(model.grain).keys(model.grain)
        self._refuse(node.name, wrong, same.height)

    def _is_read_by_key(self, node: Node) -> bool:
        """Whether a table of no keys, which is always made whole, is one by whose rows others are made by key."""
        if is_of_records(node.model):
            return False
        models = (other.model for other in self._graph.values() if node.name in other.reads)
        return any(
            isinstance(model, Transform) and model.keys and node.name in model.reads.values()
            for model in models
        )

    def _ask_of_made(
        self, node: Node, run: Run, inputs: Mapping[str, pl.LazyFrame], result: pl.DataFrame
    ) -> None:
        assert isinstance(node.model, Transform)
        if asks_the_clock(node.model):
            self._ask(node, node.model, run, result, inputs)


def _told(keys: pl.DataFrame) -> str:
    return " ".join(f"{name} {value}" for name, value in keys.row(0, named=True).items())
