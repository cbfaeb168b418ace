"""Which columns a scanned source has, found by the names of its mapping, and what is told of those that it lacks.

What becomes of their values is in conform.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from warehouse.landing.errors import LandingError
from warehouse.landing.mapping_check import closest, referenced_columns
from warehouse.landing.values import (
    Clock,
    days_alone,
)
from warehouse.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from warehouse.landing.mapping import ColumnSource, FeedSource
    from warehouse.landing.readers import Scan

_SAMPLE_ROWS = 1000
_LIKE_DATA = re.compile(
    r"^[A-Z]{1,4}-?\d{4,}|^\d{4}[-/.]\d\d?[-/.]\d\d?|^\d\d?[-/.]\d\d?[-/.]\d{4}|\d{7,}|@[\w-]+[.]"
)

_COLUMNS_FOUND = " Columns found: "
_LOWER_DOWN = " has it: if that is the header, write `skip: "


@dataclass
class SourceColumns:
    """Source columns and expressions under the short names by which they go up the levels of the SELECT."""

    scan: Scan
    key_path: str
    column_type: Callable[[str], str]
    is_true: Callable[[str], bool]
    columns: dict[str, str] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def origin(self, origin: ColumnSource, path: str, target: str) -> tuple[str, str] | None:
        """The value of a mapped column and its type; None if it is optional and this source lacks it."""
        if origin.sql is not None:
            return self.expression(origin.sql, f"{path}.sql", target)
        name = str(origin.column)
        if origin.optional and self._found(name) is None:
            return None
        alias = self.alias(name, path)
        return alias, self.scan.columns[self.columns[alias]]

    def alias(self, name: str, path: str) -> str:
        found = self._found(name)
        if found is None:
            where = f"has no column {name!r}, which {self.key_path}.{path} names"
            raise LandingError([where + self._instead(name)])
        taken = next((alias for alias, column in self.columns.items() if column == found), None)
        alias = taken or f"_s{len(self.columns)}"
        self.columns[alias] = found
        return alias

    def _instead(self, name: str) -> str:
        """What there is where a column is missed, but for a first line of data, which may tell of people."""
        hint = self._lower_down(name)
        if _is_data(self.scan):
            found = (
                f"the first line, of {len(self.scan.columns)} fields, looks like data and not like a header"
            )
            return hint or f"; {found}: put one above it"
        return (
            hint or closest(name, self.scan.columns) or "."
        ) + f"{_COLUMNS_FOUND}{', '.join(self.scan.columns)}"

    def _lower_down(self, name: str) -> str:
        """Where the header stands, if it is not where it was looked for."""
        wanted = name.strip().casefold()
        lines = [
            line
            for line, cells in self.scan.first_rows
            if wanted in (cell.strip().casefold() for cell in cells)
        ]
        return f", but line {lines[0]}{_LOWER_DOWN}{lines[0] - 1}`." if lines else ""

    def expression(self, sql: str, path: str, target: str) -> tuple[str, str]:
        """A SQL expression of the mapping; a row on which it fails is at fault, not the whole file."""
        for name in self.named_in(sql, path):
            column = self.columns[self.alias(name, path)]
            if column.casefold() != name.casefold():
                raise LandingError([f'{self.key_path}.{path}: SQL knows the column {name!r} as "{column}"'])
        try:
            source_type = self.column_type(f"SELECT ({sql}) AS v FROM {self.scan.relation}")
        except duckdb.Error as error:
            message = str(error).splitlines()[0]
            raise LandingError([f"{self.key_path}.{path} does not work here: {message}"]) from error
        alias = f"_x{len(self.expressions)}"
        self.expressions[alias] = f"TRY(struct_pack(v := ({sql})))"
        self.failures.append((target, f"{alias} IS NULL"))
        return f"{alias}.v", source_type

    def holds_only_days(self, value: str, source_type: str, clock: Clock) -> bool:
        """Whether a column of timestamps gives days and no times, as a spreadsheet writes dates."""
        test = days_alone(value, source_type, clock)
        if isinstance(test, bool):
            return test
        rows = f"SELECT {', '.join(sources(self))} FROM {self.scan.relation}"
        return all(
            self.is_true(f"SELECT bool_and({test}) AND count({value}) > 0 FROM ({rows}{limit})")
            for limit in (f" LIMIT {_SAMPLE_ROWS}", "")
        )

    def named_in(self, sql: str, path: str) -> list[str]:
        try:
            return referenced_columns(sql)
        except ValueError as error:
            raise LandingError([f"{self.key_path}.{path}: {error}"]) from None

    def hide(self, origin: ColumnSource, how: str) -> None:
        """Keep the source columns of a personal column out of what is stored of a rejected row."""
        names = [str(origin.column)] if origin.column is not None else self.named_in(str(origin.sql), "sql")
        for name in names:
            self.hidden[self.alias(name, "")] = how

    def _found(self, name: str) -> str | None:
        """The column that a name means: as its header is written, else in other case, where only one is so called."""
        headers = self.scan.headers or {column: column for column in self.scan.columns}
        wanted = name.strip()
        for spelled in (str, str.casefold):
            fitting = [column for column, header in headers.items() if spelled(header) == spelled(wanted)]
            if len(fitting) > 1:
                raise LandingError(
                    [
                        f"{self.key_path}: {name!r} is the header of {len(fitting)} columns; name one: {fitting}"
                    ]
                )
            if fitting:
                return fitting[0]
        return name if name in headers else self._matching(name)

    def _matching(self, name: str) -> str | None:
        """The one column that a name with * stands for, as where a survey's export has questions for headers."""
        if "*" not in name:
            return None
        pattern = ".*".join(re.escape(part) for part in name.strip().split("*"))
        found = [column for column in self.scan.columns if re.fullmatch(pattern, column, re.DOTALL)]
        if len(found) > 1:
            columns = ", ".join(found)
            raise LandingError(
                [f"{self.key_path}: {name!r} stands for {len(found)} columns, not for one: {columns}"]
            )
        return found[0] if found else None


