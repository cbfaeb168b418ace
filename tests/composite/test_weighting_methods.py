"""Weights from experts and from the data, against worked examples and peer packages."""

import ahpy
import numpy as np
import pymcdm.weights
import pytest
from index_examples import FIVE_BRANCHES, POSTS, WEIGHTS

from transforms.composite import weighting_methods as weights
from transforms.statistics.expert_weights import budget_allocation, pairwise_comparison

WORST, BEST = np.array(POSTS, dtype=float).T
SCORES = (FIVE_BRANCHES - WORST) / (BEST - WORST) * 100


def test_pairwise_comparison_agrees_with_the_golden_values_and_ahpy():
    matrix = np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]])
    result = pairwise_comparison(matrix)
    assert result.weights == pytest.approx([0.648329, 0.229651, 0.122020], abs=5e-7)
    assert result.eigenvalue == pytest.approx(3.003694598, abs=1e-8)
    assert result.consistency_index == pytest.approx(0.001847299, abs=1e-8)
    assert result.consistency_ratio == pytest.approx(0.003184998, abs=1e-8)  # random index .58, Saaty 1980
    judged = {("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2}
    for table, random_index, ratio in (("saaty", 0.52, 0.003552), ("dd", 0.4914, 0.003759)):
        peer = ahpy.Compare("x", judged, precision=6, random_index=table)
        own = peer.target_weights
        assert result.weights == pytest.approx([own["a"], own["b"], own["c"]], abs=2e-6)
        # The ratio hangs on the random index: same judgements, another table.
        assert peer.consistency_ratio == pytest.approx(ratio, abs=1e-6)
        assert result.consistency_index / random_index == pytest.approx(ratio, rel=1e-3)


def test_contradictory_and_broken_judgements_are_told_apart():
    circular = pairwise_comparison(np.array([[1, 3, 1 / 4], [1 / 3, 1, 3], [4, 1 / 3, 1]]))
    assert circular.eigenvalue == pytest.approx(4.60478068, abs=1e-7)
    assert circular.consistency_ratio == pytest.approx(1.38343162, abs=1e-7)
    assert not circular.is_consistent
    with pytest.raises(ValueError, match="reciprocal"):
        pairwise_comparison(np.array([[1, 3], [3, 1.0]]))


def test_budget_allocation_keeps_the_spread_of_the_experts():
    result = budget_allocation(np.array([[50, 30, 20], [40, 40, 20], [6, 2, 2.0]]))
    assert result.weights == pytest.approx([0.5, 0.3, 0.2])
    assert result.standard_deviations == pytest.approx([0.1, 0.1, 0.0])
    with pytest.raises(ValueError, match="every expert"):
        budget_allocation(np.array([[0.0, 0.0]]))


def test_entropy_and_critic_agree_with_golden_values_and_pymcdm():
    scores = SCORES
    assert weights.evenness(scores) == pytest.approx([0.972455, 0.991672, 0.960772, 0.998592], abs=5e-7)
    assert weights.entropy(scores) == pytest.approx([0.360014, 0.108855, 0.512724, 0.018408], abs=5e-7)
    assert weights.entropy(scores) == pytest.approx(pymcdm.weights.entropy_weights(scores), abs=1e-12)
    assert weights.critic(scores) == pytest.approx([0.165674, 0.322014, 0.331124, 0.181188], abs=5e-7)
    assert weights.critic(scores) == pytest.approx(pymcdm.weights.critic_weights(scores), abs=1e-12)


def test_a_single_zero_takes_entropy_weight_so_it_is_floored():
    scores = SCORES.copy()
    scores[4, 0] = 0
    unfloored = weights.entropy(scores, floor=1e-300)
    assert unfloored == pytest.approx([0.746892, 0.043051, 0.202777, 0.007280], abs=5e-7)
    assert weights.entropy(scores)[0] < unfloored[0]


def test_principal_components_of_the_five_branches():
    result = weights.principal_components(SCORES)
    assert result.eigenvalues == pytest.approx([3.133514, 0.805866, 0.043213, 0.017407], abs=5e-7)
    explained = result.eigenvalues / result.eigenvalues.sum()
    assert explained == pytest.approx([0.783378, 0.201466, 0.010803, 0.004352], abs=5e-7)
    assert result.n_kept == 1
    assert result.weights == pytest.approx([0.29934, 0.206683, 0.193608, 0.300369], abs=5e-7)


def test_a_small_nominal_weight_may_carry_much_influence():
    scores = SCORES
    r2 = weights.influence(scores, scores @ WEIGHTS)
    assert r2 == pytest.approx([0.972982, 0.733941, 0.515131, 0.884128], abs=5e-7)
