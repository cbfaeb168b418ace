"""Where figures of cases can be others than on an earlier day: where what their cases come to differs.

Which cases differ is found in `wanted.py`.
"""

from functools import partial, reduce

import numpy as np
import polars as pl

from transforms.measures.case_plans import CasePlan, CaseState, Planned, latest_mature, matured_of, months_in
from transforms.measures.figures import (
    Differences,
    Scope,
)
from transforms.measures.months import periods_with
from transforms.measures.segments import Segments
from transforms.statistics.ordered import Bools


class DifferingCases:
    """What the state of a plan's cases is but for what it was, and where that makes figures others.

    `matured` says which cases are mature when, now and then, if the plan takes months of issue.
    """

    def __init__(
        self,
        plan: CasePlan,
        difference: CaseState,
        scope: Scope,
        matured: tuple[pl.DataFrame, pl.DataFrame] | None,
    ) -> None:
        self._plan, self._scope, self._matured = plan, scope, matured
        self._axes = difference.sums.axes.with_segments(scope.segments)
        self._sums = difference.sums.on(self._axes)
        self._values = {name: counts.on(self._axes) for name, counts in difference.values.items()}

    @classmethod
    def of(
        cls, plan: CasePlan, difference: CaseState, scope: Scope, differences: Differences
    ) -> "DifferingCases":
        """Those of a plan; which months are mature is counted, if need be."""
        if difference.matured is None:
            return cls(plan, difference, scope, None)
        now = reduce(partial(matured_of, sign=1), map(plan.matured, differences.unread(plan.fact)))
        return cls(plan, difference, scope, (now, matured_of(now, difference.matured, -1)))

    @property
    def segments(self) -> Segments:
        """Those of its fact."""
        return self._axes.segments

    def changed(self, member: Planned) -> Bools:
        """In which periods and segments."""
        cells = np.zeros(self._axes.shape, bool)
        for column in member.columns.values():
            values = self._values.get(column)
            cells |= self._sums.occur(column) if values is None else values.occur
        if self._plan.slice_on and not self._plan.held_since:
            cells = cells[[kind == member.slice for kind in self._axes.slices]]
        now, then = self._months(member)
        weights = np.zeros((self._scope.periods.height, len(self._axes.months)))
        months = now["month"].to_numpy() - self._axes.months.start
        inside = (months >= 0) & (months < weights.shape[1])
        weights[now["period"].to_numpy()[inside], months[inside]] = 1
        found = periods_with(weights, np.any(cells, axis=0))
        # Of a period that takes other months than it did nothing is known.
        others = pl.concat(
            [now.join(then, on=now.columns, how="anti"), then.join(now, on=now.columns, how="anti")]
        )
        found[others["period"].to_numpy()] = True
        return found

    def _months(self, member: Planned) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The months (numbers) that each period takes, now and then."""
        window, periods = member.window, self._scope.periods
        if window.is_cumulative or not (window.issue_months and self._matured):
            same = months_in(window, periods)
            return same, same
        kind = (
            pl.lit(True)
            if self._plan.slice_on is None
            else pl.col(self._plan.slice_on) == pl.lit(member.slice)
        )
        now, then = (
            latest_mature(matured, window.issue_months, periods).filter(kind).select("period", "month")
            for matured in self._matured
        )
        return now, then
