"""Pseudonyms of one key as those of another, where the identifiers behind them are known once more.

Which identifiers these are is found by `warehouse/rotation.py`, which also writes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import duckdb
import polars as pl

from warehouse.contract import Contracts
from warehouse.landing.forgotten import mark_of
from warehouse.landing.pseudonyms import PseudonymKey, domain_of, pseudonyms
from warehouse.quoting import identifier
from warehouse.transaction import transaction

REMAP = "rekeyed"
"""Table of the connection: of each personal column the old and the new pseudonyms."""


def remap_table(
    con: duckdb.DuckDBPyConnection,
    identifiers: Mapping[str, Iterable[str]],
    old: PseudonymKey,
    new: PseudonymKey,
) -> None:
    """Make REMAP for the connection: of_column, was, becomes."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {REMAP} (of_column VARCHAR, was VARCHAR, becomes VARCHAR)")
    for column, values in identifiers.items():
        ids = sorted(set(values))
        frame = pl.DataFrame(
            {
                "was": pseudonyms(ids, domain=domain_of(column), key=old),
                "becomes": pseudonyms(ids, domain=domain_of(column), key=new),
            },
            schema={"was": pl.String, "becomes": pl.String},
        )
        con.register("rekeyed_rows", frame)
        con.execute(f"INSERT INTO {REMAP} SELECT DISTINCT ?, was, becomes FROM rekeyed_rows", [column])
        con.unregister("rekeyed_rows")


def without_successor(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> int:
    """How many pseudonyms of raw have none in REMAP."""
    count = 0
    for feed, column in _personal(contracts):
        name = identifier(column)
        ((lacking,),) = con.execute(
            f"SELECT count(DISTINCT {name}) FROM raw.{feed} WHERE {name} IS NOT NULL AND {name} NOT IN"
            f" (SELECT was FROM {REMAP} WHERE of_column = ?)",
            [column],
        ).fetchall()
        count += lacking
    return count


def rekey(
    con: duckdb.DuckDBPyConnection,
    contracts: Contracts,
    things: Mapping[str, Iterable[str]],
    old: PseudonymKey,
    new: PseudonymKey,
) -> int:
    """Give every row of raw its new pseudonyms, and the marks of forgotten people new marks; how many rows changed.

    `things` are values of other columns by which rows of the forgotten are known. In one transaction.
    """
    with transaction(con):
        rows = sum(rekeyed_column(con, f"raw.{feed}", column) for feed, column in _personal(contracts))
        for column, pairs in _marks(con, things, old, new).items():
            for was, becomes in pairs:
                con.execute(
                    "UPDATE raw.forgotten SET mark = ? WHERE of_column = ? AND mark = ?",
                    [becomes, column, was],
                )
        con.execute("UPDATE raw.loads SET key_id = ? WHERE key_id = ?", [new.key_id, old.key_id])
        con.execute("DELETE FROM raw.pseudonym_keys")
        con.execute(
            "INSERT INTO raw.pseudonym_keys VALUES (?, ?, ?)",
            [new.key_id, new.check_value(), datetime.now(UTC)],
        )
    return rows


def rekeyed_column(con: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
    """Give a column of a table its new pseudonyms; returns the rows that changed."""
    name = identifier(column)
    ((rows,),) = con.execute(
        f"UPDATE {table} AS t SET {name} = m.becomes FROM {REMAP} AS m WHERE m.was = t.{name} AND m.of_column = ?",
        [column],
    ).fetchall()
    return int(rows)


def _marks(
    con: duckdb.DuckDBPyConnection, things: Mapping[str, Iterable[str]], old: PseudonymKey, new: PseudonymKey
) -> dict[str, list[tuple[str, str]]]:
    """Old and new marks, of the columns of which people or things were forgotten."""
    kept = {column for (column,) in con.execute("SELECT DISTINCT of_column FROM raw.forgotten").fetchall()}
    found: dict[str, list[tuple[str, str]]] = {}
    for column in kept:
        people = con.execute(f"SELECT was, becomes FROM {REMAP} WHERE of_column = ?", [column]).fetchall()
        pairs = people or [(thing, thing) for thing in sorted(set(things.get(column, ())))]
        was = mark_of([one for one, _ in pairs], column, old)
        becomes = mark_of([one for _, one in pairs], column, new)
        there = {
            mark
            for (mark,) in con.execute(
                "SELECT mark FROM raw.forgotten WHERE of_column = ?", [column]
            ).fetchall()
        }
        found[column] = [(one, other) for one, other in zip(was, becomes, strict=True) if one in there]
    return found


def _personal(contracts: Contracts) -> list[tuple[str, str]]:
    return [
        (contract.feed, name)
        for contract in contracts.values()
        for name, column in contract.columns.items()
        if column.personal == "id"
    ]
