"""The versions of what tables read: whether a table or view reads otherwise than when something was made from it.

Of what was made the version is the stamp of its rows, of views that of a look at them. What is made anew where versions
differ is found in `remaking.py`.
"""

from collections.abc import Mapping

from orchestration.build import Run
from orchestration.recipes import DEFINITIONS, definitions, is_of_records
from transforms.graph import Node
from transforms.model import Transform
from warehouse.digests import Digests
from warehouse.made import MadeTables
from warehouse.quoting import identifier
from warehouse.store import Store

# Of no look: a table of it is made every night, and then compared with what it was.
NOT_LOOKED_AT = "not looked at"


class Versions:
    """The versions of one session; each view is looked at once by the same keys."""

    def __init__(self, store: Store, graph: Mapping[str, Node], made: MadeTables, digests: Digests) -> None:
        self._store, self._graph, self._made, self._digests = store, graph, made, digests
        self._looks: dict[tuple[str, tuple[str, ...]], str] = {}

    def look_again(self) -> None:
        """Forget what views said: they are others now."""
        self._looks = {}

    def inputs(self, node: Node, run: Run) -> dict[str, str]:
        """The version of everything that a table reads, by the name that it has there."""
        model = node.model
        if not isinstance(model, Transform):
            return {table: self.of(table, ()) for table in node.reads}
        if not model.asked_for(run.settings):
            return {}
        tables = (*model.reads.values(), *model.broadcast.values())
        if not (model.keys or any(map(self.is_made, tables))):
            # To look at whole views costs as much as to make the table of them.
            return dict.fromkeys(model.reads, NOT_LOOKED_AT)
        by_key = {name: self.of(table, model.keys) for name, table in model.reads.items()}
        if is_of_records(model):
            by_key[DEFINITIONS] = definitions(model, run.settings)
        return by_key | {name: self.of(table, ()) for name, table in model.broadcast.items()}

    def of(self, table: str, keys: tuple[str, ...]) -> str:
        """The version of a table by some keys, or as a whole where there are none."""
        if self.is_made(table):
            return self._made.stamp(table)
        if (table, keys) not in self._looks:
            look = self._digests.look(table, keys) if keys else self._digests.of_all(table)
            self._looks[table, keys] = look
        return self._looks[table, keys]

    def count(self, table: str, keys: tuple[str, ...]) -> int:
        """How many keys a table has, about, or a view had when it was looked at."""
        if not self.is_made(table):
            return self._digests.count_of(table, keys)
        model = self._graph[table].model
        if isinstance(model, Transform) and set(model.grain) <= set(keys):
            return self._store.count(table)
        names = ", ".join(map(identifier, keys))
        count: int = self._store.query(f"SELECT approx_count_distinct(({names})) AS n FROM {table}").item()
        return count

    def is_made(self, table: str) -> bool:
        """Whether a table is made, and no view."""
        return table in self._graph and self._graph[table].schema != "staging"
