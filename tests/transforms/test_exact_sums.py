"""Sums in whole units: exact on paper, equal however the rows are divided and however large their weights."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.statistics.exact_sums import COARSE, FINE, Sums

DECIMALS = st.integers(-(10**15), 10**15).flatmap(
    lambda units: st.integers(0, 7).map(lambda places: Decimal(units).scaleb(-places))
)
ROWS = st.lists(st.tuples(DECIMALS, st.integers(0, 5 * 10**9)), max_size=12)


def summed(numbers: list[float], weights: list[int] | None) -> Sums:
    every = None if weights is None else np.array(weights, np.float64)
    return Sums.of(np.array(numbers, np.float64), lambda rows: rows.sum(keepdims=True), every)


def number_of(sums: Sums) -> Fraction:
    parts = [Fraction(int(digit.item()) << 36 * place) for place, digit in enumerate(sums.wholes)]
    for part, units in ((sums.coarse, COARSE), (sums.fine, FINE)):
        parts += [] if part is None else [Fraction(int(part.item()), units)]
    return sum(parts, Fraction(0))


def stands_for(number: float) -> Fraction:
    """A float of up to seven decimal places is that decimal."""
    wholes = round(number)
    return wholes + Fraction(round((number - wholes) * COARSE), COARSE)


@given(ROWS)
@example([(Decimal("0.1"), 10**9), (Decimal("-1E15"), 5 * 10**9)])
def test_a_weighted_sum_is_that_of_the_decimals(rows: list[tuple[Decimal, int]]) -> None:
    # A float holds so many places beside its wholes.
    rows = [(d, w) for d, w in rows if Fraction(d) == stands_for(float(d))]
    found = summed([float(d) for d, _ in rows], [w for _, w in rows])
    assert number_of(found) == sum((Fraction(d) * w for d, w in rows), Fraction(0))


@given(
    st.lists(st.tuples(st.floats(-1e40, 1e40), st.integers(0, 3)), max_size=9),
    st.integers(0, 9),
    st.randoms(),
)
def test_sums_are_equal_however_rows_are_divided_and_ordered(rows, cut: int, random) -> None:
    numbers, weights = [number for number, _ in rows], [weight for _, weight in rows]
    whole = summed(numbers, weights)
    merged = summed(numbers[:cut], weights[:cut]).merge(summed(numbers[cut:], weights[cut:]))
    repeated = [number for number, weight in rows for _ in range(weight)]
    random.shuffle(repeated)
    for other in (merged, summed(repeated, None)):
        assert len(other.wholes) == len(whole.wholes)
        assert (other.coarse is None, other.fine is None) == (whole.coarse is None, whole.fine is None)
        assert number_of(other) == number_of(whole)


def test_what_is_no_finite_number_leaves_no_sum() -> None:
    lost = summed([1.0, np.inf], None)
    assert np.isnan(lost.over(np.ones((1, 1)))).all()
    assert np.isnan(lost.merge(summed([1.0], None)).over(np.ones((1, 1)))).all()
