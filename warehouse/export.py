"""Published tables as files for other tools, one file a table: Parquet, CSV or Excel.

Which tables are wanted is said by whoever asks; what they mean stands in the catalogue, which is published with them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.csv_text import harmless_sql
from warehouse.folder import Folder
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


@dataclass(frozen=True)
class Exported:
    """What was exported where, as it is noted beside the warehouse."""

    folder: str
    form: Form
    tables: tuple[str, ...]


def note_export(folder: Folder, exported: Exported) -> bool:
    """Note an export, so that it can be written again without a person who is forgotten; whether that could be done."""
    noted = [*(one for one in exports_noted(folder) if one != exported), exported]
    partial = _noted_in(folder).with_suffix(".partial")
    try:
        partial.write_text(json.dumps([asdict(one) for one in noted], indent=1), encoding="utf-8")
        partial.chmod(0o600)
        partial.replace(_noted_in(folder))
    except OSError:
        return False
    return True


def exports_noted(folder: Folder) -> list[Exported]:
    """The exports that were noted, oldest first."""
    try:
        noted = json.loads(_noted_in(folder).read_text(encoding="utf-8"))
    except (FileNotFoundError, PermissionError):
        return []
    return [Exported(one["folder"], one["form"], tuple(one["tables"])) for one in noted]


def write_again(folder: Folder, exported: Exported) -> list[Path]:
    """Write what is still there of an export again, as it is published now; returns the files."""
    target = Path(exported.folder)
    there = [table for table in exported.tables if (target / f"{table}.{exported.form}").exists()]
    if not there or not folder.current.exists():
        return []
    return [path for path, _ in export(folder.current, target, exported.form, there)]


def _noted_in(folder: Folder) -> Path:
    return folder.path / "exports.json"


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
