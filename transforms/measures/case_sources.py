"""Where records take their cases from: facts by table, one of them held at a time, or none where they come in parts.

Which cases a plan reads and what it takes of them is said by the families.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import polars as pl

from transforms.measures.figures import Plan, S
from transforms.measures.segments import (
    COMPANY,
    Division,
    Parted,
    SegmentedFact,
    Segments,
    refuse_more,
    weights_of,
)
from transforms.settings import CROSSED, Settings


@dataclass(frozen=True)
class CaseSource:
    """Facts by table name; of each the `columns` are read, and what the cuts need.

    Of a fact that is whole these columns are held until a plan of another fact is asked for: so ask fact by fact. One
    that comes in parts is read for each plan, part after part, and the states of the parts are merged: so its cases
    need not have room all at once.
    """

    facts: Mapping[str, Parted]
    settings: Settings
    columns: Mapping[str, Collection[str]]
    _held: dict[str, SegmentedFact] = field(default_factory=dict)

    @cached_property
    def schemas(self) -> Mapping[str, pl.Schema]:
        """The columns of each fact."""
        return {name: parts[0].collect_schema() for name, parts in self._parts.items()}

    @cached_property
    def segments(self) -> Segments:
        """The segments of all facts."""
        found = [one.rows for divisions in self._divided.values() for one in divisions]
        segments = Segments.found_in(found, self.settings.cuts)
        refuse_more(segments, self.settings.max_segments)
        return segments

    def segments_of(self, fact: str) -> Segments:
        """Those of the cuts that a fact has."""
        own = self._divided[fact][0].rows
        return self.segments.of_cuts(cut for cut in self.segments.names if cut == COMPANY or cut in own)

    def filled(self, wanted: Mapping[str, Collection[str]]) -> set[str]:
        """Which of some columns of facts have a value in any row, as fact.column."""
        counts = [
            part.select(pl.col(sorted(own)).count()).unpivot(variable_name="column", value_name="rows")
            .select(pl.lit(fact).alias("fact"), "column", pl.col("rows").cast(pl.Int64))
            for fact, own in wanted.items()
            for part in self._parts[fact]
        ]  # fmt: skip
        found = (row for frame in pl.collect_all(counts) for row in frame.iter_rows())
        return {f"{fact}.{column}" for fact, column, rows in found if rows}

    def state(self, plan: Plan[S]) -> S:
        """The state of the cases that a plan reads."""
        if plan.fact not in self._parts:
            return plan.state({})
        states = (plan.state({plan.fact: part}) for part in self._segmented(plan.fact))
        return reduce(lambda one, other: one.merge(other), states)

    @cached_property
    def _parts(self) -> Mapping[str, Sequence[pl.LazyFrame]]:
        return {
            name: [fact] if isinstance(fact, pl.LazyFrame) else list(fact)
            for name, fact in self.facts.items()
        }

    @cached_property
    def _divided(self) -> Mapping[str, Sequence[Division]]:
        weights = weights_of({name: parts[0] for name, parts in self._parts.items()})
        return {
            name: [Division.of(part, self.settings.cuts, weights.get(name)) for part in parts]
            for name, parts in self._parts.items()
        }

    def _segmented(self, fact: str) -> Iterator[SegmentedFact]:
        """The parts of a fact, whose cases know their segments."""
        parts, divided = self._parts[fact], self._divided[fact]
        if len(parts) > 1:
            self._held.clear()
            for part, division in zip(parts, divided, strict=True):
                yield division.numbered(part, self.settings.cuts, self.segments)
            return
        if fact not in self._held:
            self._held.clear()
            read = divided[0].numbered(self._read(fact), self.settings.cuts, self.segments)
            self._held[fact] = read.collected()
        yield self._held[fact]

    def _read(self, fact: str) -> pl.LazyFrame:
        """The columns of a whole fact that somebody needs."""
        own = {*self.columns.get(fact, ()), *(p for cut in self.settings.cuts for p in cut.split(CROSSED))}
        own |= set(weights_of({fact: self._parts[fact][0]}).values())
        return self._parts[fact][0].select(name for name in self.schemas[fact] if name in own)
