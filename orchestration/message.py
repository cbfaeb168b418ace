"""The one message of a run: all that mail and chat say stands here, and whether there is anything to say.

Plain text without personal data: of failures no quoted value, of checks no row. How it is sent is `notify.py`.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.news import News

if TYPE_CHECKING:  # cheap to import: the outcome brings Dagster
    from orchestration.run_outcome import Outcome

MOST_LINES, LONGEST_LINE = 5, 300
# Values are quoted in what is told of a failure, and numbers of people are long. An apostrophe is no quote.
_QUOTE = re.compile(r"(?<!\w)'|'(?!\w)|[\"“”]")
_LONG_NUMBER = re.compile(r"\d{7,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What chats take for calling somebody.
_CALL = re.compile(r"(<)(?=[!@#])|(@)(?=\w)")


@dataclass(frozen=True)
class Message:
    """What is sent, as plain text."""

    title: str
    body: str


def message_of(
    insurer: str, outcome: "Outcome", news: News | None, events: Collection[str], page: str | None
) -> Message | None:
    """The message of a run about those of `events` that happened; None if none did.

    `page` is the address of the pages, where they are written.
    """
    parts = [
        part
        for event, lines in _happened(outcome, news, page)
        if event in events and (part := [plain(line) for line in lines])
    ]
    if not parts:
        return None
    title = plain(f"{insurer}: {parts[0][0]}")
    return Message(title, "\n\n".join("\n".join(part) for part in parts))


def plain(text: str) -> str:
    """A text as one line that no mail or chat takes for more than text."""
    line = _CALL.sub(lambda sign: f"{sign[0]}\u200b", _CONTROL.sub(" ", text)).strip()
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def _happened(outcome: "Outcome", news: News | None, page: str | None) -> Iterator[tuple[str, list[str]]]:
    """Each event that happened and what is said of it, the first line of which can stand alone."""
    blocking = [f"{one.table} {one.check}" for one in outcome.unmet if one.is_blocking]
    warned = [f"{one.table} {one.check}" for one in outcome.unmet if not one.is_blocking]
    if blocking and not outcome.version:
        first = "Nothing was published: a check that guards publication failed"
        yield "publication_blocked", [first, *_first(blocking), "Readers keep the version that they had."]
    elif outcome.failure:
        yield "run_failed", ["The run failed", *_first(without_values(outcome.failure).splitlines())]
    if news and news.month:
        where = f"Pages: {page}" if page else "The pages are not written for this project."
        yield "month_ready", [f"{news.month:%Y-%m} is complete and published", where]
    if news and news.signals:
        count = len(news.signals)
        told = [
            f"{one.title}{f' ({one.segment})' if one.segment else ''}: {one.sentence}" for one in news.signals
        ]
        yield "new_signal", [f"{count} new signal{'s' if count > 1 else ''} of weight", *_first(told)]
    if warned:
        count = len(warned)
        yield "check_warned", [f"{count} check{'s' if count > 1 else ''} warned", *_first(warned)]


def _first(lines: list[str]) -> Iterator[str]:
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"… and {len(lines) - MOST_LINES} more"


def without_values(reason: str) -> str:
    """A text without what it quotes, and without long numbers."""
    return _LONG_NUMBER.sub("…", "\n".join(map(_without_quoted, reason.split("\n"))))


def _without_quoted(line: str) -> str:
    """A line without all from its first to its last quote, since what is quoted may hold quotes itself."""
    quotes = [found.start() for found in _QUOTE.finditer(line)]
    if len(quotes) == 1:  # of a value that goes over lines
        return "…"
    return f"{line[: quotes[0]]}'…'{line[quotes[-1] + 1 :]}" if quotes else line
