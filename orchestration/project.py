"""The project file `policypulse.yml`, read once and handed in parts to the rooms that own them.

Cheap to import: neither Dagster, DuckDB nor Polars. What is wrong with a file is said with its key path.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from orchestration.own_contracts import own_contracts
from orchestration.own_files import OwnFiles, own_files
from orchestration.own_indicators import read_own_indicators
from orchestration.own_kpis import read_own_kpis
from transforms.framework import Framework
from transforms.framework_file import FrameworkError, read_framework
from transforms.nearest import meant
from transforms.pack import SHIPPED as SHIPPED_PACKS
from transforms.pack import Pack, PackError, read_pack, shipped_packs
from transforms.settings import (
    Settings,
)
from transforms.written_yaml import (
    YamlError,
    has_unknown_keys,
    key_problems,
    line_of,
    read_yaml,
    text_of,
    without_refused,
)
from warehouse.contract import Contracts
from warehouse.landing.mapping import FeedSource
from warehouse.landing.mapping_check import mapping_errors, personal_id_paths

if TYPE_CHECKING:
    pass

from orchestration.project_file import ProjectFile

FILE_NAME = "policypulse.yml"
Model = TypeVar("Model", bound=BaseModel)
SHIPPED_FRAMEWORKS = Path(__file__).parent.parent / "transforms" / "frameworks"
DEFAULT_SCHEDULE = "0 2 * * *"
# What a file without its required keys is read as, to tell of all else.
_STAND_IN: Mapping[str, Any] = {"insurer": "-", "feeds": {"-": {"files": "-"}}}


class ProjectError(Exception):
    """A project file that cannot be used; `problems` are pairs of key path and reason, `text` what the file says."""

    def __init__(self, file: Path, problems: list[tuple[str, str]], text: str = "") -> None:
        self.file, self.problems = file, problems
        lines = []
        for path, reason in problems:
            line = _line(text, path)
            lines.append("  " + ": ".join(filter(None, [f"line {line}" if line else "", path, reason])))
        super().__init__("\n".join([f"{file} cannot be used:", *lines]))


def _line(text: str, key: str) -> int | None:
    """Line of a key, or of the deepest part of it that the text has; none where the text is not YAML."""
    try:
        return line_of(read_yaml(text)[1], re.findall(r"[^.\[\]]+", key))
    except YamlError:
        return None


@dataclass(frozen=True)
class Project:
    """A project as the rooms need it; `text` is the file as written, for fingerprints."""

    folder: Path
    file: ProjectFile
    settings: Settings
    text: str
    own: OwnFiles
    """What the folder adds to the installation."""
    frameworks: Mapping[int, Framework]
    """Those of the settings, by the place of their names in `index.frameworks`."""

    @property
    def path(self) -> Path:
        """The project file."""
        return self.folder / FILE_NAME

    def told(self, key: str, reason: str) -> str:
        """A fault under a key of the project file as a line, with its place; that of an own file names it itself."""
        if not key and reason.startswith(str(self.folder)):
            return reason
        line = _line(self.text, key)
        place = f"{self.path}:{line}" if line else str(self.path)
        return ": ".join(filter(None, [place, key, reason]))

    @property
    def contracts(self) -> Contracts:
        """Of every feed that there is: ours, with further columns of the project's, and its own."""
        return own_contracts(self.own.contracts).contracts

    @property
    def feeds(self) -> Mapping[str, tuple[FeedSource, ...]]:
        """Where each feed comes from; what is kept of texts stands in each source."""
        if self.file.comments == "masked":
            return self.file.feeds
        kept = {"comments": self.file.comments}
        return {
            feed: tuple(
                source if "comments" in source.model_fields_set else source.model_copy(update=kept)
                for source in sources
            )
            for feed, sources in self.file.feeds.items()
        }

    @property
    def warehouse(self) -> Path:
        """Folder of the warehouse's files."""
        return self.folder / self.file.warehouse

    @property
    def current(self) -> Path:
        """The published version that readers open."""
        return self.warehouse / "current.duckdb"

    @property
    def data(self) -> Path:
        """Folder that the feeds' files are relative to."""
        return self.folder / self.file.data if self.file.data else self.folder

    @property
    def key_file(self) -> Path | None:
        """File of the pseudonyms' key."""
        part = self.file.pseudonyms
        return self.folder / part.key_file if part and part.key_file else None

    def as_of(self, at: datetime | None = None) -> date:
        """The day up to which records count: as the file says, else the one before that of `at`, by default now.

        Asked once a run, by `launch.py`: over midnight a second answer would be another.
        """
        zone = ZoneInfo(self.settings.time_zone)
        return self.file.as_of or (at or datetime.now(zone)).astimezone(zone).date() - timedelta(days=1)


