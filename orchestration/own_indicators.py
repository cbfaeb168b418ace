"""The files `indicators/*.yml` of a project: read with it, and what is wrong with them, each with file, line and key.

What an indicator may say is `transforms/indicators.py`. Cheap to import, as `project.py` needs it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from orchestration.own_files import OwnFile
from transforms.indicators import Indicator, IndicatorFile
from transforms.written_yaml import YamlError, key_problems, line_of, read_yaml

if TYPE_CHECKING:
    from orchestration.project import Project


def read_own_indicators(
    files: Iterable[OwnFile], of_project_file: Mapping[str, Indicator], problems: list[tuple[str, str]]
) -> dict[str, Indicator]:
    """The indicators of all files by code, with those `of_project_file`; appends what is wrong to `problems`."""
    found = dict(of_project_file)
    for path, text in files:
        try:
            content, lines = read_yaml(text)
        except YamlError as error:
            problems.append(("", f"{path}: {error}"))
            continue
        wrong: list[tuple[str, str]] = []
        try:
            declared = IndicatorFile.model_validate({} if content is None else content).root
        except ValidationError as error:
            declared, wrong = {}, list(key_problems(error, content, IndicatorFile))
        twice = [code for code in declared if code in found]
        wrong += [(code, "is declared already; give one of the two another code") for code in twice]
        found |= declared
        for key, reason in wrong:
            place = f"{path}:{line_of(lines, key.split('.')) or 1}: "
            problems.append(("", place + (f"{key}: " if key else "") + reason))
    return found


def indicator_problems(project: Project, computed: Collection[str]) -> Iterator[str]:
    """Indicators that would hide one of the KPIs that are computed, with file and line."""
    for path, text in [*project.own.indicators, (project.path, project.text)]:
        above = ["indicators"] if path == project.path else []
        try:
            content, lines = read_yaml(text)
        except YamlError:
            continue
        for key in above:
            content = content.get(key) if isinstance(content, dict) else None
        for code in content if isinstance(content, dict) else ():
            if code in computed:
                line = line_of(lines, [*above, code])
                yield f"{path}:{line}: {code}: this KPI is computed from cases; give the indicator another code"
