"""The reference of the files that people write: pages for people and JSON schemas for editors, from the models.

What a key means is said once, with its field in the model of the room that uses it; nothing here knows a key by name.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml
from pydantic import BaseModel

from orchestration.project import FILE_NAME
from orchestration.project_file import ProjectFile
from transforms.framework import Framework
from transforms.pack import Pack
from warehouse.contract import Contract

SCHEMA_NAME = "policypulse.schema.json"
Schema = Mapping[str, Any]
# Words for what an editor calls by a sign, and the limits of a value in words.
LIMITS = {
    "minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "to {}", "exclusiveMaximum": "below {}",
    "minItems": "at least {}", "pattern": "like `{}`",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of file that people write: its model, where it is told and how its page begins."""

    title: str
    model: type[BaseModel]
    page: str
    schema_name: str
    opening: str
    inherits: bool = False
    """Whether a file may hold a part alone, the rest being another file's."""

    @cached_property
    def schema(self) -> Schema:
        """The JSON schema of such files."""
        found = self.model.model_json_schema()
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": self.title}

    @property
    def schema_text(self) -> str:
        """The schema as a file for editors."""
        schema = _of_parts(self.schema) if self.inherits else self.schema
        return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

    @property
    def page_text(self) -> str:
        """The page of all keys, a table for each mapping of keys."""
        told = [_section(self.schema, path, part) for path, part in sections(self.schema)]
        return "\n".join([self.opening, *told])


def _of_parts(schema: Any) -> Any:
    """A schema by which no key is required, and any is taken away by null."""
    if isinstance(schema, list):
        return [_of_parts(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    left = {key: _of_parts(value) for key, value in schema.items() if key != "required"}
    for key in {"properties", "patternProperties"} & left.keys():
        left[key] = {name: _or_null(value) for name, value in left[key].items()}
    if isinstance(left.get("additionalProperties"), dict):
        left["additionalProperties"] = _or_null(left["additionalProperties"])
    return {"anyOf" if key == "oneOf" else key: value for key, value in left.items()}


def _or_null(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "null"}]}


_WRITTEN = """written by `policypulse reference` from the models that read it. A name in
angle brackets stands for one that is yours"""
PROJECT = Kind(
    FILE_NAME,
    ProjectFile,
    "project-file.md",
    SCHEMA_NAME,
    f"""# The project file

Every key of `{FILE_NAME}`, {_WRITTEN}
or a contract's: `feeds.<name>` may be `feeds.complaints`, whose columns stand in the catalogue
(`catalog.columns`). `policypulse init` writes a commented file to start from, with
[{SCHEMA_NAME}]({SCHEMA_NAME}) beside it, from which editors complete and check keys. `${{NAME}}` is
taken from the environment.
""",
)
FRAMEWORK = Kind(
    "Framework",
    Framework,
    "framework-file.md",
    "framework.schema.json",
    f"""# The framework file

Every key of an index framework, {_WRITTEN}.
The project file names it under `index.frameworks`, by its path. A file with a `parent` says only what it
has otherwise, and takes a key of the parent away with null. For editors:
`# yaml-language-server: $schema=framework.schema.json`, with
[framework.schema.json](framework.schema.json) beside it, which `policypulse reference --out DIR` writes.
""",
    inherits=True,
)
PACK = Kind(
    "Pack",
    Pack,
    "pack-file.md",
    "pack.schema.json",
    f"""# The pack file

Every key of a regulator's pack, {_WRITTEN}.
The project file names it under `packs`, by its path. For editors:
`# yaml-language-server: $schema=pack.schema.json`, with
[pack.schema.json](pack.schema.json) beside it, which `policypulse reference --out DIR` writes.
""",
)
CONTRACT = Kind(
    "Contract",
    Contract,
    "contract-file.md",
    "contract.schema.json",
    f"""# The contract file

Every key of a feed of your own, {_WRITTEN}.
It stands in `contracts/<feed>.yml` of the project folder; a file that gives a feed of ours further columns has
`extends` and `columns` alone ([your_own.md](your_own.md#a-feed)). For editors:
`# yaml-language-server: $schema=contract.schema.json`, with
[contract.schema.json](contract.schema.json) beside it, which `policypulse reference --out DIR` writes.
""",
)
KINDS = (PROJECT, FRAMEWORK, PACK, CONTRACT)