def read_project(folder: Path) -> Project:
    """The project in `folder`, its keys and frameworks read but its mapping not yet verified.

    Raises ProjectError with the key path of everything that is wrong.
    """
    project, problems = read_what_can_be(folder)
    if problems:
        raise ProjectError(project.path, problems, project.text)
    return project


def read_what_can_be(folder: Path) -> tuple[Project, list[tuple[str, str]]]:
    """The project in `folder` without what cannot be used of it, and key path and reason of each such thing.

    A file that is no mapping is one without keys. Raises ProjectError if there is none.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise ProjectError(
            path, [("", f"there is no {FILE_NAME} in this folder; `policypulse init` writes one")]
        )
    problems: list[tuple[str, str]] = []
    text, content = _content(path, problems)
    # Where nothing can be read, nobody knows what is missing.
    of_keys: list[tuple[str, str]] = []
    content = _with_environment(content, "", of_keys)
    packs = project_packs(folder, content.get("packs"), of_keys)
    content = _with_definitions(content, packs, of_keys)
    file = _usable(ProjectFile, content, of_keys, _STAND_IN)
    if file.feeds.keys() == _STAND_IN["feeds"].keys():
        file = file.model_copy(update={"feeds": {}})
    problems = problems or of_keys
    frameworks = _frameworks(folder, file.index.frameworks, problems)
    own = own_files(folder, file.transforms, problems)
    settings = _settings(file, frameworks, packs, own, problems)
    return Project(folder, file, settings, text, own, frameworks), problems


def _content(path: Path, problems: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    """The text of a project file and what it says; nothing where it is no mapping, which is a problem."""
    text = ""
    try:
        text = text_of(path.read_bytes())
        content, _ = read_yaml(text)
    except YamlError as error:
        problems.append(("", str(error)))
        return text, {}
    if not isinstance(content, dict):
        problems.append(("", "this is not a mapping of keys to values"))
        return text, {}
    return text, content


def verify(project: Project) -> None:
    """Hold the mapping against the contracts; raises ProjectError with the key path of every mistake."""
    if problems := mapping_problems(project):
        raise ProjectError(project.path, problems, project.text)


def mapping_problems(project: Project) -> list[tuple[str, str]]:
    """Key path and reason of what contracts, and the key of pseudonyms, have against the mapping."""
    contracts = project.contracts
    known = {feed: sources for feed, sources in project.feeds.items() if feed in contracts}
    # What is wrong with the contract of an own feed has been told.
    unread = {f"feeds.{path.stem}" for path, _ in project.own.contracts}
    keys = _key_problems(project, personal_id_paths(known, contracts))
    return [
        *(one for one in mapping_errors(project.feeds, contracts) if one[0] not in unread),
        *keys,
    ]


def _key_problems(project: Project, personal: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Why the key of pseudonyms cannot be used, given the keys (paths) under which people are identified."""
    cure = (
        "`policypulse keys new` writes 64 random hexadecimal digits into a file that only its owner may read"
    )
    part = project.file.pseudonyms
    if part is None:
        if personal:
            reason = f"identifiers of people are mapped ({personal[0]} and others) but no key file is named: {cure}"
            yield "pseudonyms.key_file", reason
        return
    key, place = (
        ("pseudonyms.key_env", part.key_env) if part.key_env else ("pseudonyms.key_file", project.key_file)
    )
    try:
        part.key(project.folder)
    except FileNotFoundError:
        yield key, f"{place} is not there: {cure}"
    except ValueError as error:
        yield key, f"{place}: {error}: {cure}"


