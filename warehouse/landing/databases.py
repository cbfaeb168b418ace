"""Queries on the insurer's own databases: an answer becomes a file, and what people are told where none comes.

How a database is asked is in drivers.py, what becomes of the file in land_arrival.py, as of any other; no message holds
a password.
"""

from __future__ import annotations

import hashlib
import re
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from warehouse.landing.cursor import from_cursor_on
from warehouse.landing.discretion import discreet_message
from warehouse.landing.drivers import DRIVERS, Driver, Question
from warehouse.landing.errors import LandingError
from warehouse.refused import is_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from urllib.parse import SplitResult

    import pyarrow as pa

    from warehouse.landing.mapping import DatabaseSource

_ANSWERS_WITHIN_SECONDS = 5
_FIRST_WAIT_SECONDS = 1
# What a database says that may answer a moment later, of whatever kind it is.
_PASSING = re.compile(
    r"connection.*(reset|closed|lost|terminated|aborted|broken)|closed the connection|terminating connection|gone away"
    r"|lost connection|broken pipe|unexpected(ly)? (eof|end)|eof detected|timed? ?out|too many (clients|connections)"
    r"|(starting up|shutting down|recovery mode)|deadlock|could not (receive|send) data|could not serialize",
    re.IGNORECASE,
)
_SECRET = re.compile(r"pass|pwd|secret|token", re.IGNORECASE)


def query_label(database: DatabaseSource) -> str:
    """A database query's name in the load log: where it was sent, without user and password, and its hash."""
    query = hashlib.sha256(database.query.encode()).hexdigest()[:8]
    return f"{database.place()}#{query}"


def write_answer(database: DatabaseSource, folder: Path, path: Path, since: str = "") -> None:
    """Write the answer to a query into a new Parquet file, a batch at a time; files are relative to `folder`.

    With `since`, what its cursor reached before (cursor.py), it is asked for what is not below it.

    A database that does not answer or drops the connection is asked again, after 1, 2, 4, … seconds, `retries` times.
    Raises LandingError, without the password, if it cannot be asked or there is no driver for it.
    """
    query = from_cursor_on(database, since, _driver(database).dialect) if since else database.query
    asked_before = 0
    while True:
        try:
            return _write(query, database, folder, path)
        except _Passing as error:
            if asked_before == database.retries:
                times = f" ({asked_before + 1} times)" if asked_before else ""
                raise LandingError([f"{error}{times}"]) from None
        time.sleep(_FIRST_WAIT_SECONDS * 2**asked_before)
        asked_before += 1


def write_first_rows(database: DatabaseSource, folder: Path, rows: int, path: Path) -> int:
    """Write the first rows of a query, asked for once and no more of them, and return how many; raises LandingError."""
    from pyarrow import parquet

    try:
        _write(_limited(database, rows), database, folder, path, rows)
    except _Passing as error:
        raise LandingError([str(error)]) from None
    return int(parquet.read_metadata(path).num_rows)


class _Passing(Exception):
    """What may be over when the database is asked again."""


def _driver(database: DatabaseSource) -> Driver:
    scheme = urlsplit(database.connection).scheme.partition("+")[0]
    if scheme not in DRIVERS:
        known = ", ".join(DRIVERS)
        raise LandingError(
            [f"there is no driver for {scheme or 'a connection without'}://; it may be {known}"]
        )
    return DRIVERS[scheme]


def _limited(database: DatabaseSource, rows: int) -> str:
    """The query with a limit, in the dialect of its database; one that has a limit, or is no SELECT, as it is."""
    import sqlglot
    from sqlglot import exp

    dialect = _driver(database).dialect
    if dialect is None:
        return database.query
    try:
        query = sqlglot.parse_one(database.query, dialect=dialect)
    except sqlglot.errors.SqlglotError:
        return database.query
    if not isinstance(query, exp.Select) or query.args.get("limit"):
        return database.query
    return query.limit(rows).sql(dialect=dialect)


def _write(
    query: str, database: DatabaseSource, folder: Path, path: Path, most_rows: int | None = None
) -> None:
    driver = _driver(database)
    question = Question(database.connection, query.strip().rstrip(";"), database.batch_rows, folder)
    try:
        _reach(question.asked, driver)
        _write_tables(driver.tables(question), path, most_rows)
    except (LandingError, _Passing):
        raise
    except ImportError as error:
        lacking = error.name or str(error)
        raise LandingError(
            [
                f"{question.asked.scheme}:// is read with {lacking}, which is not installed: "
                f"pip install 'policypulse[{driver.extra}]'"
            ]
        ) from None
    except Exception as error:  # every driver raises errors of its own
        if isinstance(error, OSError) and is_full(error):
            raise  # of our disk, not of the database
        told = f"the query failed: {_told(error, question)}"
        raise (_Passing(told) if _PASSING.search(str(error)) else LandingError([told])) from None


def _write_tables(tables: Iterator[pa.Table], path: Path, most_rows: int | None) -> None:
    from pyarrow import parquet

    first = next(tables)
    _check_names(first.column_names)
    left = most_rows
    with parquet.ParquetWriter(path, first.schema, compression="lz4") as writer:
        for table in _from(first, tables):
            writer.write_table(table.slice(0, left))
            if left is not None:
                left -= min(left, table.num_rows)
                if left == 0:
                    return


def _from(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from others


def _check_names(names: list[str]) -> None:
    if not names:
        raise LandingError(["the query gives no columns; it has to be a SELECT"])
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise LandingError(
            [f"the query gives {repeated[0]!r} more than once; name its columns apart with AS"]
        )


def _told(error: Exception, question: Question) -> str:
    """What a driver says, on one line, without anything secret and without values of the database."""
    said = error.args[-1] if len(error.args) == 2 and isinstance(error.args[1], str) else str(error)
    line = next((line for line in said.splitlines() if line.strip()), type(error).__name__)
    told = re.sub(r"^.*?\b(ERROR|FATAL): +", "", line).strip()
    written = (question.asked.netloc, question.asked.path, str(question.file()), question.login()[0])
    told = discreet_message(told, question.query, *written)
    secrets = [question.asked.password or "", question.login()[1]]
    secrets += [text for name, text in parse_qsl(question.asked.query) if _SECRET.search(name)]
    told = told.replace(question.url, "the database")
    for secret in filter(None, [*secrets, *map(unquote, secrets)]):
        told = told.replace(secret, "***")
    return told


def _reach(asked: SplitResult, driver: Driver) -> None:
    """Raise if nothing listens where a database should, which a driver would try for half a minute."""
    port = asked.port or driver.port
    if not asked.hostname or driver.port is None:
        return
    try:
        socket.create_connection((asked.hostname, port), timeout=_ANSWERS_WITHIN_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _Passing(
            f"no database answers at {asked.hostname}:{port} ({reason}); check the connection, and that this "
            "machine may reach it"
        ) from None
