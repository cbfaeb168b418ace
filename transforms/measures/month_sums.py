"""What cases come to by slice, month and segment: exact sums of columns, and how often each value occurs.

Both are parts of states: values that those of other cases can be merged into, without anything being read again.
Nothing here knows a measure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from transforms.measures.months import layers, months_of_both
from transforms.measures.segments import COMPANY, SEVERAL, SegmentedFact, Segments, segment_no_of
from transforms.statistics.exact_sums import Sums
from transforms.statistics.ordered import Array, Bools, Floats, counted, grouped_keys


@dataclass(frozen=True)
class Axes:
    """What the numbers of a state are by: slices (kinds of rows; None if all are alike), months, segments."""

    slices: tuple[Any, ...]
    months: range
    segments: Segments

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many there are of each."""
        return len(self.slices), len(self.months), len(self.segments)

    def merge(self, other: "Axes") -> "Axes":
        """The axes that hold both."""
        slices = self.slices if self.slices == other.slices else sorted({*self.slices, *other.slices})
        return Axes(
            tuple(slices), months_of_both(self.months, other.months), self.segments.merge(other.segments)
        )

    def with_segments(self, every: Segments) -> "Axes":
        """The same with all of the segments that there are of its cuts."""
        return Axes(self.slices, self.months, every.of_cuts(self.segments.names))

    def positions_in(self, wider: "Axes") -> tuple[Array, Array, Array]:
        """Where slices, months and segments are on axes that hold them all; −1 for segments that are gone."""
        slices = [wider.slices.index(one) for one in self.slices]
        months = np.arange(len(self.months)) + (self.months.start - wider.months.start)
        return np.array(slices, np.int64), months, self.segments.numbers_in(wider.segments)


@dataclass(frozen=True, eq=False)
class MonthSums:
    """Exact sums of columns, each as slices × months × segments."""

    axes: Axes
    sums: Mapping[str, Sums]

    def occur(self, *names: str) -> Bools:
        """In which slices, months and segments any of some columns, or of all, has a sum other than 0."""
        found = np.zeros(self.axes.shape, bool)
        for name in names or self.sums:
            found |= self.sums[name].occur
        return found

    def on(self, axes: Axes) -> "MonthSums":
        """The same on axes that hold these, but for segments of which no case is left."""
        if axes == self.axes:
            return self
        slices, months, segments = self.axes.positions_in(axes)
        there = np.flatnonzero(segments >= 0)
        at = np.ix_(slices, months, segments[there])
        own = np.ix_(np.arange(len(slices)), np.arange(len(months)), there)
        return MonthSums(axes, {name: sums.placed(axes.shape, at, own) for name, sums in self.sums.items()})

    def merge(self, other: "MonthSums") -> "MonthSums":
        """The sums of the cases of both."""
        axes = self.axes.merge(other.axes)
        one, two = self.on(axes), other.on(axes)
        return MonthSums(axes, {name: sums.merge(two.sums[name]) for name, sums in one.sums.items()})

    def without(self, other: "MonthSums") -> "MonthSums":
        """The sums of the cases but for those of the other, on the axes of both."""
        axes = self.axes.merge(other.axes)
        one, two = self.on(axes), other.on(axes)
        return MonthSums(axes, {name: sums.without(two.sums[name]) for name, sums in one.sums.items()})


