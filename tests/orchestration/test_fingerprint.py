"""A run has something to do whenever a file or setting that numbers depend on has changed, and only then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.fingerprint import fingerprint
from orchestration.project import read_project

PROJECT = """
insurer: Example
as_of: 2025-06-30
data: ${FEEDS}
packs: [house.yml]
index: {frameworks: [own.yml]}
pseudonyms: {key_file: secret.key}
feeds:
  complaints: {files: "*.csv", columns: {complaint_id: id, received_on: day}}
"""
PACK = """
code: house
title: House rules
authority: House
definitions: {complaints: {unclassified: simple}}
kpis: [{kpi: complaint_on_time_share, rule: 15 days, evidence: own_reading, at_least: 0.9}]
"""
FRAMEWORK = """
code: own
version: 1
title: Own
source: House
index: {title: Own, children: {on_time: {title: On time, kpi: complaint_on_time_share, goalposts: {worst: 0, best: 1}}}}
"""


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return edit


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FEEDS", "in")
    for name in ("in", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.csv").write_text("id,day\n1,2025-05-01\n", encoding="utf-8")
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "house.yml").write_text(PACK, encoding="utf-8")
    (tmp_path / "own.yml").write_text(FRAMEWORK, encoding="utf-8")
    (tmp_path / "secret.key").write_text("00" * 32, encoding="utf-8")
    return tmp_path


def state(folder: Path) -> str:
    project = read_project(folder)
    return fingerprint(project, project.as_of())


@pytest.mark.parametrize(
    "change",
    [
        edited("policypulse.yml", "2025-06-30", "2025-05-31"),
        edited("house.yml", "simple", "complex"),
        edited("house.yml", "0.9", "0.95"),
        edited("own.yml", "worst: 0", "worst: 0.5"),
        edited("in/c.csv", "05-01", "05-02\n"),
        edited("secret.key", "00" * 32, "0f" * 33),
    ],
    ids=["project file", "definition of a pack", "limit of a pack", "framework", "feed", "key"],
)
def test_a_file_of_the_project_that_changes_is_something_to_do(folder: Path, change: Callable[[Path], None]):
    before = state(folder)
    assert state(folder) == before
    change(folder)
    assert state(folder) != before


def test_an_environment_variable_that_changes_is_something_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    before = state(folder)
    monkeypatch.setenv("FEEDS", "other")
    assert state(folder) != before


def test_a_file_that_nothing_names_is_nothing_to_do(folder: Path):
    before = state(folder)
    (folder / "notes.yml").write_text("draft", encoding="utf-8")
    (folder / "in" / "notes.txt").write_text("draft", encoding="utf-8")
    assert state(folder) == before
