"""Queries on the insurer's own databases: how they are sent, and what people are told where no answer comes.

What becomes of the rows is decided as for files, in readers.py and land_arrival.py; no message holds a password.
"""

from __future__ import annotations

import hashlib
import io
import socket
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from warehouse.landing.errors import LandingError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from warehouse.landing.mapping import DatabaseSource

_ANSWERS_WITHIN_SECONDS = 5
_PORTS = {
    "postgresql": 5432,
    "postgres": 5432,
    "redshift": 5439,
    "mysql": 3306,
    "mssql": 1433,
    "oracle": 1521,
}
_DIALECTS = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "redshift": "redshift",
    "mysql": "mysql",
    "mssql": "tsql",
    "oracle": "oracle",
}


def query_label(database: DatabaseSource) -> str:
    """A database query's name in the load log: where it was sent, without user and password, and its hash."""
    query = hashlib.sha256(database.query.encode()).hexdigest()[:8]
    return f"{database.place()}#{query}"


def queried(database: DatabaseSource, folder: Path) -> pl.DataFrame:
    """The rows of a database query; a SQLite path is relative to `folder`.

    Raises LandingError, without the password, if the database does not answer or its driver is missing.
    """
    return _answer(database.query, database, folder)


def first_rows_of_query(database: DatabaseSource, folder: Path, rows: int) -> pl.DataFrame:
    """The first rows of a database query, which the database is asked for no more; raises as `queried` does."""
    return _answer(_limited(database, rows), database, folder).head(rows)


def _limited(database: DatabaseSource, rows: int) -> str:
    """The query with a limit, in the dialect of its database; one that has a limit, or is no SELECT, as it is."""
    import sqlglot
    from sqlglot import exp

    dialect = _DIALECTS.get(urlsplit(database.connection).scheme.partition("+")[0])
    if dialect is None:
        return database.query
    try:
        query = sqlglot.parse_one(database.query, dialect=dialect)
    except sqlglot.errors.SqlglotError:
        return database.query
    if not isinstance(query, exp.Select) or query.args.get("limit"):
        return database.query
    return query.limit(rows).sql(dialect=dialect)


def _answer(query: str, database: DatabaseSource, folder: Path) -> pl.DataFrame:
    import polars as pl

    asked = urlsplit(database.connection)
    try:
        if asked.scheme == "sqlite":
            path = folder / asked.path.removeprefix("/")
            # SQLite would make an empty database of a name that is wrong.
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                return pl.read_database(query, connection, infer_schema_length=None)
        _reach(asked)
        return pl.read_database_uri(query, database.connection)
    except LandingError:
        raise
    except ModuleNotFoundError as error:
        raise LandingError(
            [f"databases other than SQLite are read with the package {error.name}, which is not installed"]
        ) from None
    except Exception as error:  # every driver raises errors of its own
        message = str(error).replace(database.connection, "the database")
        if asked.password:
            message = message.replace(asked.password, "***")
        raise LandingError([f"the query failed: {message}"]) from None


def _reach(asked: SplitResult) -> None:
    """Raise LandingError if nothing listens where a database should, which a driver would try for half a minute."""
    port = asked.port or _PORTS.get(asked.scheme.partition("+")[0])
    if not asked.hostname or port is None:
        return
    try:
        socket.create_connection((asked.hostname, port), timeout=_ANSWERS_WITHIN_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise LandingError(
            [
                f"no database answers at {asked.hostname}:{port} ({reason}); check the connection, and that this "
                "machine may reach it"
            ]
        ) from None


def content_hash(frame: pl.DataFrame) -> str:
    """SHA-256 of the rows of a query."""
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return hashlib.sha256(buffer.getbuffer()).hexdigest()
