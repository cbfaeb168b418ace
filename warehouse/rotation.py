"""Another key for the pseudonyms of a warehouse: identifiers read once more, pseudonyms replaced in every file.

How one pseudonym becomes another is `warehouse/landing/rekeying.py`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.contract import Contracts
from warehouse.folder import Folder
from warehouse.forgetting import drop_what_is_made, version_written_anew, write_anew
from warehouse.landing.errors import LandingError
from warehouse.landing.forgotten import OWNED
from warehouse.landing.land import land
from warehouse.landing.mapping import FeedSource
from warehouse.landing.pseudonyms import PseudonymKey, domain_of
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.rekeying import REMAP, rekey, rekeyed_column, remap_table, without_successor
from warehouse.modes import PRIVATE_UMASK, Readers
from warehouse.opening import attach_raw
from warehouse.publish import versions
from warehouse.quoting import identifier, literal
from warehouse.store import passing_landing_zone


class CannotRotate(Exception):
    """Nothing was changed; the message says why and what to do."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation changed: rows of raw, versions that were written anew, pseudonyms that kept the old key."""

    rows: int
    versions: int
    left: int


def known_again(
    sources: Mapping[str, Sequence[FeedSource]], *, folder: Path, time_zone: str, contracts: Contracts
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Identifiers of people, and policies, claims and complaints, in the files that are still there, by column.

    Files are read as they are landed, feed by feed, in memory; what cannot be read is left out.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    things: dict[str, set[str]] = defaultdict(set)
    key = PseudonymKey("passing", os.urandom(32), seen=seen)
    for feed, of_feed in sources.items():
        lenient = [source.model_copy(update={"max_reject_share": 1.0}) for source in of_feed]
        with passing_landing_zone() as con:
            with suppress(LandingError):  # the next run tells of it
                land(
                    con,
                    {feed: lenient},
                    folder=folder,
                    time_zone=time_zone,
                    contracts=contracts,
                    pseudonym_key=key,
                )
            for column in OWNED.values():
                if column in contracts[feed].columns:
                    rows = con.execute(f"SELECT DISTINCT {column} FROM raw.{feed}").fetchall()
                    things[column] |= {value for (value,) in rows if value is not None}
    return {column: seen[domain_of(column)] for column in _personal(contracts)}, dict(things)


def rotate(
    folder: Folder,
    identifiers: Mapping[str, Iterable[str]],
    things: Mapping[str, Iterable[str]],
    *,
    old: PseudonymKey,
    new: PseudonymKey,
    contracts: Contracts,
    readers: Readers,
    leave_others: bool,
) -> Rotated:
    """Replace the pseudonyms of a locked warehouse; raises CannotRotate and LandingZoneDamaged."""
    umask = os.umask(PRIVATE_UMASK)
    try:
        with duckdb.connect() as con:
            attach_raw(con, folder.raw, folder.scratch)
            create_raw(con, contracts)
            _refuse_another(con, old, new)
            remap_table(con, identifiers, old, new)
            left = without_successor(con, contracts)
            if left and not leave_others:
                raise CannotRotate(
                    f"{left:,} pseudonyms are of people whose identifiers are in no file that is still there, so they "
                    "cannot be made anew. Give their identifiers by --ids FILE, one a line; or keep them as they are "
                    "by --leave-others: they then meet nothing that is delivered later"
                )
            rows = rekey(con, contracts, things, old, new)
            remap = con.sql(f"FROM {REMAP}").to_arrow_table() if rows else None
        write_anew(folder.raw)
        drop_what_is_made(folder)
        changed = [
            version for version in versions(folder) if remap and _rekeyed(version, remap, contracts, readers)
        ]
    finally:
        os.umask(umask)
    return Rotated(rows, len(changed), left)


def _refuse_another(con: duckdb.DuckDBPyConnection, old: PseudonymKey, new: PseudonymKey) -> None:
    used = con.execute("SELECT key_id, check_value FROM raw.pseudonym_keys").fetchall()
    if (old.key_id, old.check_value()) not in used:
        raise CannotRotate(
            "raw was not made with the key that the project file names; put that one back first"
        )
    if new.check_value() == old.check_value() or new.key_id == old.key_id:
        raise CannotRotate("the new key is the old one, or has its name: make one by policypulse keys new")


def _rekeyed(version: Path, remap: object, contracts: Contracts, readers: Readers) -> bool:
    """Write a version with the new pseudonyms; whether it held old ones."""

    def replace_pseudonyms(con: duckdb.DuckDBPyConnection) -> bool:
        con.register("remap_rows", remap)
        con.execute(f"CREATE TEMP TABLE {REMAP} AS FROM remap_rows")
        return sum(rekeyed_column(con, table, column) for table, column in _columns(con, contracts)) > 0

    return version_written_anew(version, readers, replace_pseudonyms)


def _columns(con: duckdb.DuckDBPyConnection, contracts: Contracts) -> Iterator[tuple[str, str]]:
    personal = _personal(contracts)
    rows = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() JOIN duckdb_tables()"
        f" USING (schema_name, table_name) WHERE data_type = 'VARCHAR' AND schema_name <> {literal('temp')}"
    ).fetchall()
    for schema, table, column in rows:
        if column in personal:
            yield f"{identifier(schema)}.{identifier(table)}", column


def with_more(
    identifiers: Mapping[str, Iterable[str]], more: Sequence[str], contracts: Contracts
) -> dict[str, set[str]]:
    """Identifiers by column, with further ones that may stand in any personal column."""
    return {column: {*identifiers.get(column, ()), *more} for column in _personal(contracts)}


def _personal(contracts: Contracts) -> list[str]:
    """The columns that identify people."""
    return sorted(
        {name for one in contracts.values() for name, c in one.columns.items() if c.personal == "id"}
    )
