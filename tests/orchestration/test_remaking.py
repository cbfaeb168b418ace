"""What is due of a table is made, no more and no less: keys that changed, the whole where nobody knows, or nothing."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.launch import by_hand
from orchestration.project import read_project
from orchestration.remaking import NotAsRebuilt
from orchestration.session import opened
from warehouse.folder import Folder
from warehouse.store import Store

PROJECT = """
insurer: Example
index: {{frameworks: []}}
only: {{tables: [core.complaints, marts.complaints_by_category]}}
complaints: {{mis_selling: [{mis_selling}]}}
feeds:
  complaints:
    - files: "c*.csv"
      columns: {{complaint_id: id, received_on: day, closed_on: end, category: why}}
"""
DAY = date(2025, 6, 2)


def write(folder: Path, number: int, *rows: str, mis_selling: str = "sales") -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"c{number}.csv").write_text("\n".join(["id,day,end,why", *rows, ""]))
    (folder / "policypulse.yml").write_text(PROJECT.format(mis_selling=mis_selling))


@pytest.fixture
def folder(tmp_path) -> Path:
    """A project whose first night has been: three hundred complaints, closed long ago."""
    folder = tmp_path / "project"
    write(folder, 1, *(f"C{number},2025-01-02,2025-01-03,sales" for number in range(300)))
    night(folder, DAY)
    return folder


def night(folder: Path, day: date) -> list[str]:
    """What was told of a night."""
    told: list[str] = []
    project = read_project(folder)
    with opened(by_hand(project, day), told.append) as session:
        session.land(project.contracts)
        for table in session.tables:
            session.make(table)
        told += session.made_whole()
    return told


def on_build(folder: Path, sql: str) -> list[tuple]:
    with Store(Folder(folder / "warehouse")) as store:
        return store.con.execute(sql).fetchall()


def counted(folder: Path, category: str) -> int:
    return on_build(folder, f"SELECT count(*) FROM core.complaints WHERE category = '{category}'")[0][0]


def stamps(folder: Path) -> dict[str, str]:
    return dict(on_build(folder, "SELECT table_name, stamp::VARCHAR FROM unpublished.changes"))


def test_a_night_makes_what_came_and_nothing_of_nothing(folder):
    first = stamps(folder)
    assert night(folder, DAY + timedelta(1)) == []
    assert stamps(folder) == first
    write(folder, 2, "C7,2025-01-02,2025-01-09,sales", "C900,2025-06-02,,sales")
    assert night(folder, DAY + timedelta(2)) == []
    assert counted(folder, "sales") == 301
    changed = {table for table, stamp in stamps(folder).items() if stamp != first[table]}
    assert changed == {"core.complaints", "marts.complaints_by_category"}
    # An open complaint grows older with the day.
    assert night(folder, DAY + timedelta(12)) == []
    found = on_build(folder, "SELECT age_days FROM core.complaints WHERE complaint_id = 'C900'")
    assert found == [(12,)]


def test_a_setting_makes_the_tables_whole_that_ask_for_it_and_is_told(folder):
    write(folder, 2, "C900,2025-06-02,,sales", mis_selling="claims")
    (told,) = night(folder, DAY)
    assert told == "Made whole, not by what changed: core.complaints (its code or settings have changed)"


def test_rows_that_are_not_what_a_rebuild_makes_are_found_and_the_next_run_mends_them(folder):
    on_build(folder, "UPDATE core.complaints SET category = 'planted'")
    write(folder, 2, "C900,2025-06-02,,sales")
    with pytest.raises(NotAsRebuilt, match=r"core\.complaints: .* as complaint_id C\d+, though nothing"):
        night(folder, DAY)
    assert counted(folder, "planted") == 300
    night(folder, DAY)
    assert counted(folder, "planted") == 0


def test_what_was_not_touched_is_not_made(folder):
    """All but the part that is looked at, of which there is none here."""
    part = DAY.toordinal() % 64
    on_build(
        folder, f"UPDATE core.complaints SET category = 'planted' WHERE hash(complaint_id) % 64 <> {part}"
    )
    write(folder, 2, "C900,2025-06-02,,sales")
    night(folder, DAY)
    assert 280 <= counted(folder, "planted") < 300
