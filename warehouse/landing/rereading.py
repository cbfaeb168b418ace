"""A file read once more, in memory, to show which of its rows are rejected and to write these out for mending.

Nothing of it enters the warehouse; the rules by which it is read are those of land.py.
"""

from __future__ import annotations

import io
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.landing.errors import LandingError
from warehouse.landing.land import land
from warehouse.landing.mapping import file_format, matching_files
from warehouse.landing.pseudonyms import PseudonymKey
from warehouse.landing.readers import opened
from warehouse.store import passing_landing_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import polars as pl

    from warehouse.contract import Contracts
    from warehouse.landing.mapping import FeedSource


def readers_of(
    wanted: str, feeds: Mapping[str, Sequence[FeedSource]], folder: Path
) -> tuple[Path, list[tuple[str, FeedSource]]]:
    """A file that feeds read, by its path or name, and by which mappings they do.

    Raises ValueError if no feed reads it, or several files are so called.
    """
    read: dict[Path, list[tuple[str, FeedSource]]] = {}
    for feed, sources in feeds.items():
        for source in sources:
            for path in matching_files(source, folder):
                read.setdefault(path, []).append((feed, source))
    places = {(folder / wanted).resolve(), Path(wanted).resolve()}
    found = [path for path in read if path.resolve() in places] or [
        path for path in read if path.name == wanted
    ]
    if len(found) == 1:
        return found[0], read[found[0]]
    if found:
        raise ValueError(f"several files are called {wanted}: {', '.join(map(str, sorted(found)))}")
    raise ValueError(f"no feed of the project file reads a file {wanted} in {folder}")


def rejected_rows(
    path: Path,
    readers: Sequence[tuple[str, FeedSource]],
    contracts: Contracts,
    *,
    folder: Path,
    time_zone: str,
) -> pl.DataFrame:
    """Columns feed, line, column, reason and text of each row that the mappings reject, personal values hidden.

    Raises LandingError if the file cannot be read at all, also if it lacks its end.
    """
    sources: dict[str, list[FeedSource]] = {}
    for feed, source in readers:
        alone = source.model_copy(update={"files": (str(path),), "max_reject_share": 1.0})
        sources.setdefault(feed, []).append(alone)
    # Nobody keeps these pseudonyms.
    key = PseudonymKey("passing", secrets.token_bytes(32))
    waiting: list[str] = []
    with passing_landing_zone() as con:
        land(
            con,
            sources,
            folder=folder,
            time_zone=time_zone,
            contracts=contracts,
            pseudonym_key=key,
            on_waiting=lambda feed, text: waiting.append(f"{feed}: {text}"),
        )
        if waiting:
            raise LandingError(waiting)
        rows: pl.DataFrame = con.sql(
            'SELECT feed, line, column_name AS "column", reason, raw AS text FROM raw.rejects ORDER BY ALL'
        ).pl()
    return rows


def write_records(path: Path, source: FeedSource, lines: Collection[int], out: Path) -> int:
    """Write the header of a text and its records that start on `lines` into a file written alike; how many there are.

    They are copied as they stand, with what is personal in them. Raises ValueError for other kinds of file and where
    `out` is there already.
    """
    kind = file_format(path, source)
    if kind not in ("csv", "ndjson"):
        raise ValueError(
            f"{path.name} is not a text file; mend its rows in place, by the line numbers shown without --out"
        )
    if out.exists():
        raise ValueError(f"{out} is there already; name a new file")
    encoding = source.csv.encoding if kind == "csv" else "utf-8"
    heading = source.lines_above() + 1 if kind == "csv" else 0
    count = 0
    with (
        opened(path) as raw,
        out.open("x", encoding=encoding, errors="surrogateescape", newline="") as target,
    ):
        text = io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
        for number, record in _records(text, source if kind == "csv" else None, heading):
            if number <= heading or number in lines:
                count += number > heading
                target.write(record if record.endswith(("\n", "\r")) else record + "\n")
    return count


def _records(text: io.TextIOWrapper, source: FeedSource | None, heading: int) -> Iterator[tuple[int, str]]:
    """Line on which each record of a text starts, and the record; what is above the header is line for line."""
    quote = source.csv.quote if source else ""
    escape = source.csv.escape if source else None
    escaped = re.compile(re.escape(escape) + r"[^\r\n]") if escape else None
    start, held, inside = 1, "", False
    for number, line in enumerate(text, 1):
        if not held:
            start = number
        held += line
        plain = escaped.sub("", line) if escaped else line
        inside ^= bool(quote) and number > heading - 1 and plain.count(quote) % 2 == 1
        if not inside:
            yield start, held
            held = ""
    if held:
        yield start, held
