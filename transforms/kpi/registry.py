"""All KPIs of the house in one list, from the files that define them by subject."""

from transforms.kpi import (
    claims_flow,
    claims_handling,
    claims_outcomes,
    claims_terms,
    claims_turnaround,
    complaints_outcomes,
    complaints_resolution,
    complaints_volume,
    lapse_and_surrender,
    persistency,
    renewals,
    surveys,
)
from transforms.measures.definition import Kpi
from transforms.settings import Settings


def registry(settings: Settings | None = None) -> tuple[Kpi, ...]:
    """Every KPI as it is under the project's rules, in the order of the dictionary; by default under ours.

    Raises ValueError if two have one code.
    """
    settings = settings or Settings()
    kpis = (
        *claims_turnaround.KPIS,
        *claims_terms.KPIS,
        *claims_terms.promise_kpis(settings),
        *claims_outcomes.KPIS,
        *claims_handling.KPIS,
        *claims_flow.KPIS,
        *complaints_volume.KPIS,
        *complaints_resolution.KPIS,
        *complaints_outcomes.KPIS,
        *persistency.KPIS,
        *lapse_and_surrender.KPIS,
        *renewals.KPIS,
        *surveys.KPIS,
    )
    codes = [kpi.code for kpi in kpis]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"KPI codes defined twice: {', '.join(twice)}")
    return tuple(kpi.under(settings) for kpi in kpis)
