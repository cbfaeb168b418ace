"""A warehouse in which every table is there and has no row: what SQL and checks of a project can be held to at once.

It lives in a folder of its own for as long as it is asked, so that nothing of the project is read or written.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from orchestration.build import Run, open_session
from orchestration.project import Project
from transforms.graph import Node, upstream
from transforms.model import Transform
from transforms.periods import months_until
from transforms.settings import Settings
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Folder, Store

# Any day that the calendars know; nothing depends on it where there are no rows.
SOME_DAY = date(2024, 12, 31)


def own_problems(project: Project, graph: Mapping[str, Node]) -> list[str]:
    """What DuckDB refuses of a project's own models, each with file and line; nothing is done where there are none."""
    if not project.own:
        return []
    own = [node.name for node in graph.values() if project.own.has(node.path)]
    with empty_warehouse(project.settings) as store:
        return list(fill(store, graph, own))


@contextmanager
def empty_warehouse(settings: Settings) -> Iterator[Store]:
    """An open store with the feeds and the views of a session, in which nothing has landed."""
    with TemporaryDirectory() as folder, Store(Folder(Path(folder))) as store:
        create_raw(store.con)
        # The graph's own views are made by `fill`, which tells what is wrong with them.
        open_session(store, Run(SOME_DAY, settings, tuple(months_until(SOME_DAY, 1))), {})
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