@dataclass(frozen=True, eq=False)
class ValueCounts:
    """How often each value occurs, for those that do.

    `values` are columns whose rows are the distinct values, ascending. An entry says `counts` of the value number
    `codes` in a `cell`: segment, slice and month in one number. Entries ascend by cell and value.
    """

    axes: Axes
    values: tuple[Array, ...]
    cells: Array
    codes: Array
    counts: Array

    @property
    def occur(self) -> Bools:
        """In which slices, months and segments there is any value."""
        slices, months, segments = self.axes.shape
        found = np.zeros((segments, slices, months), bool)
        found.ravel()[self.cells] = True
        return found.transpose(1, 2, 0)

    def on(self, axes: Axes) -> "ValueCounts":
        """The same on axes that hold these, but for segments of which no case is left."""
        if axes == self.axes:
            return self
        slices, months, segments = self.axes.positions_in(axes)
        n_slices, n_months, _ = self.axes.shape
        segment, rest = np.divmod(self.cells, max(n_slices * n_months, 1))
        a_slice, month = np.divmod(rest, max(n_months, 1))
        cells = (segments[segment] * len(axes.slices) + slices[a_slice]) * len(axes.months) + months[month]
        order = np.lexsort((self.codes, cells))
        order = order[np.searchsorted(cells[order], 0) :]
        return ValueCounts(
            axes, self.values, cells[order].astype(np.uint32), self.codes[order], self.counts[order]
        )

    def merge(self, other: "ValueCounts") -> "ValueCounts":
        """The counts of the cases of both."""
        return self._with(other, 1)

    def without(self, other: "ValueCounts") -> "ValueCounts":
        """The counts of the cases but for those of the other, on the axes of both."""
        return self._with(other, -1)._of_what_occurs()

    def _with(self, other: "ValueCounts", sign: int) -> "ValueCounts":
        axes = self.axes.merge(other.axes)
        one, two = self.on(axes), other.on(axes)
        values, codes = _joined(one.values, two.values)
        bits = _bits(values)
        cells = np.concatenate([one.cells, two.cells])
        numbers = np.concatenate([codes[0][one.codes], codes[1][two.codes]])
        keys = grouped_keys(cells, numbers, prod(axes.shape), bits)
        # Two runs in order each, which a stable sort merges.
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], np.concatenate([one.counts, sign * two.counts])[order]
        first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
        counts = np.add.reduceat(counts, first, dtype=np.int64) if len(keys) else counts.astype(np.int64)
        occurs = counts != 0
        return ValueCounts(axes, values, *_parted(keys[first][occurs], bits), counts[occurs])

    def _of_what_occurs(self) -> "ValueCounts":
        """The same without values that no case has."""
        occurs = np.bincount(self.codes, minlength=len(self.values[0])) > 0
        number = (np.cumsum(occurs) - 1).astype(np.uint32)
        values = tuple(column[occurs] for column in self.values)
        return ValueCounts(self.axes, values, self.cells, number[self.codes], self.counts)

    def grouped(self, slice_no: int, weights: Floats, wanted: Bools | None = None) -> Iterator["Grouping"]:
        """Groupings of one slice in which every segment and period of `weights` (periods × months) is a group.

        Those that are not `wanted` (periods × segments) have no values.
        """
        slices, months, segments = self.axes.shape
        if wanted is None:
            wanted = np.ones((len(weights), segments), bool)
        periods = np.flatnonzero(wanted.any(axis=1))
        for layer in (periods[own] for own in layers(weights[periods])):
            nowhere = np.uint32(segments * len(layer))
            of_cell = np.full((segments, slices, months), nowhere)
            first = np.arange(segments, dtype=np.uint32)[:, None] * np.uint32(len(layer))
            for number, period in enumerate(layer):
                groups = np.where(wanted[period][:, None], first + np.uint32(number), nowhere)
                of_cell[:, slice_no, weights[period] > 0] = groups
            group = of_cell.ravel()[self.cells]
            if (of_cell < nowhere).all():
                yield Grouping(group, self.codes, self.counts, layer, segments)
            else:
                inside = group < nowhere
                yield Grouping(group[inside], self.codes[inside], self.counts[inside], layer, segments)


@dataclass(frozen=True)
class Grouping:
    """Values in groups, one for every segment and period of the `layer`: group, number of the value, how often."""

    group: Array
    codes: Array
    counts: Array
    layer: Array
    segments: int

    @property
    def size(self) -> int:
        """How many groups there are."""
        return self.segments * len(self.layer)

    def fill(self, array: Floats, figures: Array) -> None:
        """Put a figure of every group in its place of an array of periods × segments."""
        array[self.layer] = figures.reshape(self.segments, len(self.layer)).T


