"""The dictionary of KPIs and marts, generated from registry and models: nothing about them is written twice.

Here are its rows for the catalogue and its page; what a KPI is, is `transforms/kpi/definition.py`.
"""

from collections.abc import Iterator
from itertools import groupby

from transforms.graph import sql_models
from transforms.kpi.definition import Kpi
from transforms.kpi.registry import registry
from transforms.settings import Settings
from transforms.sql_model import SqlModel

INTRODUCTION = """# Dictionary of KPIs and marts

Generated from the registry by `policypulse dictionary`; the same is in `catalog.kpis` of every warehouse.
Shares are fractions. A cohort counts the cases received, issued or expired in the month, a period those closed in
it, a stock those open at its end. `minimum` is the number of cases below which the status is `low_n`; a cohort is
`immature` until its horizon is over. Intervals are at 95 %. The marts, the tables that people query, are at the
end.
"""
MARTS = """# Marts

Each with what one row is and a query to begin with; the same is in `catalog.tables`, their columns in
`catalog.columns`. From the index to the cases: `marts.index_change` says which KPI moved it, `marts.kpi_trend` in
which branch, and `policypulse cases` lists the claims, complaints, policies or answers that made the KPI there.
"""


def dictionary_rows(settings: Settings) -> list[tuple[object, ...]]:
    """One row a KPI, in the columns of catalog.kpis."""
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
            kpi.definition,
            kpi.formula,
            kpi.counts,
            kpi.leaves_out,
            interval(kpi),
            kpi.example.given if kpi.example else None,
            kpi.example.value if kpi.example else None,
            kpi.for_index,
        )
        for kpi in registry()
    ]


def bases(kpi: Kpi) -> str:
    """The bases of a KPI in words: `cohort by reported_on, period by decided_on`."""
    return ", ".join(f"{basis} by {day}" for basis, day in kpi.dates.items()) or "stock"


def interval(kpi: Kpi) -> str:
    """The kind of interval the KPI's measure has."""
    return str(getattr(kpi.measure, "interval", ""))


def dictionary_page(settings: Settings) -> str:
    """The dictionary as one page of Markdown: KPIs by the facts they count, then the marts."""
    parts = [INTRODUCTION]
    for fact, kpis in groupby(sorted(registry(), key=lambda kpi: kpi.fact), key=lambda kpi: kpi.fact):
        parts.append(f"## {fact}\n")
        parts += ["\n".join(_entry(kpi, settings)) + "\n" for kpi in kpis]
    parts += [MARTS, *(_mart(model) for model in sql_models() if model.name.startswith("marts."))]
    return "\n".join(parts)


def _mart(model: SqlModel) -> str:
    grain = ", ".join(model.grain)
    return f"## {model.name}\n\n{model.description}\n\n- *grain*: {grain}\n- *owner*: {model.owner}\n\n" + (
        f"```sql\n{model.example}\n```\n"
    )


def _entry(kpi: Kpi, settings: Settings) -> Iterator[str]:
    yield f"### {kpi.code}\n"
    yield f"{kpi.title}. {kpi.definition}".rstrip() + "\n"
    better = {1: "higher is better", -1: "lower is better", 0: "neither side is better"}[kpi.direction]
    said = {
        "formula": kpi.formula,
        "counts": kpi.counts,
        "leaves out": kpi.leaves_out,
        "basis": bases(kpi),
        "unit": f"{kpi.unit}, {better}" + ("" if kpi.for_index else "; not for a composite index"),
        "interval": interval(kpi),
        "minimum, horizon": f"{kpi.minimum} cases, {kpi.horizon_days} days",
        "version": kpi.definition_version(settings) + (f" (switch `{kpi.switch}`)" if kpi.switch else ""),
        "source": kpi.source,
        "example": f"{kpi.example.given}: **{kpi.example.value:.6g}** ({kpi.example.source})"
        if kpi.example
        else "",
    }
    for name, text in said.items():
        if text:
            yield f"- *{name}*: {text}"
