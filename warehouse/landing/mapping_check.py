"""What is wrong with a mapping when it is held against the contracts, told before any data is read.

Nothing here opens a file; a column that a source turns out to lack is reported by the landing.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from warehouse.landing.mapping import SKIP, CsvOptions
from warehouse.landing.recorded import items_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlglot import exp

    from warehouse.contract import Contract, ContractColumn
    from warehouse.landing.mapping import ColumnSource, FeedSource, Wide

Error = tuple[str, str]

_FORMAT = re.compile(r"(?:%-?[aAwdbBmyYHIpMSfgnzZjUWcxX%]|[^%])*")
_TIME_TYPES = ("date", "timestamp")
# By what they are called in DuckDB and in sqlglot.
_NEVER_TWICE_THE_SAME = re.compile(
    "random|rand|setseed|uuid|uuidv4|uuidv7|gen_random_uuid|now|today|transaction_timestamp"
    "|(get_)?current_(date|time|timestamp|datetime|localtime|localtimestamp)|localtime|localtimestamp"
    "|nextval|currval|txid_current|getenv|getvariable|current_(setting|user|database|schema)|session_user|version"
)
_CONSTANTS: dict[str, tuple[Callable[[str], object], str]] = {
    "integer": (int, "a whole number"),
    "number": (float, "a number"),
    "money": (float, "an amount"),
    "date": (date.fromisoformat, "a date as YYYY-MM-DD"),
    "timestamp": (datetime.fromisoformat, "a timestamp in ISO 8601"),
    "boolean": ({"true": True, "false": False}.__getitem__, "true or false"),
}


def mapping_errors(
    feeds: Mapping[str, Sequence[FeedSource]], contracts: Mapping[str, Contract]
) -> list[Error]:
    """Every mistake as (key path, message); an empty list means that the mapping meets the contracts."""
    return list(_errors(feeds, contracts))


def personal_id_paths(
    feeds: Mapping[str, Sequence[FeedSource]], contracts: Mapping[str, Contract]
) -> list[str]:
    """Key paths of the mapped columns that enter as keyed pseudonyms and so need `pseudonyms.key_file`."""
    return [
        f"feeds.{feed}[{number}].{path}"
        for feed, sources in feeds.items()
        for number, source in enumerate(sources)
        for path, name, _ in source.column_sources()
        if (column := contracts[feed].columns.get(name)) and column.personal == "id"
    ]


def closest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean NAME?" with the known name most like this one, or nothing."""
    by_folded = {other.casefold(): other for other in known}
    match = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[match[0]]!r}?" if match else ""


def _errors(feeds: Mapping[str, Sequence[FeedSource]], contracts: Mapping[str, Contract]) -> Iterator[Error]:
    for feed, sources in feeds.items():
        if feed not in contracts:
            known = ", ".join(sorted(contracts))
            yield f"feeds.{feed}", f"unknown feed{closest(feed, contracts)} (the feeds are {known})"
            continue
        for number, source in enumerate(sources):
            for path, message in _source_errors(source, contracts[feed]):
                yield f"feeds.{feed}[{number}]" + (f".{path}" if path else ""), message


def _source_errors(source: FeedSource, contract: Contract) -> Iterator[Error]:
    yield from _zone_errors("time_zone", source.time_zone)
    yield from _encoding_errors(source)
    yield from _option_errors(source)
    if source.where is not None:
        yield from _sql_errors("where", source.where)
    for name, origin in source.columns.items():
        if name not in contract.columns:
            message = f"{contract.feed} has no column {name!r}{closest(name, contract.columns)}"
            yield f"columns.{name}", message
        else:
            yield from _column_errors(f"columns.{name}", origin, contract.columns[name])
    if source.wide:
        yield from _wide_errors(source.wide, source, contract)
    if source.snapshot_of and source.snapshot_of not in source.columns:
        yield (
            "snapshot_of",
            f"{source.snapshot_of} is not mapped, so nobody knows which units a delivery names",
        )
    yield from _missing_errors(source, contract)
    yield from _record_errors(source, contract)


