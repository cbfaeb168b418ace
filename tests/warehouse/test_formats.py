"""A warehouse of an earlier release is taken over, one of a later release refused with what to do."""

import pytest

from warehouse.folder import Folder
from warehouse.formats import BUILD, RAW, LaterFormat
from warehouse.made import MadeTables
from warehouse.store import Store

TABLE = "core.claims"


@pytest.fixture
def folder(tmp_path) -> Folder:
    """A warehouse with a table, and something kept of it."""
    folder = Folder(tmp_path)
    with Store(folder) as store:
        store.replace(TABLE, "SELECT 'A' AS claim_id")
        with store.state.keeping("clock", [TABLE]):
            pass
    return folder


def written(folder: Folder, sql: str) -> list[str]:
    """What a store tells that is opened after a change of its files."""
    with Store(folder) as store:
        store.con.execute(sql)
    with Store(folder) as store:
        return store.notices


def test_its_own_format_is_nothing_to_tell_of(folder):
    assert written(folder, "SELECT 1") == []
    with Store(folder) as store:
        assert store.state.holds("clock", TABLE)


def test_of_an_earlier_release_all_is_made_anew_once(folder):
    (told,) = written(folder, "DROP TABLE unpublished.format; DROP TABLE raw.main._format")
    assert told.startswith(
        "The warehouse is of an earlier release of policypulse: what was landed and published stays"
    )
    with Store(folder) as store:
        assert store.notices == []
        assert store.count(TABLE) == 1
        assert not store.state.holds("clock", TABLE)
        assert MadeTables(store.con).of(TABLE) is None


@pytest.mark.parametrize(
    ("table", "name", "number"), [("raw.main._format", "raw", RAW), ("unpublished.format", "build", BUILD)]
)
def test_of_a_later_release_nothing_is_touched(folder, table, name, number):
    with pytest.raises(
        LaterFormat, match=f"{name}.duckdb is of format {number + 1}, .* up to {number}: a later one"
    ):
        written(folder, f"UPDATE {table} SET number = number + 1")
