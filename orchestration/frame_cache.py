"""Frames that several tables of a run read: read once, kept while somebody still needs them.

Reading a core table back costs as much as making it; only whole tables of the graph are kept.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from orchestration.buckets import Buckets, Workers
from transforms.graph import Node
from transforms.model import Transform
from transforms.settings import Settings
from warehouse.store import Store


class Frames:
    """The frames of one run, by table."""

    def __init__(
        self,
        store: Store,
        graph: Mapping[str, Node],
        settings: Settings,
        memory_limit_gib: int | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._store = store
        self.buckets = Buckets(store, graph, settings, memory_limit_gib, workers)
        self._kept: dict[str, pl.DataFrame] = {}
        self._readers: dict[str, set[str]] = {name: set() for name in graph}
        self._shared: dict[Callable[..., pl.LazyFrame], pl.DataFrame] = {}
        self._sharing: dict[Callable[..., pl.LazyFrame], set[str]] = {}
        for node in graph.values():
            if isinstance(node.model, Transform) and node.model.asked_for(settings):
                # For one that remembers nothing waits: of most that it reads it looks at few columns.
                for table in () if node.model.remembers else set(node.reads) & set(graph):
                    self._readers[table].add(node.name)
                if node.model.shared:
                    self._sharing.setdefault(node.model.shared, set()).add(node.name)

    def read(self, table: str) -> pl.DataFrame:
        """All rows of a table or view."""
        return self.scan(table).collect()

    def scan(self, table: str) -> pl.LazyFrame:
        """All rows of a table or view; of one too large to be held in memory only the columns that are asked for."""
        if table in self._kept:
            return self._kept[table].lazy()
        if self.buckets.is_large(table):
            return self.narrow(table)
        frame = self._store.read(table)
        if len(self._readers.get(table, ())) > 1:
            self._kept[table] = frame
        return frame.lazy()

    def narrow(self, table: str) -> pl.LazyFrame:
        """All rows of a table or view, of which only the columns that are asked for are read if they are not there."""
        return self._kept[table].lazy() if table in self._kept else self._store.scan(table)

    def scan_in_parts(self, table: str) -> pl.LazyFrame | Sequence[pl.LazyFrame]:
        """All rows of a table or view; those of one too large to be held in memory in parts that are not."""
        most_rows = self.buckets.most_rows
        if most_rows is None or table in self._kept or not self.buckets.is_large(table):
            return self.scan(table)
        return self._store.scan_in_parts(table, most_rows)

    def lazily(self, table: str) -> pl.LazyFrame | Sequence[pl.LazyFrame]:
        """All rows of a table or view, of which only the columns that are asked for are read if they are not there."""
        if table in self._kept or self.buckets.is_large(table):
            return self.scan_in_parts(table)
        return self.narrow(table)

    def shared(self, function: Callable[..., pl.LazyFrame], make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What several tables take their rows from, made if it is not there yet."""
        if function not in self._shared:
            self._shared[function] = make()
        return self._shared[function]

    def made(self, table: str, whole: pl.DataFrame | None) -> None:
        """Say that a table has been made anew, `whole` if these are all its rows; frames nobody needs any more go."""
        self._kept.pop(table, None)
        self.buckets.made(table)
        if whole is not None and self._readers[table] and not self.buckets.is_large(table, whole.height):
            self._kept[table] = whole
        for function, tables in self._sharing.items():
            tables.discard(table)
            if not tables:
                self._shared.pop(function, None)
        for name, readers in self._readers.items():
            readers.discard(table)
            if not readers:
                self._kept.pop(name, None)
