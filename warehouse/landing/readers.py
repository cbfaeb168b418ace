"""Each kind of source as a relation that DuckDB can select from: csv, parquet, ndjson and xlsx.

Answers of databases are files by now (databases.py). Values stay as the source has them; what they become is in
conform.py.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb

from warehouse.landing.discretion import discreet_message
from warehouse.landing.errors import LandingError, NotWhole
from warehouse.landing.mapping import CsvOptions, file_format
from warehouse.landing.mapping_check import referenced_columns
from warehouse.landing.masking import masked
from warehouse.landing.sheets import read_sheet
from warehouse.quoting import identifier, literal, literals
from warehouse.refused import is_full

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.sheets import Sheet

REJECTED_LINES = "landing_rejected_lines"
_REJECTED_SCANS = "landing_rejected_scans"
_FRAME = "landing_frame"
_INVALID_STATE = "state machine reached an invalid state"
_HEADER_BYTES = 1 << 20
_CHUNK = 1 << 20
_ROWS_FOR_KEYS = 10_000
_ROWS_FOR_HEADER = 20
LONGEST_LINE_BYTES = 16_000_000
_PLAIN = CsvOptions(quote="")
_CHANGED = {
    "TIMESTAMPTZ_NS": "CAST({} AS TIMESTAMPTZ)",
    "TIMESTAMP_NS": "CAST({} AS TIMESTAMP)",
    "BLOB": "decode({})",
}
_ISO_OF_A_SHEET = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Scan:
    """One source, ready to be selected from; `columns` are its names and DuckDB types in order."""

    relation: str
    columns: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    """The header of a column as it is written, where a column has to be called something else."""
    first_line: int = 1
    """Line of the file on which the first row stands."""
    first_rows: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Line and cells of the first rows, in which the header may hide."""
    errors: tuple[str, ...] = ()
    """Texts of cells in which a sheet shows an error of its own."""
    quote: str = ""
    escape: str = ""
    """How the text that was scanned is quoted, and what takes a quote its meaning; nothing where it is not."""
    text: Path | None = None
    """The UTF-8 text that was scanned, where lines may have been refused by the parser."""
    broken: str | None = None
    """SQL that is true for a row which could not be taken apart."""
    broken_text: str = "NULL"
    """SQL of that row as it stands in the file."""
    empty: str | None = None
    """SQL that is true for a row with nothing in it."""
    more_formats: tuple[str, ...] = ()
    """Formats in which dates may also stand, whatever the mapping says."""


@contextmanager
def scanned(
    con: duckdb.DuckDBPyConnection, source: FeedSource, path: Path, work: Path, *, one_newline: bool = False
) -> Iterator[Scan]:
    """A file as a Scan; `work` is a folder for passing files, `one_newline` mends mixed line ends.

    Raises LandingError if the file cannot be opened, has no columns or does not tell its format, and
    MixedLineEnds if it has to be mended.
    """
    with ExitStack() as stack:
        with reading(one_newline=one_newline):
            scan = _scan(con, source, path, work, stack, one_newline=one_newline)
        yield scan


