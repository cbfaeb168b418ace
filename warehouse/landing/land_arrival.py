"""One file or query answer becomes rows of raw, whole or not at all: scanned, staged, judged, carried over.

How a source is read is in readers.py, how its values are typed in conform.py, what it changes of what stood there
in comparing.py; which files are landed at all is in land.py.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl

from warehouse.landing.arrivals import (
    Arrival,
    hashed,
    is_what_stands,
    load_id_of,
    note_file,
    note_touched,
    reached_before,
)
from warehouse.landing.comparing import (
    COMPARED,
    InForce,
    Permits,
    brought,
    delivered_before,
    forget_other_readings,
    in_force_now,
    is_read_anew,
    judged_changes,
    key_is_made,
    previous_loads,
)
from warehouse.landing.conform import SKIPPED, Conformed, conformed
from warehouse.landing.cursor import reached
from warehouse.landing.databases import write_answer
from warehouse.landing.deliveries import read_books
from warehouse.landing.discretion import shape_of_people
from warehouse.landing.errors import LandingError
from warehouse.landing.forgotten import LEFT_OUT, leave_out_forgotten
from warehouse.landing.insertion import (
    LINES,
    REFUSED,
    REJECTS,
    STAGED,
    Staged,
    insert_select,
    names_people,
    personal_ids,
    pseudonymised,
    rejects_select,
)
from warehouse.landing.line_numbers import LinesLost, numbering
from warehouse.landing.loads import Load
from warehouse.landing.mapping import node_of
from warehouse.landing.masking import masking
from warehouse.landing.objects import fetch_object
from warehouse.landing.readers import (
    MixedLineEnds,
    forget_rejected_lines,
    reading,
    scanned,
)
from warehouse.landing.rejects import RejectShare, refusal, refuse_cut_file, refused_lines
from warehouse.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.pseudonyms import PseudonymKey
    from warehouse.landing.readers import Scan

WRITTEN_FOR_SECONDS = 86_400
"""A file that has lacked its end for longer is not being written any more."""


@dataclass(frozen=True)
class Terms:
    """What holds for all files of a landing."""

    folder: Path
    time_zone: str
    key: PseudonymKey | None
    mappings: Mapping[str, frozenset[str]]
    """Fingerprints in force of each feed's sources."""
    permits: Permits


@dataclass(frozen=True)
class _Counts:
    """Rows of a source: all that were read, and those that its mapping skips."""

    read: int
    skipped: int
    forgotten: int


def land_arrival(con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: Terms) -> Load | None:
    """Land one file, object or query; None if its content is one that landed before."""
    if arrival.path:
        return (
            None if _delivered_again(con, arrival, terms) else _landed_file(con, arrival, arrival.path, terms)
        )
    with _work_folder(con) as work:
        database = arrival.source.database
        since = reached_before(con, arrival) if database and database.cursor else ""
        path = _fetched(arrival, terms.folder, work, since)
        arrival = replace(
            arrival,
            sha256=hashed(path, arrival.file),
            size_bytes=path.stat().st_size,
            cursor=(reached(con, database, path) if database else "") or since,
        )
        if is_what_stands(con, arrival):
            note_touched(con, arrival)
            return None
        if _delivered_again(con, arrival, terms):
            return None
        return _landed_file(con, arrival, path, terms)


def _fetched(arrival: Arrival, folder: Path, work: Path, since: str) -> Path:
    """What does not lie on this machine, as a file in `work`; of a query what is not below its cursor."""
    if arrival.source.database:
        path = work / "answer.parquet"
        write_answer(arrival.source.database, folder, path, since)
    else:
        path = work / PurePosixPath(arrival.file).name
        fetch_object(arrival.file, path)
    return path


def _delivered_again(con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: Terms) -> bool:
    """Note that content which landed before was delivered again; False if it is new."""
    twin = load_id_of(con, arrival)
    if twin is None:
        return False
    before = in_force_now(con, arrival.feed)
    with transaction(con):
        note_file(con, arrival, twin)
        judged_changes(con, arrival, terms.permits, before, twin)
    return True


def _landed_file(con: duckdb.DuckDBPyConnection, arrival: Arrival, path: Path, terms: Terms) -> Load:
    try:
        return _landed_as_it_is(con, arrival, path, terms, one_newline=False)
    except MixedLineEnds:
        return _landed_as_it_is(con, arrival, path, terms, one_newline=True)


