"""Has anything changed since the last publication? Answered without Dagster, DuckDB or Polars.

The fingerprint covers the code, the project file, its frameworks, the as-of day and every file of the feeds by
path, size and time of change; their content is compared while landing.
"""

import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

from orchestration.project import Project
from transforms.index.versions import specification
from warehouse.mapping import matching_files

ROOMS = ("orchestration", "transforms", "expectations", "warehouse")
STATE = "published.json"


def pending(project: Project, as_of: date | None = None) -> str | None:
    """The fingerprint of what a run would publish; None if exactly that is published.

    A database is always asked: only its answer tells whether something is new.
    """
    wanted = fingerprint(project, as_of)
    state = project.warehouse / STATE
    asks_database = any(source.database for sources in project.feeds.values() for source in sources)
    whole = all((project.warehouse / name).exists() for name in ("current.duckdb", "build.duckdb", STATE))
    if whole and not asks_database:
        published = json.loads(state.read_text(encoding="utf-8"))
        if published.get("fingerprint") == wanted:
            return None
    return wanted


def remember(project: Project, published: str) -> None:
    """Note the fingerprint of what has just been published."""
    state = project.warehouse / STATE
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps({"fingerprint": published}), encoding="utf-8")
    partial.replace(state)


def fingerprint(project: Project, as_of: date | None = None) -> str:
    """A digest of everything that published numbers depend on."""
    digest = sha256()
    frameworks = map(specification, project.settings.frameworks)
    for part in (*_code(), project.text, *frameworks, project.as_of(as_of).isoformat(), *_files(project)):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _code() -> Iterator[str]:
    root = Path(__file__).parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in {".py", ".sql", ".yml"}:
                yield f"{path.relative_to(root)} {sha256(path.read_bytes()).hexdigest()}"


def _files(project: Project) -> Iterator[str]:
    for feed, sources in sorted(project.feeds.items()):
        for source in sources:
            for path in matching_files(source, project.data):
                found = path.stat()
                yield f"{feed} {path} {found.st_size} {found.st_mtime_ns}"
