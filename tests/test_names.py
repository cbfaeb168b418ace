"""One name everywhere: who knows a table finds its model, its suite and its test without searching."""

from pathlib import Path

import pytest

from orchestration.models import models
from transforms.model import Transform

ROOT = Path(__file__).parent.parent
# The one that is made from the list of joins has no file of its own.
MADE = {name: node for name, node in models().items() if node.path.name != "joins.py"}
TABLES = sorted(name for name, node in MADE.items() if node.schema != "staging")


@pytest.mark.parametrize("table", sorted(MADE))
def test_a_table_is_a_file_of_its_name_in_the_folder_of_its_schema(table: str) -> None:
    schema, _, name = table.partition(".")
    path = Path(MADE[table].path)
    assert path.stem == name
    assert path.parent == ROOT / "transforms" / schema


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_a_suite_and_a_test_of_its_name(table: str) -> None:
    schema, _, name = table.partition(".")
    assert (ROOT / "expectations" / schema / f"{name}.yml").is_file()
    assert (ROOT / "tests" / schema / f"test_{name}.py").is_file()


def test_only_schema_folders_hold_tables() -> None:
    declaring = {
        path.parent.name
        for path in (ROOT / "transforms").rglob("*.py")
        if "@transform(" in path.read_text(encoding="utf-8")
    }
    assert declaring == {"core", "kpi", "index"}
    assert {node.schema for node in MADE.values() if isinstance(node.model, Transform)} == declaring
