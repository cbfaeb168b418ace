"""Exact sums of decimals, many at once: equal whatever the order of rows, and however the rows are divided.

A rerun must change no number, and a mean that is a limit on paper has to be on it. Where the rows of a sum are is the
caller's affair (`transforms/measures/month_sums.py`), and what a float stands for when it is published is said in
`transforms/exactness.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from transforms.statistics.ordered import Array, Bools, Floats

# A float of up to seven decimal places is that decimal, any other is rounded to 15 or 16 digits, at most 15 places.
COARSE, FINE = 10**7, 10**15
_FINE_A_COARSE = FINE // COARSE
_DECADES = 10.0 ** np.arange(16)
_MANTISSA_BITS, _EXPONENTS = 52, 0x7FF
# Digits before the point of the least number with each binary exponent that a float can have.
_DIGITS = np.clip(np.floor((np.arange(_EXPONENTS + 1) - 1023) * np.log10(2)) + 1, 0, 15).astype(np.int8)
# Floats of so many bits are added without error.
_EXACT_BITS = 53
# Digits of this base can be added up over 2^17 months in a float, and divided by COARSE in an int64.
_BASE = 2.0**36
# From a number of each row (rows × 1), whole, to what is added up of them.
Adding = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums in whole units, as arrays of one shape: equal sums have equal arrays.

    `wholes` are digits of base 2^36, least first and as few as do, the last one signed; `coarse` are 0 … 10^7 − 1
    ten-millionths, `fine` 0 … 10^8 − 1 units of 10^-15, or None where all are 0. So nothing is rounded or overflows
    however many rows and however large weights a sum has. `undefined` says how many rows had no finite number.
    """

    wholes: tuple[Floats, ...]
    coarse: Floats | None = None
    fine: Floats | None = None
    undefined: Floats | None = None

    @classmethod
    def of(cls, numbers: Floats, added: Adding, weights: Floats | None = None) -> "Sums":
        """The sums of numbers that are `added` up, each row counting `weights` (whole numbers) times.

        >>> import numpy as np
        >>> sums = Sums.of(np.array([0.1] * 10), lambda rows: rows.sum(keepdims=True))
        >>> float(sums.over(np.ones((1, 1)))[0])
        1.0
        """
        lost, largest = None, _largest(numbers)
        if not np.isfinite(largest):
            undefined = ~np.isfinite(numbers)
            lost = added(undefined * (1.0 if weights is None else weights))
            numbers = np.where(undefined, 0.0, numbers)
            largest = _largest(numbers)
        wholes = np.rint(numbers)
        coarse, fine = _fractions(numbers, wholes)

        def exactly(some: Floats | None, most: float) -> list[Floats]:
            return [] if some is None else [added(part) for part in _addable(some, most, weights)]

        return cls._of_parts(
            exactly(wholes, largest + 1), exactly(coarse, COARSE), exactly(fine, _FINE_A_COARSE), lost
        )

    @classmethod
    def of_counts(cls, counts: Floats) -> "Sums":
        """Sums that are whole numbers already."""
        return cls._of_parts([counts], [], [], None)

    @classmethod
    def _of_parts(
        cls, wholes: list[Floats], coarse: list[Floats], fine: list[Floats], undefined: Floats | None
    ) -> "Sums":
        """The sums of whole numbers, of their ten-millionths and of their units of 10^-15."""
        fine, finest = _carried(fine, _FINE_A_COARSE)
        coarse, coarsest = _carried([*coarse, *fine], COARSE)
        digits = _digits([*wholes, *coarse])
        return cls(digits, coarsest, finest, undefined)

    @property
    def occur(self) -> Bools:
        """Which sums are not 0, or no number."""
        parts = [part for part in (*self.wholes, self.coarse, self.fine, self.undefined) if part is not None]
        found: Bools = np.any([part != 0 for part in parts], axis=0)
        return found

    def placed(self, shape: tuple[int, ...], at: tuple[Array, ...], own: tuple[Array, ...]) -> "Sums":
        """The sums at positions `own` put at the positions `at` of another shape, with 0 elsewhere."""

        def moved(array: Floats) -> Floats:
            found = np.zeros(shape)
            found[at] = array[own]
            return found

        coarse, fine, undefined = (
            None if part is None else moved(part) for part in (self.coarse, self.fine, self.undefined)
        )
        return Sums(tuple(map(moved, self.wholes)), coarse, fine, undefined)

    def merge(self, other: "Sums") -> "Sums":
        """The sums of the rows of both; the shapes are alike."""
        return self._with(other, 1.0)

    def without(self, other: "Sums") -> "Sums":
        """The sums of the rows but for those of the other, which are among them; the shapes are alike."""
        return self._with(other, -1.0)

    def _with(self, other: "Sums", sign: float) -> "Sums":
        def both(one: Floats | None, two: Floats | None) -> list[Floats]:
            return [part for part in (one, None if two is None else two * sign) if part is not None]

        wholes = [digit * _BASE**place for place, digit in enumerate(self.wholes)]
        wholes += [digit * (sign * _BASE**place) for place, digit in enumerate(other.wholes)]
        lost = both(self.undefined, other.undefined)
        undefined = np.sum(lost, axis=0) if lost else None
        return Sums._of_parts(
            wholes,
            both(self.coarse, other.coarse),
            both(self.fine, other.fine),
            undefined if undefined is not None and undefined.any() else None,
        )

    def over(self, weights: Floats) -> Floats:
        """Sums over months, as floats: (slices ×) periods × segments, from (slices ×) months × segments.

        `weights` say which months count: (slices ×) periods × months. NaN where a row had no finite number.
        """
        found: Floats = np.matmul(weights, self.wholes[-1])
        for digit in reversed(self.wholes[:-1]):
            found *= _BASE
            found += np.matmul(weights, digit)
        if self.coarse is not None or self.fine is not None:
            coarse = np.zeros_like(found) if self.coarse is None else np.matmul(weights, self.coarse)
            carried = np.rint(coarse / COARSE)
            rest = (coarse - carried * COARSE) * _FINE_A_COARSE
            if self.fine is not None:
                rest += np.matmul(weights, self.fine)
            found += carried
            found += rest / FINE
        if self.undefined is not None:
            found[np.matmul(weights, self.undefined) > 0] = np.nan
        return found


