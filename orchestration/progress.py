"""What happens during a run, told to whoever listens: the command line draws it, the UI's log shows it.

Events only; nothing here decides what to do about them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One thing that happened; `detail` belongs to the kind.

    A run started, is waiting, noticed, landed, made, checked, published, found something damaged, failed or ended.
    """

    kind: str
    name: str
    detail: object


_listeners: ContextVar[tuple[Callable[[Event], None], ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: Callable[[Event], None]) -> Iterator[None]:
    """Have `listener` called with every event of the runs inside the block, beside those who listen already."""
    before = _listeners.get()
    _listeners.set((*before, listener))
    try:
        yield
    finally:
        _listeners.set(before)


def tell(kind: str, name: str, detail: object) -> None:
    """Report an event to whoever listens."""
    for listener in _listeners.get():
        listener(Event(kind, name, detail))
