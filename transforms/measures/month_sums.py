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

from transforms.measures.segments import COMMON, COMPANY, Placed, Places, place_of
from transforms.statistics.ordered import Array, Floats

# A sum is that of decimals, exact whatever the order of rows: a rerun must change no number, and a mean that is a limit
# on paper is on it. A float of up to seven decimal places is that decimal, any other is rounded to 15 or 16 digits.
# Wholes, ten-millionths and units of 10^-15 are added up apart, each as whole numbers that floats add without error.
COARSE, FINE = 1e7, 1e15
_FINE_A_COARSE = FINE / COARSE
_DECADES = 10.0 ** np.arange(16)
_MANTISSA_BITS, _EXPONENTS = 52, 0x7FF
# Digits before the point of the least number with each binary exponent that a float can have.
_DIGITS = np.clip(np.floor((np.arange(_EXPONENTS + 1) - 1023) * np.log10(2)) + 1, 0, 15).astype(np.int8)
# Below it floats are added without error; what is of units so many times larger is added up apart.
_EXACT = 2.0**53
_LARGER = 2.0**30
_UNKNOWN = pl.Series([None], dtype=pl.Int32)


@dataclass(frozen=True)
class Sums:
    """Sums of a column in exact parts: arrays of slices × months × places, to be added at the end.

    `wholes` are numbers, `coarse` and `fine` whole numbers of their units.
    """

    wholes: tuple[Floats, ...]
    coarse: Floats | None = None
    fine: Floats | None = None

    def over(self, weights: Floats) -> Floats:
        """Sums of slices × periods × places; `weights` say which months count: (slices ×) periods × months."""
        wholes: Floats = reduce(np.add, [np.matmul(weights, part) for part in self.wholes])
        if self.coarse is None:
            return wholes
        coarse = np.matmul(weights, self.coarse)
        carried = np.rint(coarse / COARSE)
        rest = (coarse - carried * COARSE) * _FINE_A_COARSE
        if self.fine is not None:
            rest += np.matmul(weights, self.fine)
        wholes += carried
        wholes += rest / FINE
        return wholes


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
            return self._decimals(numbers)
        # Of few rows there is less to count: those that are set, or the others.
        if 2 * int(column.sum()) <= len(column):
            return Sums((self._added(partial(_counted, column)),))
        return Sums((self._of_all - self._added(partial(_counted, ~column.fill_null(False))),))

    def _decimals(self, numbers: Floats) -> Sums:
        wholes = np.rint(numbers)
        coarse, fine = _fractions(numbers, wholes)
        return Sums(
            tuple(self._added(partial(_summed, part)) for part in _addable(wholes)),
            None if coarse is None else self._added(partial(_summed, coarse)),
            None if fine is None else self._added(partial(_summed, fine)),
        )

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


def _fractions(numbers: Floats, wholes: Floats) -> tuple[Floats | None, Floats | None]:
    """What numbers have beside the nearest wholes, in coarse units and, where these do not do, in fine ones."""
    rest = np.subtract(numbers, wholes)
    if not rest.any():
        return None, None
    coarse = np.rint(rest * COARSE)
    finer = wholes + coarse / COARSE != numbers
    if not finer.any():
        return coarse, None
    digits = _DIGITS[(numbers.view(np.int64) >> _MANTISSA_BITS) & _EXPONENTS]
    units = np.rint(rest * (FINE / _DECADES)[digits])
    units *= _DECADES[digits]
    coarse = np.where(finer, np.rint(units / _FINE_A_COARSE), coarse)
    return coarse, np.where(finer, units - coarse * _FINE_A_COARSE, 0.0)


def _addable(wholes: Floats) -> tuple[Floats, ...]:
    """Whole numbers in parts that floats add up without error: as they are, or what is of larger units apart."""
    largest = max(wholes.max(initial=0.0), -wholes.min(initial=0.0))
    parts, unit = [], 1.0
    while _EXACT <= largest / unit * len(wholes) < np.inf:
        unit *= _LARGER
        large = np.rint(wholes / unit) * unit
        parts.append(wholes - large)
        wholes = large
    return (*parts, wholes)


def months_spanned(months: pl.Series) -> range:
    """The months from the first to the last; none of nothing."""
    first, last = months.min(), months.max()
    return range(int(first), int(last) + 1) if isinstance(first, int) and isinstance(last, int) else range(0)
