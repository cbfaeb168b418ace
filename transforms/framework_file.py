"""Reading a framework file: YAML, inheritance, and every check that needs no data, with key paths and lines.

The text comes in as an argument, for nothing here touches a disk; the models themselves are `framework.py`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml
from pydantic import ValidationError

from transforms.framework import Bands, Framework, Grades, Group, Leaf, Normalisation
from transforms.nearest import meant
from transforms.written_yaml import YamlError, key_problems, line_of, read_yaml

# What each normalisation needs beside the KPI.
PARAMETER: Mapping[Normalisation, str] = {
    "goalposts": "goalposts",
    "distance_to_target": "target",
    "bands": "bands",
    "formula": "formula",
}
# Every key of a framework file, to name the nearest where one is misspelt.
OWN_OF_EACH_FILE = frozenset({"code", "version", "parent", "valid_from", "valid_to"})


@dataclass(frozen=True)
class Problem:
    """What is wrong with a framework file, under which key and on which line (where that is known)."""

    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        return f"{where}{self.path or 'file'}: {self.reason}"


class FrameworkError(ValueError):
    """A framework file was refused; `problems` holds every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def read_framework(
    text: str,
    known_kpis: Collection[str] | None = None,
    parents: Mapping[str, Framework] | None = None,
    adding_up: Collection[str] | None = None,
) -> Framework:
    """The framework that a YAML text describes.

    `known_kpis` are the KPI codes there are; given as a mapping to directions (+1, −1, 0) the goalposts are
    checked against them. `parents` are frameworks to inherit from, by `code` or `code@version`: the file's
    keys are laid over the parent's, and a key set to null takes the parent's away. `adding_up` are the KPIs whose
    months can be added up to longer windows.

    Raises FrameworkError with every problem found, each with its key path and line.
    """
    content, lines = _yaml_content(text)
    merged = _inherited(content, parents or {}, lines)
    try:
        framework = Framework.model_validate(merged)
    except ValidationError as error:
        problems = [Problem(*problem) for problem in key_problems(error, merged, Framework)]
        raise FrameworkError(_located(problems, lines)) from None
    problems = [
        *_tree_problems(framework),
        *_strata_problems(framework),
        *_rule_problems(framework),
        *_weight_problems(framework),
        *_kpi_problems(framework, known_kpis),
        *_window_problems(framework, adding_up),
    ]
    if problems:
        raise FrameworkError(_located(problems, lines))
    return framework


def _yaml_content(text: str) -> tuple[dict[str, Any], yaml.Node | None]:
    try:
        content, lines = read_yaml(text)
    except YamlError as error:
        raise FrameworkError([Problem(error.path, error.reason, error.line)]) from None
    if not isinstance(content, dict):
        raise FrameworkError([Problem("", "must hold keys such as code, version, title and index")])
    return content, lines


def _inherited(
    content: dict[str, Any], parents: Mapping[str, Framework], lines: yaml.Node | None
) -> dict[str, Any]:
    name = content.get("parent")
    if name is None:
        return content
    if name not in parents:
        known = f"; known: {', '.join(sorted(parents))}" if parents else ""
        raise FrameworkError(_located([Problem("parent", f"there is no framework {name!r}{known}")], lines))
    inherited = parents[name].model_dump(mode="json", exclude_unset=True, exclude=set(OWN_OF_EACH_FILE))
    return _overlaid(inherited, content)


def _overlaid(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), dict):
            result[key] = _overlaid(result[key], value)
        else:
            result[key] = value
    return result


def _tree_problems(framework: Framework) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, code, node in _paths("index", "index", framework.index):
        if code in seen:
            yield Problem(path, f"the code {code} is taken by {seen[code]}; codes are unique in a framework")
        seen[code] = path
        if isinstance(node, Group) and not any(child.weight for child in node.children.values()):
            yield Problem(f"{path}.children", "their weights are all 0; at least one must count")
        if isinstance(node, Leaf):
            yield from _leaf_problems(path, node, framework)
    if "weight" in framework.index.model_fields_set:
        yield Problem("index.weight", "the index itself has no weight")
    yield from _outranking_problems(framework, seen)
    if any(node.aggregation not in (None, "arithmetic", "outranking") for node in framework.nodes):
        for flat in framework.leaves:
            if flat.leaf and flat.leaf.normalisation == "z_score":
                reason = "z-scores may be negative: every aggregation must be arithmetic"
                yield Problem(f"{seen[flat.code]}.normalisation", reason)


