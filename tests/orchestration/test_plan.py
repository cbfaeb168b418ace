"""What a run would do is said beforehand, and the warehouse is as it was."""

from datetime import timedelta

import pytest

from orchestration.commands.plan import planned
from orchestration.launch import by_hand
from orchestration.project import read_project
from orchestration.session import opened
from tests.orchestration.test_remaking import DAY, folder, stamps, write

__all__ = ["folder"]


@pytest.fixture
def published(folder):
    """The project after a publication."""
    project = read_project(folder)
    with opened(by_hand(project, DAY), lambda told: None) as session:
        session.land(project.contracts)
        for table in session.tables:
            session.make(table)
        session.check([*session.tables, *(f"raw.{feed}" for feed in project.contracts)])
        session.publish()
    return folder


def plan(folder, days: int = 0) -> list[str]:
    return list(planned(by_hand(read_project(folder), DAY + timedelta(days))))


def test_nothing_new(published):
    before = stamps(published)
    assert plan(published, days=1) == [
        "No new files.",
        "Nothing is made anew.",
        "  as they are: 3 of 3 tables",
        "Published records that would change:",
        "  none",
    ]
    assert stamps(published) == before


def test_a_file_and_a_setting(published):
    before = stamps(published)
    write(published, 2, "C7,2025-01-02,2025-01-09,sales", "C900,2025-06-02,,sales")
    assert plan(published)[:5] == [
        "New files:",
        "  complaints: c2.csv, 2 rows, of which 1 are new, 1 correct others and 0 would be rejected",
        "Made anew:",
        "  core.complaints: 2 of 301 rows",
        "  whole, since what it is made from has changed: marts.complaints_by_category",
    ]
    write(published, 2, "C900,2025-06-02,,sales", mis_selling="claims")
    assert "  whole, since its code or settings have changed: core.complaints" in plan(published)
    assert stamps(published) == before
    assert not list((published / "warehouse").glob("plan-*"))
