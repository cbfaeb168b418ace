"""A warehouse in which every table is there and has no row: what SQL and checks of a project can be held to at once.

It lives in a folder of its own for as long as it is asked, so that nothing of the project is read or written.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from expectations.suites import Check
from orchestration.build import Run, open_session
from orchestration.checks import checks, line_in, line_of_key
from orchestration.cut_check import cut_problems
from orchestration.models import line_of_error, models
from orchestration.own_files import OwnFiles
from orchestration.own_kpis import facts_by_table, kpi_problems
from orchestration.project import Project
from transforms.graph import Node, upstream
from transforms.laws import made_of_nothing
from transforms.model import Transform
from transforms.nearest import did_you_mean
from transforms.periods import months_until
from transforms.settings import Settings
from transforms.sql_model import ModelError, tables_named
from warehouse.contract import Contracts, contracts
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

# Any day that the calendars know; nothing depends on it where there are no rows.
SOME_DAY = date(2024, 12, 31)


def own_problems(project: Project, unknown: Iterable[str] = ()) -> Iterator[str]:
    """What DuckDB refuses of a project's own models and checks, and what is wrong with its KPIs, with file and line.

    They have been read (`models.py`, `checks.py`); nothing is done where there are none. Of the facts that are
    `unknown`, as their models are wrong, KPIs may name any column.
    """
    own, graph = project.own, models(project.own)
    facts: dict[str, pl.Schema | None] = dict.fromkeys(
        [node.name for node in graph.values() if node.schema == "core" and own.has(node.path)]
    )
    facts |= dict.fromkeys(name for name in unknown if name not in graph)
    if own:
        yield from _refused(project, graph, facts)
    yield from kpi_problems(project, facts)
    yield from cut_problems(project, facts_by_table(facts, project.settings))


def _refused(
    project: Project, graph: Mapping[str, Node], facts: dict[str, pl.Schema | None]
) -> Iterator[str]:
    """What DuckDB refuses of own models and checks; fills in the columns of the project's own `facts`."""
    own = project.own
    own_checks = [check for check in checks(own) if own.has(check.path)]
    wanted = {node.name for node in graph.values() if own.has(node.path)}
    for check in own_checks:
        named = tables_named(check.sql) if check.sql else ()
        wanted |= {check.table, *(graph if named is None else named)}
    # What is wrong with own KPIs is told apart from this.
    bare = project.settings.model_copy(update={"kpis": {}, "own_kpis": ()})
    with empty_warehouse(bare, project.contracts) as store:
        yield from fill(store, graph, wanted)
        for node in graph.values():
            if own.has(node.path) and isinstance(node.model, Transform):
                yield from _raised(node, node.model, store, project)
        facts |= {name: store.read(name).schema for name in facts if store.exists(name)}
        for check in own_checks:
            if check.table not in graph or store.exists(check.table):
                yield from _wrong_with(check, store, own)


def _raised(node: Node, model: Transform, store: Store, project: Project) -> Iterator[str]:
    """What a transform raises on tables without rows, as where it names a column that is not there."""
    schemas = {table: store.empty(table).schema for table in node.reads}
    try:
        rows = made_of_nothing(model, schemas, as_of=SOME_DAY, settings=project.settings)
    except Exception as error:
        place, said = line_of_error(error, project.own, node.place), (str(error).splitlines() or [""])[0]
        yield f"{place}: {node.name} raises on tables without rows {type(error).__name__}: {said}"
        return
    if rows:
        yield f"{node.place}: {node.name} makes {rows:,} rows of tables without one; by its law it makes none"


def _wrong_with(check: Check, store: Store, own: OwnFiles) -> Iterator[str]:
    """What of a check's query or column its table does not have."""
    file = next(file for file in own if file.path == check.path)
    if check.sql and (refused := store.wrong_with(check.sql)):
        line, reason = refused
        yield f"{check.path}:{line_in(file, check, line)}: {check.name}: {reason}"
    column, columns = check.kwargs.get("column"), store.columns(check.table)
    if column is not None and column not in columns:
        hint = did_you_mean(column, columns, f"it has {', '.join(columns)}")
        yield (
            f"{check.path}:{line_of_key(file, check.name)}: {check.name}: {check.table} has no column {column}; {hint}"
        )


def schemas_of(
    graph: Mapping[str, Node], tables: Iterable[str], settings: Settings, feeds: Contracts | None = None
) -> dict[str, pl.Schema]:
    """The schemas of all that some tables are made from, directly or not, and of the tables themselves."""
    wanted = upstream(graph, tables)
    with empty_warehouse(settings, feeds or contracts()) as store:
        if wrong := list(fill(store, graph, wanted)):
            raise ModelError(*wrong)
        return {table: store.empty(table).schema for table in wanted}


@contextmanager
def empty_warehouse(settings: Settings, feeds: Contracts) -> Iterator[Store]:
    """An open store with the feeds of some contracts and the views of a session, in which nothing has landed."""
    with TemporaryDirectory() as folder, Store(Folder(Path(folder))) as store:
        create_raw(store.con, feeds)
        # The graph's own views are made by `fill`, which tells what is wrong with them.
        open_session(store, Run(SOME_DAY, settings, tuple(months_until(SOME_DAY, 1)), contracts=feeds), {})
        yield store


def fill(store: Store, graph: Mapping[str, Node], wanted: Iterable[str]) -> Iterator[str]:
    """Make the tables `wanted` and what they are made from without a row; yields what is wrong with SQL models."""
    wrong: set[str] = set()
    needed = upstream(graph, wanted)
    for node in graph.values():
        if node.name not in needed:
            continue
        if wrong & set(node.reads):
            wrong.add(node.name)
        elif isinstance(node.model, Transform):
            store.replace(node.name, pl.DataFrame(schema=node.model.schema))
        elif refused := store.wrong_with(node.model.sql):
            wrong.add(node.name)
            line, reason = refused
            yield f"{node.path}:{line}: {reason}"
        elif node.schema == "staging":
            store.create_view(node.name, node.model.sql)
        else:
            store.replace(node.name, node.model.sql)
            if node.model.example and (refused := store.wrong_with(node.model.example)):
                line = node.model.sql.partition("\nexample:\n")[0].count("\n") + 2 + refused[0]
                yield f"{node.path}:{line}: the example query cannot run: {refused[1]}"
