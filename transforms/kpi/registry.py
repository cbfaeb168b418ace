"""All KPIs in one list: those of the house, from the files that define them by subject, and a project's own.

What an own one may say is `transforms/kpi_file.py`; here also is what a project changes in ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from transforms.kpi import (
    actions,
    added_services,
    applications,
    audits,
    claims_flow,
    claims_handling,
    claims_outcomes,
    claims_service,
    claims_terms,
    claims_turnaround,
    complaints_outcomes,
    complaints_resolution,
    complaints_volume,
    contacts,
    customers,
    indicators,
    lapse_and_surrender,
    persistency,
    policy_service,
    renewals,
    surveys,
    texts,
)
from transforms.kpi_file import KpiChange
from transforms.measures.definition import Exposure, Kpi
from transforms.settings import Settings

if TYPE_CHECKING:
    from transforms.kpi.own import Columns

# In the order of the dictionary.
SUBJECTS = (
    claims_turnaround,
    claims_terms,
    claims_outcomes,
    claims_handling,
    claims_service,
    claims_flow,
    complaints_volume,
    complaints_resolution,
    complaints_outcomes,
    contacts,
    audits,
    actions,
    persistency,
    lapse_and_surrender,
    renewals,
    customers,
    applications,
    policy_service,
    added_services,
    surveys,
    texts,
    indicators,
)


# What a project's own KPIs are called in the dictionary.
OWN = "own"


def subjects(settings: Settings | None = None) -> dict[str, tuple[Kpi, ...]]:
    """The KPIs of every subject as they are under the project's rules, by the name of its file; its own come last.

    Raises ValueError for a KPI that there is not, OwnKpiError for an own one that cannot be computed.
    """
    settings = settings or Settings()
    ours = _built_in(settings)
    every = {kpi.code: kpi for kpis in ours.values() for kpi in kpis}
    if unknown := sorted(settings.kpis.keys() - every.keys()):
        raise ValueError(f"there is no KPI of ours to change called {', '.join(unknown)}")
    if unknown := sorted(set(settings.only.kpis) - every.keys()):
        raise ValueError(f"there is no KPI of ours called {', '.join(unknown)}")
    changed = {
        subject: tuple(_changed(kpi, settings.kpis) for kpi in kpis if _is_asked_for(kpi, settings))
        for subject, kpis in ours.items()
        if kpis
    }
    return {**changed, OWN: _own(settings, every.values())} if settings.own_kpis else changed


def registry(settings: Settings | None = None) -> tuple[Kpi, ...]:
    """Every KPI as it is under the project's rules, in the order of the dictionary; by default under ours.

    Raises ValueError as `subjects` does, and if two have one code.
    """
    kpis = tuple(kpi for members in subjects(settings).values() for kpi in members)
    codes = [kpi.code for kpi in kpis]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"KPI codes defined twice: {', '.join(twice)}")
    return kpis


def built_in(settings: Settings) -> tuple[Kpi, ...]:
    """The KPIs that come with policypulse, before a project changes any by name."""
    return tuple(kpi for members in _built_in(settings).values() for kpi in members)


def _built_in(settings: Settings) -> dict[str, tuple[Kpi, ...]]:
    told = {
        claims_terms: claims_terms.promise_kpis(settings),
        indicators: indicators.indicator_kpis(settings),
    }
    return {
        subject.__name__.rpartition(".")[2]: tuple(
            kpi.under(settings) for kpi in (*subject.KPIS, *told.get(subject, ()))
        )
        for subject in SUBJECTS
    }


def _is_asked_for(kpi: Kpi, settings: Settings) -> bool:
    change, only = settings.kpis.get(kpi.code), settings.only.kpis
    return not (change and change.left_out) and (not only or kpi.code in only)


def _changed(kpi: Kpi, changes: Mapping[str, KpiChange]) -> Kpi:
    if kpi.code not in changes:
        return kpi
    changed: dict[str, Any] = {**changes[kpi.code].fields, "changes": changes[kpi.code].name}
    return replace(kpi, **changed)


def exposures_of(kpis: Iterable[Kpi]) -> dict[str, Exposure]:
    """What rates are per, by name."""
    return {exposure.name: exposure for kpi in kpis for exposure in kpi.measure.exposures}


def _own(settings: Settings, ours: Iterable[Kpi]) -> tuple[Kpi, ...]:
    """The project's own; of facts of its own the types of columns are not known here, but to `policypulse check`."""
    # Declared beside tables that are made of this registry.
    from transforms.graph import transform_models
    from transforms.kpi.own import facts_of, kpi_of

    facts: dict[str, Columns | None] = dict.fromkeys(facts_of(settings.own_kpis))
    made = transform_models(settings.attributes)
    facts |= {model.writes: model.schema for model in made if model.writes.startswith("core.")}
    exposures = exposures_of(ours)
    return tuple(kpi_of(own, facts, exposures) for own in settings.own_kpis)
