"""From the cases of a fact to figures: sums and quantiles for all KPIs that place its cases in months alike.

Which cases a KPI counts and what it takes of each is its definition's word; stocks and curves are elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from hashlib import sha256

import numpy as np
import polars as pl

from transforms.measures.definition import Kpi, Statistic, quantile_figures
from transforms.measures.figures import Figures, Series
from transforms.measures.month_sums import Cells, Sums, month_number, months_spanned
from transforms.measures.segments import Places
from transforms.measures.stock_figures import Stocks
from transforms.periods import months_of
from transforms.statistics.ordered import Array, Floats, Ordered, ranked

# How many months a case had been in the exposure of its rate.
_HELD = "held_months"
_COUNTED = "n_counted"
# The latest mature issue months that a period takes (0: its own months), and whether only its last month.
Window = tuple[int, bool]
Numbers = dict[str, Floats]


@dataclass(frozen=True)
class Planned:
    """A series with its statistics and the columns they are computed in; equal ones of several KPIs share one."""

    series: Series
    columns: Mapping[str, str]
    statistics: Mapping[str, Statistic]

    @property
    def window(self) -> Window:
        """Which months of cases its periods take."""
        return self.series.kpi.issue_months, self.series.kpi.cumulative


@dataclass(frozen=True)
class Batch:
    """Series that share a fact and the date that places a case in a month, so that its cases are read once.

    `slice_on` is the column that tells the fact's kinds of rows apart, if these KPIs ask for one kind each;
    `held_since` the date since which a case is in their exposure, if only what was when a period began counts.
    """

    fact: str
    placed_on: str
    slice_on: str | None
    held_since: str | None
    members: tuple[Planned, ...]

    @property
    def columns(self) -> dict[str, pl.Expr]:
        """Every column to compute, once."""
        return {m.columns[name]: s.cases for m in self.members for name, s in m.statistics.items()}

    @property
    def quantiles(self) -> dict[str, list[float]]:
        """The columns that quantiles are taken of, and which."""
        taken = [
            (m.columns[n], s.q) for m in self.members for n, s in m.statistics.items() if s.q is not None
        ]
        return {column: sorted({q for other, q in taken if other == column}) for column, _ in taken}


def batched(
    series: Iterable[Series], periods: pl.DataFrame, as_of: date, places: Places, counted: Stocks
) -> list[Figures]:
    """The figures of all KPIs that count cases."""
    found: list[Figures] = []
    for batch in _batches(series, as_of):
        cases = _Cases(batch, periods, places)
        for member in batch.members:
            numbers = cases.numbers(member)
            for exposure in member.series.kpi.measure.exposures:
                numbers[exposure.name] = counted.exposure(exposure)
            found.append(Figures.of(member.series, periods, places, numbers))
    return found


def adds_up(kpi: Kpi) -> bool:
    """Whether the figures of months make those of several months by being added up."""
    if kpi.measure.family != "cases" or kpi.issue_months or kpi.cumulative:
        return False
    return all(statistic.q is None for statistic in kpi.measure.statistics(date.max).values())


def _batches(series: Iterable[Series], as_of: date) -> list[Batch]:
    groups: dict[tuple[str, str, str | None, str | None], list[Planned]] = {}
    for one in series:
        kpi = one.kpi
        if kpi.measure.family == "cases":
            slice_on = kpi.slice[0] if kpi.slice else None
            key = (kpi.fact, kpi.dates[one.basis], slice_on, kpi.held_since)  # type: ignore[index]
            groups.setdefault(key, []).append(_planned(one, as_of))
    return [Batch(*key, tuple(members)) for key, members in groups.items()]


def _planned(series: Series, as_of: date) -> Planned:
    """The KPI's statistics restricted to the cases that count, each under a name made of its expression."""
    kpi = series.kpi
    in_population, left_out = kpi.in_population, kpi.left_out
    statistics = {
        name: Statistic(pl.when(in_population & ~left_out).then(s.cases), s.q)
        for name, s in kpi.measure.statistics(as_of).items()
    }
    statistics["n_excluded"] = Statistic(in_population & left_out)
    if kpi.held_since:
        statistics[_COUNTED] = Statistic(in_population & ~left_out)
    return Planned(series, {name: _column_name(s.cases) for name, s in statistics.items()}, statistics)


def _column_name(cases: pl.Expr) -> str:
    return f"statistic_{sha256(cases.meta.serialize()).hexdigest()[:16]}"


