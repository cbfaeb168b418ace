"""Has anything changed since the last publication? Answered without Dagster, DuckDB or Polars.

The fingerprint covers the code, the project file as written and as read (with its packs, frameworks and environment
variables), the project's own files, the as-of day, and the key file and every file of the feeds by path, size, times of
change and inode; the content of feeds is compared while landing.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from orchestration.project import Project
from transforms.text_extra import missing_packages
from warehouse.damage import set_aside
from warehouse.landing.mapping import matching_files, node_of
from warehouse.whole_file import write_whole

ROOMS = ("orchestration", "transforms", "expectations", "warehouse")
STATE = "published.json"


@dataclass(frozen=True)
class Published:
    """What the last publication stands for and the name of its version; releases before 0.2 noted no name.

    The fingerprint is empty where parts of the build were made from something else than the rest.
    """

    fingerprint: str
    version: str = ""


def pending(project: Project, as_of: date) -> str | None:
    """The fingerprint of what a run would publish; None if exactly that is what readers see.

    A database or object storage is always asked: only its answer tells whether something is new.
    """
    wanted = fingerprint(project, as_of)
    asks = any(source.lies_elsewhere() for sources in project.feeds.values() for source in sources)
    current = project.current
    whole = current.exists() and (project.warehouse / "build.duckdb").exists()
    if whole and not asks and last_published(project) == Published(wanted, _seen(current)):
        return None
    return wanted


def remember(project: Project, published: Published) -> None:
    """Note what has just been published."""
    write_whole(project.warehouse / STATE, json.dumps(asdict(published)))


def forget(project: Project) -> None:
    """Have the next run make and publish everything anew, because raw changed without a file changing."""
    (project.warehouse / STATE).unlink(missing_ok=True)


def last_published(project: Project) -> Published | None:
    """What was noted of the last publication; None if nothing was, or nothing that can be read."""
    with suppress(OSError, ValueError, TypeError):
        return Published(**json.loads((project.warehouse / STATE).read_text(encoding="utf-8")))
    return None


def damaged_state_set_aside(project: Project) -> list[str]:
    """What a user should know of the note of the last publication: that it could not be read, if so."""
    state = project.warehouse / STATE
    if not state.is_file() or last_published(project):
        return []
    aside = set_aside(state)
    return [
        f"{state} could not be read; it is set aside as {aside.name}, and everything is made and published anew"
    ]


def unsettled(project: Project, seconds: int) -> Path | None:
    """A file of the feeds that was changed in the last seconds and may still be written; None if there is none."""
    since = time.time() - seconds
    paths = (
        path
        for sources in project.feeds.values()
        for s in sources
        for path in matching_files(s, project.data)
    )
    youngest = max(paths, key=lambda path: path.stat().st_mtime, default=None)
    return youngest if youngest and youngest.stat().st_mtime > since else None


def _seen(current: Path) -> str:
    return current.readlink().name if current.is_symlink() else ""


def fingerprint(project: Project, as_of: date) -> str:
    """A digest of everything that published numbers depend on."""
    digest = sha256()
    read = (project.file.model_dump_json(), project.settings.model_dump_json())
    # What reads texts may be installed later.
    lacking = missing_packages() if project.settings.texts else []
    for part in (
        *_code(),
        project.text,
        *read,
        as_of.isoformat(),
        *lacking,
        *_own(project),
        *_files(project),
    ):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def code_fingerprint() -> str:
    """A digest of the code that numbers depend on."""
    return sha256("\0".join(_code()).encode()).hexdigest()


def _code() -> Iterator[str]:
    root = Path(__file__).parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in {".py", ".sql", ".yml"}:
                yield f"{path.relative_to(root)} {sha256(path.read_bytes()).hexdigest()}"


def _own(project: Project) -> Iterator[str]:
    for path, text in project.own:
        yield f"{path} {text}"


def _files(project: Project) -> Iterator[str]:
    for feed, sources in sorted(project.feeds.items()):
        for source in sources:
            for path in matching_files(source, project.data):
                yield f"{feed} {_state(path)}"
    if project.key_file and project.key_file.is_file():
        yield f"key {_state(project.key_file)}"
    if (part := project.file.pseudonyms) and part.key_env:
        # Of a key of random its hash gives nothing away.
        yield f"key {sha256(os.environ.get(part.key_env, '').encode()).hexdigest()}"


def _state(path: Path) -> str:
    found = path.stat()
    return f"{path} {found.st_size} {found.st_mtime_ns} {node_of(found)}"
