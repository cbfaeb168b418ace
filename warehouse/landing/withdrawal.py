"""Taking a delivery back: from then on it never was, for every as-of day, and what it replaced is in force again.

Its rows stay in raw, where history can be explained; which rows are in force is worked out in deliveries.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from warehouse.landing.deliveries import keep_in_force, read_books, rows_there, standing
from warehouse.landing.raw_tables import create_raw
from warehouse.transaction import transaction

if TYPE_CHECKING:
    import duckdb


class NothingToWithdraw(Exception):
    """No delivery in force has that name or number; the message says which have."""


@dataclass(frozen=True)
class Withdrawn:
    """What was taken back of one feed, and how many rows are in force again for it."""

    feed: str
    load_ids: tuple[int, ...]
    rows: int
    rows_back: int


def withdraw(con: duckdb.DuckDBPyConnection, what: str, why: str) -> list[Withdrawn]:
    """Take back all deliveries of a file, or one load by its number, and note why.

    `con` has the landing zone attached, writable, as `raw`, and no open transaction. Raises NothingToWithdraw.
    """
    create_raw(con)
    found = con.execute(
        "SELECT DISTINCT feed FROM raw.files WHERE (file = ? OR CAST(load_id AS VARCHAR) = ?) AND withdrawn_at IS NULL"
        " ORDER BY feed",
        [what, what],
    ).fetchall()
    if not found:
        raise NothingToWithdraw(_unknown(con, what))
    with transaction(con):
        return [_withdrawn(con, feed, what, why) for (feed,) in found]


def _withdrawn(con: duckdb.DuckDBPyConnection, feed: str, what: str, why: str) -> Withdrawn:
    before = _rows_in_force(con, feed)
    at = datetime.now(UTC)
    loads = con.execute(
        "UPDATE raw.files SET withdrawn_at = ? WHERE feed = ? AND withdrawn_at IS NULL"
        " AND (file = ? OR CAST(load_id AS VARCHAR) = ?) RETURNING load_id",
        [at, feed, what, what],
    ).fetchall()
    load_ids = sorted({load_id for (load_id,) in loads})
    con.execute(
        "UPDATE raw.loads SET withdrawn_at = ?, withdrawn_why = ? WHERE list_contains(?::BIGINT[], load_id)"
        " AND load_id NOT IN (SELECT load_id FROM raw.files WHERE withdrawn_at IS NULL)",
        [at, why, load_ids],
    )
    keep_in_force(con, feed)
    after = _rows_in_force(con, feed)
    gone = sum(rows for fate, rows in before.items() if fate not in after)
    back = sum(rows for fate, rows in after.items() if fate not in before)
    return Withdrawn(feed, tuple(load_ids), gone, back)


def _rows_in_force(con: duckdb.DuckDBPyConnection, feed: str) -> dict[object, int]:
    """How many rows of each fate are in force."""
    books = read_books(con, feed)
    counts = rows_there(con, feed, books)
    in_force = standing(books, counts)
    return {fate: rows for fate, rows in counts.items() if fate in in_force}


def _unknown(con: duckdb.DuckDBPyConnection, what: str) -> str:
    rows = con.execute(
        "SELECT DISTINCT file, withdrawn_at IS NOT NULL FROM raw.files ORDER BY file"
    ).fetchall()
    if (what, True) in rows:
        return f"{what} is withdrawn already"
    names = [file for file, is_withdrawn in rows if not is_withdrawn]
    close = get_close_matches(what, names, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return (
        f"nothing was delivered as {what!r}{hint} Name a file as catalog.loads has it, or a load_id: policypulse"
        ' query "SELECT load_id, file FROM catalog.loads"'
    )
