"""The graph of all models: which table is made from which, in the order in which they can be made.

Built once from the SQL files, the declared Polars transforms and the sources' columns; running is not done here.
"""

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from inspect import getsourcefile, getsourcelines
from pathlib import Path
from types import ModuleType

from transforms.joins import joins, key_matches_model
from transforms.model import Transform
from transforms.nearest import meant
from transforms.own_columns import Attributes, OwnFeed
from transforms.own_feeds import carrying, view_of, view_of_attributes
from transforms.sql_model import ModelError, SqlModel, line_of_table, read_model

ROOM = Path(__file__).parent
SQL_SCHEMAS = ("staging", "marts")
TRANSFORM_SCHEMAS = ("core", "kpi", "index")
# Tables that the build session itself provides to SQL models.
SESSION_TABLES = (
    "staging.as_of",
    "staging.periods",
    "staging.long_periods",
    "staging.official_calendar",
    "staging.recorded",
    "staging.published_kpis",
    "staging.published_scores",
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

    @property
    def place(self) -> str:
        """File and line that say how it is made."""
        return f"{self.path}:{self.line}"

    def line_that_reads(self, table: str) -> int:
        """The line that names a table it reads."""
        return line_of_table(self.model, table) if isinstance(self.model, SqlModel) else self.line


@cache
def transform_models(attributes: tuple[Attributes, ...] = ()) -> tuple[Transform, ...]:
    """Every transform declared in the packages of this room, with the further columns that a project's facts carry."""
    return tuple(carrying(model, attributes) for model in _declared())


@cache
def _declared() -> tuple[Transform, ...]:
    found: dict[str, Transform] = {}
    for schema in TRANSFORM_SCHEMAS:
        for module in sorted(pkgutil.iter_modules([str(ROOM / schema)]), key=lambda m: m.name):
            declared = transforms_in(importlib.import_module(f"transforms.{schema}.{module.name}"))
            found |= {model.writes: model for model in declared}
    return tuple(found.values())


def transforms_in(module: ModuleType) -> list[Transform]:
    """The transforms that a module declares."""
    return [member for member in vars(module).values() if isinstance(member, Transform)]


@cache
def sql_models() -> tuple[SqlModel, ...]:
    """Every SQL model of this room that is a file."""
    paths = (path for schema in SQL_SCHEMAS for path in sorted((ROOM / schema).glob("*.sql")))
    return tuple(map(read_model, paths))


def build_graph(
    sources: Iterable[str],
    *,
    own_sql: Iterable[SqlModel] = (),
    own_polars: Iterable[Transform] = (),
    own_feeds: Collection[OwnFeed] = (),
    attributes: tuple[Attributes, ...] = (),
    counted: Collection[str] = (),
) -> dict[str, Node]:
    """All nodes by table name, each after those it reads: the models of this room and a project's own.

    `sources` are the tables that exist before any model, `counted` the facts that a project's own KPIs are of,
    `own_feeds` and `attributes` what its contracts add. Raises ModelError for all unknown tables, tables made twice and
    cycles at once.
    """
    views = [*map(view_of, own_feeds), *map(view_of_attributes, attributes)]
    made = [_sql_node(m) for m in (*sql_models(), key_matches_model(joins(own_feeds)), *views, *own_sql)]
    transforms = (*transform_models(attributes), *own_polars)
    there = {node.name for node in made} | {t.writes for t in transforms}
    facts = [fact for fact in counted if fact in there and fact.startswith("core.")]
    made += [_transform_node(_counting(t, facts)) for t in transforms]
    made.sort(key=lambda node: not node.path.is_relative_to(ROOM))
    nodes: dict[str, Node] = {}
    problems: list[str] = []
    for node in made:
        if node.name in nodes:
            problems.append(
                f"{node.place}: {node.name} is made already, by {nodes[node.name].path}; give this one another name"
            )
        nodes.setdefault(node.name, node)
    problems += _unknown_tables(nodes.values(), {*nodes, *sources, *SESSION_TABLES})
    try:
        reads = {n.name: sorted(set(n.reads) & set(nodes)) for n in nodes.values()}
        order = list(TopologicalSorter(reads).static_order())
    except CycleError as error:
        circle = error.args[1]
        # Each of the circle is read by the one behind it.
        reader, read = nodes[circle[1]], circle[0]
        problems.append(
            f"{reader.path}:{reader.line_that_reads(read)}: the models go round in a circle: "
            f"{' → '.join(circle)}; one of them has to do without the other"
        )
    if problems:
        raise ModelError(*problems)
    return {name: nodes[name] for name in order}


def _unknown_tables(nodes: Iterable[Node], known: Collection[str]) -> Iterator[str]:
    for node in nodes:
        for table in node.reads:
            if table not in known:
                yield (
                    f"{node.path}:{node.line_that_reads(table)}: {node.name} reads {table}, which is neither a feed "
                    f"nor a model{meant(table, known)}"
                )


def upstream(graph: Mapping[str, Node], tables: Iterable[str]) -> set[str]:
    """`tables` and all that they are made from, directly or not."""
    reached = set(tables)
    for node in reversed(list(graph.values())):
        if node.name in reached:
            reached.update(node.reads)
    return reached


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


def _counting(model: Transform, facts: Collection[str]) -> Transform:
    """The model, reading further facts if it reads all those that KPIs are of."""
    if not facts:
        return model
    # What makes records is made of models itself.
    from transforms.kpi.every_period import READS

    further = {fact: fact for fact in facts if fact not in READS.values()}
    if not further or not READS.items() <= model.reads.items():
        return model
    return replace(model, reads={**model.reads, **further})


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
