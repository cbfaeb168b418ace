"""What checks found of tables that are as they were then: it stands, and they are not asked again.

What is done about it is `session.py`'s; how a check is asked, `expectations/run.py`'s.
"""

import json
from collections.abc import Collection, Sequence
from hashlib import sha256

import polars as pl

from expectations.run import Result
from expectations.suites import Check
from orchestration.checks import tables_of
from transforms.graph import SESSION_TABLES
from warehouse.digests import Digests
from warehouse.made import MadeTables
from warehouse.opening import UNPUBLISHED
from warehouse.quoting import literal
from warehouse.store import Store

_KEPT = f"{UNPUBLISHED}.checked"
_SCHEMA = {
    "table_name": pl.String,
    "check_name": pl.String,
    "of": pl.String,
    "observed": pl.String,
    "unexpected_count": pl.Int64,
}


class CheckMemory:
    """The outcomes of one build; only of checks that passed, since of others examples are wanted."""

    def __init__(self, store: Store, feeds: Collection[str]) -> None:
        self._store, self._feeds = store, feeds
        self._made, self._digests = MadeTables(store.con), Digests(store.con, store.state)

    def outcomes(self, checks: Sequence[Check]) -> dict[Check, Result]:
        """What is known of checks, of the tables that they read as these are now."""
        if not self._store.exists(_KEPT):
            return {}
        found = self._store.read(_KEPT)
        kept = {(table, name): rest for table, name, *rest in found.iter_rows()}
        known: dict[Check, Result] = {}
        for check in checks:
            of, observed, count = kept.get((check.table, check.name), ("", "", None))
            if of and of == self._of(check):
                known[check] = Result(check, True, observed, count, (), 0.0)
        return known

    def keep(self, results: Sequence[Result]) -> None:
        """Keep what is found of tables, all their checks together."""
        rows = [
            (r.check.table, r.check.name, of, r.observed, r.unexpected_count)
            for r in results
            if r.passed and (of := self._of(r.check))
        ]
        tables = sorted({r.check.table for r in results})
        self._store.replace_rows(
            _KEPT, pl.DataFrame(rows, schema=_SCHEMA, orient="row"), "table_name", tables
        )

    def _of(self, check: Check) -> str:
        """By what an outcome is decided: the check's words and the tables it reads, as they are; empty if unknown."""
        versions = [self._version(table) for table in sorted(tables_of(check))]
        words = (check.type, json.dumps(check.kwargs, sort_keys=True, default=str), check.sql or "")
        return sha256("\0".join([*words, *versions]).encode()).hexdigest() if all(versions) else ""

    def _version(self, table: str) -> str:
        """The version of a table that is made, landed or small; empty of others."""
        schema, _, feed = table.partition(".")
        if schema == "catalog" or table in SESSION_TABLES or table in ("raw.loads", "raw.rejects"):
            return self._digests.of_all(table)
        if schema == "raw" and feed in self._feeds:
            loads = self._digests.of_all(f"(FROM raw.loads WHERE feed = {literal(feed)})")
            return f"{loads} {self._store.count(table)}"
        return self._made.stamp(table)
