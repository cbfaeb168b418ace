"""Published tables as files for other tools, one file a table: Parquet, CSV or Excel.

Which tables are wanted is said by whoever asks; what they mean stands in the catalogue, which is published with them.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.csv_text import harmless_sql
from warehouse.quoting import identifier, literal
from warehouse.store import published

Form = Literal["parquet", "csv", "xlsx"]
MOST_SHEET_ROWS = 1_048_575
WRITTEN_BY_DUCKDB = {"parquet": "(FORMAT parquet)", "csv": "(FORMAT csv, HEADER true)"}


class CannotExport(Exception):
    """Nothing was written of what cannot be; the message says what and why."""


def export(current: Path, folder: Path, form: Form, wanted: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """Write the published tables whose names fit one of the patterns `wanted`; yields each file and its rows.

    A file that is there is replaced in one step. Lists and maps become JSON where cells are texts, instants of Excel
    are UTC, and no text of CSV is a formula. Raises CannotExport for a name that fits nothing and for
    a table that is too long for a sheet.
    """
    with published(current) as con:
        tables = _tables(con, wanted)
        if form == "xlsx":
            _refuse_too_long(con, tables)
        folder.mkdir(parents=True, exist_ok=True)
        for table in tables:
            target = folder / f"{table}.{form}"
            partial = target.with_name(f".{target.name}.partial")
            try:
                yield target, _write(con, table, form, partial)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)


def _tables(con: duckdb.DuckDBPyConnection, wanted: Sequence[str]) -> list[str]:
    rows = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY schema_name, table_name"
    ).fetchall()
    there = [name for (name,) in rows]
    for pattern in wanted:
        if not any(fnmatchcase(table, pattern) for table in there):
            near = get_close_matches(pattern, there, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(there)}"
            raise CannotExport(f"there is no published table {pattern}{hint}")
    return [table for table in there if any(fnmatchcase(table, pattern) for pattern in wanted)]


def _refuse_too_long(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    for table in tables:
        ((rows,),) = con.execute(f"SELECT count(*) FROM {_source(table)}").fetchall()
        if rows > MOST_SHEET_ROWS:
            raise CannotExport(
                f"{table} has {rows:,} rows, a sheet of Excel at most {MOST_SHEET_ROWS:,}; export it to parquet or csv"
            )


def _write(con: duckdb.DuckDBPyConnection, table: str, form: Form, path: Path) -> int:
    sql = f"SELECT {_cells(con, table, form)} FROM {_source(table)}"
    if form in WRITTEN_BY_DUCKDB:
        con.execute(f"COPY ({sql}) TO {literal(path)} {WRITTEN_BY_DUCKDB[form]}")
        ((rows,),) = con.execute(f"SELECT count(*) FROM {_source(table)}").fetchall()
        return int(rows)
    frame = con.sql(sql).pl()
    with path.open("wb") as file:
        frame.write_excel(file, worksheet=table[:31], autofit=False)
    return int(frame.height)


def _cells(con: duckdb.DuckDBPyConnection, table: str, form: Form) -> str:
    """The columns of a table, in forms that hold no more than text and numbers as such."""
    cells = []
    for name, dtype, *_ in con.execute(f"DESCRIBE {_source(table)}").fetchall():
        column = identifier(name)
        if form != "parquet" and dtype.endswith(("[]", ")")) and not dtype.startswith("DECIMAL"):
            column = f"to_json({column})::VARCHAR AS {column}"
        elif form == "xlsx" and dtype == "TIMESTAMP WITH TIME ZONE":
            column = f"timezone('UTC', {column}) AS {column}"
        elif form == "csv" and dtype == "VARCHAR":
            column = f"{harmless_sql(column)} AS {column}"
        cells.append(column)
    return ", ".join(cells)


def _source(table: str) -> str:
    return ".".join(map(identifier, table.split(".")))
