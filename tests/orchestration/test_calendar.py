"""The working calendar of a run: official days, those of the calendar feed, and days that nobody knows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from conftest import policypulse

from expectations.run import run_checks
from expectations.suites import checks
from orchestration.build import CalendarGap, Run, make, open_session
from orchestration.models import models
from orchestration.project import read_project, verify
from orchestration.project_check import problems
from transforms.periods import months_until
from warehouse.folder import Folder
from warehouse.landing.land import land
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

PROJECT = """
insurer: Example
time_zone: Asia/Shanghai
calendar: CN
months: 3
warehouse: warehouse
index: {frameworks: []}
complaints: {unclassified: simple}
feeds:
  complaints:
    - files: complaints.csv
      columns: {complaint_id: CASE, received_on: RECEIVED, closed_on: CLOSED}
"""
FEED = """
  calendar:
    - files: holidays_*.csv
      columns:
        date: {column: DAY, format: "%d.%m.%Y"}
        is_workday: {column: KIND, codes: {work: "true", rest: "false"}}
"""
NEW_YEAR = ["01.01.2027;rest", "02.01.2027;rest", "03.01.2027;rest", "04.01.2027;work", "05.01.2027;work"]


def project(folder: Path, complaints: Sequence[str], holidays: Sequence[str] = (), more: str = "") -> Path:
    """A project folder with complaints (`received,closed`) and, if there are any, days of the calendar feed."""
    rows = [f"K{i},{days}" for i, days in enumerate(complaints)]
    (folder / "complaints.csv").write_text("\n".join(["CASE,RECEIVED,CLOSED", *rows]) + "\n")
    if holidays:
        (folder / "holidays_2027.csv").write_text("\n".join(["DAY;KIND", *holidays]) + "\n")
    (folder / "policypulse.yml").write_text(PROJECT + (FEED if holidays else "") + more)
    return folder


@contextmanager
def warehouse(folder: Path, as_of: date) -> Iterator[tuple[Store, Run]]:
    """The open warehouse of a project with everything landed through its mapping."""
    found = read_project(folder)
    verify(found)
    run = Run(as_of, found.settings, tuple(months_until(as_of, found.settings.months)))
    with Store(Folder(found.warehouse)) as store:
        create_raw(store.con)
        open_session(store, run, models())
        land(store.con, found.feeds, folder=found.data, time_zone=run.settings.time_zone)
        yield store, run


def due_days(folder: Path, as_of: date) -> list[date]:
    with warehouse(folder, as_of) as (store, run):
        make(store, models()["core.complaints"], run, models())
        return store.query("SELECT due_on FROM core.complaints ORDER BY complaint_id")["due_on"].to_list()


def test_days_of_the_feed_win_over_the_official_ones(tmp_path: Path):
    """15 days from 2025-09-20 end in the holiday; the first working day after it is given as a day of rest."""
    complaints = ["2025-09-20,"]
    assert due_days(project(tmp_path, complaints), date(2025, 12, 1)) == [date(2025, 10, 9)]
    given = project(tmp_path, complaints, ["09.10.2025;rest"])
    assert due_days(given, date(2025, 12, 1)) == [date(2025, 10, 10)]
    # A day of work within the holiday ends it there.
    (tmp_path / "holidays_2028.csv").write_text("DAY;KIND\n06.10.2025;work\n")
    assert due_days(given, date(2025, 12, 1)) == [date(2025, 10, 6)]


def test_a_term_that_ends_after_the_known_years_is_provisional_and_said_to_be(tmp_path: Path):
    """Every night of December 2026 is computed; 15 days from the 17th end on New Year's Day, still unknown."""
    as_of, complaints = date(2026, 12, 20), ["2026-12-17,"]
    assert due_days(project(tmp_path, complaints), as_of) == [date(2027, 1, 1)]
    check = next(c for c in checks() if c.name == "complaints_due_on_known_days")
    with warehouse(tmp_path, as_of) as (store, run):
        make(store, models()["core.complaints"], run, models())
        (result,) = run_checks(store.con, [check])
    assert not result.passed
    assert not check.blocking
    assert result.examples == ("year=2027, complaints=1, first_day=2027-01-01, last_day=2027-01-01",)
    given = project(tmp_path, complaints, NEW_YEAR)
    assert due_days(given, as_of) == [date(2027, 1, 4)]
    with warehouse(given, as_of) as (store, run):
        make(store, models()["core.complaints"], run, models())
        (result,) = run_checks(store.con, [check])
    assert result.passed


def test_days_up_to_the_as_of_day_that_nobody_knows_stop_the_run(tmp_path: Path):
    as_of, complaints = date(2027, 1, 5), ["2026-12-17,"]
    with pytest.raises(
        CalendarGap, match=r"CN from 2026-11-01 .*5 of these days \(2027-01-01 to 2027-01-05\)"
    ):
        due_days(project(tmp_path, complaints), as_of)
    # A part of them is not enough.
    with pytest.raises(CalendarGap, match=r"2 of these days \(2027-01-04 to 2027-01-05\)"):
        due_days(project(tmp_path, complaints, NEW_YEAR[:3]), as_of)
    (tmp_path / "holidays_more.csv").write_text("\n".join(["DAY;KIND", *NEW_YEAR[3:]]) + "\n")
    assert due_days(tmp_path, as_of) == [date(2027, 1, 4)]


def test_a_project_may_take_plain_weekdays_where_nothing_is_known(tmp_path: Path):
    folder = project(tmp_path, ["2026-12-17,"], more="calendar_gaps: weekdays\n")
    as_of = date(2027, 1, 5)
    assert due_days(folder, as_of) == [date(2027, 1, 1)]


def test_who_needs_no_working_day_is_not_stopped(tmp_path: Path):
    with warehouse(project(tmp_path, ["2026-12-17,"]), date(2027, 1, 5)) as (store, run):
        assert make(store, models()["core.claims"], run, models()).rows == 0


def test_the_command_says_which_days_are_missing_and_what_to_do(tmp_path: Path):
    """The official calendar begins in 2004; the third month before February 2004 is not in it."""
    folder = project(tmp_path, ["2004-01-12,"], more="as_of: 2004-02-15\n")
    said = policypulse("run", "--project", folder)
    assert said.status == 1, said.text
    text = " ".join(said.text.split())
    for words in (
        "core.complaints needs the working calendar of CN from 2003-12-01 to 2004-02-15",
        "31 of these days (2003-12-01 to 2003-12-31)",
        "package chinesecalendar: 2004 to 2026",
        "deliver these days in the calendar feed",
        "write `calendar_gaps: weekdays` in the project file",
    ):
        assert words in text, said.text


def test_an_unknown_country_is_found_by_the_check_of_the_project(tmp_path: Path):
    folder = project(tmp_path, ["2026-12-17,"])
    (folder / "policypulse.yml").write_text(PROJECT.replace("calendar: CN", "calendar: ZZ"))
    (problem,) = problems(read_project(folder))
    assert "calendar: no working calendar is known for 'ZZ'" in problem
