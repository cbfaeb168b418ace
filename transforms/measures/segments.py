"""The segments of every cut, by name, and facts whose cases know in which segments they are.

What is added up there is `month_sums.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TypeVar

import numpy as np
import polars as pl

from transforms.settings import CROSSED, SHARED_CUTS, UNIT_CUTS
from transforms.statistics.ordered import Array
from transforms.vocabulary import CASES

COMPANY = "company"
UNKNOWN = "unknown"
SEGMENT_NO = pl.UInt16
SEVERAL = "segment_no_of_several"
Facts = Mapping[str, pl.LazyFrame]
# A fact whole, or in parts of which each case is in one.
Parted = pl.LazyFrame | Sequence[pl.LazyFrame]
P = TypeVar("P", bound=Parted)
# How many rows are in which segment of each cut, None in none; of the company how many cases they stand for.
RowsBySegment = Mapping[str, Mapping[str | None, int]]
# Cuts are added up from cells common to several as long as there are so many times fewer cells than cases.
FEWER = 256


class TooManySegments(ValueError):
    """A cut divides the company into more segments than the project allows; the message says what can be done."""


def with_cuts(fact: pl.LazyFrame, cuts: Iterable[str]) -> pl.LazyFrame:
    """The fact with a column for each of the project's own cuts that it has all the columns of.

    The segments of a crossed cut are named by those that meet in it; what is empty is the segment `unknown`, so that
    segments add up.

    >>> fact = pl.LazyFrame({"line": ["motor", None], "branch": ["north", "south"]})
    >>> with_cuts(fact, ["line × branch"]).collect()["line × branch"].to_list()
    ['motor × north', 'unknown × south']
    """
    own = [cut for cut in cuts if cut not in SHARED_CUTS]
    if not own:
        return fact
    texts = {name for name, dtype in fact.collect_schema().items() if dtype == pl.String}
    return fact.with_columns(
        pl.concat_str(
            [pl.col(part).fill_null(UNKNOWN) for part in cut.split(CROSSED)], separator=CROSSED
        ).alias(cut)
        for cut in own
        if texts.issuperset(cut.split(CROSSED))
    )


def cuts_of(fact: pl.LazyFrame, cuts: Iterable[str]) -> list[str]:
    """The cuts that a fact has, but the company."""
    cuts = list(cuts)
    known = with_cuts(fact, cuts).collect_schema()
    return [cut for cut in cuts if cut in known and cut != COMPANY]


def with_units(facts: Mapping[str, P], units: pl.LazyFrame, cuts: Iterable[str]) -> dict[str, P]:
    """The facts with the tier of each case's unit, and the units above it, as far as the cuts ask for them.

    `units` has org_unit and UNIT_CUTS. A fact without units stays as it is; so does a column that a fact has itself.
    """
    asked = [name for name in UNIT_CUTS if any(name in cut.split(CROSSED) for cut in cuts)]
    if not asked:
        return dict(facts)

    known = units.select("org_unit", *asked).collect()

    def placed(fact: pl.LazyFrame) -> pl.LazyFrame:
        columns = fact.collect_schema().names()
        wanted = [name for name in asked if name not in columns]
        if "org_unit" not in columns or not wanted:
            return fact
        # Looked up, not joined: a join copies every other column of the fact.
        own = pl.col("org_unit")
        return fact.with_columns(
            own.replace_strict(known["org_unit"], known[name], default=None, return_dtype=pl.String).alias(
                name
            )
            for name in wanted
        )

    return {
        name: placed(fact) if isinstance(fact, pl.LazyFrame) else [placed(part) for part in fact]  # type: ignore[misc]
        for name, fact in facts.items()
    }


def segment_no_of(cut: str) -> str:
    """Name of the column that says in which segment of a cut a case is, by its number."""
    return f"segment_no_of_{cut}"


@dataclass(frozen=True)
class Segments:
    """Names of the segments of each cut, ascending; they are numbered through, cut after cut.

    >>> one = Segments({"company": ("company",), "branch": ("Bonn", "Wien")})
    >>> one.merge(Segments({"company": ("company",), "branch": ("Jena",)})).names["branch"]
    ('Bonn', 'Jena', 'Wien')
    """

    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def found_in(cls, facts: Collection[RowsBySegment], cuts: Sequence[str]) -> "Segments":
        """Those that occur in any fact, cuts in their order after the company."""
        names: dict[str, tuple[str, ...]] = {COMPANY: (COMPANY,)}
        for cut in cuts:
            found = [rows[cut] for rows in facts if cut in rows]
            if found and cut != COMPANY:
                names[cut] = tuple(sorted({name for rows in found for name in rows if name is not None}))
        return cls(names)

    def __len__(self) -> int:
        return sum(map(len, self.names.values()))

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where the numbers of each cut are."""
        spans, first = {}, 0
        for cut, own in self.names.items():
            spans[cut] = slice(first, first + len(own))
            first += len(own)
        return spans

    @cached_property
    def frame(self) -> pl.DataFrame:
        """cut and segment, in the order of the numbers."""
        rows = [(cut, name) for cut, own in self.names.items() for name in own]
        return pl.DataFrame(rows, schema={"cut": pl.String, "segment": pl.String}, orient="row")

    def of_cuts(self, cuts: Iterable[str]) -> "Segments":
        """Those of some cuts."""
        return Segments({cut: self.names.get(cut, ()) for cut in cuts})

    def merge(self, other: "Segments") -> "Segments":
        """The segments of both."""
        return Segments(
            {
                cut: tuple(sorted({*self.names.get(cut, ()), *other.names.get(cut, ())}))
                for cut in dict.fromkeys([*self.names, *other.names])
            }
        )

    def numbers_in(self, wider: "Segments") -> Array:
        """The numbers of these segments among others; −1 for those that are not."""
        numbers = {
            (cut, name): span.start + place
            for cut, span in wider.spans.items()
            for place, name in enumerate(wider.names[cut])
        }
        return np.array(
            [numbers.get((cut, name), -1) for cut, own in self.names.items() for name in own], np.int64
        )


