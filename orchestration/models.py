"""Every model of the house as one graph: what orchestration makes, in which order, and from which feeds.

The graph itself is built by `transforms/graph.py`, which knows no feeds; the feeds come from the contracts.
"""

from collections.abc import Mapping
from functools import cache

from transforms.graph import Node, build_graph
from warehouse.contract import contracts

# The views of a session on the feeds: the records' versions known on the as-of day, and the latest of these.
SESSION_SCHEMAS = ("known", "latest")
SESSION_FEEDS = tuple(f"{schema}.{feed}" for schema in SESSION_SCHEMAS for feed in contracts())


def raw_table(view: str) -> str:
    """The table of the landing zone that a view of the session is on; other tables as they are."""
    schema, _, feed = view.partition(".")
    return f"raw.{feed}" if schema in SESSION_SCHEMAS else view


@cache
def models() -> Mapping[str, Node]:
    """Every model of the house by table name, in the order in which they are made."""
    return build_graph(SESSION_FEEDS)
