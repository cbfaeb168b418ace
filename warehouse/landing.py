"""Landing: files and query results become rows of raw, each file whole or not at all, every row accounted for.

How a source is read is in sources.py, how its values are typed in conform.py; this module runs it and keeps the
books.
"""

from __future__ import annotations

import shlex
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl

from warehouse.arrivals import (
    Arrival,
    is_what_stands,
    load_id_of,
    missing_files,
    note_file,
    pending,
)
from warehouse.conform import SKIPPED, Conformed, conformed
from warehouse.contract import contracts
from warehouse.deliveries import (
    PART,
    Books,
    Rows,
    Standing,
    keep_in_force,
    note_sources,
    read_books,
    rows_there,
    source_names,
    standing,
)
from warehouse.insertion import (
    LINES,
    REFUSED,
    REJECTS,
    STAGED,
    Staged,
    insert_select,
    pseudonymised,
    rejects_select,
)
from warehouse.landing_error import LandingError, NotWhole
from warehouse.mapping import passed_over_files
from warehouse.mapping_check import mapping_errors, personal_id_paths
from warehouse.numbering import LinesLost, numbering
from warehouse.quoting import identifier
from warehouse.raw_tables import create_raw, feed_columns
from warehouse.rejects import RejectShare, refusal, refuse_cut_file, refused_lines
from warehouse.sources import (
    MixedLineEnds,
    content_hash,
    forget_rejected_lines,
    queried,
    reading,
    scanned,
    scanned_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from warehouse.contract import Contract
    from warehouse.mapping import FeedSource
    from warehouse.pseudonyms import PseudonymKey
    from warehouse.sources import Scan

    Progress = Callable[[int, int, str, str], None]
    Notice = Callable[[str, str], None]

_WRITTEN_FOR_SECONDS = 86_400
"""A file that has lacked its end for longer is not being written any more."""
_SHOWN_NAMES = 3

_INCOMING, _PREVIOUS, _FATES = "landing_incoming", "landing_previous", "landing_fates"
_SHOWN_FILES = 3
_FEW_ROWS = 10
_WITHDRAW = "policypulse withdraw FILE --why TEXT"

__all__ = ["Arrival", "LandingError", "Load", "create_raw", "land", "pending"]


@dataclass(frozen=True)
class Load:
    """One file or query result that landed, as in raw.loads; landed + rejected + skipped + unchanged = read.

    A row read is a row of the source; of a wide source it is a filled cell, or a row without any. Landed are
    the rows that the delivery before it did not have: added, or corrections of a record that was known. Rows
    of that delivery which this one lacks are replaced, where it names their record, or taken back.
    """

    load_id: int
    feed: str
    file: str
    sha256: str
    size_bytes: int
    loaded_at: datetime
    rows_read: int
    rows_landed: int
    rows_rejected: int
    rows_skipped: int
    rows_unchanged: int = 0
    rows_added: int = 0
    rows_corrected: int = 0
    rows_replaced: int = 0
    rows_taken_back: int = 0


@dataclass(frozen=True)
class _Terms:
    """What holds for all files of a landing."""

    folder: Path
    time_zone: str
    key: PseudonymKey | None
    mappings: Mapping[str, frozenset[str]]
    """Fingerprints in force of each feed's sources."""
    accepted: frozenset[str]
    """Files that may take back more than their source's limit."""
    notice: Notice


def land(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Sequence[FeedSource]],
    *,
    folder: Path,
    time_zone: str,
    pseudonym_key: PseudonymKey | None = None,
    on_progress: Progress | None = None,
    on_notice: Notice = lambda feed, text: None,
    on_waiting: Notice = lambda feed, text: None,
    settle_seconds: float = 0,
    accepted: Iterable[str] = (),
) -> list[Load]:
    """Land every file and query answer that is new; returns one Load each, none if there is nothing new.

    `con` has the landing zone attached, writable, as `raw`, and no open transaction; `folder` is what file
    patterns are relative to; `time_zone` is the business time zone. `on_progress(done, total, feed, file)` is
    called before each file and once at the end, `on_notice(feed, text)` with what people should know: what was
    taken back, files that were passed over or are no longer there. A file lands in a transaction of its own. What a
    delivery takes back is said by the source's `delivery`; a file read anew because its mapping changed
    replaces what it brought before.

    `on_waiting(feed, text)` is called for a file that is left for the next time: changed in the last
    `settle_seconds`, or without its end and changed in the last day.

    Raises LandingError, after all other files have landed, if a file cannot be read, lacks a mapped column, has
    a larger share of rejects than its `max_reject_share` or takes back more than its `max_shrink_share` without
    being one of the `accepted`; nothing of such a file is kept, so that the mended file is read as new.
    """
    create_raw(con)
    _tell_passed_over(sources, folder, on_notice)
    mapped = {feed: feed_sources for feed, feed_sources in sources.items() if feed in contracts()}
    for feed, feed_sources in mapped.items():
        note_sources(con, feed, feed_sources, time_zone)
    arrivals = pending(con, sources, folder=folder, time_zone=time_zone)
    if arrivals:
        _check_mapping(sources)
        _check_key(con, sources, pseudonym_key)
    mappings = {
        feed: frozenset(source.fingerprint(time_zone) for source in feed_sources)
        for feed, feed_sources in sources.items()
    }
    terms = _Terms(folder, time_zone, pseudonym_key, mappings, frozenset(accepted), on_notice)
    loads: list[Load] = []
    problems: list[str] = []
    with _order_kept(con):
        for number, arrival in enumerate(arrivals):
            if on_progress:
                on_progress(number, len(arrivals), arrival.feed, arrival.file)
            if abs(arrival.age_seconds()) < settle_seconds:
                on_waiting(arrival.feed, f"{arrival.file} waits: changed less than {settle_seconds:g} s ago")
                continue
            try:
                load = _land(con, arrival, terms)
            except NotWhole as error:
                if arrival.age_seconds() < _WRITTEN_FOR_SECONDS:
                    on_waiting(arrival.feed, f"{arrival.file} waits for its end: {error}")
                else:
                    problems.append(f"{arrival.feed}: {arrival.file}: {error}")
            except LandingError as error:
                problems += [f"{arrival.feed}: {arrival.file}: {problem}" for problem in error.problems]
            else:
                loads += [load] if load else []
    if on_progress and arrivals:
        on_progress(len(arrivals), len(arrivals), "", "")
    for feed in mapped:
        keep_in_force(con, feed)
    loads = _with_corrections(con, loads)
    _tell_what_is_gone(con, mapped, folder, on_notice)
    if problems:
        raise LandingError(problems, loads)
    return loads


