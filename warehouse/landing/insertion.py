"""The SELECTs that carry staged rows into raw: constants, defaults, keys and pseudonyms added, rejects set apart.

What is staged comes from conform.py; land_arrival.py says when it is carried over.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from warehouse.landing.conform import SKIPPED
from warehouse.landing.discretion import discreet_sql, reason_sql, shape_sql
from warehouse.landing.pseudonyms import domain_of, pseudonyms
from warehouse.landing.values import Clock, typed
from warehouse.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from warehouse.contract import Contract
    from warehouse.landing.conform import Conformed
    from warehouse.landing.mapping import FeedSource
    from warehouse.landing.pseudonyms import PseudonymKey

STAGED, REJECTS = "landing_staged", "landing_rejects"
LINES, REFUSED = "landing_lines", "landing_refused"


@dataclass(frozen=True)
class Staged:
    """The staged rows and how to tell where each of them comes from."""

    plan: Conformed
    first_line: int
    renumbered: bool
    """Whether the lines are in the relation LINES; else they follow each other from the first."""
    refused: bool
    """Whether the relation REFUSED holds lines that the parser refused."""

    def row(self) -> str:
        """SQL of the number of the source row, from 1."""
        return "s._row" if self.plan.numbered else "s.rowid + 1"

    def line(self) -> str:
        """SQL of the line of the source row."""
        return "l.line" if self.renumbered else f"{self.row()} + {self.first_line - 1}"

    def relation(self) -> str:
        """The staged rows under the name s, their lines under l."""
        return f"{STAGED} s JOIN {LINES} l ON l.row = {self.row()}" if self.renumbered else f"{STAGED} s"


def rejects_select(staged: Staged, alike: str | None) -> str:
    """SELECT of all rejected rows: line, column_name, reason, raw; `alike` is the shape of people's identifiers."""
    columns = ", ".join(literal(column) if column else "NULL" for column in staged.plan.fault_columns)
    at_fault = f"list_value({columns})[s._fault]" if columns else "NULL"
    select = (
        f"SELECT {staged.line()} AS line, CAST({at_fault} AS VARCHAR) AS column_name,"
        f" {reason_sql('s._reason', alike)} AS reason, {_kept_sql('s._raw', alike)} AS raw"
        f" FROM {staged.relation()} WHERE s._fault > {SKIPPED}"
    )
    if not staged.refused:
        return select
    # Nobody knows which part of a line that came apart is personal.
    return f"{select} UNION ALL SELECT line, column_name, reason, {shape_sql('raw')} FROM {REFUSED}"


def _kept_sql(cells: str, alike: str | None) -> str:
    """SQL of a rejected row as JSON, its values as they may be shown; of a line that came apart the shape."""
    values = f"list_transform(map_values({cells}), lambda v: {discreet_sql('v', alike)})"
    row = f"CAST(to_json(MAP(map_keys({cells}), {values})) AS VARCHAR)"
    broken = f"{cells}['']"
    return f"CASE WHEN map_contains({cells}, '') THEN {shape_sql(broken)} ELSE {row} END"


def insert_select(
    staged: Staged,
    source: FeedSource,
    contract: Contract,
    *,
    time_zone: str,
    key: PseudonymKey | None,
    load_id: int,
    file: str,
) -> str:
    """SELECT of the good rows in the order of the feed's raw table; see `pseudonymised` for its relations."""
    made = _made_columns(staged, source, contract, time_zone, key, file)
    key_column = contract.made_key()
    if key_column and key_column not in made:
        parts = [_key_part(made.get(name), contract.columns[name].type) for name in contract.key_from]
        made[key_column] = " || '|' || ".join(parts)
    columns = [
        f"{made.get(name, f'CAST(NULL AS {column.duckdb_type})')} AS {identifier(name)}"
        for name, column in contract.columns.items()
    ]
    joins = "".join(
        f" LEFT JOIN {_pseudonyms_of(name)} {_alias(name)} ON {_alias(name)}.id = s.{identifier(name)}"
        for name in personal_ids(staged.plan, contract)
    )
    return (
        f"SELECT {', '.join(columns)}, CAST({load_id} AS BIGINT) AS _load_id, {staged.line()} AS _line,"
        f" CAST({load_id} AS BIGINT) AS _last_load_id"
        f" FROM {staged.relation()}{joins} WHERE s._fault IS NULL"
    )


@contextmanager
def pseudonymised(
    con: duckdb.DuckDBPyConnection, plan: Conformed, contract: Contract, key: PseudonymKey | None
) -> Iterator[None]:
    """For as long as it lasts, a relation (id, pseudonym) stands ready for every personal id that is staged."""
    with ExitStack() as stack:
        for name in personal_ids(plan, contract):
            column = identifier(name)
            ids = con.sql(
                f"SELECT DISTINCT {column} AS id FROM {STAGED} WHERE _fault IS NULL AND {column} IS NOT NULL"
            ).pl()["id"]
            made = pseudonyms(ids, domain=domain_of(name), key=_needed(key))
            frame = pl.DataFrame({"id": ids, "pseudonym": pl.Series(made, dtype=pl.String)})
            con.register(_pseudonyms_of(name), frame)
            stack.callback(con.unregister, _pseudonyms_of(name))
        yield


def _made_columns(
    staged: Staged,
    source: FeedSource,
    contract: Contract,
    time_zone: str,
    key: PseudonymKey | None,
    file: str,
) -> dict[str, str]:
    made = {}
    for name, column in contract.columns.items():
        mapped = source.columns.get(name)
        default = f"CAST({literal(column.default)} AS {column.duckdb_type})" if column.default else None
        if column.personal == "text" and source.comments == "drop" and not column.required:
            continue
        if name in staged.plan.staged:
            value = f"{_alias(name)}.pseudonym" if column.personal == "id" else f"s.{identifier(name)}"
            made[name] = f"coalesce({value}, {default})" if default else value
        elif mapped and mapped.constant is not None:
            constant = mapped.constant
            if column.personal == "id":
                constant = pseudonyms([constant], domain=domain_of(name), key=_needed(key))[0]
            clock = Clock(mapped.format, mapped.time_zone or source.time_zone or time_zone, time_zone)
            made[name] = typed(literal(constant), "VARCHAR", column.reads_as, clock)
        elif mapped and mapped.row_number:
            made[name] = f"CAST({staged.row()} AS {column.duckdb_type})"
            if name in contract.key and column.type == "text" and source.may_have_several_files():
                made[name] = f"{literal(file)} || ':' || {made[name]}"
        elif default:
            made[name] = default
    return made


def _key_part(value: str | None, column_type: str) -> str:
    if value is None:
        return "''"
    written = f"make_timestamp(epoch_us({value}))" if column_type == "timestamp" else value
    return f"coalesce(CAST({written} AS VARCHAR), '')"


def personal_ids(plan: Conformed, contract: Contract) -> list[str]:
    """The staged columns that hold identifiers of people."""
    return [name for name in plan.staged if contract.columns[name].personal == "id"]


def names_people(contract: Contract, source: FeedSource) -> bool:
    """Whether a source brings identifiers of people."""
    return any(contract.columns[name].personal == "id" for name in source.columns if name in contract.columns)


def _needed(key: PseudonymKey | None) -> PseudonymKey:
    if key is None:
        raise ValueError("personal ids need a pseudonym key")
    return key


def _pseudonyms_of(name: str) -> str:
    return f"landing_pseudonyms_{name}"


def _alias(name: str) -> str:
    return identifier(f"p_{name}")
