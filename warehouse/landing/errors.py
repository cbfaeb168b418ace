"""The errors a data engineer reads when a file cannot enter the warehouse.

What is checked, and when, is in the modules that raise it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.landing.loads import Load


class LandingError(Exception):
    """Files that did not land, one message each; `loads` are the files of the same call that did."""

    def __init__(self, problems: Sequence[str], loads: Sequence[Load] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.loads = tuple(loads)


class NotWhole(Exception):
    """A file whose end is missing, as when it is still being written; the message says what shows it."""
