"""The feeds and columns that a project declares in contracts of its own, in the words of this room.

`Settings` hold them, so this is cheap to import; reading contract files is `orchestration/own_contracts.py`, what they
mean to the graph `own_feeds.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class OwnColumn(BaseModel):
    """One column that a project declares: its name, the type of its contract and what it says."""

    model_config = ConfigDict(frozen=True)
    name: str
    type: str
    description: str
    is_personal: bool = False


class OwnFeed(BaseModel):
    """A feed that a project adds; `columns` are those of its view."""

    model_config = ConfigDict(frozen=True)
    feed: str
    description: str
    key: tuple[str, ...]
    columns: tuple[OwnColumn, ...]
    path: Path

    @property
    def view(self) -> str:
        """The staging view that has the latest version of each record."""
        return f"staging.{self.feed}"


class Attributes(BaseModel):
    """Further columns of one of our feeds; `key` is that of the contract."""

    model_config = ConfigDict(frozen=True)
    feed: str
    key: tuple[str, ...]
    columns: tuple[OwnColumn, ...]
    path: Path

    @property
    def view(self) -> str:
        """The staging view that has them once for each subject."""
        return f"staging.{self.feed}_attributes"

    @property
    def feed_frame(self) -> str:
        """The name of that view among the frames that a fact is given."""
        return f"{self.feed}_attributes"

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns that name what a row is about: a claim of its events, a questionnaire of its answers."""
        return SUBJECTS[self.feed].key if self.feed in SUBJECTS else self.key


class _Subject(NamedTuple):
    key: tuple[str, ...]
    """Columns that name it."""
    latest_by: tuple[str, ...]
    """Columns by which of several rows the last one counts."""


# Where several rows of a feed are about one thing; of other feeds it is the key that names it.
SUBJECTS: Mapping[str, _Subject] = {
    "claim_events": _Subject(("claim_id",), ("event_at", "event_id")),
    "survey_answers": _Subject(("survey", "wave", "response_id"), ("answered_on", "question")),
}