def _is_data(scan: Scan) -> bool:
    """Whether the first line looks like a row: by the form of a cell, or because one stands again below itself."""
    again = (
        cell.strip().casefold() == name.strip().casefold()
        for _, cells in scan.first_rows
        for name, cell in zip(scan.headers.values(), cells, strict=False)
        if cell.strip()
    )
    return any(map(_LIKE_DATA.search, scan.columns)) or any(again)


def lacking_columns(scan: Scan, source: FeedSource, key_path: str) -> list[str]:
    """Every column that the mapping names and the source lacks, a message each; the last says what there is."""
    names = SourceColumns(scan, key_path, column_type=str, is_true=bool)
    lacking: list[str] = []
    for path, name in _named(source):
        try:
            names.alias(name, path)
        except LandingError as error:
            lacking += error.problems
    there = _COLUMNS_FOUND + ", ".join(scan.columns)
    if not all(message.endswith(there) and _LOWER_DOWN not in message for message in lacking):
        # The header itself is somewhere else.
        return lacking[:1]
    return [*(message.removesuffix(there).removesuffix(".") for message in lacking[:-1]), *lacking[-1:]]


def _named(source: FeedSource) -> Iterator[tuple[str, str]]:
    """Key path and name of every source column that a file has to have."""
    for path, _, origin in source.column_sources():
        if origin.column is not None and not origin.optional:
            yield path, origin.column
        if origin.sql is not None:
            yield from ((f"{path}.sql", name) for name in _columns_of(origin.sql))
    yield from (("where", name) for name in _columns_of(source.where or "NULL"))


def _columns_of(sql: str) -> list[str]:
    """The columns of an expression; none where it is none, which the mapping is refused for."""
    try:
        return referenced_columns(sql)
    except ValueError:
        return []


def sources(names: SourceColumns) -> list[str]:
    scan = names.scan
    sources = [f"{identifier(column)} AS {alias}" for alias, column in names.columns.items()]
    sources += [f"{sql} AS {alias}" for alias, sql in names.expressions.items()]
    sources += [f"({scan.broken}) AS _broken", f"{scan.broken_text} AS _text"] if scan.broken else []
    sources += [f"({scan.empty}) AS _empty"] if scan.empty else []
    return sources or ["1 AS _nothing"]
