"""Which records can be others than on an earlier day: those of cases that came, went or move with the clock.

All others stand, but for their as-of day. What differs between two days is found by the families, from states of the
cases concerned; how records are made is `records.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from transforms.measures.case_sources import CaseSource
from transforms.measures.definition import Kpi
from transforms.measures.families import Families
from transforms.measures.figures import Plan, S, Series
from transforms.measures.records_since import PERIOD_KEY, Since, with_grain
from transforms.measures.rolling import Windows, with_following
from transforms.measures.segments import SegmentedFact, Segments, segmented, weights_of
from transforms.periods import MONTH
from transforms.statistics.ordered import Array, Bools


@dataclass(frozen=True, eq=False)
class _Rows:
    """The cases of a fact that went and came, and those that the clock may have moved, each with its segments."""

    removed: SegmentedFact
    added: SegmentedFact
    moving: SegmentedFact
    is_changed: bool
    is_moving: bool


@dataclass(frozen=True, eq=False)
class Differences:
    """What states of plans are now but for what they were on the day of what is kept."""

    cases: CaseSource
    since: Since
    as_of: date
    kpis: Sequence[Kpi]
    _read: dict[str, _Rows] = field(default_factory=dict)

    def __call__(self, now: Plan[S], then: Plan[S]) -> S | None:
        """That of a plan of both days; None if nothing differs.

        The cases that came and went differ, and those that stayed and were not at rest.
        """
        if now.fact not in self.since.changes:
            return None
        if now.fact not in self._read:
            self._read[now.fact] = self._rows(now.fact)
        rows, rest = self._read[now.fact], now.at_rest(self.since.kept.as_of)
        found: S | None = None
        if rows.is_changed:
            found = _state(now, rows.added).without(_state(then, rows.removed))
        if rest is None or not rows.is_moving:
            return found
        # Those that stayed are those that are there but for those that came.
        moving, came = (_some(part, ~rest) for part in (rows.moving, rows.added))
        is_now, was = (_state(plan, moving).without(_state(plan, came)) for plan in (now, then))
        moved = is_now.without(was)
        return moved if found is None else found.merge(moved)

    def unread(self, fact: str) -> list[SegmentedFact]:
        """The cases of a fact now, part by part, of which only what is asked for is read."""
        return self.cases.unread(fact)

    def _rows(self, fact: str) -> _Rows:
        change = self.since.changes[fact]
        parts = {"removed": change.removed, "added": change.added, "moving": self._moving(fact)}
        read = {name: self.cases.needed(fact, rows).collect() for name, rows in parts.items()}
        weight = weights_of({fact: change.added}).get(fact)
        weights = dict.fromkeys(parts, weight) if weight else {}
        _, found = segmented(
            {name: rows.lazy() for name, rows in read.items()}, self.cases.settings.cuts, weights
        )
        is_changed = read["removed"].height + read["added"].height > 0
        collected = {name: part.collected() for name, part in found.items()}
        return _Rows(**collected, is_changed=is_changed, is_moving=read["moving"].height > 0)

    def _moving(self, fact: str) -> pl.LazyFrame:
        """The rows of the fact that come to something else on another day for any KPI."""
        day = self.since.kept.as_of
        rests = [kpi.measure.at_rest(day) for kpi in self.kpis if kpi.fact == fact]
        moving = [~rest for rest in rests if rest is not None]
        if day == self.as_of or not moving:
            return self.since.changes[fact].added.clear()
        return pl.concat(part.filter(pl.any_horizontal(moving)) for part in self.cases.read(fact))


def _state(plan: Plan[S], rows: SegmentedFact) -> S:
    return plan.state({plan.fact: rows})


def _some(rows: SegmentedFact, chosen: pl.Expr) -> SegmentedFact:
    return replace(rows, frame=rows.frame.filter(chosen))


@dataclass(frozen=True, eq=False)
class Wanted:
    """Finds the records of series that have to be made anew; `now` and `then` are the families of both days."""

    differences: Differences
    periods: pl.DataFrame
    windows: Windows
    now: Families
    then: Families

    def of(self, series: Sequence[Series], recipes: Sequence[str]) -> list[Series]:
        """The series that have such records, each with those wanted; `recipes` are theirs, in their order."""
        before = {(kpi, basis): recipe for kpi, basis, recipe in self._since.kept.recipes.iter_rows()}
        found: dict[int, Bools] = {}
        for one, recipe in zip(series, recipes, strict=True):
            found[one.number] = np.zeros((self.periods.height, len(self._segments_of(one))), bool)
            is_as_before = before.get((one.kpi.code, one.basis)) == recipe and self._is_known(one.kpi)
            self._put_due(one, found[one.number]) if is_as_before else found[one.number].fill(True)
        self._put_changed([one for one in series if not found[one.number].all()], found)
        return [
            replace(one, wanted=found[one.number], asked=self._asked(one, found[one.number]))
            for one in series
            if found[one.number].any()
        ]

    @property
    def _since(self) -> Since:
        return self.differences.since

    @property
    def _cases(self) -> CaseSource:
        return self.differences.cases

    def _segments_of(self, series: Series) -> Segments:
        return self._cases.segments_of(series.kpi.fact)

    def _is_known(self, kpi: Kpi) -> bool:
        """Whether it is known what became of all facts that a KPI looks at."""
        return all(fact in self._known for fact in kpi.columns if fact in self._cases.facts)

    @cached_property
    def _known(self) -> set[str]:
        """The facts whose changes are known; nothing is per cases of a fact that has none."""
        kept, cases = self._since.kept, self._cases
        return {f for f in self._since.changes if bool(kept.n_cases(f)) == bool(cases.n_cases(f))}

    def _put_due(self, series: Series, found: Bools) -> None:
        """New periods and segments, and periods whose cohort is mature only since."""
        found[self._is_new_period] = True
        found[:, self._is_new_segment[self._segments_of(series).numbers_in(self._cases.segments)]] = True
        if (series.kpi.code, series.basis) in self.windows and self._begins_otherwise:
            found[self._months] = True
        follows = timedelta(series.kpi.horizon_days if series.basis == "cohort" else 0)
        mature_on = self.periods["ends_on"] + follows
        found[
            (mature_on > self._since.kept.as_of).to_numpy() & (mature_on <= self.differences.as_of).to_numpy()
        ] = True

    def _put_changed(self, series: Sequence[Series], found: Mapping[int, Bools]) -> None:
        """What differs, fact by fact."""
        for fact in dict.fromkeys(one.kpi.fact for one in series):
            for name, family in self.now.by_name.items():
                own = [one for one in series if one.kpi.fact == fact and one.kpi.measure.family == name]
                periods = family.scope.periods["period"].to_numpy()
                for changed in family.changed(own, self.then.by_name[name], self.differences):
                    cells, spans = found[changed.series.number], self._segments_of(changed.series).spans
                    for cut, span in changed.segments.spans.items():
                        if cut in spans:
                            cells[periods, spans[cut]] |= changed.cells[:, span]

    def _asked(self, series: Series, wanted: Bools) -> Bools:
        """The periods of which something is needed for what is wanted: of windows all their months."""
        asked: Bools = np.any(wanted, axis=1)
        if length := self.windows.get((series.kpi.code, series.basis)):
            months = with_following(asked[self._months], length)
            asked[self._months] = with_following(months[::-1], length)[::-1]
        return asked

    @cached_property
    def _months(self) -> Array:
        if "grain" not in self.periods.columns:
            return np.arange(self.periods.height)
        return np.flatnonzero(self.periods["grain"] == MONTH)

    @cached_property
    def _is_new_period(self) -> Bools:
        """Of each period."""
        known = self._since.kept.periods.with_columns(is_known=True)
        found = with_grain(self.periods).join(known, on=PERIOD_KEY, how="left", maintain_order="left")
        return found["is_known"].is_null().to_numpy()

    @cached_property
    def _begins_otherwise(self) -> bool:
        """Whether the first month is another, so that windows up to the next ones have other months."""
        first = self._since.kept.periods.filter(grain=MONTH)["starts_on"].min()
        return first != self.periods["starts_on"][self._months].min()

    @cached_property
    def _is_new_segment(self) -> Bools:
        """Of each segment of all facts."""
        known = self._since.kept.segment_rows.select("cut", "segment").unique().with_columns(is_known=True)
        found = self._cases.segments.frame.join(
            known, on=["cut", "segment"], how="left", maintain_order="left"
        )
        return found["is_known"].is_null().to_numpy()
