"""Rows that did not land: the lines a parser could not take apart, and what is said of a file with too many of them.

Which value breaks a contract is found in conform.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from warehouse.landing.errors import NotWhole
from warehouse.landing.line_numbers import lines_of
from warehouse.landing.readers import LONGEST_LINE_BYTES, REJECTED_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    import polars as pl

# How the last line of a file shows that the file was cut within it.
_CUT = ("too few columns", "a quote is not closed", "not valid JSON")
_KEPT_OF_A_LINE = 2000
_SHOWN_ROWS, _SHOWN_REASONS, _SHOWN_LENGTH = 5, 10, 200
_EXAMPLES = 20
# A line too long has no column.
_COLUMN = "coalesce(column_idx, 0)"
_FOUND = f"regexp_extract(arg_min(error_message, {_COLUMN}), 'Found: ([0-9]+)', 1)"
_WANTED = f"regexp_extract(arg_min(error_message, {_COLUMN}), 'Columns: ([0-9]+)', 1)"
_USUAL_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y",
    "%d-%m-%Y %H:%M",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d%b%Y",
    "%Y年%m月%d日",
)


@dataclass(frozen=True)
class RejectShare:
    """How many rows of a file were meant to land, how many of them cannot, and how many may not at most."""

    rejected: int
    meant: int
    allowed: float

    def exceeded(self) -> bool:
        """Whether the file is refused as a whole."""
        return self.rejected > self.allowed * self.meant


def refused_lines(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Lines the parser refused in its last scan, each once: place, column_name, reason, raw.

    `place` counts lines, but not line breaks inside quotes. Raises NotWhole where a quote that is never closed
    has run lines together, because nobody can tell which rows were lost in it.
    """
    _refuse_lines_run_together(con)
    lines: pl.DataFrame = con.sql(f"""
        SELECT CAST(line AS BIGINT) AS place,
            arg_min(column_name, {_COLUMN}) AS column_name,
            CASE arg_min(error_type, {_COLUMN})
                WHEN 'MISSING COLUMNS' THEN 'too few columns: ' || {_FOUND} || ' instead of ' || {_WANTED}
                WHEN 'TOO MANY COLUMNS' THEN 'too many columns: more than ' || {_WANTED}
                WHEN 'UNQUOTED VALUE' THEN 'a quote is not closed'
                WHEN 'INVALID ENCODING' THEN 'not in the encoding of the file'
                WHEN 'LINE SIZE OVER MAXIMUM' THEN 'line too long: more than {LONGEST_LINE_BYTES // 1_000_000} MB'
                ELSE coalesce(lower(arg_min(error_type, {_COLUMN})), 'not readable') END AS reason,
            left(ltrim(any_value(csv_line), chr(10) || chr(13)), {_KEPT_OF_A_LINE}) AS raw
        FROM {REJECTED_LINES} GROUP BY line ORDER BY place""").pl()
    return lines


def refuse_cut_file(con: duckdb.DuckDBPyConnection, rejects: str, text: Path) -> None:
    """Raise NotWhole if the last line of a text was rejected because it breaks off."""
    last = con.execute(f"SELECT line, reason FROM {rejects} ORDER BY line DESC LIMIT 1").fetchall()
    if last and str(last[0][1]).startswith(_CUT):
        breaks, is_closed = lines_of(text)
        if not is_closed and last[0][0] == breaks + 1:
            raise NotWhole(f"its last line, {breaks + 1}, breaks off ({last[0][1]})")


def _refuse_lines_run_together(con: duckdb.DuckDBPyConnection) -> None:
    first = con.execute(
        f"SELECT min(line) FROM {REJECTED_LINES} WHERE error_type = 'UNQUOTED VALUE'"
        " AND contains(rtrim(csv_line, chr(10) || chr(13)), chr(10))"
    ).fetchall()[0][0]
    if first is not None:
        raise NotWhole(
            f"a quote is opened near line {first} and not closed, so that the lines after it run together;"
            " if this is the whole file, mend the line, or say with csv.quote that quotes mean nothing here"
        )


def refusal(con: duckdb.DuckDBPyConnection, rejects: str, share: RejectShare, sources: dict[str, str]) -> str:
    """What to tell the data engineer of a file with too many rejects; `sources` names the origin of each column."""
    told = (
        f"{share.rejected:,} of {share.meant:,} rows break the contract"
        f" ({share.rejected / share.meant:.1%}; max_reject_share allows {share.allowed:.1%}),"
        " so nothing of it was landed"
    )
    kinds = con.execute(f"""
        SELECT column_name, regexp_replace(reason, '(?s): ''.*''$', '') AS kind, count(*) AS rows,
            arg_min(regexp_extract(reason, '(?s): ''(.*)''$', 1), line) AS example,
            list(DISTINCT regexp_extract(reason, '(?s): ''(.*)''$', 1))[1:{_EXAMPLES}] AS examples
        FROM {rejects} GROUP BY ALL ORDER BY rows DESC, kind LIMIT {_SHOWN_REASONS}""").fetchall()
    reasons = [_reason(sources, *kind) for kind in kinds]
    rows = con.execute(
        f"SELECT line, column_name, reason FROM {rejects} ORDER BY line LIMIT {_SHOWN_ROWS}"
    ).fetchall()
    first = [f"line {line}{_of(column)}: {reason[:_SHOWN_LENGTH]}" for line, column, reason in rows]
    return "\n  ".join([told, *reasons, "the first of them:", *(f"  {row}" for row in first)])


def _of(column: str | None) -> str:
    return f", {column}" if column else ""


def _reason(
    sources: dict[str, str], column: str | None, kind: str, rows: int, example: str, examples: Sequence[str]
) -> str:
    origin = f" (from {sources[column]})" if column in sources and column is not None else ""
    where = f"{column}{origin}: " if column else ""
    shown = f", for example {example[:_SHOWN_LENGTH]!r}" if example else ""
    guess = _looks_like(examples) if kind.startswith(("not a date", "not a timestamp")) else ""
    hint = "; say how the file is written with csv.encoding" if kind.startswith("not in the encoding") else ""
    return f"{rows:,} × {where}{kind}{shown}{guess}{hint}"


def _looks_like(examples: Sequence[str]) -> str:
    fitting = [pattern for pattern in _USUAL_FORMATS if all(_fits(text, pattern) for text in examples)]
    return f", which looks like {' or '.join(fitting)}" if fitting else ""


def _fits(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text.strip(), pattern)
    except ValueError:
        return False
    return True
