"""What `policypulse check` finds wrong with models and frameworks, without reading data."""

from collections.abc import Iterator

from orchestration.cataloguing import models
from orchestration.project import Project, framework_problems, pack_problems
from transforms.clocks import known_years
from transforms.kpi.registry import registry
from transforms.sql_model import ModelError


def problems(project: Project) -> list[str]:
    """Every problem of models and frameworks, a line each."""
    return list(_problems(project))


def _problems(project: Project) -> Iterator[str]:
    try:
        known_years(project.settings.calendar)
    except ValueError as error:
        yield f"{project.path}: calendar: {error}"
    try:
        models()
    except ModelError as error:
        yield str(error)
    try:
        directions = {kpi.code: kpi.direction for kpi in registry(project.settings)}
    except ValueError as error:
        yield str(error)
        return
    yield from framework_problems(project, directions)
    yield from pack_problems(project, directions)
    barred = {kpi.code for kpi in registry(project.settings) if not kpi.for_index}
    for framework in project.settings.frameworks:
        for node in framework.leaves:
            if node.leaf and node.leaf.kpi in barred:
                yield (
                    f"{project.path}: index.frameworks: {framework.code}: {node.code}: {node.leaf.kpi} is a quotient "
                    "of unlike cases and may exceed 1; it cannot enter an index"
                )
