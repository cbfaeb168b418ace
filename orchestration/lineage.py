"""From which columns each column of a run's tables is made: asked by Dagster's assets and by the catalogue.

Worked out once for as long as a model and the columns that it reads stay as they are, since it costs more than many a
table; how it is worked out is `transforms/lineage.py`.
"""

from collections.abc import Mapping
from hashlib import sha256

import polars as pl

from orchestration.models import raw_table
from transforms.graph import Node
from transforms.lineage import Sources, columns_lineage
from transforms.sql_model import SqlModel
from warehouse.store import Store

OWNER, KEPT = "lineage", "lineage.columns"
SCHEMA = {
    "digest": pl.String,
    "table_name": pl.String,
    "column_name": pl.String,
    "source_table": pl.String,
    "source_column": pl.String,
}


class Lineage:
    """The lineage of the tables of one warehouse, as far as a run has asked for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._columns: dict[str, Mapping[str, str]] = {}
        self._found: dict[str, list[Sources]] | None = None
        self._is_new = False

    def of(self, node: Node) -> list[Sources]:
        """Rows of (table, column, source table, source column) of a table that has been made."""
        known = self._known()
        schemas = {table: self._columns_of(raw_table(table)) for table in node.reads}
        digest = _digest(node, schemas)
        if digest not in known:
            rows = columns_lineage(node, schemas)
            known[digest] = [(table, column, raw_table(source), of) for table, column, source, of in rows]
            self._is_new = True
        return known[digest]

    def keep(self) -> None:
        """Keep what has been found for the runs to come."""
        if not self._is_new or self._found is None:
            return
        rows = [(digest, *row) for digest, found in self._found.items() for row in found]
        with self._store.state.keeping(OWNER, []):
            self._store.state.replace(KEPT, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        self._is_new = False

    def _known(self) -> dict[str, list[Sources]]:
        if self._found is None:
            self._found = {}
            kept = self._store.state.read(KEPT)
            for digest, *row in () if kept is None else kept.iter_rows():
                self._found.setdefault(digest, []).append(tuple(row))
        return self._found

    def _columns_of(self, table: str) -> Mapping[str, str]:
        if table not in self._columns:
            self._columns[table] = self._store.columns(table)
        return self._columns[table]


def _digest(node: Node, schemas: Mapping[str, Mapping[str, str]]) -> str:
    model = node.model
    made = (
        model.sql
        if isinstance(model, SqlModel)
        else (model.reads, model.broadcast, model.columns, model.keys)
    )
    return sha256(repr((node.name, made, sorted(schemas.items()))).encode()).hexdigest()
