"""Which files have something new in them, told by path, size and time first and by content where these differ.

Reading them is in land.py; this must stay quick, because a run with nothing to do does no more than this.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.landing.databases import query_label
from warehouse.landing.deliveries import source_names
from warehouse.landing.errors import LandingError
from warehouse.landing.mapping import matching_files, node_of, unmarked_files
from warehouse.landing.mapping_check import closest
from warehouse.landing.masking import without_persons
from warehouse.landing.objects import stored_objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.objects import StoredObject


@dataclass(frozen=True)
class Arrival:
    """A file that is not what stands there already; or a query or an object, which have no path or hash yet."""

    contract: Contract
    source: FeedSource
    key_path: str
    """Where the source stands in the project file."""
    name: str
    """What the source is called in the books."""
    file: str
    """Name in the load log: relative to the data folder where it lies inside."""
    mapping: str
    """Fingerprint of how the file is read."""
    path: Path | None = None
    size_bytes: int = 0
    mtime_ns: int = 0
    node: str = ""
    """Inode and time of its last change of any kind: a file replaced by one of the same size and time has another."""
    sha256: str = ""
    cursor: str = ""
    """From where on its query is asked the next time (cursor.py); empty without a cursor."""

    @property
    def feed(self) -> str:
        """The feed that it is of."""
        return self.contract.feed

    def age_seconds(self) -> float:
        """How long ago the file was changed; infinite for answers and objects, which are always whole."""
        return time.time() - self.mtime_ns / 1e9 if self.path else math.inf


@dataclass(frozen=True)
class _Known:
    """The last content that was seen under a name, and how."""

    mapping: str
    sha256: str
    size_bytes: int
    mtime_ns: int
    node: str | None
    seen: int
    withdrawn: bool
    cursor: str | None

    def is_that_of(self, arrival: Arrival) -> bool:
        """Whether the arrival brings nothing new; a withdrawn content stays so however it is read."""
        return self.sha256 == arrival.sha256 and (self.withdrawn or self.mapping == arrival.mapping)


def new_arrivals(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Sequence[FeedSource]],
    contracts: Contracts,
    *,
    folder: Path,
    time_zone: str,
) -> list[Arrival]:
    """Files whose content is not the one that was last seen under their name, in order of feed, source and name.

    A file that was only touched is not listed. A database query is always listed: only its answer tells. `con`
    has the landing zone attached as `raw`. Raises LandingError for an unknown feed and for a pattern that
    matches nothing while nothing has been landed for the feed.
    """
    unknown = [feed for feed in sources if feed not in contracts]
    if unknown:
        raise LandingError([f"unknown feed {feed!r}{closest(feed, contracts)}" for feed in unknown])
    known = _known(con)
    found = [
        arrival
        for feed, feed_sources in sources.items()
        for number, (name, source) in enumerate(zip(source_names(feed_sources), feed_sources, strict=True))
        for arrival in _unfamiliar(
            known, contracts[feed], source, name, f"feeds.{feed}[{number}]", folder, time_zone
        )
    ]
    new = []
    for arrival in found:
        last = known.get((arrival.feed, arrival.name, arrival.file))
        if last is None or not last.is_that_of(arrival):
            new.append(arrival)
        elif not _is_read_only(con):
            note_touched(con, arrival)
    return new


def note_touched(con: duckdb.DuckDBPyConnection, arrival: Arrival) -> None:
    """Write down when a file or object whose content is the one last seen was touched."""
    con.execute(
        "UPDATE raw.files SET size_bytes = ?, mtime_ns = ?, node = ? WHERE seen ="
        " (SELECT max(seen) FROM raw.files WHERE feed = ? AND source = ? AND file = ?)",
        [arrival.size_bytes, arrival.mtime_ns, arrival.node, arrival.feed, arrival.name, arrival.file],
    )


def missing_files(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, Sequence[FeedSource]], folder: Path
) -> list[tuple[str, str]]:
    """Feed and name of the files in force that are no longer there and of which nobody was told; notes both ways."""
    there = {
        (feed, name, file)
        for feed, feed_sources in sources.items()
        for name, source in zip(source_names(feed_sources), feed_sources, strict=True)
        for file in _names_there(source, folder)
    }
    mapped = {
        (feed, name)
        for feed, feed_sources in sources.items()
        for name, source in zip(source_names(feed_sources), feed_sources, strict=True)
        if source.files
    }
    rows = con.execute(
        "SELECT DISTINCT f.feed, f.source, f.file, f.gone FROM raw.files f JOIN raw.loads l USING (load_id)"
        " WHERE l.in_force AND f.withdrawn_at IS NULL ORDER BY ALL"
    ).fetchall()
    told = []
    for feed, name, file, was_gone in rows:
        is_gone = (feed, name, file) not in there
        if (feed, name) in mapped and is_gone != bool(was_gone):
            con.execute(
                "UPDATE raw.files SET gone = ? WHERE feed = ? AND source = ? AND file = ?",
                [is_gone, feed, name, file],
            )
            told += [(feed, file)] if is_gone else []
    return told


def _names_there(source: FeedSource, folder: Path) -> list[str]:
    if source.lies_in_storage():
        return [stored.url for stored in stored_objects(source)]
    # A file whose marker has been cleared away is still there.
    files = [*matching_files(source, folder), *unmarked_files(source, folder)]
    return [file_name(path, folder) for path in files]


def file_name(path: Path, folder: Path) -> str:
    """Name of a file in the load log, which tells of no person."""
    return without_persons(
        path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    )


def _known(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], _Known]:
    there = con.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'raw' AND table_name = 'files' AND column_name = 'node'"
    ).fetchall()
    if not there:
        return {}
    rows = con.execute(
        "SELECT f.feed, f.source, f.file, f.mapping, f.sha256, f.size_bytes, f.mtime_ns, f.node, f.seen,"
        " f.withdrawn_at IS NOT NULL, f.cursor FROM raw.files f ORDER BY f.seen"
    ).fetchall()
    return {row[:3]: _Known(*row[3:]) for row in rows}


def _is_read_only(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute("SELECT readonly FROM duckdb_databases() WHERE database_name = 'raw'").fetchall()
    return bool(rows[0][0])


def _unfamiliar(
    known: Mapping[tuple[str, str, str], _Known],
    contract: Contract,
    source: FeedSource,
    name: str,
    key_path: str,
    folder: Path,
    time_zone: str,
) -> Iterator[Arrival]:
    """The source's files whose name, size and time are not those of what stands there, hashed if they lie here."""
    feed, mapping = contract.feed, source.fingerprint(time_zone)
    if source.database:
        yield Arrival(contract, source, key_path, name, query_label(source.database), mapping)
        return
    found: list[tuple[str, Path | None, int, int, str]]
    if source.lies_in_storage():
        found = [(o.url, None, o.size_bytes, o.mtime_ns, "") for o in _stored(source, key_path)]
    else:
        found = [_lying(path, folder) for path in matching_files(source, folder)]
    if not found and not unmarked_files(source, folder) and all(landed != feed for landed, _, _ in known):
        place = "the object storage" if source.lies_in_storage() else folder
        raise LandingError([f"{key_path}.files: no file in {place} matches {', '.join(source.files)}"])
    for file, path, size_bytes, mtime_ns, node in found:
        last = known.get((feed, name, file))
        if (
            last
            and (last.withdrawn or last.mapping == mapping)
            and (last.size_bytes, last.mtime_ns, last.node or "") == (size_bytes, mtime_ns, node)
        ):
            continue
        sha256 = hashed(path, f"{feed}: {file}") if path else ""
        yield Arrival(
            contract, source, key_path, name, file, mapping, path, size_bytes, mtime_ns, node, sha256
        )


