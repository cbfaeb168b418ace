"""The rows of some keys in tables and views; of a view read once for all tables that are made by the same keys.

Which keys these are is found in `remaking.py`. Reading a view costs much the same for few keys as for many.
"""

from collections.abc import Callable, Iterable
from datetime import date

import polars as pl

from warehouse.quoting import identifier
from warehouse.store import Store

Wanted = Callable[[], Iterable[pl.DataFrame]]


class RowsOfKeys:
    """What is read by key in one session."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[tuple[str, ...], pl.DataFrame] = {}
        self._rows: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}
        self._between: dict[tuple[object, ...], pl.DataFrame] = {}

    def look_again(self) -> None:
        """Forget what was read."""
        self._keys, self._rows, self._between = {}, {}, {}

    def of_view(self, view: str, keys: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
        """The rows of some keys in a view; `wanted` gives the keys that others will ask for by the same columns."""
        columns = tuple(keys.columns)
        if columns not in self._keys:
            self._keys[columns] = pl.concat([keys, *wanted()]).unique()
        if not keys.join(self._keys[columns], on=columns, how="anti", nulls_equal=True).is_empty():
            return self.of_table(view, keys)
        if (view, columns) not in self._rows:
            self._rows[view, columns] = self.of_table(view, self._keys[columns])
        return self._rows[view, columns].join(keys, on=columns, how="semi", nulls_equal=True)

    def of_table(self, table: str, keys: pl.DataFrame) -> pl.DataFrame:
        """The rows of some keys in a table, as it is now."""
        same = " AND ".join(f'rows."{key}" IS NOT DISTINCT FROM asked."{key}"' for key in keys.columns)
        self._store.con.register("asked_keys", keys)
        try:
            return self._store.query(
                f"SELECT rows.* FROM {table} AS rows SEMI JOIN asked_keys AS asked ON {same}"
            )
        finally:
            self._store.con.unregister("asked_keys")

    def keys_between(
        self, table: str, keys: tuple[str, ...], day: str, after: date, until: date
    ) -> pl.DataFrame:
        """The keys that have rows in a table or view of days after one and up to another."""
        names = ", ".join(map(identifier, keys))
        asked = (table, keys, day, after, until)
        if asked not in self._between:
            between = f"{identifier(day)} > DATE '{after}' AND {identifier(day)} <= DATE '{until}'"
            self._between[asked] = self._store.query(f"SELECT DISTINCT {names} FROM {table} WHERE {between}")
        return self._between[asked]
