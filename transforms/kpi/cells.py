"""Cells: in which slice, month and place cases are, and what can be had of them there in whatever periods.

Sums are dense arrays of slices × months × places; values are put in order by period and place. Nothing here knows
a measure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from math import prod

import numpy as np
import polars as pl
from scipy import sparse

from transforms.kpi.places import COMMON, COMPANY, Placed, Places, place_of
from transforms.statistics.ordered import Array, Floats

# Floats are added up in whole numbers of each of these units: up to 2^23 of them exactly, whatever the order of rows,
# as a rerun must change no number. The last one is finer than 10^-12.
UNITS = (2.0**20, 2.0**-10, 2.0**-40)
# A float to which so many units are added has no digit below the unit.
_LARGE = 1.5 * 2.0**52
_UNKNOWN = pl.Series([None], dtype=pl.Int32)


@dataclass(frozen=True)
class Sums:
    """Sums of a column in exact parts: arrays of slices × months × places, to be added at the end."""

    parts: tuple[Floats, ...]

    def over(self, weights: Floats) -> Floats:
        """Sums of slices × periods × places; `weights` say which months count: (slices ×) periods × months."""
        return reduce(np.add, [np.matmul(weights, part) for part in self.parts])


@dataclass(frozen=True)
class Grouping:
    """A way to group rows: `group` is that of every row, of 0 … count − 1.

    There is one for every period of the `layer` and every place of `span`, and one more row and column of groups
    for rows of no period and no place.
    """

    group: Array
    count: int
    layer: Array
    span: slice

    def fill(self, array: Floats, figures: Array) -> None:
        """Put a figure of every group in its place of an array of periods × places."""
        own = figures.reshape(len(self.layer) + 1, -1)[:-1, :-1]
        array[self.layer, self.span] = own


class Cells:
    """Where rows of a fact are: `rows` has month (see `month_number`) and the columns of its places.

    `months` is the range of the months; `slices` the numbers of the rows' slices, if there are several.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        places: Places,
        fact: str,
        months: range,
        slices: Array | None = None,
        count: int = 1,
    ) -> None:
        self.months = months
        self._slices, self._count = slices, count
        self._rows = rows
        self._places = places
        self._placed: Placed = places.facts[fact]
        self._month = rows["month"].to_numpy().astype(np.int64) - months.start

    def sums(self, column: pl.Series) -> Sums:
        """Sums of a column (of flags: how many are set)."""
        if column.dtype != pl.Boolean:
            numbers = column.cast(pl.Float64).fill_null(0.0).to_numpy()
            return Sums(tuple(self._added(partial(_summed, part)) for part in _whole_units(numbers)))
        # Of few rows there is less to count: those that are set, or the others.
        if 2 * int(column.sum()) <= len(column):
            return Sums((self._added(partial(_counted, column)),))
        return Sums((self._of_all - self._added(partial(_counted, ~column.fill_null(False))),))

    @cached_property
    def _of_all(self) -> Floats:
        return self._added(lambda cells, count: np.bincount(cells.to_numpy(), minlength=count))

    def _added(self, by: Callable[[pl.Series, int], Array]) -> Floats:
        """What is added up `by` cells (the cell of each row, and how many cells there are), at every place."""
        height = self._count * len(self.months)
        found = np.zeros((height, self._places.frame.height))
        size = prod(self._placed.sizes)
        cells = by(self._in_common, height * size).reshape(height, size).astype(np.float64, copy=False)
        places, which = self._margins
        found[:, places] = (which @ np.ascontiguousarray(cells.T)).T
        for cut, (width, code) in self._apart.items():
            span = self._places.spans[cut]
            own = by(code, height * width).reshape(height, width)
            found[:, span] = own[:, : span.stop - span.start]
        return found.reshape(self._count, len(self.months), self._places.frame.height)

    @cached_property
    def _margins(self) -> tuple[Array, sparse.csr_array]:
        """The places that are added up from common cells, and which cells make up which of them."""
        sizes = self._placed.sizes
        at = np.unravel_index(np.arange(prod(sizes)), sizes) if sizes else ()
        places, cells = [np.array([0])], [np.ones((prod(sizes), 1))]
        for cut, here in zip(self._placed.common, at, strict=True):
            span = self._places.spans[cut]
            places.append(np.arange(span.start, span.stop))
            cells.append(here[:, None] == np.arange(span.stop - span.start))
        return np.concatenate(places), sparse.csr_array(np.hstack(cells).T.astype(np.float64))

    @cached_property
    def _row(self) -> Array:
        row: Array = self._month if self._slices is None else self._slices * len(self.months) + self._month
        return row

    @cached_property
    def _in_common(self) -> pl.Series:
        return pl.Series(self._row * prod(self._placed.sizes) + self._rows[COMMON].to_numpy())

    @cached_property
    def _apart(self) -> dict[str, tuple[int, pl.Series]]:
        """Of each cut that is added up on its own: how many places, and the cell of every row."""
        found = {}
        for cut in self._placed.apart:
            width, place = self._here(cut)
            found[cut] = width, pl.Series(self._row * width + place)
        return found

    def _here(self, cut: str) -> tuple[int, Array]:
        """How many places a cut has, with nowhere as the last, and which of them each row is in."""
        span = self._places.spans[cut]
        width = span.stop - span.start + 1
        if cut == COMPANY:
            return width, np.zeros(len(self._month), np.uint32)
        place = self._rows[place_of(cut)].cast(pl.UInt32).fill_null(span.start + width - 1)
        return width, place.to_numpy() - np.uint32(span.start)

    def grouped(self, weights: Floats) -> Iterator[Grouping]:
        """Groupings of the rows, so that every period and place of `weights` (periods × months) is a group of one."""
        of_rows = []
        for layer in layers(weights):
            ordinal = np.full(len(self.months), len(layer), np.uint32)
            for i, period in enumerate(layer):
                ordinal[weights[period] > 0] = i
            of_rows.append((layer, ordinal[self._month]))
        for cut in self._placed.cuts:
            width, place = self._here(cut)
            for layer, of_row in of_rows:
                group = of_row * np.uint32(width)
                group += place
                yield Grouping(group, (len(layer) + 1) * width, layer, self._places.spans[cut])


