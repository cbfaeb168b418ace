"""People who were forgotten: their rows taken out of raw, counted, and left out of all that is delivered later.

Which files hold them besides raw, and how these are written anew, is `warehouse/forgetting.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from warehouse.landing.conform import SKIPPED
from warehouse.landing.insertion import STAGED, personal_ids
from warehouse.landing.pseudonyms import domain_of, pseudonyms
from warehouse.quoting import identifier, literal, literals
from warehouse.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.conform import Conformed
    from warehouse.landing.pseudonyms import PseudonymKey

SUBJECT = "customer_id"
"""The column of the person that a row is about: with the person goes the row, with any other only the value."""
OWNED = {"policies": "policy_id", "claim_events": "claim_id", "complaints": "complaint_id"}
"""Feeds whose subject is the owner of a thing, and the column that names it, by which rows of other feeds go too."""
LEFT_OUT = -1
"""The fault of a staged row that is a forgotten person's."""


@dataclass(frozen=True)
class Forgotten:
    """People to forget: their pseudonyms, and the policies, claims and complaints that are theirs alone."""

    column: str
    pseudonyms: tuple[str, ...]
    things: Mapping[str, tuple[str, ...]]

    def row_is_theirs(self, columns: Sequence[str]) -> str | None:
        """SQL of whether a row of a table with these columns goes with them; None where none can."""
        theirs = f"{identifier(SUBJECT)} IN ({literals(self.pseudonyms)})"
        has_subject = SUBJECT in columns
        tests = [theirs] if has_subject and self.column == SUBJECT else []
        nobodys = f" AND {identifier(SUBJECT)} IS NULL" if has_subject else ""
        tests += [
            f"{identifier(column)} IN ({literals(things)}){nobodys}"
            for column, things in self.things.items()
            if column in columns and things
        ]
        return " OR ".join(f"({test})" for test in tests) or None


@dataclass(frozen=True)
class Gone:
    """What was taken out of raw of one feed."""

    feed: str
    rows: int
    rejects: int
    cells: int


def people(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str], column: str, key: PseudonymKey, contracts: Contracts
) -> Forgotten:
    """Whom these identifiers mean in a personal column, and what raw says is theirs alone.

    Raises ValueError where no contract has such a column.
    """
    known = sorted(
        {name for one in contracts.values() for name, c in one.columns.items() if c.personal == "id"}
    )
    if column not in known:
        raise ValueError(f"no contract has a personal column {column}; there are {', '.join(known)}")
    made = tuple(pseudonyms(ids, domain=domain_of(column), key=key))
    things: dict[str, tuple[str, ...]] = {}
    if column == SUBJECT:
        for feed, name in OWNED.items():
            theirs = f"{SUBJECT} IN ({literals(made)})"
            rows = con.execute(
                f"SELECT {name} FROM raw.{feed} GROUP BY {name}"
                f" HAVING bool_or({theirs}) AND coalesce(bool_and({theirs}), true) ORDER BY ALL"
            ).fetchall()
            things[name] = tuple(thing for (thing,) in rows if thing is not None)
    return Forgotten(column, made, things)


def forget_in_raw(
    con: duckdb.DuckDBPyConnection, forgotten: Forgotten, key: PseudonymKey, contracts: Contracts
) -> list[Gone]:
    """Take people out of raw, in one transaction: rows, rejects and values, with the books still accounting for all.

    What is kept to know them by when they are delivered again are marks, made with the key and unlike pseudonyms.
    """
    with transaction(con):
        gone = [_gone(con, contract, forgotten) for contract in contracts.values()]
        _note_marks(con, forgotten.column, forgotten.pseudonyms, key)
        for column, things in forgotten.things.items():
            _note_marks(con, column, things, key)
        con.execute(
            "INSERT INTO raw.forgettings SELECT now(), ?, ?, ?, ?",
            [
                len(forgotten.pseudonyms),
                *(sum(getattr(one, what) for one in gone) for what in ("rows", "rejects", "cells")),
            ],
        )
    return [one for one in gone if one.rows or one.rejects or one.cells]


