"""All KPIs of the house in one list, from the files that define them by subject."""

from transforms.kpi import (
    claims,
    claims_flow,
    claims_handling,
    claims_outcomes,
    claims_survival,
    claims_terms,
    complaints,
    complaints_survival,
    policies,
    surveys,
)
from transforms.kpi.definition import Kpi
from transforms.settings import Settings


def registry(settings: Settings | None = None) -> tuple[Kpi, ...]:
    """Every KPI, in the order of the dictionary; with `settings` also one a promise of the project.

    Raises ValueError if two have one code.
    """
    kpis = (
        *claims.KPIS,
        *claims_survival.KPIS,
        *claims_terms.KPIS,
        *(claims_terms.promise_kpis(settings) if settings else ()),
        *claims_outcomes.KPIS,
        *claims_handling.KPIS,
        *claims_flow.KPIS,
        *complaints.KPIS,
        *complaints_survival.KPIS,
        *(policies.kpis_of(settings) if settings else policies.KPIS),
        *surveys.KPIS,
    )
    codes = [kpi.code for kpi in kpis]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"KPI codes defined twice: {', '.join(twice)}")
    return kpis
