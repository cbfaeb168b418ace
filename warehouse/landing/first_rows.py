"""The first rows of a file, landed in memory to tell what a run would stop at: for `policypulse check`.

Nothing of it enters the warehouse; how rows are read and refused is decided where they are landed.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from warehouse.landing.databases import write_first_rows
from warehouse.landing.errors import LandingError
from warehouse.landing.mapping import file_format
from warehouse.landing.readers import MixedLineEnds, opened, scanned
from warehouse.landing.rereading import rejected_rows
from warehouse.landing.sheets import read_sheet
from warehouse.landing.source_columns import lacking_columns
from warehouse.quoting import literal
from warehouse.store import passing_landing_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from warehouse.contract import Contracts
    from warehouse.landing.mapping import DatabaseSource, FeedSource

FIRST_ROWS = 1_000


def first_rejects(
    path: Path, feed: str, source: FeedSource, contracts: Contracts, time_zone: str
) -> tuple[pl.DataFrame, int]:
    """Columns feed, line, column, reason and text of the rejected ones of a file's first rows; how many were read.

    Raises LandingError if the file cannot be read, or lacks a column that is mapped.
    """
    with TemporaryDirectory() as work:
        try:
            head, rows = _head(path, source, Path(work))
        except (OSError, EOFError, ValueError) as error:
            raise LandingError([f"{path.name} cannot be read: {error}"]) from error
        found = rejected_rows(head, [(feed, source)], contracts, folder=Path(work), time_zone=time_zone)
        return found, rows


def rejects_of_query(
    database: DatabaseSource, feed: str, source: FeedSource, contracts: Contracts, time_zone: str, data: Path
) -> tuple[pl.DataFrame, int]:
    """The same of the first rows of a source's query, whose lines are their numbers; `data` is its folder of files."""
    with TemporaryDirectory() as work:
        written = Path(work) / "rows.parquet"
        count = write_first_rows(database, data, FIRST_ROWS, written)
        alone = source.model_copy(update={"database": None, "delivery": None})
        try:
            rejects = rejected_rows(
                written, [(feed, alone)], contracts, folder=Path(work), time_zone=time_zone
            )
        except LandingError as error:
            passing = f"{feed}: {written.name}: "
            raise LandingError([problem.removeprefix(passing) for problem in error.problems]) from None
    return rejects, count


def ask_query(database: DatabaseSource, data: Path) -> None:
    """Raise LandingError if a query has no answer."""
    with TemporaryDirectory() as work:
        write_first_rows(database, data, 1, Path(work) / "rows.parquet")


def columns_there(path: Path, source: FeedSource, key_path: str) -> None:
    """Raise LandingError if the file cannot be read or lacks columns, of whose mapping the rest may be wrong."""
    with passing_landing_zone() as con, TemporaryDirectory() as work:
        try:
            head, _ = _head(path, source, Path(work))
            with scanned(con, source, head, Path(work)) as scan:
                lacking = lacking_columns(scan, source, key_path)
        except MixedLineEnds:
            return
        except (OSError, EOFError, ValueError) as error:
            raise LandingError([f"{path.name} cannot be read: {error}"]) from error
    if lacking:
        raise LandingError(lacking)


def _head(path: Path, source: FeedSource, work: Path) -> tuple[Path, int]:
    """A file of the same name with the first rows alone, and their number; a workbook is small and stays whole."""
    kind = file_format(path, source)
    if kind == "xlsx":
        return path, read_sheet(path, source.sheet, source.lines_above()).rows.height
    if kind == "parquet":
        head = work / path.name
        with passing_landing_zone() as con:
            rows = (
                f"SELECT * FROM read_parquet({literal(path)}, hive_partitioning = false) LIMIT {FIRST_ROWS}"
            )
            copied = con.execute(f"COPY ({rows}) TO {literal(head)} (FORMAT parquet)").fetchall()
        return head, int(copied[0][0])
    head = work / (path.stem if path.suffix.lower() == ".gz" else path.name)
    with opened(path) as text, head.open("wb") as written:
        written.writelines(islice(text, source.lines_above()))
        records = list(islice(_records(text, source.csv.quote.encode()), FIRST_ROWS + 1))
        written.writelines(records)
    return head, len(records) - (kind == "csv")


def _records(lines: Iterator[bytes], quote: bytes) -> Iterator[bytes]:
    """Lines, those of a record with a line break between quotes together."""
    record = b""
    for line in lines:
        record += line
        if not quote or record.count(quote) % 2 == 0:
            yield record
            record = b""
    if record:
        yield record
