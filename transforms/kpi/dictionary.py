"""The dictionary of KPIs, generated from the registry: nothing about a KPI is written twice."""

from transforms.kpi.definition import Kpi
from transforms.kpi.registry import registry
from transforms.settings import Settings


def dictionary_rows(settings: Settings) -> list[tuple[object, ...]]:
    """One row a KPI: code, title, fact, measure, unit, direction, bases, minimum, horizon, version, source."""
    return [
        (
            kpi.code,
            kpi.title,
            kpi.fact,
            type(kpi.measure).__name__,
            kpi.unit,
            kpi.direction,
            bases(kpi),
            kpi.minimum,
            kpi.horizon_days,
            kpi.definition_version(settings),
            kpi.source,
        )
        for kpi in registry()
    ]


def bases(kpi: Kpi) -> str:
    """The bases of a KPI in words: `cohort by reported_on, period by decided_on`."""
    return ", ".join(f"{basis} by {day}" for basis, day in kpi.dates.items()) or "stock"
