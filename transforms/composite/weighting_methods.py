"""Where weights come from if the data are asked: entropy, CRITIC, principal components.

Data-driven weights reward spread and redundancy rather than importance and move every month: they serve
scenarios and bounds, and what a version of a framework takes of them is frozen (`weighing.py`). Weights of experts are
`transforms/statistics/expert_weights.py`, those from the factor loadings of survey items
`transforms/statistics/reliability.py`. Matrices are units × KPIs.
"""

from dataclasses import dataclass

import numpy as np

from transforms.composite.aggregate import Array


@dataclass(frozen=True)
class ComponentWeights:
    """Weights from principal components, the eigenvalues of the correlation matrix, components kept."""

    weights: Array
    eigenvalues: Array
    n_kept: int


def entropy(scores: Array, floor: float = 1.0) -> Array:
    """Shannon entropy weights of positive scores, floored: one zero alone would take most of the weight."""
    return _normalised(1.0 - evenness(scores, floor))


def evenness(scores: Array, floor: float = 1.0) -> Array:
    """Shannon entropy of each column of floored scores over its greatest, ln m of m units: 1 if all are alike."""
    floored = np.maximum(scores, floor)
    share = floored / floored.sum(axis=0)
    even: Array = -(share * np.log(share)).sum(axis=0) / np.log(len(scores))
    return even


def critic(scores: Array) -> Array:
    """CRITIC (Diakoulaki et al. 1995): spread times conflict with the other KPIs; a constant KPI gets 0."""
    spread = np.ptp(scores, axis=0)
    scaled = (scores - scores.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    conflict = (1.0 - _correlation(scaled)).sum(axis=1)
    return _normalised(scaled.std(axis=0, ddof=1) * conflict)


def principal_components(scores: Array) -> ComponentWeights:
    """Squared loadings of the components with eigenvalue above 1, by the variance they explain.

    With one component kept these are its squared loadings. With fewer than three units per KPI they only illustrate.
    """
    eigenvalues, vectors = _eigen(_correlation(scores))
    kept = max(int((eigenvalues > 1.0).sum()), 1)
    weights = (vectors[:, :kept] ** 2) @ eigenvalues[:kept]
    return ComponentWeights(_normalised(weights), eigenvalues, kept)


def influence(scores: Array, index: Array) -> Array:
    """r² of each KPI's scores with the index: what moves it, whatever its weight (NaN if constant)."""
    x, y = scores - scores.mean(axis=0), index - index.mean()
    scale = (x**2).sum(axis=0) * (y**2).sum()
    r2: Array = np.divide((x.T @ y) ** 2, scale, out=np.full(scores.shape[1], np.nan), where=scale > 0)
    return r2


def _normalised(weights: Array) -> Array:
    total: float = weights.sum()
    if not total > 0:
        raise ValueError("the data give no weights: nothing varies")
    return weights / total


def _correlation(columns: Array) -> Array:
    centred = columns - columns.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    matrix: Array = unit.T @ unit
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _eigen(symmetric: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(symmetric)
    return values[::-1], vectors[:, ::-1]