def _tell_passed_over(sources: Mapping[str, Sequence[FeedSource]], folder: Path, notice: Notice) -> None:
    for feed, feed_sources in sources.items():
        names = sorted({path.name for source in feed_sources for path in passed_over_files(source, folder)})
        if names:
            more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
            notice(feed, f"passed over as hidden or temporary: {', '.join(names[:_SHOWN_NAMES])}{more}")


def _tell_what_is_gone(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Sequence[FeedSource]],
    folder: Path,
    notice: Notice,
) -> None:
    """Say once that a file is no longer there, and each time that a source is no longer in the project file."""
    gone: dict[str, list[str]] = {}
    for feed, file in missing_files(con, sources, folder):
        gone.setdefault(feed, []).append(file)
    for feed, files in gone.items():
        more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
        names = ", ".join(files[:_SHOWN_FILES]) + more
        notice(feed, f"no longer there: {names}. What they brought stays; to take it back: {_WITHDRAW}")
    for feed, feed_sources in sources.items():
        rows = con.execute(
            "SELECT f.source, list(DISTINCT f.file ORDER BY f.file) FROM raw.files f JOIN raw.loads l USING (load_id)"
            " WHERE f.feed = ? AND l.in_force AND f.withdrawn_at IS NULL"
            " AND NOT list_contains(?::VARCHAR[], f.source) GROUP BY ALL ORDER BY ALL",
            [feed, source_names(feed_sources)],
        ).fetchall()
        for source, files in rows:
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            notice(
                feed,
                f"the project file no longer names the source {source!r}; what it brought ({files[0]}{more}) stays."
                f" To take it back: {_WITHDRAW}; to go on with it under another place: name: {source!r}",
            )


