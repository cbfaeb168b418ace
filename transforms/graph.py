"""The graph of all models: which table is made from which, in the order in which they can be made.

Built once from the SQL files, the declared Polars transforms and the sources' columns; running is not done here.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from inspect import getsourcefile, getsourcelines
from pathlib import Path

import transforms.core
import transforms.index
import transforms.kpi
from transforms.joins import key_matches_model
from transforms.model import Transform
from transforms.sql_model import ModelError, SqlModel, read_model

ROOM = Path(__file__).parent
SQL_SCHEMAS = ("staging", "marts")
TRANSFORM_PACKAGES = (transforms.core, transforms.kpi, transforms.index)
# Tables that the build session itself provides to SQL models.
SESSION_TABLES = (
    "staging.as_of",
    "staging.periods",
    "staging.long_periods",
    "staging.official_calendar",
    "staging.recorded",
)


@dataclass(frozen=True)
class Node:
    """One table of the warehouse and how it is made."""

    name: str
    reads: tuple[str, ...]
    description: str
    grain: tuple[str, ...]
    columns: Mapping[str, str]
    owner: str
    path: Path
    line: int
    model: SqlModel | Transform

    @property
    def schema(self) -> str:
        """The room the table is in: staging, core, kpi, index or marts."""
        return self.name.partition(".")[0]


def transform_models() -> list[Transform]:
    """Every transform declared in the packages of this room."""
    found: dict[str, Transform] = {}
    for package in TRANSFORM_PACKAGES:
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            members = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
            for member in members.values():
                if isinstance(member, Transform):
                    found[member.writes] = member
    return list(found.values())


def sql_models() -> list[SqlModel]:
    """Every SQL model of this room: those of files, and the one that is made from the list of joins."""
    return [
        key_matches_model(),
        *(read_model(path) for schema in SQL_SCHEMAS for path in sorted((ROOM / schema).glob("*.sql"))),
    ]


def build_graph(
    sources: Iterable[str],
    *,
    sql: Iterable[SqlModel] | None = None,
    polars: Iterable[Transform] | None = None,
) -> dict[str, Node]:
    """All nodes by table name, each after those it reads.

    `sources` are the tables that exist before any model (`raw.*`); `sql` and `polars` default to the models
    of this room. Raises ModelError for an unknown table, a table made twice, or a cycle.
    """
    made = [_sql_node(m) for m in (sql_models() if sql is None else sql)]
    made += [_transform_node(t) for t in (transform_models() if polars is None else polars)]
    nodes: dict[str, Node] = {}
    for node in made:
        if node.name in nodes:
            raise ModelError(f"{node.path}:{node.line}: {node.name} is also made by {nodes[node.name].path}")
        nodes[node.name] = node
    known = {*nodes, *sources, *SESSION_TABLES}
    for node in nodes.values():
        for table in node.reads:
            if table not in known:
                raise ModelError(
                    f"{node.path}:{node.line}: {node.name} reads {table}, which is neither a feed nor a model"
                )
    try:
        order = TopologicalSorter(
            {n.name: sorted(set(n.reads) & set(nodes)) for n in nodes.values()}
        ).static_order()
        return {name: nodes[name] for name in order}
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise ModelError(
            f"{nodes[error.args[1][0]].path}:1: the models go round in a circle: {circle}"
        ) from None


def downstream(graph: Mapping[str, Node], table: str) -> list[str]:
    """The tables that are made from `table`, directly or not."""
    reached = {table}
    for node in graph.values():
        if reached & set(node.reads):
            reached.add(node.name)
    return sorted(reached - {table})


def _sql_node(model: SqlModel) -> Node:
    return Node(
        model.name,
        model.reads,
        model.description,
        model.grain,
        model.columns,
        model.owner,
        model.path,
        1,
        model,
    )


def _transform_node(model: Transform) -> Node:
    path = Path(getsourcefile(model.function) or __file__)
    return Node(
        name=model.writes,
        reads=(*model.reads.values(), *model.broadcast.values()),
        description=model.description,
        grain=model.grain,
        columns={name: text for name, (_, text) in model.columns.items()},
        owner="",
        path=path,
        line=getsourcelines(model.function)[1],
        model=model,
    )
