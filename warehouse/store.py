"""An open warehouse: the tables of the build, and what holds for all who write them.

What goes into the tables is landed, transformed and published elsewhere; how the files are opened is in opening.py.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
from polars.io.plugins import register_io_source

from warehouse.buckets import Bucketed, written_in_buckets
from warehouse.compaction import compact
from warehouse.damage import set_aside
from warehouse.folder import Folder
from warehouse.formats import taken_over
from warehouse.modes import PRIVATE_UMASK, Readers, keep_private
from warehouse.opening import (
    UNPUBLISHED,
    attach_raw,
    attach_state,
    opened_build,
    rebuilding,
    refuse_damaged_raw,
    tells_damage,
)
from warehouse.publish import PARTIAL, clear_unfinished
from warehouse.replacing import replace_keys
from warehouse.state import CHANGES, State
from warehouse.transaction import transaction

EXPLAIN = "EXPLAIN "
_MADE_SCHEMAS = ("core", "kpi", "index", "marts")
BUILT_SCHEMAS = (*_MADE_SCHEMAS, "catalog", UNPUBLISHED)
_MANY_ROWS = 100_000
"""From so many on the room of what is replaced is worth having again at once."""
_OWN_SHARE = 0.4
"""Of the memory that a run may take, DuckDB's part; the rest is for what is worked on outside of it."""


class BuildDamaged(Exception):
    """The build turned out damaged and was set aside; the next run makes it anew."""


