"""What has to be recorded before a column says anything: alternatives of columns and codes of the feeds.

A core table declares it beside the transform that derives its columns; what a KPI needs follows from that in
`transforms/measures/needs.py`, and what a project's sources record is asked of the landing zone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import product
from operator import and_, or_

# Days on which the items were first recorded, as far as they ever were.
Firsts = Mapping[str, date]


@dataclass(frozen=True)
class Need:
    """Alternatives, of which one is enough; an alternative is the set of items that it takes all of.

    An item is a column of a feed (`complaints.accepted_on`), a code in it (`claim_events.event=paid`; without a
    code after the sign: an empty value), or a setting of the project file (`setting.complaints.mis_selling`).
    """

    alternatives: frozenset[frozenset[str]]

    def __and__(self, other: "Need") -> "Need":
        return _least(a | b for a, b in product(self.alternatives, other.alternatives))

    def __or__(self, other: "Need") -> "Need":
        return _least([*self.alternatives, *other.alternatives])

    @property
    def items(self) -> set[str]:
        """Everything that any alternative takes."""
        return set().union(*self.alternatives)

    def since(self, firsts: Firsts) -> date | None:
        """The day from which it is recorded: the first that one alternative has all items; None if never."""
        known = [items for items in self.alternatives if items <= firsts.keys()]
        return min((max((firsts[i] for i in items), default=date.min) for items in known), default=None)

    def without(self, known: Collection[str]) -> "Need":
        """What is left of it where some items are had."""
        return _least(items.difference(known) for items in self.alternatives)

    def implies(self, other: "Need") -> bool:
        """Whether whoever has this one has the other."""
        return all(any(less <= items for less in other.alternatives) for items in self.alternatives)

    def __str__(self) -> str:
        """The items in words; several codes of a column stand as one."""
        return " and ".join(_factors(self.alternatives)) if self.alternatives else "what never occurs"


def _factors(alternatives: frozenset[frozenset[str]]) -> list[str]:
    """What it takes in words: what every alternative takes, items of which any will do, and what is left."""
    common = frozenset.intersection(*alternatives)
    left = frozenset(items - common for items in alternatives)
    found = sorted(common)
    if left == {frozenset()}:
        return found
    terms = []
    while left:
        alike: dict[frozenset[frozenset[str]], list[str]] = {}
        for one in sorted({one for items in left for one in items}):
            alike.setdefault(frozenset(items - {one} for items in left if one in items), []).append(one)
        rest, items = max(alike.items(), key=lambda pair: len(pair[0]) * len(pair[1]))
        terms.append([_choice(items), *_factors(rest)])
        left -= {other | {one} for other in rest for one in items}
    if len(terms) == 1:
        return [*found, *terms[0]]
    return [*found, f"({' or '.join(sorted(' and '.join(term) for term in terms))})"]


def _choice(items: list[str]) -> str:
    columns: dict[str, list[str]] = {}
    for one in items:
        column, sign, code = one.partition("=")
        columns.setdefault(column + sign, []).append(code or "(empty)" if sign else "")
    told = [column + "|".join(codes) for column, codes in columns.items()]
    return told[0] if len(told) == 1 else f"({' or '.join(told)})"


def _least(alternatives: Iterable[frozenset[str]]) -> Need:
    """The need without alternatives that take more than another one."""
    found: list[frozenset[str]] = []
    for items in sorted(set(alternatives), key=len):
        if not any(less <= items for less in found):
            found.append(items)
    return Need(frozenset(found))


ALWAYS = Need(frozenset([frozenset()]))
NEVER = Need(frozenset())

# What a column of a table needs: by its name, `name=code` for one of its values, or `name>number`. A text says the
# column of a feed that is passed on as it is, codes and all.
Origins = Mapping[str, Need | str]


def item(name: str) -> Need:
    """The need for one column, code or setting."""
    return Need(frozenset([frozenset([name])]))


def all_of(needs: Iterable[Need]) -> Need:
    """All of several needs."""
    return reduce(and_, needs, ALWAYS)


def any_of(needs: Iterable[Need]) -> Need:
    """One of several needs."""
    return reduce(or_, needs, NEVER)


def codes_of(column: str) -> Callable[..., Need]:
    """A function from codes to the need for one of them in a column of a feed."""
    return lambda *codes: any_of(item(f"{column}={code}") for code in codes)


def passed_on(feed: str, *columns: str) -> dict[str, str]:
    """The origins of columns that a table takes from a feed as they are."""
    return {column: f"{feed}.{column}" for column in columns}


def origin_of(origins: Origins, column: str, value: object = None) -> Need | None:
    """What a column needs to have a value, or this value; None if nothing is declared about the column.

    Of a column with declared codes, no other text ever occurs, and other flags and numbers need nothing.
    """
    if isinstance(value, str | bool):
        code = str(value).lower() if isinstance(value, bool) else value
        if f"{column}={code}" in origins:
            return _need(origins[f"{column}={code}"])
        if isinstance(value, str) and isinstance(origins.get(column), str):
            return item(f"{origins[column]}={code}")
    elif isinstance(value, int | float):
        beyond = [key for key in origins if key.startswith(f"{column}>") and value > float(key.split(">")[1])]
        if beyond:
            return all_of(_need(origins[key]) for key in beyond)
    if column in origins:
        return _need(origins[column])
    is_coded = any(key.startswith((f"{column}=", f"{column}>")) for key in origins)
    if is_coded:
        return NEVER if isinstance(value, str) else ALWAYS
    return None


def _need(origin: Need | str) -> Need:
    return item(origin) if isinstance(origin, str) else origin
