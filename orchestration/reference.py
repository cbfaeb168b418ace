"""The reference of the project file: a page for people and a JSON schema for editors, both from the models.

What a key means is said once, with its field in the model of the room that uses it; nothing here knows a key by name.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from orchestration.project import FILE_NAME, ProjectFile

SCHEMA_NAME = "policypulse.schema.json"
PAGE_NAME = "project-file.md"
Schema = Mapping[str, Any]
# Words for what an editor calls by a sign, and the limits of a value in words.
LIMITS = {
    "minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "to {}", "exclusiveMaximum": "below {}",
    "minItems": "at least {}", "pattern": "like `{}`",
}  # fmt: skip
OPENING = f"""# The project file

Every key of `{FILE_NAME}`, written by `policypulse reference` from the models that read it. A name in angle brackets
stands for one that is yours or a contract's: `feeds.<name>` may be `feeds.complaints`, whose columns stand in the
catalogue (`catalog.columns`). `policypulse init` writes a commented file to start from, with
[{SCHEMA_NAME}]({SCHEMA_NAME}) beside it, from which editors complete and check keys. `${{NAME}}` is taken from the
environment.
"""


def reference_files() -> dict[str, str]:
    """The page and the schema, by file name."""
    return {PAGE_NAME: page(), SCHEMA_NAME: schema_text()}


@cache
def schema() -> Schema:
    """The JSON schema of the project file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ProjectFile.model_json_schema(),
        "title": FILE_NAME,
    }


def schema_text() -> str:
    """The schema as a file for editors."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The page of all keys, a table for each mapping of keys."""
    return "\n".join([OPENING, *(_section(path, part) for path, part in sections(schema()))])


def sections(root: Schema) -> Iterator[tuple[str, Schema]]:
    """Every mapping of keys that a file can hold, with the key path it stands under, in the order of the models."""
    waiting, shown = [("", root)], set()
    while waiting:
        path, part = waiting.pop(0)
        if part["title"] in shown:
            continue
        shown.add(part["title"])
        yield path, part
        below = [
            found for key, value in part["properties"].items() for found in _mappings(f"{path}.{key}", value)
        ]
        waiting = [*below, *waiting]


def _mappings(path: str, value: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings of keys that a value may be or hold."""
    for choice in _choices(value):
        if "properties" in choice:
            yield path.strip("."), choice
        elif "items" in choice:
            yield from _mappings(path, choice["items"])
        elif isinstance(choice.get("additionalProperties"), Mapping):
            yield from _mappings(f"{path}.<name>", choice["additionalProperties"])


@cache
def _paths() -> dict[str, str]:
    """Where the keys of each mapping are told, by the title of its model."""
    return {part["title"]: path for path, part in sections(schema())}


def _choices(value: Schema) -> list[Schema]:
    """The kinds of value that a key may have, references followed."""
    if "anyOf" in value:
        return [choice for one in value["anyOf"] for choice in _choices(one)]
    if "$ref" in value:
        return [schema()["$defs"][value["$ref"].rpartition("/")[2]]]
    return [value]


def _section(path: str, part: Schema) -> str:
    rows = [
        f"| `{key}` | {_kind(value)} | {_default(key, value, part)} | {_example(key, value)} | {describes(value)} |"
        for key, value in part["properties"].items()
    ]
    head = ["| key | type | default | example | what it is |", "| --- | --- | --- | --- | --- |"]
    title = [f"## `{path}`", "", _line(part.get("description", "")), ""] if path else []
    return "\n".join([*title, *head, *rows, ""])


def describes(value: Schema) -> str:
    """What a key means: as its field says, else as the model of its value does."""
    told = value.get("description") or next(
        (c["description"] for c in _choices(value) if "description" in c), ""
    )
    return _line(told)


def _kind(value: Schema) -> str:
    kinds = dict.fromkeys(_kind_of(choice) for choice in _choices(value) if choice.get("type") != "null")
    return " or ".join(kinds)


def _kind_of(choice: Schema) -> str:
    if "enum" in choice or "const" in choice:
        return ", ".join(f"`{one}`" for one in choice.get("enum", [choice.get("const")]))
    if "properties" in choice:
        return f"keys of `{_paths()[choice['title']]}`"
    name = choice.get("format") or choice.get("type", "anything")
    if "items" in choice:
        name = f"list of {_kind(choice['items'])}"
    elif isinstance(choice.get("additionalProperties"), Mapping):
        name = f"mapping to {_kind(choice['additionalProperties'])}"
    limits = [words.format(choice[limit]) for limit, words in LIMITS.items() if limit in choice]
    return " ".join([name, *limits]).replace("|", "\\|")


def _default(key: str, value: Schema, part: Schema) -> str:
    if key in part.get("required", ()):
        return "required"
    if any("properties" in choice for choice in _choices(value)) or value.get("default") is None:
        return "–"
    return _as_written(value["default"])


def _example(key: str, value: Schema) -> str:
    return _as_written({key: value["examples"][0]}) if value.get("examples") else ""


def _as_written(value: object) -> str:
    """A value as it stands in the file, on one line."""
    flow = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    text = flow.strip().removesuffix("...").strip()
    text = text[1:-1] if isinstance(value, dict) and text.startswith("{") and len(value) == 1 else text
    return f"`{text}`".replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
