"""Published numbers are history: what each publication said of a KPI, and when it said something else.

The ledger lies in the raw database, because the build may be lost; readers find it as `kpi.history`.
"""

from datetime import datetime

from warehouse.store import Store

KEY = ("kpi", "period", "basis", "cut", "segment")
SAID = ("definition_version", "status", "value", "numerator", "denominator")
_COLUMNS = ", ".join((*KEY, "as_of", *SAID))

DESCRIPTION = "What was published of each KPI, one row for each time it changed; the latest row is in force."


def write_history(store: Store, published_at: datetime) -> int:
    """Make kpi.history: the ledger and what this publication changes; returns the number of changed records."""
    store.con.execute(
        "CREATE TABLE IF NOT EXISTS raw.published_kpis AS "
        f"SELECT {_COLUMNS}, NULL::TIMESTAMPTZ AS published_at FROM kpi.monthly LIMIT 0"
    )
    said = ", ".join(SAID)
    known = f"""
        SELECT * FROM raw.published_kpis
        QUALIFY row_number() OVER (PARTITION BY {", ".join(KEY)} ORDER BY published_at DESC) = 1
    """
    matches = " AND ".join(f"now.{column} IS NOT DISTINCT FROM known.{column}" for column in (*KEY, *SAID))
    store.con.execute(
        f"""
        CREATE OR REPLACE TABLE kpi.history AS
        SELECT {", ".join((*KEY, "as_of"))}, {said}, published_at FROM raw.published_kpis
        UNION ALL
        SELECT {_COLUMNS}, $published_at::TIMESTAMPTZ FROM kpi.monthly AS now
        WHERE NOT EXISTS (SELECT 1 FROM ({known}) AS known WHERE {matches})
        """,
        {"published_at": published_at},
    )
    store.comment("kpi.history", DESCRIPTION, {"published_at": "When this was first published."})
    ((changed,),) = store.con.execute(
        "SELECT count(*) FROM kpi.history WHERE published_at = $published_at", {"published_at": published_at}
    ).fetchall()
    return int(changed)


def keep_history(store: Store, published_at: datetime) -> None:
    """Add what a publication changed to the ledger, once readers can see it."""
    store.con.execute(
        "INSERT INTO raw.published_kpis SELECT * FROM kpi.history WHERE published_at = $published_at",
        {"published_at": published_at},
    )