def _gone(con: duckdb.DuckDBPyConnection, contract: Contract, forgotten: Forgotten) -> Gone:
    table = f"raw.{contract.feed}"
    theirs = forgotten.row_is_theirs(list(contract.columns))
    rows = deleted_rows(con, table, theirs, "rows_landed") if theirs else 0
    numbers = [thing for things in forgotten.things.values() for thing in things]
    named = " OR ".join(f"contains(raw, {literal(json.dumps(number))})" for number in numbers)
    rejects = (
        deleted_rows(
            con,
            "raw.rejects",
            f"feed = {literals([contract.feed])} AND ({named})",
            "rows_rejected",
        )
        if named
        else 0
    )
    cells = 0
    if forgotten.column != SUBJECT and forgotten.column in contract.columns:
        column = identifier(forgotten.column)
        ((cells,),) = con.execute(
            f"UPDATE {table} SET {column} = NULL WHERE {column} IN ({literals(forgotten.pseudonyms)})"
        ).fetchall()
    return Gone(contract.feed, rows, rejects, cells)


def deleted_rows(con: duckdb.DuckDBPyConnection, table: str, gone: str, counted_as: str) -> int:
    """Delete the rows of a table of raw for which `gone` holds, counted as forgotten in the books of their loads."""
    loads = con.execute(f"SELECT _load_id, count(*) FROM {table} WHERE {gone} GROUP BY ALL").fetchall()
    con.execute(f"DELETE FROM {table} WHERE {gone}")
    for load_id, rows in loads:
        con.execute(
            f"UPDATE raw.loads SET {counted_as} = {counted_as} - ?, rows_added = greatest(rows_added - ?, 0),"
            " rows_forgotten = coalesce(rows_forgotten, 0) + ? WHERE load_id = ?",
            [rows, rows if counted_as == "rows_landed" else 0, rows, load_id],
        )
    return sum(rows for _, rows in loads)


def _note_marks(
    con: duckdb.DuckDBPyConnection, column: str, values: Sequence[str], key: PseudonymKey
) -> None:
    if values:
        marks = pl.DataFrame({"of_column": column, "mark": mark_of(values, column, key)})
        con.register("new_marks", marks)
        con.execute(
            "INSERT INTO raw.forgotten SELECT of_column, mark FROM new_marks EXCEPT FROM raw.forgotten"
        )
        con.unregister("new_marks")


def mark_of(values: Sequence[str], column: str, key: PseudonymKey) -> list[str]:
    """The mark of each pseudonym, or of each policy, claim or complaint, by which it is known when it comes again."""
    return pseudonyms(values, domain=f"forgotten-{domain_of(column)}", key=key)


def leave_out_forgotten(
    con: duckdb.DuckDBPyConnection, plan: Conformed, contract: Contract, key: PseudonymKey | None
) -> None:
    """Mark the staged rows that are a forgotten person's as LEFT_OUT, and empty the values of others."""
    marks: dict[str, set[str]] = {}
    for column, mark in con.execute("SELECT of_column, mark FROM raw.forgotten").fetchall():
        marks.setdefault(column, set()).add(mark)
    if not marks or key is None:
        return
    subject = SUBJECT in personal_ids(plan, contract)
    for column in plan.staged:
        if column not in marks:
            continue
        is_person = column in personal_ids(plan, contract)
        found = _again(con, column, marks[column], key, is_person=is_person)
        if not found:
            continue
        con.register("again", pl.DataFrame({"value": found}))
        named = f"{identifier(column)} IN (SELECT value FROM again)"
        if is_person and column != SUBJECT:
            con.execute(f"UPDATE {STAGED} SET {identifier(column)} = NULL WHERE {named}")
        else:
            nobodys = f" AND {identifier(SUBJECT)} IS NULL" if subject and not is_person else ""
            con.execute(
                f"UPDATE {STAGED} SET _fault = {LEFT_OUT} WHERE _fault IS DISTINCT FROM {SKIPPED} AND {named}{nobodys}"
            )
        con.unregister("again")


def _again(
    con: duckdb.DuckDBPyConnection, column: str, marks: set[str], key: PseudonymKey, *, is_person: bool
) -> list[str]:
    """The staged values of a column that mean a forgotten person, or a policy, claim or complaint of one."""
    name = identifier(column)
    values = (
        con.sql(f"SELECT DISTINCT {name}::VARCHAR AS v FROM {STAGED} WHERE {name} IS NOT NULL")
        .pl()["v"]
        .to_list()
    )
    known_as = pseudonyms(values, domain=domain_of(column), key=key) if is_person else values
    made = mark_of(known_as, column, key)
    return [value for value, mark in zip(values, made, strict=True) if mark in marks]
