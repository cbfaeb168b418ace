"""Modes of a warehouse's files: nobody else reads what is private, and readers get at what is published."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.folder import Folder
from warehouse.publish import publish
from warehouse.store import Store


@pytest.fixture(params=[0o000, 0o027, 0o077])
def any_umask(request) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if not path.is_symlink()
    }


def write_page(version: Path, site: Path) -> None:
    site.mkdir(parents=True)
    (site / "index.html").write_text("page")


@pytest.mark.usefixtures("any_umask")
@pytest.mark.parametrize(
    ("readers", "file", "page", "within"),
    [("owner", 0o400, 0o600, 0o700), ("group", 0o440, 0o640, 0o750), ("everyone", 0o444, 0o644, 0o755)],
)
def test_private_is_the_owners_and_published_the_readers_whatever_the_umask(
    tmp_path, readers, file, page, within
):
    folder = Folder(tmp_path / "warehouse")
    with Store(folder, readers=readers) as store:
        store.con.execute("CREATE TABLE core.claims AS SELECT 1 AS n; CREATE TABLE raw.x AS SELECT 1 AS n")
        (folder.path / "note.json").write_text("{}")
        inside = modes(folder.path)
        store.con.execute("CHECKPOINT")
        version = publish(folder, keep_versions=1, write_site=write_page, readers=readers)
    found = modes(folder.path)
    of_version = f"versions/{version.stem}"
    assert stat.S_IMODE(folder.path.stat().st_mode) == within
    assert {name for name, mode in found.items() if mode & 0o077} <= {
        "versions", of_version, f"{of_version}.duckdb", f"{of_version}/site", f"{of_version}/site/index.html"
    }  # fmt: skip
    assert found[f"{of_version}.duckdb"] == file
    assert found[f"{of_version}/site/index.html"] == page
    assert found["versions"] == found[of_version] == found[f"{of_version}/site"] == within
    assert {"build.duckdb", "raw.duckdb", "state.duckdb", "note.json"} <= found.keys()
    assert not any(mode & 0o077 for mode in inside.values()), "logs of DuckDB too"


def test_what_was_open_is_closed_and_told(tmp_path):
    folder = Folder(tmp_path)
    with Store(folder):
        pass
    folder.raw.chmod(0o644)
    with Store(folder) as store:
        assert store.notices == [f"{folder.raw} could be read by others (mode 644); now only its owner can"]
    assert stat.S_IMODE(folder.raw.stat().st_mode) == 0o600
