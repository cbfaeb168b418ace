"""Shrinkage: intervals that hold the truth as often as they say, a fine grid as judge of the integral, its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from transforms.statistics.shrinkage import shrunk_means, shrunk_rates, shrunk_shares

BRANCHES, ROUNDS = 16, 300


def sizes(generator: np.random.Generator) -> np.ndarray:
    """Branches from 5 to 200 cases."""
    return np.round(np.exp(generator.uniform(np.log(5), np.log(200), BRANCHES)))


def shares(generator):
    truth, n = generator.beta(45, 5, BRANCHES), sizes(generator)
    return truth, shrunk_shares(generator.binomial(n.astype(int), truth).astype(float), n), n


def rates(generator):
    truth, n = generator.gamma(6, 0.1 / 6, BRANCHES), sizes(generator)
    return truth, shrunk_rates(generator.poisson(truth * n).astype(float), n), n


def means(generator):
    truth, n = generator.normal(20, 3, BRANCHES), sizes(generator)
    errors = 12 / np.sqrt(n)
    return truth, shrunk_means(generator.normal(truth, errors), errors), n


@pytest.mark.parametrize("draw", [shares, rates, means])
def test_intervals_hold_the_truth_in_92_to_98_of_100_branches_small_or_large(draw):
    generator = np.random.default_rng(14)
    held, small = [], []
    for _ in range(ROUNDS):
        truth, found, n = draw(generator)
        held.append((found.low <= truth) & (truth <= found.high))
        small.append(n < 30)
    held, small = np.array(held), np.array(small)
    for some in (held, held[small], held[~small]):
        assert 0.92 <= some.mean() <= 0.98


def test_an_interval_is_wider_than_one_whose_prior_is_taken_for_known():
    y, n = np.array([3.0, 16, 17, 20, 19, 14]), np.array([5.0, 20, 20, 20, 20, 20])
    found = shrunk_shares(y, n)
    own = found.own_weight[0]
    strength = 5 * (1 - own) / own
    mean = y.sum() / n.sum()
    low, high = stats.beta(y[0] + strength * mean, n[0] - y[0] + strength * (1 - mean)).interval(0.95)
    assert found.high[0] - found.low[0] > 1.05 * (high - low)


def test_the_integral_over_the_prior_is_that_of_a_fine_grid():
    """Shares of five branches, the prior's mean and weight each on 400 even steps, by scipy's beta-binomial."""
    y, n = np.array([9, 45, 70, 52, 88]), np.array([10, 60, 100, 80, 100])
    mean = (np.arange(400)[:, None] + 0.5) / 400
    sharing = (np.arange(400)[None, :] + 0.5) / 400
    strength = np.median(n) * sharing / (1 - sharing)
    a, b = mean * strength, (1 - mean) * strength
    density = (mean * (1 - mean)) ** -0.5 / sharing
    for successes, cases in zip(y, n, strict=True):
        density = density * stats.betabinom.pmf(successes, cases, a, b)
    density /= density.sum()
    expected = [(density * (k + a) / (m + strength)).sum() for k, m in zip(y, n, strict=True)]
    assert shrunk_shares(y.astype(float), n.astype(float)).value == pytest.approx(expected, abs=2e-3)


def test_many_cases_speak_for_themselves_and_none_take_all_from_the_peers():
    found = shrunk_rates(np.array([500.0, 1000, 0, 300]), np.array([500.0, 500, 0.001, 500]))
    assert found.value[:2] == pytest.approx([1, 2], rel=0.01)
    assert found.own_weight[2] < 0.01
    alike = shrunk_means(np.full(30, 7.0), np.full(30, 2.0))
    assert alike.value == pytest.approx(np.full(30, 7.0))
    assert (alike.high - alike.low < 2 * 2.0).all()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=8), st.randoms())
def test_a_shrunk_share_lies_within_its_limits_whatever_the_order_of_segments(pairs, random):
    both = [(met, met + late) for met, late in pairs if met + late]
    if len(both) < 3:
        return
    y, n = np.array(both, dtype=float).T
    found = shrunk_shares(y, n)
    assert (
        (found.low >= 0) & (found.low < found.value) & (found.value < found.high) & (found.high <= 1)
    ).all()
    order = list(range(len(y)))
    random.shuffle(order)
    again = shrunk_shares(y[order], n[order])
    assert (again.value == found.value[order]).all()
    assert (again.low == found.low[order]).all()
