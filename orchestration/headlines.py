"""The figures that the UI plots for every month of a table made by month: the company's headline figures.

Of the KPIs these are the leaves of the project's frameworks, of the index its top nodes; nothing is computed here.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from orchestration.session import Session
from transforms.framework import Framework
from transforms.graph import Node

Numbers = Mapping[date, Mapping[str, float]]
TOP_LEVELS = 1


def headlines(node: Node, warehouse: Session) -> Numbers:
    """The headline numbers of every month of the run, by name; a month or number without a value has none."""
    if "window_months" in node.grain:  # windows of several lengths stand in for months, and are no headline
        return {}
    of_kpis = "kpi" in node.columns
    names = (_kpis if of_kpis else _nodes)(warehouse.frameworks)
    key, value = (
        (("kpi", "basis"), "value") if of_kpis else (("framework", "framework_version", "node"), "score")
    )
    table = ".".join(f'"{part}"' for part in node.name.split("."))
    rows = warehouse.rows(
        f"SELECT period, {', '.join(key)}, {value} FROM {table} WHERE cut = 'company' AND {value} IS NOT NULL"
    )
    found: dict[date, dict[str, float]] = {month: {} for month in warehouse.months}
    for month, *told, number in rows.iter_rows():
        if month in found and (name := names.get(tuple(told))):
            found[month][name] = number
    return found


def _kpis(frameworks: Sequence[Framework]) -> dict[tuple[str, ...], str]:
    """Code and basis of the leaves' KPIs, and what they are called: the basis only where one KPI has several."""
    leaves = {(n.leaf.kpi, n.leaf.basis): None for f in frameworks for n in f.leaves if n.leaf}
    codes = [kpi for kpi, _ in leaves]
    return {(kpi, basis): kpi if codes.count(kpi) == 1 else f"{kpi} ({basis})" for kpi, basis in leaves}


def _nodes(frameworks: Sequence[Framework]) -> dict[tuple[str, ...], str]:
    """The top nodes of every framework and version, and what they are called: by node where there is one framework."""
    return {
        (f.code, f.version, node.code): node.code
        if len(frameworks) == 1
        else f"{f.code} {f.version} {node.code}"
        for f in frameworks
        for node in f.nodes
        if node.level <= TOP_LEVELS
    }
