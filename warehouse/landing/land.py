"""Landing: every file and query answer that is new becomes rows of raw, whole or not at all.

How one of them is read, judged and carried over is in land_arrival.py, which of them are new in arrivals.py; here
is what holds for all of them, and what people are told.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from warehouse.contract import contracts as installed
from warehouse.landing.arrivals import file_name, missing_files, new_arrivals
from warehouse.landing.comparing import Permits, with_corrections
from warehouse.landing.deliveries import keep_in_force, note_sources, source_names
from warehouse.landing.errors import LandingError, NotWhole
from warehouse.landing.land_arrival import WRITTEN_FOR_SECONDS, Terms, land_arrival
from warehouse.landing.mapping import passed_over_files, unmarked_files
from warehouse.landing.mapping_check import mapping_errors, personal_id_paths
from warehouse.landing.raw_tables import create_raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from warehouse.contract import Contracts
    from warehouse.landing.arrivals import Arrival
    from warehouse.landing.loads import Load
    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.pseudonyms import PseudonymKey

    Sources = Mapping[str, Sequence[FeedSource]]
    Notice = Callable[[str, str], None]

_SHOWN = 3
_WITHDRAW = "policypulse withdraw FILE --why TEXT"


def land(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    *,
    folder: Path,
    time_zone: str,
    contracts: Contracts | None = None,
    pseudonym_key: PseudonymKey | None = None,
    on_notice: Notice = lambda feed, text: None,
    on_waiting: Notice = lambda feed, text: None,
    settle_seconds: float = 0,
    accepted: Iterable[str] = (),
) -> list[Load]:
    """Land every file and query answer that is new; returns one Load each, none if there is nothing new.

    `con` has the landing zone attached, writable, as `raw`, and no open transaction; `folder` is what file
    patterns are relative to; `time_zone` is the business time zone; `contracts` are those of all feeds, without
    which there are the installed ones. `on_notice(feed, text)` is called with what
    people should know: what was taken back, files that were passed over, hold no row or are no longer there. A file
    lands in a transaction of its own. What a delivery takes back is said by the source's `delivery`; a file read anew
    because its mapping changed replaces what it brought before.

    `on_waiting(feed, text)` is called for a file that is left for the next time: changed in the last
    `settle_seconds`, or without its end and changed in the last day.

    Raises LandingError, after all other files have landed, if a file cannot be read, lacks a mapped column, has
    a larger share of rejects than its `max_reject_share` or takes back more than its `max_shrink_share` without
    being one of the `accepted`; nothing of such a file is kept, so that the mended file is read as new.
    """
    contracts = contracts or installed()
    create_raw(con, contracts)
    _tell_passed_over(sources, folder, on_notice)
    _tell_unmarked(con, sources, folder, on_waiting)
    mapped = {feed: feed_sources for feed, feed_sources in sources.items() if feed in contracts}
    for feed, feed_sources in mapped.items():
        note_sources(con, feed, feed_sources, time_zone)
    arrivals = new_arrivals(con, sources, contracts, folder=folder, time_zone=time_zone)
    if arrivals:
        _check_mapping(sources, contracts)
        _check_key(con, sources, contracts, pseudonym_key)
    permits = Permits(frozenset(accepted), on_notice)
    terms = Terms(folder, time_zone, pseudonym_key, _fingerprints(sources, time_zone), permits)
    seen_before = _last_seen(con)
    landed, problems = _land_each(con, arrivals, terms, on_waiting, settle_seconds)
    _tell_empty(con, mapped, seen_before, on_notice)
    for feed in mapped:
        keep_in_force(con, feed)
    loads = with_corrections(con, landed, contracts)
    _tell_missing_files(con, mapped, folder, on_notice)
    _tell_unnamed_sources(con, mapped, on_notice)
    if problems:
        raise LandingError(problems, loads)
    return loads


def _fingerprints(sources: Sources, time_zone: str) -> dict[str, frozenset[str]]:
    """How each feed is read now, as fingerprints of its sources."""
    return {
        feed: frozenset(source.fingerprint(time_zone) for source in feed_sources)
        for feed, feed_sources in sources.items()
    }


def _land_each(
    con: duckdb.DuckDBPyConnection,
    arrivals: Sequence[Arrival],
    terms: Terms,
    waits: Notice,
    settle_seconds: float,
) -> tuple[list[Load], list[str]]:
    """What landed, and what kept the others from landing; one file's problem stops no other."""
    loads: list[Load] = []
    problems: list[str] = []
    with _order_kept(con):
        for arrival in arrivals:
            if abs(arrival.age_seconds()) < settle_seconds:
                waits(arrival.feed, f"{arrival.file} waits: changed less than {settle_seconds:g} s ago")
                continue
            try:
                load = land_arrival(con, arrival, terms)
            except NotWhole as error:
                if arrival.age_seconds() < WRITTEN_FOR_SECONDS:
                    waits(arrival.feed, f"{arrival.file} waits for its end: {error}")
                else:
                    problems.append(f"{arrival.feed}: {arrival.file}: {error}")
            except LandingError as error:
                problems += [f"{arrival.feed}: {arrival.file}: {problem}" for problem in error.problems]
            else:
                loads += [load] if load else []
    return loads, problems