def _record_errors(source: FeedSource, contract: Contract) -> Iterator[Error]:
    """What a source is said to record must be something that its mapping can deliver."""
    known = {code for column in contract.columns.values() for code in column.codes} | set(contract.columns)
    for number, name in enumerate(source.records):
        path = f"records.{number}"
        items = items_named(name, contract)
        if not items:
            yield path, f"{contract.feed} has no column and no code {name!r}{closest(name, known)}"
        elif not any(item.mapped_by(source) for item in items):
            yield path, f"the mapping cannot deliver {name!r}: map its column or code, or leave it out here"


def _missing_errors(source: FeedSource, contract: Contract) -> Iterator[Error]:
    provided = source.provides()
    for name, column in contract.columns.items():
        if name in provided or column.default is not None or name == contract.made_key():
            continue
        if column.unless and provided.issuperset(column.unless):
            continue
        if name in contract.key or column.required:
            kind = "key" if name in contract.key else "required"
            reason = f"the {kind} column {name} is not mapped ({column.description})"
            yield "columns", f"{reason}; name the column that has it"


def _column_errors(path: str, origin: ColumnSource, column: ContractColumn) -> Iterator[Error]:
    if origin.sql is not None:
        yield from _sql_errors(f"{path}.sql", origin.sql)
    if origin.constant is not None:
        yield from _constant_errors(f"{path}.constant", origin.constant, column)
    if origin.row_number and column.type not in ("text", "integer"):
        yield f"{path}.row_number", f"a row number does not make a {column.type}"
    yield from _codes_errors(path, origin, column)
    if origin.optional and column.required:
        yield f"{path}.optional", "the column is required, so no source may lack it"
    if origin.format and column.type not in _TIME_TYPES:
        yield f"{path}.format", f"a {column.type} has no format; formats are for dates and timestamps"
    for pattern in origin.format:
        if "%" not in pattern or not _FORMAT.fullmatch(pattern):
            yield f"{path}.format", f"{pattern!r} is not a strptime format such as %d/%m/%Y %H:%M"
    if origin.time_zone and column.type not in _TIME_TYPES:
        yield f"{path}.time_zone", f"a {column.type} has no time zone"
    yield from _zone_errors(f"{path}.time_zone", origin.time_zone)


def _codes_errors(path: str, origin: ColumnSource, column: ContractColumn) -> Iterator[Error]:
    for source_code, code in (origin.codes or {}).items():
        place = f"{path}.codes.{source_code}"
        if code and code != SKIP:
            yield from _constant_errors(place, code, column)
        if not code and column.required:
            reason = "null empties the column, which is required, so that every such row would be rejected"
            yield place, f"{reason}; to leave the row out write {SKIP}"
    if origin.other == "keep" and column.type == "code":
        yield f"{path}.other", f"no other code than {', '.join(column.codes)} can be kept here"


def _constant_errors(path: str, constant: str, column: ContractColumn) -> Iterator[Error]:
    if column.type == "code" and constant not in column.codes:
        yield path, _unknown_code(constant, column)
    if column.type in _CONSTANTS:
        read, what = _CONSTANTS[column.type]
        try:
            read(constant)
        except (ValueError, KeyError):
            yield path, f"{constant!r} is not {what}"


def _wide_errors(wide: Wide, source: FeedSource, contract: Contract) -> Iterator[Error]:
    for key, name in (("into", wide.into), ("at", wide.value)):
        if name not in contract.columns:
            yield f"wide.{key}", f"{contract.feed} has no column {name!r}{closest(name, contract.columns)}"
        if name in source.columns:
            yield f"columns.{name}", f"{name} comes from wide.{key} and cannot be mapped twice"
    if wide.into == wide.value:
        yield "wide.at", f"{wide.value} receives the code already; name the column that receives the cell"
    into, value = contract.columns.get(wide.into), contract.columns.get(wide.value)
    if into and into.type not in ("code", "text"):
        yield "wide.into", f"{wide.into} is a {into.type}; it must be a code or text"
    for code, origin in wide.cells.items():
        if into and into.codes and code not in into.codes:
            yield f"wide.from.{code}", _unknown_code(code, into)
        if origin.column is None and origin.sql is None:
            yield f"wide.from.{code}", "a cell comes from a column or a sql expression"
        if value:
            yield from _column_errors(f"wide.from.{code}", origin, value)


