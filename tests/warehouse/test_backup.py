"""A backup is whole or none, what is put back is what was there, and what is damaged is named with the way out."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from straight_into_raw import deliver

from warehouse.backup import NoBackup, back_up, read_backup, restore
from warehouse.folder import Folder, WarehouseBusy, locked
from warehouse.landing.raw_tables import create_raw
from warehouse.publish import current_version, publish
from warehouse.store import Store
from warehouse.verification import faults, feed_contents


def complaints(store: Store, load_id: int, rows: int) -> None:
    deliver(store, "complaints", f"SELECT 'C' || i AS complaint_id FROM range({rows}) t(i)", load_id=load_id)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A warehouse in which two loads landed and a version is published."""
    folder = Folder(tmp_path / "warehouse")
    with Store(folder) as store:
        create_raw(store.con)
        complaints(store, 1, 50_000)
        complaints(store, 2, 30)
        store.replace("core.claims", "SELECT range AS claim_id FROM range(50_000)")
        store.compact()
        publish(folder, keep_versions=2)
    return folder


def test_what_is_put_back_is_what_was_backed_up_and_what_stood_there_is_kept(folder, tmp_path):
    before = feed_contents(folder.raw)
    back_up(folder, tmp_path / "backup")
    with Store(folder) as store:
        complaints(store, 3, 5)
    later = feed_contents(folder.raw)
    assert later != before
    version = publish(folder, keep_versions=2)
    _, aside = restore(folder, tmp_path / "backup")
    assert feed_contents(folder.raw) == before == list(read_backup(tmp_path / "backup").feeds)
    assert [feed_contents(path) for path in aside] == [later]
    assert not folder.build.exists() and not folder.state.exists(), "they were made from another landing zone"
    assert current_version(folder) == version, "readers keep what they see"
    assert not list(faults(folder))


def test_a_lost_warehouse_comes_back_with_what_readers_saw(folder, tmp_path):
    before, seen = feed_contents(folder.raw), current_version(folder)
    back_up(folder, tmp_path / "backup")
    shutil.rmtree(folder.path)
    restore(folder, tmp_path / "backup")
    assert (feed_contents(folder.raw), current_version(folder)) == (before, seen)
    with Store(folder) as store:
        assert store.con.execute("SELECT count(*) FROM raw.complaints").fetchall() == [(50_030,)]


def test_what_a_killed_run_left_in_the_log_of_the_landing_zone_is_backed_up_and_not_put_back(
    folder, tmp_path
):
    def killed(load_id: int) -> None:
        """Land without a checkpoint, and leave file and log as they are at that instant."""
        with Store(folder) as store:
            store.con.execute("SET checkpoint_threshold = '1TB'")
            complaints(store, load_id, 7)
            copies = {path: path.read_bytes() for path in folder.path.glob("raw.duckdb*")}
        for path, content in copies.items():
            path.write_bytes(content)
        assert folder.raw.with_name("raw.duckdb.wal").exists()

    killed(3)
    back_up(folder, tmp_path / "backup")
    (feed,) = read_backup(tmp_path / "backup").feeds
    assert (feed.loads, feed.rows) == (3, 50_037)
    killed(4)
    _, aside = restore(folder, tmp_path / "backup")
    assert feed_contents(folder.raw) == [feed]
    assert len(aside) == 2


DAMAGE = {
    "raw.duckdb": "its SHA-256 is another",
    "backup.json": "cannot be read",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_backup_changes_nothing(folder, tmp_path, name):
    back_up(folder, tmp_path / "backup")
    before = feed_contents(folder.raw)
    path = tmp_path / "backup" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NoBackup, match=f"{DAMAGE[name]}.*use another backup"):
        restore(folder, tmp_path / "backup")
    assert feed_contents(folder.raw) == before
    assert folder.build.exists()


def test_a_backup_is_taken_of_a_quiet_warehouse_into_a_folder_of_its_own(folder, tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "mine").touch()
    with pytest.raises(NoBackup, match="name a new one"):
        back_up(folder, tmp_path / "backup")
    with locked(folder), pytest.raises(WarehouseBusy):
        back_up(folder, tmp_path / "other")
    assert {path.name for path in tmp_path.iterdir()} == {"warehouse", "backup"}


def flipped(path: Path) -> None:
    """Change a block that holds rows."""
    with duckdb.connect(str(path), read_only=True) as con:
        table = "core.claims" if "raw" not in path.name else "complaints"
        ((block,),) = con.execute(
            f"SELECT max(block_id) FROM pragma_storage_info('{table}') WHERE block_id >= 0"
        ).fetchall()
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    place = 3 * 4_096 + block * 262_144 + 1_000
    content[place] ^= 0xFF
    path.write_bytes(content)


def lose_rows(folder: Folder) -> None:
    with duckdb.connect(str(folder.raw)) as con:
        con.execute("DELETE FROM complaints WHERE _load_id = 2 AND _line = 7")


FAULTS: dict[str, tuple[Callable[[Folder], object], str]] = {
    "raw": (lambda folder: flipped(folder.raw), "raw.duckdb cannot be read .*: put back a backup"),
    "rows": (lose_rows, r"load 2 of complaints \(complaints.csv\) landed 30 rows, of which 29 are there"),
    "lost": (lambda folder: folder.raw.unlink(), "raw.duckdb is not there: .*restore DIR"),
    "seen": (lambda folder: flipped(folder.current.resolve()), "is damaged .*policypulse rollback"),
    "link": (lambda folder: folder.current.resolve().unlink(), "leads to .* which is not there"),
    "build": (lambda folder: flipped(folder.build), "build.duckdb is damaged .* makes it anew"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_damaged_or_lost_is_named_with_the_way_out(folder, fault):
    assert not list(faults(folder))
    harm, told = FAULTS[fault]
    harm(folder)
    (found,) = faults(folder)
    assert re.search(told, found), found