def layers(weights: Floats) -> list[Array]:
    """The periods (rows of periods × months) in as few layers as may be, none of which has two that overlap."""
    found: list[list[int]] = []
    taken: list[Array] = []
    for period, months in enumerate(weights > 0):
        for own, busy in zip(found, taken, strict=True):
            if not (busy & months).any():
                own.append(period)
                busy |= months
                break
        else:
            found.append([period])
            taken.append(months.copy())
    return [np.array(own) for own in found]


def month_number(day: str) -> pl.Expr:
    """Months since year 0 of a day."""
    return pl.col(day).map_batches(_months_of_days, pl.Int32, is_elementwise=True)


def _months_of_days(days: pl.Series) -> pl.Series:
    numbers = days.to_physical().fill_null(0).to_numpy()
    first, last = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    if last - first < len(numbers):
        # Taking each day apart is ten times slower than looking it up.
        found = _months(np.arange(first, last + 1))[numbers - np.int32(first)]
    else:
        found = _months(numbers)
    months = pl.Series(days.name, found)
    return months.zip_with(days.is_not_null(), _UNKNOWN) if days.null_count() else months


def _months(days_since_1970: Array) -> Array:
    since_1970: Array = days_since_1970.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    return since_1970 + np.int32(12 * 1970)


def months_from_to(months: range, first: Array, last: Array) -> Floats:
    """Which months are among those from the first to the last one of each period: periods × months."""
    own = np.arange(months.start, months.stop)
    return ((own >= first[:, None]) & (own <= last[:, None])).astype(np.float64)


def _counted(flags: pl.Series, cells: pl.Series, count: int) -> Array:
    return np.bincount(cells.filter(flags).to_numpy(), minlength=count)


def _summed(numbers: Floats, cells: pl.Series, count: int) -> Array:
    return np.bincount(cells.to_numpy(), numbers, count)


def _whole_units(column: Floats) -> Iterator[Floats]:
    """The column in parts, of whole numbers of UNITS each; units of which there are none are left out but the last.

    A part is overwritten when the next one is asked for.
    """
    part, rest = np.empty_like(column), column
    for unit in UNITS:
        largest = max(rest.max(initial=0.0), -rest.min(initial=0.0))
        if largest >= unit / 2 or (rest is column and unit == UNITS[-1]):
            np.add(rest, _LARGE * unit, out=part)
            np.subtract(part, _LARGE * unit, out=part)
            yield part
            rest = np.subtract(rest, part, out=None if rest is column else rest)


def months_spanned(months: pl.Series) -> range:
    """The months from the first to the last; none of nothing."""
    first, last = months.min(), months.max()
    return range(int(first), int(last) + 1) if isinstance(first, int) and isinstance(last, int) else range(0)
