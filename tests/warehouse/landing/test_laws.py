"""A file lands whole or not at all, and its content once; the tables of raw follow the contracts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import yaml

from warehouse.contract import contracts
from warehouse.landing import land_arrival
from warehouse.landing.loads import Load
from warehouse.landing.raw_tables import create_raw

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

CSV = "ID,RECEIVED,MATTER\n1,2025-01-05,claims\n2,2025-01-06,sales\n"
MAPPING = """
complaints:
  - files: "*.csv"
    max_reject_share: 0.5
    columns: {complaint_id: ID, received_on: RECEIVED, category: MATTER}
"""


def test_landing_twice_adds_nothing(zone: Zone) -> None:
    path = zone.write("c.csv", CSV)
    (load,) = zone.land(MAPPING)
    assert isinstance(load, Load)
    assert zone.land() == []
    assert zone.pending() == []
    os.utime(path, ns=(1, 1))
    assert zone.pending() == []
    assert zone.rows("SELECT mtime_ns FROM raw.files") == [(1,)]
    path.rename(zone.folder / "renamed.csv")
    assert zone.land() == []
    assert zone.rows("SELECT count(*), count(DISTINCT _load_id) FROM raw.complaints") == [(2, 1)]
    assert zone.rows("SELECT load_id, feed, file, rows_landed FROM raw.loads") == [
        (1, "complaints", "c.csv", 2)
    ]


@pytest.mark.parametrize("way", ["written over", "put in its place"])
def test_a_file_replaced_by_one_of_the_same_size_and_time_is_new(zone: Zone, way: str) -> None:
    path = zone.write("c.csv", CSV)
    zone.land(MAPPING)
    before = path.stat()
    other = CSV.replace("1", "2", 1)
    if way == "written over":
        path.write_text(other, encoding="utf-8")
    else:
        following = path.with_suffix(".next")
        following.write_text(other, encoding="utf-8")
        following.replace(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert len(zone.land()) == 1


def test_two_files_of_one_content_land_once(zone: Zone) -> None:
    zone.write("a.csv", CSV)
    zone.write("b.csv", CSV)
    assert [load.file for load in zone.land(MAPPING)] == ["a.csv"]
    assert zone.pending() == []


def test_a_corrected_file_lands_beside_the_first(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    zone.land(MAPPING)
    zone.write("c.csv", CSV.replace("sales", "surrender"))
    assert zone.pending() == ["c.csv"]
    (load,) = zone.land()
    assert load.load_id == 2
    latest = (
        "SELECT arg_max(category, _load_id) FROM raw.complaints GROUP BY complaint_id ORDER BY complaint_id"
    )
    assert zone.rows(latest) == [("claims",), ("surrender",)]


def test_a_changed_mapping_reads_the_file_anew_and_replaces_its_rows(zone: Zone) -> None:
    zone.write("c.csv", CSV.replace("2025-01-06", "broken"))
    zone.land(MAPPING)
    (load,) = zone.land(MAPPING.replace("category: MATTER", "region: MATTER"))
    assert zone.rows("SELECT complaint_id, category, region, _load_id FROM raw.complaints") == [
        ("1", None, "claims", load.load_id)
    ]
    assert zone.rows("SELECT count(*) FROM raw.loads") == [(1,)]
    assert zone.rows("SELECT _load_id, line FROM raw.rejects") == [(load.load_id, 3)]


def test_two_mappings_may_read_one_file(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    half = yaml.safe_load(MAPPING)["complaints"][0]
    feeds = {"complaints": [half | {"where": "ID = '1'"}, half | {"where": "ID = '2'"}]}
    assert [load.rows_landed for load in zone.land(yaml.safe_dump(feeds))] == [1, 1]
    assert zone.land() == []
    assert zone.rows("SELECT count(*) FROM raw.complaints") == [(2,)]


def test_a_crash_leaves_nothing_behind(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone.write("c.csv", CSV + "3,broken,\n")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(land_arrival, "note_file", crash)
        with pytest.raises(KeyboardInterrupt):
            zone.land(MAPPING)
    for table in ("complaints", "rejects", "loads", "files"):
        assert zone.rows(f"SELECT count(*) FROM raw.{table}") == [(0,)]
    (load,) = zone.land()
    assert (load.rows_landed, load.rows_rejected) == (2, 1)
    assert zone.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'temp'") == []


def test_a_file_that_changes_while_it_is_read_does_not_land(
    zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zone.write("c.csv", CSV)
    counted = land_arrival.load_id_of

    def grow(*arguments: object) -> int | None:
        path.write_text(CSV + "3,2025-01-07,late\n")
        return counted(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(land_arrival, "load_id_of", grow)
        assert "changed while it was being read" in zone.problem(MAPPING)
    assert zone.rows("SELECT count(*) FROM raw.complaints") == [(0,)]
    assert zone.land()[0].rows_landed == 3


def test_raw_has_a_table_for_every_contract(zone: Zone) -> None:
    create_raw(zone.con)
    create_raw(zone.con)
    for feed, contract in contracts().items():
        columns = [row[0] for row in zone.rows(f"DESCRIBE raw.{feed}")]
        assert columns == [*contract.columns, "_load_id", "_line", "_last_load_id"]
        assert zone.rows(f"SELECT count(*) FROM raw.{feed}") == [(0,)]
    (described,) = zone.rows(
        "SELECT comment FROM duckdb_columns() WHERE database_name = 'raw'"
        " AND table_name = 'claim_events' AND column_name = 'claim_id'"
    )
    assert described == ("The claim the event belongs to.",)


def test_a_contract_that_gains_a_column_keeps_what_was_landed(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    zone.land(MAPPING)
    zone.con.execute("ALTER TABLE raw.complaints DROP COLUMN region")
    create_raw(zone.con)
    assert zone.rows("SELECT count(*), count(region) FROM raw.complaints") == [(2, 0)]
    zone.con.execute("ALTER TABLE raw.complaints ALTER category TYPE INTEGER USING NULL")
    with pytest.raises(ValueError, match=r"raw\.complaints\.category is stored as INTEGER"):
        create_raw(zone.con)
