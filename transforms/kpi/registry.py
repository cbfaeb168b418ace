"""All KPIs of the house in one list, from the files that define them by subject."""

from transforms.kpi import claims, claims_survival, complaints, policies, surveys
from transforms.kpi.definition import Kpi


def registry() -> tuple[Kpi, ...]:
    """Every KPI, in the order of the dictionary. Raises ValueError if two have one code."""
    kpis = (*claims.KPIS, *claims_survival.KPIS, *complaints.KPIS, *policies.KPIS, *surveys.KPIS)
    codes = [kpi.code for kpi in kpis]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"KPI codes defined twice: {', '.join(twice)}")
    return kpis
