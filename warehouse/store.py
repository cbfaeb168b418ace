"""The only place that connects to DuckDB: one writer at a time, its files, its locks, its tables.

What goes into the tables is landed, transformed and published elsewhere; here is how it is stored.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from warehouse.damage import set_aside

EXPLAIN = "EXPLAIN "
# What is published is a copy of the build; from this version of DuckDB on it can be opened.
READABLE_FROM = "v1.2.0"
BUILT_SCHEMAS = ("core", "kpi", "index", "marts", "catalog")


class WarehouseBusy(Exception):
    """Another run holds the warehouse."""


class BuildDamaged(Exception):
    """The build turned out damaged and was set aside; the next run makes it anew."""


class LandingZoneDamaged(Exception):
    """The raw database cannot be read; only a backup or the files it was landed from can restore it."""


@dataclass(frozen=True)
class Folder:
    """Where the files of one warehouse lie."""

    path: Path

    @property
    def raw(self) -> Path:
        """The landing zone: append-only, the truth."""
        return self.path / "raw.duckdb"

    @property
    def build(self) -> Path:
        """Everything derived from raw; losing it loses nothing."""
        return self.path / "build.duckdb"

    @property
    def versions(self) -> Path:
        """Immutable published copies of the build."""
        return self.path / "versions"

    @property
    def current(self) -> Path:
        """Symlink to the version that analysts read."""
        return self.path / "current.duckdb"

    @property
    def current_site(self) -> Path:
        """The symlink to the pages of the version that readers see; absent where it has none."""
        return self.path / "current-site"

    @property
    def scratch(self) -> Path:
        """What is written on the way and may hold clear identifiers: there during a run only, for its owner only."""
        return self.path / "scratch"


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    """Hold the warehouse for writing; raises WarehouseBusy at once, naming who holds it."""
    folder.path.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(os.pread(handle, 200, 0))
            raise WarehouseBusy(
                f"another run holds the warehouse {folder.path} ({holder}); wait for it to end"
            ) from None
        os.ftruncate(handle, 0)
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(content: bytes) -> str:
    try:
        who = json.loads(content)
        return f"process {who['pid']} since {who['since']}"
    except (ValueError, KeyError):
        return "it has just started"


class Store:
    """An open build: `build.duckdb` with `raw` attached, `known`, `latest` and `staging` held in memory.

    `raw.claim_events` and `staging.claim_events` resolve because each is a database of its own; staging
    models are views there and so are never part of a published file.
    """

    def __init__(self, folder: Folder, *, memory_limit_gib: int | None = None) -> None:
        folder.path.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.notices: list[str] = []
        """What a user should know of the opening, a sentence each."""
        _sweep(folder)
        folder.scratch.mkdir(mode=0o700)
        self.con = self._opened_build()
        self.con.execute(f"SET temp_directory = '{_quoted(folder.scratch)}'")
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute(
            "SET enable_progress_bar = false"
        )  # how far a run is, is drawn by whoever started it
        if memory_limit_gib is not None:
            self.con.execute(f"SET memory_limit = '{int(memory_limit_gib)}GiB'")
        self._attach_raw()
        for session in ("known", "latest", "staging"):
            self.con.execute(f"ATTACH ':memory:' AS {session}")
        for schema in BUILT_SCHEMAS:
            self.con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files; the build is checkpointed."""
        self.con.close()
        _sweep(self.folder)

    @contextmanager
    def damage_set_aside(self) -> Iterator[None]:
        """Put the build out of the way if something in the block finds it damaged; the store is closed then.

        Raises BuildDamaged, after which a new run makes the build anew, or LandingZoneDamaged.
        """
        try:
            yield
        except duckdb.Error as error:
            if not _tells_damage(error):
                raise
            self.close()
            _refuse_damaged_raw(self.folder.raw)
            build = self.folder.build
            raise BuildDamaged(_rebuilding(build, set_aside(build), error)) from None

    def _opened_build(self) -> duckdb.DuckDBPyConnection:
        build = self.folder.build
        try:
            return self._opened_readable_build()
        except duckdb.Error as error:
            if _held_elsewhere(error):
                raise WarehouseBusy(
                    f"{build} is open in another program ({error}); close it there: analysts read current.duckdb"
                ) from None
            if not (build.is_file() and os.access(build, os.R_OK | os.W_OK)):
                raise
            self.notices.append(_rebuilding(build, set_aside(build), error))
            return self._opened_readable_build()

    def _opened_readable_build(self) -> duckdb.DuckDBPyConnection:
        """The build, made where there is none; one of a storage that older clients cannot open is copied once."""
        build = self.folder.build
        if not build.exists():
            _create_readable(build)
        con = duckdb.connect(str(build))
        ((tags,),) = con.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()"
        ).fetchall()
        if tags["storage_version"].startswith(READABLE_FROM):
            return con
        con.close()
        copy = self.folder.scratch / build.name
        _create_readable(copy, source=build)
        copy.replace(build)
        self.notices.append(
            f"{build} has been copied into another storage: what is published opens in DuckDB {READABLE_FROM} and later"
        )
        return duckdb.connect(str(build))

    def _attach_raw(self) -> None:
        raw = self.folder.raw
        try:
            self.con.execute(f"ATTACH '{_quoted(raw)}' AS raw")
        except duckdb.Error as error:
            self.close()
            if _held_elsewhere(error):
                raise WarehouseBusy(f"{raw} is open in another program ({error}); close it there") from None
            raise _raw_damaged(raw, error) from None

    def set_as_of(self, as_of: date, time_zone: str) -> None:
        """Tell SQL models up to which instant records count: the end of the day `as_of`."""
        ends_at = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), ZoneInfo(time_zone))
        self.replace("staging.as_of", pl.DataFrame({"as_of": [as_of], "ends_at": [ends_at.astimezone(UTC)]}))

    def create_view(self, name: str, sql: str) -> None:
        """Make the staging model `name` a view of this session."""
        self.con.execute(f"CREATE OR REPLACE VIEW {_identifier(name)} AS {sql}")

    def read(self, table: str) -> pl.DataFrame:
        """All rows of a table or view."""
        return self.query(f"SELECT * FROM {_identifier(table)}")

    def query(self, sql: str) -> pl.DataFrame:
        """The rows of a query."""
        rows: pl.DataFrame = self.con.sql(sql).pl()
        return rows

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table or view and their DuckDB types."""
        rows = self.con.execute(f"DESCRIBE {_identifier(table)}").fetchall()
        return {row[0]: row[1] for row in rows}

    def empty(self, table: str) -> pl.DataFrame:
        """The table's columns without a row."""
        return self.query(f"SELECT * FROM {_identifier(table)} LIMIT 0")

    def replace(self, table: str, content: pl.DataFrame | str) -> int:
        """Make the table anew from a frame or a SELECT; returns its row count."""
        source = self._source(content)
        self.con.execute(f"CREATE OR REPLACE TABLE {_identifier(table)} AS {source}")
        return self.count(table)

    def replace_rows(
        self, table: str, content: pl.DataFrame, column: str, values: Sequence[date] | Sequence[str]
    ) -> int:
        """Replace the rows whose `column` is one of `values`, all or none; returns the number of new rows.

        Creates the table if it is not there; makes it anew if its columns have changed.
        """
        if not self.exists(table) or list(self.columns(table)) != content.columns:
            return self.replace(table, content)
        source = self._source(content)
        self.con.execute("BEGIN")
        try:
            delete = f'DELETE FROM {_identifier(table)} WHERE "{column}" IN (SELECT unnest(?))'
            self.con.execute(delete, [list(values)])
            self.con.execute(f"INSERT INTO {_identifier(table)} {source}")
            self.con.execute("COMMIT")
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        return content.height

    def drop_all_but(self, tables: Collection[str], schemas: Sequence[str]) -> list[str]:
        """Drop the tables of some schemas that are not among `tables`: what nobody makes any more; returns them."""
        found = self.con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
            " WHERE database_name = current_database() AND schema_name IN (SELECT unnest(?))",
            [list(schemas)],
        ).fetchall()
        dropped = [table for (table,) in found if table not in tables]
        for table in dropped:
            self.con.execute(f"DROP TABLE {_identifier(table)}")
        return dropped

    def wrong_with(self, sql: str) -> tuple[int, str] | None:
        """Why a SELECT cannot run on the tables as they are, and on which of its lines; None if it can.

        The query is bound, not run.
        """
        self.con.execute("SET errors_as_json = true")
        try:
            self.con.execute(f"{EXPLAIN}{sql}")
        except duckdb.Error as error:
            return _told(error, sql)
        finally:
            self.con.execute("SET errors_as_json = false")
        return None

    def exists(self, table: str) -> bool:
        """Whether the build has the table."""
        schema, _, name = table.partition(".")
        found = self.con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
            " AND database_name = current_database()",
            [schema, name],
        ).fetchall()
        return bool(found)

    def count(self, table: str) -> int:
        """Number of rows."""
        ((rows,),) = self.con.execute(f"SELECT count(*) FROM {_identifier(table)}").fetchall()
        return int(rows)

    def comment(self, table: str, description: str, columns: Mapping[str, str]) -> None:
        """Put the description of a table and of its columns into the file itself."""
        name = _identifier(table)
        comments = [f"COMMENT ON TABLE {name} IS '{_quoted(description)}'"] + [
            f"COMMENT ON COLUMN {name}.\"{column}\" IS '{_quoted(columns[column])}'"
            for column in self.columns(table)
            if columns.get(column)
        ]
        # Each statement alone would be a commit of its own, and wait for the disk.
        self.con.execute(f"BEGIN; {'; '.join(comments)}; COMMIT")

    def checkpoint(self) -> None:
        """Write everything into the build file, so that a file copy is whole."""
        self.con.execute("CHECKPOINT")

    def _source(self, content: pl.DataFrame | str) -> str:
        if isinstance(content, str):
            return content
        self.con.register("incoming_rows", content)
        return "SELECT * FROM incoming_rows"


