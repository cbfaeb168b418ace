"""Which databases can be asked, and by which driver: each gives the answer to one query as Arrow, batch by batch.

A driver is imported when it is asked, in a session that cannot write where the database has such. How an answer is
kept, asked for again and told of is in databases.py.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import duckdb

from warehouse.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

_CONNECTS_WITHIN_SECONDS = 10
_BYTES_A_ROW = 320
"""How wide a row is taken to be where a driver counts its batches in bytes."""
# Without a type of Arrow's of their own, or, as money in cents and bare numbers of objects, with a misleading one.
_AS_TEXT_OF_POSTGRESQL = {"money": "::numeric::text", "oid": "::text"}
_TLS_OF_MYSQL = ("ssl_ca", "ssl_cert", "ssl_key", "unix_socket")


@dataclass(frozen=True)
class Question:
    """A query and where it is sent; files are relative to `folder`."""

    url: str
    query: str
    batch_rows: int
    folder: Path

    @property
    def asked(self) -> SplitResult:
        """The parts of the URL."""
        return urlsplit(self.url)

    def file(self) -> Path:
        """The database where it is a file."""
        return self.folder / self.asked.path.removeprefix("/")

    def login(self) -> tuple[str, str]:
        """User and password as they are typed, empty where there are none."""
        return unquote(self.asked.username or ""), unquote(self.asked.password or "")

    def options(self) -> dict[str, str]:
        """What the URL says behind its question mark."""
        return {name: values[-1] for name, values in parse_qs(self.asked.query).items()}


@dataclass(frozen=True)
class Driver:
    """How databases of one scheme are asked."""

    tables: Callable[[Question], Iterator[pa.Table]]
    """The answer in batches: at least one, which without rows has the columns alone."""
    dialect: str | None
    """What sqlglot calls its SQL; None where the scheme does not tell."""
    extra: str | None = None
    """What has to be installed with us; None for what always is."""
    port: int | None = None
    """Where it listens unless the URL says otherwise; None where nothing has to."""


def _sqlite(question: Question) -> Iterator[pa.Table]:
    import polars as pl

    # SQLite would make an empty database of a name that is wrong.
    with closing(sqlite3.connect(f"file:{question.file()}?mode=ro", uri=True)) as connection:
        yield pl.read_database(question.query, connection, infer_schema_length=None).to_arrow()


def _duckdb(question: Question) -> Iterator[pa.Table]:
    with duckdb.connect(question.file(), read_only=True) as con:
        yield from _tables(con.sql(question.query).to_arrow_reader(question.batch_rows))


def _postgresql(question: Question) -> Iterator[pa.Table]:
    import adbc_driver_postgresql
    from adbc_driver_postgresql import dbapi

    hint = {
        adbc_driver_postgresql.StatementOptions.BATCH_SIZE_HINT_BYTES.value: question.batch_rows
        * _BYTES_A_ROW
    }
    url = question.asked._replace(scheme="postgresql").geturl()
    with dbapi.connect(url) as connection, connection.cursor(adbc_stmt_kwargs=hint) as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        columns = [_of_postgresql(field) for field in cursor.adbc_execute_schema(question.query)]
        query = question.query
        if any(" AS " in column for column in columns):
            query = f"SELECT {', '.join(columns)} FROM ({query}) AS asked"
        cursor.execute(query)
        for table in _tables(cursor.fetch_record_batch()):
            yield _infinite(table)


def _infinite(table: pa.Table) -> pa.Table:
    """The days and instants `infinity`, which the driver moves out of its range, as DuckDB has them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, field in enumerate(table.schema):
        if not (pa.types.is_date(field.type) or pa.types.is_timestamp(field.type)):
            continue
        whole, moved = (
            (pa.int32(), 10_957) if pa.types.is_date(field.type) else (pa.int64(), 946_684_800_000_000)
        )
        last = 2 ** (whole.bit_width - 1) - 1
        column = table.column(place).cast(whole)
        infinity, before_all = pc.equal(column, moved - last - 2), pc.equal(column, moved - last - 1)
        if pc.any(pc.or_(infinity, before_all)).as_py():
            column = pc.if_else(infinity, pa.scalar(last, whole), column)
            column = pc.if_else(before_all, pa.scalar(-last, whole), column)
            table = table.set_column(place, field, column.cast(field.type))
    return table


def _of_postgresql(field: pa.Field) -> str:
    """SQL of a column, as text where its type would get lost on the way."""
    import pyarrow as pa

    name, kind = identifier(field.name), field.type
    told = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    cast = _AS_TEXT_OF_POSTGRESQL.get(told)
    is_opaque = isinstance(kind, pa.OpaqueType) and pa.types.is_binary(kind.storage_type)
    if cast is None and (is_opaque or pa.types.is_interval(kind) or pa.types.is_list(kind)):
        cast = "::text"
    return f"{name}{cast} AS {name}" if cast else name


