"""Tables made in parts are the tables made whole, whatever the memory that a run may take."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small_warehouse import RUN, SETTINGS, build

from orchestration import buckets
from orchestration.build import make
from orchestration.frame_cache import Frames
from orchestration.models import models

CORE = {name: node for name, node in models().items() if node.schema == "core"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with build(tmp_path_factory.mktemp("warehouse"), schemas=("core",)) as store:
        yield store


def test_every_fact_made_in_parts_is_the_fact_made_whole(store, monkeypatch):
    monkeypatch.setattr(buckets, "ROWS_PER_GIB", 70)
    monkeypatch.setattr(buckets, "MOST_BUCKETS", 4)
    whole = {name: store.read(name) for name in CORE}
    frames = Frames(store, models(), SETTINGS, memory_limit_gib=1)
    parts = {}
    for name, node in CORE.items():
        parts[name] = frames.buckets.parts(node.model)
        made = make(store, node, RUN, models(), frames)
        assert made.rows == whole[name].height
        assert_frame_equal(store.read(name), whole[name], check_row_order=False, check_exact=True)
    assert parts["core.claims"] == 4
    assert parts["core.actions"] == 1  # 30 rows
    assert parts["core.survey_weights"] == 1  # cannot be divided
    assert sum(number > 1 for number in parts.values()) > 15
    for node in models().values():
        frames.made(node.name, None)
    assert not list((store.folder.scratch / "buckets").glob("*"))  # what nobody reads any more is gone


def test_without_a_limit_nothing_is_divided(store):
    whole = Frames(store, models(), SETTINGS)
    assert {whole.buckets.parts(node.model) for node in CORE.values()} == {1}
    assert not whole.buckets.is_large("core.claims")


def test_of_a_large_table_only_the_columns_asked_for_are_read(store, monkeypatch):
    monkeypatch.setattr(buckets, "ROWS_PER_GIB", 40)
    rows = Frames(store, models(), SETTINGS, memory_limit_gib=1).scan("core.claims")
    asked = rows.filter(pl.col("claim_id").is_in(["C3", "C5"])).select("claim_id", "reported_at")
    expected = store.query("SELECT claim_id, reported_at FROM core.claims WHERE claim_id IN ('C3', 'C5')")
    assert "PYTHON SCAN" in asked.explain() and "PROJECT 2/" in asked.explain()
    assert_frame_equal(asked.collect(), expected, check_row_order=False)
