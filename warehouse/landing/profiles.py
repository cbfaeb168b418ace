"""What a file looks like before anybody has mapped it: its encoding, its columns, and what their values can be read as.

`policypulse init --from` and `policypulse map` ask; what follows from a profile is proposed in proposal.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from warehouse.landing.mapping import CsvOptions, FeedSource, file_format
from warehouse.landing.readers import MixedLineEnds, opened, reading, scanned
from warehouse.quoting import identifier, literal
from warehouse.store import passing_landing_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_LOOKED_AT = 500_000
MOST_VALUES = 60
_DISTINCT_DATES = 20_000
_HEAD_BYTES = 1 << 18
# Chinese read as Korean is Hangul too, but not these.
_COMMON_HANGUL = frozenset("이다는을의가하고에지사스기자로은도서를인한시아대어해나일정보")
_LEAST_COMMON = 0.15
_ISO = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?"
_LIKE_A_DATE = r"[0-9A-Za-z年月日/.,:+ -]{6,35}"
_TIMED = r".*\d:\d{2}.*"
_OFFSET = r".*:\d{2}([.]\d+)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_DAYS = (
    *(
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%d.%m.%Y",
        "%Y.%m.%d",
        "%Y%m%d",
        "%Y年%m月%d日",
        "%Y-%m",
        "%Y/%m",
    ),
    *("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


@dataclass(frozen=True)
class ColumnProfile:
    """One column: how many of its values are filled and distinct, and as what all of them can be read."""

    name: str
    rows: int
    filled: int
    distinct: int
    values: tuple[str, ...] = ()
    """All values, the commonest first, if there are at most `MOST_VALUES`."""
    formats: tuple[str, ...] = ()
    """strptime formats by which every value is a day or an instant; "" for ISO 8601 and for columns of that type."""
    timed: bool = False
    """Whether a value has a time of day."""
    has_offset: bool = False
    """Whether every value says its offset from UTC."""
    last_day: date | None = None
    whole: bool = False
    numeric: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.filled == self.rows == self.distinct


@dataclass(frozen=True)
class FileProfile:
    """One file: how it is written and what its columns hold."""

    name: str
    changed_on: date
    columns: tuple[ColumnProfile, ...]
    encoding: str = "utf-8"
    skip: int = 0
    rows: int = 0
    """Rows looked at, `ROWS_LOOKED_AT` at most."""


def profile(path: Path) -> FileProfile:
    """The profile of a csv, parquet, ndjson or xlsx file; raises LandingError or ValueError if it cannot be read."""
    source = FeedSource(files=(str(path),))
    encoding, skip = "utf-8", 0
    if file_format(path, source) == "csv":
        encoding = encoding_of(_head(path))
        skip = _lines_above(path) if encoding == "utf-8" else 0
        source = FeedSource(files=(str(path),), skip=skip, csv=CsvOptions(encoding=encoding))
    try:
        columns = _columns(source, path, one_newline=False)
    except MixedLineEnds:
        columns = _columns(source, path, one_newline=True)
    changed_on = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    rows = columns[0].rows if columns else 0
    return FileProfile(path.name, changed_on, columns, encoding, skip, rows)


def _columns(source: FeedSource, path: Path, *, one_newline: bool) -> tuple[ColumnProfile, ...]:
    with (
        passing_landing_zone() as con,
        TemporaryDirectory() as work,
        reading(one_newline=one_newline),
        scanned(con, source, path, Path(work), one_newline=one_newline) as scan,
    ):
        con.execute(f"CREATE TABLE looked_at AS SELECT * FROM {scan.relation} LIMIT {ROWS_LOOKED_AT}")
        return tuple(_column(con, name, kind) for name, kind in scan.columns.items())


def encoding_of(head: bytes) -> str:
    """The likeliest encoding of the first bytes of a text: UTF-8, CP949 (Korean), GB18030 (Chinese) or CP1252."""
    if _decodes(head, "utf-8") is not None:
        return "utf-8"
    paired = sum(a > 0x80 and b > 0x80 for a, b in pairwise(head))
    if paired * 2 < sum(byte > 0x80 for byte in head):
        return "cp1252"
    hangul = [sign for sign in _decodes(head, "cp949") or "" if "가" <= sign <= "힣"]
    if sum(sign in _COMMON_HANGUL for sign in hangul) > _LEAST_COMMON * len(hangul):
        return "cp949"
    return "gb18030" if _decodes(head, "gb18030") is not None else "cp1252"


def _decodes(head: bytes, encoding: str) -> str | None:
    # The last sign may be cut off.
    for end in range(4):
        try:
            return head[: len(head) - end].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _head(path: Path) -> bytes:
    with opened(path) as file:
        return file.read(_HEAD_BYTES)


def _lines_above(path: Path) -> int:
    with passing_landing_zone() as con:
        try:
            found = con.execute(
                f"SELECT SkipRows FROM sniff_csv({literal(path)}, strict_mode = false)"
            ).fetchone()
        except duckdb.Error:
            return 0
    return int(found[0]) if found else 0


def _column(con: duckdb.DuckDBPyConnection, name: str, kind: str) -> ColumnProfile:
    value = f"nullif(trim(CAST({identifier(name)} AS VARCHAR)), '')"
    number = f"TRY_CAST({value} AS DOUBLE)"
    asked = (
        f"SELECT count(*), count({value}), count(DISTINCT {value}), count({number}), "
        f"count(*) FILTER ({number} = trunc({number})), min({number}), max({number}) FROM looked_at"
    )
    rows, filled, distinct, numbers, whole, low, high = con.execute(asked).fetchall()[0]
    values: tuple[str, ...] = ()
    if distinct <= MOST_VALUES:
        common = (
            f"SELECT {value} FROM looked_at WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
        )
        values = tuple(row[0] for row in con.execute(common).fetchall())
    formats, timed, has_offset, last_day = (
        _time(con, name, kind, value) if filled else ((), False, False, None)
    )
    all_numbers = filled > 0 and numbers == filled and kind != "BOOLEAN"
    return ColumnProfile(
        *(name, rows, filled, distinct, values, formats, timed, has_offset, last_day),
        whole=all_numbers and whole == filled,
        numeric=all_numbers,
        low=low if all_numbers else None,
        high=high if all_numbers else None,
    )


def _time(
    con: duckdb.DuckDBPyConnection, name: str, kind: str, value: str
) -> tuple[tuple[str, ...], bool, bool, date | None]:
    """Formats, whether there are times of day and offsets, and the last day."""
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        last = con.execute(f"SELECT CAST(max({identifier(name)}) AS DATE) FROM looked_at").fetchall()[0][0]
        return ("",), kind != "DATE", kind == "TIMESTAMP WITH TIME ZONE", last
    if kind != "VARCHAR":
        return (), False, False, None
    unlike = f"SELECT 1 FROM looked_at WHERE NOT regexp_full_match({value}, {literal(_LIKE_A_DATE)}) LIMIT 1"
    if con.execute(unlike).fetchall():
        return (), False, False, None
    some = f"(SELECT DISTINCT {value} AS v FROM looked_at WHERE {value} IS NOT NULL LIMIT {_DISTINCT_DATES})"
    patterns = {"": f"CASE WHEN regexp_full_match(v, {literal(_ISO)}) THEN TRY_CAST(left(v, 10) AS DATE) END"}
    patterns |= {pattern: f"CAST(try_strptime(v, {literal(pattern)}) AS DATE)" for pattern in _patterns()}
    read = ", ".join(f"count(*) FILTER (year({sql}) BETWEEN 1900 AND 2100)" for sql in patterns.values())
    counted = con.execute(
        f"SELECT count(*), count(*) FILTER (regexp_full_match(v, {literal(_TIMED)})), "
        f"count(*) FILTER (regexp_full_match(v, {literal(_OFFSET)})), {read} FROM {some}"
    ).fetchall()[0]
    of, timed, offsets, *fits = counted
    formats = tuple(pattern for pattern, count in zip(patterns, fits, strict=True) if count == of)
    if not formats:
        return (), False, False, None
    days = patterns[formats[0]]
    last = con.execute(f"SELECT max({days}) FROM (SELECT {value} AS v FROM looked_at)").fetchall()[0][0]
    return formats, timed > 0, offsets == of, last


def _patterns() -> Iterator[str]:
    for day in _DAYS:
        for time in _TIMES:
            yield day + time
