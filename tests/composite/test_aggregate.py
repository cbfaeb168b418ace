"""Means, ranks and outranking against worked examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from index_examples import DIRECTIONS, FIVE_BRANCHES, FIVE_SCORES, SIX_BRANCHES, WEIGHTS
from scipy import stats

from transforms.composite.aggregate import copeland, delinearised, linearised, outranking, ranks


def mean(scores: np.ndarray, how: str, weights: np.ndarray = WEIGHTS) -> np.ndarray:
    """Weighted means by way of f and back."""
    return delinearised(np.average(linearised(scores, how), axis=1, weights=weights), how)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("arithmetic", [89.0857, 78.4143, 75.25, 64.7214, 48.9929]),
        ("geometric", [88.8708, 77.3341, 75.0317, 59.4710, 47.5393]),
        ("harmonic", [88.65, 76.0874, 74.8022, 52.7866, 46.1502]),
    ],
)
def test_means_of_the_five_branches(how, expected):
    assert mean(FIVE_SCORES, how) == pytest.approx(expected, abs=2e-4)


def test_ranks_of_the_five_branches_are_the_same_by_any_mean():
    for how in ("arithmetic", "geometric", "harmonic"):
        assert ranks(mean(FIVE_SCORES, how)).tolist() == [1, 2, 3, 4, 5]
    assert ranks(copeland(outranking(FIVE_BRANCHES * DIRECTIONS, WEIGHTS))).tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("how", "expected", "places"),
    [
        ("arithmetic", [74.5, 75.1, 75.6, 74.9, 73.1, 70.75], [4, 2, 1, 3, 5, 6]),
        ("geometric", [73.0258, 75.0967, 74.2935, 74.2449, 72.5363, 66.4187], [4, 1, 2, 3, 5, 6]),
        ("harmonic", [71.4986, 75.0935, 73.0349, 73.5733, 72.0, 61.7247], [5, 1, 3, 2, 4, 6]),
    ],
)
def test_six_close_branches_change_places_with_the_mean(how, expected, places):
    means = mean(SIX_BRANCHES, how)
    assert means == pytest.approx(expected, abs=5e-5)
    assert ranks(means).tolist() == places


def test_a_score_of_zero_counts_as_the_floor_but_in_an_arithmetic_mean():
    scores, halves = np.array([[0.0, 100.0]]), np.array([0.5, 0.5])
    found = {how: mean(scores, how, halves)[0] for how in ("arithmetic", "geometric", "harmonic")}
    assert found == pytest.approx({"arithmetic": 50, "geometric": 10, "harmonic": 2 / 1.01})


def test_outranking_and_copeland_of_the_five_branches():
    matrix = outranking(FIVE_BRANCHES * DIRECTIONS, WEIGHTS)
    expected = [
        [0, 1, 1, 1, 1],
        [0, 0, 0.65, 0.7, 1],
        [0, 0.35, 0, 0.7, 1],
        [0, 0.3, 0.3, 0, 0.8],
        [0, 0, 0, 0.2, 0],
    ]
    assert matrix == pytest.approx(np.array(expected), abs=1e-12)
    assert copeland(matrix).tolist() == [4, 2, 0, -2, -4]


@given(arrays.arrays(float, (7, 4), elements=st.integers(0, 5).map(float)))
def test_ranks_are_those_of_scipy(scores):
    assert (ranks(scores) == stats.rankdata(-scores, method="min", axis=0)).all()


@given(
    arrays.arrays(float, (6, 4), elements=st.floats(1, 100)),
    arrays.arrays(float, 4, elements=st.floats(0.01, 10)),
)
def test_arithmetic_mean_is_above_geometric_above_harmonic(scores, given_weights):
    a, g, h = (mean(scores, how, given_weights) for how in ("arithmetic", "geometric", "harmonic"))
    assert (a >= g - 1e-9).all()
    assert (g >= h - 1e-9).all()
