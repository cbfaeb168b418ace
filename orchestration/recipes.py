"""By what a table is made: a digest of the code and the settings on which its rows depend, and of nothing else.

What it is made from, its inputs, is not here: see `remaking.py`.
"""

import ast
import json
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

from transforms.graph import Node
from transforms.kpi.every_period import every_period
from transforms.model import Transform
from transforms.settings import Settings

# Another release may read, round or sort otherwise.
ENGINES = ("duckdb", "polars", "numpy", "scipy")
SETTINGS_MODULE = "transforms.settings"
# Of definitions, each of which has its recipe: see `transforms/measures/records_since.py`.
DEFINITIONS, NEEDS = "transforms.kpi.registry", "transforms.kpi.declared_needs"


def recipe(node: Node, settings: Settings) -> str:
    """A digest of the model of a table, of all code that it calls, and of the settings that this code asks for."""
    parts = [*_engines(), node.name]
    model = node.model
    if not isinstance(model, Transform):
        return _digest(*parts, model.sql)
    declared = (
        model.reads,
        model.broadcast,
        model.keys,
        model.grain,
        model.schema,
        model.carries,
        model.known_on,
    )
    asked_for = str(model.asked_for(settings))
    return _digest(*parts, repr(declared), asked_for, *_by(model, settings, frozenset({DEFINITIONS, NEEDS})))


def is_of_records(model: object) -> TypeGuard[Transform]:
    """Whether a model is that of a table of records of KPIs."""
    return isinstance(model, Transform) and model.shared is every_period


def definitions(model: Transform, settings: Settings) -> str:
    """A digest of the same of a table of records and of all definitions of KPIs, which have recipes of their own."""
    return _digest(*_by(model, settings))


def _by(model: Transform, settings: Settings, but_for: frozenset[str] = frozenset()) -> list[str]:
    code = _code(model.function.__module__, but_for if is_of_records(model) else frozenset())
    asked = sorted(_fields(code))
    values = settings.model_dump(mode="json", include=set(asked)) if asked else {}
    return [*code.values(), json.dumps(values, sort_keys=True, default=str)]


@cache
def _engines() -> tuple[str, ...]:
    return tuple(map(version, ENGINES))


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()


@cache
def _code(module: str, but_for: frozenset[str] = frozenset()) -> Mapping[str, str]:
    """The text of a module and of all of our rooms or its own package that it imports, directly or not, by name."""
    reached: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in reached and name not in but_for and (text := _text(name)) is not None:
            reached[name] = text
            waiting += [] if name == SETTINGS_MODULE else _imported(name)
    return dict(sorted(reached.items()))


@cache
def _text(module: str) -> str | None:
    """The text of a module; None if there is no file of this name."""
    try:
        spec = find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else None


@cache
def _imported(module: str) -> tuple[str, ...]:
    """What a module imports of this room or of its own package; a name imported from a package may be a module too."""
    names: list[str] = []
    for found in ast.walk(ast.parse(_text(module) or "")):
        if isinstance(found, ast.Import):
            names += [name.name for name in found.names]
        elif isinstance(found, ast.ImportFrom) and found.module and not found.level:
            names += [found.module, *(f"{found.module}.{name.name}" for name in found.names)]
    rooms = {"transforms", module.partition(".")[0]}
    return tuple(name for name in dict.fromkeys(names) if name.partition(".")[0] in rooms)


def _fields(code: Mapping[str, str]) -> set[str]:
    """The settings that some code asks for: all of them if it asks for anything but a field."""
    texts = [text for name, text in code.items() if name != SETTINGS_MODULE]
    asked = {name for text in texts for name in re.findall(r"\bsettings\.([a-z]\w*)", text)}
    fields = set(Settings.model_fields)
    return asked if asked <= fields else fields
