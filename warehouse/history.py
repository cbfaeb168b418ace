"""Published numbers are history: what each publication said of a KPI or a score, and when it said something else.

The ledgers lie in the raw database, because the build may be lost; readers find them as `kpi.history` and
`index.history`. Values of a version of a framework that is no longer computed stay there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from warehouse.publish import named_at, versions
from warehouse.store import Store, published

PUBLISHED_AT = "published_at"


@dataclass(frozen=True)
class Ledger:
    """What is kept of one table: its key, what it says, and what goes with it without being compared.

    Columns with their types; `last_said` is the view of a session with what was last published of each record.
    """

    table: str
    kept_in: str
    history: str
    last_said: str
    key: Mapping[str, str]
    said: Mapping[str, str]
    noted: Mapping[str, str]
    description: str

    @property
    def types(self) -> dict[str, str]:
        """The type of each column of the ledger."""
        return {**self.key, **self.noted, **self.said, PUBLISHED_AT: "TIMESTAMPTZ"}

    @property
    def columns(self) -> str:
        """All columns, in the order of the ledger."""
        return ", ".join((*self.key, *self.noted, *self.said))


LEDGERS = (
    Ledger(
        table="kpi.monthly",
        kept_in="raw.published_kpis",
        history="kpi.history",
        last_said="staging.published_kpis",
        key={"kpi": "VARCHAR", "period": "DATE", "basis": "VARCHAR", "cut": "VARCHAR", "segment": "VARCHAR"},
        said={
            "definition_version": "VARCHAR", "status": "VARCHAR", "value": "DOUBLE", "numerator": "DOUBLE",
            "denominator": "DOUBLE",
        },
        noted={"as_of": "DATE"},
        description="What was published of each KPI, one row for each time it changed; the latest row is in force.",
    ),
    Ledger(
        table="index.scores",
        kept_in="raw.published_scores",
        history="index.history",
        last_said="staging.published_scores",
        key={
            "framework": "VARCHAR", "framework_version": "VARCHAR", "period": "DATE", "cut": "VARCHAR",
            "segment": "VARCHAR", "node": "VARCHAR",
        },
        said={"status": "VARCHAR", "score": "DOUBLE", "coverage": "DOUBLE", "grade": "VARCHAR"},
        noted={"level": "INTEGER"},
        description="What was published of each score, one row for each time it changed, of every version that a "
        "framework ever had; of one version the latest row is in force.",
    ),
)  # fmt: skip
FRAMEWORKS, OWN_KPIS = "raw.published_frameworks", "raw.published_own_kpis"
_SPECIFIED = {FRAMEWORKS: ("framework", "framework_version"), OWN_KPIS: ("kpi", "version")}


def open_last_said(store: Store) -> None:
    """Give the session a view for each ledger: what was last published of every record; no row before there was any."""
    for ledger in LEDGERS:
        _create_ledger(store, ledger)
        store.create_view(ledger.last_said, _last_said(ledger))


def write_history(store: Store, published_at: datetime) -> int:
    """Make the history tables: the ledgers and what this publication changes; returns the changed KPI records."""
    changed = [_write_history(store, ledger, published_at) for ledger in LEDGERS]
    return changed[0]


def keep_history(store: Store, published_at: datetime) -> None:
    """Add what a publication changed to the ledgers, once readers can see it.

    A run that ends before it could is no loss: the next one makes it up (`make_up_history`).
    """
    for ledger in LEDGERS:
        store.con.execute(
            f"INSERT INTO {ledger.kept_in} SELECT * FROM {ledger.history} WHERE published_at = $published_at",
            {"published_at": published_at},
        )


def next_instant(store: Store) -> datetime:
    """When a publication takes place: now, but after all that the ledgers hold, even if the clock has been set back."""
    now = datetime.now(UTC)
    for ledger in LEDGERS:
        _create_ledger(store, ledger)
        ((last,),) = store.con.execute(f"SELECT max(published_at) FROM {ledger.kept_in}").fetchall()
        now = max(now, last + timedelta(microseconds=1)) if last else now
    return now


def make_up_history(store: Store) -> str:
    """Add to the ledgers what the newest version says was published and they lack; returns what to tell of it.

    They lack it if a run was killed after it had shown the version, or if raw is older than the versions.
    """
    newest = versions(store.folder)[-1:]
    if not newest:
        return ""
    try:
        with published(newest[0]) as version:
            lacking = {ledger.kept_in: _lacking(store, version, ledger) for ledger in LEDGERS}
            specifications = {table: _specifications(version, table) for table in _SPECIFIED}
    except duckdb.Error as error:
        return f"{newest[0]} cannot be read ({error}); if the history lacks what it published, that stays missing"
    for table, rows in lacking.items():
        store.con.register("lacking_rows", rows)
        store.con.execute(f"INSERT INTO {table} BY NAME FROM lacking_rows")
        store.con.unregister("lacking_rows")
    for table, found in specifications.items():
        keep_specifications(store, table, found, named_at(newest[0]))
    if not (count := sum(rows.height for rows in lacking.values())):
        return ""
    return f"{count:,} published values that the history did not have yet were taken from {newest[0].name}"


def _lacking(store: Store, version: duckdb.DuckDBPyConnection, ledger: Ledger) -> pl.DataFrame:
    """The rows of a version's history that are newer than all that the ledger holds."""
    _create_ledger(store, ledger)
    ((last,),) = store.con.execute(f"SELECT max(published_at) FROM {ledger.kept_in}").fetchall()
    rows: pl.DataFrame = version.sql(
        f"SELECT {ledger.columns}, published_at FROM {ledger.history} "
        "WHERE published_at > coalesce($last, '-infinity'::TIMESTAMPTZ)",
        params={"last": last},
    ).pl()
    return rows