def _lying(path: Path, folder: Path) -> tuple[str, Path | None, int, int, str]:
    """A file's name in the load log, its path, size, time of change and node."""
    state = path.stat()
    return file_name(path, folder), path, state.st_size, state.st_mtime_ns, node_of(state)


def _stored(source: FeedSource, key_path: str) -> list[StoredObject]:
    try:
        return stored_objects(source)
    except LandingError as error:
        raise LandingError([f"{key_path}.files: {problem}" for problem in error.problems]) from None


def hashed(path: Path, name: str) -> str:
    """SHA-256 of a file; raises LandingError, with its name in the load log, if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise LandingError([f"{name} cannot be read: {reason}"]) from error


def load_id_of(con: duckdb.DuckDBPyConnection, arrival: Arrival) -> int | None:
    """The load that brought this very content with this mapping, if there was one."""
    rows = con.execute(
        "SELECT max(load_id) FROM raw.files WHERE feed = ? AND mapping = ? AND sha256 = ?",
        [arrival.feed, arrival.mapping, arrival.sha256],
    ).fetchall()
    return None if rows[0][0] is None else int(rows[0][0])


def is_what_stands(con: duckdb.DuckDBPyConnection, arrival: Arrival) -> bool:
    """Whether a query's answer is the one that it gave last."""
    last = _known(con).get((arrival.feed, arrival.name, arrival.file))
    return last is not None and last.is_that_of(arrival)


def reached_before(con: duckdb.DuckDBPyConnection, arrival: Arrival) -> str:
    """What the cursor of a query had reached (cursor.py); empty if all is to be asked for.

    That is so the first time, when rows are read in another way than before, and after the last answer was withdrawn.
    """
    last = _known(con).get((arrival.feed, arrival.name, arrival.file))
    return last.cursor or "" if last and last.mapping == arrival.mapping and not last.withdrawn else ""


def note_file(con: duckdb.DuckDBPyConnection, arrival: Arrival, load_id: int) -> None:
    """Write down that the content of a load was delivered under this name; what was withdrawn stays withdrawn."""
    con.execute(
        "INSERT INTO raw.files (seen, feed, source, file, mapping, sha256, size_bytes, mtime_ns, node, load_id,"
        " gone, cursor, withdrawn_at) SELECT (SELECT coalesce(max(seen), 0) + 1 FROM raw.files),"
        " ?, ?, ?, ?, ?, ?, ?, ?, load_id, false, ?, withdrawn_at FROM raw.loads WHERE load_id = ?",
        [
            arrival.feed,
            arrival.name,
            arrival.file,
            arrival.mapping,
            arrival.sha256,
            arrival.size_bytes,
            arrival.mtime_ns,
            arrival.node,
            arrival.cursor or None,
            load_id,
        ],
    )
