"""Which deliveries are in force, and in which order, worked out from the books; rows know only their loads.

A file or a query's answer is landed by land.py, which keeps those books; latest.py reads what is in force.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

    from warehouse.landing.mapping import FeedSource

PART = "org_unit"
Chain = tuple[str, str | None]
Rows = tuple[int, int, str | None]
"""Rows of one fate: the loads that first and last brought them, and their unit where units are delivered apart."""


@dataclass(frozen=True)
class Loaded:
    """What is known of a load when it has to be judged."""

    load_id: int
    source: str
    file: str
    whole_source: bool
    """Whether it was compared with all that its source had brought, not only with the same file."""
    key_is_made: bool
    record: tuple[str, ...]
    """Columns that name the record of a wide source, of which each row is one instant; empty for other sources."""

    @property
    def chain(self) -> Chain:
        """Loads that were compared with each other, each with the one before it."""
        return self.source, None if self.whole_source else self.file


@dataclass(frozen=True)
class Seen:
    """A content seen under a name: one delivery."""

    seen: int
    source: str
    file: str
    mapping: str
    sha256: str
    mtime_ns: int
    load_id: int
    withdrawn: bool


@dataclass(frozen=True)
class Source:
    """How a source of a feed delivers, as the project said when it last landed."""

    name: str
    place: int
    """Order among the sources of its feed; those that the project no longer names come first."""
    delivery: str
    snapshot_of: str | None
    ordered_by: str


@dataclass(frozen=True)
class Standing:
    """The load that keeps rows in force, and its place in the order of the feed's deliveries."""

    load_id: int
    position: int


@dataclass(frozen=True)
class Books:
    """Everything that raw says about the deliveries of one feed."""

    loads: Mapping[int, Loaded]
    seen: tuple[Seen, ...]
    sources: Mapping[str, Source]
    parts: Mapping[int, frozenset[str | None]]
    """Units that a load names, where it is the whole state of just these."""

    @property
    def by_part(self) -> bool:
        """Whether units are delivered apart, so that rows of one load can meet different fates."""
        return bool(self.parts)


@dataclass
class _InForce:
    """Deliveries in force: load → its position, and the units for which a later one stands instead."""

    positions: dict[int, int] = field(default_factory=dict)
    excepted: dict[int, frozenset[str | None]] = field(default_factory=dict)
    read_anew: set[int] = field(default_factory=set)


def source_names(sources: Sequence[FeedSource]) -> list[str]:
    """A stable name of each source of a feed: the one given, else where it comes from; numbered where that repeats."""
    names: list[str] = []
    for source in sources:
        base = source.name or source.place()
        again = sum(name == base or name.startswith(f"{base} (") for name in names)
        names.append(f"{base} ({again + 1})" if again else base)
    return names


def read_books(con: duckdb.DuckDBPyConnection, feed: str) -> Books:
    """The books of a feed; `con` has the landing zone attached as `raw`."""
    loads = con.execute(
        "SELECT load_id, coalesce(source, ''), file, coalesce(delivery = 'snapshot', false),"
        " coalesce(key_is_made, false), coalesce(record, '') FROM raw.loads WHERE feed = ?",
        [feed],
    ).fetchall()
    seen = con.execute(
        "SELECT seen, coalesce(source, ''), file, mapping, sha256, mtime_ns, load_id, withdrawn_at IS NOT NULL"
        " FROM raw.files WHERE feed = ? ORDER BY seen",
        [feed],
    ).fetchall()
    sources = con.execute(
        "SELECT source, place, delivery, snapshot_of, ordered_by FROM raw.sources WHERE feed = ?", [feed]
    ).fetchall()
    parts: dict[int, set[str | None]] = defaultdict(set)
    for load_id, part in con.execute("SELECT load_id, part FROM raw.parts WHERE feed = ?", [feed]).fetchall():
        parts[load_id].add(part)
    return Books(
        {
            load_id: Loaded(load_id, source, file, whole, made, tuple(filter(None, record.split(","))))
            for load_id, source, file, whole, made, record in loads
        },
        tuple(Seen(*row) for row in seen),
        {row[0]: Source(*row) for row in sources},
        {load_id: frozenset(named) for load_id, named in parts.items()},
    )


def rows_there(con: duckdb.DuckDBPyConnection, feed: str, books: Books) -> dict[Rows, int]:
    """All pairs of first and last load that rows of the feed have, with the unit where it matters, and their number."""
    part = PART if books.by_part else "NULL"
    rows = con.execute(
        f"SELECT _load_id, _last_load_id, {part}, count(*) FROM raw.{feed} GROUP BY ALL"
    ).fetchall()
    return {row[:3]: row[3] for row in rows}