def _with_environment(value: Any, key: str, problems: list[tuple[str, str]]) -> Any:
    """The content with `${NAME}` replaced from the environment."""
    if isinstance(value, dict):
        return {
            name: _with_environment(part, f"{key}.{name}".strip("."), problems)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_with_environment(part, f"{key}.{i}", problems) for i, part in enumerate(value)]
    if not isinstance(value, str):
        return value
    for name in re.findall(r"\$\{(\w+)\}", value):
        if name not in os.environ:
            problems.append((key, f"the environment variable {name} is not set"))
        value = value.replace(f"${{{name}}}", os.environ.get(name, ""))
    return value


def _usable(
    model: type[Model], content: dict[str, Any], problems: list[tuple[str, str]], stand_in: Mapping[str, Any]
) -> Model:
    """The content as a model, without what it refuses, which is appended to `problems`.

    In place of a required key stands what `stand_in` has. Of a list the whole is left out with one wrong item, since
    later faults are told by their place.
    """
    tells = True
    while True:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            if tells:
                problems += [one for one in key_problems(error, content, model) if one not in problems]
            # What is refused once a wrong value is gone may be refused for that.
            tells = tells and has_unknown_keys(error)
            left = {**stand_in, **without_refused(content, error)}
            content = left if left != content else dict(stand_in)


def _settings(
    file: ProjectFile,
    frameworks: Mapping[int, Framework],
    packs: tuple[Pack, ...],
    own: OwnFiles,
    problems: list[tuple[str, str]],
) -> Settings:
    read_apart = {"frameworks", "packs", "kpis", "own_kpis", "indicators", "own_feeds", "attributes"}
    declared = own_contracts(own.contracts)
    problems += [("", problem) for problem in declared.problems]
    shared = file.model_dump(include=set(Settings.model_fields) - read_apart)
    kpis, changes = read_own_kpis(own.kpis, file.kpis, problems)
    told = {
        "frameworks": tuple(frameworks.values()),
        "packs": packs,
        "kpis": changes,
        "own_kpis": kpis,
        "indicators": read_own_indicators(own.indicators, file.indicators, problems),
        "own_feeds": declared.feeds,
        "attributes": declared.attributes,
    }
    return _usable(Settings, {**shared, **told}, problems, {})


def _frameworks(
    folder: Path, names: tuple[str, ...], problems: list[tuple[str, str]]
) -> dict[int, Framework]:
    """The frameworks that can be read, by the place of their names."""
    shipped = shipped_frameworks()
    found: dict[int, Framework] = {}
    unread: set[str] = set()
    for i, name in enumerate(names):
        key = f"index.frameworks.{i}"
        if name in shipped:
            found[i] = shipped[name]
        elif not (folder / name).is_file():
            problems.append((key, f"{name!r} is neither a file nor one of {', '.join(sorted(shipped))}"))
        else:
            text = ""
            try:
                text = text_of((folder / name).read_bytes())
                found[i] = read_framework(text, parents=_parents(found.values()))
            except YamlError as error:
                problems.append((key, f"{name}: {error}"))
            except FrameworkError as error:
                # A parent that cannot be read has been told of.
                told = [p for p in error.problems if p.path != "parent" or not _names(p.reason, unread)]
                problems += [(key, f"{name}: {problem}") for problem in told]
            if i not in found:
                unread |= set(re.findall(r"^code:\s*(\w+)", text, re.MULTILINE))
    versions = [(framework.code, framework.version) for framework in found.values()]
    for code, version in sorted({pair for pair in versions if versions.count(pair) > 1}):
        problems.append(
            ("index.frameworks", f"{code} has version {version} twice; give one of them another version")
        )
    return found


def _names(reason: str, codes: Collection[str]) -> bool:
    return any(re.search(rf"'{code}['@]", reason) for code in codes)


def _parents(before: Iterable[Framework]) -> dict[str, Framework]:
    """What a framework can inherit from, by code and `code@version`: shipped ones and those named before it."""
    known = [*shipped_frameworks().values(), *before]
    return {f"{f.code}@{f.version}": f for f in known} | {f.code: f for f in known}