class Store:
    """An open build: `build.duckdb` with `raw` attached, `known`, `latest` and `staging` held in memory.

    `raw.claim_events` and `staging.claim_events` resolve because each is a database of its own; staging
    models are views there and so are never part of a published file. What is kept for the next run is `state`.
    """

    def __init__(
        self, folder: Folder, *, memory_limit_gib: int | None = None, readers: Readers = "group"
    ) -> None:
        folder.path.mkdir(parents=True, exist_ok=True)
        self.folder, self.readers = folder, readers
        _sweep(folder)
        self.notices = keep_private(folder, readers)
        """What a user should know of the opening, a sentence each."""
        # Of all that a run writes, DuckDB's logs and Dagster's too.
        self._umask = os.umask(PRIVATE_UMASK)
        folder.scratch.mkdir(mode=0o700)
        self._in_transaction = False
        self._reading = Lock()  # several tables may be scanned at once, and the connection reads one
        try:
            self.con = opened_build(folder.build, folder.scratch, self.notices.append)
        except BaseException:
            os.umask(self._umask)
            raise
        self.con.execute(f"SET temp_directory = '{_quoted(folder.scratch)}'")
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute(
            "SET enable_progress_bar = false"
        )  # how far a run is, is drawn by whoever started it
        if memory_limit_gib is not None:
            self.con.execute(f"SET memory_limit = '{_OWN_SHARE * memory_limit_gib * 1024:.0f}MiB'")
        try:
            if not folder.raw.exists() and folder.current.exists():
                self.notices.append(_lost(folder))
            attach_raw(self.con, folder.raw, folder.scratch)
            attach_state(self.con, folder.state, folder.scratch, self.notices.append)
        except BaseException:
            self.close()
            raise
        for session in ("known", "latest", "staging"):
            self.con.execute(f"ATTACH ':memory:' AS {session}")
        for schema in BUILT_SCHEMAS:
            self.con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        self.con.execute(f"CREATE TABLE IF NOT EXISTS {CHANGES} (table_name VARCHAR, stamp UUID)")
        try:
            self.notices += taken_over(self.con)
        except BaseException:
            self.close()
            raise
        self.state = State(self.con)
        """What is kept between runs and never published."""

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files; the build is checkpointed."""
        self.con.close()
        os.umask(self._umask)
        _sweep(self.folder)

    @contextmanager
    def damage_set_aside(self) -> Iterator[None]:
        """Put build and state out of the way if something in the block finds one damaged; the store is closed then.

        Raises BuildDamaged, after which a new run makes the build anew, or LandingZoneDamaged.
        """
        try:
            yield
        except duckdb.Error as error:
            if not tells_damage(error):
                raise
            self.close()
            refuse_damaged_raw(self.folder.raw)
            build, state = self.folder.build, self.folder.state
            if state.exists():
                set_aside(state)  # it tells of the build, and may be what is damaged
            raise BuildDamaged(rebuilding(build, set_aside(build), error)) from None

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

    def scan(self, table: str) -> pl.LazyFrame:
        """All rows of a table or view, of which only the columns that are asked for are read, and held from then on."""
        schema, held = self.empty(table).schema, pl.DataFrame()

        def columns_of(wanted: Sequence[str]) -> pl.DataFrame:
            nonlocal held
            if not set(wanted) <= set(held.columns):
                every = [name for name in schema if name in {*wanted, *held.columns}]
                held = self.query(f"SELECT {', '.join(map(_identifier, every))} FROM {_identifier(table)}")
            return held.select(wanted)

        return self._scanned(schema, columns_of)

    def scan_in_parts(self, table: str, most_rows: int) -> list[pl.LazyFrame]:
        """The rows of a table of the build in parts, of which the columns asked for are read each time anew."""
        schema, rows = self.empty(table).schema, self.count(table)

        def part(first: int) -> pl.LazyFrame:
            here = f"FROM {_identifier(table)} WHERE rowid BETWEEN {first} AND {first + most_rows - 1}"
            return self._scanned(
                schema, lambda wanted: self.query(f"SELECT {', '.join(map(_identifier, wanted))} {here}")
            )

        return [part(first) for first in range(0, max(rows, 1), most_rows)]

    def _scanned(
        self, schema: pl.Schema, columns_of: Callable[[Sequence[str]], pl.DataFrame]
    ) -> pl.LazyFrame:
        def read(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            with self._reading:
                rows = columns_of(list(schema) if columns is None else columns)
            rows = rows.head(rows.height if n_rows is None else n_rows)
            yield rows if predicate is None else rows.filter(predicate)

        return register_io_source(read, schema=schema)

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
        room = self._rows_about(table)
        with self.changing(table):
            self.con.execute(f"CREATE OR REPLACE TABLE {_identifier(table)} AS {source}")
        if room > _MANY_ROWS and not self._in_transaction:
            self.con.execute("CHECKPOINT")  # so that the next table is written where this one's rows were
        return self.count(table)

    def replace_by_parts(self, table: str, parts: Iterable[pl.DataFrame]) -> int:
        """Make the table anew from frames of the same columns, one after the other; returns its row count."""
        with self.changing(table):
            for number, rows in enumerate(parts):
                begin = f"INSERT INTO {_identifier(table)}"
                if number == 0:
                    begin = f"CREATE OR REPLACE TABLE {_identifier(table)} AS"
                self.con.execute(f"{begin} {self._source(rows)}")
                self.con.unregister("incoming_rows")
        return self.count(table)

    def write_buckets(self, table: str, keys: tuple[str, ...], folder: Path, count: int) -> Bucketed:
        """Write a table or view into a folder, in so many buckets of its keys."""
        return written_in_buckets(self.con, table, keys, folder, count)

    def rows_in_force(self) -> dict[str, int]:
        """How many rows of each feed are in force; several may be versions of one record."""
        found = self.con.execute("SELECT feed, sum(rows_in_force)::BIGINT FROM latest.in_force GROUP BY feed")
        return dict(found.fetchall())

    def replace_rows(
        self, table: str, content: pl.DataFrame, column: str, values: Sequence[date] | Sequence[str]
    ) -> int:
        """Replace the rows whose `column` is one of `values`, all or none; returns the number of new rows.

        Creates the table if it is not there; makes it anew if its columns have changed.
        """
        if not self.exists(table) or list(self.columns(table)) != content.columns:
            return self.replace(table, content)
        source = self._source(content)
        with self.changing(table):
            delete = f'DELETE FROM {_identifier(table)} WHERE "{column}" IN (SELECT unnest(?))'
            self.con.execute(delete, [list(values)])
            self.con.execute(f"INSERT INTO {_identifier(table)} {source}")
        return content.height

    def replace_keys(self, table: str, content: pl.DataFrame, keys: pl.DataFrame) -> None:
        """Put rows in the place of those whose values in the columns of `keys` are among its rows, all or none."""
        with self.changing(table):
            replace_keys(self.con, _identifier(table), content, keys)

    @contextmanager
    def changing(self, table: str) -> Iterator[None]:
        """Change rows of a table, all or none; what was kept of it in `state` then holds no longer."""
        with self.transaction():
            yield
            if table.partition(".")[0] in _MADE_SCHEMAS:
                self.con.execute(f"DELETE FROM {CHANGES} WHERE table_name = ?", [table])
                self.con.execute(f"INSERT INTO {CHANGES} VALUES (?, uuid())", [table])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done to the build in the block, or nothing; one inside another is part of it."""
        if self._in_transaction:
            yield
            return
        self._in_transaction = True
        try:
            with transaction(self.con):
                yield
        finally:
            self._in_transaction = False

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
            self.con.execute(f"DELETE FROM {CHANGES} WHERE table_name = ?", [table])
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

    def compact(self) -> None:
        """Write everything into the build file, so that a file copy is whole and holds little else."""
        compact(self.con)

    def _rows_about(self, table: str) -> int:
        """How many rows a table of the build has, about; 0 if there is none."""
        schema, _, name = table.partition(".")
        found = self.con.execute(
            "SELECT estimated_size FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
            " AND database_name = current_database()",
            [schema, name],
        ).fetchall()
        return int(found[0][0]) if found else 0

    def _source(self, content: pl.DataFrame | str) -> str:
        if isinstance(content, str):
            return content
        self.con.register("incoming_rows", content)
        return "SELECT * FROM incoming_rows"


def _lost(folder: Folder) -> str:
    return (
        f"{folder.raw} is not there, though something was published: what was landed is lost, and what still lies in "
        "files is landed anew. To put back a backup instead: policypulse restore DIR"
    )


def _sweep(folder: Folder) -> None:
    """Remove what runs write along the way, including what a killed one left behind."""
    shutil.rmtree(folder.scratch, ignore_errors=True)
    # Where releases before this one spilled.
    shutil.rmtree(folder.path / f"{folder.build.name}.tmp", ignore_errors=True)
    for partial in folder.path.glob(f"*{PARTIAL}*"):
        partial.unlink()
    clear_unfinished(folder)


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


@contextmanager
def published(current: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published version, opened read-only."""
    with duckdb.connect(str(current.resolve(strict=True)), read_only=True) as con:
        yield con


def read_published(current: Path, sql: str) -> pl.DataFrame:
    """The rows of a query on the published version; it can read and write no other file."""
    with published(current) as con:
        con.execute("SET enable_external_access = false; SET lock_configuration = true")
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
