"""Of a query with a cursor only what is new is asked for: what the cursor has reached, and the query from there on.

Where this is kept between runs is `raw.files` (arrivals.py); what an answer takes back, which for these is nothing, is
the source's `delivery`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from warehouse.landing.errors import LandingError
from warehouse.quoting import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from warehouse.landing.mapping import DatabaseSource

_TYPED = {"date": "DATE", "timestamp": "TIMESTAMP", "instant": "TIMESTAMP WITH TIME ZONE"}
# Of which dialects it is known that they take typed literals; others compare with the plain text.
_WITH_TYPES = ("postgres", "duckdb")


def reached(con: duckdb.DuckDBPyConnection, database: DatabaseSource, answer: Path) -> str:
    """What the cursor reaches in an answer, less the overlap, as `kind:value`; empty without cursor or values.

    Raises LandingError if the answer has no column of the cursor's name.
    """
    if not database.cursor:
        return ""
    path = literal(str(answer))
    names = [row[0] for row in con.execute(f"DESCRIBE FROM read_parquet({path})").fetchall()]
    if database.cursor not in names:
        raise LandingError(
            [
                f"the query gives no column {database.cursor!r}, which cursor names; it gives {', '.join(names)}"
            ]
        )
    column = identifier(database.cursor)
    # Text is what some drivers give for times.
    most, as_time = con.execute(
        f"SELECT max({column}), try_cast(max({column})::VARCHAR AS TIMESTAMP) FROM read_parquet({path})"
    ).fetchall()[0]
    return _lowered(most, as_time, timedelta(hours=database.cursor_overlap_hours))


def _lowered(most: object, as_time: datetime | None, overlap: timedelta) -> str:
    if most is None:
        return ""
    if isinstance(most, datetime):
        return f"{'instant' if most.tzinfo else 'timestamp'}:{(most - overlap).isoformat(' ')}"
    if isinstance(most, date):
        return f"date:{(datetime.combine(most, time()) - overlap).date().isoformat()}"
    if isinstance(most, str):
        return f"text:{(as_time - overlap).isoformat(' ') if as_time else most}"
    return f"number:{most}"


def from_cursor_on(database: DatabaseSource, since: str, dialect: str | None) -> str:
    """The query for rows that are not below what its cursor had reached, or have no value there.

    Raises LandingError if the query is no SELECT that can be read.
    """
    import sqlglot
    from sqlglot import exp

    try:
        query = sqlglot.parse_one(database.query.strip().rstrip(";"), dialect=dialect)
    except sqlglot.errors.SqlglotError:
        query = None
    if not isinstance(query, exp.Query):
        raise LandingError(
            ["with a cursor the query has to be a SELECT that can be asked for a part of its rows"]
        )
    # Not every database lets the rows of a subquery have an order.
    order = None if query.args.get("limit") else query.args.pop("order", None)
    column = exp.Column(this=exp.to_identifier(database.cursor, quoted=True))
    asked = (
        exp.select("*")
        .from_(query.subquery("asked"))
        .where(
            exp.or_(
                f"{column.sql(dialect=dialect)} >= {_since(since, dialect)}",
                column.is_(exp.null()),
                dialect=dialect,
            )
        )
    )
    asked.set("order", order)
    return asked.sql(dialect=dialect)


def _since(since: str, dialect: str | None) -> str:
    kind, _, value = since.partition(":")
    if kind == "number":
        return value
    name = _TYPED.get(kind, "")
    return f"{name} {literal(value)}" if name and dialect in _WITH_TYPES else literal(value)
