"""How the databases of a warehouse are opened: made where there are none, set aside or refused where damaged.

What is done with an open one is in store.py.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from warehouse.damage import set_aside
from warehouse.folder import WarehouseBusy
from warehouse.quoting import identifier, literal
from warehouse.refused import DiskRefuses, is_refusal
from warehouse.refused import told as refusal_told

# What is published is a copy of the build; from this version of DuckDB on it can be opened.
READABLE_FROM = "v1.2.0"
UNPUBLISHED = "unpublished"
"""Schema of the build that no published copy has."""

Told = Callable[[str], None]
_Opened = TypeVar("_Opened")


class LandingZoneDamaged(Exception):
    """The raw database cannot be read; only a backup or the files it was landed from can restore it."""


def opened_build(build: Path, scratch: Path, told: Told) -> duckdb.DuckDBPyConnection:
    """The build, made where there is none or none that can be read; `told` is called with what was done to it.

    Raises WarehouseBusy where another program has it open.
    """
    return _made_anew_if_damaged(build, lambda: _readable(build, scratch, told), told)


def attach_state(con: duckdb.DuckDBPyConnection, state: Path, scratch: Path, told: Told) -> None:
    """Attach what is kept between runs as `state`, as `opened_build` opens the build."""

    def attach() -> None:
        _create(state, scratch)
        con.execute(f"ATTACH {literal(state)} AS state")

    _made_anew_if_damaged(state, attach, told)


def attach_raw(con: duckdb.DuckDBPyConnection, raw: Path, scratch: Path) -> None:
    """Attach the landing zone as `raw`, made where there is none; raises WarehouseBusy or LandingZoneDamaged."""
    try:
        _create(raw, scratch)
        con.execute(f"ATTACH {literal(raw)} AS raw")
    except duckdb.Error as error:
        raise of_raw(raw, error) from None


def refuse_damaged_raw(raw: Path) -> None:
    """Read the whole landing zone; raises LandingZoneDamaged where that fails."""
    try:
        read_whole(raw)
    except duckdb.Error as error:
        raise of_raw(raw, error) from None


def read_whole(database: Path) -> None:
    """Read all rows of all tables of a database, by which DuckDB holds every block to its checksum."""
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        for schema, table in tables:
            con.execute(
                f"SELECT count(hash(rows)) FROM {identifier(schema)}.{identifier(table)} AS rows"
            ).fetchall()


def tells_damage(error: duckdb.Error) -> bool:
    """Whether DuckDB says that a file is damaged, and not that something was asked wrongly or the disk is full."""
    if is_refusal(error):
        return False
    signs = ("Corrupt database file", "Could not read enough bytes", "Failed to deserialize", "FATAL Error")
    return isinstance(error, duckdb.SerializationException) or any(sign in str(error) for sign in signs)


def rebuilding(path: Path, aside: Path, reason: object) -> str:
    """What a user should know of a file that was set aside."""
    return f"{path} could not be read ({reason}); it is set aside as {aside.name} and made anew from what was landed"


def _made_anew_if_damaged(path: Path, opened: Callable[[], _Opened], told: Told) -> _Opened:
    try:
        return opened()
    except duckdb.Error as error:
        if _held_elsewhere(error):
            raise WarehouseBusy(
                f"{path} is open in another program ({error}); close it there: analysts read current.duckdb"
            ) from None
        if is_refusal(error) or not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
            raise
        told(rebuilding(path, set_aside(path), error))
        return opened()


def _readable(build: Path, scratch: Path, told: Told) -> duckdb.DuckDBPyConnection:
    """The build, made where there is none; one of a storage that older clients cannot open is copied once."""
    if not build.exists():
        created = scratch / build.name
        create_readable(created)
        created.replace(build)
    con = duckdb.connect(str(build))
    ((tags,),) = con.execute(
        "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    if tags["storage_version"].startswith(READABLE_FROM):
        return con
    con.close()
    copy = scratch / build.name
    create_readable(copy, source=build)
    copy.replace(build)
    told(
        f"{build} has been copied into another storage: what is published opens in DuckDB {READABLE_FROM} and later"
    )
    return duckdb.connect(str(build))


def _create(path: Path, scratch: Path) -> None:
    """Create an empty database where there is none, whole or not at all: a part of one could not be read again."""
    if path.exists():
        return
    created = scratch / path.name
    duckdb.connect(str(created)).close()
    created.replace(path)


def create_readable(path: Path, source: Path | None = None) -> None:
    """Create a database in the storage that older clients read, with all that `source` holds if there is one."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH {literal(path)} AS created (STORAGE_VERSION '{READABLE_FROM}')")
        if source:
            con.execute(f"ATTACH {literal(source)} AS source (READ_ONLY)")
            con.execute("COPY FROM DATABASE source TO created")
        con.execute("CHECKPOINT created")


def leave_out_unpublished(copy: Path) -> None:
    """Take out of a copy of the build what is not to be published."""
    with duckdb.connect(str(copy)) as con:
        con.execute(f"DROP SCHEMA IF EXISTS {UNPUBLISHED} CASCADE")


def _held_elsewhere(error: duckdb.Error) -> bool:
    return "lock on file" in str(error)


def of_raw(raw: Path, error: duckdb.Error) -> Exception:
    """What to raise where the landing zone cannot be opened or read."""
    if is_refusal(error):
        return DiskRefuses(refusal_told(error))
    if _held_elsewhere(error):
        return WarehouseBusy(f"{raw} is open in another program ({error}); close it there")
    return LandingZoneDamaged(
        f"{raw} cannot be read ({error}). It holds all that was landed: put back a backup with `policypulse restore "
        "DIR`; without one, move it away and run again, which lands anew every file that is still there"
    )
