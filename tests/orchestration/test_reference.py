"""The reference of the project file says all there is, and the schema judges files as the models do."""

import json

import jsonschema
import pytest
from conftest import ROOT

from orchestration.reference import describes, reference_files, schema, sections
from transforms.written_yaml import read_yaml

FILES = [
    ROOT / "orchestration/commands/template.yml",
    ROOT / "simulation/policypulse.yml",
    *sorted((ROOT / "examples").glob("*/policypulse.yml")),
]
KEYS = [(f"{path}.{key}".strip("."), key, value, part) for path, part in sections(schema())
        for key, value in part["properties"].items()]  # fmt: skip


def wrong_with(text: str) -> list[str]:
    content = json.loads(json.dumps(read_yaml(text)[0], default=str))
    return [error.json_path for error in jsonschema.Draft202012Validator(schema()).iter_errors(content)]


def test_the_committed_pages_are_those_of_the_models():
    for name, text in reference_files().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "run `make dictionary`"


def test_every_key_is_described_and_shown_by_a_default_or_an_example():
    assert [path for path, _, value, _ in KEYS if not describes(value)] == []
    unseen = [
        path for path, _, value, _ in KEYS
        if value.get("default") is None and not value.get("examples") and "$ref" not in json.dumps(value)
    ]  # fmt: skip
    assert unseen == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_schema_finds_nothing_wrong_with_files_in_use(path):
    assert wrong_with(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("path", "key", "value", "part"), KEYS, ids=[path for path, *_ in KEYS])
def test_every_example_is_one_of_its_kind(path, key, value, part):
    root = {"$defs": schema()["$defs"], **value}
    for example in value.get("examples", ()):
        jsonschema.Draft202012Validator(root).validate(example)


def test_the_schema_finds_what_is_wrong():
    feed = "insurer: A\nfeeds: {complaints: {files: a.csv, columns: {complaint_id: NR}}}\n"
    assert wrong_with(feed) == []
    assert wrong_with(feed + "monhts: 3") == ["$"]
    assert wrong_with(feed + "months: 0") == ["$.months"]
    assert wrong_with(feed + "grains: [quarter, week]") == ["$.grains[1]"]
