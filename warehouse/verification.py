"""Whether the files of a warehouse can be read to the last block, and what the landing zone holds, feed by feed.

Whether the numbers are right is the affair of the checks; nothing here changes a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.folder import Folder
from warehouse.opening import of_raw, read_whole
from warehouse.publish import current_version, versions
from warehouse.quoting import identifier


@dataclass(frozen=True)
class FeedContent:
    """What the landing zone holds of a feed."""

    feed: str
    loads: int
    rows: int
    content: str
    """A digest of all rows, the same in whatever order they lie: where it differs, something in them does."""


def feed_contents(raw: Path) -> list[FeedContent]:
    """What is there of every feed of which something was ever landed, all of it read; raises LandingZoneDamaged."""
    try:
        with duckdb.connect(str(raw), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            loads = con.execute("SELECT feed, count(*) FROM loads GROUP BY feed ORDER BY feed").fetchall()
            found = []
            for feed, count in loads:
                # Not hash(), which another version of DuckDB may work out differently.
                digest = "coalesce(bit_xor(md5_number(CAST(rows AS VARCHAR))), 0)"
                ((rows, content),) = con.execute(
                    f"SELECT count(*), {digest} FROM {identifier(feed)} AS rows"
                ).fetchall()
                found.append(FeedContent(feed, count, rows, f"{content:032x}"))
            return found
    except duckdb.Error as error:
        raise of_raw(raw, error) from None


def faults(folder: Folder) -> Iterator[str]:
    """What is wrong with the files of a warehouse, and what to do about it, a sentence each."""
    yield from _raw_faults(folder.raw)
    seen = current_version(folder)
    if seen is None and folder.current.is_symlink():
        yield f"{folder.current} leads to {folder.current.readlink()}, which is not there: policypulse rollback VERSION"
    for version in versions(folder):
        if reason := unreadable(version):
            way = "readers see it: policypulse rollback" if version == seen else "delete it"
            yield f"{version} is damaged ({reason}); {way}"
    for remade in (folder.build, folder.state):
        if remade.exists() and (reason := unreadable(remade)):
            yield f"{remade} is damaged ({reason}); the next run sets it aside and makes it anew"


def unreadable(database: Path) -> str | None:
    """Why some block of a database cannot be read; None if all can."""
    try:
        read_whole(database)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None


def _raw_faults(raw: Path) -> Iterator[str]:
    if not raw.exists():
        yield f"{raw} is not there: nothing was landed yet, or it is lost: policypulse restore DIR"
        return
    try:
        read_whole(raw)
        with duckdb.connect(str(raw), read_only=True) as con:
            yield from _missing_rows(con)
    except duckdb.Error as error:
        yield str(of_raw(raw, error))


def _missing_rows(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Loads of which not every row is there that the load log counts."""
    for (feed,) in con.execute("SELECT DISTINCT feed FROM loads ORDER BY feed").fetchall():
        rows = con.execute(
            f"SELECT l.load_id, l.file, l.rows_landed, count(r._load_id) FROM loads l LEFT JOIN {identifier(feed)} r"
            " ON r._load_id = l.load_id WHERE l.feed = ? GROUP BY ALL HAVING l.rows_landed <> count(r._load_id)"
            " ORDER BY ALL",
            [feed],
        ).fetchall()
        for load, file, landed, there in rows:
            yield (
                f"load {load} of {feed} ({file}) landed {landed:,} rows, of which {there:,} are there: policypulse "
                "restore DIR"
            )
