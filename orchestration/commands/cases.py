"""`policypulse cases`: the cases behind one record of a KPI, from the published version."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from orchestration.models import models
from orchestration.project import Project
from transforms.kpi.registry import registry
from transforms.measures.cases import CASE_COLUMNS, kpi_cases
from transforms.measures.definition import Kpi
from transforms.measures.segments import with_cuts, with_units
from transforms.nearest import meant
from transforms.settings import Settings
from warehouse.store import read_published


def cases_of(
    project: Project, code: str, basis: str | None, period: date, place: Mapping[str, str]
) -> pl.DataFrame:
    """The cases of a KPI in a month and, by `place`, of a segment of a cut.

    First what tells them apart, when they are placed in the month and what each adds; then the fact's other
    columns. Raises ValueError for what there is not.
    """
    kpi, current = _kpi(project.settings, code), project.current
    chosen = next((b for b in kpi.dates if basis in (None, b)), None)
    if chosen is None:
        raise ValueError(f"{code} has no basis {basis}; it has {', '.join(kpi.dates) or 'none but stock'}")
    fact = read_published(current, f"SELECT * FROM {kpi.fact}")
    columns = fact.columns
    units = read_published(current, "SELECT * FROM core.org_units").lazy()
    fact = with_cuts(with_units({kpi.fact: fact.lazy()}, units, place)[kpi.fact], place).collect()
    if missing := sorted(set(place) - set(fact.columns)):
        raise ValueError(f"{kpi.fact} is not divided by {missing[0]}")
    as_of = read_published(current, "SELECT max(as_of) AS as_of FROM kpi.monthly").item()
    found = kpi_cases(fact.lazy(), kpi, chosen, as_of).filter(
        pl.col("period") == period, *(pl.col(cut) == segment for cut, segment in place.items())
    )
    first = [*models(project.own)[kpi.fact].grain, kpi.dates[chosen], *CASE_COLUMNS]
    return found.select(*dict.fromkeys([*first, *columns])).sort(first).collect()


def _kpi(settings: Settings, code: str) -> Kpi:
    kpis = {kpi.code: kpi for kpi in registry(settings)}
    if code not in kpis:
        raise ValueError(f"there is no KPI {code}{meant(code, kpis)}")
    return kpis[code]
