"""Published files for a wider circle: `analyst` without rows of single cases, `public` with protected cells alone.

Whom which of them is for is the insurer's decision; what the full file has is published by publish.py.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.opening import READABLE_FROM
from warehouse.privacy_settings import PublicPart
from warehouse.quoting import identifier, literal, literals

Profile = Literal["analyst", "public"]
_FOR_ANALYSTS = ("kpi", "index", "marts", "catalog")
_OF_DELIVERIES = ("loads", "rejects")
_OF_CASES = (
    "policy_id",
    "claim_id",
    "complaint_id",
    "response_id",
    "text_id",
    "case_id",
    "contact_id",
    "application_id",
)


def extract(
    current: Path, target: Path, profile: Profile, public: PublicPart, personal: Collection[str]
) -> list[str]:
    """Write a file of what a profile may see of the published file; returns its tables.

    `personal` are the columns that identify people. Raises FileExistsError: a file that somebody reads is not replaced.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already; name a new file")
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with duckdb.connect() as con:
            con.execute(f"ATTACH {literal(current.resolve())} AS published (READ_ONLY)")
            con.execute(f"ATTACH {literal(partial)} AS made (STORAGE_VERSION {literal(READABLE_FROM)})")
            tables = _analyst(con, personal) if profile == "analyst" else _public(con, public)
            con.execute("CHECKPOINT made")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return tables


def _analyst(con: duckdb.DuckDBPyConnection, personal: Collection[str]) -> list[str]:
    rows = con.execute(
        "SELECT schema_name, table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'published'"
        f" AND schema_name IN ({literals(_FOR_ANALYSTS)}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    of_cases = {*_OF_CASES, *personal}
    made = []
    for schema, table, columns in rows:
        if of_cases & set(columns) or (schema == "catalog" and table in _OF_DELIVERIES):
            continue
        name = f"{identifier(schema)}.{identifier(table)}"
        con.execute(f"CREATE SCHEMA IF NOT EXISTS made.{identifier(schema)}")
        con.execute(f"CREATE TABLE made.{name} AS FROM published.{name}")
        made.append(f"{schema}.{table}")
    return made


def _public(con: duckdb.DuckDBPyConnection, public: PublicPart) -> list[str]:
    source = "monthly" if public.grain == "month" else "periodic"
    grain = "" if public.grain == "month" else f" AND grain = {literal(public.grain)}"
    named = f" AND kpi IN ({literals(public.kpis)})" if public.kpis else ""
    cells = (
        f"SELECT * FROM published.kpi.{source} WHERE cut IN ('company', {literal(public.cut)}){grain}{named}"
        " AND status NOT IN ('not_applicable', 'immature')"
    )
    con.execute("CREATE SCHEMA made.protected")
    con.execute(f"CREATE TABLE made.protected.cells AS {protected_cells(cells, public.fewest_cases)}")
    con.execute(
        "CREATE TABLE made.protected.kpis AS SELECT kpi, title, unit, direction, definition, formula, source"
        " FROM published.catalog.kpis SEMI JOIN made.protected.cells USING (kpi)"
    )
    return ["protected.cells", "protected.kpis"]


def protected_cells(cells: str, fewest: int) -> str:
    """SELECT of cells with value and n, both empty where they are not shown.

    `cells` gives kpi, basis, period, cut, segment, value, n of the company and of one cut. One of fewer than `fewest`
    cases is hidden, and with it the next smallest, until what is hidden of a total is at least two cells and `fewest`
    cases together: that is all that the total less the others gives. Cases of the company that are in no cell count as
    a hidden one. Where the company itself has too few, nothing of it is shown.
    """
    total = "kpi, basis, period"
    return f"""
WITH cells AS (
    SELECT {total}, cut, segment, value, n,
        max(CASE WHEN cut = 'company' THEN n END) OVER (PARTITION BY {total}) AS of_company,
        sum(CASE WHEN cut <> 'company' THEN n END) OVER (PARTITION BY {total}) AS of_cells
    FROM ({cells}) WHERE n > 0
),
ordered AS (
    SELECT *, n < {fewest} AS is_small,
        coalesce(of_company - of_cells, 0) AS apart,
        count(*) OVER before AS cells_before, coalesce(sum(n) OVER before, 0) AS cases_before
    FROM cells
    WINDOW before AS (
        PARTITION BY {total}, cut ORDER BY n, segment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
judged AS (
    SELECT *, CASE
        WHEN of_company IS NULL OR of_company < {fewest} THEN true
        WHEN cut = 'company' THEN false
        WHEN apart < 0 THEN is_small
        ELSE is_small OR (
            (bool_or(is_small) OVER (PARTITION BY {total}, cut) OR (apart > 0 AND apart < {fewest}))
            AND (cells_before + (apart > 0)::INT < 2 OR cases_before + apart < {fewest})
        ) END AS is_hidden
    FROM ordered
)
SELECT {total}, cut, segment, CASE WHEN NOT is_hidden THEN round(value, 4) END AS value,
    CASE WHEN NOT is_hidden THEN n END AS n, is_hidden
FROM judged
"""
