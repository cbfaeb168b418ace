"""Another definition makes its own records anew alone; under a version that readers know it has to be accepted."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from conftest import published

from orchestration.commands.plan import planned
from orchestration.launch import by_hand
from orchestration.project import read_project
from orchestration.project_check import problems
from orchestration.publication_rules import Blocked
from orchestration.session import opened
from warehouse.folder import Folder
from warehouse.store import Store

PROJECT = """
insurer: Example
months: 6
cuts: [org_unit]
index: {frameworks: [house.yml]}
only: {kpis: [complaints_received_count], tables: [kpi.monthly, index.scores, marts.complaints_by_category]}
pages: {written: false}
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day, closed_on: end, org_unit: unit}}}
"""
FRAMEWORK = """
code: house
version: 1
title: House
source: House rule
index: {title: House, children: {on_time: {title: On time, kpi: closed_in_time_share, goalposts: {worst: 0, best: 1}}}}
"""
KPIS = """
closed_in_time_share:
  title: Complaints closed in time
  fact: core.complaints
  version: VERSION
  clock: {starts: received_on, ends: closed_on}
  statistic: {within_days: DAYS}
  placed_by: {cohort: received_on}
  unit: share
  direction: 1
  source: House rule
  example: {rows: [{received_on: 2025-01-02, closed_on: 2025-01-03}], value: 1}
open_share:
  title: Complaints that nobody has closed
  fact: core.complaints
  measure: {share: {of: closed_on IS NULL}}
  placed_by: {cohort: received_on}
  unit: share
  direction: -1
  source: House rule
  example: {rows: [{received_on: 2025-01-02}, {received_on: 2025-01-02, closed_on: 2025-01-03}], value: 0.5}
"""
DAY = date(2025, 6, 30)
REDEFINED = (
    r"own\.yml:\d+: closed_in_time_share\.version: was published as version 1 on \d{4}-\d\d-\d\d with another "
    r'definition \(statistic: \{"within_days": 10\}, now \{"within_days": 30\}\).* --accept closed_in_time_share$'
)


def defined(folder: Path, days: int, version: int = 1) -> None:
    text = KPIS.replace("DAYS", str(days)).replace("VERSION", str(version))
    (folder / "kpis" / "own.yml").write_text(text, encoding="utf-8")


def run(folder: Path, *accept: str) -> list[str]:
    """Land, make, check and publish; returns what was told."""
    told: list[str] = []
    project = read_project(folder)
    with opened(by_hand(project, DAY, accept=accept), told.append) as session:
        session.land(project.contracts)
        for table in session.tables:
            session.make(table)
        session.check([*session.tables, *(f"raw.{feed}" for feed in project.contracts)])
        session.publish()
    return told


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A project whose own KPIs have been published: of a hundred complaints a third were closed after 20 days."""
    folder = tmp_path_factory.mktemp("first") / "project"
    (folder / "kpis").mkdir(parents=True)
    ends = ("2025-03-04", "2025-03-05", "2025-03-22")
    rows = [f"C{number},2025-03-02,{ends[number % 3]},B{number % 2}" for number in range(99)]
    (folder / "c.csv").write_text("\n".join(["id,day,end,unit", *rows, ""]), encoding="utf-8")
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "house.yml").write_text(FRAMEWORK, encoding="utf-8")
    defined(folder, 10)
    run(folder)
    return folder


@pytest.fixture
def folder(first: Path, tmp_path: Path) -> Path:
    """A copy of that project."""
    return Path(shutil.copytree(first, tmp_path / "project", symlinks=True))


def in_march(folder: Path, kpi: str) -> list[tuple]:
    found = f"FROM kpi.monthly WHERE kpi = '{kpi}' AND cut = 'company' AND period = '2025-03-01'"
    return published(folder, f"SELECT DISTINCT definition_version, value {found}").rows()


def score(folder: Path) -> float:
    found = "FROM index.scores WHERE node = 'index' AND cut = 'company' AND period = '2025-03-01'"
    return published(folder, f"SELECT score {found}").item()


def test_another_definition_makes_the_records_of_its_kpi_anew_and_no_others(folder):
    assert in_march(folder, "closed_in_time_share") == [("1", pytest.approx(2 / 3))]
    with Store(Folder(folder / "warehouse")) as store:
        # What is made anew would not say this.
        store.con.execute("UPDATE kpi.monthly SET n_excluded = 7 WHERE kpi <> 'closed_in_time_share'")
    defined(folder, 30, version=2)
    said = list(planned(by_hand(read_project(folder), DAY)))
    ours = published(folder, "SELECT kpi FROM kpi.monthly WHERE kpi = 'closed_in_time_share'").height
    every = published(folder, "SELECT kpi FROM kpi.monthly").height
    assert f"  kpi.monthly: {ours} of {every} rows" in said
    assert [line for line in said if line.startswith("  index.scores: ")], said
    assert run(folder) == []
    assert in_march(folder, "closed_in_time_share") == [("2", 1)]
    untouched = published(folder, "SELECT kpi, bool_and(n_excluded = 7) FROM kpi.monthly GROUP BY ALL")
    assert dict(untouched.rows()) == {
        "closed_in_time_share": False, "open_share": True, "complaints_received_count": True,
    }  # fmt: skip
    assert score(folder) == 100


def test_another_definition_under_its_version_is_told_and_refused_until_it_is_accepted(folder):
    defined(folder, 30)
    (refused,) = problems(read_project(folder))
    said, *_ = planned(by_hand(read_project(folder), DAY))
    assert said == f"A run would be refused: {refused}"
    with pytest.raises(Blocked, match=REDEFINED):
        run(folder)
    assert in_march(folder, "closed_in_time_share") == [("1", pytest.approx(2 / 3))]
    (told,) = run(folder, "closed_in_time_share")
    assert told.endswith("; accepted")
    assert in_march(folder, "closed_in_time_share") == [("1", 1)]
    assert problems(read_project(folder)) == run(folder) == []
    defined(folder, 10)
    with pytest.raises(Blocked, match="published as version 1"):
        run(folder)
    (folder / "house.yml").write_text(FRAMEWORK.replace("best: 1", "best: 0.5"), encoding="utf-8")
    with pytest.raises(
        Blocked, match=r"house\.yml: house was published as version 1 .* --accept house; .*own\.yml"
    ):
        run(folder)
    told = run(folder, "closed_in_time_share", "house")
    assert [line.endswith("; accepted") for line in told[:2]] == [True, True]
    assert score(folder) == 100