def _landed_as_it_is(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, path: Path, terms: Terms, *, one_newline: bool
) -> Load:
    with (
        _work_folder(con) as work,
        scanned(con, arrival.source, path, work, one_newline=one_newline) as scan,
    ):
        return _landed(con, scan, arrival, terms, one_newline=one_newline)


@contextmanager
def _work_folder(con: duckdb.DuckDBPyConnection) -> Iterator[Path]:
    """A folder that only its owner reads and that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="landing-", dir=_scratch(con)) as work:
        yield Path(work)


def _scratch(con: duckdb.DuckDBPyConnection) -> str | None:
    """The folder the connection spills to: files written there are swept with it, even after a kill."""
    folder = str(con.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
    return folder if folder and Path(folder).is_dir() else None


def _landed(
    con: duckdb.DuckDBPyConnection, scan: Scan, arrival: Arrival, terms: Terms, *, one_newline: bool = False
) -> Load:
    """Stage a source, judge it as a whole, and carry it over."""
    try:
        with masking(con):
            staged = _staged(con, scan, arrival, terms, one_newline=one_newline)
            leave_out_forgotten(con, staged.plan, arrival.contract, terms.key)
            counts = _judged(con, scan, staged, arrival)
        with pseudonymised(con, staged.plan, arrival.contract, terms.key), transaction(con):
            return _carried_over(con, staged, arrival, terms, counts)
    finally:
        _clear(con)


def _staged(
    con: duckdb.DuckDBPyConnection, scan: Scan, arrival: Arrival, terms: Terms, *, one_newline: bool
) -> Staged:
    """Every row of the source typed, with its fault if it has one and with its line, in the table STAGED."""
    with reading(one_newline=one_newline):
        plan = conformed(
            scan,
            arrival.source,
            arrival.contract,
            key_path=arrival.key_path,
            time_zone=terms.time_zone,
            column_type=lambda select: str(con.execute(f"DESCRIBE {select}").fetchall()[0][1]),
            is_true=lambda select: con.execute(select).fetchall()[0][0] is True,
        )
        forget_rejected_lines(con)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS {plan.select}")
    try:
        with reading(one_newline=one_newline):
            return _located(con, scan, plan)
    except LinesLost as error:
        # DuckDB passes over lines, without an error, where the first of them end in another way than the rest.
        if not one_newline:
            raise MixedLineEnds from error
        raise LandingError([f"{error}; look at its quotes and line ends"]) from error


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


def _judged(con: duckdb.DuckDBPyConnection, scan: Scan, staged: Staged, arrival: Arrival) -> _Counts:
    """Set the rejects apart; raises LandingError if they are too many and NotWhole if the file lacks its end."""
    rejected = f"SELECT 1 FROM {STAGED} WHERE _fault > {SKIPPED} LIMIT 1"
    people = personal_ids(staged.plan, arrival.contract) if con.execute(rejected).fetchall() else ()
    alike = shape_of_people(con, STAGED, people)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {REJECTS} AS {rejects_select(staged, alike)}")
    if scan.text and arrival.age_seconds() < WRITTEN_FOR_SECONDS:
        refuse_cut_file(con, REJECTS, scan.text)
    refused = f" + (SELECT count(*) FROM {REFUSED})" if staged.refused else ""
    read, skipped, forgotten, rejected = con.execute(
        f"SELECT count(*){refused}, count(*) FILTER (_fault = {SKIPPED}), count(*) FILTER (_fault = {LEFT_OUT}),"
        f" (SELECT count(*) FROM {REJECTS})"
        f" FROM {STAGED}"
    ).fetchall()[0]
    share = RejectShare(rejected, read - skipped - forgotten, arrival.source.max_reject_share)
    if share.exceeded():
        raise LandingError([refusal(con, REJECTS, share, _origins(arrival.source))])
    return _Counts(read, skipped, forgotten)


def _origins(source: FeedSource) -> dict[str, str]:
    return {name: mapped.column for _, name, mapped in source.column_sources() if mapped.column}


def _carried_over(
    con: duckdb.DuckDBPyConnection, staged: Staged, arrival: Arrival, terms: Terms, counts: _Counts
) -> Load:
    """Carry the staged rows into raw and write down what they changed there."""
    load_id = con.execute("SELECT coalesce(max(load_id), 0) + 1 FROM raw.loads").fetchall()[0][0]
    before, previous = _stood_before(con, arrival, terms)
    select = insert_select(
        staged,
        arrival.source,
        arrival.contract,
        time_zone=terms.time_zone,
        key=terms.key,
        load_id=load_id,
        file=arrival.file,
    )
    landed, unchanged = brought(con, arrival, select, load_id, previous)
    load = Load(
        load_id=load_id,
        feed=arrival.feed,
        file=arrival.file,
        sha256=arrival.sha256,
        size_bytes=arrival.size_bytes,
        loaded_at=datetime.now(UTC),
        rows_read=counts.read,
        rows_landed=landed,
        rows_rejected=_kept_rejects(con, arrival, load_id),
        rows_skipped=counts.skipped,
        rows_unchanged=unchanged,
        rows_forgotten=counts.forgotten,
    )
    _check_accounts(load)
    _check_unchanged(arrival)
    _note_load(con, load, arrival, terms)
    note_file(con, arrival, load_id)
    return _with_changes(con, load, arrival, terms, before) if before else load


def _stood_before(
    con: duckdb.DuckDBPyConnection, arrival: Arrival, terms: Terms
) -> tuple[InForce | None, dict[str | None, int]]:
    """What stands and may be taken back, and the loads to compare with; nothing where content is read anew."""
    books = read_books(con, arrival.feed)
    if is_read_anew(books, arrival):
        forget_other_readings(con, arrival, terms.mappings[arrival.feed])
        return None, {}
    if not delivered_before(books, arrival):
        return None, {}
    return in_force_now(con, arrival.feed), previous_loads(books, arrival)


def _kept_rejects(con: duckdb.DuckDBPyConnection, arrival: Arrival, load_id: int) -> int:
    """Write the rejects into raw.rejects; returns how many they are."""
    rows = con.execute(
        f"INSERT INTO raw.rejects SELECT ?, ?, ?, line, column_name, reason, raw FROM {REJECTS} ORDER BY line",
        [load_id, arrival.feed, arrival.file],
    ).fetchall()
    return int(rows[0][0])


def _check_accounts(load: Load) -> None:
    """Raise if a row that was read is not accounted for."""
    told = (
        load.rows_landed + load.rows_rejected + load.rows_skipped + load.rows_unchanged + load.rows_forgotten
    )
    if told != load.rows_read:
        raise RuntimeError(
            f"{load.file}: {load.rows_read} rows were read, but {load.rows_landed} landed, {load.rows_rejected}"
            f" were rejected, {load.rows_skipped} skipped, {load.rows_unchanged} unchanged and"
            f" {load.rows_forgotten} forgotten"
        )


def _with_changes(
    con: duckdb.DuckDBPyConnection, load: Load, arrival: Arrival, terms: Terms, before: InForce
) -> Load:
    """The load, with how many earlier rows it replaced and how many it took back."""
    replaced, taken_back = judged_changes(con, arrival, terms.permits, before, load.load_id)
    con.execute(
        "UPDATE raw.loads SET rows_replaced = ?, rows_taken_back = ? WHERE load_id = ?",
        [replaced, taken_back, load.load_id],
    )
    return replace(load, rows_replaced=replaced, rows_taken_back=taken_back)


def _note_load(con: duckdb.DuckDBPyConnection, load: Load, arrival: Arrival, terms: Terms) -> None:
    source, contract = arrival.source, arrival.contract
    noted = asdict(load) | {
        "source": arrival.name,
        "delivery": source.delivers(),
        "key_is_made": key_is_made(contract, source),
        "record": ",".join(contract.record(source.wide.into, source.wide.value)) if source.wide else "",
        "key_id": terms.key.key_id if terms.key and names_people(contract, source) else None,
        "in_force": True,
    }
    columns, values = ", ".join(noted), ", ".join("?" * len(noted))
    con.execute(f"INSERT INTO raw.loads ({columns}) VALUES ({values})", list(noted.values()))


def _check_unchanged(arrival: Arrival) -> None:
    if arrival.path is None:
        return
    state = arrival.path.stat()
    if (state.st_size, state.st_mtime_ns, node_of(state)) != (
        arrival.size_bytes,
        arrival.mtime_ns,
        arrival.node,
    ):
        raise LandingError(["changed while it was being read; nothing of it was landed, run again"])


def _clear(con: duckdb.DuckDBPyConnection) -> None:
    forget_rejected_lines(con)
    for name in (STAGED, REJECTS, *COMPARED):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    for name in (LINES, REFUSED):
        con.unregister(name)
