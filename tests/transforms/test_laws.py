"""The laws of every registered transform: parts by key make the whole, and what rests between two days rests all along,
and rows that were made before change nothing.

Whoever runs a transform on a month, a hash bucket or an executor, or makes in a night only what has changed, relies on
them; who breaks one gets wrong rows without an error.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import wraps

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.drawn_tables import AS_OF, Drawn
from orchestration.empty_warehouse import schemas_of
from orchestration.models import models
from orchestration.project import shipped_frameworks
from transforms.laws import broken_by, late_by, made, made_of_nothing, misled_by
from transforms.model import Transform
from transforms.settings import (
    ClaimSettings,
    Promise,
    RobustnessSettings,
    Settings,
    StudySettings,
    TextSettings,
)

SETTINGS = Settings(
    time_zone="Asia/Shanghai",
    months=6,
    frameworks=(shipped_frameworks()["life_default"],),
    robustness=RobustnessSettings(draws=100, bootstrap_draws=100, sobol_points=64),
    exposure_study=StudySettings(),
    customer_journeys=True,
    texts=TextSettings(min_texts_per_class=10),
    claims=ClaimSettings(
        promises=(
            Promise(
                name="soon", title="Soon", starts="reported_at", ends="first_decided_at", limit=9, unit="days"
            ),
        )
    ),
)
TRANSFORMS = {name: node.model for name, node in models().items() if isinstance(node.model, Transform)}
# Facts are made anew by key, whatever is counted of them whole.
FACTS = [name for name, model in TRANSFORMS.items() if model.keys and name.startswith("core.")]
DIVIDED = [name for name, model in TRANSFORMS.items() if model.keys]
REMEMBERING = [name for name, model in TRANSFORMS.items() if model.remembers]
ROWS = 150


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, pl.Schema]:
    """The schema of every table, from a warehouse without a row."""
    return schemas_of(models(), TRANSFORMS, SETTINGS)


def drawn(schemas: Mapping[str, pl.Schema], seed: int, rows: int = ROWS) -> Drawn:
    return Drawn(models(), schemas, SETTINGS, seed=seed, rows=rows)


@pytest.mark.parametrize("name", DIVIDED)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_parts_by_key_make_the_whole(name, schemas, seed):
    model = TRANSFORMS[name]
    by_key, whole = drawn(schemas, seed).reads(model)
    assert broken_by(model, by_key, whole, as_of=AS_OF, settings=SETTINGS, seed=seed) is None


@pytest.mark.parametrize("name", FACTS)
@settings(max_examples=3)
@given(
    seed=st.integers(0, 2**32 - 1),
    ahead=st.integers(-330, 0),
    days=st.lists(st.integers(1, 200), min_size=2, max_size=2, unique=True),
)
def test_what_rests_between_two_days_rests_all_along(name, schemas, seed, ahead, days):
    by_key, whole = drawn(schemas, seed, rows=60).reads(TRANSFORMS[name])
    three = [AS_OF + timedelta(days=ahead + later) for later in (0, *sorted(days))]
    assert late_by(TRANSFORMS[name], by_key, whole, days=three, settings=SETTINGS) is None


@pytest.mark.parametrize("name", REMEMBERING)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_rows_that_were_made_before_change_nothing(name, schemas, seed):
    model, some = TRANSFORMS[name], drawn(schemas, seed)
    frames = {name: frame for part in some.reads(model) for name, frame in part.items()}
    assert misled_by(model, frames, some.earlier(frames), as_of=AS_OF, settings=SETTINGS) is None


@pytest.mark.parametrize("name", REMEMBERING)
def test_rows_of_the_same_are_not_made_anew(name, schemas):
    """What is remembered is given back, so that another value in it comes out again; that breaks the law."""
    model, some = TRANSFORMS[name], drawn(schemas, 1)
    frames = {name: frame for part in some.reads(model) for name, frame in part.items()}
    kept = made(model, frames, as_of=AS_OF, settings=SETTINGS)
    number = next(name for name, dtype in kept.schema.items() if dtype.is_float())
    wrong = kept.with_columns(pl.lit(-1.0).alias(number))
    lazy = {name: frame.lazy() for name, frame in frames.items()}
    again = model(**lazy, kept=wrong.lazy(), as_of=AS_OF, settings=SETTINGS).collect()
    assert again.height and (again[number] == -1).all()

    def function(*, kept, **asked):
        return model.function(kept=kept.with_columns(pl.lit(-1.0).alias(number)), **asked)

    wrong_model = replace(model, function=wraps(model.function)(function))
    assert "with rows that it made before" in str(
        misled_by(wrong_model, frames, frames, as_of=AS_OF, settings=SETTINGS)
    )


@pytest.mark.parametrize("name", DIVIDED)
def test_there_are_rows_to_divide(name, schemas):
    """Where the law is held to nothing it proves nothing."""
    rows = 0
    for seed in range(6):
        by_key, whole = drawn(schemas, seed).reads(TRANSFORMS[name])
        rows += made(TRANSFORMS[name], {**by_key, **whole}, as_of=AS_OF, settings=SETTINGS).height
    assert rows >= 3


@pytest.mark.parametrize("name", list(TRANSFORMS))
def test_nothing_comes_of_nothing(name, schemas):
    assert made_of_nothing(TRANSFORMS[name], schemas, as_of=AS_OF, settings=SETTINGS) == 0


def test_a_wrong_key_is_caught(schemas):
    """The test above can fail: claims divided by event instead of by claim break the law."""
    model = replace(TRANSFORMS["core.claims"], keys=("event_id",))
    by_key, whole = drawn(schemas, 1).reads(model)
    only_events = {"events": by_key["events"]}
    rest = {**{name: frame for name, frame in by_key.items() if name != "events"}, **whole}
    told = broken_by(model, only_events, rest, as_of=AS_OF, settings=SETTINGS, seed=1)
    assert told and "two parts of its input by event_id do not make the table" in told


def test_what_only_some_days_say_is_caught(schemas):
    """Claims that are small on Mondays alone are the same on two Sundays, and others between."""

    def moody(
        *, events: pl.LazyFrame, cases: pl.LazyFrame, calendar: pl.LazyFrame, as_of: date, settings: Settings
    ):
        rows = claims.function(events=events, cases=cases, calendar=calendar, as_of=as_of, settings=settings)
        return rows.with_columns(is_small_claim=pl.lit(as_of.weekday() == 0))

    claims = TRANSFORMS["core.claims"]
    by_key, whole = drawn(schemas, 1).reads(claims)
    sunday = date(2026, 3, 1)
    days = [sunday, sunday + timedelta(days=1), sunday + timedelta(days=7)]
    assert late_by(claims, by_key, whole, days=days, settings=SETTINGS) is None
    told = late_by(replace(claims, function=moody), by_key, whole, days=days, settings=SETTINGS)
    assert told and "are the same on 2026-03-01 and 2026-03-08, and others on 2026-03-02" in told
