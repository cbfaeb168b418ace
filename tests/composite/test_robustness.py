"""Draws of the choices of method: weights, and the index of every draw against a plain loop."""

import numpy as np
import pytest
from index_examples import (
    JANUARY,
    KPIS,
    SIX_BRANCHES,
    WEIGHTS,
    branch_records,
    close_branches,
    framework,
    leaf,
    mean_of,
)

from transforms.composite.evaluate import evaluate
from transforms.composite.robustness import Alternatives, drawn, drawn_scores, perturbed_weights, sample


def test_draws_are_those_of_a_plain_loop():
    """One draw after the other, with missing KPIs and a nested tree."""
    spec = framework(
        {
            "facts": {"weight": 0.6, "children": {kpi: leaf(kpi) for kpi in KPIS[:3]}},
            "satisfaction": leaf("satisfaction", weight=0.4),
        },
        coverage={"parent": 0.4, "index": 0.4},
    )
    values = SIX_BRANCHES.copy()
    values[1, 0] = np.nan
    values[3, :2] = np.nan  # a third of the facts is too little: this branch has none, in any draw
    units = sample(evaluate(branch_records(values), spec), JANUARY, "org_unit")
    choices = Alternatives()
    draws = drawn(units, choices, 60, seed=3)
    found = drawn_scores(units, choices, draws)
    for d in range(60):
        how = choices.aggregations[draws.aggregation[d]]
        leaf_scores = units.normalised[choices.normalisations[draws.normalisation[d]]]
        w = draws.weights[:, d]
        facts = mean_of(leaf_scores[2:5].T, w[2:5], how)
        facts[3] = np.nan
        expected = mean_of(np.stack([facts, leaf_scores[5]], axis=1), w[[1, 5]], how)
        assert found[:, d] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_perturbed_weights_sum_to_one_and_a_leaf_may_go():
    _, spec = close_branches()
    weights = perturbed_weights(spec, np.ones((5, 2)), np.array([-1, 2]))
    assert weights[1:, 0] == pytest.approx(WEIGHTS)
    assert weights[1:, 1] == pytest.approx([0.5, 0, 0.2 / 0.7, 0.15 / 0.7])
