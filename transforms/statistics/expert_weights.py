"""Weights that experts give: by points of a budget, and by pairwise judgements (the analytic hierarchy process).

The arithmetic, and the same put to children by their names, with what is wrong with points and judgements. Weights
from data are `transforms/composite/weighting_methods.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

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
class StatedWeights:
    """Weights of children, summing to 1, with the spread of the experts or the consistency of their judgements."""

    weights: Mapping[str, float]
    standard_deviations: Mapping[str, float]
    consistency_ratio: float | None


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


def weights_by_points(points: Mapping[str, Mapping[str, float]], children: Sequence[str]) -> StatedWeights:
    """The mean of the experts' shares, of points by expert and child.

    Raises ValueError where an expert leaves a child out, names another node or gives nothing.

    >>> points = {"claims": {"a": 50, "b": 30, "c": 20}, "sales": {"a": 40, "b": 40, "c": 20}}
    >>> {code: round(weight, 2) for code, weight in weights_by_points(points, ["a", "b", "c"]).weights.items()}
    {'a': 0.45, 'b': 0.35, 'c': 0.2}
    """
    if not points:
        raise ValueError("weights by budget need points, by expert and child")
    for expert, given in points.items():
        _refuse_others(f"points of {expert}", given, children)
        if lacking := [code for code in children if code not in given]:
            raise ValueError(f"points of {expert} lack {', '.join(lacking)}; write 0 for none")
        if not sum(given.values()) > 0:
            raise ValueError(f"points of {expert} are all 0")
    found = budget_allocation(
        np.array([[given[code] for code in children] for given in points.values()], dtype=float)
    )
    return StatedWeights(
        dict(zip(children, found.weights.tolist(), strict=True)),
        dict(zip(children, found.standard_deviations.tolist(), strict=True)),
        None,
    )


def weights_by_judgements(
    judgements: Mapping[str, Mapping[str, float]], children: Sequence[str]
) -> StatedWeights:
    """The principal eigenvector of judgements: how many times as important one child is as others, each pair once.

    Raises ValueError where a pair is missing, stands twice, names another node, or they contradict each other.

    >>> found = weights_by_judgements({"a": {"b": 3, "c": 5}, "b": {"c": 2}}, ["a", "b", "c"])
    >>> {code: round(weight, 3) for code, weight in found.weights.items()}
    {'a': 0.648, 'b': 0.23, 'c': 0.122}
    """
    if len(children) > len(RANDOM_INDEX):
        raise ValueError(
            f"weights by ahp are for {len(RANDOM_INDEX)} children at most; there are {len(children)}"
        )
    place = {code: i for i, code in enumerate(children)}
    matrix = np.eye(len(children))
    for code, others in judgements.items():
        _refuse_others("judgements", {code: 1.0, **others}, children)
        for other, times in others.items():
            if other == code or judgements.get(other, {}).get(code) is not None:
                raise ValueError(f"judgements hold {code} against {other} twice; each pair is judged once")
            matrix[place[code], place[other]], matrix[place[other], place[code]] = times, 1 / times
    judged = {frozenset((code, other)) for code, others in judgements.items() for other in others}
    for i, code in enumerate(children):
        for other in children[i + 1 :]:
            if frozenset((code, other)) not in judged:
                raise ValueError(f"judgements lack how important {code} is beside {other}")
    found = pairwise_comparison(matrix)
    if not found.is_consistent:
        raise ValueError(
            f"judgements contradict each other: their consistency ratio is {found.consistency_ratio:.2f}, and "
            f"{ACCEPTED_CONSISTENCY_RATIO:.2f} is the most that is accepted (Saaty 1980)"
        )
    weights = dict(zip(children, found.weights.tolist(), strict=True))
    return StatedWeights(weights, {}, found.consistency_ratio)


def _refuse_others(what: str, named: Mapping[str, float], children: Sequence[str]) -> None:
    if others := [code for code in named if code not in children]:
        raise ValueError(
            f"{what} name {', '.join(others)}; the children with a weight are {', '.join(children)}"
        )
