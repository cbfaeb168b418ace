"""The tables of the landing zone: one per feed, as its contract says, and the books kept about what was landed.

What goes into them is in land.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.contract import Contract, Contracts
from warehouse.contract import contracts as installed
from warehouse.quoting import identifier, literal
from warehouse.transaction import transaction

if TYPE_CHECKING:
    import duckdb

_PROVENANCE = {
    "_load_id": ("BIGINT", "The load that first brought the row, as in raw.loads."),
    "_line": ("BIGINT", "Line of that load's file, or row of its query, that the row comes from."),
    "_last_load_id": ("BIGINT", "The last load that brought it again unchanged."),
}
BOOKS = {
    "loads": {
        "load_id": "BIGINT",
        "feed": "VARCHAR",
        "file": "VARCHAR",
        "sha256": "VARCHAR",
        "size_bytes": "BIGINT",
        "loaded_at": "TIMESTAMPTZ",
        "rows_read": "BIGINT",
        "rows_landed": "BIGINT",
        "rows_rejected": "BIGINT",
        "rows_skipped": "BIGINT",
        "rows_unchanged": "BIGINT",
        "rows_added": "BIGINT",
        "rows_corrected": "BIGINT",
        "rows_replaced": "BIGINT",
        "rows_taken_back": "BIGINT",
        "rows_forgotten": "BIGINT",
        "source": "VARCHAR",
        "delivery": "VARCHAR",
        "key_is_made": "BOOLEAN",
        "record": "VARCHAR",
        "key_id": "VARCHAR",
        "in_force": "BOOLEAN",
        "withdrawn_at": "TIMESTAMPTZ",
        "withdrawn_why": "VARCHAR",
    },
    # How each source delivered when it was last landed; the place is its order in its feed, -1 once it is gone.
    "sources": {
        "feed": "VARCHAR",
        "source": "VARCHAR",
        "place": "INTEGER",
        "delivery": "VARCHAR",
        "snapshot_of": "VARCHAR",
        "ordered_by": "VARCHAR",
        "max_overwritten_share": "DOUBLE",
    },
    # The units that a load names, where a delivery is the whole state of just these.
    "parts": {"feed": "VARCHAR", "load_id": "BIGINT", "part": "VARCHAR"},
    "rejects": {
        "_load_id": "BIGINT",
        "feed": "VARCHAR",
        "file": "VARCHAR",
        "line": "BIGINT",
        "column_name": "VARCHAR",
        "reason": "VARCHAR",
        "raw": "VARCHAR",
    },
    # Every delivery: a content seen under a name, in order, with the size and time it had when last seen.
    "files": {
        "seen": "BIGINT",
        "feed": "VARCHAR",
        "source": "VARCHAR",
        "file": "VARCHAR",
        "mapping": "VARCHAR",
        "sha256": "VARCHAR",
        "size_bytes": "BIGINT",
        "mtime_ns": "BIGINT",
        "node": "VARCHAR",
        "load_id": "BIGINT",
        "gone": "BOOLEAN",
        "withdrawn_at": "TIMESTAMPTZ",
        "cursor": "VARCHAR",
    },
    # By which people who were forgotten, and what is theirs, are known when they are delivered again.
    "forgotten": {"of_column": "VARCHAR", "mark": "VARCHAR"},
    "forgettings": {
        "forgotten_at": "TIMESTAMPTZ",
        "people": "BIGINT",
        "rows": "BIGINT",
        "rejects": "BIGINT",
        "cells": "BIGINT",
    },
    "pseudonym_keys": {"key_id": "VARCHAR", "check_value": "VARCHAR", "first_used_at": "TIMESTAMPTZ"},
}


def create_raw(con: duckdb.DuckDBPyConnection, contracts: Contracts | None = None) -> None:
    """Create in the attached database `raw` what it lacks: a table for every contract, mapped or not, and the books.

    Without `contracts` it is the installed ones.

    A column that a contract has gained is added, empty; raises ValueError where a contract has changed a type.
    """
    contracts = contracts or installed()
    present = _present(con)
    with transaction(con):
        for contract in contracts.values():
            _create_feed(con, contract, present.get(contract.feed))
        for book, columns in BOOKS.items():
            if book not in present:
                _create(con, book, columns)
            for name, column_type in columns.items():
                if name not in present.get(book, columns):
                    con.execute(f"ALTER TABLE raw.{book} ADD COLUMN {name} {column_type}")
        _carry_over(con, present, contracts)


def _carry_over(
    con: duckdb.DuckDBPyConnection, present: dict[str, dict[str, str]], contracts: Contracts
) -> None:
    """Fill in what an earlier version of the warehouse, whose rows did not know their last load, did not write down.

    By which source a file came is found when that source lands.
    """
    if "loads" not in present or "rows_unchanged" in present["loads"]:
        return
    for feed in contracts:
        con.execute(f"UPDATE raw.{feed} SET _last_load_id = _load_id WHERE _last_load_id IS NULL")
    con.execute("UPDATE raw.files SET seen = load_id, gone = false")
    con.execute("UPDATE raw.loads SET rows_unchanged = 0, rows_added = rows_landed, in_force = true")


def _create_feed(con: duckdb.DuckDBPyConnection, contract: Contract, present: dict[str, str] | None) -> None:
    columns = feed_columns(contract)
    if present is None:
        _create(con, contract.feed, columns)
        _describe(con, contract)
        return
    for name, column_type in columns.items():
        stored = present.get(name)
        if stored is None:
            con.execute(f"ALTER TABLE raw.{contract.feed} ADD COLUMN {identifier(name)} {column_type}")
        elif stored != _full_name(column_type):
            raise ValueError(
                f"raw.{contract.feed}.{name} is stored as {stored} but its contract says {column_type};"
                " take the change back, give the column another name, or land everything anew into an empty warehouse"
            )


def feed_columns(contract: Contract) -> dict[str, str]:
    """Columns of a feed's raw table in order, with their DuckDB types: the contract's, then where the row is from."""
    columns = {name: column.duckdb_type for name, column in contract.columns.items()}
    return columns | {name: column_type for name, (column_type, _) in _PROVENANCE.items()}


def _present(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    rows = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'raw'"
    ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, column_type in rows:
        tables.setdefault(table, {})[column] = column_type
    return tables


def _full_name(column_type: str) -> str:
    return "TIMESTAMP WITH TIME ZONE" if column_type == "TIMESTAMPTZ" else column_type


def _create(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
    written = ", ".join(f"{identifier(name)} {column_type}" for name, column_type in columns.items())
    con.execute(f"CREATE TABLE raw.{table} ({written})")


def _describe(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    con.execute(f"COMMENT ON TABLE raw.{contract.feed} IS {literal(contract.description)}")
    descriptions = {name: column.description for name, column in contract.columns.items()}
    descriptions |= {name: description for name, (_, description) in _PROVENANCE.items()}
    for name, description in descriptions.items():
        con.execute(f"COMMENT ON COLUMN raw.{contract.feed}.{identifier(name)} IS {literal(description)}")
