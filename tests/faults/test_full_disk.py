"""Wherever a disk becomes full, or may not be written, the run says so in a line, and the next one ends as it should.

Root has a small disk of its own mounted, which is filled at the place; for others no file may grow from there on.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import Nights
from tests.faults.evidence import (
    copied,
    found,
    left_behind,
    noted,
    seen,
)
from tests.faults.road import COMMAND, Ended, Full, Road

pytestmark = pytest.mark.faults
FULL = ("No space left on device", "File too large", "disk I/O error")
PLACES = {
    "opening": "warehouse.store:Store.__init__",
    "making databases": "warehouse.opening:opened_build",
    "making raw": "warehouse.landing.raw_tables:create_raw",
    "making up the history": "warehouse.history:make_up_history",
    "landing": "warehouse.landing.land:land",
    "staging a file": "warehouse.landing.land_arrival:_staged",
    "carrying rows over": "warehouse.landing.land_arrival:_carried_over",
    "noting a file": "warehouse.landing.arrivals:note_file",
    "opening the views": "orchestration.build:open_session",
    "making a table": "warehouse.store:Store.replace",
    "looking at a view": "warehouse.digests:Digests.look",
    "noting what was made": "warehouse.made:MadeTables.note",
    "keeping a state": "warehouse.state:State.keeping",
    "checking": "expectations.run:run_checks",
    "keeping checks": "orchestration.check_memory:CheckMemory.keep",
    "writing the history": "warehouse.history:write_history",
    "writing the catalogue": "warehouse.catalogue:write_catalogue",
    "compacting": "warehouse.compaction:compact",
    "copying": "warehouse.publish:publish",
    "changing the copy": "warehouse.opening:leave_out_unpublished",
    "swapping": "warehouse.publish:point_to",
    "keeping the history": "warehouse.history:keep_history",
    "noting the publication": "orchestration.fingerprint:remember",
    "measuring": "orchestration.metrics:write_metrics",
    "preparing Dagster": "orchestration.dagster_home:prepare_home",
    "tidying Dagster": "orchestration.past_runs:keep_in_order",
}
OF_DAGSTER = ("preparing Dagster", "tidying Dagster", "opening")


@contextmanager
def mounted(folder: Path) -> Iterator[bool]:
    """A disk of its own in a folder for a while, if one may be mounted."""
    size = ["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(folder)]
    is_own = bool(shutil.which("mount")) and subprocess.run(size, capture_output=True).returncode == 0
    try:
        yield is_own
    finally:
        if is_own:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass(frozen=True)
class Disk:
    """A disk that can be filled: by a file of its own, or where it is none by keeping all files small."""

    folder: Path
    ballast: Path | None

    def remount(self, how: str) -> None:
        """Have the disk of its own take no more writing (ro), or take it again (rw)."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)

    def run(self, road: Road, project: Path, full_since: str) -> Ended:
        """The command, with a disk that is full from a function on and has room again afterwards."""
        try:
            return road.run(project, COMMAND, full=Full(full_since, str(self.ballast or "")))
        finally:
            if self.ballast:
                self.ballast.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("disk")
    with mounted(folder) as is_own:
        yield Disk(folder, folder / "ballast" if is_own else None)


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_is_told_in_a_line_and_the_next_run_ends_as_it_should(
    nights: Nights, road: Road, disk: Disk, tmp_path: Path, request: pytest.FixtureRequest, place: str
):
    is_first = list(PLACES).index(place) % 3 == 2
    run = copied(nights.nothing if is_first else nights.delivery, disk.folder / place)
    request.addfinalizer(lambda: shutil.rmtree(run, ignore_errors=True))
    if not is_first and place not in OF_DAGSTER:
        # Dagster's log would fail as well, and be told of in the place of what is tried here.
        shutil.move(run / "warehouse" / "dagster", tmp_path / "dagster")
        (run / "warehouse" / "dagster").symlink_to(tmp_path / "dagster")
    before, after = (None, nights.first) if is_first else (nights.first["seen"], nights.second)
    ended = disk.run(road, run, PLACES[place])
    assert ended.calls == {PLACES[place]: 1}, "so far it came"
    assert "Traceback" not in ended.said
    assert any(sign in ended.said for sign in FULL)
    told = ended.said.count("make room on its disk and run again")
    # That a run could not be measured is a remark.
    assert told == 1 or (place == "measuring" and ended.status == told == 0), ended.said
    assert seen(run) in (before, after["seen"])
    again = road.run(run, COMMAND)
    assert again.status == 0, again.said
    assert found(run) == after
    assert noted(run) == after["history"]
    assert not left_behind(run)


@pytest.mark.parametrize("begins_with", ["nothing", "delivery"])
def test_a_disk_that_may_not_be_written_is_told_in_a_line_and_the_next_run_ends_as_it_should(
    nights: Nights, road: Road, disk: Disk, request: pytest.FixtureRequest, begins_with: str
):
    if disk.ballast is None:
        pytest.skip("no disk of its own could be mounted, which could be closed")
    is_first = begins_with == "nothing"
    run = copied(getattr(nights, begins_with), disk.folder / "closed")
    request.addfinalizer(lambda: shutil.rmtree(run, ignore_errors=True))
    disk.remount("ro")
    try:
        ended = road.run(run, COMMAND)
    finally:
        disk.remount("rw")
    assert ended.status
    assert "Traceback" not in ended.said
    closed = run if is_first else run / "warehouse"
    assert ended.said.strip() == f"{run / 'policypulse.yml'}: warehouse: you may not write into {closed}"
    assert seen(run) == (None if is_first else nights.first["seen"])
    assert road.run(run, COMMAND).status == 0
    assert found(run) == (nights.first if is_first else nights.second)
    assert not left_behind(run)


def test_a_run_needs_no_folder_for_what_is_temporary(nights: Nights, road: Road, tmp_path: Path):
    run = copied(nights.delivery, tmp_path / "project")
    ended = road.run(run, COMMAND, temporary="/nowhere")
    assert ended.status == 0, ended.said
    assert found(run) == nights.second