@dataclass(frozen=True)
class SegmentedFact:
    """A fact whose cases know their segments: a column `segment_no_of` each cut but the company.

    SEVERAL holds those of the cuts in `common` in one number, of mixed radix `sizes`. A row is one case, or as many
    as the column `weight` says, a whole number.
    """

    frame: pl.LazyFrame
    segments: Segments
    common: tuple[str, ...]
    sizes: tuple[int, ...]
    weight: str | None = None

    def collected(self) -> "SegmentedFact":
        """The same, read: what asks for its cases does not read them again."""
        return replace(self, frame=self.frame.collect().lazy())

    @property
    def apart(self) -> tuple[str, ...]:
        """The cuts that SEVERAL does not hold."""
        return tuple(cut for cut in self.segments.names if cut not in (COMPANY, *self.common))

    @property
    def summed_by(self) -> list[str]:
        """The columns that sums are taken by."""
        return [SEVERAL, *map(segment_no_of, self.apart), *self._weights]

    @property
    def grouped_by(self) -> list[str]:
        """The columns that cases are grouped and sums are taken by."""
        cuts = (cut for cut in self.segments.names if cut != COMPANY)
        return [SEVERAL, *map(segment_no_of, cuts), *self._weights]

    @property
    def n_cases(self) -> pl.Expr:
        """How many cases some rows are."""
        return pl.col(self.weight).sum().cast(pl.Int64) if self.weight else pl.len().cast(pl.Int64)

    @property
    def _weights(self) -> list[str]:
        return [self.weight] if self.weight else []


SegmentedFacts = Mapping[str, SegmentedFact]


