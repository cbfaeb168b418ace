"""Versions: what readers see never goes, names never go back, and there is a way back to an earlier one."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from warehouse import publish as publishing
from warehouse.folder import Folder, WarehouseBusy, locked
from warehouse.publish import NoSuchVersion, clear_unfinished, current_version, publish, roll_back, versions


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
    assert versions(folder) == published[-max(keep, 2) :]


def test_files_of_others_among_the_versions_stay_and_count_for_nothing(folder):
    first = publish(folder, keep_versions=1)
    kept = folder.versions / "zz_before_the_audit.duckdb"
    kept.write_text("kept by hand")
    second, third = (publish(folder, keep_versions=1) for _ in range(2))
    assert kept.exists()
    assert current_version(folder) == third
    assert not first.exists()
    assert second.exists(), "somebody may just be opening what readers saw until now"


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


def test_what_a_killed_publication_left_is_cleared_away_and_pages_are_those_of_the_version(folder):
    def write(version, into):
        into.mkdir(parents=True)
        (into / "index.html").write_text(version.stem)

    first, second = (publish(folder, keep_versions=5, write_site=write) for _ in range(2))
    copied = folder.versions / f"29990101T000000000000Z{publishing.PARTIAL}"
    copied.write_text("half a copy")
    write(copied, publishing.site_of(copied.with_suffix(".duckdb")))
    (publishing.site_of(second).with_suffix(publishing.PARTIAL)).mkdir()
    (folder.path / "current.next").symlink_to(second)
    roll_back(folder, None)
    folder.current.unlink()
    folder.current.symlink_to(second.relative_to(folder.path))  # killed before the pages were swapped as well
    clear_unfinished(folder)
    assert {path.name for path in folder.versions.rglob("*")} == {
        *(version.name for version in (first, second)), first.stem, second.stem, "site", "index.html"
    }  # fmt: skip
    assert (folder.current_site / "index.html").read_text() == second.stem == current_version(folder).stem
    assert not (folder.path / "current.next").is_symlink()


def test_there_is_no_way_back_while_a_run_may_be_about_to_publish(folder):
    publish(folder, keep_versions=5)
    publish(folder, keep_versions=5)
    with locked(folder), pytest.raises(WarehouseBusy):
        roll_back(folder, None)