def _tell_passed_over(sources: Sources, folder: Path, notice: Notice) -> None:
    for feed, feed_sources in sources.items():
        names = sorted({path.name for source in feed_sources for path in passed_over_files(source, folder)})
        if names:
            notice(feed, f"passed over as hidden or temporary: {_few(names)}")


def _tell_unmarked(con: duckdb.DuckDBPyConnection, sources: Sources, folder: Path, waits: Notice) -> None:
    """Say each time which files wait for their marker; one that has landed waits for nothing."""
    landed = set(con.execute("SELECT feed, file FROM raw.files").fetchall())
    for feed, feed_sources in sources.items():
        for source in feed_sources:
            for name in (file_name(path, folder) for path in unmarked_files(source, folder)):
                if (feed, name) not in landed:
                    waits(feed, f"{name} waits for its {source.done_marker} file")


def _last_seen(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT coalesce(max(seen), 0) FROM raw.files").fetchall()[0][0])


def _tell_empty(con: duckdb.DuckDBPyConnection, sources: Sources, seen_before: int, notice: Notice) -> None:
    """Say of what was delivered since that it holds no row, where nobody has said that it may."""
    files = con.execute(
        "SELECT f.feed, f.source, f.file FROM raw.files f JOIN raw.loads USING (load_id)"
        " WHERE f.seen > ? AND rows_read = 0 ORDER BY f.seen",
        [seen_before],
    ).fetchall()
    expected = {
        (feed, name)
        for feed, feed_sources in sources.items()
        for name, source in zip(source_names(feed_sources), feed_sources, strict=True)
        # From a cursor on there may always be nothing.
        if source.may_be_empty or (source.database and source.database.cursor)
    }
    for feed, name, file in files:
        if (feed, name) not in expected:
            notice(feed, f"{file} holds no row; if that can be right, say so with may_be_empty: true")


def _tell_missing_files(
    con: duckdb.DuckDBPyConnection, sources: Sources, folder: Path, notice: Notice
) -> None:
    """Say once that a file is no longer there."""
    gone: dict[str, list[str]] = {}
    for feed, file in missing_files(con, sources, folder):
        gone.setdefault(feed, []).append(file)
    for feed, files in gone.items():
        notice(feed, f"no longer there: {_few(files)}. What they brought stays; to take it back: {_WITHDRAW}")


def _tell_unnamed_sources(con: duckdb.DuckDBPyConnection, sources: Sources, notice: Notice) -> None:
    """Say each time that a source is no longer in the project file."""
    for feed, feed_sources in sources.items():
        rows = con.execute(
            "SELECT f.source, list(DISTINCT f.file ORDER BY f.file) FROM raw.files f JOIN raw.loads l USING (load_id)"
            " WHERE f.feed = ? AND l.in_force AND f.withdrawn_at IS NULL"
            " AND NOT list_contains(?::VARCHAR[], f.source) GROUP BY ALL ORDER BY ALL",
            [feed, source_names(feed_sources)],
        ).fetchall()
        for source, files in rows:
            notice(
                feed,
                f"the project file no longer names the source {source!r}; what it brought ({_few(files, 1)}) stays."
                f" To take it back: {_WITHDRAW}; to go on with it under another place: name: {source!r}",
            )


def _few(names: Sequence[str], shown: int = _SHOWN) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _check_mapping(sources: Sources, contracts: Contracts) -> None:
    errors = mapping_errors(sources, contracts)
    if errors:
        raise LandingError([f"{path}: {message}" for path, message in errors])


def _check_key(
    con: duckdb.DuckDBPyConnection, sources: Sources, contracts: Contracts, key: PseudonymKey | None
) -> None:
    """Demand a key where people are identified, and the one used before; another would make two of one customer."""
    paths = personal_id_paths(sources, contracts)
    if not paths:
        return
    if key is None:
        problem = f"{paths[0]} identifies people and enters only as a keyed pseudonym"
        raise LandingError([f"{problem}: name the key in pseudonyms.key_file or pseudonyms.key_env"])
    used = con.execute("SELECT key_id, check_value FROM raw.pseudonym_keys").fetchall()
    if not used:
        con.execute("INSERT INTO raw.pseudonym_keys VALUES (?, ?, now())", [key.key_id, key.check_value()])
    elif (key.key_id, key.check_value()) not in used:
        problem = f"raw holds pseudonyms made with the key {used[0][0]!r} but {key.key_id!r} is another"
        cure = "put the old key back, or land everything anew into an empty warehouse"
        raise LandingError([f"pseudonyms.key_file: {problem}; {cure}"])


@contextmanager
def _order_kept(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep rows in the order of their file, from which their lines are told."""
    name = "preserve_insertion_order"
    before = con.execute(f"SELECT current_setting('{name}')").fetchall()[0][0]
    con.execute(f"SET {name} = true")
    try:
        yield
    finally:
        con.execute(f"SET {name} = {before}")
