"""A database file given back the room of what it no longer holds, by moving tables into it.

A copy of all tables into a new file would do as well, at half as much cost again and with a file to swap.
"""

import duckdb

from warehouse.quoting import identifier, literal

FREE_SHARE = 0.25
"""Of the blocks of a file, how many may be free."""
_ROUNDS = 2


def compact(con: duckdb.DuckDBPyConnection) -> None:
    """Checkpoint the database of the connection, and have at most a quarter of its blocks free if that can be had.

    Tables at the end of the file are written anew, into free blocks before them, until it is; a table that finds too
    few of them goes to the end first and into its own old place in the next round.
    """
    con.execute("CHECKPOINT")
    for _ in range(_ROUNDS):
        for table in _from_the_end(con) if _free_share(con) > FREE_SHARE else ():
            if _free_share(con) <= FREE_SHARE:
                break
            _write_anew(con, *table)
            con.execute("CHECKPOINT")


def _free_share(con: duckdb.DuckDBPyConnection) -> float:
    ((free, total),) = con.execute(
        "SELECT free_blocks, total_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    ).fetchall()
    return free / total if total else 0.0


def _from_the_end(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of all tables, the one with the last block first, and last those that share their block.

    What is known of a table lies in a block too, which stays where it is until the table is written anew.
    """
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    places = []
    for schema, name in tables:
        table = f"{identifier(schema)}.{identifier(name)}"
        ((last,),) = con.execute(
            f"SELECT max(block_id) FROM pragma_storage_info({literal(table)})"
        ).fetchall()
        places.append((-1 if last is None else last, (schema, name)))
    return [table for _, table in sorted(places, reverse=True)]


def _write_anew(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    """Write a table anew as it is, with its comments."""
    table = f"{identifier(schema)}.{identifier(name)}"
    of = f"schema_name = {literal(schema)} AND table_name = {literal(name)} AND database_name = current_database()"
    comments = con.execute(
        f"SELECT NULL, comment FROM duckdb_tables() WHERE {of}"
        f" UNION ALL SELECT column_name, comment FROM duckdb_columns() WHERE {of}"
    ).fetchall()
    told = [
        f"COMMENT ON {f'COLUMN {table}.{identifier(column)}' if column else f'TABLE {table}'} IS {literal(comment)}"
        for column, comment in comments
        if comment is not None
    ]
    con.execute("; ".join(["BEGIN", f"CREATE OR REPLACE TABLE {table} AS FROM {table}", *told, "COMMIT"]))
