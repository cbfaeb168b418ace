"""Which keys of a view read otherwise than at an earlier look: of each key a digest of its rows is kept in `state`.

A digest needs no path from a record to a key, so that nothing can be missed; what is made of the keys is for others.
"""

from collections.abc import Sequence
from uuid import uuid4

import duckdb
import polars as pl

from warehouse.quoting import identifier
from warehouse.state import State

_OWNER = "digests"
_LOOKS = f"state.{_OWNER}.looks"
PARTS = 64
"""Into so many parts keys fall, for those who look at some of them only."""
_DIGEST = "sum(hash(rows)::HUGEINT)"


def digest_of_all(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """A digest of all rows of a table, view or subquery, whatever their order."""
    ((count, digest),) = con.execute(f"SELECT count(*), {_DIGEST} FROM {rows} AS rows").fetchall()
    return f"{count} {digest}"


class Digests:
    """The digests of one warehouse; a look at a view has a version, under which others can note what they have seen."""

    def __init__(self, con: duckdb.DuckDBPyConnection, state: State) -> None:
        self._con, self._state = con, state

    def of_all(self, table: str) -> str:
        """A digest of all rows of a table or view, whatever their order."""
        return digest_of_all(self._con, table)

    def look(self, view: str, keys: Sequence[str]) -> str:
        """Look at a view by some of its columns; returns the version of what it says now."""
        kept, names = _kept(view, keys), _names(keys)
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE looked AS"
            f" SELECT {names}, {_DIGEST} AS digest FROM {view} AS rows GROUP BY ALL"
        )
        with self._state.keeping(_OWNER, ()):
            self._con.execute(f"CREATE SCHEMA IF NOT EXISTS state.{_OWNER}")
            self._con.execute(
                f"CREATE TABLE IF NOT EXISTS {_LOOKS} (view_name VARCHAR, number INTEGER, version VARCHAR)"
            )
            self._con.execute(
                f"CREATE TABLE IF NOT EXISTS {kept} AS SELECT *, 0 AS number FROM looked LIMIT 0"
            )
            version = self._latest(kept)
            if self._find_differences(kept, keys) or not version:
                version = self._keep_differences(kept, keys)
        self._con.execute("DROP TABLE temp.looked")
        return version

    def changed_since(self, view: str, keys: Sequence[str], version: str) -> pl.DataFrame | None:
        """The keys whose rows differ at the last look from those of an earlier one; None if that one is not known."""
        kept = _kept(view, keys)
        found = self._con.execute(
            f"SELECT number FROM {_LOOKS} WHERE view_name = ? AND version = ?", [kept, version]
        ).fetchall()
        if not found:
            return None
        changed: pl.DataFrame = self._con.sql(
            f"SELECT {_names(keys)} FROM {kept} WHERE number > {int(found[0][0])}"
        ).pl()
        return changed

    def count_of(self, view: str, keys: Sequence[str]) -> int:
        """How many keys a view had at the last look."""
        found = self._con.execute(f"SELECT count(*) FROM {_kept(view, keys)} WHERE digest IS NOT NULL")
        return int(found.fetchall()[0][0])

    def some_of(self, view: str, keys: Sequence[str], part: int) -> pl.DataFrame:
        """The keys that fall into one of PARTS, of all that the view had at the last look."""
        return self.some_in(f"(FROM {_kept(view, keys)} WHERE digest IS NOT NULL)", keys, part)

    def some_in(self, table: str, keys: Sequence[str], part: int) -> pl.DataFrame:
        """The keys that fall into one of PARTS, of all that a table has."""
        names = _names(keys)
        found: pl.DataFrame = self._con.sql(
            f"SELECT DISTINCT {names} FROM {table} AS rows WHERE hash({names}) % {PARTS} = {part}"
        ).pl()
        return found

    def _latest(self, kept: str) -> str:
        found = self._con.execute(
            f"SELECT version FROM {_LOOKS} WHERE view_name = ? ORDER BY number DESC LIMIT 1", [kept]
        ).fetchall()
        return str(found[0][0]) if found else ""

    def _find_differences(self, kept: str, keys: Sequence[str]) -> int:
        """Make `differing` of the keys whose digest is another than the kept one; of those that are gone it is NULL."""
        names = _names(keys)
        same = " AND ".join(f"one.{name} IS NOT DISTINCT FROM other.{name}" for name in map(identifier, keys))
        self._con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE differing AS
            SELECT {names}, digest FROM looked AS one
            ANTI JOIN {kept} AS other ON {same} AND one.digest IS NOT DISTINCT FROM other.digest
            UNION ALL
            SELECT {names}, NULL AS digest FROM (FROM {kept} WHERE digest IS NOT NULL) AS one
            ANTI JOIN looked AS other ON {same}
            """
        )
        return int(self._con.execute("SELECT count(*) FROM differing").fetchall()[0][0])

    def _keep_differences(self, kept: str, keys: Sequence[str]) -> str:
        same = " AND ".join(
            f"there.{name} IS NOT DISTINCT FROM found.{name}" for name in map(identifier, keys)
        )
        version = str(uuid4())
        self._con.execute(
            f"INSERT INTO {_LOOKS} SELECT ?, coalesce(max(number), 0) + 1, ? FROM {_LOOKS} WHERE view_name = ?",
            [kept, version, kept],
        )
        self._con.execute(f"DELETE FROM {kept} AS there USING differing AS found WHERE {same}")
        self._con.execute(
            f"INSERT INTO {kept} SELECT *, (SELECT number FROM {_LOOKS} WHERE version = ?) FROM differing",
            [version],
        )
        return version


def _kept(view: str, keys: Sequence[str]) -> str:
    name = f"{view} by {', '.join(keys)}"
    return f"state.{_OWNER}.{identifier(name)}"


def _names(keys: Sequence[str]) -> str:
    return ", ".join(map(identifier, keys))
