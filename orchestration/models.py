"""Every model of a project as one graph: what orchestration makes, in which order, and from which feeds.

The graph itself is built by `transforms/graph.py`, which knows no feeds and no folders; the feeds come from the
contracts, what a project adds from its folder (`own_files.py`).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from traceback import extract_tb

from orchestration.own_contracts import OwnContracts, own_contracts
from orchestration.own_files import NONE, OwnFiles
from orchestration.own_kpis import counted_facts
from orchestration.project import Project
from transforms.graph import Node, build_graph, transform_models, transforms_in
from transforms.model import Transform
from transforms.own_feeds import hidden_columns
from transforms.own_models import own_sql_models, own_transforms
from transforms.sql_model import ModelError
from transforms.written_yaml import line_of, read_yaml
from warehouse.contract import Contracts

# The views of a session on the feeds: the records' versions known on the as-of day, and the latest of these.
SESSION_SCHEMAS = ("known", "latest")


def session_feeds(contracts: Contracts) -> list[str]:
    """The views of a session on the feeds."""
    return [f"{schema}.{feed}" for schema in SESSION_SCHEMAS for feed in contracts]


def raw_table(view: str) -> str:
    """The table of the landing zone that a view of the session is on; other tables as they are."""
    schema, _, feed = view.partition(".")
    return f"raw.{feed}" if schema in SESSION_SCHEMAS else view


@lru_cache(maxsize=2)
def models(own: OwnFiles = NONE) -> Mapping[str, Node]:
    """Every model of the installation and a project's own by table name, in the order in which they are made.

    Raises ModelError for everything that is wrong with the own ones, but for what their columns are made of, which
    `project_check.py` holds against tables without rows.
    """
    sql, problems = own_sql_models(own.models)
    declared, wrong_module = _declared(own)
    polars, wrong_transforms = own_transforms(declared)
    feeds = own_contracts(own.contracts)
    problems += [*wrong_module, *wrong_transforms, *_hidden_columns(own, feeds)]
    # What reads a model that is wrong is not wrong for that.
    wrong = {f"{path.parent.name}.{path.stem}" for path, _ in own.models} - {model.name for model in sql}
    wrong |= {model.writes for model in declared if model not in polars}
    try:
        graph = build_graph(
            [*session_feeds(feeds.contracts), *wrong],
            own_sql=sql,
            own_polars=polars,
            own_feeds=feeds.feeds,
            attributes=feeds.attributes,
            counted=counted_facts(own.kpis),
        )
    except ModelError as error:
        problems += error.problems
    if problems:
        raise ModelError(*problems)
    return graph


def asked_models(project: Project) -> Mapping[str, Node]:
    """The models of the tables that a project asks for; it makes no others."""
    from transforms.asked import asked_for

    return asked_for(models(project.own), project.settings)


def _hidden_columns(own: OwnFiles, feeds: OwnContracts) -> Iterator[str]:
    """Further columns that a fact would carry under the name of one of its own."""
    texts = {file.path: file.text for file in own.contracts}
    for feed, column, fact in hidden_columns(feeds.attributes, transform_models()):
        key = f"columns.{column}"
        path = feeds.places[feed, column]
        yield (
            f"{path}:{line_of(read_yaml(texts[path])[1], key.split('.'))}: {key}: {fact} has a column of this name "
            "already, with another meaning; give yours another name"
        )


def _declared(own: OwnFiles) -> tuple[list[Transform], list[str]]:
    """The transforms of a project's module, which is run here for the first time, and why it cannot be used."""
    if not own.module:
        return [], []
    place = f"{own.python[0].path}:1"
    try:
        found = [model for model in transforms_in(import_module(own.module)) if _is_of(own.module, model)]
    except Exception as error:
        return [], [
            f"{line_of_error(error, own, place)}: importing it raises {type(error).__name__}: {error}"
        ]
    return found, [] if found else [f"{place}: transforms: {own.module} declares no @transform function"]


def _is_of(module: str, model: Transform) -> bool:
    """Whether a transform is declared in a module, or beside it, and not one of ours that it only imports."""
    return f"{model.function.__module__}.".startswith(f"{module}.")


def line_of_error(error: BaseException, own: OwnFiles, otherwise: str) -> str:
    """File and line of a project's own at which something was raised; `otherwise` where none took part."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    inside = [
        f"{at.filename}:{at.lineno}" for at in extract_tb(error.__traceback__) if own.has(Path(at.filename))
    ]
    return inside[-1] if inside else otherwise
