"""What is kept between runs beside the build and never published: `state.duckdb`, attached to a session as `state`.

Here is how it is kept and when it still holds, a schema an owner; what it means is its owners' affair.

DuckDB cannot commit to two files at once, so nothing kept is believed because it is there. Whenever rows of a table
of the build change, the table gets a new stamp in the same transaction (`unpublished.changes`); what is kept notes the
stamps of the tables it was worked out from. Whatever is interrupted between the two, or put back from a backup, leaves
stamps that differ: what was kept then holds no longer, and is worked out anew.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
import polars as pl

from warehouse.quoting import identifier
from warehouse.replacing import replace_keys
from warehouse.transaction import transaction

FORMAT = 1
"""Of what is kept here; a file of another one is emptied, since everything in it can be worked out anew."""
CHANGES = "unpublished.changes"
_KEPT = "state.main.kept"


class State:
    """What several owners keep between runs; a table is named `owner.table`."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute("CREATE TABLE IF NOT EXISTS state.main.format (number INTEGER)")
        if con.execute("SELECT number FROM state.main.format").fetchall() != [(FORMAT,)]:
            self._empty()
        con.execute(f"CREATE TABLE IF NOT EXISTS {_KEPT} (owner VARCHAR, table_name VARCHAR, stamp UUID)")

    def holds(self, owner: str, table: str) -> bool:
        """Whether what the owner keeps of a table of the build was worked out from the rows that it has now."""
        found = self._con.execute(
            f"SELECT 1 FROM {_KEPT} JOIN {CHANGES} USING (table_name, stamp) WHERE owner = ? AND table_name = ?",
            [owner, table],
        ).fetchall()
        return bool(found)

    @contextmanager
    def keeping(self, owner: str, tables: Iterable[str]) -> Iterator[None]:
        """Write, in one transaction, what an owner keeps of tables of the build as they are now.

        Afterwards it `holds` of them until their rows change; what goes wrong in the block leaves what was kept
        before. Nothing can be written to the build meanwhile: DuckDB refuses it.
        """
        names = sorted(set(tables))
        with transaction(self._con):
            yield
            self._note(owner, names)

    def read(self, table: str) -> pl.DataFrame | None:
        """All rows of a table; None if nobody has written it."""
        if not self._exists(table):
            return None
        rows: pl.DataFrame = self._con.sql(f"FROM {_named(table)}").pl()
        return rows

    def replace(self, table: str, rows: pl.DataFrame) -> None:
        """Make a table anew."""
        self._con.execute(f"CREATE SCHEMA IF NOT EXISTS state.{identifier(table.partition('.')[0])}")
        self._con.register("kept_rows", rows)
        self._con.execute(f"CREATE OR REPLACE TABLE {_named(table)} AS FROM kept_rows")
        self._con.unregister("kept_rows")

    def replace_keys(self, table: str, rows: pl.DataFrame, keys: pl.DataFrame) -> None:
        """Put rows in the place of those whose values in the columns of `keys` are among its rows; NULL is a value.

        `rows` has the columns of the table; a table that is not there yet is made.
        """
        if self._exists(table):
            replace_keys(self._con, _named(table), rows, keys)
        else:
            self.replace(table, rows)

    def _note(self, owner: str, tables: list[str]) -> None:
        self._con.execute(
            f"DELETE FROM {_KEPT} WHERE owner = ? AND table_name IN (SELECT unnest(?))", [owner, tables]
        )
        self._con.execute(
            f"INSERT INTO {_KEPT} SELECT ?, table_name, stamp FROM {CHANGES} WHERE table_name IN (SELECT unnest(?))",
            [owner, tables],
        )

    def _exists(self, table: str) -> bool:
        schema, _, name = table.partition(".")
        found = self._con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = 'state' AND schema_name = ? AND table_name = ?",
            [schema, name],
        ).fetchall()
        return bool(found)

    def _empty(self) -> None:
        schemas = self._con.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'state' AND NOT internal"
        ).fetchall()
        for (schema,) in schemas:
            self._con.execute(f"DROP SCHEMA state.{identifier(schema)} CASCADE")
        self._con.execute(f"DROP TABLE IF EXISTS {_KEPT}")
        self._con.execute("DELETE FROM state.main.format")
        self._con.execute("INSERT INTO state.main.format VALUES (?)", [FORMAT])


def _named(table: str) -> str:
    owner, _, name = table.partition(".")
    return f"state.{identifier(owner)}.{identifier(name)}"
