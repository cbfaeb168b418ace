"""Questions that pages ask of a published version, and their answers as tables: rows, columns, the query itself.

Each table on a page carries its query, so that an analyst can go on from there and a test can ask it again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import polars as pl

from warehouse.quoting import literal
from warehouse.store import published

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column as a page shows it: heading by its key in the vocabulary, and what its values are.

    `kind` is text, month, day, number (in `unit`, or in the unit that the column `unit_from` names for each row),
    or points, which are a change and bear a sign; `words` is the group of the vocabulary that says its values,
    `link` the column with the address that its text leads to.
    """

    name: str
    kind: str = "text"
    unit: str = "number"
    unit_from: str | None = None
    words: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of a query on the published version, and how they are shown."""

    name: str
    sql: str
    frame: pl.DataFrame
    columns: Sequence[Column] = field(default=())

    def rows(self) -> list[dict[str, Any]]:
        """The rows, in order of the query."""
        return list(self.frame.iter_rows(named=True))

    def groups(self, *by: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
        """The rows that have the same values in the columns `by`, in order; each with these values."""
        for values, part in self.frame.partition_by(by, as_dict=True, maintain_order=True).items():
            yield values, list(part.iter_rows(named=True))

    def __bool__(self) -> bool:
        return self.frame.height > 0


class Published:
    """A published version, open for the pages."""

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._con, self.name = con, path.stem

    def table(self, name: str, sql: str, columns: Sequence[Column] = (), **values: Any) -> Table:
        """The rows of a query whose `{names}` are replaced by these values as literals of SQL.

        A column without an entry in `columns` is in the file of the table and not on the page.
        """
        text = _filled(sql, values)
        return Table(name, text, self._con.sql(text).pl(), columns)

    def parts(
        self, name: str, sql: str, columns: Sequence[Column], *, by: str, order: str, **values: Any
    ) -> Callable[[str], Table]:
        """The table of each value of the column `by`, of rows asked for once; their queries ask for the one alone."""
        text = _filled(sql, values)
        whole = self._con.sql(f"FROM ({text}) ORDER BY {order}").pl()
        found = whole.partition_by(by, as_dict=True, include_key=False, maintain_order=True)
        nothing = whole.clear().drop(by)

        def part(value: str) -> Table:
            one = (
                f"SELECT * EXCLUDE ({by}) FROM (\n{text}\n)\nWHERE {by} = {written(value)}\nORDER BY {order}"
            )
            return Table(name, one, found.get((value,), nothing), columns)

        return part

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a query of which no number is shown: addresses, names, what there is."""
        return self.table("", sql, **values).rows()

    def has(self, table: str) -> bool:
        """Whether there is such a table, as `marts.signals`."""
        schema, _, name = table.partition(".")
        found = self._con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?", [schema, name]
        )
        return bool(found.fetchall())


@contextmanager
def opened(version: Path) -> Iterator[Published]:
    """The published version of that file."""
    with published(version) as con:
        con.execute("SET TimeZone = 'UTC'")
        yield Published(con, version)


def _filled(sql: str, values: Mapping[str, Any]) -> str:
    return dedent(sql).strip().format(**{key: written(value) for key, value in values.items()})


def written(value: object) -> str:
    """A value as SQL has it: a literal; of several, their list; of none NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return f"DATE {literal(value)}"
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"({', '.join(map(written, value))})"
    return literal(str(value))