def _check_mapping(sources: Mapping[str, Sequence[FeedSource]]) -> None:
    errors = mapping_errors(sources, contracts())
    if errors:
        raise LandingError([f"{path}: {message}" for path, message in errors])


def _check_key(
    con: duckdb.DuckDBPyConnection, sources: Mapping[str, Sequence[FeedSource]], key: PseudonymKey | None
) -> None:
    """Demand a key where people are identified, and the one used before: or the same customer would become two."""
    paths = personal_id_paths(sources, contracts())
    if not paths:
        return
    if key is None:
        problem = f"{paths[0]} identifies people and enters only as a keyed pseudonym"
        raise LandingError([f"{problem}: name the file of the key in pseudonyms.key_file"])
    used = con.execute("SELECT key_id, check_value FROM raw.pseudonym_keys").fetchall()
    if not used:
        con.execute("INSERT INTO raw.pseudonym_keys VALUES (?, ?, now())", [key.key_id, key.check_value()])
    elif (key.key_id, key.check_value()) not in used:
        problem = f"raw holds pseudonyms made with the key {used[0][0]!r} and {key.key_id!r} is another one"
        cure = "put the old key back, or land everything anew into an empty warehouse"
        raise LandingError([f"pseudonyms.key_file: {problem}; {cure}"])


