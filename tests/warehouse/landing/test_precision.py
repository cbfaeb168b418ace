"""How exactly a timestamp is known, told by how the source writes it; and months written by another day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

EVENTS = """
claim_events:
  - files: "e.*"
    time_zone: {zone}
    columns:
      claim_id: "no"
      event: {{constant: reported}}
      event_at: {at}
"""
PRECISION = "SELECT event_precision FROM raw.claim_events ORDER BY _line"


def known(zone: Zone, rows: list[str], at: str = "t", time_zone: str = "Europe/Berlin") -> list[str | None]:
    zone.time_zone = time_zone
    lines = [f"C{number},{row}" for number, row in enumerate(rows)]
    zone.write("e.csv", "\n".join(["no,t", *lines]) + "\n")
    zone.land(EVENTS.format(zone=time_zone, at=at))
    return [row[0] for row in zone.rows(PRECISION)]


@pytest.mark.parametrize("at", ["t", '{column: t, format: ["%Y-%m-%d %H:%M", "%Y-%m-%d"]}'])
def test_a_day_beside_times_is_a_day(zone: Zone, at: str) -> None:
    assert known(zone, ["2025-05-01 10:00", "2025-05-02", "2025-05-03 00:00"], at) == [None, "day", None]


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        (["2025-05-01", "2025-05-02"], "t"),
        (["2025-05-01 00:00:00", "2025-05-02T00:00"], "t"),
        (["01.05.2025", "02.05.2025"], '{column: t, format: "%d.%m.%Y"}'),
        (["01.05.2025 00:00", "02.05.2025 00:00"], '{column: t, format: "%d.%m.%Y %H:%M"}'),
        (["2025-05-01", "2025-05-02"], '{sql: "CAST(t AS DATE)"}'),
        (["2025-05-01", "2025-05-02"], '{sql: "CAST(t AS TIMESTAMP)"}'),
    ],
)
def test_a_column_of_midnights_holds_days(zone: Zone, rows: list[str], at: str) -> None:
    assert known(zone, rows, at) == ["day", "day"]


def test_instants_with_an_offset_are_instants_even_at_midnight(zone: Zone) -> None:
    assert known(zone, ["2025-05-01T00:00:00Z", "2025-05-02T00:00:00Z"]) == [None, None]


@pytest.mark.parametrize(
    "at", ["t", '{column: t, format: "%Y-%m-%d %H:%M"}', '{sql: "CAST(t AS TIMESTAMP)"}']
)
def test_local_times_that_stand_twice_or_never_are_told(zone: Zone, at: str) -> None:
    times = [
        "2025-03-30 02:30",
        "2025-03-30 03:00",
        "2024-10-27 01:59",
        "2024-10-27 02:00",
        "2024-10-27 02:59",
    ]
    change = "clock_change"
    assert known(zone, [*times, "2024-10-27 03:00"], at) == [change, None, None, change, change, None]


def test_no_local_time_is_unsure_where_clocks_are_settled(zone: Zone) -> None:
    assert known(zone, ["2025-03-30 02:30", "2024-10-27 02:30"], time_zone="Asia/Shanghai") == [None, None]


def test_each_column_of_a_wide_record_has_its_own_precision(zone: Zone) -> None:
    pl.DataFrame(
        {
            "no": ["C1", "C2"],
            "rep": ["2025-05-01 10:00", "2025-05-01 00:00"],
            "dec": ["2025-05-01", "2025-05-03"],
        }
    ).write_csv(zone.folder / "e.csv")
    zone.land("""
claim_events:
  - files: e.csv
    columns: {claim_id: "no"}
    wide: {into: event, at: event_at, from: {reported: rep, decided: dec}}
""")
    assert zone.rows("SELECT claim_id, event, event_precision FROM raw.claim_events ORDER BY 1, 2") == [
        ("C1", "decided", "day"), ("C1", "reported", None), ("C2", "decided", "day"), ("C2", "reported", None),
    ]  # fmt: skip


def test_a_day_stays_the_day_of_the_source_in_the_business_zone(zone: Zone) -> None:
    """Midnight in Shanghai is the evening before in Amsterdam; a day is the same day everywhere."""
    zone.time_zone = "Europe/Amsterdam"
    zone.write("e.csv", "no,t\nC1,2025-05-01\nC2,2025-05-02 07:00:00\n")
    zone.land(EVENTS.format(zone="Asia/Shanghai", at="t"))
    local = "SELECT timezone('Europe/Amsterdam', event_at)::VARCHAR FROM raw.claim_events ORDER BY _line"
    assert [row[0] for row in zone.rows(local)] == ["2025-05-01 00:00:00", "2025-05-02 01:00:00"]


def test_the_source_may_say_itself_how_exactly_it_knows(zone: Zone) -> None:
    zone.write("e.csv", "no,t\nC1,2025-05-01 10:00:00\n")
    zone.land(EVENTS.format(zone="UTC", at="t") + "      event_precision: {constant: day}\n")
    assert zone.rows(PRECISION) == [("day",)]


def test_a_month_written_by_its_last_day_is_refused_with_the_way(zone: Zone) -> None:
    zone.write("x.csv", "m,p\n2025-04-01,5\n2025-05-31,6\n")
    mapping = "exposures:\n  - files: x.csv\n    columns: {month: m, policies: p}\n"
    told = zone.problem(mapping)
    assert "month" in told and "write its first day, 2025-05-01" in told and "'2025-05-31'" in told
    zone.write("x.csv", "m,p\n2025-04-01,5\n2025-05-01,6\n")
    zone.land(mapping)
    assert zone.rows("SELECT count(*) FROM raw.exposures") == [(2,)]