def _outranking_problems(framework: Framework, paths: Mapping[str, str]) -> Iterator[Problem]:
    """Places among segments are no scores, which could be averaged further or graded."""
    for node in framework.nodes[1:]:
        if node.aggregation == "outranking":
            reason = "outranking makes places among segments, no scores: only the index itself can have it"
            yield Problem(f"{paths[node.code]}.aggregation", reason)
    if framework.ranks_segments and framework.grades:
        reason = "an index by outranking is a place among segments and has no grade: write grades: null"
        yield Problem("grades", reason)


def _paths(path: str, code: str, node: Group | Leaf) -> Iterator[tuple[str, str, Group | Leaf]]:
    yield path, code, node
    if isinstance(node, Group):
        for child_code, child in node.children.items():
            yield from _paths(f"{path}.children.{child_code}", child_code, child)


def _leaf_problems(path: str, leaf: Leaf, framework: Framework) -> Iterator[Problem]:
    needed = PARAMETER.get(leaf.normalisation)
    for parameter in PARAMETER.values():
        given = getattr(leaf, parameter) is not None
        if given and parameter != needed:
            yield Problem(f"{path}.{parameter}", f"has no use with normalisation {leaf.normalisation}")
        if not given and parameter == needed:
            yield Problem(f"{path}.{parameter}", f"is required by normalisation {leaf.normalisation}")
    posts = leaf.goalposts
    if posts and posts.worst == posts.best:
        yield Problem(f"{path}.goalposts", "worst and best are the same")
    elif posts and leaf.direction and (posts.best > posts.worst) != (leaf.direction > 0):
        yield Problem(f"{path}.goalposts", f"worst and best contradict direction {leaf.direction:+d}")
    if leaf.bands:
        yield from _band_problems(f"{path}.bands", leaf.bands, framework)
    if leaf.formula:
        yield from _formula_problems(f"{path}.formula", leaf.formula)
    if leaf.scale:
        yield from _scale_problems(path, leaf)
    if framework.grain != "month" and leaf.most_months > 1:
        yield Problem(
            f"{path}.if_small", f"is about months, but the framework is of a {framework.grain}: missing"
        )


def _band_problems(path: str, bands: Bands, framework: Framework) -> Iterator[Problem]:
    several = {"cut_points": bands.cut_points}
    several |= {f"cut_points_of.{stratum}": cuts for stratum, cuts in bands.cut_points_of.items()}
    for key, cuts in several.items():
        if any(low >= high for low, high in pairwise(cuts)):
            yield Problem(f"{path}.{key}", "must ascend")
        if len(bands.points) != len(cuts) + 1:
            wrong = "points" if key == "cut_points" else key
            yield Problem(f"{path}.{wrong}", f"{len(cuts)} cut points make {len(cuts) + 1} bands")
    for stratum in bands.cut_points_of:
        if stratum not in framework.strata:
            yield Problem(f"{path}.cut_points_of.{stratum}", _no_stratum(framework))


def _no_stratum(framework: Framework) -> str:
    known = ", ".join(framework.strata) or "none"
    return f"strata of the framework has no such stratum; it has {known}"


def _formula_problems(path: str, formula: str) -> Iterator[Problem]:
    from transforms.composite.normalise import by_formula
    from transforms.expression import ExpressionError

    try:
        by_formula(formula)
    except ExpressionError as error:
        yield Problem(path, str(error))


def _scale_problems(path: str, leaf: Leaf) -> Iterator[Problem]:
    if leaf.normalisation in ("bands", "formula"):
        yield Problem(f"{path}.scale", f"has no use with normalisation {leaf.normalisation}")
    posts = leaf.goalposts
    numbers = {"goalposts.worst": posts.worst, "goalposts.best": posts.best} if posts else {}
    for key, number in {**numbers, "target": leaf.target}.items():
        if number is not None and number <= 0:
            yield Problem(f"{path}.{key}", "has no logarithm; it must be above 0")