@contextmanager
def reading(*, one_newline: bool) -> Iterator[None]:
    """Translate what goes wrong while a file is read: LandingError, NotWhole if its end is missing, MixedLineEnds."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.InternalException):
        raise
    except duckdb.Error as error:
        if _INVALID_STATE in str(error) and not one_newline:
            raise MixedLineEnds from error
        if is_full(error):
            raise  # of our disk, not of the file
        raise LandingError([f"cannot be read: {discreet_message(str(error).splitlines()[0])}"]) from error
    except EOFError as error:
        raise NotWhole("it is compressed and its end is missing") from error
    except (ValueError, OSError, zlib.error) as error:
        if isinstance(error, OSError) and is_full(error):
            raise
        raise LandingError([f"cannot be read: {masked(str(error))}"]) from error


class MixedLineEnds(Exception):
    """Some lines of a text end as on Windows and some do not, which DuckDB does not read."""


def _scan(
    con: duckdb.DuckDBPyConnection,
    source: FeedSource,
    path: Path,
    work: Path,
    stack: ExitStack,
    *,
    one_newline: bool,
) -> Scan:
    kind = file_format(path, source)
    if kind == "parquet":
        return _parquet(con, _plain_name(path, work))
    if kind == "xlsx":
        return _sheet(con, read_sheet(path, source.sheet, source.lines_above()), stack)
    encoding = source.csv.encoding if kind == "csv" else "utf-8"
    text = _utf8(path, encoding, work, one_newline=one_newline)
    return _csv(text, source) if kind == "csv" else _ndjson(con, text, source)


def _sheet(con: duckdb.DuckDBPyConnection, sheet: Sheet, stack: ExitStack) -> Scan:
    columns = _unique(sheet.header)
    frame = sheet.rows.rename(dict(zip(sheet.rows.columns, columns, strict=True)))
    nothing = " AND ".join(f"{identifier(name)} IS NULL" for name in columns)
    first = [tuple(cell or "" for cell in row) for row in frame.head(_ROWS_FOR_HEADER).iter_rows()]
    return Scan(
        _FRAME,
        stack.enter_context(_registered(con, frame)),
        headers=columns,
        first_line=sheet.first_line,
        first_rows=tuple(enumerate(first, sheet.first_line)),
        errors=sheet.errors,
        empty=nothing or None,
        more_formats=_ISO_OF_A_SHEET,
    )


def forget_rejected_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the parser's notes on the last text it scanned."""
    con.execute(f"DROP TABLE IF EXISTS {REJECTED_LINES}; DROP TABLE IF EXISTS {_REJECTED_SCANS}")


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if it ends in .gz."""
    return gzip.open(path, "rb") if _is_packed(path) else path.open("rb")  # type: ignore[return-value]


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _plain_name(path: Path, work: Path) -> Path:
    # DuckDB takes a path for a pattern.
    if not any(sign in str(path) for sign in "*?["):
        return path
    link = work / f"source{''.join(path.suffixes[-2:])}"
    if not link.exists():
        link.symlink_to(path.absolute())
    return link


def _utf8(path: Path, encoding: str, work: Path, *, one_newline: bool) -> Path:
    """The file itself if it is UTF-8 already, else a copy that is; what cannot be decoded stays invalid."""
    plain = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    if plain and not one_newline:
        return _plain_name(path, work)
    copy = work / "text"
    newline = None if one_newline else ""
    with opened(path) as raw, copy.open("wb") as target:
        text = io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline=newline)
        while chunk := text.read(_CHUNK):
            target.write(chunk.encode("utf-8", "surrogateescape"))
    return copy


def _csv(path: Path, source: FeedSource) -> Scan:
    options, above = source.csv, source.lines_above()
    header = _header(path, options, above)
    columns = _unique(header.names)
    relation = _read_csv(path, list(columns), header.delimiter, options, skip=above)
    return Scan(
        relation,
        dict.fromkeys(columns, "VARCHAR"),
        headers=columns,
        first_line=above + 2,
        first_rows=header.first_rows,
        text=path,
        quote=options.quote,
        escape=options.escape or options.quote,
    )


def _read_csv(
    path: Path, names: list[str], delimiter: str, options: CsvOptions, *, header: bool = True, skip: int = 0
) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(path)}, auto_detect = false, header = {header}, skip = {skip}"
        f", delim = {literal(delimiter)}, quote = {literal(options.quote)}"
        f", escape = {literal(options.escape or options.quote)}"
        f", columns = {{{columns}}}, nullstr = [{literals(('', *options.nulls))}], hive_partitioning = false"
        f", compression = '{'gzip' if _is_packed(path) else 'none'}'"
        f", max_line_size = {LONGEST_LINE_BYTES}, buffer_size = {2 * LONGEST_LINE_BYTES}"
        f", store_rejects = true, rejects_table = '{REJECTED_LINES}', rejects_scan = '{_REJECTED_SCANS}')"
    )


@dataclass(frozen=True)
class _Header:
    names: list[str]
    delimiter: str
    first_rows: tuple[tuple[int, tuple[str, ...]], ...]


def _header(path: Path, options: CsvOptions, above: int) -> _Header:
    """Column names and the delimiter: the one given, else the commonest of , ; tab | in the header."""
    with opened(path) as raw:
        start = raw.read(_HEADER_BYTES).decode("utf-8-sig", "surrogateescape")
    lines = io.StringIO(start, newline="")
    for _ in range(above):
        lines.readline()
    first = lines.readline()
    if not first.strip():
        raise ValueError("there is no header line" if first or start else "the file is empty")
    delimiter = options.delimiter or max(",;\t|", key=first.count)
    quoting: dict[str, Any] = {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE}
    if options.escape:
        quoting |= {"escapechar": options.escape, "doublequote": False}
    read = csv.reader(io.StringIO(first + lines.read(), newline=""), delimiter=delimiter, **quoting)
    names = next(read)
    if any("\udc80" <= sign <= "\udcff" for name in names for sign in name):
        raise ValueError(
            f"the header is not {options.encoding}; say how the file is written with csv.encoding,"
            " for example gbk, cp949 or latin-1"
        )
    rows = _first_rows(read, above + 1)
    if len(names) > 1 and not names[-1].strip() and _lacks_last(names, [cells for _, cells in rows]):
        names.pop()
    return _Header(names, delimiter, tuple(rows))


def _first_rows(read: Any, before: int) -> list[tuple[int, tuple[str, ...]]]:
    """Line and cells of the first rows that can be told apart."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    line = before + 1
    try:
        for cells in islice(read, _ROWS_FOR_HEADER):
            rows.append((line, tuple(cells)))
            line = before + read.line_num
    except csv.Error:
        pass
    return rows