def reference_files() -> dict[str, str]:
    """The pages and the schemas, by file name."""
    pages = {kind.page: kind.page_text for kind in KINDS}
    return pages | {kind.schema_name: kind.schema_text for kind in KINDS}


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
            found
            for key, value in part["properties"].items()
            for found in _mappings(root, f"{path}.{key}", value)
        ]
        waiting = [*below, *waiting]


def _mappings(root: Schema, path: str, value: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings of keys that a value may be or hold."""
    for choice in _choices(root, value):
        if "properties" in choice:
            yield path.strip("."), choice
        elif "items" in choice:
            yield from _mappings(root, path, choice["items"])
        elif named := _named(choice):
            yield from _mappings(root, f"{path}.<name>", named)


def _named(choice: Schema) -> Schema | None:
    """What stands under each name of a mapping whose names are the writer's."""
    values = [choice.get("additionalProperties"), *choice.get("patternProperties", {}).values()]
    return next((value for value in values if isinstance(value, Mapping)), None)


def _path_of(root: Schema, title: str) -> str:
    """Where the keys of a mapping are told, by the title of its model."""
    return next(path for path, part in sections(root) if part["title"] == title)


def _choices(root: Schema, value: Schema) -> list[Schema]:
    """The kinds of value that a key may have, references followed."""
    branches = value.get("anyOf") or value.get("oneOf")
    if branches:
        return [choice for one in branches for choice in _choices(root, one)]
    if "$ref" in value:
        return [root["$defs"][value["$ref"].rpartition("/")[2]]]
    return [value]


def _section(root: Schema, path: str, part: Schema) -> str:
    rows = [
        f"| `{key}` | {_kind(root, value)} | {_default(root, key, value, part)} | {_example(key, value)} | "
        f"{describes(root, value)} |"
        for key, value in part["properties"].items()
    ]
    head = ["| key | type | default | example | what it is |", "| --- | --- | --- | --- | --- |"]
    title = [f"## `{path}`", "", _line(part.get("description", "")), ""] if path else []
    return "\n".join([*title, *head, *rows, ""])


def describes(root: Schema, value: Schema) -> str:
    """What a key means: as its field says, else as the model of its value does."""
    told = value.get("description") or next(
        (c["description"] for c in _choices(root, value) if "description" in c), ""
    )
    return _line(told)


def _kind(root: Schema, value: Schema) -> str:
    kinds = dict.fromkeys(
        _kind_of(root, choice) for choice in _choices(root, value) if choice.get("type") != "null"
    )
    return " or ".join(kinds)


def _kind_of(root: Schema, choice: Schema) -> str:
    if "enum" in choice or "const" in choice:
        return ", ".join(f"`{one}`" for one in choice.get("enum", [choice.get("const")]))
    if "properties" in choice:
        return f"keys of `{_path_of(root, choice['title'])}`"
    name = choice.get("format") or choice.get("type", "anything")
    if "items" in choice:
        name = f"list of {_kind(root, choice['items'])}"
    elif named := _named(choice):
        name = f"mapping to {_kind(root, named)}"
    limits = [words.format(choice[limit]) for limit, words in LIMITS.items() if limit in choice]
    return " ".join([name, *limits]).replace("|", "\\|")


def _default(root: Schema, key: str, value: Schema, part: Schema) -> str:
    if key in part.get("required", ()):
        return "required"
    if any("properties" in choice for choice in _choices(root, value)) or value.get("default") is None:
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