@contextmanager
def _order_kept(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows keep the order of their file, which is what tells their line."""
    name = "preserve_insertion_order"
    before = con.execute(f"SELECT current_setting('{name}')").fetchall()[0][0]
    con.execute(f"SET {name} = true")
    try:
        yield
    finally:
        con.execute(f"SET {name} = {before}")


def _land(con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: _Terms) -> Load | None:
    """Land one file or query; None if its content is one that landed before."""
    if arrival.source.database:
        frame = queried(arrival.source.database, terms.folder)
        size = int(frame.estimated_size())
        arrival = replace(arrival, sha256=content_hash(frame), size_bytes=size)
        if is_what_stands(con, arrival):
            return None
        if _delivered_again(con, arrival, terms):
            return None
        with scanned_frame(con, frame) as scan:
            return _landed(con, scan, arrival, terms)
    if _delivered_again(con, arrival, terms):
        return None
    try:
        return _landed_file(con, arrival, terms, one_newline=False)
    except MixedLineEnds:
        return _landed_file(con, arrival, terms, one_newline=True)


def _delivered_again(con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: _Terms) -> bool:
    """Note a content that landed before, under another name or with others since; False if there is none."""
    twin = load_id_of(con, arrival)
    if twin is None:
        return False
    before = _in_force(con, arrival.feed)
    with _transaction(con):
        note_file(con, arrival, twin)
        _judged_changes(con, arrival, terms, before, twin)
    return True


def _landed_file(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: _Terms, *, one_newline: bool
) -> Load:
    path = Path(str(arrival.path))
    with (
        tempfile.TemporaryDirectory(prefix="landing-", dir=_scratch(con)) as work,
        scanned(con, arrival.source, path, Path(work), one_newline=one_newline) as scan,
    ):
        return _landed(con, scan, arrival, terms, one_newline=one_newline)


def _scratch(con: duckdb.DuckDBPyConnection) -> str | None:
    """Where the connection spills to: what is written beside it is swept with it, also after a kill."""
    folder = str(con.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
    return folder if folder and Path(folder).is_dir() else None


def _landed(
    con: duckdb.DuckDBPyConnection, scan: Scan, arrival: Arrival, terms: _Terms, *, one_newline: bool = False
) -> Load:
    """Stage a source, judge it as a whole, and carry it over."""
    contract = contracts()[arrival.feed]
    try:
        with reading(one_newline=one_newline):
            plan = conformed(
                scan,
                arrival.source,
                contract,
                key_path=arrival.key_path,
                time_zone=terms.time_zone,
                column_type=lambda select: str(con.execute(f"DESCRIBE {select}").fetchall()[0][1]),
                is_true=lambda select: con.execute(select).fetchall()[0][0] is True,
            )
            forget_rejected_lines(con)
            con.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS {plan.select}")
        try:
            with reading(one_newline=one_newline):
                staged = _located(con, scan, plan)
        except LinesLost as error:
            # DuckDB passes over lines, without an error, where the first of them end in another way than the rest.
            if not one_newline:
                raise MixedLineEnds from error
            raise LandingError([f"{error}; look at its quotes and line ends"]) from error
        con.execute(f"CREATE OR REPLACE TEMP TABLE {REJECTS} AS {rejects_select(staged)}")
        if scan.text and arrival.age_seconds() < _WRITTEN_FOR_SECONDS:
            refuse_cut_file(con, REJECTS, scan.text)
        rows_read, rows_skipped, rows_rejected = _counts(con, staged)
        share = RejectShare(rows_rejected, rows_read - rows_skipped, arrival.source.max_reject_share)
        if share.exceeded():
            raise LandingError([refusal(con, REJECTS, share, _origins(arrival.source))])
        with pseudonymised(con, plan, contract, terms.key), _transaction(con):
            return _carried(con, staged, arrival, terms, rows_read, rows_skipped)
    finally:
        _clear(con)


def _located(con: duckdb.DuckDBPyConnection, scan: Scan, plan: Conformed) -> Staged:
    """Find the line of every staged row, and of the lines that the parser refused."""
    if scan.text is None:
        return Staged(plan, scan.first_line, renumbered=False, refused=False)
    refused = refused_lines(con)
    last_row = "max(_row)" if plan.numbered else "count(*)"
    rows = con.execute(f"SELECT coalesce({last_row}, 0) FROM {STAGED}").fetchall()[0][0]
    lines = numbering(
        scan.text,
        before=scan.first_line - 1,
        quoting=(scan.quote, scan.escape),
        rows=rows,
        refused=refused["place"].to_list(),
    )
    con.register(REFUSED, refused.with_columns(line=pl.Series(lines.refused, dtype=pl.Int64)))
    if lines.rows is not None:
        con.register(LINES, pl.DataFrame({"row": np.arange(1, rows + 1), "line": lines.rows}))
    return Staged(plan, scan.first_line, renumbered=lines.rows is not None, refused=refused.height > 0)


def _counts(con: duckdb.DuckDBPyConnection, staged: Staged) -> tuple[int, int, int]:
    refused = f" + (SELECT count(*) FROM {REFUSED})" if staged.refused else ""
    rows = con.execute(
        f"SELECT count(*){refused}, count(*) FILTER (_fault = {SKIPPED}), (SELECT count(*) FROM {REJECTS})"
        f" FROM {STAGED}"
    ).fetchall()
    return rows[0][0], rows[0][1], rows[0][2]


def _origins(source: FeedSource) -> dict[str, str]:
    return {name: mapped.column for _, name, mapped in source.column_sources() if mapped.column}


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def _carried(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    arrival: Arrival,
    terms: _Terms,
    rows_read: int,
    rows_skipped: int,
) -> Load:
    contract = contracts()[arrival.feed]
    load_id = con.execute("SELECT coalesce(max(load_id), 0) + 1 FROM raw.loads").fetchall()[0][0]
    books = read_books(con, arrival.feed)
    anew = _is_read_anew(books, arrival)
    if anew:
        _forget_other_readings(con, arrival, terms.mappings[arrival.feed])
    before = _in_force(con, arrival.feed) if _delivered_before(books, arrival) and not anew else None
    previous = _previous_loads(books, arrival) if before else {}
    select = insert_select(
        staged,
        arrival.source,
        contract,
        time_zone=terms.time_zone,
        key=terms.key,
        load_id=load_id,
        file=arrival.file,
    )
    landed, unchanged = _brought(con, arrival, select, load_id, previous)
    rejected = con.execute(
        f"INSERT INTO raw.rejects SELECT ?, ?, ?, line, column_name, reason, raw FROM {REJECTS} ORDER BY line",
        [load_id, arrival.feed, arrival.file],
    ).fetchall()[0][0]
    if landed + rejected + rows_skipped + unchanged != rows_read:
        raise RuntimeError(
            f"{arrival.file}: {rows_read} rows were read, but {landed} landed, {rejected} were rejected,"
            f" {rows_skipped} skipped and {unchanged} unchanged"
        )
    _check_unchanged(arrival)
    load = Load(
        load_id,
        arrival.feed,
        arrival.file,
        arrival.sha256,
        arrival.size_bytes,
        datetime.now(UTC),
        rows_read,
        landed,
        rejected,
        rows_skipped,
        unchanged,
    )
    _note_load(con, load, arrival, contract)
    note_file(con, arrival, load_id)
    if before:
        replaced, taken_back = _judged_changes(con, arrival, terms, before, load_id)
        load = replace(load, rows_replaced=replaced, rows_taken_back=taken_back)
        con.execute(
            "UPDATE raw.loads SET rows_replaced = ?, rows_taken_back = ? WHERE load_id = ?",
            [replaced, taken_back, load_id],
        )
    return load


def _note_load(con: duckdb.DuckDBPyConnection, load: Load, arrival: Arrival, contract: Contract) -> None:
    source = arrival.source
    noted = asdict(load) | {
        "source": arrival.name,
        "delivery": source.delivers(),
        "key_is_made": _key_is_made(contract, source),
        "record": ",".join(contract.record(source.wide.into, source.wide.value)) if source.wide else "",
        "in_force": True,
    }
    columns, values = ", ".join(noted), ", ".join("?" * len(noted))
    con.execute(f"INSERT INTO raw.loads ({columns}) VALUES ({values})", list(noted.values()))


@dataclass(frozen=True)
class _InForce:
    """What is in force of a feed: its books and the fates of its rows."""

    books: Books
    rows: dict[Rows, Standing]


def _in_force(con: duckdb.DuckDBPyConnection, feed: str) -> _InForce:
    books = read_books(con, feed)
    return _InForce(books, standing(books, rows_there(con, feed, books)))


def _previous_loads(books: Books, arrival: Arrival) -> dict[str | None, int]:
    """The load that a delivery is compared with: the last of its file or, of a snapshot, of its source, by unit."""
    chain = (arrival.name, None if arrival.source.delivers() == "snapshot" else arrival.file)
    members = sorted(load_id for load_id, load in books.loads.items() if load.chain == chain)
    if not arrival.source.snapshot_of:
        return {None: members[-1]} if members else {}
    return {part: load_id for load_id in members for part in books.parts.get(load_id, ())}


def _brought(
    con: duckdb.DuckDBPyConnection,
    arrival: Arrival,
    select: str,
    load_id: int,
    previous: Mapping[str | None, int],
) -> tuple[int, int]:
    """Store the rows that the delivery before did not have; returns how many these are, and how many it had."""
    contract = contracts()[arrival.feed]
    table = f"raw.{arrival.feed}"
    columns = ", ".join(map(identifier, feed_columns(contract)))
    if not previous and not arrival.source.snapshot_of:
        return con.execute(f"INSERT INTO {table} ({columns}) {select}").fetchall()[0][0], 0
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_INCOMING} AS SELECT *, false AS _contested FROM ({select}) t({columns})"
    )
    if not _key_is_made(contract, arrival.source):
        _mark_contested(con, contract)
    if arrival.source.snapshot_of:
        con.execute(
            f"INSERT INTO raw.parts SELECT DISTINCT ?, ?::BIGINT, {PART} FROM {_INCOMING}",
            [arrival.feed, load_id],
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_PREVIOUS} (part VARCHAR, load_id BIGINT)")
    for pair in previous.items():
        con.execute(f"INSERT INTO {_PREVIOUS} VALUES (?, ?)", list(pair))
    key = " AND ".join(f"stored.{name} = incoming.{name}" for name in map(identifier, contract.key))
    same = " AND ".join(
        f"stored.{name} IS NOT DISTINCT FROM incoming.{name}" for name in map(identifier, contract.columns)
    )
    part = f"stored.{PART}" if arrival.source.snapshot_of else "NULL"
    con.execute(
        f"""
        UPDATE {table} AS stored SET _last_load_id = {load_id}
        FROM {_INCOMING} AS incoming, {_PREVIOUS} AS previous
        WHERE stored._last_load_id = previous.load_id AND previous.part IS NOT DISTINCT FROM {part}
            AND {key} AND {same} AND NOT incoming._contested
        """
    )
    landed = con.execute(
        f"""
        INSERT INTO {table} ({columns})
        SELECT {columns} FROM {_INCOMING} AS incoming
        WHERE NOT EXISTS (
            SELECT 1 FROM {table} AS stored WHERE stored._last_load_id = {load_id} AND {key} AND {same}
        )
        ORDER BY _line
        """
    ).fetchall()[0][0]
    incoming = con.execute(f"SELECT count(*) FROM {_INCOMING}").fetchall()[0][0]
    return landed, incoming - landed


def rows_text(rows: int) -> str:
    """A number of rows in words."""
    return f"{rows:,} row" if rows == 1 else f"{rows:,} rows"


def _mark_contested(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Mark the rows of which only the last line counts: their lines have to be those of one file."""
    key, contents = (", ".join(map(identifier, names)) for names in (contract.key, contract.columns))
    con.execute(
        f"""
        UPDATE {_INCOMING} SET _contested = true WHERE ({key}) IN (
            SELECT ({key}) FROM {_INCOMING} GROUP BY {key}
            HAVING count(*) > 1 AND min(hash({contents})) <> max(hash({contents}))
        )
        """
    )


def _judged_changes(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: _Terms, before: _InForce, load_id: int
) -> tuple[int, int]:
    """Rows that a delivery replaced, and that it took back; raises LandingError if these are too many to be meant."""
    after = _in_force(con, arrival.feed)
    lost = [(*rows, False, True) for rows in before.rows if rows not in after.rows]
    is_new = load_id not in before.books.loads
    brought = [
        (*rows, True, rows in before.rows or (is_new and rows[0] < load_id))
        for rows, state in after.rows.items()
        if state.load_id == load_id
    ]
    if not lost:
        return 0, 0
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_FATES} (first BIGINT, last BIGINT, part VARCHAR, is_brought BOOLEAN,"
        " was BOOLEAN)"
    )
    con.executemany(f"INSERT INTO {_FATES} VALUES (?, ?, ?, ?, ?)", lost + brought)
    contract = contracts()[arrival.feed]
    wide = arrival.source.wide
    record = contract.record(wide.into, wide.value) if wide else contract.key
    names = ", ".join(map(identifier, record))
    part = f"f.part IS NOT DISTINCT FROM r.{PART}" if after.books.by_part else "true"
    fates = (
        f"SELECT f.is_brought, f.was, {', '.join(f'r.{identifier(name)}' for name in record)} FROM raw.{arrival.feed} r"
        f" JOIN {_FATES} f ON f.first = r._load_id AND f.last = r._last_load_id AND {part}"
    )
    gone, rows_before, replaced = con.execute(
        f"""
        WITH fates AS ({fates}),
        named AS (SELECT {names} FROM fates GROUP BY ALL HAVING bool_or(is_brought))
        SELECT count(*) FILTER (NOT is_brought), count(*) FILTER (was),
            (SELECT count(*) FROM (SELECT * FROM fates WHERE NOT is_brought) SEMI JOIN named USING ({names}))
        FROM fates
        """
    ).fetchall()[0]
    taken_back = gone - replaced
    _refuse_shrinking(arrival, terms, taken_back, rows_before)
    if taken_back:
        terms.notice(
            arrival.feed,
            f"{arrival.file} takes back {rows_text(taken_back)} that it brought before and no longer has",
        )
    return replaced, taken_back


