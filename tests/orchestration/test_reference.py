"""The reference of files that people write says all there is, and the schemas judge files as the models do."""

import json

import jsonschema
import pytest
from conftest import ROOT

from orchestration.reference import (
    CONTRACT,
    FRAMEWORK,
    KINDS,
    PACK,
    PROJECT,
    Kind,
    describes,
    reference_files,
    sections,
)
from transforms.written_yaml import read_yaml

FILES = {
    PROJECT: [
        ROOT / "orchestration/commands/template.yml",
        ROOT / "simulation/policypulse.yml",
        *sorted((ROOT / "examples").glob("*/policypulse.yml")),
    ],
    FRAMEWORK: [
        *sorted((ROOT / "transforms/frameworks").glob("*.yml")),
        *sorted((ROOT / "examples").glob("*/frameworks/*.yml")),
        ROOT / "simulation/example_life.yml",
    ],
    CONTRACT: [
        *sorted((ROOT / "warehouse/contracts").glob("*.yml")),
        ROOT / "examples/own_models/contracts/second_looks.yml",
    ],
    PACK: sorted((ROOT / "transforms/packs").glob("*.yml")),
}
KEYS = [
    (kind, f"{path}.{key}".strip("."), value)
    for kind in KINDS
    for path, part in sections(kind.schema)
    for key, value in part["properties"].items()
]


def wrong_with(kind: Kind, text: str) -> list[str]:
    content = json.loads(json.dumps(read_yaml(text)[0], default=str))
    judge = jsonschema.Draft202012Validator(json.loads(kind.schema_text))
    return [error.json_path for error in judge.iter_errors(content)]


def test_the_committed_pages_are_those_of_the_models():
    for name, text in reference_files().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "run `make dictionary`"


def test_every_key_is_described_and_shown_by_a_default_or_an_example():
    assert [path for kind, path, value in KEYS if not describes(kind.schema, value)] == []
    unseen = [
        path for _, path, value in KEYS
        if value.get("default") is None and not value.get("examples") and "$ref" not in json.dumps(value)
    ]  # fmt: skip
    assert unseen == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [(kind, path) for kind, paths in FILES.items() for path in paths],
    ids=lambda given: f"{given.parent.name}/{given.name}" if hasattr(given, "name") else given.page,
)
def test_the_schemas_find_nothing_wrong_with_files_in_use(kind, path):
    assert wrong_with(kind, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("kind", "path", "value"), KEYS, ids=[f"{kind.page} {path}" for kind, path, _ in KEYS]
)
def test_every_example_is_one_of_its_kind(kind, path, value):
    root = {"$defs": kind.schema.get("$defs", {}), **value}
    validator = jsonschema.Draft202012Validator(root)
    wrong = [example for example in value.get("examples", ()) if not validator.is_valid(example)]
    assert wrong == []


def test_the_schemas_find_what_is_wrong():
    feed = "insurer: A\nfeeds: {complaints: {files: a.csv, columns: {complaint_id: NR}}}\n"
    assert wrong_with(PROJECT, feed) == []
    assert wrong_with(PROJECT, feed + "monhts: 3") == ["$"]
    assert wrong_with(PROJECT, feed + "months: 0") == ["$.months"]
    assert wrong_with(PROJECT, feed + "grains: [quarter, week]") == ["$.grains[1]"]
    assert wrong_with(FRAMEWORK, "parent: life_default\ncode: own\nversion: 2\nindex: {weight: 1}\n") == []
    assert wrong_with(FRAMEWORK, "code: own\nversion: 2\nbackcast_months: -1\n") == ["$.backcast_months"]
    assert wrong_with(FRAMEWORK, "code: own\nversion: 2\nindx: {}\n") == ["$"]
    assert wrong_with(PACK, "code: a\ntitle: A\nauthority: B\nkpis: []\n") == ["$.kpis"]
