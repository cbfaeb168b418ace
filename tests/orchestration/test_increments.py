"""Increments by key: what a night makes of the keys that can have changed is what a rebuild makes of everything."""

import math
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from orchestration.drawn_tables import AS_OF
from orchestration.increments import Change, change_of_keys, moving
from tests.transforms.test_laws import FACTS, SETTINGS, TRANSFORMS, drawn, schemas
from transforms.laws import made

__all__ = ["schemas"]


def of_one_night(table: str, frame: pl.DataFrame, later: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A table a night later: some of its rows gone, some of another drawing's come, in place of those of one grain."""
    kept = frame.filter(frame.hash_rows(seed) % 10 != 0)
    come = later.filter(later.hash_rows(seed) % 10 == 1)
    if table in TRANSFORMS:
        kept = kept.join(come, on=list(TRANSFORMS[table].grain), how="anti", nulls_equal=True)
    return pl.concat([kept, come])


def touched(before: pl.DataFrame, now: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """The keys of rows that came or went."""
    every = now.columns
    return pl.concat(
        [
            one.join(other, on=every, how="anti", nulls_equal=True).select(keys)
            for one, other in ((before, now), (now, before))
        ]
    )


@pytest.mark.parametrize("name", FACTS)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**31), ahead=st.integers(0, 30), horizon=st.integers(0, 60))
def test_a_night_by_key_is_a_rebuild(name, schemas, seed, ahead, horizon):
    model = TRANSFORMS[name]
    by_key, whole = drawn(schemas, seed, rows=60).reads(model)
    other, _ = drawn(schemas, seed + 1, rows=60).reads(model)
    grown = {n: of_one_night(model.reads[n], frame, other[n], seed) for n, frame in by_key.items()}
    first, second = AS_OF - timedelta(days=200), AS_OF - timedelta(days=200 - ahead)
    kept = made(model, {**by_key, **whole}, as_of=first, settings=SETTINGS)
    inputs = {n: frame.lazy() for n, frame in {**grown, **whole}.items()}
    asleep_until = second + timedelta(days=horizon)
    keys = pl.concat(
        [
            *(touched(by_key[n], grown[n], model.keys) for n in grown),
            moving(model, kept, inputs, until=asleep_until, settings=SETTINGS),
            *(
                grown[n].filter(pl.col(day) > first, pl.col(day) <= second).select(model.keys)
                for n, day in model.known_on.items()
            ),
        ]
    ).unique()

    def of_keys(rows):
        return rows.join(keys.lazy(), on=model.keys, how="semi", nulls_equal=True)

    restricted = inputs | {n: of_keys(inputs[n]) for n in grown}
    of_kept = of_keys(kept.lazy()).collect()
    change = change_of_keys(model, of_kept, restricted, as_of=second, settings=SETTINGS)
    rest = kept.join(change.removed, on=list(model.grain), how="anti", nulls_equal=True)
    rebuilt = made(model, {**grown, **whole}, as_of=second, settings=SETTINGS)
    assert_frame_equal(pl.concat([rest, change.added]), rebuilt, check_row_order=False)


def test_a_row_that_differs_in_the_last_digit_alone_is_none_that_a_rebuild_makes_otherwise():
    between = 0.1234567890125  # of twelve digits, its neighbours round to different ones
    one = {
        "key": [1, 2, 3, 4, 5],
        "minutes": [0.35, 0.35, between, None, 1.0],
        "unit": ["a", "a", "a", "a", "a"],
    }
    other = {**one, "minutes": [0.35000000000000003, 0.36, math.nextafter(between, 0), None, None]}
    change = Change(pl.DataFrame(one), pl.DataFrame(other))
    assert sorted(change.beyond_rounding(("key",)).keys(("key",))["key"]) == [2, 5]
    renamed = Change(pl.DataFrame(one), pl.DataFrame(one | {"unit": list("abaaa")}))
    assert renamed.beyond_rounding(("key",)).keys(("key",))["key"].to_list() == [2]
    assert Change(pl.DataFrame(one), pl.DataFrame(one).clear()).beyond_rounding(("key",)).removed.height == 5