def _forget_other_readings(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, in_force: frozenset[str]
) -> None:
    """Take out what the same content brought with a mapping that no longer exists, unless its rows came again since."""
    rows = con.execute(
        "SELECT DISTINCT load_id FROM raw.files WHERE feed = ? AND sha256 = ? AND NOT list_contains(?, mapping)",
        [arrival.feed, arrival.sha256, sorted(in_force)],
    ).fetchall()
    for (load_id,) in rows:
        came_again = con.execute(
            f"SELECT 1 FROM raw.{arrival.feed} WHERE (_load_id = {load_id}) <> (_last_load_id = {load_id}) LIMIT 1"
        ).fetchall()
        if came_again:
            continue
        for table, column in (
            (arrival.feed, "_load_id"),
            ("rejects", "_load_id"),
            ("loads", "load_id"),
            ("files", "load_id"),
            ("parts", "load_id"),
        ):
            con.execute(f"DELETE FROM raw.{table} WHERE {column} = ?", [load_id])


def _refuse_shrinking(arrival: Arrival, terms: _Terms, taken_back: int, rows_before: int) -> None:
    limit = arrival.source.max_shrink_share
    if arrival.file in terms.accepted or taken_back < _FEW_ROWS or taken_back <= limit * rows_before:
        return
    what = "the snapshot" if arrival.source.delivers() == "snapshot" else "the file"
    raise LandingError(
        [
            f"{what} takes back {taken_back:,} of the {rows_before:,} rows that it replaces, more than"
            f" max_shrink_share {limit:g} lets pass; nothing of it was landed. If it is whole and meant so:"
            f" policypulse run --accept {shlex.quote(arrival.file)}, or raise"
            f" {arrival.key_path}.max_shrink_share; if it only adds to what came before:"
            f" {arrival.key_path}.delivery: append"
        ]
    )


