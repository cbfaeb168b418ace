"""Variance-based sensitivity: how much of an outcome's variance each uncertain input carries (Sobol indices).

The estimators work on any function of uniform inputs; which outcomes of the index are worth it is said by
`choice_sensitivity`, and the draws of the index itself are `robustness.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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

# Below this variance of the outcome the indices are ratios of noise.
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

    @property
    def is_suppressed(self) -> bool:
        """Whether the outcome hardly varies, so that the indices would mean nothing."""
        return self.variance < LEAST_VARIANCE


def sobol_indices(
    function: Callable[[Array], Array],
    inputs: tuple[str, ...],
    *,
    n: int = 2048,
    seed: int = 42,
    resamples: int = 200,
) -> SobolIndices:
    """Sobol indices of function(rows × inputs in [0, 1)) → rows, by n (k + 2) evaluations.

    Scrambled Sobol points; first order by Saltelli et al. (2010), total by Jansen (1999); intervals by
    resampling the points. `n` must be a power of two. Suppressed where the variance is below 1e-3.
    """
    from scipy.stats import qmc

    if n < 2 or n & (n - 1):
        raise ValueError(f"n must be a power of two for balanced Sobol points, not {n}")
    k = len(inputs)
    points = qmc.Sobol(2 * k, scramble=True, rng=np.random.default_rng(seed)).random(n)
    a, b = points[:, :k], points[:, k:]
    mixed = np.repeat(a[None], k, axis=0)
    for i in range(k):
        mixed[i, :, i] = b[:, i]
    outcome = function(np.concatenate([a, b, *mixed]))
    y_a, y_b, y_mixed = outcome[:n], outcome[n : 2 * n], outcome[2 * n :].reshape(k, n)
    variance = float(np.var(np.concatenate([y_a, y_b])))
    if variance < LEAST_VARIANCE:
        empty = np.full(k, np.nan)
        return SobolIndices(inputs, empty, empty, empty, empty, variance)
    chosen = np.random.default_rng(seed).integers(n, size=(resamples, n))
    first, total = _estimates(y_a, y_b, y_mixed)
    spread = np.array([_estimates(y_a[rows], y_b[rows], y_mixed[:, rows]) for rows in chosen])
    half_width = 1.96 * spread.std(axis=0, ddof=1)
    return SobolIndices(inputs, first, half_width[0], total, half_width[1], variance)


def choice_sensitivity(
    units: Sample,
    outcome: Literal["rank_shift", "score", "difference"],
    *,
    of: tuple[int, ...] = (),
    alternatives: Alternatives | None = None,
    n: int = 2048,
    seed: int = 42,
) -> SobolIndices:
    """Sobol indices of the choices of method: normalisation, mean, and the weight of every node.

    The outcome is the mean rank shift of all units, the score of the unit `of` (its position), or the score
    of the first less that of the second unit `of`.
    """
    choices = alternatives or Alternatives()
    nodes = weighted_nodes(units.framework)
    names = ("normalisation", "aggregation", *(units.framework.nodes[i].code for i in nodes))

    def result(uniform: Array) -> Array:
        scores = drawn_scores(units, choices, _draws(units.framework, choices, nodes, uniform))
        if outcome == "rank_shift":
            return rank_shift(scores, units.index)
        own: Array = scores[of[0]]
        return own if outcome == "score" else own - scores[of[1]]

    return sobol_indices(result, names, n=n, seed=seed)


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


def _estimates(y_a: Array, y_b: Array, y_mixed: Array) -> tuple[Array, Array]:
    variance = np.var(np.concatenate([y_a, y_b]))
    # Centred, since the first-order estimator's noise grows with the mean of the outcome.
    first = ((y_b - y_b.mean()) * (y_mixed - y_a)).mean(axis=1) / variance
    total = ((y_a - y_mixed) ** 2).mean(axis=1) / (2 * variance)
    return first, total
