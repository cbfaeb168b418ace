"""What happens during a run, told to whoever listens: the command line draws it, the UI's log shows it.

Events only; nothing here decides what to do about them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One thing that happened: noticed, damaged, landed, made, checked or published; `detail` belongs to the kind."""

    kind: str
    name: str
    detail: object


_listener: ContextVar[Callable[[Event], None] | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Callable[[Event], None]) -> Iterator[None]:
    """Have `listener` called with every event of the runs inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(kind: str, name: str, detail: object) -> None:
    """Report an event, if anybody listens."""
    if listener := _listener.get():
        listener(Event(kind, name, detail))
