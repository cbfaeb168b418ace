"""The law of keys, for every registered transform: a partition of the input by the keys is one of the output.

Whoever runs a transform on a month, a hash bucket or an executor relies on it; a wrong declaration gives wrong
rows without an error.
"""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from orchestration.build import Run, open_session
from orchestration.models import models
from tests.transforms.drawn_tables import AS_OF, MONTHS, SETTINGS, Drawn, made
from transforms.graph import SESSION_TABLES
from transforms.model import Transform
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Folder, Store

TRANSFORMS = {name: node.model for name, node in models().items() if isinstance(node.model, Transform)}
DIVIDED = [name for name, model in TRANSFORMS.items() if model.keys]
ROWS = 150


@pytest.fixture(scope="module")
def schemas(tmp_path_factory) -> dict[str, pl.Schema]:
    """The schema of every table, from a warehouse without a row."""
    with Store(Folder(tmp_path_factory.mktemp("empty"))) as store:
        create_raw(store.con)
        open_session(store, Run(AS_OF, SETTINGS, tuple(MONTHS)), models())
        found = {table: store.empty(table).schema for table in SESSION_TABLES}
        for name, node in models().items():
            if isinstance(node.model, Transform):
                found[name] = node.model.schema
            elif node.schema == "staging":
                found[name] = store.empty(name).schema
        return found


@pytest.mark.parametrize("name", DIVIDED)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_parts_by_key_make_the_whole(name, schemas, seed):
    model = TRANSFORMS[name]
    reads, whole_frames = Drawn(schemas, seed, ROWS).reads(model)
    whole = made(model, reads, whole_frames)
    in_first = {table: part_of(frame, model.keys, seed) for table, frame in reads.items()}
    parts = [
        made(model, {t: f.filter(in_first[t] == side) for t, f in reads.items()}, whole_frames)
        for side in (True, False)
    ]
    assert_frame_equal(pl.concat(parts), whole, check_row_order=False)
    assert whole.schema == model.schema
    assert not whole.select(model.grain).is_duplicated().any()


def part_of(frame: pl.DataFrame, keys: tuple[str, ...], seed: int) -> pl.Series:
    return frame.select((pl.struct(keys).hash(seed) % 2 == 0).alias("first")).to_series()


@pytest.mark.parametrize("name", DIVIDED)
def test_there_are_rows_to_divide(name, schemas):
    """Where the law is held to nothing it proves nothing."""
    rows = [
        made(TRANSFORMS[name], *Drawn(schemas, seed, ROWS).reads(TRANSFORMS[name])).height
        for seed in range(3)
    ]
    assert sum(rows) >= 3


@pytest.mark.parametrize("name", list(TRANSFORMS))
def test_nothing_comes_of_nothing(name, schemas):
    model = TRANSFORMS[name]
    tables = {**model.reads, **model.broadcast}
    empty = {arg: pl.DataFrame(schema=schemas[table]) for arg, table in tables.items()}
    result = made(model, empty, {})
    assert result.height == 0
    assert result.schema == model.schema


def test_a_wrong_key_is_caught(schemas):
    """The test above can fail: claims divided by event instead of by claim break the law."""
    model = TRANSFORMS["core.claims"]
    reads, whole_frames = Drawn(schemas, 1, ROWS).reads(model)
    side = part_of(reads["events"], ("event_id",), 1)
    parts = [
        made(model, {**reads, "events": reads["events"].filter(side == s)}, whole_frames)
        for s in (True, False)
    ]
    assert pl.concat(parts).height != made(model, reads, whole_frames).height
