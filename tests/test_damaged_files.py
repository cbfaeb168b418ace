"""The road over what others break: markup in data, damaged files, what a kill leaves; by a small complaint log."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import Ended, policypulse
from polars.testing import assert_frame_equal
from test_whole_run import current, tables

PROJECT = """\
insurer: Bracket Life [/]
calendar: GB
as_of: 2025-06-30
months: 6
cuts: [company, org_unit]
index: {frameworks: []}
only: {tables: [kpi.monthly]}
pages: {written: false}
feeds:
  complaints:
    files: complaints.csv
    columns:
      complaint_id: id
      received_on: {column: received, format: "%Y-%m-%d"}
      closed_on: {column: closed, format: "%Y-%m-%d"}
      outcome: {column: outcome, codes: {up: upheld, no: not_upheld}}
      org_unit: branch
"""
BRANCHES = ("B001 [/closed]", "B002 [bold red]", ":warning: [link=x]")
UNITS_PER_MONTH = 12


def complaint_log(path: Path) -> None:
    """Twelve complaints a month and branch; the branch's name is one that rich would read as markup."""
    rows = [
        f"{branch} {month}-{i},2025-{month:02}-{1 + i:02},2025-{month:02}-{5 + i:02},{'up' if i % 3 else 'no'},{branch}"
        for branch in BRANCHES
        for month in range(1, 7)
        for i in range(UNITS_PER_MONTH)
    ]
    early = f"closed early,2025-06-20,2025-06-10,up,{BRANCHES[0]}"
    path.write_text("\n".join(["id,received,closed,outcome,branch", *rows, early]), encoding="utf-8")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A project, and its first run."""
    folder = tmp_path_factory.mktemp("brackets [bold]")
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    complaint_log(folder / "complaints.csv")
    return folder, policypulse("run", "--project", folder)


@pytest.fixture
def again(first: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A copy of the project as the first run left it."""
    folder = tmp_path / "project"
    shutil.copytree(first[0], folder, symlinks=True)
    return folder


def test_data_that_look_like_markup_are_shown_as_they_are_and_published_once(first):
    project, run = first
    assert run.status == 0, run.text
    assert "Traceback" not in run.text
    assert "Published:" in run.text
    noted = json.loads((project / "warehouse" / "published.json").read_text())
    assert noted["version"] == current(project).name
    assert "Nothing to do" in policypulse("run", "--project", project).text
    shown = policypulse("query", "SELECT DISTINCT org_unit FROM core.complaints", "--project", project)
    assert shown.status == 0
    assert all(branch in shown.text for branch in BRANCHES)
    wrong = policypulse("query", 'SELECT 1 FROM "[/closed]"', "--project", project)
    assert wrong.status == 2
    assert "[/closed]" in wrong.text


def test_damaged_files_are_set_aside_said_and_made_anew(again):
    """Every file that a run can make anew is damaged at once; the next run publishes what was published before."""
    before, warehouse = tables(current(again)), again / "warehouse"
    broken = [
        warehouse / "build.duckdb",
        warehouse / "published.json",
        *(warehouse / "dagster").rglob("runs.db"),
        *(warehouse / "dagster").rglob("index.db"),
        *(warehouse / "dagster").rglob("schedules.db"),
    ]
    assert len(broken) == 5
    for path in broken:
        path.write_bytes(b"{ damaged" * 2_000)
    (warehouse / "scratch" / "landing-killed").mkdir(parents=True)
    (warehouse / "scratch" / "landing-killed" / "clear.csv").write_text("11010119900307123X")
    for half in ("raw.partial.wal", "versions/20250101T000000000000Z.partial"):
        (warehouse / half).write_text("half a file")
    (warehouse / "versions" / "20250101T000000000000Z.partial.wal").write_text("its log")
    run = policypulse("run", "--project", again)
    assert run.status == 0, run.text
    said = " ".join(run.text.split())
    for path in broken:
        assert len(list(path.parent.glob(f"{path.name}.damaged-*"))) == 1
        assert f"{path.name}.damaged-" in said
    after = tables(current(again))
    assert before.keys() == after.keys()
    for name, frame in before.items():
        if not name.startswith("catalog."):
            assert_frame_equal(frame, after[name])
    assert not (warehouse / "scratch").exists()
    assert not list(warehouse.rglob("*.partial*"))
    assert "Nothing to do" in policypulse("run", "--project", again).text


def test_damage_that_shows_on_the_way_costs_a_second_attempt_only(again):
    build = again / "warehouse" / "build.duckdb"
    with duckdb.connect(str(build)) as con:
        ((start,),) = con.execute(
            "SELECT min(block_id) FROM pragma_storage_info('catalog.checks') WHERE block_id >= 0"
        ).fetchall()
    content = bytearray(build.read_bytes())
    block = 262_144
    place = 3 * 4_096 + start * block
    content[place : place + block] = b"\xff" * block
    build.write_bytes(content)
    (again / "warehouse" / "published.json").unlink()
    run = policypulse("run", "--project", again)
    assert run.status == 0, run.text
    assert run.text.count("could not be read") == 1
    assert len(list(build.parent.glob("build.duckdb.damaged-*"))) == 1


def test_after_a_rollback_the_next_run_does_not_take_the_old_version_for_the_newest(again):
    before = current(again)
    with (again / "complaints.csv").open("a", encoding="utf-8") as file:
        file.write(f"\none more,2025-06-28,2025-06-29,up,{BRANCHES[1]}")
    assert policypulse("run", "--project", again).status == 0
    second = current(again)
    back = policypulse("rollback", "--project", again)
    assert back.status == 0, back.text
    assert current(again) == before
    assert before.name in back.text
    assert second.name in back.text
    assert "The next run publishes anew" in back.text
    run = policypulse("run", "--project", again)
    assert run.status == 0, run.text
    assert "Nothing to do" not in run.text
    assert current(again).name > second.name