class _Cases:
    """The cases of a batch in the months that its periods take, and the numbers of its members."""

    def __init__(self, batch: Batch, periods: pl.DataFrame, places: Places) -> None:
        fact = places.facts[batch.fact]
        windows = {member.window for member in batch.members}
        matured = cache(partial(_matured, fact.frame, batch))
        taken = {window: _months(window, matured, periods) for window in windows}
        self._months = months_spanned(pl.concat(frame["month"] for frame in taken.values()))
        slices = [batch.slice_on] if batch.slice_on else []
        held = [_held_months(batch.held_since, taken.values()).alias(_HELD)] if batch.held_since else []
        self._rows = (
            fact.frame.with_columns(month=month_number(batch.placed_on))
            .filter(
                pl.any_horizontal(_wanted(frame, slices) for frame in taken.values()),
                *(pl.col(name).is_not_null() for name in slices),
            )
            .select(
                "month",
                *slices,
                *held,
                *(fact.columns if batch.quantiles else fact.adding),
                *(cases.alias(name) for name, cases in batch.columns.items()),
            )
            .collect()
        )
        self._batch, self._places = batch, places
        self._sliced_on = _HELD if held else batch.slice_on
        kinds = self._rows[self._sliced_on].unique().sort().to_list() if self._sliced_on else [None]
        self._kinds = {kind: number for number, kind in enumerate(kinds)}
        self._weights = {window: self._which(frame, periods.height) for window, frame in taken.items()}
        numbers = self._numbered(self._rows) if self._sliced_on else None
        self._cells = Cells(self._rows, places, batch.fact, self._months, numbers, len(kinds))
        self._sums: dict[str, Sums] = {}
        self._merged: dict[tuple[str, Window], Floats] = {}
        self._quantiles: dict[tuple[Window, object], dict[tuple[str, float], tuple[Floats, ...]]] = {}

    def numbers(self, member: Planned) -> Numbers:
        """Every statistic of a member, as periods × places."""
        if self._batch.held_since:
            return self._of_held(member)
        found: Numbers = {}
        kind = member.series.kpi.slice[1] if member.series.kpi.slice else None
        for name, statistic in member.statistics.items():
            column, q = member.columns[name], statistic.q
            if q is None:
                sums = self._added_up(column, member.window)
                found[name] = sums[self._kinds[kind]] if kind in self._kinds else np.zeros(sums.shape[1:])
            else:
                figures = self._quantiles_of(member.window, kind)[column, q]
                found |= dict(zip(quantile_figures(name), figures, strict=True))
        return found

    def _of_held(self, member: Planned) -> Numbers:
        """The statistics of the cases held when the period began; the rest is among n_excluded."""
        every = self._weights[member.window]
        place_in_period = np.arange(len(self._months)) - every[0].argmax(axis=1)[:, None]
        held = every * (np.array(list(self._kinds))[:, None, None] > place_in_period)
        found = {
            name: self._sums_of(column).over(held).sum(axis=0) for name, column in member.columns.items()
        }
        left_out, counted = (
            self._sums_of(member.columns[name]).over(every).sum(axis=0) for name in ("n_excluded", _COUNTED)
        )
        return found | {"n_excluded": left_out + counted - found.pop(_COUNTED)}

    def _added_up(self, column: str, window: Window) -> Floats:
        """The sums of a column, as slices × periods × places."""
        if (column, window) not in self._merged:
            self._merged[column, window] = self._sums_of(column).over(self._weights[window])
        return self._merged[column, window]

    def _sums_of(self, column: str) -> Sums:
        if column not in self._sums:
            self._sums[column] = self._cells.sums(self._rows[column])
        return self._sums[column]

    def _quantiles_of(self, window: Window, kind: object) -> dict[tuple[str, float], tuple[Floats, ...]]:
        """The quantiles of all columns for one kind of rows: see `quantile_figures`, as periods × places."""
        if (window, kind) not in self._quantiles:
            rows, weights = self._rows, self._weights[window]
            own = weights[self._kinds.get(kind, 0) if len(weights) > 1 else 0]
            if self._batch.slice_on:
                rows = rows.filter(pl.col(self._batch.slice_on) == pl.lit(kind))
            self._quantiles[window, kind] = self._taken(rows, own)
        return self._quantiles[window, kind]

    def _taken(self, rows: pl.DataFrame, weights: Floats) -> dict[tuple[str, float], tuple[Floats, ...]]:
        cells = Cells(rows, self._places, self._batch.fact, self._months)
        values = {name: rows[name].cast(pl.Float64) for name in self._batch.quantiles}
        # Of a column that few rows fill the others are left out; else that costs more than it saves.
        filled = {
            name: column.is_not_null().to_numpy() if 2 * column.null_count() > len(column) else slice(None)
            for name, column in values.items()
        }
        ranks = {name: ranked(column.to_numpy()[filled[name]]) for name, column in values.items()}
        found = {
            (name, q): tuple(np.full((len(weights), self._places.frame.height), np.nan) for _ in range(4))
            for name, some in self._batch.quantiles.items()
            for q in some
        }
        for grouping in cells.grouped(weights):
            for name, some in self._batch.quantiles.items():
                ordered = Ordered.of(grouping.group[filled[name]], grouping.count, *ranks[name])
                for q in some:
                    value, low, high = ordered.quantile(q)
                    for array, figures in zip(found[name, q], (value, ordered.n, low, high), strict=True):
                        grouping.fill(array, figures)
        return found

    def _numbered(self, frame: pl.DataFrame) -> Array:
        """The number of the slice of each row."""
        column = frame[self._sliced_on or ""]
        return column.replace_strict(self._kinds, return_dtype=pl.Int64).to_numpy().astype(np.int64)

    def _which(self, taken: pl.DataFrame, periods: int) -> Floats:
        """Which months count in which period: slices (1 if all are alike) × periods × months."""
        on = self._sliced_on
        slices: Array = np.zeros(taken.height, np.int64)
        if on in taken.columns:
            taken = taken.filter(pl.col(on).is_in(list(self._kinds)))
            slices = self._numbered(taken)
        weights = np.zeros((len(self._kinds) if on in taken.columns else 1, periods, len(self._months)))
        weights[slices, taken["period"].to_numpy(), taken["month"].to_numpy() - self._months.start] = 1
        return weights


