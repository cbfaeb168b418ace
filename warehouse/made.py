"""What each table of the build was made from, as long as its rows are the ones that were made then.

A note bears the stamp of the table (`state.py`): whatever changes rows without a note leaves one that holds no longer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from warehouse.opening import UNPUBLISHED
from warehouse.state import CHANGES
from warehouse.transaction import transaction

_MADE = f"{UNPUBLISHED}.made"


@dataclass(frozen=True)
class MadeFrom:
    """By what, as of which day, and from which versions of what it reads a table was made."""

    recipe: str
    as_of: date
    inputs: Mapping[str, str]


class MadeTables:
    """The notes of one build."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute(
            f"CREATE TABLE IF NOT EXISTS {_MADE}"
            " (table_name VARCHAR, stamp UUID, recipe VARCHAR, as_of DATE, inputs VARCHAR)"
        )

    def stamp(self, table: str) -> str:
        """The stamp of a table's rows; empty if it was never made."""
        found = self._con.execute(f"SELECT stamp FROM {CHANGES} WHERE table_name = ?", [table]).fetchall()
        return str(found[0][0]) if found else ""

    def of(self, table: str) -> MadeFrom | None:
        """What the rows of a table were made from; None if nobody has noted it of these rows."""
        found = self._con.execute(
            f"SELECT recipe, as_of, inputs FROM {_MADE} JOIN {CHANGES} USING (table_name, stamp) WHERE table_name = ?",
            [table],
        ).fetchall()
        return MadeFrom(found[0][0], found[0][1], json.loads(found[0][2])) if found else None

    def forget(self, table: str) -> None:
        """Have nobody believe the note of a table."""
        self._con.execute(f"DELETE FROM {_MADE} WHERE table_name = ?", [table])

    def put_back(self, table: str, stamp: str) -> None:
        """Give rows that were made anew, and came out the same, their former stamp: what was noted of them holds."""
        self._con.execute(f"UPDATE {CHANGES} SET stamp = ? WHERE table_name = ?", [stamp, table])

    def note(self, table: str, made_from: MadeFrom) -> None:
        """Note what the rows that a table has now were made from."""
        with transaction(self._con):
            self._con.execute(f"DELETE FROM {_MADE} WHERE table_name = ?", [table])
            self._con.execute(
                f"INSERT INTO {_MADE} SELECT table_name, stamp, ?, ?, ? FROM {CHANGES} WHERE table_name = ?",
                [made_from.recipe, made_from.as_of, json.dumps(dict(made_from.inputs)), table],
            )