def standing(books: Books, rows: Iterable[Rows]) -> dict[Rows, Standing]:
    """The rows in force, each with the load that keeps it so; rows left out are replaced or withdrawn."""
    in_force = _in_force(books)
    chains: dict[Chain, list[int]] = defaultdict(list)
    for load_id in in_force.positions:
        chains[books.loads[load_id].chain].append(load_id)
    found = {}
    for first, last, part in rows:
        if first not in books.loads or last in in_force.read_anew:
            continue
        bringing = [
            load_id
            for load_id in chains[books.loads[first].chain]
            if first <= load_id <= last and part not in in_force.excepted.get(load_id, ())
        ]
        if bringing:
            latest = max(bringing, key=in_force.positions.__getitem__)
            found[first, last, part] = Standing(latest, in_force.positions[latest])
    return found


def loads_in_force(books: Books) -> set[int]:
    """The loads that can keep any row in force."""
    in_force = _in_force(books)
    return set(in_force.positions) - in_force.read_anew


def note_sources(
    con: duckdb.DuckDBPyConnection, feed: str, sources: Sequence[FeedSource], time_zone: str
) -> None:
    """Write down how the feed's sources deliver now, and by which of them came what an earlier version landed."""
    names = source_names(sources)
    con.execute("UPDATE raw.sources SET place = -1 WHERE feed = ?", [feed])
    for place, (name, source) in enumerate(zip(names, sources, strict=True)):
        con.execute("DELETE FROM raw.sources WHERE feed = ? AND source = ?", [feed, name])
        con.execute(
            "INSERT INTO raw.sources VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                feed,
                name,
                place,
                source.delivers(),
                source.snapshot_of,
                source.ordered_by,
                source.max_overwritten_share,
            ],
        )
    unknown = con.execute(
        "SELECT DISTINCT file, mapping FROM raw.files WHERE feed = ? AND source IS NULL", [feed]
    ).fetchall()
    for file, mapping in unknown:
        for name, source in zip(names, sources, strict=True):
            if source.fingerprint(time_zone) == mapping or source.names_file(file):
                of_file = "SET source = ? WHERE feed = ? AND file = ? AND source IS NULL"
                con.execute(f"UPDATE raw.files {of_file}", [name, feed, file])
                con.execute(f"UPDATE raw.loads {of_file}", [name, feed, file])
                break


def keep_in_force(con: duckdb.DuckDBPyConnection, feed: str) -> None:
    """Write into raw.loads which loads of the feed are in force."""
    in_force = sorted(loads_in_force(read_books(con, feed)))
    con.execute(
        "UPDATE raw.loads SET in_force = list_contains(?::BIGINT[], load_id) WHERE feed = ?"
        " AND in_force IS DISTINCT FROM list_contains(?::BIGINT[], load_id)",
        [in_force, feed, in_force],
    )


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A key that sorts names with their numbers as numbers: c_9 before c_10."""
    parts = re.split(r"(\d+)", name)
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name


def _in_force(books: Books) -> _InForce:
    result = _InForce()
    found: list[tuple[tuple[object, ...], Seen]] = []
    for name, members in _by_source(books).items():
        source = books.sources.get(name) or Source(name, -1, "replace_file", None, "name")
        valid = [seen for seen in members if not seen.withdrawn]
        for seen in _chosen(source, valid, books, result):
            found.append(((source.place, source.name, *_order(source, seen)), seen))
    found.sort(key=lambda pair: pair[0])
    for position, (_, seen) in enumerate(found, 1):
        result.positions[seen.load_id] = position
    return result


def _by_source(books: Books) -> Mapping[str, list[Seen]]:
    members: dict[str, list[Seen]] = defaultdict(list)
    for seen in books.seen:
        if seen.load_id in books.loads:
            members[seen.source].append(seen)
    return members


def _order(source: Source, seen: Seen) -> tuple[object, ...]:
    """What is later within a source."""
    modified = seen.mtime_ns if source.ordered_by == "modified" else 0
    return modified, natural(seen.file), seen.seen


def _chosen(source: Source, valid: list[Seen], books: Books, result: _InForce) -> Iterator[Seen]:
    """The deliveries of a source that are in force, given the way it delivers."""
    if source.delivery == "append":
        newest: dict[str, Seen] = {}
        for seen in valid:
            before = newest.get(seen.file)
            if before and before.sha256 == seen.sha256 and before.mapping != seen.mapping:
                result.read_anew.add(before.load_id)
            newest[seen.file] = seen
        yield from valid
    elif source.delivery == "snapshot":
        yield from _snapshots(source, valid, books, result)
    else:
        yield from {seen.file: seen for seen in valid}.values()


def _snapshots(source: Source, valid: list[Seen], books: Books, result: _InForce) -> Iterator[Seen]:
    by_age = sorted(valid, key=lambda seen: _order(source, seen), reverse=True)
    if source.snapshot_of is None:
        yield from by_age[:1]
        return
    told: frozenset[str | None] = frozenset()
    for seen in by_age:
        named = books.parts.get(seen.load_id)
        if named is None or named - told:
            result.excepted[seen.load_id] = told
            yield seen
        if named is None:  # the whole state of every unit, from before units were delivered apart
            return
        told |= named