def _months(window: Window, matured: Callable[[], pl.DataFrame], periods: pl.DataFrame) -> pl.DataFrame:
    """Which months of cases belong to which period: month (its number), period and the slice they hold for.

    `matured` is asked for only by windows of issue months.
    """
    issue_months, is_cumulative = window
    if is_cumulative:
        return periods.select("period", month=month_number("ends_on"))
    if issue_months:
        return _latest_mature(matured(), issue_months, periods)
    return months_of(periods).with_columns(month=month_number("month"))


def _held_months(since: str, taken: Iterable[pl.DataFrame]) -> pl.Expr:
    """How many months a case had been in the exposure, up to those of the longest period; 0 if nobody knows."""
    longest = max(int(frame.group_by("period").len()["len"].to_numpy().max(initial=0)) for frame in taken)
    return (pl.col("month") - month_number(since)).clip(0, longest).fill_null(0)


def _wanted(taken: pl.DataFrame, slices: list[str]) -> pl.Expr:
    """Whether a case is of the span of months that periods take of its slice."""
    spans = taken.group_by([name for name in slices if name in taken.columns] or [pl.lit(0)])
    rows = spans.agg(first=pl.col("month").min(), last=pl.col("month").max()).rows(named=True)
    return pl.any_horizontal(
        pl.lit(False),
        *(
            pl.all_horizontal(
                pl.col("month").is_between(row["first"], row["last"]),
                *(pl.col(name) == pl.lit(row[name]) for name in slices if name in row),
            )
            for row in rows
        ),
    )


def _matured(fact: pl.LazyFrame, batch: Batch) -> pl.DataFrame:
    """When all policies of an issue month of a slice, and of all before it, are mature by the day rule."""
    slices = [batch.slice_on] if batch.slice_on else []
    return (
        fact.group_by(*slices, month=month_number(batch.placed_on))
        .agg(pl.col("matures_on").max())
        .sort("month")
        .with_columns(pl.col("matures_on").cum_max().over(slices or [pl.lit(0)]))
        .collect()
    )


def _latest_mature(matured: pl.DataFrame, count: int, periods: pl.DataFrame) -> pl.DataFrame:
    """For each period the latest issue months in which every policy was mature at its end."""
    slices = [name for name in matured.columns if name not in ("month", "matures_on")]
    pairs = matured.join(periods.select("period", "ends_on"), how="cross").filter(
        pl.col("matures_on") <= pl.col("ends_on")
    )
    first = pl.col("month").max().over(*slices, "period") - (count - 1)
    return pairs.filter(pl.col("month") >= first).select(*slices, "month", "period")
