"""Which keys of a table move by the clock alone until some day, as far as its function has been asked.

By the law of the clock all others rest until then. The keys hold for the rows that a table has (`warehouse/state.py`).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from zlib import crc32

import polars as pl

from warehouse.state import State

_OWNER = "motion"
_ASKED = f"{_OWNER}.asked"
LEAST_DAYS, SPREAD_DAYS = 21, 14
"""For how many days a function is asked; other tables for others, so that they are not asked again in one night."""


def ends_a_month(after: date, until: date) -> bool:
    """Whether the last day of a month is among the days after one and up to another."""
    return (after + timedelta(days=1)).replace(day=1) < (until + timedelta(days=1)).replace(day=1)


class Motion:
    """The keys of one warehouse."""

    def __init__(self, state: State) -> None:
        self._state = state

    def until(self, table: str, as_of: date) -> Iterator[date]:
        """Up to which day the function of a table is asked on a day; then, for one most of whose keys move by it, to
        the last but one of the month, since what is of whole months rests till then.
        """
        yield as_of + timedelta(days=LEAST_DAYS + crc32(table.encode()) % SPREAD_DAYS)
        first = as_of.replace(day=1)
        ends = ((first + timedelta(days=days)).replace(day=1) - timedelta(days=2) for days in (32, 63))
        yield next(day for day in ends if day >= as_of)

    def asked_until(self, table: str) -> date | None:
        """Up to which day it has been asked; None if that is not known of the rows it has."""
        asked = self._state.read(_ASKED)
        if asked is None or not self._state.holds(_OWNER, table):
            return None
        found = asked.filter(pl.col("table_name") == table)["until"].to_list()
        return found[0] if found else None

    def of(self, table: str, day: date) -> pl.DataFrame | None:
        """The keys that may have moved by a day; None if that has not been asked."""
        until = self.asked_until(table)
        return self._state.read(f"{_OWNER}.{table}") if until and day <= until else None

    def kept(self, table: str, schema: pl.Schema) -> pl.DataFrame:
        """The keys that move until the day up to which was asked; none where nobody has."""
        keys = self._state.read(f"{_OWNER}.{table}") if self.asked_until(table) else None
        return pl.DataFrame(schema=schema) if keys is None else keys

    def keep(self, table: str, keys: pl.DataFrame, until: date) -> None:
        """Keep the keys that move until a day, of the rows that the table has now."""
        asked = pl.DataFrame({"table_name": [table], "until": [until]})
        with self._state.keeping(_OWNER, [table]):
            self._state.replace(f"{_OWNER}.{table}", keys)
            self._state.replace_keys(_ASKED, asked, asked.select("table_name"))