@dataclass(frozen=True)
class Division:
    """What is to be known of the rows of a fact, or of a part of it, before each gets the numbers of its segments.

    `rows` is by cut, the company first; `weight` names the column that says how many cases a row stands for, if any
    stands for another number than one.
    """

    rows: RowsBySegment
    weight: str | None

    @classmethod
    def of(cls, fact: pl.LazyFrame, cuts: Sequence[str], weight: str | None = None) -> "Division":
        """That of a fact, of which no other column is read; `weight` is empty for one."""
        placed, own = with_cuts(fact, cuts), cuts_of(fact, cuts)
        if not own and weight is None:
            return cls({COMPANY: {COMPANY: placed.select(pl.len()).collect().item()}}, None)
        read = placed.select(*own, *([weight] if weight else [])).collect()
        rows = {cut: dict(read[cut].value_counts().iter_rows()) for cut in own}
        if weight is None or (read[weight] == 1).all():
            return cls({COMPANY: {COMPANY: read.height}, **rows}, None)
        cases = int(read[weight].fill_null(1).clip(0).sum())
        return cls({COMPANY: {COMPANY: cases}, **rows}, weight)

    def numbered(self, fact: pl.LazyFrame, cuts: Sequence[str], every: Segments) -> SegmentedFact:
        """The fact with the numbers of its segments among all; rows of no case are left out."""
        segments = every.of_cuts(cut for cut in every.names if cut in self.rows)
        # A case without a segment is nowhere: one number more, that nobody asks for.
        widths = {
            cut: len(own) + int(None in self.rows[cut])
            for cut, own in segments.names.items()
            if cut != COMPANY
        }
        common: list[str] = []
        n_cases = self.rows[COMPANY].get(COMPANY, 0)
        for cut in sorted(widths, key=lambda cut: (widths[cut], cut)):
            if prod(widths[c] for c in [*common, cut]) * FEWER <= max(n_cases, FEWER**2):
                common.append(cut)
        code = pl.lit(0, pl.UInt32)
        for cut in common:
            here = pl.col(segment_no_of(cut)).cast(pl.UInt32) - pl.lit(segments.spans[cut].start, pl.UInt32)
            code = code * pl.lit(widths[cut], pl.UInt32) + here.fill_null(widths[cut] - 1)
        cases = with_cuts(fact, cuts)
        if self.weight:
            cases = cases.with_columns(pl.col(self.weight).fill_null(1)).filter(pl.col(self.weight) > 0)
        numbers = [_number(cut, segments) for cut in widths]
        frame = cases.with_columns(numbers).with_columns(code.alias(SEVERAL))
        return SegmentedFact(
            frame, segments, tuple(common), tuple(widths[cut] for cut in common), self.weight
        )


def segmented(
    facts: Facts, cuts: Sequence[str], weights: Mapping[str, str] | None = None
) -> tuple[Segments, dict[str, SegmentedFact]]:
    """The segments of all facts, and the facts with those of their cases.

    `weights` names, by fact, the column that says how many cases a row stands for, empty for one; rows of none are
    left out, but not their segments.
    """
    divided = {name: Division.of(fact, cuts, (weights or {}).get(name)) for name, fact in facts.items()}
    segments = Segments.found_in([division.rows for division in divided.values()], cuts)
    return segments, {name: own.numbered(facts[name], cuts, segments) for name, own in divided.items()}


def weights_of(facts: Facts) -> dict[str, str]:
    """The column of each fact that says how many cases its rows stand for, of those that have it."""
    schemas = {name: fact.collect_schema() for name, fact in facts.items()}
    return {name: CASES for name, schema in schemas.items() if CASES in schema and schema[CASES].is_integer()}


def refuse_more(segments: Segments, most: int | None) -> None:
    """Raise TooManySegments for a cut with more than `most`, or if there are more than can be numbered."""
    for cut, names in segments.names.items():
        if most is not None and len(names) > most:
            raise TooManySegments(
                f"cuts: {cut} has {len(names):,} segments (from {names[0]} to {names[-1]}), more than max_segments "
                f"({most:,}): each has a record of every KPI and period. Take a coarser column, or leave the cut out, "
                "or raise max_segments in the project file"
            )
    if len(segments) > np.iinfo(np.uint16).max:
        raise TooManySegments(
            f"all cuts together have {len(segments):,} segments, more than can be numbered; leave out the finest"
        )


def _number(cut: str, segments: Segments) -> pl.Expr:
    within = pl.col(cut).cast(pl.Enum(segments.names[cut])).to_physical().cast(SEGMENT_NO)
    return (within + pl.lit(segments.spans[cut].start, SEGMENT_NO)).alias(segment_no_of(cut))
