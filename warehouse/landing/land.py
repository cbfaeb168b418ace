"""Landing: files and query results become rows of raw, each file whole or not at all, every row accounted for.

How a source is read is in readers.py, how its values are typed in conform.py; this module runs it and keeps the
books.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl

from warehouse.contract import contracts
from warehouse.landing.arrivals import (
    Arrival,
    is_what_stands,
    load_id_of,
    missing_files,
    note_file,
    pending,
)
from warehouse.landing.comparing import (
    COMPARED,
    Permits,
    brought,
    delivered_before,
    forget_other_readings,
    in_force_now,
    is_read_anew,
    judged_changes,
    key_is_made,
    previous_loads,
    with_corrections,
)
from warehouse.landing.conform import SKIPPED, Conformed, conformed
from warehouse.landing.deliveries import (
    keep_in_force,
    note_sources,
    read_books,
    source_names,
)
from warehouse.landing.errors import LandingError, NotWhole
from warehouse.landing.insertion import (
    LINES,
    REFUSED,
    REJECTS,
    STAGED,
    Staged,
    insert_select,
    pseudonymised,
    rejects_select,
)
from warehouse.landing.line_numbers import LinesLost, numbering
from warehouse.landing.mapping import passed_over_files
from warehouse.landing.mapping_check import mapping_errors, personal_id_paths
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.readers import (
    MixedLineEnds,
    content_hash,
    forget_rejected_lines,
    queried,
    reading,
    scanned,
    scanned_frame,
)
from warehouse.landing.rejects import RejectShare, refusal, refuse_cut_file, refused_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from warehouse.contract import Contract
    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.pseudonyms import PseudonymKey
    from warehouse.landing.readers import Scan

    Progress = Callable[[int, int, str, str], None]
    Notice = Callable[[str, str], None]

_WRITTEN_FOR_SECONDS = 86_400
"""A file that has lacked its end for longer is not being written any more."""
_SHOWN_NAMES = 3

_SHOWN_FILES = 3
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
    permits: Permits


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
    terms = _Terms(folder, time_zone, pseudonym_key, mappings, Permits(frozenset(accepted), on_notice))
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
    loads = with_corrections(con, loads)
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
    before = in_force_now(con, arrival.feed)
    with _transaction(con):
        note_file(con, arrival, twin)
        judged_changes(con, arrival, terms.permits, before, twin)
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
    anew = is_read_anew(books, arrival)
    if anew:
        forget_other_readings(con, arrival, terms.mappings[arrival.feed])
    before = in_force_now(con, arrival.feed) if delivered_before(books, arrival) and not anew else None
    previous = previous_loads(books, arrival) if before else {}
    select = insert_select(
        staged,
        arrival.source,
        contract,
        time_zone=terms.time_zone,
        key=terms.key,
        load_id=load_id,
        file=arrival.file,
    )
    landed, unchanged = brought(con, arrival, select, load_id, previous)
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
        replaced, taken_back = judged_changes(con, arrival, terms.permits, before, load_id)
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
        "key_is_made": key_is_made(contract, source),
        "record": ",".join(contract.record(source.wide.into, source.wide.value)) if source.wide else "",
        "in_force": True,
    }
    columns, values = ", ".join(noted), ", ".join("?" * len(noted))
    con.execute(f"INSERT INTO raw.loads ({columns}) VALUES ({values})", list(noted.values()))


def _check_unchanged(arrival: Arrival) -> None:
    if arrival.path is None:
        return
    state = arrival.path.stat()
    if (state.st_size, state.st_mtime_ns) != (arrival.size_bytes, arrival.mtime_ns):
        raise LandingError(["changed while it was being read; nothing of it was landed, run again"])


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    forget_rejected_lines(con)
    for name in (STAGED, REJECTS, *COMPARED):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    for name in (LINES, REFUSED):
        con.unregister(name)