def _strata_problems(framework: Framework) -> Iterator[Problem]:
    kinds: dict[str, str] = {}
    for stratum, segments in framework.strata.items():
        for segment in segments:
            if segment in kinds:
                yield Problem(f"strata.{stratum}", f"{segment} is in {kinds[segment]} as well")
            kinds[segment] = stratum
    if framework.fill == "stratum_mean" and not framework.strata:
        yield Problem("fill", "needs strata")


def _rule_problems(framework: Framework) -> Iterator[Problem]:
    codes = {node.code: bool(node.leaf) for node in framework.nodes}
    coverage = framework.coverage
    named = [("coverage.required_nodes", code, False) for code in coverage.required_nodes]
    for name, group in coverage.required_groups.items():
        named += [(f"coverage.required_groups.{name}.leaves", code, True) for code in group.leaves]
    for name, pair in framework.dimensions.items():
        named += [(f"dimensions.{name}", code, False) for code in (pair.objective, pair.perceived)]
    for path, code, must_be_leaf in named:
        if code not in codes:
            yield Problem(path, f"there is no node {code}")
        elif must_be_leaf and not codes[code]:
            yield Problem(path, f"{code} is not a leaf")
    if framework.valid_from and framework.valid_to and framework.valid_to < framework.valid_from:
        yield Problem("valid_to", "is before valid_from")
    if framework.grades:
        yield from _grade_problems(framework.grades)


def _weight_problems(framework: Framework) -> Iterator[Problem]:
    base = framework.weight_base
    for node in framework.awaiting_weights:
        if node.weights and not base:
            reason = f"is required: the weights of the children of {node.code} come from data ({node.weights.method})"
            yield Problem("weight_base", reason)
    if base and base.last < base.first:
        yield Problem("weight_base.last", "is before first")
    codes = {node.code for node in framework.nodes}
    for code in framework.frozen_weights:
        if code not in codes:
            yield Problem(f"frozen_weights.{code}", f"there is no node {code}")


def _grade_problems(grades: Grades) -> Iterator[Problem]:
    lowest = list(grades.scale.values())
    if lowest[-1] != 0 or any(high <= low for high, low in pairwise(lowest)):
        yield Problem("grades.scale", "must go from the best grade down to a last one that begins at 0")
    if grades.cap:
        if (grades.cap.above is None) == (grades.cap.below is None):
            yield Problem("grades.cap", "needs either above or below")
        if grades.cap.at_most not in grades.scale:
            yield Problem("grades.cap.at_most", f"{grades.cap.at_most} is not a grade of the scale")


def _kpi_problems(framework: Framework, known: Collection[str] | None) -> Iterator[Problem]:
    if known is None:
        return
    for path, _, node in _paths("index", "index", framework.index):
        if not isinstance(node, Leaf):
            continue
        if node.kpi not in known and not node.awaited:
            hint = meant(node.kpi, known)
            yield Problem(f"{path}.kpi", f"there is no KPI {node.kpi}{hint} (awaited: true admits it)")
        direction = known.get(node.kpi) if isinstance(known, Mapping) else None
        posts = node.goalposts
        if direction and posts and not node.direction and (posts.best > posts.worst) != (direction > 0):
            yield Problem(f"{path}.goalposts", f"contradict the KPI's direction {direction:+d}")
    cap = framework.grades.cap if framework.grades else None
    if cap and cap.kpi not in known and not cap.awaited:
        yield Problem("grades.cap.kpi", f"there is no KPI {cap.kpi} (awaited: true admits it)")


def _window_problems(framework: Framework, adding_up: Collection[str] | None) -> Iterator[Problem]:
    for path, _, node in _paths("index", "index", framework.index):
        if (
            isinstance(node, Leaf)
            and node.most_months > 1
            and adding_up is not None
            and node.kpi not in adding_up
        ):
            reason = f"months of {node.kpi} cannot be added up (a quantile, stock, curve or running cohort): missing"
            yield Problem(f"{path}.if_small", reason)


def _located(problems: Iterator[Problem] | list[Problem], lines: yaml.Node | None) -> list[Problem]:
    return [Problem(p.path, p.reason, line_of(lines, p.path.split("."))) for p in problems]
