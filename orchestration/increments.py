"""What becomes of the rows of some keys of a table: those that went and those that came.

Pure functions on frames; which keys can have changed is found in `remaking.py`, which also keeps the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from inspect import signature

import polars as pl

from transforms.exactness import COMPARED_DIGITS
from transforms.model import Transform
from transforms.settings import Settings

Frames = Mapping[str, pl.LazyFrame]
NEAR = 10.0**-COMPARED_DIGITS
_NEW = " (new)"


@dataclass(frozen=True)
class Change:
    """Rows that a table no longer has, and rows that it has since; a row that only moved is in neither."""

    removed: pl.DataFrame
    added: pl.DataFrame

    def of(self, rows: pl.Expr) -> "Change":
        """What became of some rows."""
        return Change(self.removed.filter(rows), self.added.filter(rows))

    def keys(self, columns: tuple[str, ...]) -> pl.DataFrame:
        """The values of some columns in all rows that changed."""
        return pl.concat([self.removed.select(columns), self.added.select(columns)]).unique()

    def beyond_rounding(self, grain: tuple[str, ...]) -> "Change":
        """The same without rows that differ in the last digits of floats, which may hang on how many rows there are."""
        floats = [name for name, dtype in self.added.schema.items() if dtype.is_float()]
        pairs = self.removed.join(self.added, on=grain, suffix=_NEW, nulls_equal=True)
        alike = [
            _is_near(pl.col(name), pl.col(f"{name}{_NEW}")) if name in floats
            else pl.col(name).eq_missing(pl.col(f"{name}{_NEW}"))
            for name in self.added.columns
            if name not in grain
        ]  # fmt: skip
        same = pairs.filter(pl.all_horizontal(pl.lit(True), *alike)).select(grain)
        return Change(
            *(rows.join(same, on=grain, how="anti", nulls_equal=True) for rows in (self.removed, self.added))
        )

    @property
    def is_nothing(self) -> bool:
        """Whether the table is as it was."""
        return self.removed.is_empty() and self.added.is_empty()


def _is_near(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    larger = pl.max_horizontal(one.abs(), other.abs())
    return one.eq_missing(other) | ((one - other).abs() <= larger * NEAR).fill_null(False)


def asks_the_clock(model: Transform) -> bool:
    """Whether the rows of a table may change by the as-of day alone."""
    functions = [function for function in (model.function, model.shared) if function]
    return any("as_of" in signature(function).parameters for function in functions)


def moving(
    model: Transform, kept: pl.DataFrame, inputs: Frames, *, until: date, settings: Settings
) -> pl.DataFrame:
    """The keys whose rows are no longer the kept ones by the day `until`; by the law of the clock all others rest."""
    if not asks_the_clock(model):
        return kept.select(model.keys).clear()
    later = _made(model, inputs, until, settings)
    keys = list(model.keys)
    one, other = (
        table.select(*keys, _row=table.select(*model.columns).hash_rows(7))
        .group_by(keys)
        .agg(pl.col("_row").sum())
        for table in (kept, later)
    )
    parts = [
        a.join(b, on=[*keys, "_row"], how="anti", nulls_equal=True) for a, b in ((one, other), (other, one))
    ]
    return pl.concat(parts).select(keys).unique()


def change_of_keys(
    model: Transform, kept: pl.DataFrame, inputs: Frames, *, as_of: date, settings: Settings
) -> Change:
    """What becomes of the rows of some keys, from all kept rows and all rows of the inputs that have these keys."""
    return change_between(kept, _made(model, inputs, as_of, settings))


def change_between(before: pl.DataFrame, after: pl.DataFrame) -> Change:
    """What became of a table, from all its rows before and after."""
    every = after.columns
    return Change(
        before.join(after, on=every, how="anti", nulls_equal=True),
        after.join(before, on=every, how="anti", nulls_equal=True),
    )


def _made(model: Transform, inputs: Frames, as_of: date, settings: Settings) -> pl.DataFrame:
    return model(**inputs, as_of=as_of, settings=settings).collect()