def _digits(parts: Iterable[Floats]) -> tuple[Floats, ...]:
    """The sum of whole numbers as digits of base 2^36, the last one signed, as few as hold every one."""
    found: list[Floats] = []

    def put(place: int, part: Floats) -> None:
        if place == len(found):
            found.append(part.copy())
        else:
            found[place] += part

    for part in parts:
        place, rest = 0, part
        while (np.abs(rest) >= _BASE).any():
            higher = np.floor(rest / _BASE)
            put(place, rest - higher * _BASE)
            place, rest = place + 1, higher
        put(place, rest)
    place = 0
    while place < len(found):
        higher = np.floor(found[place] / _BASE)
        is_last = place + 1 == len(found)
        if higher.any() and not (is_last and ((higher == 0) | (higher == -1)).all()):
            found[place] -= higher * _BASE
            put(place + 1, higher)
        place += 1
    while len(found) > 1 and ((found[-1] == 0) | (found[-1] == -1)).all():
        top = found.pop()
        found[-1] += top * _BASE
    return tuple(found)


def _carried(parts: list[Floats], units: int) -> tuple[list[Floats], Floats | None]:
    """A sum of whole numbers in wholes of so many units, in parts that add up, and what is left: None if nothing is."""
    if not parts:
        return [], None
    digits = _digits(parts)
    rest = np.zeros(digits[0].shape, np.int64)
    wholes = []
    for place in range(len(digits) - 1, -1, -1):
        rest = rest * int(_BASE) + digits[place].astype(np.int64)
        whole, rest = np.divmod(rest, units)
        wholes.append(whole.astype(np.float64) * _BASE**place)
    return wholes, rest.astype(np.float64) if rest.any() else None


def _fractions(numbers: Floats, wholes: Floats) -> tuple[Floats | None, Floats | None]:
    """What numbers have beside the nearest wholes, in coarse units and, where these do not do, in fine ones."""
    rest = np.subtract(numbers, wholes)
    if not rest.any():
        return None, None
    coarse = np.rint(rest * float(COARSE))
    finer = wholes + coarse / COARSE != numbers
    if not finer.any():
        return coarse, None
    digits = _DIGITS[(numbers.view(np.int64) >> _MANTISSA_BITS) & _EXPONENTS]
    units = np.rint(rest * (FINE / _DECADES)[digits])
    units *= _DECADES[digits]
    coarse = np.where(finer, np.rint(units / _FINE_A_COARSE), coarse)
    return coarse, np.where(finer, units - coarse * _FINE_A_COARSE, 0.0)


def _largest(numbers: Floats) -> float:
    """The largest one, whatever its sign; not finite where one is not."""
    return max(float(numbers.max(initial=0.0)), -float(numbers.min(initial=0.0)))


def _addable(wholes: Floats, most: float, weights: Floats | None) -> Iterator[Floats]:
    """Whole numbers of at most `most`, each `weights` times, in parts that floats add up without error."""
    bits = _EXACT_BITS - len(wholes).bit_length()
    if weights is None:
        yield from _parts(wholes, most, 2.0**bits)
        return
    # A product has the bits of both.
    unit = 2.0 ** (bits // 2)
    for part in _parts(wholes, most, unit):
        for weight in _parts(weights, _largest(weights), unit):
            yield part * weight


def _parts(wholes: Floats, most: float, unit: float) -> Iterator[Floats]:
    """Whole numbers as they are if none is above a unit, else what is of each power of it apart."""
    scale = 1.0
    while most / scale > unit:
        scale *= unit
        larger = np.rint(wholes / scale) * scale
        yield wholes - larger
        wholes = larger
    yield wholes
