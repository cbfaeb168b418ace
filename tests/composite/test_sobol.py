"""Sobol indices against functions whose indices are known, and a peer package."""

import numpy as np
import pytest
import SALib.analyze.sobol
import SALib.sample.sobol
from index_examples import FIVE_BRANCHES, JANUARY, branch_records, worked_framework

from transforms.composite.evaluate import evaluate
from transforms.composite.robustness import sample
from transforms.composite.sobol import LEAST_VARIANCE, choice_sensitivity, variance_shares


def test_sobol_indices_of_a_linear_function():
    """Y = 4 x1 + 2 x2 + x3 has first-order and total indices 16/21, 4/21 and 1/21."""
    result = variance_shares(lambda x: x @ [4.0, 2.0, 1.0], ("x1", "x2", "x3"), n=4096)
    assert result.first_order == pytest.approx([16 / 21, 4 / 21, 1 / 21], abs=5e-4)
    assert result.total == pytest.approx([16 / 21, 4 / 21, 1 / 21], abs=5e-4)
    assert result.variance == pytest.approx(21 / 12, rel=0.01)


def test_sobol_indices_agree_with_salib():
    """On the Ishigami function, whose third input acts only together with the first."""

    def ishigami(uniform):
        x = np.pi * (2 * uniform - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    ours = variance_shares(ishigami, ("x1", "x2", "x3"), n=4096)
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[0, 1]] * 3}
    points = SALib.sample.sobol.sample(problem, 4096, calc_second_order=False, seed=1)
    peer = SALib.analyze.sobol.analyze(problem, ishigami(points), calc_second_order=False, seed=1)
    assert ours.first_order == pytest.approx(peer["S1"], abs=0.02)
    assert ours.total == pytest.approx(peer["ST"], abs=0.02)
    assert ours.total_half_width == pytest.approx(peer["ST_conf"], abs=0.02)


def test_ranks_that_no_choice_moves_have_no_indices():
    units = sample(evaluate(branch_records(FIVE_BRANCHES), worked_framework()), JANUARY, "org_unit")
    result = choice_sensitivity(units, n=256)
    assert result.variance < LEAST_VARIANCE
    assert np.isnan(result.total).all()


def test_the_same_seed_gives_the_same_indices_and_intervals():
    """The half-widths come from resampling too."""
    first, second = (
        variance_shares(lambda x: x[:, 0] * x[:, 1], ("a", "b"), n=256, seed=3) for _ in range(2)
    )
    assert first.total.tolist() == second.total.tolist()
    assert first.total_half_width.tolist() == second.total_half_width.tolist()
