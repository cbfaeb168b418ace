"""What of the graph a project asks for: the tables it names, its own, and what they are made from.

Which KPIs have records is said by their registry, and that a table is made without rows by its transform.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from transforms.composite.weighing import RECORDS, SURVEYS
from transforms.graph import ROOM, Node, upstream
from transforms.kpi.every_period import READS
from transforms.kpi.registry import registry
from transforms.measures.definition import EXPOSURES, Kpi
from transforms.model import Transform
from transforms.settings import OnlySettings, Settings


def asked_for(graph: Mapping[str, Node], settings: Settings) -> dict[str, Node]:
    """The nodes of the tables that are made, records of KPIs reading the facts of these KPIs alone."""
    if settings.only == OnlySettings():
        return dict(graph)
    counted = {*facts_of(registry(settings))} if settings.only.kpis else {*READS.values()}
    nodes = {name: _counting_only(node, counted) for name, node in graph.items()}
    tables = {name: node for name, node in nodes.items() if node.schema != "staging"}
    named = {name for pattern in settings.only.tables for name in tables_named(tables, pattern)}
    own = {name for name, node in tables.items() if not node.path.is_relative_to(ROOM)}
    wanted = upstream(nodes, named | own)
    awaiting = any(framework.awaiting_weights for framework in settings.frameworks)
    if awaiting and any(name.startswith("index.") for name in wanted):
        wanted = upstream(nodes, {*wanted, *RECORDS, *SURVEYS})
    return {name: node for name, node in nodes.items() if name in wanted}


def tables_named(tables: Iterable[str], pattern: str) -> list[str]:
    """The tables that a name or pattern is of.

    >>> tables_named(["core.claims", "kpi.monthly", "kpi.titles"], "kpi.*")
    ['kpi.monthly', 'kpi.titles']
    """
    return [table for table in tables if fnmatchcase(table, pattern)]


def facts_of(kpis: Iterable[Kpi]) -> Iterator[str]:
    """The tables whose rows KPIs count, or are per."""
    for kpi in kpis:
        yield kpi.fact
        exposures = kpi.measure.exposures
        flows = [kpi.measure.stock, *kpi.measure.flows.values(), *(one.flow for one in exposures)]
        yield from (flow.fact for flow in flows if flow)
        if any(one.feed_column for one in exposures):
            yield EXPOSURES


def _counting_only(node: Node, counted: Collection[str]) -> Node:
    """The node; if it reads all facts that KPIs are of, without those that none of the `counted` is."""
    model = node.model
    if not isinstance(model, Transform) or not READS.items() <= model.reads.items():
        return node
    uncounted = {name for name, table in READS.items() if table not in counted}
    reads = {name: table for name, table in model.reads.items() if name not in uncounted}
    return replace(
        node,
        model=replace(model, reads=reads),
        reads=(*reads.values(), *model.broadcast.values()),
    )
