"""`policypulse check --laws`: a project's own transforms, put to the laws of keys, clock and memory on drawn tables.

What the laws are and how they are tried is `transforms/laws.py`; tables are drawn by `drawn_tables.py`, the same each
time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from orchestration.drawn_tables import AS_OF, Drawn
from orchestration.empty_warehouse import schemas_of
from orchestration.models import line_of_error, models
from orchestration.project import Project
from transforms.graph import Node
from transforms.laws import Frames, broken_by, late_by, made, misled_by
from transforms.model import Transform

SEEDS = range(20)
ROWS = 150
# Three days each: a key whose rows are the same on the first and the last has them on the second.
DAYS_BEFORE = ((240, 233, 210), (60, 30, 0), (9, 8, 7))


@dataclass(frozen=True)
class Tried:
    """One transform that was put to the law: what it breaks, or what was seen."""

    table: str
    broken: str | None
    seen: str


def tried(project: Project) -> Iterator[Tried]:
    """Each own transform with what became of it; the project's models have been found in order."""
    graph = models(project.own)
    own = [
        node for node in graph.values() if project.own.has(node.path) and isinstance(node.model, Transform)
    ]
    if not own:
        return
    schemas = schemas_of(graph, [node.name for node in own], project.settings, project.contracts)
    for node in own:
        assert isinstance(node.model, Transform)
        yield _tried(node, node.model, graph, schemas, project)


def _late(
    model: Transform, by_key: Frames, whole: Frames, project: Project, before: tuple[int, ...]
) -> str | None:
    days = [AS_OF - timedelta(days=ago) for ago in before]
    return late_by(model, by_key, whole, days=days, settings=project.settings)


def _tried(
    node: Node,
    model: Transform,
    graph: Mapping[str, Node],
    schemas: Mapping[str, pl.Schema],
    project: Project,
) -> Tried:
    settings, rows = project.settings, 0
    for seed in SEEDS:
        drawn = Drawn(graph, schemas, settings, seed=seed, rows=ROWS)
        by_key, whole = drawn.reads(model)
        try:
            rows += made(model, {**by_key, **whole}, as_of=AS_OF, settings=settings).height
            broken = broken_by(model, by_key, whole, as_of=AS_OF, settings=settings, seed=seed)
            late = [_late(model, by_key, whole, project, before) for before in DAYS_BEFORE if model.keys]
            frames = {**by_key, **whole}
            earlier = drawn.earlier(frames)
            misled = model.remembers and misled_by(model, frames, earlier, as_of=AS_OF, settings=settings)
        except Exception as error:
            return Tried(
                node.name, f"{line_of_error(error, project.own, node.place)}: {node.name} raises {error}", ""
            )
        if broken:
            return Tried(node.name, f"{node.place}: {node.name} breaks the law of keys: {broken}", "")
        if misled:
            return Tried(node.name, f"{node.place}: {node.name} breaks the law of memory: {misled}", "")
        if said := next(filter(None, late), None):
            return Tried(node.name, f"{node.place}: {node.name} breaks the law of the clock: {said}", "")
    divided = f"divided by {', '.join(model.keys)}" if model.keys else "not divided, for it names no keys"
    return Tried(node.name, None, f"{rows:,} rows of {len(SEEDS)} drawn inputs, {divided}")
