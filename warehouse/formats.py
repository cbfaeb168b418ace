"""Of which format raw and build are: what an earlier release left is taken over, what a later one wrote is refused.

How raw gains columns and books is in `landing/raw_tables.py`; how the files are opened, in `opening.py`.
"""

import duckdb

from warehouse.opening import UNPUBLISHED
from warehouse.state import CHANGES
from warehouse.transaction import transaction

RAW, BUILD = 2, 2
"""Releases before the second format wrote none down."""
_FILES = {"raw": ("raw.main._format", RAW), "build": (f"{UNPUBLISHED}.format", BUILD)}


class LaterFormat(Exception):
    """A later release has written to the warehouse; the message says what to do."""


def taken_over(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Bring both files into this format; returns what a user should know. Raises LaterFormat before it writes."""
    found = {name: _number(con, table) for name, (table, _) in _FILES.items()}
    for name, (_, number) in _FILES.items():
        if found[name] > number:
            raise LaterFormat(
                f"{name}.duckdb is of format {found[name]}, and this release of policypulse knows formats up to "
                f"{number}: a later one has run here. Install that one again; or restore a backup that this one "
                "has made (policypulse restore DIR)"
            )
    told = []
    if found["build"] < BUILD and con.execute(f"SELECT 1 FROM {CHANGES} LIMIT 1").fetchall():
        con.execute(f"DELETE FROM {CHANGES}")
        told.append(
            "The warehouse is of an earlier release of policypulse: what was landed and published stays, and every "
            "table is made anew once"
        )
    for name, (table, number) in _FILES.items():
        if found[name] != number:
            _write(con, table, number)
    return told


def _number(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """The format that a file says it has; 1 if it says none."""
    try:
        found = con.execute(f"SELECT number FROM {table}").fetchall()
    except duckdb.CatalogException:
        return 1
    return int(found[0][0]) if found else 1


def _write(con: duckdb.DuckDBPyConnection, table: str, number: int) -> None:
    with transaction(con):
        con.execute(f"CREATE TABLE IF NOT EXISTS {table} (number INTEGER)")
        con.execute(f"DELETE FROM {table}")
        con.execute(f"INSERT INTO {table} VALUES (?)", [number])
