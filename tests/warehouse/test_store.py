"""The store of a run: damaged files are set aside or refused, and nothing written on the way is left behind."""

import os
import random
import stat
import subprocess
import sys

import duckdb
import pytest
from conftest import ROOT

from warehouse.folder import Folder, WarehouseBusy
from warehouse.opening import LandingZoneDamaged
from warehouse.store import BuildDamaged, Store


def filled(path):
    """A folder whose build and landing zone hold a table of a few blocks each."""
    folder = Folder(path)
    with Store(folder) as store:
        for table in ("core.claims", "raw.main.claim_events"):
            store.con.execute(
                f"CREATE TABLE {table} AS SELECT i, md5(i::VARCHAR) AS text FROM range(200_000) r(i)"
            )
    return folder


def flipped(content: bytes) -> bytes:
    """Content with a byte of every page between its first and last quarter changed."""
    broken = bytearray(content)
    for place in range(len(broken) // 4, 3 * len(broken) // 4, 4096):
        broken[place] ^= 0xFF
    return bytes(broken)


DAMAGE = {
    "nothing in it": lambda content: b"",
    "text": lambda content: b"not a database",
    "noise": lambda content: random.Random(1).randbytes(9_000),
    "cut": lambda content: content[: len(content) // 2],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_build_is_set_aside_and_a_damaged_landing_zone_refused(tmp_path, damage):
    folder = filled(tmp_path)
    folder.build.write_bytes(DAMAGE[damage](folder.build.read_bytes()))
    with Store(folder) as store:
        assert not store.exists("core.claims")
        assert store.con.execute("SELECT count(*) FROM raw.claim_events").fetchall() == [(200_000,)]
        (told,) = store.notices
    (aside,) = tmp_path.glob("build.duckdb.damaged-*")
    assert aside.name in told
    folder.raw.write_bytes(DAMAGE[damage](folder.raw.read_bytes()))
    with pytest.raises(LandingZoneDamaged, match=r"raw\.duckdb cannot be read .* `policypulse restore DIR`"):
        Store(folder)
    assert folder.raw.exists()


def test_damage_found_on_the_way_sets_the_build_aside(tmp_path):
    folder = filled(tmp_path)
    folder.build.write_bytes(flipped(folder.build.read_bytes()))
    with Store(folder) as store, pytest.raises(BuildDamaged, match="made anew"), store.damage_set_aside():
        store.read("core.claims")
    with Store(folder) as store:
        assert not store.exists("core.claims")


def test_damage_of_the_landing_zone_found_on_the_way_leaves_the_build(tmp_path):
    folder = filled(tmp_path)
    folder.raw.write_bytes(flipped(folder.raw.read_bytes()))
    with Store(folder) as store, pytest.raises(LandingZoneDamaged), store.damage_set_aside():
        store.read("raw.claim_events")
    assert folder.build.exists()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_mistakes_are_no_damage(tmp_path):
    with Store(Folder(tmp_path)) as store, pytest.raises(duckdb.CatalogException), store.damage_set_aside():
        store.read("core.nothing")


def test_a_build_open_elsewhere_is_named_and_stays(tmp_path):
    folder = filled(tmp_path)
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder.build)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusy, match="open in another program"):
            Store(folder)
        other.communicate()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_what_is_written_on_the_way_is_its_owners_and_goes_also_after_a_kill(tmp_path):
    """A query that has to spill does so beside the warehouse; the process is killed with its files open."""
    code = """
import os, signal, sys
from pathlib import Path
from warehouse.folder import Folder
from warehouse.store import Store
folder = Folder(Path(sys.argv[1]))
store = Store(folder)
store.con.execute("SET memory_limit = '100MB'; SET threads = 1; SET preserve_insertion_order = false")
words = "SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(3_000_000) r(i)"
store.con.execute(f"{words} ORDER BY a").fetchmany(10)
assert any(folder.scratch.iterdir()), "nothing was spilled"
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    folder = Folder(tmp_path)
    assert any(folder.scratch.iterdir())
    assert stat.S_IMODE(folder.scratch.stat().st_mode) == 0o700
    left = {path.name for path in tmp_path.iterdir()}
    databases = {f"{name}.duckdb{log}" for name in ("build", "raw", "state") for log in ("", ".wal")}
    assert left <= {"scratch", *databases}
    with Store(folder) as store:
        assert not any(folder.scratch.iterdir())
        assert os.access(folder.scratch, os.W_OK)
        assert store.con.execute("SELECT current_setting('temp_directory')").fetchall() == [
            (str(folder.scratch),)
        ]
    assert not folder.scratch.exists()


def test_a_table_that_nobody_makes_any_more_goes_and_others_stay(tmp_path):
    with Store(filled(tmp_path)) as store:
        store.con.execute("CREATE TABLE marts.gone AS SELECT 1; CREATE TABLE catalog.kept AS SELECT 1")
        assert store.drop_all_but({"core.claims"}, ("core", "marts")) == ["marts.gone"]
        assert [store.exists(table) for table in ("core.claims", "marts.gone", "catalog.kept")] == [
            True,
            False,
            True,
        ]


def test_what_is_made_again_and_again_takes_little_more_room_than_what_is_there(tmp_path):
    """Of the blocks at most a quarter is free, whatever was written before, and nothing of the tables is lost."""
    rows = "SELECT range AS i, hash(range) AS noise FROM range({})"
    sizes = {"core.claims": 400_000, "core.policies": 300_000, "kpi.monthly": 20_000}
    with Store(Folder(tmp_path)) as store:
        store.con.execute("CREATE TABLE core.gone AS " + rows.format(900_000))
        for _ in range(3):
            for table, size in sizes.items():
                store.replace(table, rows.format(size))
                store.comment(table, f"{size} rows", {"noise": "a hash"})
        before = {table: set(store.read(table).iter_rows()) for table in sizes}
        store.drop_all_but(sizes, ["core"])
        store.compact()
        ((free, total),) = store.con.execute(
            "SELECT free_blocks, total_blocks FROM pragma_database_size() WHERE database_name = 'build'"
        ).fetchall()
        assert free <= total / 4
        assert store.folder.build.stat().st_size < (total + 4) * 262_144
        assert before == {table: set(store.read(table).iter_rows()) for table in sizes}
        comments = "SELECT count(*) FROM {} WHERE comment IS NOT NULL"
        assert store.con.execute(comments.format("duckdb_tables()")).fetchall() == [(3,)]
        assert store.con.execute(comments.format("duckdb_columns()")).fetchall() == [(3,)]
