"""YAML as people write it: every key once, numbers as they stand, aliases within bounds; faults told with their line.

The text or bytes come in as an argument. Read by it are project files, frameworks, packs and suites; what their
keys mean is said by the models of those who read them, and what a model refuses is told here by its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from transforms.nearest import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MOST_VALUES = 200_000
DEEPEST = 100
_TEXTS = ("gb18030", "big5", "cp949", "shift_jis", "cp1252")


class YamlError(ValueError):
    """A text that cannot be used: under which key, why, and on which line (None where nobody knows)."""

    def __init__(self, path: str, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(": ".join(filter(None, [f"line {line}" if line else "", path, reason])))


class _Number(float):
    """A number with a point that still shows as it was written: 2024.10 may be a name."""

    written = ""

    def __str__(self) -> str:
        return self.written


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.1 in which 010, 0x1F, 1_000 and 12:30 stay the texts they are, not 8, 31, 1000 and 750."""

    def number(self, node: yaml.ScalarNode) -> float:
        """A float that knows how it is written."""
        number = _Number(self.construct_yaml_float(node))
        number.written = str(node.value)
        return number

    def day(self, node: yaml.ScalarNode) -> object:
        """A date or timestamp; what looks like one and is on no calendar stays a text."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return str(node.value)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith((":int", ":float"))]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"(0|-?[1-9][0-9]*)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"[-+]?((0|[1-9][0-9]*)?[.][0-9]+|(0|[1-9][0-9]*)[.])([eE][-+]?[0-9]+)?$|[-+]?[.](inf|Inf|INF)$|[.](nan|NaN|NAN)$"
    ),
    list("-+0123456789."),
)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.day)


def text_of(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark; raises YamlError that names the way."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        guess = next((name for name in _TEXTS if _decodes(content, name)), None)
        looks = f", it looks like {guess}" if guess else ""
        raise YamlError("", f"this is not UTF-8{looks}; save the file as UTF-8", line) from None


def read_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """What a text says, and its nodes, which know their lines; raises YamlError."""
    loader = _Loader(text)
    try:
        _refuse_deep(text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        _check(node)
        return loader.construct_document(node), node
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlError("", f"this is not YAML: {error.problem or error.context}", line) from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError("", f"this is not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()


def line_of(node: yaml.Node | None, path: list[str]) -> int | None:
    """Line of the deepest part of a key path that the text itself holds; a list of one may be written without it."""
    line = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found and part == "0":
                continue
        elif isinstance(node, yaml.SequenceNode) and part.isdigit():
            found = [(item, item) for item in node.value[int(part) : int(part) + 1]]
        else:
            break
        if not found:
            break
        # What a merge (<<) brings stands before a mapping's own keys.
        line, node = _line(found[-1][0]), found[-1][1]
    return line


def key_problems(
    error: ValidationError, content: object, model: type[BaseModel]
) -> Iterator[tuple[str, str]]:
    """Key path and reason of everything that `model` refuses in the content of a file.

    Pydantic's locations also name the branches of a choice between models; these are no keys of the file and left
    out. For a key that there is not, the nearest is named and all that there are.
    """
    for detail in error.errors(include_url=False):
        path = _keys_in(content, detail["loc"])
        match detail["type"]:
            case "missing":
                reason = "is required"
            case "extra_forbidden":
                reason = _no_such_key(path[-1], keys_beside(model, detail["loc"]))
            case "value_error":
                reason = detail["msg"].removeprefix("Value error, ")
            case _:
                reason = f"{detail['msg'][0].lower()}{detail['msg'][1:]}"
        yield ".".join(path), reason


def _no_such_key(key: str, known: list[str]) -> str:
    hint = " ".join(filter(None, [did_you_mean(key, known), f"known are {', '.join(known)}"]))
    return f"there is no such key; {hint}"


def has_unknown_keys(error: ValidationError) -> bool:
    """Whether a key that there is not is among what a model refuses."""
    return any(detail["type"] == "extra_forbidden" for detail in error.errors(include_url=False))


def without_refused(content: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """The content without unknown keys; if there are none, without the values that a model refuses.

    A list goes with its wrong items, a mapping with a key that it lacks.
    """
    details = error.errors(include_url=False)
    unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
    left = dict(content)
    for detail in unknown or details:
        path = _path_in(content, detail["loc"])
        while path and isinstance(path[-1], int):
            path.pop()
        left = _without(left, path)
    return left


def _path_in(content: object, location: tuple[int | str, ...]) -> list[int | str]:
    """The parts of a location by which its deepest value is found in the content."""
    path: list[int | str] = []
    node = content
    for part in location:
        parts = _parts(node)
        if part in parts:
            path.append(part)
            node = parts[part]
    return path


def _parts(node: object) -> dict[Any, Any]:
    return (
        dict(node) if isinstance(node, Mapping) else dict(enumerate(node)) if isinstance(node, list) else {}
    )


def _without(node: Any, path: Sequence[int | str]) -> Any:
    """A copy of nested mappings and lists without what stands at a path, if it stands there."""
    if not path or path[0] not in _parts(node):
        return node
    first, *below = path
    if not below:
        return {key: value for key, value in node.items() if key != first}
    if isinstance(node, list):
        return [_without(item, below) if place == first else item for place, item in enumerate(node)]
    return {**node, first: _without(node[first], below)}


def keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that a model has where a location of one of its errors ends, sorted."""
    schema = model.model_json_schema()
    found = _choices(schema, schema)
    for part in location[:-1]:
        # What leads nowhere is the name of a branch, such as that of a model, or of a function that has no keys.
        branch = [choice for choice in found if str(choice.get("title", "")).lower() == str(part).lower()]
        below = [value for choice in found for value in _below(choice, part)]
        found = [one for value in below for one in _choices(schema, value)] or branch or found
    return sorted({key for choice in found for key in choice.get("properties", ())})


