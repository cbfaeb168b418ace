"""The files of its own that a project folder has: which there are and what they say, read once with the project.

No file is understood here: each part goes, as texts with their paths, to the room that uses it (`models.py` hands
them on). Cheap to import, like `project.py`, whose fingerprint covers them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from transforms.written_yaml import YamlError, text_of

INSTALLATION = Path(__file__).parent.parent


class OwnFileError(Exception):
    """Own files that cannot be used; each of the `problems` names file and line."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class OwnFile(NamedTuple):
    """One file of a project and what it says."""

    path: Path
    text: str


@dataclass(frozen=True)
class OwnFiles:
    """What a project adds to the installation, by the room that understands it; equal if all texts are."""

    folder: Path | None = None
    models: tuple[OwnFile, ...] = ()
    """SQL models: `models/<schema>/<table>.sql`."""
    suites: tuple[OwnFile, ...] = ()
    """What must hold of a table: `expectations/<schema>/<table>.yml`."""
    audits: tuple[OwnFile, ...] = ()
    """What must hold across tables: `audits/<name>.sql`."""
    indicators: tuple[OwnFile, ...] = ()
    """Indicators whose values are delivered: `indicators/<name>.yml`."""
    module: str = ""
    """Name of the Python module of the user's environment with transforms; empty if there is none."""
    python: tuple[OwnFile, ...] = ()
    """The files of that module."""
    kpis: tuple[OwnFile, ...] = ()
    """Own KPIs, and changes of ours: `kpis/*.yml`."""
    contracts: tuple[OwnFile, ...] = ()
    """Own feeds, and further columns of ours: `contracts/*.yml`."""

    def has(self, path: Path) -> bool:
        """Whether a file is one of the project's own."""
        return any(path == file.path for file in self)

    def __bool__(self) -> bool:
        return any(self)

    def __iter__(self) -> Iterator[OwnFile]:
        parts = (getattr(self, field.name) for field in fields(self))
        return (file for part in parts if isinstance(part, tuple) for file in part)


NONE = OwnFiles()


def own_files(folder: Path, module: str, problems: list[tuple[str, str]]) -> OwnFiles:
    """The own files of the project in `folder`, and of its `module` of transforms, if it names one.

    Appends to `problems`, by key of the project file, which files are not UTF-8, and a module that is not there.
    """
    found = OwnFiles(
        folder,
        models=texts_of(sorted(folder.glob("models/**/*.sql")), problems),
        suites=texts_of(sorted(folder.glob("expectations/**/*.y*ml")), problems),
        audits=texts_of(sorted(folder.glob("audits/**/*.sql")), problems),
        module=module,
        python=texts_of(_files_of(module, problems) if module else [], problems),
        kpis=texts_of(sorted(folder.glob("kpis/*.yml")), problems),
        contracts=texts_of(contract_files(folder), problems),
        indicators=texts_of(sorted(folder.glob("indicators/*.yml")), problems),
    )
    return found or NONE


def _files_of(module: str, problems: list[tuple[str, str]]) -> list[Path]:
    """The files of a Python module, which is found and not run."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError) as error:
        problems.append(("transforms", f"{module!r} cannot be found: {error}"))
        return []
    if spec is None or spec.origin is None:
        reason = f"there is no Python module {module!r} in this environment; install it beside policypulse"
        problems.append(("transforms", reason))
        return []
    if Path(spec.origin).is_relative_to(INSTALLATION / module.partition(".")[0]):
        problems.append(("transforms", f"{module!r} is a module of policypulse; give yours another name"))
        return []
    return (
        sorted(Path(spec.origin).parent.rglob("*.py"))
        if spec.submodule_search_locations
        else [Path(spec.origin)]
    )


def contract_files(folder: Path) -> list[Path]:
    """The contracts of the project in a folder, which may have no project file yet."""
    return sorted(folder.glob("contracts/*.yml"))


def texts_of(paths: Iterable[Path], problems: list[tuple[str, str]]) -> tuple[OwnFile, ...]:
    """The files and what they say; appends to `problems` which are not UTF-8."""
    found = []
    for path in paths:
        try:
            found.append(OwnFile(path, text_of(path.read_bytes()).replace("\r\n", "\n")))
        except YamlError as error:
            problems.append(("", f"{path}: {error}"))
    return tuple(found)
