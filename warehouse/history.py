"""Published numbers are history: what each publication said of a KPI or a score, and when it said something else.

The ledgers lie in the raw database, because the build may be lost; readers find them as `kpi.history` and
`index.history`. Values of a version of a framework that is no longer computed stay there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from warehouse.store import Store


@dataclass(frozen=True)
class Ledger:
    """What is kept of one table: its key, what it says, and what goes with it without being compared."""

    table: str
    kept_in: str
    history: str
    key: tuple[str, ...]
    said: tuple[str, ...]
    noted: tuple[str, ...]
    description: str

    @property
    def columns(self) -> str:
        """All columns, in the order of the ledger."""
        return ", ".join((*self.key, *self.noted, *self.said))


LEDGERS = (
    Ledger(
        table="kpi.monthly",
        kept_in="raw.published_kpis",
        history="kpi.history",
        key=("kpi", "period", "basis", "cut", "segment"),
        said=("definition_version", "status", "value", "numerator", "denominator"),
        noted=("as_of",),
        description="What was published of each KPI, one row for each time it changed; the latest row is in force.",
    ),
    Ledger(
        table="index.scores",
        kept_in="raw.published_scores",
        history="index.history",
        key=("framework", "framework_version", "period", "cut", "segment", "node"),
        said=("status", "score", "coverage", "grade"),
        noted=("level",),
        description="What was published of each score, one row for each time it changed, of every version that a "
        "framework ever had; of one version the latest row is in force.",
    ),
)
FRAMEWORKS = "raw.published_frameworks"


def write_history(store: Store, published_at: datetime) -> int:
    """Make the history tables: the ledgers and what this publication changes; returns the changed KPI records."""
    changed = [_write_history(store, ledger, published_at) for ledger in LEDGERS]
    return changed[0]


def keep_history(store: Store, published_at: datetime) -> None:
    """Add what a publication changed to the ledgers, once readers can see it."""
    for ledger in LEDGERS:
        store.con.execute(
            f"INSERT INTO {ledger.kept_in} SELECT * FROM {ledger.history} WHERE published_at = $published_at",
            {"published_at": published_at},
        )


def keep_frameworks(
    store: Store, specifications: Iterable[tuple[str, str, str]], published_at: datetime
) -> None:
    """Note the frameworks (code, version, specification) that a publication was made by, if they are new."""
    _create_frameworks(store)
    known = {row[:3] for row in published_frameworks(store)}
    for specification in specifications:
        if specification not in known:
            store.con.execute(f"INSERT INTO {FRAMEWORKS} VALUES (?, ?, ?, ?)", [*specification, published_at])


def published_frameworks(store: Store) -> list[tuple[str, str, str, datetime]]:
    """Every specification that was ever published: code, version, JSON, when first; oldest first."""
    _create_frameworks(store)
    rows = store.con.execute(f"SELECT * FROM {FRAMEWORKS} ORDER BY published_at, framework").fetchall()
    return [(str(code), str(version), str(text), at) for code, version, text, at in rows]


def scored_months(store: Store) -> pl.DataFrame:
    """framework, framework_version, first and last month (scored_from, scored_to) that were ever published."""
    return store.query(
        "SELECT framework, framework_version, min(period) AS scored_from, max(period) AS scored_to "
        "FROM index.history WHERE score IS NOT NULL GROUP BY framework, framework_version"
    )


def _create_frameworks(store: Store) -> None:
    store.con.execute(
        f"CREATE TABLE IF NOT EXISTS {FRAMEWORKS} "
        "(framework VARCHAR, framework_version VARCHAR, specification VARCHAR, published_at TIMESTAMPTZ)"
    )


def _write_history(store: Store, ledger: Ledger, published_at: datetime) -> int:
    store.con.execute(
        f"CREATE TABLE IF NOT EXISTS {ledger.kept_in} AS "
        f"SELECT {ledger.columns}, NULL::TIMESTAMPTZ AS published_at FROM {ledger.table} LIMIT 0"
    )
    known = f"""
        SELECT * FROM {ledger.kept_in}
        QUALIFY row_number() OVER (PARTITION BY {", ".join(ledger.key)} ORDER BY published_at DESC) = 1
    """
    matches = " AND ".join(
        f"now.{column} IS NOT DISTINCT FROM known.{column}" for column in (*ledger.key, *ledger.said)
    )
    store.con.execute(
        f"""
        CREATE OR REPLACE TABLE {ledger.history} AS
        SELECT {ledger.columns}, published_at FROM {ledger.kept_in}
        UNION ALL
        SELECT {ledger.columns}, $published_at::TIMESTAMPTZ FROM {ledger.table} AS now
        WHERE NOT EXISTS (SELECT 1 FROM ({known}) AS known WHERE {matches})
        """,
        {"published_at": published_at},
    )
    store.comment(ledger.history, ledger.description, {"published_at": "When this was first published."})
    ((changed,),) = store.con.execute(
        f"SELECT count(*) FROM {ledger.history} WHERE published_at = $published_at",
        {"published_at": published_at},
    ).fetchall()
    return int(changed)