def _unknown_code(code: str, column: ContractColumn) -> str:
    return f"unknown code {code!r}{closest(code, column.codes)} (the codes are {', '.join(column.codes)})"


def _zone_errors(path: str, zone: str | None) -> Iterator[Error]:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        yield path, f"unknown time zone {zone!r}{closest(zone, available_timezones())}"


def _encoding_errors(source: FeedSource) -> Iterator[Error]:
    try:
        "".encode(source.csv.encoding)
    except LookupError:
        yield (
            "csv.encoding",
            f"unknown encoding {source.csv.encoding!r}; for example utf-8, gbk, cp949, latin-1",
        )


def _option_errors(source: FeedSource) -> Iterator[Error]:
    """Options that no file of the source would heed; silent where a pattern does not tell the format."""
    formats = source.formats()
    if None in formats:
        return
    told = ", ".join(sorted(str(kind) for kind in formats)) or "a database"
    if "csv" not in formats and source.csv != CsvOptions():
        key = "csv.skip" if source.csv.skip else "csv"
        yield (
            key,
            f"is for text files and this is {told}; lines above the header of any file are `skip` of the source",
        )
    if "xlsx" not in formats and source.sheet is not None:
        yield "sheet", f"is for workbooks and this is {told}"
    if not {"csv", "xlsx"} & formats and source.skip:
        yield "skip", f"is for texts and sheets with a header and this is {told}"


def _sql_errors(path: str, sql: str) -> Iterator[Error]:
    try:
        referenced_columns(sql)
    except ValueError as error:
        yield path, str(error)


def referenced_columns(sql: str) -> list[str]:
    """Source columns that a scalar SQL expression names, in order; raises ValueError if it is anything else."""
    # sqlglot takes a third of a second to import and most mappings have no SQL.
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(f"SELECT ({sql})", dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        near = f" near {found[0].get('highlight')!r}" if found[0].get("highlight") else ""
        raise ValueError(f"not a SQL expression{near}: {sql}") from None
    query = statements[0]
    clauses = {name for name, clause in query.args.items() if clause} if query else set()
    if query is None or len(statements) != 1 or clauses != {"expressions"} or len(query.expressions) != 1:
        raise ValueError(f"not one scalar SQL expression: {sql}")
    expression = query.expressions[0]
    if expression.find(exp.Query, exp.AggFunc, exp.Window, exp.Star, exp.Placeholder, exp.Parameter):
        raise ValueError(f"only the columns of one row may be used, no subquery, aggregate or window: {sql}")
    if varying := _varying(expression.find_all(exp.Func)):
        reason = "gives another value each time, so that what landed could never be landed again the same"
        raise ValueError(f"{varying} {reason}: {sql}")
    columns = list(expression.find_all(exp.Column, bfs=False))
    if any(column.table for column in columns):
        raise ValueError(f'a column name with a dot stands in double quotes, as in "issue.date": {sql}')
    return list(dict.fromkeys(column.name for column in columns))


def _varying(functions: Iterable[exp.Func]) -> str | None:
    """The first function that does not depend on its arguments alone; None if there is none."""
    for function in functions:
        name = (function.name if function.key == "anonymous" else function.sql_name()).lower()
        # With one argument `age` counts up to today.
        if _NEVER_TWICE_THE_SAME.fullmatch(name) or (
            name == "age" and len(list(function.iter_expressions())) == 1
        ):
            return function.sql(dialect="duckdb")
    return None
