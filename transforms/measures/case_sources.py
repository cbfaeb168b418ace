"""Where records take their cases from: whole facts, or what is known of them since an earlier day and what changed.

Which cases a plan reads and what it takes of them is said by the families; what is kept is told apart here from what
has to be taken afresh.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Protocol

import polars as pl

from transforms.measures.figures import Plan, S, State
from transforms.measures.month_sums import month_number, months_of_both
from transforms.measures.segments import (
    COMPANY,
    Facts,
    SegmentedFact,
    Segments,
    refuse_more,
    segmented,
    weights_of,
    with_cuts,
)
from transforms.settings import Settings

# How many rows of each fact are in a segment, and how many have a column filled.
SEGMENT_ROWS = {"fact": pl.String, "cut": pl.String, "segment": pl.String, "rows": pl.Int64}
FILLED = {"fact": pl.String, "column": pl.String, "rows": pl.Int64}


class CaseSource(Protocol):
    """What records need of facts."""

    @property
    def schemas(self) -> Mapping[str, pl.Schema]:
        """The columns of each fact."""

    @property
    def segments(self) -> Segments:
        """The segments of all facts."""

    def segments_of(self, fact: str) -> Segments:
        """Those of the cuts that a fact has."""

    def filled(self, wanted: Mapping[str, Collection[str]]) -> set[str]:
        """Which of some columns of facts have a value in any row, as fact.column."""

    def state(self, plan: Plan[S]) -> S:
        """The state of the cases that a plan reads."""


@dataclass(frozen=True)
class WholeFacts:
    """Facts by table name, of which everything is read."""

    facts: Facts
    settings: Settings

    @cached_property
    def schemas(self) -> Mapping[str, pl.Schema]:
        return {name: fact.collect_schema() for name, fact in self.facts.items()}

    @property
    def segments(self) -> Segments:
        return self._segmented[0]

    def segments_of(self, fact: str) -> Segments:
        return self._segmented[1][fact].segments

    def filled(self, wanted: Mapping[str, Collection[str]]) -> set[str]:
        frames = [self.facts[fact].select(pl.col(sorted(own)).count()) for fact, own in wanted.items()]
        rows = zip(wanted, pl.collect_all(frames), strict=True)
        return {
            f"{fact}.{column}"
            for fact, row in rows
            for column, some in row.row(0, named=True).items()
            if some
        }

    def state(self, plan: Plan[S]) -> S:
        return plan.state(self._segmented[1])

    @cached_property
    def _segmented(self) -> tuple[Segments, dict[str, SegmentedFact]]:
        settings = self.settings
        return segmented(self.facts, settings.cuts, weights_of(self.facts), most=settings.max_segments)


@dataclass(frozen=True)
class Change:
    """Rows that a fact has no more, and rows that it did not have: of one that changed, the old and the new."""

    removed: pl.LazyFrame
    added: pl.LazyFrame


@dataclass(frozen=True, eq=False)
class Kept:
    """What is known of the facts on a day without reading them again: `states` of cases at rest, by key of the plan.

    It holds for the `cuts` alone. See SEGMENT_ROWS and FILLED for the frames.
    """

    as_of: date
    cuts: tuple[str, ...]
    states: Mapping[str, State]
    segment_rows: pl.DataFrame
    filled: pl.DataFrame


@dataclass(frozen=True)
class ChangedFacts:
    """Facts of which some is kept since an earlier day; of the others, and of what moves with the clock, rows are read.

    `changes` say what happened to a fact since; one that is not among them is read whole. What is known afterwards is
    `kept`. Of a plan, cases at rest in its months on the earlier day are in its state, but for those removed and
    added; the others are read.
    """

    facts: Facts
    settings: Settings
    as_of: date
    before: Kept | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    _states: dict[str, State] = field(default_factory=dict)
    _filled: dict[str, int] = field(default_factory=dict)
    _segmented: dict[tuple[str, str], SegmentedFact] = field(default_factory=dict)

    @property
    def kept(self) -> Kept:
        """What is known of the facts now, of the plans that were asked for."""
        rows = [(*name.rsplit(".", 1), count) for name, count in self._filled.items()]
        filled = pl.DataFrame(rows, schema=FILLED, orient="row")
        return Kept(self.as_of, tuple(self.settings.cuts), dict(self._states), self._segment_rows, filled)

    @cached_property
    def schemas(self) -> Mapping[str, pl.Schema]:
        return {name: fact.collect_schema() for name, fact in self.facts.items()}

    @cached_property
    def segments(self) -> Segments:
        names: dict[str, tuple[str, ...]] = {COMPANY: (COMPANY,)}
        for cut in self.settings.cuts:
            if cut != COMPANY and any(cut in own for own in self._cuts_of.values()):
                here = self._segment_rows.filter(pl.col("cut") == cut)["segment"]
                names[cut] = tuple(here.unique().sort())
        found = Segments(names)
        refuse_more(found, self.settings.max_segments)
        return found

    def segments_of(self, fact: str) -> Segments:
        return self.segments.of_cuts([COMPANY, *self._cuts_of[fact]])

    def filled(self, wanted: Mapping[str, Collection[str]]) -> set[str]:
        for fact, columns in wanted.items():
            known = self._filled_before(fact)
            counts = pl.col(sorted(columns)).count().cast(pl.Int64)
            if set(columns) <= known.keys():
                gone, new = (part.select(counts).collect().row(0, named=True) for part in self._parts(fact))
                rows = {name: known[name] - gone[name] + new[name] for name in columns}
            else:
                rows = self.facts[fact].select(counts).collect().row(0, named=True)
            self._filled.update({f"{fact}.{name}": count for name, count in rows.items()})
        return {f"{f}.{c}" for f, columns in wanted.items() for c in columns if self._filled[f"{f}.{c}"]}

    def state(self, plan: Plan[S]) -> S:
        if plan.fact not in self.facts:
            return plan.state({})
        old = self._earlier.states.get(plan.key) if self._is_known(plan.fact) else None
        fitting = None if old is None else plan.of_kept(old)
        rest, moving = self._read_whole(plan) if fitting is None else self._moved_on(plan, fitting)
        self._states[plan.key] = rest
        return rest if moving is None else rest.merge(moving)

    def _read_whole(self, plan: Plan[S]) -> tuple[S, S | None]:
        """The state of the cases at rest, and of the others."""
        own, at_rest = self._own(plan.fact, "whole"), plan.at_rest(self.as_of)
        if at_rest is None:
            return plan.state({plan.fact: own}), None
        return plan.state({plan.fact: _some(own, at_rest)}), plan.state({plan.fact: _some(own, ~at_rest)})

    def _moved_on(self, plan: Plan[S], old: S) -> tuple[S, S | None]:
        """The same from the state of the cases that were at rest on the earlier day."""
        then, now = plan, plan
        if plan.placed:
            then, now = plan.over(old.months), plan.over(months_of_both(old.months, plan.placed[1]))
        was, is_now = _at_rest(then, self._earlier.as_of), _at_rest(now, self.as_of)
        gone, new = (
            now.state({plan.fact: _some(self._own(plan.fact, part), was)}) for part in ("removed", "added")
        )
        rest = old.without(gone).merge(new)
        if plan.at_rest(self.as_of) is None and then.placed == now.placed:
            return rest, None
        others = self._segments_known(plan.fact, self.facts[plan.fact].filter(~was))
        came, moving = (now.state({plan.fact: _some(others, some)}) for some in (is_now, ~is_now))
        return rest.merge(came), moving

    @property
    def _earlier(self) -> Kept:
        nothing = pl.DataFrame(schema=SEGMENT_ROWS), pl.DataFrame(schema=FILLED)
        before, cuts = self.before, tuple(self.settings.cuts)
        # What is at rest on a day need not have been so before.
        if before is None or before.cuts != cuts or before.as_of > self.as_of:
            return Kept(self.as_of, cuts, {}, *nothing)
        return before

    def _is_known(self, fact: str) -> bool:
        return fact in self.changes and bool(self._earlier.states)

    def _parts(self, fact: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        return self.changes[fact].removed, self.changes[fact].added

    def _filled_before(self, fact: str) -> dict[str, int]:
        if not self._is_known(fact):
            return {}
        own = self._earlier.filled.filter(pl.col("fact") == fact)
        return dict(own.select("column", "rows").iter_rows())

    @cached_property
    def _cuts_of(self) -> dict[str, list[str]]:
        """The cuts that each fact has, beside the company."""
        with_all = {name: with_cuts(fact, self.settings.cuts) for name, fact in self.facts.items()}
        own = {name: set(fact.collect_schema()) for name, fact in with_all.items()}
        return {name: [c for c in self.settings.cuts if c in own[name] and c != COMPANY] for name in own}

    @cached_property
    def _segment_rows(self) -> pl.DataFrame:
        """How many rows of each fact are in which segment now."""
        found = [pl.DataFrame(schema=SEGMENT_ROWS)]
        for fact, cuts in self._cuts_of.items():
            if not self._is_known(fact):
                found.append(self._rows_of(fact, self.facts[fact], cuts, 1))
                continue
            removed, added = self._parts(fact)
            found.append(self._earlier.segment_rows.filter(pl.col("fact") == fact))
            found += [self._rows_of(fact, removed, cuts, -1), self._rows_of(fact, added, cuts, 1)]
        rows = pl.concat(found).group_by("fact", "cut", "segment").agg(pl.col("rows").sum())
        return rows.filter(pl.col("rows") != 0)

    def _rows_of(self, fact: str, rows: pl.LazyFrame, cuts: Sequence[str], sign: int) -> pl.DataFrame:
        placed = with_cuts(rows, self.settings.cuts)
        counted = [
            placed.group_by(segment=pl.col(cut).cast(pl.String))
            .agg(rows=pl.len().cast(pl.Int64) * sign)
            .drop_nulls()
            .select(pl.lit(fact).alias("fact"), pl.lit(cut).alias("cut"), "segment", "rows")
            for cut in cuts
        ]
        return pl.concat([pl.DataFrame(schema=SEGMENT_ROWS), *pl.collect_all(counted)])

    def _own(self, fact: str, part: str) -> SegmentedFact:
        """A fact whole, or what was removed from it or added."""
        key = fact, part
        if key not in self._segmented:
            rows = self.facts[fact] if part == "whole" else getattr(self.changes[fact], part)
            self._segmented[key] = self._segments_known(fact, rows)
        return self._segmented[key]

    def _segments_known(self, fact: str, rows: pl.LazyFrame) -> SegmentedFact:
        one = {fact: rows}
        return segmented(one, self.settings.cuts, weights_of(one))[1][fact]


def _some(fact: SegmentedFact, chosen: pl.Expr) -> SegmentedFact:
    return replace(fact, frame=fact.frame.filter(chosen))


def _at_rest(plan: Plan[S], day: date) -> pl.Expr:
    """Which rows come to the same in the plan's months on every later day; those that come to nothing, too."""
    rest = plan.at_rest(day)
    rest = pl.lit(True) if rest is None else rest
    if plan.placed is None:
        return rest
    placed_on, months = plan.placed
    month = month_number(placed_on)
    return month.is_null() | (rest & (month < months.stop)).fill_null(False)
