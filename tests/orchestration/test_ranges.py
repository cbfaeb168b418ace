"""Values that can be read and cannot be right are told by their key; what is right, though seldom, is not."""

from pathlib import Path

import pytest

from orchestration.project import read_project
from orchestration.project_check import problems
from orchestration.ranges import out_of_range

REST = """
insurer: Example
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "c.csv").write_text("id,day\nK1,2025-05-02\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "key", "told"),
    [
        ("schedule: 99 2 * * *", "schedule", "'99 2 * * *' is no time that ever comes"),
        ("schedule: 0 2 30 2 *", "schedule", "is no time that ever comes"),
        ("schedule: nightly", "schedule", "is no time that ever comes"),
        ("as_of: 0001-01-01", "as_of", "0001-01-01 is no day up to which"),
        ("as_of: 9999-12-31", "as_of", "9999-12-31 is no day up to which"),
        ("warehouse: c.csv", "warehouse", "c.csv is no folder"),
        ("warehouse: c.csv/deeper", "warehouse", "c.csv is no folder"),
        ("warehouse: ''", "warehouse", "name a folder"),
        ("monitoring: {log_file: .}", "monitoring.log_file", "is a folder; name a file"),
        ("monitoring: {metrics_file: c.csv/x.prom}", "monitoring.metrics_file", "c.csv is no folder"),
    ],
)
def test_what_cannot_be_right_is_told_by_its_key(folder: Path, line: str, key: str, told: str):
    (folder / "policypulse.yml").write_text(line + REST, encoding="utf-8")
    ((found, reason),) = out_of_range(read_project(folder))
    assert found == key
    assert told in reason


@pytest.mark.parametrize(
    "line", ["schedule: '*/15 8-18 * * 1-5'", "schedule: 0 2 29 2 *", "warehouse: not/yet/there"]
)
def test_what_is_seldom_is_not_told(folder: Path, line: str):
    (folder / "policypulse.yml").write_text(line + REST, encoding="utf-8")
    assert not list(out_of_range(read_project(folder)))


def test_it_is_told_with_file_and_line(folder: Path):
    (folder / "policypulse.yml").write_text("# Ours.\nas_of: 9999-12-31" + REST, encoding="utf-8")
    (told,) = problems(read_project(folder))
    assert told.startswith(f"{folder / 'policypulse.yml'}:2: as_of: ")
