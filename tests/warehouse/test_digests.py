"""A look at a view tells which keys read otherwise than at any earlier look whose version is still known."""

import shutil

import polars as pl
import pytest

from warehouse.digests import Digests
from warehouse.folder import Folder
from warehouse.store import Store

VIEW, KEYS = "staging.policies", ("policy_id",)


def policies(**lives: int | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"policy_id": [None if name == "nobody" else name for name in lives], "lives": list(lives.values())},
        schema={"policy_id": pl.String, "lives": pl.Int64},
    )


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def looked(folder: Folder, rows: pl.DataFrame) -> str:
    with Store(folder) as store:
        store.replace(VIEW, rows)
        return Digests(store.con, store.state).look(VIEW, KEYS)


def changed(folder: Folder, since: str) -> list[str | None] | None:
    with Store(folder) as store:
        found = Digests(store.con, store.state).changed_since(VIEW, KEYS, since)
        return None if found is None else sorted(found["policy_id"], key=str)


def test_keys_that_came_went_or_read_otherwise_have_changed(folder):
    first = looked(folder, policies(A=1, B=2, C=None, nobody=4))
    second = looked(folder, policies(B=2, C=3, D=None, nobody=5))
    assert changed(folder, first) == ["A", "C", "D", None]
    assert changed(folder, second) == []
    third = looked(folder, policies(A=1, B=2, C=3, D=None, nobody=5))
    assert changed(folder, second) == ["A"]
    assert changed(folder, third) == []
    assert changed(folder, first) == ["A", "C", "D", None]


def test_rows_of_one_key_have_no_order_and_are_counted(folder):
    one, other = policies(A=1), policies(A=2)
    first = looked(folder, pl.concat([one, other]))
    assert looked(folder, pl.concat([other, one])) == first
    assert looked(folder, pl.concat([one, one, other])) != first


def test_a_version_that_is_gone_with_its_state_tells_nothing(folder, tmp_path):
    looked(folder, policies(A=1))
    shutil.copy(folder.state, tmp_path / "earlier")
    later = looked(folder, policies(A=2))
    shutil.copy(tmp_path / "earlier", folder.state)
    assert changed(folder, later) is None
    looked(folder, policies(A=3))
    assert changed(folder, later) is None
