"""What is kept between runs holds as long as the rows that it was worked out from, whatever is interrupted."""

import shutil

import duckdb
import polars as pl
import pytest

from warehouse.folder import Folder
from warehouse.store import BuildDamaged, Store

CLAIMS, WAKES = "core.claims", "clock.wakes"


def claims(*days: int) -> pl.DataFrame:
    return pl.DataFrame({"claim_id": ["A", None], "days": days})


def keep(store: Store, rows: pl.DataFrame) -> None:
    with store.state.keeping("clock", [CLAIMS]):
        store.state.replace(WAKES, rows)


@pytest.fixture
def folder(tmp_path) -> Folder:
    """A warehouse of a table of two rows, of which something is kept."""
    folder = Folder(tmp_path)
    with Store(folder) as store:
        store.replace(CLAIMS, claims(1, 2))
        keep(store, claims(10, 20))
    return folder


def held(folder: Folder) -> bool:
    with Store(folder) as store:
        return store.state.holds("clock", CLAIMS)


def test_what_is_kept_is_there_in_the_next_run_for_its_owner_alone(folder):
    with Store(folder) as store:
        assert store.state.holds("clock", CLAIMS)
        assert not store.state.holds("kpi", CLAIMS)
        assert not store.state.holds("clock", "core.policies")
        assert store.state.read(WAKES).equals(claims(10, 20))
        assert store.state.read("clock.nothing") is None


CHANGES = {
    "made anew": lambda store: store.replace(CLAIMS, claims(1, 2)),
    "some days": lambda store: store.replace_rows(CLAIMS, claims(1, 2).head(1), "claim_id", ["A"]),
    "some keys": lambda store: store.replace_keys(CLAIMS, claims(3, 4), claims(3, 4).select("claim_id")),
    "dropped": lambda store: store.drop_all_but((), ["core"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_holds_no_longer_once_rows_have_changed_however_the_run_ended(folder, change):
    with Store(folder) as store:
        CHANGES[change](store)
        assert not store.state.holds("clock", CLAIMS)
    assert not held(folder)


def test_rows_are_replaced_by_their_keys_of_which_null_is_one(folder):
    new = pl.DataFrame({"claim_id": [None, "B"], "days": [4, 5]})
    with Store(folder) as store:
        store.replace_keys(CLAIMS, new, new.select("claim_id"))
        with store.state.keeping("clock", [CLAIMS]):
            store.state.replace_keys(WAKES, new, new.select("claim_id"))
        for rows in (store.read(CLAIMS), store.state.read(WAKES)):
            assert sorted(rows["days"]) in ([1, 4, 5], [4, 5, 10])
        assert store.state.holds("clock", CLAIMS)


def test_a_change_that_fails_changes_nothing_and_what_was_kept_holds(folder):
    with Store(folder) as store:
        with pytest.raises(duckdb.BinderException), store.changing(CLAIMS):
            store.replace(CLAIMS, claims(7, 8))
            store.con.execute(f"SELECT no_such_column FROM {CLAIMS}")
        assert store.read(CLAIMS).equals(claims(1, 2))
        with pytest.raises(ZeroDivisionError), store.state.keeping("clock", [CLAIMS]):
            store.state.replace(WAKES, claims(70, 80))
            raise ZeroDivisionError
        assert store.state.read(WAKES).equals(claims(10, 20))
        assert store.state.holds("clock", CLAIMS)


def test_build_and_what_is_kept_are_not_written_at_once(folder):
    """What is kept must not claim rows that a crash could still take back."""
    with Store(folder) as store:
        with pytest.raises(duckdb.TransactionException), store.state.keeping("clock", [CLAIMS]):
            store.state.replace(WAKES, claims(70, 80))
            store.con.execute(f"DELETE FROM {CLAIMS}")
        assert store.state.holds("clock", CLAIMS)


def test_a_build_put_back_or_made_anew_is_not_the_one_that_was_kept_of(folder):
    backup = shutil.copy(folder.build, folder.path / "backup")
    with Store(folder) as store:
        store.replace(CLAIMS, claims(3, 4))
        keep(store, claims(30, 40))
    shutil.copy(backup, folder.build)
    assert not held(folder)
    folder.build.unlink()
    with Store(folder) as store:
        store.replace(CLAIMS, claims(3, 4))
        assert not store.state.holds("clock", CLAIMS)


def test_a_damaged_file_is_set_aside_and_the_build_stays(folder):
    folder.state.write_bytes(b"not a database")
    with Store(folder) as store:
        (told,) = store.notices
        assert "state.duckdb.damaged-" in told
        assert store.read(CLAIMS).equals(claims(1, 2))
        assert not store.state.holds("clock", CLAIMS)
        assert store.state.read(WAKES) is None


def test_with_a_damaged_build_goes_what_was_kept_of_it(folder):
    with Store(folder) as store, pytest.raises(BuildDamaged), store.damage_set_aside():
        raise duckdb.SerializationException("found in either of them")
    with Store(folder) as store:
        assert store.state.read(WAKES) is None


def test_a_file_of_another_format_is_emptied(folder):
    with duckdb.connect(str(folder.state)) as con:
        con.execute("UPDATE format SET number = 0")
    with Store(folder) as store:
        assert not store.state.holds("clock", CLAIMS)
        assert store.state.read(WAKES) is None
        keep(store, claims(10, 20))
    assert held(folder)