def _mysql(question: Question) -> Iterator[pa.Table]:
    """All values as the text that the server sends, because 0000-00-00 is no date and yet is delivered."""
    from pymysql import connect
    from pymysql.converters import conversions
    from pymysql.cursors import SSCursor

    asked, (user, password) = question.asked, question.login()
    options = {name: text for name, text in question.options().items() if name in _TLS_OF_MYSQL}
    connection = connect(
        host=asked.hostname or "localhost",
        port=asked.port or 3306,
        user=user,
        password=password,
        database=unquote(asked.path.strip("/")) or None,
        charset="utf8mb4",
        conv={kind: change for kind, change in conversions.items() if not isinstance(kind, int)},
        cursorclass=SSCursor,
        init_command="SET SESSION TRANSACTION READ ONLY",
        connect_timeout=_CONNECTS_WITHIN_SECONDS,
        **options,
    )
    with closing(connection):
        cursor = connection.cursor()
        cursor.execute(question.query)
        names = [column[0] for column in cursor.description or ()]
        try:
            rows = cursor.fetchmany(question.batch_rows)
            yield _texts(names, rows)
            while rows := cursor.fetchmany(question.batch_rows):
                yield _texts(names, rows)
        finally:
            # Else what is left of an answer is read when it is collected, from a connection that is no more.
            if cursor._result:
                cursor._result.unbuffered_active = False
            cursor.connection = None


def _texts(names: list[str], rows: Iterable[tuple[str | bytes | None, ...]]) -> pa.Table:
    import pyarrow as pa

    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    arrays = [pa.array([_text(value) for value in column], pa.string()) for column in columns]
    return pa.Table.from_arrays(arrays, names=names)


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _oracle(question: Question) -> Iterator[pa.Table]:
    import oracledb
    import pyarrow as pa

    asked, (user, password) = question.asked, question.login()
    with oracledb.connect(
        user=user,
        password=password,
        host=asked.hostname,
        port=asked.port or 1521,
        service_name=asked.path.strip("/"),
        tcp_connect_timeout=_CONNECTS_WITHIN_SECONDS,
    ) as connection:
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        batches = connection.fetch_df_batches(question.query, size=question.batch_rows, fetch_decimals=True)
        for batch in batches:
            yield pa.table(batch)


def _sql_server(question: Question) -> Iterator[pa.Table]:
    import mssql_python

    asked, (user, password) = question.asked, question.login()
    parts = {
        "Server": f"{asked.hostname},{asked.port or 1433}",
        "Database": unquote(asked.path.strip("/")),
        "UID": user,
        "PWD": password,
        "ApplicationIntent": "ReadOnly",
        **question.options(),
    }
    with closing(mssql_python.connect(_odbc_string(parts))) as connection:
        cursor = connection.cursor()
        cursor.execute(question.query)
        yield from _tables(cursor.arrow_reader(question.batch_rows))


def _odbc(question: Question) -> Iterator[pa.Table]:
    from arrow_odbc import read_arrow_batches_from_odbc

    user, password = question.login()
    source = {"DSN": question.asked.hostname} if question.asked.hostname else {}
    reader = read_arrow_batches_from_odbc(
        query=question.query,
        connection_string=_odbc_string({**source, **question.options()}),
        batch_size=question.batch_rows,
        user=user or None,
        password=password or None,
    )
    yield from _tables(reader)


def _odbc_string(parts: dict[str, str]) -> str:
    braced = {name: "{" + text.replace("}", "}}") + "}" for name, text in parts.items() if text}
    return "".join(f"{name}={text};" for name, text in braced.items())


def _tables(reader: Any) -> Iterator[pa.Table]:
    import pyarrow as pa

    empty = True
    for batch in reader:
        empty = False
        yield pa.Table.from_batches([batch], reader.schema)
    if empty:
        yield reader.schema.empty_table()


_POSTGRESQL = Driver(_postgresql, "postgres", "postgresql", 5432)
_MYSQL = Driver(_mysql, "mysql", "mysql", 3306)
DRIVERS = {
    "sqlite": Driver(_sqlite, "sqlite"),
    "duckdb": Driver(_duckdb, "duckdb"),
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": Driver(_sql_server, "tsql", "sqlserver", 1433),
    "oracle": Driver(_oracle, "oracle", "oracle", 1521),
    "odbc": Driver(_odbc, None, "odbc"),
}
"""By the scheme of the URL."""
