"""On which line of a text file each of its records starts, where that is not simply one line per record.

Lines come apart from records by blank lines, by line breaks inside quotes and by lines the parser refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from warehouse.landing.readers import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Lines = NDArray[np.int64]

_CHUNK = 1 << 22
_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True)
class Numbering:
    """Lines of the rows that were read, in order (None: one per line from the first), and of those refused."""

    rows: Lines | None
    refused: Lines


class LinesLost(Exception):
    """The parser skipped records without saying so."""

    def __init__(self, held: int, read: int) -> None:
        super().__init__(f"holds {held:,} records, of which only {read:,} could be told apart")


def numbering(
    path: Path, *, before: int, quoting: tuple[str, str], rows: int, refused: Sequence[int]
) -> Numbering:
    """Where the records of a text file start, in lines from 1.

    `before` is the number of lines up to and with the header, `quoting` the quote and what escapes it (a second
    quote, or another character), `rows` how many records were read, and `refused` the sorted places of the others as
    the parser counts: lines, but a line break inside quotes does not count. Where quotes do not tell records apart,
    every record is taken for one line.
    Raises LinesLost if the file holds more records than were read and refused.
    """
    places = np.asarray(refused, dtype=np.int64)
    records = rows + len(places)
    if _line_count(path) == before + records:
        return _one_line_each(before, rows, places)
    starts, counted = _starts(path, before, quoting)
    if len(starts) > records:
        raise LinesLost(len(starts), records)
    is_refused = np.isin(counted, places)
    if len(starts) != records or is_refused.sum() != len(places):
        return _one_line_each(before, rows, places)
    return Numbering(starts[~is_refused], starts[is_refused])


def _one_line_each(before: int, rows: int, places: Lines) -> Numbering:
    if not len(places):
        return Numbering(None, places)
    read_before = places - before - np.arange(1, len(places) + 1)
    numbers = np.arange(1, rows + 1, dtype=np.int64)
    return Numbering(before + numbers + np.searchsorted(read_before, numbers, side="left"), places)


def _line_count(path: Path) -> int:
    count, is_closed = lines_of(path)
    return count + (not is_closed)


def lines_of(path: Path) -> tuple[int, bool]:
    """How many line breaks a text has, and whether it ends in one."""
    count, last = 0, b"\n"
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count, last == b"\n"


def _starts(path: Path, before: int, quoting: tuple[str, str]) -> tuple[Lines, Lines]:
    """Line on which each record after the header starts, and the same without line breaks inside quotes."""
    ends, lines, returns = (np.concatenate(part) for part in zip(*_record_ends(path, quoting), strict=True))
    starts = np.concatenate(([0], ends[:-1] + 1))
    start_lines = np.concatenate(([1], lines[:-1] + 1))
    places = np.arange(1, len(ends) + 1, dtype=np.int64)
    kept = (ends - returns - starts > 0) & (places > before)
    return start_lines[kept], places[kept]


def _record_ends(path: Path, quoting: tuple[str, str]) -> Iterator[tuple[Lines, Lines, Lines]]:
    """Line breaks outside quotes: their place in bytes, in lines, and whether a carriage return precedes them."""
    quote, escape = quoting
    mark = ord(quote) if quote else -1
    offset, line, inside, last = 0, 0, 0, _NEWLINE
    with opened(path) as file:
        for chunk in _without_escapes(file, escape if escape != quote else ""):
            signs = np.frombuffer(chunk, dtype=np.uint8)
            at = np.flatnonzero((signs == _NEWLINE) | (signs == mark))
            quotes = signs[at] == mark
            outside = ~quotes & ((np.cumsum(quotes) + inside) % 2 == 0)
            ends, lines = at[outside], line + np.cumsum(~quotes)[outside]
            before = np.where(ends > 0, signs[ends - 1], last)
            yield ends + offset, lines, (before == _RETURN).astype(np.int64)
            inside = (inside + int(quotes.sum())) % 2
            line += int((~quotes).sum())
            offset, last = offset + len(chunk), chunk[-1]
    if last != _NEWLINE:
        yield np.array([offset]), np.array([line + 1]), np.array([int(last == _RETURN)])


def _without_escapes(file: IO[bytes], escape: str) -> Iterator[bytes]:
    """The bytes of a file in parts, as long as they are, but with nothing that an escape makes plain text."""
    escaped = re.compile(re.escape(escape.encode()) + rb"[^\r\n]") if escape else None
    held = b""
    while chunk := file.read(_CHUNK):
        if escaped is None:
            yield chunk
            continue
        # An escape at the very end belongs to the sign that comes next.
        chunk = escaped.sub(b"..", held + chunk)
        held = escape.encode() if chunk.endswith(escape.encode()) else b""
        yield chunk[: len(chunk) - len(held)]
    if held:
        yield held
