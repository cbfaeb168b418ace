"""What `policypulse check` refuses a run refuses, and what a run can read `check` can."""

from pathlib import Path

import pytest

from orchestration.project import ProjectError, read_project
from orchestration.project_check import problems

PROJECT = """
insurer: Example
index: {frameworks: [first.yml, second.yml]}
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""
FILE = "id,day\n"
FIRST = """
code: own
version: 1
title: Own
source: House
index: {title: Own, children: {on_time: {title: On time, kpi: complaint_on_time_share, goalposts: {worst: 0, best: 1}}}}
"""
SECOND = """
code: own
version: 2
parent: PARENT
index: {children: {on_time: {goalposts: {worst: 0.5}}}}
"""


def project(folder: Path, first: str = FIRST, second: str = SECOND) -> Path:
    for name, text in (
        ("policypulse.yml", PROJECT),
        ("first.yml", first),
        ("second.yml", second),
        ("c.csv", FILE),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("parent", ["own", "own@1"])
def test_a_framework_may_inherit_from_a_file_of_the_project(tmp_path: Path, parent: str):
    found = read_project(project(tmp_path, second=SECOND.replace("PARENT", parent)))
    assert problems(found) == []
    (leaf,) = (node.leaf for node in found.settings.frameworks[1].leaves)
    assert leaf and leaf.goalposts and (leaf.goalposts.worst, leaf.goalposts.best) == (0.5, 1)


@pytest.mark.parametrize("parent", ["own@2", "other"])
def test_a_parent_that_is_not_there_is_refused_when_the_project_is_read(tmp_path: Path, parent: str):
    with pytest.raises(ProjectError, match=rf"second.yml: line 4, parent: there is no framework '{parent}'"):
        read_project(project(tmp_path, second=SECOND.replace("PARENT", parent)))


def test_a_wrong_kpi_of_a_parent_is_told_of_every_file_that_has_it(tmp_path: Path):
    first = FIRST.replace("complaint_on_time_share", "complaint_in_time_share")
    found = problems(read_project(project(tmp_path, first, SECOND.replace("PARENT", "own"))))
    assert [("first.yml" in line, "there is no KPI complaint_in_time_share" in line) for line in found] == [
        (True, True),
        (False, True),
    ]


def test_outranking_needs_segments_to_rank(tmp_path: Path):
    first = FIRST.replace("index: {title: Own,", "index: {title: Own, aggregation: outranking,")
    folder = project(tmp_path, first, SECOND.replace("PARENT", "own"))
    file = folder / "policypulse.yml"
    assert problems(read_project(folder)) == []
    file.write_text(PROJECT + "cuts: [company]\n", encoding="utf-8")
    found = problems(read_project(folder))
    assert len(found) == 2
    assert "outranking ranks the segments of a cut, and the project has no cuts" in found[0]
