"""A page before it is written: its address, its template and what the template is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.pages.published import Table


@dataclass(frozen=True)
class Page:
    """One page; `tables` are all tables on it, each of which gets a file beside the page."""

    address: str
    template: str
    title: str
    content: Mapping[str, Any]
    tables: Sequence[Table] = field(default=())