def _is_read_anew(books: Books, arrival: Arrival) -> bool:
    """Whether it is the content that was last seen under its name, now read with another mapping."""
    seen = [s for s in books.seen if (s.source, s.file) == (arrival.name, arrival.file)]
    return bool(seen) and seen[-1].sha256 == arrival.sha256 and seen[-1].mapping != arrival.mapping


def _delivered_before(books: Books, arrival: Arrival) -> bool:
    """Whether it can take something back."""
    whole = arrival.source.delivers() == "snapshot"
    return any(s.source == arrival.name and (whole or s.file == arrival.file) for s in books.seen)


def _key_is_made(contract: Contract, source: FeedSource) -> bool:
    return contract.made_key() is not None and contract.made_key() not in source.columns


def _with_corrections(con: duckdb.DuckDBPyConnection, loads: list[Load]) -> list[Load]:
    """The loads with the number of their rows that correct a record which an earlier load brought."""
    corrected: dict[int, int] = {}
    for feed in {load.feed for load in loads}:
        of_feed = con.execute("SELECT load_id, record FROM raw.loads WHERE feed = ?", [feed]).fetchall()
        new = {load.load_id for load in loads if load.feed == feed}
        if len(of_feed) == 1:
            continue
        for record in {named for load_id, named in of_feed if load_id in new}:
            columns = record.split(",") if record else contracts()[feed].key
            names = ", ".join(map(identifier, columns))
            rows = con.execute(
                f"""
                WITH known AS (
                    SELECT {names}, min(_load_id) AS first FROM raw.{feed} GROUP BY ALL
                    HAVING min(_load_id) < max(_load_id)
                )
                SELECT _load_id, count(*) FROM raw.{feed} JOIN known USING ({names})
                WHERE _load_id > first AND list_contains(?::BIGINT[], _load_id) GROUP BY ALL
                """,
                [sorted(load_id for load_id, named in of_feed if load_id in new and named == record)],
            ).fetchall()
            corrected |= dict(rows)
    result = []
    for load in loads:
        again = corrected.get(load.load_id, 0)
        result.append(replace(load, rows_added=load.rows_landed - again, rows_corrected=again))
        con.execute(
            "UPDATE raw.loads SET rows_added = ?, rows_corrected = ? WHERE load_id = ?",
            [load.rows_landed - again, again, load.load_id],
        )
    return result


def _check_unchanged(arrival: Arrival) -> None:
    if arrival.path is None:
        return
    state = arrival.path.stat()
    if (state.st_size, state.st_mtime_ns) != (arrival.size_bytes, arrival.mtime_ns):
        raise LandingError(["changed while it was being read; nothing of it was landed, run again"])


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    forget_rejected_lines(con)
    for name in (STAGED, REJECTS, _INCOMING, _PREVIOUS, _FATES):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    for name in (LINES, REFUSED):
        con.unregister(name)
