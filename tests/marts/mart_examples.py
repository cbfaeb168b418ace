"""Worked examples of marts: small tables as text, the mart's own SELECT over them, and its rows as text again.

Columns are apart by two spaces or more, `-` is empty; columns of a table that the text does not name are empty.
"""

import re
from collections.abc import Mapping

import duckdb
import polars as pl

from orchestration.models import models
from warehouse.history import LEDGERS


def mart(name: str, tables: Mapping[str, str], **every: str) -> pl.DataFrame:
    """The rows of the mart over these tables; those it reads and the text does not give are empty.

    `every` says what stands in a column wherever the text of a table does not name it.
    """
    node = models()[f"marts.{name}"]
    with duckdb.connect() as con:
        for table in node.reads:
            schema, _, _ = table.partition(".")
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            con.execute(f"CREATE TABLE {table} ({_columns(table)})")
            empty = con.table(table).pl()
            if table in tables:
                texts = _texts(tables[table])
                unnamed = {
                    c: pl.lit(text) for c, text in every.items() if c in set(empty.columns) - {*texts.columns}
                }
                con.register("texts", texts.with_columns(**unnamed))
                con.execute(f"INSERT INTO {table} BY NAME FROM texts")
        return con.sql(node.model.sql).pl()


def shown(rows: pl.DataFrame, columns: str) -> list[list[str]]:
    """The named columns of the rows as text, numbers to six digits."""
    return [[_text(value) for value in row] for row in rows.select(columns.split()).rows()]


def cells(text: str) -> list[list[str]]:
    """The lines of a text table."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]


def assert_rows(rows: pl.DataFrame, expected: str) -> None:
    """The rows, in any order, have just these values in the columns that the first line names."""
    header, *lines = cells(expected)
    assert sorted(shown(rows, " ".join(header))) == sorted(lines)


def _columns(table: str) -> str:
    """The columns of a table as SQL creates them; those of what was last published are of its ledger."""
    last_said = {ledger.last_said: ledger.types for ledger in LEDGERS}
    if table in last_said:
        return ", ".join(f"{name} {kind}" for name, kind in last_said[table].items())
    with duckdb.connect() as con:
        con.register("empty", models()[table].model.schema.to_frame())
        return ", ".join(f'"{name}" {kind}' for name, kind, *_ in con.sql("DESCRIBE FROM empty").fetchall())


def _texts(table: str) -> pl.DataFrame:
    header, *lines = cells(table)
    return pl.DataFrame(
        [[None if text == "-" else text for text in line] for line in lines],
        schema=dict.fromkeys(header, pl.String),
        orient="row",
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
