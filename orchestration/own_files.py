"""The files of its own that a project folder has: which there are and what they say, read once with the project.

No file is understood here: each part goes, as texts with their paths, to the room that uses it (`models.py` hands
them on). Cheap to import, like `project.py`, whose fingerprint covers them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from transforms.written_yaml import YamlError, text_of


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

    def has(self, path: Path) -> bool:
        """Whether a file is one of the project's own."""
        return any(path == file.path for file in self)

    def __bool__(self) -> bool:
        return any(self)

    def __iter__(self) -> Iterator[OwnFile]:
        parts = (getattr(self, field.name) for field in fields(self) if field.name != "folder")
        return (file for part in parts for file in part)


NONE = OwnFiles()


def own_files(folder: Path, problems: list[tuple[str, str]]) -> OwnFiles:
    """The own files of the project in `folder`; appends to `problems` which are not UTF-8."""
    found = OwnFiles(
        folder,
        models=_read(folder, "models/*/*.sql", problems),
        suites=_read(folder, "expectations/*/*.yml", problems),
        audits=_read(folder, "audits/*.sql", problems),
    )
    return found or NONE


def _read(folder: Path, pattern: str, problems: list[tuple[str, str]]) -> tuple[OwnFile, ...]:
    found = []
    for path in sorted(folder.glob(pattern)):
        try:
            found.append(OwnFile(path, text_of(path.read_bytes())))
        except YamlError as error:
            problems.append(("", f"{path}: {error}"))
    return tuple(found)