def _lacks_last(names: list[str], rows: list[tuple[str, ...]]) -> bool:
    """Whether a header ends in a delimiter that rows do not have, so that there is no last column."""
    last = len(names) - 1
    return any(len(row) == last for row in rows) and not any(any(row[last:]) for row in rows)


def _unique(headers: list[str]) -> dict[str, str]:
    """What columns are called, and their headers: trimmed, numbered where empty, with #1, #2 where they repeat."""
    trimmed = [header.strip() or f"column{number}" for number, header in enumerate(headers)]
    columns: dict[str, str] = {}
    taken: set[str] = set()
    for number, header in enumerate(trimmed):
        name = header
        if trimmed.count(header) > 1:
            name = f"{header}#{trimmed[: number + 1].count(header)}"
        again = 1
        while name.casefold() in taken:
            again += 1
            name = f"{header}#{again}"
        taken.add(name.casefold())
        columns[name] = header
    return columns


def _parquet(con: duckdb.DuckDBPyConnection, path: Path) -> Scan:
    # Else a folder named branch=north would win over the column of that name in the file.
    relation, columns = _usual(con, f"read_parquet({literal(path)}, hive_partitioning = false)")
    return Scan(relation, columns)


def _usual(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[str, dict[str, str]]:
    """A relation whose types values.py knows: instants to the microsecond, binary text decoded as UTF-8."""
    columns = _described(con, relation)
    usual = {
        name: change.format(identifier(name))
        for name, kind in columns.items()
        if (change := _CHANGED.get(kind))
    }
    if not usual:
        return relation, columns
    changed = ", ".join(f"{value} AS {identifier(name)}" for name, value in usual.items())
    relation = f"(SELECT * REPLACE ({changed}) FROM {relation})"
    return relation, _described(con, relation)


def _described(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _ndjson(con: duckdb.DuckDBPyConnection, path: Path, source: FeedSource) -> Scan:
    lines = _read_csv(path, ["line"], "\x01", _PLAIN, header=False)
    keys = _json_keys(con, f"{lines} LIMIT {_ROWS_FOR_KEYS}")
    if not _named(source) <= set(keys):
        # A key may appear first after thousands of lines, as the day of closing does.
        keys = _json_keys(con, lines)
    if not keys:
        if con.execute(f"SELECT 1 FROM {lines} WHERE trim(line) <> '' LIMIT 1").fetchall():
            raise ValueError("no line holds a JSON object")
        # A delivery without a record has every key that is asked for, and no row.
        keys = sorted(_named(source))
    pointers = literals("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    fields = f"SELECT line, TRY(json_extract_string(line, [{pointers}])) AS fields FROM {lines}"
    columns = ", ".join(f"fields[{place}] AS {identifier(key)}" for place, key in enumerate(keys, 1))
    # Names that no key can have: a JSON key with a line break is not one that anybody maps.
    line, taken = identifier("\nline"), identifier("\nfields")
    return Scan(
        f"(SELECT {columns}, line AS {line}, fields IS NOT NULL AS {taken} FROM ({fields}))",
        dict.fromkeys(keys, "VARCHAR"),
        text=path,
        broken=f"NOT {taken} AND NOT ({line} IS NULL OR trim({line}) = '')",
        broken_text=line,
        empty=f"{line} IS NULL OR trim({line}) = ''",
    )


def _named(source: FeedSource) -> set[str]:
    """Every source column that the mapping names, in expressions too."""
    origins = [origin for _, _, origin in source.column_sources()]
    expressions = [source.where, *(origin.sql for origin in origins)]
    in_sql = [name for sql in expressions if sql for name in referenced_columns(sql)]
    return {origin.column for origin in origins if origin.column}.union(in_sql)


def _json_keys(con: duckdb.DuckDBPyConnection, lines: str) -> list[str]:
    objects = f"SELECT line FROM (FROM {lines}) WHERE TRY(json_type(line)) = 'OBJECT' AND json_valid(line)"
    keys = f"SELECT unnest(json_keys(line)) AS key, generate_subscripts(json_keys(line), 1) AS place FROM ({objects})"
    rows = con.execute(f"SELECT key FROM ({keys}) GROUP BY key ORDER BY min(place), key").fetchall()
    forget_rejected_lines(con)
    return [row[0] for row in rows]


@contextmanager
def _registered(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> Iterator[dict[str, str]]:
    con.register(_FRAME, frame)
    try:
        yield _described(con, _FRAME)
    finally:
        con.unregister(_FRAME)
