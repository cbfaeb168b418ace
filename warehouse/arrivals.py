"""Which files have something new in them, told by path, size and time first and by content where these differ.

Reading them is in landing.py; this must stay quick, because a run with nothing to do does no more than this.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.contract import contracts
from warehouse.landing_error import LandingError
from warehouse.mapping import matching_files
from warehouse.mapping_check import closest
from warehouse.sources import query_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from warehouse.mapping import FeedSource


@dataclass(frozen=True)
class Arrival:
    """A file, or the answer of a query, that has not landed yet; for a query there is no path, size or hash."""

    feed: str
    source: FeedSource
    key_path: str
    """Where the source stands in the project file."""
    file: str
    """Name in the load log: relative to the data folder where it lies inside."""
    mapping: str
    """Fingerprint of how the file is read."""
    path: Path | None = None
    size_bytes: int = 0
    mtime_ns: int = 0
    sha256: str = ""

    def age_seconds(self) -> float:
        """How long ago the file was changed; infinite for a query, whose answer is always whole."""
        return time.time() - self.mtime_ns / 1e9 if self.path else math.inf

    def content(self) -> tuple[str, str, str]:
        """What makes two arrivals the same: the feed, how it is read, and the bytes."""
        return self.feed, self.mapping, self.sha256


def pending(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Sequence[FeedSource]],
    *,
    folder: Path,
    time_zone: str,
) -> list[Arrival]:
    """Files whose content has not been landed with their mapping, in order of feed, source and name.

    A file that was touched or renamed but holds the same bytes is not new. A database query is always listed:
    only its answer tells. `con` has the landing zone attached as `raw`. Raises LandingError for an unknown feed
    and for a pattern that matches nothing while nothing has been landed for the feed.
    """
    unknown = [feed for feed in sources if feed not in contracts()]
    if unknown:
        raise LandingError([f"unknown feed {feed!r}{closest(feed, contracts())}" for feed in unknown])
    books = _books(con)
    seen = [
        arrival
        for feed, feed_sources in sources.items()
        for number, source in enumerate(feed_sources)
        for arrival in _unfamiliar(books, feed, source, f"feeds.{feed}[{number}]", folder, time_zone)
    ]
    landed = {(feed, mapping, sha256) for feed, _, mapping, sha256, _, _ in books}
    if not _is_read_only(con):
        for arrival in seen:
            if arrival.content() in landed:
                note_file(con, arrival, load_id_of(con, arrival))
    return [arrival for arrival in seen if arrival.content() not in landed]


def _books(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str, int, int]]:
    there = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'raw' AND table_name = 'files'"
    ).fetchall()
    if not there:
        return []
    return con.execute("SELECT feed, file, mapping, sha256, size_bytes, mtime_ns FROM raw.files").fetchall()


def _is_read_only(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute("SELECT readonly FROM duckdb_databases() WHERE database_name = 'raw'").fetchall()
    return bool(rows[0][0])


def _unfamiliar(
    books: Sequence[tuple[str, str, str, str, int, int]],
    feed: str,
    source: FeedSource,
    key_path: str,
    folder: Path,
    time_zone: str,
) -> Iterator[Arrival]:
    """The source's files whose name, size and time are not all known, hashed."""
    mapping = source.fingerprint(time_zone)
    if source.database:
        yield Arrival(feed, source, key_path, query_label(source.database), mapping)
        return
    paths = matching_files(source, folder)
    if not paths and all(row[0] != feed for row in books):
        patterns = ", ".join(source.files)
        raise LandingError([f"{key_path}.files: no file in {folder} matches {patterns}"])
    states = {(row[1], row[4], row[5]) for row in books if row[0] == feed and row[2] == mapping}
    for path in paths:
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
        state = path.stat()
        if (name, state.st_size, state.st_mtime_ns) not in states:
            sha256 = _hashed(path, f"{feed}: {name}")
            yield Arrival(
                feed, source, key_path, name, mapping, path, state.st_size, state.st_mtime_ns, sha256
            )


def _hashed(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise LandingError([f"{name} cannot be read: {reason}"]) from error


def load_id_of(con: duckdb.DuckDBPyConnection, arrival: Arrival) -> int | None:
    """The load that brought this very content with this mapping, if there was one."""
    rows = con.execute(
        "SELECT min(load_id) FROM raw.files WHERE feed = ? AND mapping = ? AND sha256 = ?",
        [arrival.feed, arrival.mapping, arrival.sha256],
    ).fetchall()
    return None if rows[0][0] is None else int(rows[0][0])


def note_file(con: duckdb.DuckDBPyConnection, arrival: Arrival, load_id: int | None) -> None:
    """Write down that the content was seen under this name, size and time."""
    con.execute(
        "DELETE FROM raw.files WHERE feed = ? AND file = ? AND mapping = ? AND sha256 = ?",
        [arrival.feed, arrival.file, arrival.mapping, arrival.sha256],
    )
    con.execute(
        "INSERT INTO raw.files VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            arrival.feed,
            arrival.file,
            arrival.mapping,
            arrival.sha256,
            arrival.size_bytes,
            arrival.mtime_ns,
            load_id,
        ],
    )
