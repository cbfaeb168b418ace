"""What the disk refuses is told for people, hides nothing that counts, and is not taken for damage."""

import errno
import os
from pathlib import Path

import duckdb
import pytest

from warehouse.folder import Folder
from warehouse.opening import tells_damage
from warehouse.refused import DiskRefuses, refusals_told
from warehouse.store import BuildDamaged, Store
from warehouse.transaction import transaction

FULL = duckdb.FatalException(
    'FATAL Error: Failed to create checkpoint because of error: Could not write file "b.duckdb": '
    "No space left on device\nStack trace"
)


def refused(number: int) -> OSError:
    return OSError(number, os.strerror(number), "build.duckdb", None, "versions/v.partial")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FULL, r"^FATAL .*No space left on device: make room on its disk and run again$"),
        (
            refused(errno.ENOSPC),
            r"^versions/v\.partial: No space left on device: make room on its disk and run again$",
        ),
        (
            refused(errno.EROFS),
            r"^versions/v\.partial: Read-only file system: see that you may write there",
        ),
        (refused(errno.EFBIG), r"File too large: make room"),
    ],
    ids=["DuckDB", "full", "read-only", "limit"],
)
def test_it_is_told_in_a_line_with_the_way_out(error, told):
    with pytest.raises(DiskRefuses, match=told), refusals_told():
        raise error


@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file"), duckdb.BinderException("no column")])
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error)), refusals_told():
        raise error


def test_a_disk_too_full_for_what_memory_cannot_hold_is_told_as_full(tmp_path: Path):
    with Store(Folder(tmp_path)) as store:
        store.con.execute("SET memory_limit = '50MB'; SET max_temp_directory_size = '1MB'; SET threads = 1")
        rows = "SELECT range AS key, md5(range::VARCHAR) AS text FROM range(1_500_000) ORDER BY text"
        with pytest.raises(DiskRefuses, match=r"make room on its disk and run again$"), refusals_told():
            store.replace("core.claims", rows)
        assert not store.exists("core.claims")


def test_a_full_disk_sets_nothing_aside(tmp_path: Path):
    assert not tells_damage(FULL)
    with Store(Folder(tmp_path)) as store:
        with pytest.raises(duckdb.FatalException), store.damage_set_aside():
            raise FULL
        with pytest.raises(BuildDamaged), store.damage_set_aside():
            raise duckdb.FatalException("FATAL Error: Corrupt database file: block 3")
    assert len(list(tmp_path.glob("*.damaged-*"))) == 2


def test_the_error_that_counts_is_not_hidden_by_what_cannot_be_taken_back():
    with duckdb.connect() as con, pytest.raises(ValueError, match="what went wrong"), transaction(con):
        con.execute("ROLLBACK")  # as DuckDB does by itself after some errors
        raise ValueError("what went wrong")


def test_a_warehouse_that_has_lost_what_was_landed_says_so(tmp_path: Path):
    folder = Folder(tmp_path)
    with Store(folder) as store:
        assert not store.notices
    folder.raw.unlink()
    folder.current.symlink_to(folder.build)
    with Store(folder) as store:
        (told,) = store.notices
    assert "what was landed is lost" in told
    assert "policypulse restore DIR" in told
