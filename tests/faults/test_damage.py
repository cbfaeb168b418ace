"""Damage anywhere in a file of the warehouse is found and told, or has changed nothing of what the file says.

`make faults` damages each file thirty times, `make test` a few.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.fingerprint import Published
from tests.faults.conftest import Nights
from tests.faults.evidence import copied, found, left_behind, noted, seen
from tests.faults.evidence import warehouse as warehouse_of
from tests.faults.road import COMMAND, Road
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.opening import LandingZoneDamaged
from warehouse.publish import publish
from warehouse.quoting import identifier
from warehouse.store import BuildDamaged, Store
from warehouse.verification import faults

TIMES, USUAL = 30, 2


def flipped(content: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice([1, 8, 64])):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def overwritten(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content))
    length = min(draw.choice([512, 4_096, 262_144]), len(content) - place)
    content[place : place + length] = draw.choice([bytes(length), draw.randbytes(length)])


def cut(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(len(content)) :]


WAYS: list[Callable[[bytearray, random.Random], None]] = [flipped, overwritten, cut]


def damage(path: Path, number: int) -> None:
    draw = random.Random(f"{path.name} {number}")
    content = bytearray(path.read_bytes())
    WAYS[number % len(WAYS)](content, draw)
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with rows in landing zone, build, state and one version."""
    path = tmp_path_factory.mktemp("whole") / "warehouse"
    with Store(Folder(path)) as store:
        create_raw(store.con)
        store.con.execute(
            "CREATE TABLE raw.lines AS SELECT range AS line, hash(range) AS text FROM range(200_000)"
        )
        store.replace("core.claims", "SELECT range AS claim_id, hash(range + 1) AS day FROM range(200_000)")
        with store.state.keeping("clock", ["core.claims"]):
            store.state.replace(
                "clock.wakes", store.query("SELECT range AS key, hash(range) AS day FROM range(50_000)")
            )
        store.compact()
        publish(store.folder, keep_versions=2)
    return path


def rows(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, object]:
    """A digest of each table of a database."""
    tables = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL",
        [database],
    ).fetchall()
    return {
        table: con.execute(
            f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {identifier(database)}.{table} AS t"
        ).fetchall()
        for (table,) in tables
    }


def read(folder: Folder) -> dict[str, dict[str, object]]:
    with Store(folder) as store, store.damage_set_aside():
        return {name: rows(store.con, name) for name in ("build", "raw", "state")}


def times(file: str) -> list[object]:
    marks = [() if number < USUAL else pytest.mark.faults for number in range(TIMES)]
    return [pytest.param(file, number, marks=mark) for number, mark in enumerate(marks)]


@pytest.mark.parametrize(("file", "number"), [*times("build"), *times("state"), *times("raw")])
def test_a_damaged_database_is_set_aside_or_refused_or_says_what_it_said(whole, tmp_path, file, number):
    folder = Folder(shutil.copytree(whole, tmp_path / "warehouse", symlinks=True))
    before = read(folder)
    damage(folder.path / f"{file}.duckdb", number)
    try:
        after = read(folder)
    except LandingZoneDamaged as refused:
        assert file == "raw"
        assert "policypulse restore DIR" in str(refused)
        assert folder.raw.exists()
        return
    except BuildDamaged:
        assert file != "raw"
        assert list(folder.path.glob("*.damaged-*"))
        after = read(folder)
    for name, tables in before.items():
        is_whole = after[name] == tables
        assert is_whole or (name != "raw" and list(folder.path.glob(f"{name}.duckdb.damaged-*"))), name


@pytest.mark.parametrize(("file", "number"), times("version"))
def test_a_damaged_version_is_named_or_says_what_it_said(whole, tmp_path, file, number):
    folder = Folder(shutil.copytree(whole, tmp_path / "warehouse", symlinks=True))
    version = folder.current.resolve()
    with duckdb.connect(str(version), read_only=True) as con:
        before = rows(con, version.stem)
    damage(version, number)
    named = [fault for fault in faults(folder) if version.name in fault]
    if not named:
        with duckdb.connect(str(version), read_only=True) as con:
            assert rows(con, version.stem) == before
    assert not named or "policypulse rollback" in named[0]


@pytest.mark.parametrize(("file", "number"), times("published.json"))
def test_a_damaged_note_of_the_last_publication_never_passes_for_another(tmp_path, file, number):
    from orchestration.fingerprint import last_published

    class Project:
        warehouse = tmp_path

    noted = {"fingerprint": "5f" * 32, "version": "20260301T000000000000Z.duckdb"}
    path = tmp_path / file
    path.write_text(json.dumps(noted), encoding="utf-8")
    damage(path, number)
    found = last_published(Project)  # type: ignore[arg-type]
    # Another fingerprint or version is that of no run, so everything is made anew.
    assert found is None or found != Published(**noted) or path.read_text() == json.dumps(noted)


FILES = ("build.duckdb", "state.duckdb", "raw.duckdb", "published.json", "version")


@pytest.mark.faults
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("number", range(TIMES))
def test_after_damage_the_next_night_is_refused_or_ends_as_it_should(
    nights: Nights, road: Road, tmp_path: Path, file: str, number: int
):
    run = copied(nights.delivery, tmp_path / "project")
    folder = warehouse_of(run)
    damaged = folder.current.resolve() if file == "version" else folder.path / file
    damage(damaged, number)
    ended = road.run(run, COMMAND)
    assert "Traceback" not in ended.said
    if ended.status:
        assert file == "raw.duckdb"
        assert ended.said.count("policypulse restore DIR") == 1
        # What is published is untouched.
        assert seen(run) == nights.first["seen"]
        return
    assert found(run) == nights.second
    assert noted(run) == nights.second["history"]
    # Build and state go together: the one tells of the other.
    together = ("build.duckdb", "state.duckdb")
    aside = together if damaged.name in together else (damaged.name,)
    left = [
        name for name in left_behind(run) if not name.startswith(tuple(f"{one}.damaged-" for one in aside))
    ]
    assert [one for one in left if damaged.name not in one or "is damaged" not in one] == []
