"""Versions: what readers see never goes, names never go back, and there is a way back to an earlier one."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from warehouse import publish as publishing
from warehouse.folder import Folder, WarehouseBusy, locked
from warehouse.publish import NoSuchVersion, current_version, publish, roll_back, versions


@pytest.fixture
def folder(tmp_path) -> Folder:
    folder = Folder(tmp_path)
    with duckdb.connect(str(folder.build)) as con:
        con.execute("CREATE SCHEMA core; CREATE TABLE core.claims AS SELECT 1 AS claim_id")
        con.execute("CREATE SCHEMA unpublished; CREATE TABLE unpublished.changes AS SELECT 2 AS stamp")
    return folder


def tables(path) -> set[str]:
    with duckdb.connect(str(path.resolve()), read_only=True) as con:
        return {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


class Clock(datetime):
    """A clock that tests set."""

    at = datetime(2026, 3, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(Clock, "at", datetime(2026, 3, 1, tzinfo=UTC))
    monkeypatch.setattr(publishing, "datetime", Clock)
    return Clock


@pytest.mark.parametrize("keep", [1, 3])
def test_a_clock_set_back_neither_removes_what_is_published_nor_names_it_before_the_others(
    folder, clock, keep
):
    published = []
    for hours in (0, 5, -400, -400, 2, 6):
        clock.at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
        published.append(publish(folder, keep_versions=keep))
        assert current_version(folder) == published[-1]
        assert tables(folder.current) == {"claims"}
    assert published == sorted(set(published))
    assert versions(folder) == published[-keep:]


def test_files_of_others_among_the_versions_stay_and_count_for_nothing(folder):
    first = publish(folder, keep_versions=1)
    kept = folder.versions / "zz_before_the_audit.duckdb"
    kept.write_text("kept by hand")
    second = publish(folder, keep_versions=1)
    assert kept.exists()
    assert current_version(folder) == second
    assert not first.exists()


def test_the_way_back_is_one_version_or_a_named_one(folder):
    first, second, third = (publish(folder, keep_versions=5) for _ in range(3))
    assert roll_back(folder, None) == second == current_version(folder)
    assert roll_back(folder, None) == first
    with pytest.raises(NoSuchVersion, match=rf"no version before the current one.*{first.name} \(current\)"):
        roll_back(folder, None)
    assert roll_back(folder, third.stem) == third == current_version(folder)
    with pytest.raises(NoSuchVersion, match="no version 2020"):
        roll_back(folder, "2020")
    roll_back(folder, first.name)
    assert publish(folder, keep_versions=2) == current_version(folder) == versions(folder)[-1]


def test_there_is_no_way_back_while_a_run_may_be_about_to_publish(folder):
    publish(folder, keep_versions=5)
    publish(folder, keep_versions=5)
    with locked(folder), pytest.raises(WarehouseBusy):
        roll_back(folder, None)
