"""Where weights come from: experts (budget allocation, AHP) or the data (entropy, CRITIC, PCA).

Data-driven weights reward spread and redundancy rather than importance and move every month: they serve
scenarios and bounds, while the weights of a framework file are frozen. Weights from the factor loadings of
survey items are in `transforms/statistics/reliability.py`. Matrices are units × KPIs.
"""

from dataclasses import dataclass

import numpy as np

from transforms.composite.aggregate import Array

# Random index by matrix size, Saaty (1980), The Analytic Hierarchy Process; other tables give another ratio.
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
ACCEPTED_CONSISTENCY_RATIO = 0.10


@dataclass(frozen=True)
class BudgetAllocation:
    """Mean of the experts' allocations and how far apart they were (n − 1), both as shares of the budget."""

    weights: Array
    standard_deviations: Array


@dataclass(frozen=True)
class PairwiseWeights:
    """Weights of a pairwise comparison matrix (AHP) and how consistent its judgements are."""

    weights: Array
    eigenvalue: float
    consistency_index: float
    consistency_ratio: float

    @property
    def is_consistent(self) -> bool:
        """Whether the judgements may be used."""
        return self.consistency_ratio <= ACCEPTED_CONSISTENCY_RATIO


@dataclass(frozen=True)
class ComponentWeights:
    """Weights from principal components, the eigenvalues of the correlation matrix, components kept."""

    weights: Array
    eigenvalues: Array
    n_kept: int


def equal(n: int) -> Array:
    """The same weight for each of n."""
    return np.full(n, 1.0 / n)


def budget_allocation(points: Array) -> BudgetAllocation:
    """Weights from experts × KPIs points; each expert's points are taken as shares of what he or she gave.

    Raises ValueError for negative points and for an expert who gave none.

    >>> allocation = budget_allocation(np.array([[50.0, 30, 20], [40, 40, 20]]))
    >>> allocation.weights.round(6).tolist()
    [0.45, 0.35, 0.2]
    """
    given = points.sum(axis=1, keepdims=True)
    if (points < 0).any() or (given <= 0).any():
        raise ValueError("every expert must give points, and none below zero")
    shares = points / given
    spread = shares.std(axis=0, ddof=1) if len(points) > 1 else np.zeros(points.shape[1])
    return BudgetAllocation(shares.mean(axis=0), spread)


def pairwise_comparison(matrix: Array) -> PairwiseWeights:
    """Weights of the analytic hierarchy process: the principal eigenvector of a reciprocal matrix.

    Raises ValueError where the matrix is not reciprocal and positive or larger than the random index table.

    >>> judged = pairwise_comparison(np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]))
    >>> judged.weights.round(3).tolist(), judged.is_consistent
    ([0.648, 0.23, 0.122], True)
    """
    n = len(matrix)
    if matrix.shape != (n, n) or n > len(RANDOM_INDEX):
        raise ValueError(f"the matrix must be square and at most {len(RANDOM_INDEX)} wide")
    if (matrix <= 0).any() or not np.allclose(matrix * matrix.T, 1.0):
        raise ValueError("judgements must be positive and reciprocal: a[j, i] = 1 / a[i, j]")
    values, vectors = np.linalg.eig(matrix)
    principal = int(values.real.argmax())
    weights = np.abs(vectors[:, principal].real)
    eigenvalue = float(values[principal].real)
    index = (eigenvalue - n) / (n - 1) if n > 1 else 0.0
    random_index = RANDOM_INDEX[n - 1]
    return PairwiseWeights(
        weights / weights.sum(), eigenvalue, index, index / random_index if random_index else 0.0
    )


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
