"""Variance-based sensitivity: how much of an outcome's variance each uncertain input carries (Sobol indices).

What is asked of the index is how far each choice of method moves the ranks; the draws of the index under given
choices are `robustness.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.composite.aggregate import Array
from transforms.composite.robustness import (
    Alternatives,
    Draws,
    Sample,
    drawn_scores,
    perturbed_weights,
    rank_shift,
)
from transforms.framework import Framework
from transforms.statistics.intervals import Z_95

# Where the outcome varies less than this the indices are mere ratios of noise.
LEAST_VARIANCE = 1e-3


@dataclass(frozen=True)
class SobolIndices:
    """First-order and total indices, half-widths of their 95 % intervals, by input; NaN if suppressed."""

    inputs: tuple[str, ...]
    first_order: Array
    first_order_half_width: Array
    total: Array
    total_half_width: Array
    variance: float


def variance_shares(
    function: Callable[[Array], Array],
    inputs: tuple[str, ...],
    *,
    n: int = 2048,
    seed: int = 42,
    resamples: int = 200,
) -> SobolIndices:
    """Sobol indices of function(rows × inputs in [0, 1)) → rows, by n (k + 2) evaluations.

    Scrambled Sobol points; scipy's estimators (first order by Saltelli et al. 2010, total by Jansen 1999);
    intervals by resampling the points, seeded, as scipy's own are not. `n` must be a power of two. Suppressed where
    the variance is below 1e-3.
    """
    from scipy import stats

    k = len(inputs)
    points = stats.qmc.Sobol(2 * k, scramble=True, rng=np.random.default_rng(seed)).random(n)
    a, b = points[:, :k], points[:, k:]
    mixed = np.repeat(a[None], k, axis=0)
    for i in range(k):
        mixed[i, :, i] = b[:, i]
    outcome = function(np.concatenate([a, b, *mixed]))
    y_a, y_b, y_mixed = outcome[:n], outcome[n : 2 * n], outcome[2 * n :].reshape(k, n)
    variance = float(np.var(outcome[: 2 * n]))
    if variance < LEAST_VARIANCE:
        empty = np.full(k, np.nan)
        return SobolIndices(inputs, empty, empty, empty, empty, variance)

    def estimates(rows: NDArray[np.int64]) -> tuple[Array, Array]:
        evaluated = {"f_A": y_a[None, rows], "f_B": y_b[None, rows], "f_AB": y_mixed[:, None, rows]}
        found = stats.sobol_indices(func=evaluated, n=n)
        return found.first_order.reshape(k), found.total_order.reshape(k)  # squeezed by scipy

    first, total = estimates(np.arange(n))
    spread = np.array(
        [estimates(rows) for rows in np.random.default_rng(seed).integers(n, size=(resamples, n))]
    )
    half_width = Z_95 * spread.std(axis=0, ddof=1)
    return SobolIndices(inputs, first, half_width[0], total, half_width[1], variance)


def choice_sensitivity(units: Sample, *, n: int = 2048, seed: int = 42) -> SobolIndices:
    """How much each choice of method (normalisation, mean, the weight of every node) moves the ranks of the units.

    What varies is the mean rank shift of all units.
    """
    choices = Alternatives()
    nodes = weighted_nodes(units.framework)
    names = ("normalisation", "aggregation", *(units.framework.nodes[i].code for i in nodes))

    def shift(uniform: Array) -> Array:
        scores = drawn_scores(units, choices, _draws(units.framework, choices, nodes, uniform))
        return rank_shift(scores, units.index)

    return variance_shares(shift, names, n=n, seed=seed)


def weighted_nodes(framework: Framework) -> list[int]:
    """Positions of the nodes whose weight can matter: those that share a parent with another of weight."""
    siblings: dict[str | None, int] = {}
    for node in framework.nodes:
        siblings[node.parent] = siblings.get(node.parent, 0) + (node.weight > 0)
    return [
        i
        for i, node in enumerate(framework.nodes)
        if node.parent is not None and node.weight > 0 and siblings[node.parent] > 1
    ]


def _draws(framework: Framework, choices: Alternatives, nodes: list[int], uniform: Array) -> Draws:
    factors = np.ones((len(framework.nodes), len(uniform)))
    factors[nodes] = (1 - choices.weight_spread + 2 * choices.weight_spread * uniform[:, 2:]).T
    return Draws(
        _choice(uniform[:, 0], len(choices.normalisations)),
        _choice(uniform[:, 1], len(choices.aggregations)),
        perturbed_weights(framework, factors),
    )


def _choice(uniform: Array, options: int) -> NDArray[np.int64]:
    return np.minimum((uniform * options).astype(np.int64), options - 1)
