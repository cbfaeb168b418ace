"""Every model of a project as one graph: what orchestration makes, in which order, and from which feeds.

The graph itself is built by `transforms/graph.py`, which knows no feeds and no folders; the feeds come from the
contracts, what a project adds from its folder (`own_files.py`).
"""

from collections.abc import Mapping
from functools import lru_cache

from orchestration.own_files import NONE, OwnFiles
from transforms.graph import Node, build_graph
from transforms.own_models import own_sql_models
from transforms.sql_model import ModelError
from warehouse.contract import contracts

# The views of a session on the feeds: the records' versions known on the as-of day, and the latest of these.
SESSION_SCHEMAS = ("known", "latest")
SESSION_FEEDS = tuple(f"{schema}.{feed}" for schema in SESSION_SCHEMAS for feed in contracts())


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
    # What reads a model that is wrong is not wrong for that.
    wrong = {f"{path.parent.name}.{path.stem}" for path, _ in own.models} - {model.name for model in sql}
    try:
        graph = build_graph([*SESSION_FEEDS, *wrong], own_sql=sql)
    except ModelError as error:
        problems += error.problems
    if problems:
        raise ModelError(*problems)
    return graph
