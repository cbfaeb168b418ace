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

# In the order of the dictionary.
SUBJECTS = (
    claims_turnaround,
    claims_terms,
    claims_outcomes,
    claims_handling,
    claims_flow,
    complaints_volume,
    complaints_resolution,
    complaints_outcomes,
    persistency,
    lapse_and_surrender,
    renewals,
    surveys,
)


def subjects(settings: Settings | None = None) -> dict[str, tuple[Kpi, ...]]:
    """The KPIs of every subject as they are under the project's rules, by the name of its file."""
    settings = settings or Settings()
    own = {claims_terms: claims_terms.promise_kpis(settings)}
    return {
        subject.__name__.rpartition(".")[2]: tuple(
            kpi.under(settings) for kpi in (*subject.KPIS, *own.get(subject, ()))
        )
        for subject in SUBJECTS
    }


def registry(settings: Settings | None = None) -> tuple[Kpi, ...]:
    """Every KPI as it is under the project's rules, in the order of the dictionary; by default under ours.

    Raises ValueError if two have one code.
    """
    kpis = tuple(kpi for members in subjects(settings).values() for kpi in members)
    codes = [kpi.code for kpi in kpis]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"KPI codes defined twice: {', '.join(twice)}")
    return kpis
