"""The rejected rows of a file are shown with their reasons, and written out so that they land once they are mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from warehouse.contract import contracts
from warehouse.landing.errors import LandingError
from warehouse.landing.mapping import FeedSource
from warehouse.landing.rereading import readers_of, rejected_rows, write_records

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warehouse.landing.conftest import Zone

MAPPING = """
complaints:
  - files: "*.csv"
    csv: {encoding: gbk, skip: 1}
    max_reject_share: 0.9
    columns: {complaint_id: 编号, received_on: 日期, comment: 内容, customer_id: 客户}
"""
TEXT = """投诉登记
编号,日期,客户,内容
1,2025-01-05,W1,好
2,05.01.2025,W2,"第一行
第二行, 13800138000"
3,2025-01-07,W3,好
4,2025-01-08"""


def sources() -> dict[str, list[FeedSource]]:
    return {
        "complaints": [FeedSource.model_validate(entry) for entry in yaml.safe_load(MAPPING)["complaints"]]
    }


def test_rejected_rows_are_shown_mended_and_landed(zone: Zone, tmp_path: Path) -> None:
    path = zone.write("c.csv", TEXT.encode("gbk"), age_days=2)
    zone.land(MAPPING)
    found, readers = readers_of("c.csv", sources(), zone.folder)
    assert (found, [feed for feed, _ in readers]) == (path, ["complaints"])
    rows = rejected_rows(found, readers, contracts(), folder=zone.folder, time_zone="Asia/Shanghai")
    assert rows.rows() == [
        ("complaints", 4, "received_on", "not a date (YYYY-MM-DD): '05.01.2025'",
         '{"编号":"2","日期":"05.01.2025","客户":"***","内容":"第一行\\n第二行, [number]"}'),
        ("complaints", 7, "客户", "too few columns: 2 instead of 4", "9,9999-99-99"),
    ]  # fmt: skip
    out = tmp_path / "mended.csv"
    assert write_records(path, readers[0][1], rows["line"].to_list(), out) == 2
    written = out.read_bytes().decode("gbk")
    assert written == "".join(TEXT.splitlines(keepends=True)[i] for i in (0, 1, 3, 4, 6)) + "\n"
    zone.write(
        "mended.csv",
        written.replace("05.01.2025", "2025-01-05").replace("4,2025-01-08", "4,2025-01-08,,").encode("gbk"),
    )
    (load,) = zone.land()
    assert (load.file, load.rows_landed, load.rows_rejected) == ("mended.csv", 2, 0)
    assert zone.rows("SELECT count(DISTINCT complaint_id) FROM raw.complaints") == [(4,)]


def test_a_file_that_is_refused_as_a_whole_shows_its_rows_too(zone: Zone) -> None:
    zone.write("c.csv", TEXT.replace("2025-", "x").encode("gbk"), age_days=2)
    assert "4 of 4 rows break the contract" in zone.problem(MAPPING)
    rows = rejected_rows(
        *readers_of("c.csv", sources(), zone.folder), contracts(), folder=zone.folder, time_zone="UTC"
    )
    assert rows["line"].to_list() == [3, 4, 6, 7]


def test_what_cannot_be_shown_is_said(zone: Zone, tmp_path: Path) -> None:
    path = zone.write("c.csv", TEXT.encode("gbk"))
    with pytest.raises(ValueError, match=r"no feed of the project file reads a file d\.csv"):
        readers_of("d.csv", sources(), zone.folder)
    with pytest.raises(LandingError, match="waits for its end"):
        rejected_rows(
            *readers_of("c.csv", sources(), zone.folder), contracts(), folder=zone.folder, time_zone="UTC"
        )
    sheet = FeedSource.model_validate({"files": "c.xlsx"})
    with pytest.raises(ValueError, match="is not a text file; mend its rows in place"):
        write_records(zone.folder / "c.xlsx", sheet, [2], tmp_path / "out.csv")
    with pytest.raises(ValueError, match="is there already"):
        write_records(path, sources()["complaints"][0], [2], path)
