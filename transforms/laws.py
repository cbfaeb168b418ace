"""The laws that every transform keeps, put to the test on tables that are given.

The law of keys: parts by key make the whole. The law of the clock: where nothing new is known, what is the same on two
days was the same on every day between them. The law of memory: rows that were made before change nothing.

Which tables these are is for whoever asks (`orchestration/drawn_tables.py` draws them); nothing is drawn or read here.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from polars.testing import assert_frame_equal

from transforms.model import Transform
from transforms.settings import Settings

Frames = Mapping[str, pl.DataFrame]


def made(model: Transform, frames: Frames, *, as_of: date, settings: Settings) -> pl.DataFrame:
    """The table that a transform makes of the frames it reads, by their names."""
    return model(
        **{name: frame.lazy() for name, frame in frames.items()}, as_of=as_of, settings=settings
    ).collect()


def part_of(frame: pl.DataFrame, keys: tuple[str, ...], seed: int) -> pl.Series:
    """Of each row whether its key is in the first of two parts; which keys are is drawn by the seed."""
    return frame.select((pl.struct(keys).hash(seed) % 2 == 0).alias("first")).to_series()


def broken_by(
    model: Transform, by_key: Frames, whole: Frames, *, as_of: date, settings: Settings, seed: int
) -> str | None:
    """How a transform breaks the law of keys or its grain on these frames; None if it keeps them.

    `by_key` are divided in two parts by the transform's keys, `whole` are given to both.
    """
    table = made(model, {**by_key, **whole}, as_of=as_of, settings=settings)
    if table.select(model.grain).is_duplicated().any():
        return f"its grain ({', '.join(model.grain)}) does not tell its rows apart"
    if not model.keys:
        return None
    in_first = {name: part_of(frame, model.keys, seed) for name, frame in by_key.items()}
    parts = [
        made(
            model,
            {**{name: frame.filter(in_first[name] == side) for name, frame in by_key.items()}, **whole},
            as_of=as_of,
            settings=settings,
        )
        for side in (True, False)
    ]
    try:
        assert_frame_equal(pl.concat(parts), table, check_row_order=False)
    except AssertionError as error:
        said = " ".join(str(error).split())
        return f"two parts of its input by {', '.join(model.keys)} do not make the table that the whole makes: {said}"
    return None


def late_by(
    model: Transform, by_key: Frames, whole: Frames, *, days: Sequence[date], settings: Settings
) -> str | None:
    """How a transform breaks the law of the clock on these frames; None if it keeps it.

    `days` are three in their order: a key whose rows are the same on the first and the last has them on the second.
    """
    first, between, last = (
        made(model, {**by_key, **whole}, as_of=day, settings=settings).sort(model.grain) for day in days
    )
    moved = keys_that_differ(model, first, last)
    resting = [table.join(moved, on=model.keys, how="anti", nulls_equal=True) for table in (first, between)]
    restless = keys_that_differ(model, *resting)
    if restless.is_empty():
        return None
    key = ", ".join(f"{name} {value}" for name, value in restless.row(0, named=True).items())
    return f"the rows of {key} are the same on {days[0]} and {days[2]}, and others on {days[1]}"


def keys_that_differ(model: Transform, one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The keys of which two tables of a transform do not have the same rows."""
    every = list(model.columns)
    only = [
        a.join(b, on=every, how="anti", nulls_equal=True).select(model.keys)
        for a, b in ((one, other), (other, one))
    ]
    return pl.concat(only).unique()


def misled_by(
    model: Transform, frames: Frames, earlier: Frames, *, as_of: date, settings: Settings
) -> str | None:
    """How rows made of earlier frames change what a transform makes of others; None if it keeps the law of memory."""
    kept = made(model, earlier, as_of=as_of, settings=settings).lazy()
    lazy = {name: frame.lazy() for name, frame in frames.items()}
    remembering = model(**lazy, kept=kept, as_of=as_of, settings=settings).collect()
    try:
        assert_frame_equal(
            remembering,
            made(model, frames, as_of=as_of, settings=settings),
            check_row_order=False,
            check_exact=True,
        )
    except AssertionError as error:
        return f"with rows that it made before it makes others than without: {' '.join(str(error).split())}"
    return None


def made_of_nothing(
    model: Transform, schemas: Mapping[str, pl.Schema], *, as_of: date, settings: Settings
) -> int:
    """How many rows a transform makes of tables without a row; by the law none."""
    tables = {**model.reads, **model.broadcast}
    empty = {name: pl.DataFrame(schema=schemas[table]) for name, table in tables.items()}
    return made(model, empty, as_of=as_of, settings=settings).height