def project_packs(folder: Path, names: Any, problems: list[tuple[str, str]]) -> tuple[Pack, ...]:
    """The packs that a project names, shipped ones or files of its own; appends what is wrong to `problems`."""
    found: list[Pack] = []
    for i, name in enumerate(names if isinstance(names, list) else []):
        shipped = shipped_packs()
        if name in shipped:
            found.append(shipped[name])
        elif not (folder / str(name)).is_file():
            problems.append(
                (f"packs.{i}", f"{name!r} is neither a file nor one of {', '.join(sorted(shipped))}")
            )
        else:
            try:
                found.append(read_pack(text_of((folder / name).read_bytes())))
            except YamlError as error:
                problems.append((f"packs.{i}", f"{name}: {error}"))
            except PackError as error:
                problems += [(f"packs.{i}", f"{name}: {path}: {reason}") for path, reason in error.problems]
    return tuple(found)


def _with_definitions(
    content: dict[str, Any], packs: tuple[Pack, ...], problems: list[tuple[str, str]]
) -> dict[str, Any]:
    """The content with the definitions of its packs; a key that is told two ways is a problem."""
    merged = {**content}
    says: dict[tuple[str, str], str] = {}
    for i, pack in enumerate(packs):
        for part, keys in pack.definitions.items():
            told = merged[part] if isinstance(merged.get(part), dict) else {}
            for key, value in keys.items():
                if key in told and told[key] != value:
                    other = says.get((part, key), "the project file")
                    reason = f"{pack.code} sets {part}.{key} to {value}, but {other} sets it to {told[key]}"
                    problems.append((f"packs.{i}", reason))
                told = {key: value, **told}
                says.setdefault((part, key), pack.code)
            merged[part] = told
    return merged


def pack_problems(project: Project, known_kpis: Collection[str]) -> Iterator[str]:
    """What is wrong with the project's packs once the KPIs there are known, of those that can be read at all."""
    for i, name in enumerate(project.file.packs):
        path = SHIPPED_PACKS / f"{name}.yml" if name in shipped_packs() else project.folder / name
        if not path.is_file():
            continue
        with suppress(YamlError):
            try:
                read_pack(text_of(path.read_bytes()), known_kpis)
            except PackError as error:
                yield from (
                    project.told(f"packs.{i}", f"{name}: {key}: {reason}") for key, reason in error.problems
                )


def target_problems(project: Project, known_kpis: Collection[str]) -> Iterator[str]:
    """Targets of KPIs that there are none of, and of one KPI, segment and year that are stated twice."""
    seen: dict[tuple[object, ...], int] = {}
    for i, target in enumerate(project.file.targets):
        if target.kpi not in known_kpis:
            reason = f"there is no KPI {target.kpi}{meant(target.kpi, known_kpis)}"
            yield project.told(f"targets.{i}.kpi", reason)
        key = (target.kpi, target.basis, target.cut, target.segment, target.year)
        if (first := seen.setdefault(key, i)) != i:
            reason = (
                f"states the same as targets.{first}, of the same segment and year; leave one of them out"
            )
            yield project.told(f"targets.{i}", reason)


@cache
def shipped_frameworks() -> dict[str, Framework]:
    """The frameworks that come with policypulse, by code."""
    found: dict[str, Framework] = {}
    for path in sorted(SHIPPED_FRAMEWORKS.glob("*.yml")):
        framework = read_framework(path.read_text(encoding="utf-8"), parents=found)
        found[framework.code] = framework
    return found


def framework_problems(
    project: Project, directions: Mapping[str, int], adding_up: Collection[str]
) -> Iterator[str]:
    """What is wrong with the project's frameworks once the KPIs there are (code: direction) are known.

    `adding_up` are those whose months can be added up.
    """
    shipped = shipped_frameworks()
    for i in project.frameworks:
        name = project.file.index.frameworks[i]
        path = SHIPPED_FRAMEWORKS / f"{name}.yml" if name in shipped else project.folder / name
        try:
            parents = _parents(framework for place, framework in project.frameworks.items() if place < i)
            read_framework(text_of(path.read_bytes()), directions, parents, adding_up)
        except FrameworkError as error:
            yield from (
                project.told(f"index.frameworks.{i}", f"{name}: {problem}") for problem in error.problems
            )
