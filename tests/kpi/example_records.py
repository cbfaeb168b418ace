"""The records of the worked examples of our KPIs, by code."""

from collections.abc import Mapping
from typing import Any

from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures import example_record
from transforms.measures.example import Example
from transforms.settings import Settings

SCHEMAS = {model.writes: model.schema for model in transform_models() if model.writes.startswith("core.")}
KPIS = {kpi.code: kpi for kpi in registry()}


def record_of(code: str, example: Example | None = None) -> Mapping[str, Any]:
    """The company's record of an example, by default the KPI's own, on the KPI's first basis."""
    example = example or KPIS[code].example
    (kpi,) = (kpi for kpi in registry(example.under or Settings()) if kpi.code == code)
    return example_record.record_of(kpi, example, SCHEMAS)
