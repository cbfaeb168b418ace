"""People taken out of every file of a warehouse: raw and the published versions are written anew, the build goes.

A file that is written anew has no free blocks in which something could stay. What a disk keeps of files that are gone
is the operator's affair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from warehouse.contract import Contracts
from warehouse.folder import Folder, log_of
from warehouse.landing.forgotten import Forgotten, Gone, forget_in_raw, people
from warehouse.landing.pseudonyms import PseudonymKey
from warehouse.landing.raw_tables import create_raw
from warehouse.modes import PRIVATE_UMASK, Readers, let_read
from warehouse.opening import attach_raw, create_readable
from warehouse.publish import versions
from warehouse.quoting import identifier, literal, literals

_MADE_OF_CASES = ("core", "marts")


def forget(
    folder: Folder,
    ids: Sequence[str],
    *,
    column: str,
    key: PseudonymKey,
    contracts: Contracts,
    readers: Readers,
) -> tuple[Forgotten, list[Gone], list[Path]]:
    """Forget people in a locked warehouse; returns whom, what was taken out of raw, and the versions written anew.

    Can be repeated if it is interrupted: each file is replaced in one step. Raises ValueError for a column that is
    nobody's, and LandingZoneDamaged.
    """
    umask = os.umask(PRIVATE_UMASK)
    try:
        with duckdb.connect() as con:
            attach_raw(con, folder.raw, folder.scratch)
            create_raw(con, contracts)
            forgotten = people(con, ids, column, key, contracts)
            gone = forget_in_raw(con, forgotten, key, contracts)
        write_anew(folder.raw)
        drop_what_is_made(folder)
        changed = [version for version in versions(folder) if _without(version, forgotten, readers)]
    finally:
        os.umask(umask)
    return forgotten, gone, changed


def drop_what_is_made(folder: Folder) -> None:
    """Delete the build and what is kept between runs: they hold what raw held, and the next run makes them anew."""
    for made in (folder.build, folder.state):
        for path in (made, log_of(made)):
            path.unlink(missing_ok=True)


def write_anew(raw: Path) -> None:
    """Write the landing zone into a new file, which has no free blocks, and replace it."""
    partial = raw.with_suffix(".partial")
    # The log of one that was killed would become part of the new.
    for path in (partial, log_of(partial)):
        path.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(
            f"ATTACH {literal(raw)} AS old; ATTACH {literal(partial)} AS new; COPY FROM DATABASE old TO new"
        )
        con.execute("CHECKPOINT new")
    partial.replace(raw)


def version_written_anew(
    version: Path, readers: Readers, change: Callable[[duckdb.DuckDBPyConnection], bool]
) -> bool:
    """Replace a published version by a copy in which `change`, which says whether there was any, has been made."""
    copy, partial = version.with_suffix(".changing.partial"), version.with_suffix(".partial")
    try:
        create_readable(copy, source=version)
        with duckdb.connect(str(copy)) as con:
            if not change(con):
                return False
        # What was deleted may lie in free blocks of the copy, which a copy of the copy has none of.
        create_readable(partial, source=copy)
        let_read(partial, readers)
        partial.replace(version)
    finally:
        for path in (copy, partial):
            path.unlink(missing_ok=True)
            log_of(path).unlink(missing_ok=True)
    return True


def _without(version: Path, forgotten: Forgotten, readers: Readers) -> bool:
    """Write a version without people; whether it held them."""
    with duckdb.connect(str(version), read_only=True) as con:
        changes = [
            change
            for table, is_one, change in _changes(con, forgotten)
            if con.execute(f"SELECT 1 FROM {table} WHERE {is_one} LIMIT 1").fetchall()
        ]
    if not changes:
        return False

    def carry_out(con: duckdb.DuckDBPyConnection) -> bool:
        con.execute("; ".join(changes))
        return True

    return version_written_anew(version, readers, carry_out)


def _changes(con: duckdb.DuckDBPyConnection, forgotten: Forgotten) -> Iterator[tuple[str, str, str]]:
    """Table, condition and SQL of each change: rows of people are deleted, of rows of others their values."""
    columns: dict[str, list[str]] = {}
    for schema, table, column in con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() JOIN duckdb_tables()"
        " USING (schema_name, table_name) WHERE data_type = 'VARCHAR' ORDER BY ALL"
    ).fetchall():
        if schema in _MADE_OF_CASES:
            columns.setdefault(f"{identifier(schema)}.{identifier(table)}", []).append(column)
    for name, names in columns.items():
        if theirs := forgotten.row_is_theirs(names):
            yield name, theirs, f"DELETE FROM {name} WHERE {theirs}"
        for column in map(identifier, names):
            is_one = f"{column} IN ({literals(forgotten.pseudonyms)})"
            yield name, is_one, f"UPDATE {name} SET {column} = NULL WHERE {is_one}"
