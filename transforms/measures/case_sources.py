"""Where records take their cases from: facts by table, one of them held at a time, or none where they come in parts.

Which cases a plan reads and what it takes of them is said by the families.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import polars as pl

from transforms.measures.figures import Plan, S
from transforms.measures.segments import (
    COMPANY,
    Division,
    Parted,
    RowsBySegment,
    SegmentedFact,
    Segments,
    cuts_of,
    refuse_more,
    weights_of,
)
from transforms.settings import CROSSED, Settings

# How many rows of a fact have a column filled, by fact and column.
Filled = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Counted:
    """What is known of facts without reading them: rows by segment of some, and by what columns they have filled."""

    rows: Mapping[str, RowsBySegment] = field(default_factory=dict)
    filled: Filled = field(default_factory=dict)


@dataclass(frozen=True)
class CaseSource:
    """Facts by table name; of each the `columns` are read, and what the cuts need, but for what is `counted`.

    Of a fact that is whole these columns are held until a plan of another fact is asked for: so ask fact by fact. One
    that comes in parts is read for each plan, part after part, and the states of the parts are merged: so its cases
    need not have room all at once.
    """

    facts: Mapping[str, Parted]
    settings: Settings
    columns: Mapping[str, Collection[str]]
    counted: Counted = field(default_factory=Counted)
    _divided: dict[str, Sequence[Division]] = field(default_factory=dict)
    _held: dict[str, SegmentedFact] = field(default_factory=dict)

    @cached_property
    def schemas(self) -> Mapping[str, pl.Schema]:
        """The columns of each fact."""
        return {name: parts[0].collect_schema() for name, parts in self._parts.items()}

    @cached_property
    def rows(self) -> Mapping[str, RowsBySegment]:
        """How many rows of each fact are in which segment of its cuts."""
        known = self.counted.rows
        return {name: known[name] if name in known else self._rows(name) for name in self._parts}

    @cached_property
    def segments(self) -> Segments:
        """The segments of all facts."""
        segments = Segments.found_in(self.rows.values(), self.settings.cuts)
        refuse_more(segments, self.settings.max_segments)
        return segments

    def segments_of(self, fact: str) -> Segments:
        """Those of the cuts that a fact has."""
        return self.segments.of_cuts([COMPANY, *cuts_of(self._parts[fact][0], self.settings.cuts)])

    def n_cases(self, fact: str) -> int:
        """How many cases a fact has."""
        return self.rows[fact][COMPANY].get(COMPANY, 0)

    def filled(self, wanted: Mapping[str, Collection[str]]) -> Filled:
        """In how many rows some columns of facts have a value."""
        found = {
            (f, c): self.counted.filled.get((f, c), -1) for f, columns in wanted.items() for c in columns
        }
        unknown = {fact: [c for c in sorted(own) if found[fact, c] < 0] for fact, own in wanted.items()}
        counts = [
            (fact, part.select(pl.col(columns).count()))
            for fact, columns in unknown.items()
            for part in (self._parts[fact] if columns else ())
        ]
        read: Counter[tuple[str, str]] = Counter()
        for (fact, _), frame in zip(counts, pl.collect_all(frame for _, frame in counts), strict=True):
            read.update({(fact, column): rows for column, rows in frame.row(0, named=True).items()})
        return {**found, **read}

    def state(self, plan: Plan[S]) -> S:
        """The state of the cases that a plan reads."""
        if plan.fact not in self._parts:
            return plan.state({})
        states = (plan.state({plan.fact: part}) for part in self._segmented(plan.fact))
        return reduce(lambda one, other: one.merge(other), states)

    def read(self, fact: str) -> list[pl.LazyFrame]:
        """The parts of a fact, with the columns that somebody needs."""
        return [self.needed(fact, part) for part in self._parts[fact]]

    def needed(self, fact: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Some rows of a fact, with these columns."""
        own = {*self.columns.get(fact, ()), *(p for cut in self.settings.cuts for p in cut.split(CROSSED))}
        own |= set(self._weights.values())
        return rows.select(name for name in self.schemas[fact] if name in own)

    @cached_property
    def _parts(self) -> Mapping[str, Sequence[pl.LazyFrame]]:
        return {
            name: [fact] if isinstance(fact, pl.LazyFrame) else list(fact)
            for name, fact in self.facts.items()
        }

    @cached_property
    def _weights(self) -> Mapping[str, str]:
        return weights_of({name: parts[0] for name, parts in self._parts.items()})

    def _rows(self, fact: str) -> RowsBySegment:
        divisions = self._divisions(fact, self._parts[fact])
        return {
            cut: sum((Counter(one.rows[cut]) for one in divisions), Counter()) for cut in divisions[0].rows
        }

    def _divisions(self, fact: str, parts: Sequence[pl.LazyFrame]) -> Sequence[Division]:
        weight = self._weights.get(fact)
        if fact in self.counted.rows and len(parts) == 1:
            return [Division(self.counted.rows[fact], weight)]
        if fact not in self._divided:
            self._divided[fact] = [Division.of(part, self.settings.cuts, weight) for part in parts]
        return self._divided[fact]

    def _segmented(self, fact: str) -> Iterator[SegmentedFact]:
        """The parts of a fact, whose cases know their segments; of one that is whole it is held."""
        if fact not in self._held:
            self._held.clear()
            parts = self.unread(fact)
            if len(parts) > 1:
                yield from parts
                return
            self._held[fact] = parts[0].collected()
        yield self._held[fact]

    def unread(self, fact: str) -> list[SegmentedFact]:
        """The parts of a fact, of whose cases only what is asked for is read, whenever it is."""
        parts, cuts = self._parts[fact], self.settings.cuts
        return [
            division.numbered(self.needed(fact, part), cuts, self.segments)
            for part, division in zip(parts, self._divisions(fact, parts), strict=True)
        ]