def _sweep(folder: Folder) -> None:
    """Remove what runs write along the way, including what a killed one left behind."""
    shutil.rmtree(folder.scratch, ignore_errors=True)
    # Where releases before this one spilled.
    shutil.rmtree(folder.path / f"{folder.build.name}.tmp", ignore_errors=True)
    for partial in folder.versions.glob("*.partial"):
        partial.unlink()


def _create_readable(path: Path, source: Path | None = None) -> None:
    """Create a database in the storage that older clients read, with all that `source` holds if there is one."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{_quoted(path)}' AS created (STORAGE_VERSION '{READABLE_FROM}')")
        if source:
            con.execute(f"ATTACH '{_quoted(source)}' AS source (READ_ONLY)")
            con.execute("COPY FROM DATABASE source TO created")
        con.execute("CHECKPOINT created")


def _told(error: duckdb.Error, sql: str) -> tuple[int, str]:
    """The line of a query that DuckDB cannot bind, and what it says of it."""
    try:
        told = json.loads(str(error).partition(": ")[2])
    except ValueError:
        return 1, str(error).splitlines()[0]
    before = sql.encode()[: max(int(told.get("position", 0)) - len(EXPLAIN), 0)]
    reason, *rest = str(told["exception_message"]).splitlines()
    hints = [line for line in rest if line.startswith(("Did you mean", "Candidate bindings"))]
    return before.count(b"\n") + 1, " ".join([reason, *hints])


def _held_elsewhere(error: duckdb.Error) -> bool:
    return "lock on file" in str(error)


def _tells_damage(error: duckdb.Error) -> bool:
    signs = ("Corrupt database file", "Could not read enough bytes", "Failed to deserialize", "FATAL Error")
    return isinstance(error, duckdb.SerializationException) or any(sign in str(error) for sign in signs)


def _refuse_damaged_raw(raw: Path) -> None:
    """Read the whole landing zone; raises LandingZoneDamaged where that fails."""
    try:
        with duckdb.connect(str(raw), read_only=True) as con:
            for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                con.execute(f"SELECT count(hash(rows)) FROM {_identifier(table)} AS rows").fetchall()
    except duckdb.Error as error:
        raise _raw_damaged(raw, error) from None


def _raw_damaged(raw: Path, reason: object) -> LandingZoneDamaged:
    return LandingZoneDamaged(
        f"{raw} cannot be read ({reason}). It holds all that was landed: put back its backup; or move it away and "
        "run again, which lands anew every file that is still there"
    )


def _rebuilding(build: Path, aside: Path, reason: object) -> str:
    return f"{build} could not be read ({reason}); it is set aside as {aside.name} and made anew from what was landed"


@contextmanager
def published(current: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published version, opened read-only."""
    with duckdb.connect(str(current.resolve(strict=True)), read_only=True) as con:
        yield con


def read_published(current: Path, sql: str) -> pl.DataFrame:
    """The rows of a query on the published version."""
    with published(current) as con:
        found = con.sql(sql)
        if found is None:
            raise duckdb.InvalidInputException("this statement has no rows to show; write a SELECT")
        rows: pl.DataFrame = found.pl()
        return rows


@contextmanager
def both_published(old: Path, new: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two published files on one connection, read-only, as the databases `old` and `new`."""
    with duckdb.connect() as con:
        for name, path in (("old", old), ("new", new)):
            con.execute(f"ATTACH '{_quoted(path.resolve(strict=True))}' AS {name} (READ_ONLY)")
        yield con


@contextmanager
def passing_landing_zone() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty landing zone `raw` in memory; nothing of it outlives the block or touches a disk."""
    with duckdb.connect() as con:
        con.execute("SET temp_directory = ''")
        con.execute("SET TimeZone = 'UTC'")
        con.execute("ATTACH ':memory:' AS raw")
        yield con


def _identifier(table: str) -> str:
    return ".".join(f'"{part}"' for part in table.split("."))


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
