"""A night reads the texts that came; what was learned stands still until the month turns or a text is corrected."""

import csv
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.launch import by_hand
from orchestration.project import read_project
from orchestration.remaking import Remade
from orchestration.session import opened
from warehouse.folder import Folder
from warehouse.store import Store

PROJECT = """
insurer: Example
index: {frameworks: []}
only: {tables: [core.text_readings]}
texts: {min_texts_per_class: 10, floor_macro_f1: 0.5}
feeds:
  texts:
    - files: "t*.csv"
      columns: {text_id: id, source: kind, written_on: day, text: text, label: label, recorded_at: seen}
  complaints:
    - files: "k*.csv"
      columns: {complaint_id: id, received_on: day, comment: text}
"""
LEARNED = (
    "core.taught_texts",
    "core.text_sayings",
    "core.text_models",
    "core.topic_texts",
    "core.text_topics",
)
READ = ("core.texts", "core.text_readings")
SAID = {"claims": "my claim {} has not been paid", "premium": "the premium of {} was collected twice"}
POST = "nobody has answered my letters about the surrender"
Row = tuple[str, ...]


def letter(number: int, day: date, label: str | None = None) -> Row:
    """A letter of one of two matters, sorted by a person as what it is or as said."""
    matter = list(SAID)[number % 2]
    text = SAID[matter].format("abcdefghijklmnopqrst"[number % 20] * 3 + "uvwxyz"[number // 20 % 6])
    return (f"T{number:04}", "email", str(day), text, label or matter, f"{day} 12:00:00")


def write(folder: Path, name: str, header: str, rows: Iterable[Row]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(), *rows])


def write_texts(folder: Path, number: int, *rows: Row) -> None:
    write(folder, f"t{number}", "id kind day text label seen", rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with letters of ten months."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    write_texts(folder, 1, *(letter(n, date(2025, 1 + n % 10, 7)) for n in range(120)))
    write(folder, "k1", "id day text", [("K1", "2025-10-20", "my agent promised a return")])
    return folder


def night(folder: Path, day: date) -> dict[str, Remade]:
    """What was made of each table."""
    project = read_project(folder)
    with opened(by_hand(project, day), lambda told: None) as session:
        session.land(project.contracts)
        for table in session.tables:
            session.make(table)
        return dict(session.remade)


def read(folder: Path, table: str) -> pl.DataFrame:
    with Store(Folder(folder / "warehouse")) as store:
        return store.read(table)


def assert_as_rebuilt(folder: Path, day: date) -> None:
    found = {table: read(folder, table) for table in (*READ, *LEARNED, "core.repeated_complaints")}
    again = folder.with_name("again")
    shutil.copytree(folder, again, ignore=shutil.ignore_patterns("warehouse"))
    night(again, day)
    for table, rows in found.items():
        assert rows.height, table
        assert_frame_equal(rows, read(again, table), check_row_order=False)
    shutil.rmtree(again)


def test_what_was_learned_stands_still_and_texts_are_read_as_they_come(folder: Path) -> None:
    night(folder, date(2025, 11, 4))
    assert read(folder, "core.text_models")["status"].unique().to_list() == ["published"]

    # A letter that nobody sorted, one of last month that comes late, and a post that repeats a complaint.
    new = ("N1", "email", "2025-11-05", "my claim zzz has not been paid", "", "2025-11-05 12:00:00")
    post = ("N2", "platform", "2025-11-05", f"{POST}!", "", "2025-11-05 12:00:00")
    late = ("N3", *letter(7, date(2025, 10, 30))[1:5], "2025-11-05 12:00:00")
    write_texts(folder, 2, new, late, post)
    write(folder, "k2", "id day text", [("K2", "2025-11-05", POST), ("A2", "2025-12-01", POST)])
    made = night(folder, date(2025, 11, 5))
    assert not any(made[table].is_changed for table in LEARNED)
    assert [made[table].rows_changed for table in READ] == [4, 4]
    read_as = read(folder, "core.text_readings").filter(pl.col("text_id") == "N1")
    assert read_as["category"].to_list() == ["claims"]
    repeats = read(folder, "core.texts").drop_nulls("repeats_complaint_id")
    assert repeats.select("text_id", "repeats_complaint_id").rows() == [("N2", "K2")]
    assert_as_rebuilt(folder, date(2025, 11, 5))

    # A label of October is corrected.
    corrected = letter(9, date(2025, 10, 7), label="claims")
    write_texts(folder, 3, (*corrected[:5], "2025-11-06 12:00:00"))
    made = night(folder, date(2025, 11, 6))
    assert made["core.taught_texts"].is_changed
    assert not made["core.topic_texts"].is_changed
    assert not made["core.repeated_complaints"].is_changed
    assert made["core.texts"].rows_changed == 1
    assert made["core.text_readings"].rows_changed is None
    assert_as_rebuilt(folder, date(2025, 11, 6))

    # The month turns, and what came in it is learned from; a complaint that was dated ahead is known now.
    made = night(folder, date(2025, 12, 1))
    assert made["core.topic_texts"].is_changed
    assert made["core.texts"].rows_changed == 2
    repeats = read(folder, "core.texts").drop_nulls("repeats_complaint_id")
    assert repeats["repeats_complaint_id"].to_list() == ["A2"]
    assert_as_rebuilt(folder, date(2025, 12, 1))
