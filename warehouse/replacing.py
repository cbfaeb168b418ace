"""Rows of a table replaced by their keys, in the build or in what is kept beside it.

Within which transaction, and what it means for others, is said by whoever calls.
"""

from collections.abc import Iterable

import duckdb
import polars as pl

from warehouse.quoting import identifier


def replace_keys(con: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame, keys: pl.DataFrame) -> None:
    """Put rows in the place of those whose values in the columns of `keys` are among its rows; NULL is a value.

    `table` is written as SQL; the rows have its columns, in any order.
    """
    con.register("gone_keys", keys)
    con.register("new_rows", rows)
    try:
        same = " AND ".join(
            f"there.{name} IS NOT DISTINCT FROM gone.{name}" for name in _quoted(keys.columns)
        )
        con.execute(f"DELETE FROM {table} AS there USING gone_keys AS gone WHERE {same}")
        con.execute(f"INSERT INTO {table} BY NAME FROM new_rows")
    finally:
        con.unregister("gone_keys")
        con.unregister("new_rows")


def _quoted(names: Iterable[str]) -> list[str]:
    return [identifier(name) for name in names]
