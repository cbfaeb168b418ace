"""The files `contracts/*.yml` of a project: feeds that it adds, further columns of ours, and what is wrong.

What a contract may say is `warehouse/contract.py`, what it means to the graph `transforms/own_feeds.py`. Cheap to
import, as `project.py` needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestration.own_files import OwnFile, contract_files, texts_of
from transforms.nearest import did_you_mean
from transforms.own_columns import Attributes, OwnColumn, OwnFeed
from transforms.written_yaml import YamlError, key_problems, line_of, read_yaml
from warehouse.contract import Contract, ContractColumn, Contracts, Extension, contracts
from warehouse.landing.raw_tables import BOOKS

Fault = tuple[str, str]
RECORDED_AT = ContractColumn(
    type="timestamp", description="When the source system knew this state; the latest counts."
)
STAGING = Path(__file__).parent.parent / "transforms" / "staging"
# Names that the landing and a run give to tables of theirs.
TAKEN = (
    "as_of", "in_force", "key_matches", "long_periods", "official_calendar", "periods", "recorded", "repeats",
)  # fmt: skip
ENDINGS = ("_attributes", "_repeated", "_standing")


@dataclass(frozen=True)
class OwnContracts:
    """What the contracts of a project say; `problems` name file, line and key of what is left out for it."""

    contracts: Contracts
    """Of every feed that there is, ours with the further columns."""
    feeds: tuple[OwnFeed, ...] = ()
    attributes: tuple[Attributes, ...] = ()
    problems: tuple[str, ...] = ()
    places: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """The file of each further column, by feed and column."""


@dataclass
class _Reading:
    """The files read so far."""

    known: dict[str, Contract] = field(default_factory=lambda: dict(contracts()))
    places: dict[str, Path] = field(default_factory=dict)
    """Where each own feed is declared."""
    further: dict[tuple[str, str], Path] = field(default_factory=dict)
    """Where each further column of ours is."""
    feeds: list[OwnFeed] = field(default_factory=list)
    attributes: list[Attributes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@lru_cache(maxsize=4)
def own_contracts(files: tuple[OwnFile, ...]) -> OwnContracts:
    """What the files declare; what is wrong is told of all at once."""
    if not files:
        return OwnContracts(contracts())
    read = _Reading()
    for file in files:
        try:
            content, lines = read_yaml(file.text)
        except YamlError as error:
            place = f"{file.path}:{error.line or 1}"
            read.problems.append(": ".join(filter(None, [place, error.path, error.reason])))
            continue
        for key, reason in _faults_of(file, content, read):
            place = f"{file.path}:{line_of(lines, key.split('.')) or 1}"
            read.problems.append(": ".join(filter(None, [place, key, reason])))
    return OwnContracts(
        read.known, tuple(read.feeds), tuple(read.attributes), tuple(read.problems), read.further
    )


def contracts_in(folder: Path) -> Contracts:
    """The contracts of the feeds that the project in a folder can map; raises ValueError if its own are wrong."""
    problems: list[tuple[str, str]] = []
    found = own_contracts(texts_of(contract_files(folder), problems))
    if wrong := [*(reason for _, reason in problems), *found.problems]:
        raise ValueError("\n".join(wrong))
    return found.contracts


def _faults_of(file: OwnFile, content: Any, read: _Reading) -> Iterator[Fault]:
    """What is wrong with a file; if nothing is, what it declares is added to what was read."""
    if not isinstance(content, dict):
        yield "", "write a contract: feed, description, key and columns, or extends and columns"
    elif "extends" in content and "feed" in content:
        yield "extends", "a contract adds a feed or extends one of ours; keep one of `feed` and `extends`"
    elif "extends" in content:
        yield from _extension(file, content, read)
    else:
        yield from _feed(file, content, read)


def _feed(file: OwnFile, content: dict[str, Any], read: _Reading) -> Iterator[Fault]:
    try:
        contract = Contract.model_validate(content)
    except ValidationError as error:
        yield from _told(error, content, Contract)
        return
    if "recorded_at" not in contract.columns:
        contract = contract.model_copy(update={"columns": {**contract.columns, "recorded_at": RECORDED_AT}})
    faults = [*_name_faults(contract.feed, file.path, read), *contract.faults()]
    faults += [fault for name, column in contract.columns.items() for fault in _key_of_ours(name, column)]
    yield from faults
    if not faults:
        read.known[contract.feed], read.places[contract.feed] = contract, file.path
        read.feeds.append(
            OwnFeed(
                feed=contract.feed,
                description=contract.description,
                key=contract.key,
                columns=_columns(contract.columns),
                path=file.path,
            )
        )


def _name_faults(feed: str, path: Path, read: _Reading) -> Iterator[Fault]:
    if path.stem != feed:
        yield "feed", f"the file's name is the feed's: call it {feed}.yml, or the feed {path.stem}"
    if feed in contracts():
        yield "feed", f"{feed} is a feed of ours; to give it further columns write `extends: {feed}`"
    elif feed in read.places:
        yield "feed", f"{feed} is declared in {read.places[feed]} as well; keep one of the two"
    elif feed in _tables_taken() or feed.endswith(ENDINGS):
        yield "feed", f"{feed} is the name of a table of ours; give the feed another name"


@cache
def _tables_taken() -> frozenset[str]:
    """Names that a feed cannot have, since it would stand where a table of ours does."""
    return frozenset({*BOOKS, *TAKEN, *(path.stem for path in STAGING.glob("*.sql"))})


def _key_of_ours(name: str, column: ContractColumn) -> Iterator[Fault]:
    """A column called like a key of ours is joined with it, so it has to be the same kind of thing."""
    of_ours = [
        c.columns[name]
        for c in contracts().values()
        if name in c.columns and (name in c.key or name.endswith("_id"))
    ]
    people = [c for c in contracts().values() if name in c.columns and c.columns[name].personal == "id"]
    if people and column.personal != "id":
        yield (
            f"columns.{name}",
            f"{name} names a person and is a pseudonym in our feeds; write `personal: id`, so that it lands as "
            "the same one, or give it another name",
        )
    elif any(ours.type != column.type for ours in of_ours):
        (kind,) = {ours.type for ours in of_ours}
        yield f"columns.{name}.type", f"{name} is a key of ours and a {kind}; write that, or another name"


def _extension(file: OwnFile, content: dict[str, Any], read: _Reading) -> Iterator[Fault]:
    try:
        extension = Extension.model_validate(content)
    except ValidationError as error:
        yield from _told(error, content, Extension)
        return
    feed = extension.extends
    if feed not in contracts():
        hint = did_you_mean(feed, contracts(), f"there are {', '.join(contracts())}")
        yield "extends", f"there is no feed of ours called {feed}; {hint}"
        return
    contract = read.known[feed]
    faults = list(_column_faults(extension, contract))
    if not faults:
        contract = contract.model_copy(update={"columns": {**contract.columns, **extension.columns}})
        faults = list(contract.faults())
    yield from faults
    if not faults:
        read.known[feed] = contract
        read.further |= dict.fromkeys(((feed, name) for name in extension.columns), file.path)
        read.attributes = [*_with(read.attributes, contract, extension.columns, file.path)]


def _column_faults(extension: Extension, contract: Contract) -> Iterator[Fault]:
    for name, column in extension.columns.items():
        if name in contract.columns:
            yield (
                f"columns.{name}",
                f"{contract.feed} has this column already; leave it out here, or give yours another name",
            )
        if column.required:
            yield (
                f"columns.{name}.required",
                f"a further column of {contract.feed} cannot be required: every source of the feed would have to "
                "bring it; a check in expectations can ask for it",
            )
        yield from _key_of_ours(name, column)


def _with(
    attributes: list[Attributes], contract: Contract, columns: Mapping[str, ContractColumn], path: Path
) -> Iterator[Attributes]:
    """The attributes with those of a further file; what is personal text or date stays in the landing zone."""
    told = _columns({n: c for n, c in columns.items() if c.personal in (None, "id")})
    before = {one.feed: one for one in attributes}
    if contract.feed in before:
        told = (*before[contract.feed].columns, *told)
    if told:
        path = before[contract.feed].path if contract.feed in before else path
        before[contract.feed] = Attributes(feed=contract.feed, key=contract.key, columns=told, path=path)
    return iter(before.values())


def _columns(columns: Mapping[str, ContractColumn]) -> tuple[OwnColumn, ...]:
    return tuple(
        OwnColumn(
            name=name, type=column.type, description=column.description, is_personal=column.personal == "id"
        )
        for name, column in columns.items()
    )


def _told(
    error: ValidationError, content: object, model: type[Contract] | type[Extension]
) -> Iterator[Fault]:
    for key, reason in key_problems(error, content, model):
        if reason.startswith("string should match pattern"):
            reason = "a name is written in small letters, digits and _, as in visited_on"
        elif reason == "input should be a valid tuple":
            reason = "write a list, as in [visit_id]"
        elif "instance of ContractColumn" in reason:
            reason = "write type and description, as in {type: date, description: Day of the visit.}"
        yield key, reason