def _below(schema: Mapping[str, Any], part: int | str) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, int):
        yield from (value for value in [schema.get("items")] if isinstance(value, Mapping))
    elif part in schema.get("properties", ()):
        yield schema["properties"][part]
    else:
        named = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
        yield from (value for value in named if isinstance(value, Mapping))


def _choices(root: Mapping[str, Any], value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas that a value may follow, references resolved."""
    if "$ref" in value:
        return _choices(root, root["$defs"][value["$ref"].rpartition("/")[2]])
    branches = [*value.get("anyOf", ()), *value.get("oneOf", ())]
    return [choice for one in branches for choice in _choices(root, one)] or [value]


def _keys_in(content: object, location: tuple[int | str, ...]) -> list[str]:
    """The parts of a location that are keys or places of the content; the last may be a key that is missing."""
    found, node = [], content
    for number, part in enumerate(location, 1):
        parts = node if isinstance(node, Mapping) else dict(enumerate(node)) if isinstance(node, list) else {}
        if part in parts or number == len(location):
            found.append(str(part))
        node = parts.get(part, node)
    return found


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_deep(text: str) -> None:
    """Refuse values that stand too deep inside each other, before anything calls itself once for each of them."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise YamlError("", f"its values stand more than {DEEPEST} deep inside each other", line)


def _check(node: yaml.Node) -> None:
    """Refuse keys that stand twice, aliases inside themselves and aliases that multiply."""
    sizes: dict[int, int | None] = {}
    if _size(node, "", sizes) > MOST_VALUES:
        raise YamlError("", f"its aliases (*name) multiply to more than {MOST_VALUES:,} values", _line(node))


def _size(node: yaml.Node, path: str, sizes: dict[int, int | None]) -> int:
    """How many values a node stands for, aliases counted wherever they stand."""
    known = sizes.get(id(node), 0)
    if known is None:
        raise YamlError(path, "an alias stands inside what it names", _line(node))
    if known:
        return known
    sizes[id(node)] = None
    total = 1
    if isinstance(node, yaml.MappingNode):
        first: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            place = f"{path}.{key.value}".strip(".") if isinstance(key, yaml.ScalarNode) else path
            name = (key.tag, str(key.value))
            if name in first:
                reason = (
                    f"stands twice, on line {first[name]} as well; YAML would keep the last without a word"
                )
                raise YamlError(place, reason, _line(key))
            first[name] = _line(key)
            total += _size(value, place, sizes)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_size(item, f"{path}.{number}", sizes) for number, item in enumerate(node.value))
    sizes[id(node)] = total
    return total


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
