"""Tables made a bucket of their keys at a time, so that a run needs no more memory than it may take.

By the law of keys (`transforms/model.py`) the rows made of all buckets are the table; the same `Work.rows` serves this
process and any other that sees the files. When a table is made is said in `build.py`.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from transforms.graph import Node, upstream
from transforms.model import Transform
from transforms.settings import Settings
from warehouse.buckets import Bucketed
from warehouse.store import Store

ROWS_PER_GIB = 300_000
"""So many rows of the largest table that a transform reads are worked on at once for each GiB of the limit.

A row of a feed takes up to 1.3 kB on the way to the table that is made of it; half of the limit is for that.
"""
MOST_BUCKETS = 1024
ROWS_A_TASK = 2_000
"""Of fewer rows it is quicker to make a table here than to ask other workers."""


class EngineFailed(Exception):
    """A table could not be made where and how the project file says; the message is for people."""


@dataclass(frozen=True)
class Work:
    """All that a table is made of, as files by the names under which its transform reads them."""

    model: Transform
    reads: Mapping[str, Bucketed]
    broadcast: Mapping[str, Path]
    parts: int
    as_of: date
    settings: Settings

    def rows(self, part: int) -> pl.DataFrame:
        """The rows of the table for the keys of one part; raises EngineFailed, which names the part and its keys."""
        frames = {name: read.part(part, self.parts) for name, read in self.reads.items()}
        frames |= {name: pl.read_parquet(file) for name, file in self.broadcast.items()}
        inputs = {name: frame.lazy() for name, frame in frames.items()}
        try:
            return self.model(**inputs, as_of=self.as_of, settings=self.settings).collect()
        except Exception as error:
            keys = _span([frames[name] for name in self.reads], self.model.keys)
            said = str(error).strip().partition("\n")[0]
            raise EngineFailed(
                f"{self.model.writes}: bucket {part} of {self.parts} ({keys}) could not be made: "
                f"{type(error).__name__}: {said}"
            ) from error


class Workers(Protocol):
    """Other processes that make rows of buckets, of files that they see as well."""

    folder: Path
    buckets: int

    def made(self, work: Work) -> Iterator[pl.DataFrame]:
        """The rows of a table, part after part; raises EngineFailed."""

    def told(self, table: str) -> Mapping[str, str | int | float]:
        """Who made a table, and what it took."""


class Buckets:
    """What the tables of one run are made of, in as many buckets as its memory or its workers ask for."""

    def __init__(
        self,
        store: Store,
        graph: Mapping[str, Node],
        settings: Settings,
        memory_limit_gib: int | None,
        workers: Workers | None = None,
    ) -> None:
        self._store, self._graph, self._workers = store, graph, workers
        self.most_rows = None if memory_limit_gib is None else memory_limit_gib * ROWS_PER_GIB
        self._rows_a_part = ROWS_A_TASK if workers else self.most_rows
        self._most_parts = workers.buckets if workers else MOST_BUCKETS
        self._folder = workers.folder if workers else store.folder.scratch
        self.told: dict[str, Mapping[str, str | int | float]] = {}
        """Of tables that were made in parts, in how many, and by whom."""
        self._counted: dict[str, int] = {}
        self._written: dict[tuple[str, tuple[str, ...]], Bucketed] = {}
        self._waiting = {
            node.name: node.model
            for node in graph.values()
            if isinstance(node.model, Transform) and node.model.asked_for(settings)
        }

    def parts(self, model: Transform) -> int:
        """In how many parts a table is made: 1 where it fits into memory whole, or cannot be divided."""
        if not self._rows_a_part or not is_divisible(model):
            return 1
        return self._parts_of(max(map(self._rows, model.reads.values()), default=0))

    def is_large(self, table: str, rows: int | None = None) -> bool:
        """Whether a table is not to be held in memory as a whole; its rows are counted unless they are given."""
        if self.most_rows is None or not _is_of_cases(table):
            return False
        return (self._rows(table) if rows is None else rows) > self.most_rows

    def rows(
        self, model: Transform, broadcast: Mapping[str, pl.DataFrame], as_of: date, settings: Settings
    ) -> Iterator[pl.DataFrame]:
        """The rows of a table, part after part."""
        folder = self._folder / "broadcast" / model.writes
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: folder / f"{name}.parquet" for name in broadcast}
        for name, frame in broadcast.items():
            frame.write_parquet(files[name])
        reads = {name: self._bucketed(table, model.keys) for name, table in model.reads.items()}
        work = Work(model, reads, files, self.parts(model), as_of, settings)
        yield from self._workers.made(work) if self._workers else map(work.rows, range(work.parts))
        about = self._workers.told(model.writes) if self._workers else {}
        self.told[model.writes] = {"buckets": work.parts, **about}

    def made(self, table: str) -> None:
        """Say that a table has been made anew; what nobody will read any more is deleted."""
        self._waiting.pop(table, None)
        needed = {(read, model.keys) for model in self._waiting.values() for read in model.reads.values()}
        for read, keys in [known for known in self._written if known not in needed or known[0] == table]:
            shutil.rmtree(self._written.pop((read, keys)).folder)

    def _rows(self, table: str) -> int:
        """How many rows a table has; of a view, if there may be too many, counted once."""
        if self._store.exists(table):
            return self._store.count(table)
        feeds = {read.partition(".")[2] for read in upstream(self._graph, [table]) if read not in self._graph}
        at_most = max(
            (rows for feed, rows in self._store.rows_in_force().items() if feed in feeds), default=0
        )
        if at_most <= min(self._rows_a_part or at_most, self.most_rows or at_most):
            return at_most
        if table not in self._counted:
            self._counted[table] = self._store.count(table)
        return self._counted[table]

    def _bucketed(self, table: str, keys: tuple[str, ...]) -> Bucketed:
        if (table, keys) not in self._written:
            largest = max(self._store.rows_in_force().values(), default=0)
            count = self._parts_of(max(largest, self._rows(table)))
            folder = self._folder / "buckets" / f"{table}.{'.'.join(keys)}"
            self._written[table, keys] = self._store.write_buckets(table, keys, folder, count)
        return self._written[table, keys]

    def _parts_of(self, rows: int) -> int:
        """The least power of two of parts of which none is to have more than the most rows."""
        assert self._rows_a_part
        return min(1 << max(-(-rows // self._rows_a_part) - 1, 0).bit_length(), self._most_parts)


def is_divisible(model: Transform) -> bool:
    """Whether a table can be made in parts, and is worth it."""
    return bool(model.keys) and _is_of_cases(model.writes)


def _is_of_cases(table: str) -> bool:
    """Whether a table grows with the cases; those made of figures grow with segments and months alone."""
    return table.startswith(("staging.", "core."))


def _span(frames: Sequence[pl.DataFrame], keys: tuple[str, ...]) -> str:
    """From which to which key some rows are."""
    found = (
        pl.concat([frame.select(keys) for frame in frames], how="vertical_relaxed").drop_nulls().sort(keys)
    )
    if found.is_empty():
        return "no keys"
    first, last = (", ".join(map(str, found.row(place))) for place in (0, -1))
    return f"{', '.join(keys)} from {first} to {last}"