class RowsByMonth:
    """Rows of a fact by slice, month and segment, to be added up and counted.

    `rows` has month (see `month_number`, within `months`), the columns by which the fact is summed or grouped and
    `sliced_on`, if rows are of several slices.
    """

    def __init__(
        self, rows: pl.DataFrame, fact: SegmentedFact, months: range, sliced_on: str | None = None
    ) -> None:
        kinds = rows[sliced_on].unique().sort().to_list() if sliced_on else [None]
        self.axes = Axes(tuple(kinds), months, fact.segments)
        self._rows, self._fact = rows, fact
        self._row = rows["month"].to_numpy().astype(np.int64) - months.start
        if sliced_on and kinds:
            numbers = {kind: number for number, kind in enumerate(kinds)}
            slices = rows[sliced_on].replace_strict(numbers, return_dtype=pl.Int64).to_numpy()
            self._row = self._row + slices * len(months)
        self._weights = rows[fact.weight].to_numpy().astype(np.int64) if fact.weight else None

    def sums(self, columns: Mapping[str, pl.Series]) -> MonthSums:
        """Sums of columns, by name (of flags: how many are set)."""
        return MonthSums(self.axes, {name: self._sums(column) for name, column in columns.items()})

    def counts(self, codes: Array, values: tuple[Array, ...], known: Array | None = None) -> ValueCounts:
        """How often each of the distinct `values` occurs, from its number in each row, or in each `known` row."""
        bits, height = _bits(values), len(self.axes.slices) * len(self.axes.months)
        weights = self._weights if known is None or self._weights is None else self._weights[known]
        cells, numbers, counts = [], [], []
        for cut, (width, cell) in self._cells.items():
            span = self.axes.segments.spans[cut]
            own = grouped_keys(cell if known is None else cell[known], codes, width * height, bits)
            own, many = counted(own, width * height << bits, weights)
            # What is nowhere comes last.
            end = np.searchsorted(own, own.dtype.type((width - 1) * height << bits))
            own, number = _parted(own[:end], bits)
            cells.append(own + np.uint32(span.start * height))
            numbers.append(number)
            counts.append(many[:end])
        return ValueCounts(self.axes, values, *map(np.concatenate, (cells, numbers, counts)))

    def _sums(self, column: pl.Series) -> Sums:
        if column.dtype != pl.Boolean or self._weights is not None:
            numbers = column.cast(pl.Float64).fill_null(0.0).to_numpy()
            weights = None if self._weights is None else self._weights.astype(np.float64)
            return Sums.of(numbers, lambda part: self._added(partial(_summed, part)), weights)
        # Of few rows there is less to count: those that are set, or the others.
        if 2 * int(column.sum()) <= len(column):
            return Sums.of_counts(self._added(partial(_counted, column)))
        return Sums.of_counts(self._of_all - self._added(partial(_counted, ~column.fill_null(False))))

    @cached_property
    def _of_all(self) -> Floats:
        return self._added(lambda cells, count: np.bincount(cells.to_numpy(), minlength=count))

    def _added(self, by: Callable[[pl.Series, int], Array]) -> Floats:
        """What is added up `by` cells (the cell of each row, and how many cells there are), in every segment."""
        slices, months, segments = self.axes.shape
        height, size = slices * months, prod(self._fact.sizes)
        found = np.zeros((height, segments))
        cells = by(self._in_several, height * size).reshape(height, size).astype(np.float64, copy=False)
        at, which = self._margins
        found[:, at] = (which @ np.ascontiguousarray(cells.T)).T
        for cut, (width, code) in self._apart.items():
            span = self.axes.segments.spans[cut]
            own = by(code, height * width).reshape(height, width)
            found[:, span] = own[:, : span.stop - span.start]
        return found.reshape(self.axes.shape)

    @cached_property
    def _margins(self) -> tuple[Array, sparse.csr_array]:
        """The segments that are added up from cells of several cuts, and which cells make up which of them."""
        sizes = self._fact.sizes
        at = np.unravel_index(np.arange(prod(sizes)), sizes) if sizes else ()
        segments, cells = [np.array([0])], [np.ones((prod(sizes), 1))]
        for cut, here in zip(self._fact.common, at, strict=True):
            span = self.axes.segments.spans[cut]
            segments.append(np.arange(span.start, span.stop))
            cells.append(here[:, None] == np.arange(span.stop - span.start))
        return np.concatenate(segments), sparse.csr_array(np.hstack(cells).T.astype(np.float64))

    @cached_property
    def _in_several(self) -> pl.Series:
        return pl.Series(self._row * prod(self._fact.sizes) + self._rows[SEVERAL].to_numpy())

    @cached_property
    def _apart(self) -> dict[str, tuple[int, pl.Series]]:
        """Of each cut that is added up on its own: how many segments, and the cell of every row."""
        found = {}
        for cut in self._fact.apart:
            width, place = self._within(cut)
            found[cut] = width, pl.Series(self._row * width + place)
        return found

    @cached_property
    def _cells(self) -> dict[str, tuple[int, Array]]:
        """Of each cut: how many segments, with nowhere as the last, and the segment, slice and month of every row."""
        height = len(self.axes.slices) * len(self.axes.months)
        found = {}
        for cut in self.axes.segments.names:
            width, place = self._within(cut)
            found[cut] = width, (place * height + self._row).astype(np.uint32)
        return found

    def _within(self, cut: str) -> tuple[int, Array]:
        """How many segments a cut has, with nowhere as the last, and which of them each row is in."""
        span = self.axes.segments.spans[cut]
        width = span.stop - span.start + 1
        if cut == COMPANY:
            return width, np.zeros(len(self._row), np.int64)
        column = self._rows[segment_no_of(cut)]
        place = column.cast(pl.Int64).fill_null(span.start + width - 1).to_numpy() - span.start
        return width, place


def _bits(values: tuple[Array, ...]) -> int:
    """Bits that the numbers of values take."""
    return max(len(values[0]) - 1, 1).bit_length()


def _parted(keys: Array, bits: int) -> tuple[Array, Array]:
    """The cells of keys, and the numbers of the values in the bits below."""
    cells, numbers = keys >> keys.dtype.type(bits), keys & keys.dtype.type((1 << bits) - 1)
    return cells.astype(np.uint32, copy=False), numbers.astype(np.uint32, copy=False)


def _joined(
    one: tuple[Array, ...], other: tuple[Array, ...]
) -> tuple[tuple[Array, ...], tuple[Array, Array]]:
    """The distinct values of both, ascending, and the numbers among them of the values of each."""
    every = [np.concatenate(pair) for pair in zip(one, other, strict=True)]
    order = np.lexsort(every[::-1])
    ascending = [column[order] for column in every]
    is_new = np.ones(len(order), bool)
    is_new[1:] = np.any([column[1:] != column[:-1] for column in ascending], axis=0)
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(is_new) - 1
    begin = len(one[0])
    return tuple(column[is_new] for column in ascending), (number[:begin], number[begin:])


def _counted(flags: pl.Series, cells: pl.Series, count: int) -> Array:
    return np.bincount(cells.filter(flags).to_numpy(), minlength=count)


def _summed(numbers: Floats, cells: pl.Series, count: int) -> Array:
    return np.bincount(cells.to_numpy(), numbers, count)
