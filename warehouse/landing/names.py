"""How alike a name in a file and the names of a thing are: without case, signs, endings and words that mean the same.

What the names of a column are is in synonyms.yml; what follows from a likeness is decided in proposal.py.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ITSELF, SYNONYM, PART = 1.0, 0.95, 0.65
_ALIKE = {
    "id": ("no", "num", "nbr", "nr", "number", "ref", "reference", "key", "identifier", "#"),
    "date": ("on", "at", "day", "dt", "time", "datetime"),
    "policy": ("pol", "policies"),
    "branch": ("br",),
    "issue": ("iss",),
    "assured": ("ass",),
    "customer": ("cust",),
    "amount": ("amt",),
    "premium": ("prem",),
    "product": ("prod",),
    "code": ("cd",),
    "frequency": ("freq",),
    "type": ("kind", "typ"),
    "organization": ("organisation", "org"),
}
_WORDS = {word: plain for plain, words in _ALIKE.items() for word in words}
# Words that alone do not say what a thing is.
_VAGUE = {"case", "id", "date", "type", "name", "code", "amount", "status", "of", "the", "is"}
# Chinese and Korean, whose words no space ends.
_UNSPACED = re.compile("[\u4e00-\u9fff가-힣]")


def likeness(written: str, names: Iterable[str]) -> tuple[float, str]:
    """How alike a written name is to the likest of `names`, the first of which is the thing's own, and that name.

    1 for the own name, 0.95 for another of the names, 0.65 for a part of one or the other, else 0.
    """
    best = (0.0, "")
    for number, name in enumerate(names):
        found = _alike(written, name)
        if found == ITSELF and number:
            found = SYNONYM
        best = max(best, (found, name), key=lambda pair: pair[0])
    return best


@cache
def words(written: str) -> tuple[str, ...]:
    """The words of a name, in their plainest form: `ClosedDt` and `closed_on` are both ("clos", "date")."""
    spelled = unicodedata.normalize("NFKC", written).strip()
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", spelled).casefold()
    parts = [word for part in re.split(r"[^\w#]+|_", spelled) if part for word in _apart(part)]
    return tuple(_stem(_WORDS.get(part, part)) for part in parts)


def _apart(part: str) -> tuple[str, ...]:
    """The two words that a name without a gap is made of, as POLNO is, if both are known and the whole is not."""
    known = _vocabulary()
    if part not in known and part.isascii():
        for place in range(2, len(part) - 1):
            if part[:place] in known and part[place:] in known:
                return part[:place], part[place:]
    return (part,)


@cache
def _vocabulary() -> frozenset[str]:
    """The words of all names, and those that mean the same."""
    columns = _synonyms()["columns"]
    names = [*columns, *(name for listed in columns.values() for name in listed)]
    found = {word for name in names for word in re.split(r"[^a-z]+", name) if len(word) > 2}
    return frozenset({*found, *_WORDS, *_ALIKE})


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _alike(written: str, name: str) -> float:
    theirs, ours = frozenset(words(written)), frozenset(words(name))
    if theirs == ours:
        return ITSELF
    if _UNSPACED.search(name):
        return PART if len(name) > 2 and name in written else 0.0
    holds = ours < theirs and ours - _VAGUE
    is_most_of = theirs < ours and theirs - _VAGUE and 2 * len(theirs) >= len(ours)
    return PART if holds or is_most_of else 0.0


@cache
def _synonyms() -> Mapping[str, Any]:
    text = (Path(__file__).parent / "synonyms.yml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def names_of(feed: str, column: str) -> list[str]:
    """What a column of a feed is called, its own name first."""
    known = _synonyms()["columns"]
    return [column, *known.get(f"{feed}.{column}", known.get(column, []))]


def event_names(feed: str) -> Mapping[str, list[str]]:
    """What columns are called that each hold the day of one event, by the code of the event."""
    return {code: [f"{code}_on", *names] for code, names in _synonyms()["events"].get(feed, {}).items()}


def code_names(feed: str, column: str, kind: str) -> Mapping[str, list[str]]:
    """What sources write for each code of a column, the code itself first."""
    known = _synonyms()["codes"]
    listed = known["boolean"] if kind == "boolean" else known.get(f"{feed}.{column}", known.get(column, {}))
    return {code: [code, *names] for code, names in listed.items()}


def says_nothing_happened(feed: str, column: str, value: str) -> bool:
    """Whether a value says that there was no event."""
    listed = _synonyms()["no_event"].get(f"{feed}.{column}", [])
    return any(words(value) == words(name) for name in listed)
