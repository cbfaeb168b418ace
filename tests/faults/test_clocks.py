"""Whatever the clock does, between two runs or within one, readers see what they should and no history is lost."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.faults.conftest import Nights
from tests.faults.evidence import copied, found, left_behind, noted, second_delivery, seen, warehouse
from tests.faults.road import COMMAND, Road

pytestmark = pytest.mark.faults
CLOCKS = {
    "a month behind": (timedelta(days=-31), timedelta()),
    # Further ahead, texts of rejected rows would be kept no longer.
    "two months ahead": (timedelta(days=60), timedelta()),
    "an hour further at each look": (timedelta(), timedelta(hours=1)),
    "a minute back at each look": (timedelta(), timedelta(minutes=-1)),
}
FLOATING = ("as_of: 2025-06-30\n", "time_zone: Europe/London\n")


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("night", ["first", "second"])
def test_a_clock_that_is_wrong_for_a_night_changes_nothing(
    nights: Nights, road: Road, tmp_path: Path, night: str, clock: str
):
    off, jump = CLOCKS[clock]
    wrong = {"clock": (datetime.now(UTC) + off).isoformat(), "jumps_seconds": jump.total_seconds()}
    run = copied(nights.nothing if night == "first" else nights.delivery, tmp_path / "project")
    ended = road.run(run, COMMAND, **wrong)
    assert ended.status == 0, ended.said
    if night == "first":
        assert found(run) == nights.first
        second_delivery(run)
        ended = road.run(run, COMMAND)
        assert ended.status == 0, ended.said
    assert found(run) == nights.second
    assert noted(run) == nights.second["history"]
    assert not left_behind(run)
    assert "Nothing to do" in road.run(run, COMMAND).said


def test_a_run_over_midnight_is_of_the_day_that_it_began_with(nights: Nights, road: Road, tmp_path: Path):
    run = copied(nights.nothing, tmp_path / "project")
    file = run / "policypulse.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(*FLOATING), encoding="utf-8")
    # Ten seconds before midnight in London.
    ended = road.run(run, COMMAND, clock="2025-06-30T22:59:50+00:00", jumps_seconds=5)
    assert ended.status == 0, ended.said
    with duckdb.connect(str(warehouse(run).current.resolve()), read_only=True) as con:
        assert con.execute("SELECT DISTINCT as_of FROM kpi.monthly").fetchall() == [(date(2025, 6, 29),)]
    ended = road.run(run, COMMAND, clock="2025-07-01T02:00:00+00:00")
    assert ended.status == 0, ended.said
    assert seen(run) == nights.first["seen"]
