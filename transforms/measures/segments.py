"""Places: the segments of every cut, numbered, and the facts with the places of their cases.

What is added up there is `month_sums.py`; here are only the numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import polars as pl
from numpy.typing import NDArray

COMPANY = "company"
PLACE = pl.UInt16
COMMON = "place_of_several"
Facts = Mapping[str, pl.LazyFrame]
# Cuts are added up from cells common to several as long as there are so many times fewer cells than cases.
FEWER = 256


def place_of(cut: str) -> str:
    """Name of the column that says in which segment of a cut a case is."""
    return f"place_of_{cut}"


@dataclass(frozen=True)
class Placed:
    """A fact with the places of its cases: a column `place_of` each of its `cuts` but the company.

    COMMON holds those of the cuts in `common` in one number, of mixed radix `sizes`; the others are `apart`.
    """

    frame: pl.LazyFrame
    cuts: tuple[str, ...]
    common: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def apart(self) -> tuple[str, ...]:
        """The cuts that COMMON does not hold."""
        return tuple(cut for cut in self.cuts if cut not in (COMPANY, *self.common))

    @property
    def adding(self) -> list[str]:
        """The columns that sums are taken by."""
        return [COMMON, *map(place_of, self.apart)]

    @property
    def columns(self) -> list[str]:
        """The columns that cases are grouped and sums are taken by."""
        return [COMMON, *(place_of(cut) for cut in self.cuts if cut != COMPANY)]


@dataclass(frozen=True)
class Places:
    """Every segment of every cut: `frame` has cut, segment and place, its number; the company is 0."""

    frame: pl.DataFrame
    facts: Mapping[str, Placed]

    @classmethod
    def of(cls, facts: Facts, cuts: Sequence[str]) -> "Places":
        """The segments that occur in any fact, in the order of the cuts and by name, and where each case is."""
        frames = {name: fact.collect() for name, fact in facts.items()}
        parts = [pl.DataFrame({"cut": [COMPANY], "segment": [COMPANY]})]
        for cut in cuts:
            found = [frame[cut].unique() for frame in frames.values() if cut in frame.columns]
            if found and cut != COMPANY:
                segments = pl.concat(found).unique().drop_nulls().sort()
                parts.append(pl.DataFrame({"segment": segments}).select(pl.lit(cut).alias("cut"), "segment"))
        numbered = pl.concat(parts).with_row_index("place").cast({"place": PLACE})
        return cls(numbered, {name: _placed(frame, numbered) for name, frame in frames.items()})

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where the places of each cut are."""
        spans = self.frame.group_by("cut").agg(first=pl.col("place").min(), n=pl.len())
        return {cut: slice(first, first + n) for cut, first, n in spans.iter_rows()}

    def of_cuts(self, fact: str) -> NDArray[np.int64]:
        """The places that divide a fact, ascending."""
        return (
            self.frame.filter(pl.col("cut").is_in(self.facts[fact].cuts))["place"].to_numpy().astype(np.int64)
        )


def _placed(fact: pl.DataFrame, numbered: pl.DataFrame) -> Placed:
    segments = {
        str(cut): own for (cut,), own in numbered.group_by("cut", maintain_order=True) if cut in fact.columns
    }
    # A case without a segment is nowhere: one place more, that nobody asks for.
    widths = {cut: own.height + int(fact[cut].null_count() > 0) for cut, own in segments.items()}
    common: list[str] = []
    for cut in sorted(widths, key=lambda cut: (widths[cut], cut)):
        if prod(widths[c] for c in [*common, cut]) * FEWER <= max(fact.height, FEWER**2):
            common.append(cut)
    code = pl.lit(0, pl.UInt32)
    for cut in common:
        here = pl.col(place_of(cut)).cast(pl.UInt32) - pl.lit(segments[cut]["place"][0], pl.UInt32)
        code = code * pl.lit(widths[cut], pl.UInt32) + here.fill_null(widths[cut] - 1)
    places = [_place(cut, own) for cut, own in segments.items()]
    frame = fact.with_columns(places).with_columns(code.alias(COMMON))
    return Placed(frame.lazy(), (COMPANY, *segments), tuple(common), tuple(widths[cut] for cut in common))


def _place(cut: str, own: pl.DataFrame) -> pl.Expr:
    number = pl.col(cut).cast(pl.Enum(own["segment"])).to_physical().cast(PLACE)
    return (number + pl.lit(own["place"][0], PLACE)).alias(place_of(cut))
