"""The KPIs of a published file as an Apache Ossie semantic model, for tools that know metrics by such documents.

Version 0.1.1 of the specification, which dbt reads. Metrics are values that are stored, and say so: nothing here lets a
tool work out a KPI from others.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.store import read_published

VERSION = "0.1.1"
RECORDS = "kpi.monthly"
GRAIN = ("kpi", "basis", "cut", "segment", "period")
KPIS = f"""
    SELECT kpis.kpi, records.basis, kpis.title, kpis.definition, kpis.unit, units.title AS unit_title, kpis.direction,
        kpis.definition_version, kpis.source, coalesce(units.adds_up, FALSE) AS adds_up
    FROM (SELECT DISTINCT kpi, basis FROM {RECORDS}) AS records
    JOIN catalog.kpis AS kpis ON kpis.kpi = records.kpi
    LEFT JOIN catalog.units AS units ON units.unit = kpis.unit
    ORDER BY kpis.kpi, records.basis
"""
COLUMNS = (
    f"SELECT column_name, description FROM catalog.columns WHERE table_name = '{RECORDS}' ORDER BY position"
)
STORED = (
    "A stored value: take it at one cut, segment and month. Never sum or average it over segments or months; "
    "of longer periods there are values in kpi.periodic."
)
ADDS_UP = "Over segments of one cut and month: sum(numerator) / sum(denominator) of these records."


def semantic_model(current: Path) -> str:
    """The document, as JSON: the table of monthly records and a metric for each KPI and basis."""
    kpis = read_published(current, KPIS).rows(named=True)
    columns = read_published(current, COLUMNS).rows(named=True)
    document = {
        "version": VERSION,
        "semantic_model": [
            {
                "name": "policypulse",
                "description": "KPIs of an insurer's service quality, stored month by month.",
                "ai_context": {"instructions": STORED},
                "datasets": [
                    {
                        "name": "kpi_monthly",
                        "source": f"current.{RECORDS}",
                        "description": f"One record per {', '.join(GRAIN)}.",
                        "fields": [_field(column) for column in columns],
                    }
                ],
                "metrics": [_metric(kpi) for kpi in kpis],
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _field(column: Mapping[str, Any]) -> dict[str, Any]:
    name = column["column_name"]
    field = {"name": name, "expression": _expression(name), "description": column["description"]}
    return {**field, "dimension": {"is_time": name == "period"}}


def _metric(kpi: Mapping[str, Any]) -> dict[str, Any]:
    # Columns without their table: dbt's reader cuts an expression at its last point.
    value = f"MAX(CASE WHEN kpi = '{kpi['kpi']}' AND basis = '{kpi['basis']}' THEN value END)"
    told = {
        "stored": True,
        "grain": ["cut", "segment", "period"],
        **{key: kpi[key] for key in ("kpi", "basis", "unit", "direction", "definition_version", "source")},
    }
    return {
        "name": f"{kpi['kpi']}__{kpi['basis']}",
        "expression": _expression(value),
        "description": f"{kpi['title']} ({kpi['unit_title']}; {kpi['basis']}). {kpi['definition']}",
        "ai_context": {
            "instructions": " ".join([STORED, ADDS_UP] if kpi["adds_up"] else [STORED]),
            "synonyms": [kpi["title"]],
        },
        "custom_extensions": [{"vendor_name": "COMMON", "data": json.dumps(told, ensure_ascii=False)}],
    }


def _expression(sql: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": sql}]}
