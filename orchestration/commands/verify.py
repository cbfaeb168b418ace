"""`policypulse verify`: whether the files of a warehouse are whole, and what was landed, feed by feed.

What is looked at is `warehouse/verification.py`; here it becomes rows and sentences.
"""

from collections.abc import Sequence

import polars as pl

from orchestration.project import Project
from warehouse.folder import Folder, locked
from warehouse.verification import FeedContent, faults, feed_contents


def verified(project: Project) -> tuple[list[FeedContent], list[str]]:
    """What the landing zone holds, feed by feed, if nothing is wrong with the files; else what is.

    Raises WarehouseBusy.
    """
    folder = Folder(project.warehouse)
    with locked(folder):
        wrong = list(faults(folder))
        return ([], wrong) if wrong else (feed_contents(folder.raw), [])


def content_rows(contents: Sequence[FeedContent]) -> pl.DataFrame:
    """A row a feed: how many loads and rows, and the digest of its rows."""
    rows = [(one.feed, one.loads, one.rows, one.content) for one in contents]
    return pl.DataFrame(rows, schema=["feed", "loads", "rows", "content"], orient="row")
