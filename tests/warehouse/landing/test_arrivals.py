"""Which files are found, passed over, or left for the next time because they may still be written."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from warehouse.landing.errors import LandingError
from warehouse.landing.mapping import FeedSource, matching_files, passed_over_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warehouse.landing.conftest import Zone

MAPPING = """
complaints:
  - files: "{files}"
    max_reject_share: 1
    columns: {{complaint_id: id, received_on: day, category: matter}}
"""
ROWS = "id,day,matter\n1,2025-01-05,a\n2,2025-01-06,b"
NAMES = (
    "a.csv", "B.CSV", "c.Csv.GZ", "d.txt", "._a.csv", ".hidden.csv", "~$e.csv", "f.csv~", "g.csv.part", "h.csv.tmp",
)  # fmt: skip


def found(folder: Path, *patterns: str) -> tuple[list[str], list[str]]:
    source = FeedSource(files=patterns)
    kept, passed_over = matching_files(source, folder), passed_over_files(source, folder)
    return [str(path.relative_to(folder)) for path in kept], [path.name for path in passed_over]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in (*NAMES, "deep/i.csv", "deep/er/j.CSV"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "kept", "passed_over"),
    [
        (["*.csv"], ["B.CSV", "a.csv", "c.Csv.GZ"], ["._a.csv", ".hidden.csv", "~$e.csv"]),
        (["*"], ["B.CSV", "a.csv", "c.Csv.GZ", "d.txt"],
         ["._a.csv", ".hidden.csv", "f.csv~", "g.csv.part", "h.csv.tmp", "~$e.csv"]),
        (["[AB].csv"], ["B.CSV", "a.csv"], []),
        (["**/*.csv"], ["B.CSV", "a.csv", "c.Csv.GZ", "deep/er/j.CSV", "deep/i.csv"],
         ["._a.csv", ".hidden.csv", "~$e.csv"]),
        (["deep/*/*.csv"], ["deep/er/j.CSV"], []),
        # What is named without a pattern is meant as it stands.
        (["~$e.csv", "a.csv", "A.csv"], ["a.csv", "~$e.csv"], []),
    ],
)  # fmt: skip
def test_what_a_pattern_finds(
    patterns: list[str], kept: list[str], passed_over: list[str], folder: Path
) -> None:
    assert found(folder, *patterns) == (kept, sorted(passed_over))


def test_what_is_passed_over_is_told(zone: Zone) -> None:
    zone.write("._c.csv", b"\x00\x05\x16\x07")
    zone.write("C.CSV.GZ", gzip.compress(ROWS.encode()))
    (load,) = zone.land(MAPPING.format(files="*.csv"))
    assert (load.file, load.rows_landed) == ("C.CSV.GZ", 2)
    assert zone.noticed == ["complaints: passed over as hidden or temporary: ._c.csv"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("c.csv", ROWS + "\n3,2025-01", "its last line, 4, breaks off (too few columns: 2 instead of 3)"),
        ("c.csv", ROWS + '\n3,2025-01-07,"a', "its last line, 4, breaks off (a quote is not closed)"),
        ("c.csv", ROWS + '\n3,2025-01-07,"a\nb', "a quote is opened near line 4 and not closed"),
        ("c.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:-9], "it is compressed and its end is missing"),
        ("c.ndjson", '{"id": 1, "day": "2025-01-05", "matter": "a"}\n{"id": 2, "da', "line, 2, breaks off (not valid"),
    ],
)  # fmt: skip
def test_a_file_without_its_end_waits_until_it_is_whole(
    name: str, content: str | bytes, told: str, zone: Zone
) -> None:
    zone.write(name, content)
    zone.write("other.csv", ROWS.replace("1,", "9,"))
    mapping = (
        MAPPING.format(files="*")
        if "json" not in name
        else MAPPING.format(files="*").replace("*", "c.ndjson")
    )
    loads = zone.land(mapping)
    assert name not in [load.file for load in loads]
    assert len(zone.waiting) == 1
    assert told in zone.waiting[0]
    assert zone.pending() == [name]
    whole = {"c.csv.gz": gzip.compress(ROWS.encode())}.get(name, content)
    if whole != content:
        zone.write(name, whole)
        assert [load.file for load in zone.land()] == [name]


def test_a_file_that_has_lacked_its_end_for_days_is_taken_as_it_is(zone: Zone) -> None:
    """A line is rejected; an open quote, which may hide any number of rows, stops the file."""
    zone.write("c.csv", ROWS + "\n3,2025-01", age_days=2)
    (load,) = zone.land(MAPPING.format(files="c.csv"))
    assert (load.rows_landed, load.rows_rejected) == (2, 1)
    zone.write("d.csv", ROWS + '\n3,2025-01-07,"a\nb', age_days=2)
    with pytest.raises(LandingError, match="not closed"):
        zone.land(MAPPING.format(files="d.csv"))


@pytest.mark.parametrize("last", ["3,2025-01-07,c", "3,2025-01-07,", '3,2025-01-07,"a,b"', "3,x,c"])
def test_a_whole_last_line_needs_no_line_break(last: str, zone: Zone) -> None:
    zone.write("c.csv", f"{ROWS}\n{last}")
    (load,) = zone.land(MAPPING.format(files="c.csv"))
    assert load.rows_read == 3
    assert zone.waiting == []


def test_a_file_changed_a_moment_ago_waits_where_asked(zone: Zone) -> None:
    zone.settle_seconds = 60
    zone.write("c.csv", ROWS)
    assert zone.land(MAPPING.format(files="c.csv")) == []
    assert zone.waiting == ["complaints: c.csv waits: changed less than 60 s ago"]
    zone.write("c.csv", ROWS, age_days=0.001)
    assert [load.rows_landed for load in zone.land()] == [2]