def _specifications(version: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str, str]]:
    """What a version says of the definitions that it was made by; nothing where it is of a release that did not."""
    read = {
        FRAMEWORKS: "SELECT framework, framework_version, specification FROM catalog.frameworks WHERE is_computed",
        OWN_KPIS: "SELECT kpi, version, specification FROM catalog.own_kpis",
    }
    try:
        return version.execute(read[table]).fetchall()
    except duckdb.CatalogException:
        return []


def keep_specifications(
    store: Store, table: str, specifications: Iterable[tuple[str, str, str]], published_at: datetime
) -> None:
    """Note the definitions (code, version, specification) that a publication was made by, if they are others now."""
    last = {(code, version): text for code, version, text, _ in published_specifications(store, table)}
    for code, version, text in specifications:
        if last.get((code, version)) != text:
            store.con.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", [code, version, text, published_at])


def published_specifications(store: Store, table: str) -> list[tuple[str, str, str, datetime]]:
    """All that was ever published of the definitions of a table: code, version, JSON, when; oldest first."""
    code, version = _SPECIFIED[table]
    store.con.execute(
        f"CREATE TABLE IF NOT EXISTS {table} "
        f"({code} VARCHAR, {version} VARCHAR, specification VARCHAR, published_at TIMESTAMPTZ)"
    )
    rows = store.con.execute(f"SELECT * FROM {table} ORDER BY published_at, {code}").fetchall()
    return [(str(code), str(version), str(text), at) for code, version, text, at in rows]


def scored_months(store: Store) -> pl.DataFrame:
    """framework, framework_version, first and last month (scored_from, scored_to) that were ever published."""
    return store.query(
        "SELECT framework, framework_version, min(period) AS scored_from, max(period) AS scored_to "
        "FROM index.history WHERE score IS NOT NULL GROUP BY framework, framework_version"
    )


def _create_ledger(store: Store, ledger: Ledger) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in ledger.types.items())
    store.con.execute(f"CREATE TABLE IF NOT EXISTS {ledger.kept_in} ({columns})")


def _last_said(ledger: Ledger) -> str:
    return f"""
        SELECT * FROM {ledger.kept_in}
        QUALIFY row_number() OVER (PARTITION BY {", ".join(ledger.key)} ORDER BY published_at DESC) = 1
    """


def _write_history(store: Store, ledger: Ledger, published_at: datetime) -> int:
    _create_ledger(store, ledger)
    matches = " AND ".join(
        f"now.{column} IS NOT DISTINCT FROM known.{column}" for column in (*ledger.key, *ledger.said)
    )
    store.con.execute(
        f"""
        CREATE OR REPLACE TABLE {ledger.history} AS
        SELECT {ledger.columns}, published_at FROM {ledger.kept_in}
        UNION ALL
        SELECT {ledger.columns}, $published_at::TIMESTAMPTZ FROM {ledger.table} AS now
        WHERE NOT EXISTS (SELECT 1 FROM ({_last_said(ledger)}) AS known WHERE {matches})
        """,
        {"published_at": published_at},
    )
    store.comment(ledger.history, ledger.description, {"published_at": "When this was first published."})
    ((changed,),) = store.con.execute(
        f"SELECT count(*) FROM {ledger.history} WHERE published_at = $published_at",
        {"published_at": published_at},
    ).fetchall()
    return int(changed)
