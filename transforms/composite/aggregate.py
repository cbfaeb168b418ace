"""Weighted means of scores (arithmetic, geometric, harmonic) and outranking: how children become a parent.

The three means are one idea, the mean of f(score) taken back through f, and evaluation, explanation and Monte
Carlo all share these f; which nodes are present is decided in `evaluate.py`.
"""

import numpy as np
from numpy.typing import NDArray

from transforms.exactness import compared_array
from transforms.framework import Aggregation

Array = NDArray[np.float64]


def linearised(score: Array, aggregation: Aggregation, floor: float = 1.0) -> Array:
    """f(score), whose weighted mean is f of the aggregate: the score itself, its logarithm, its inverse.

    Logarithm and inverse are taken of the score floored, so that one score of 0 does not end the index.

    >>> linearised(np.array([50.0, 0.0]), "harmonic").tolist()
    [0.02, 1.0]
    """
    if aggregation == "arithmetic":
        return score
    floored = np.maximum(score, floor)
    return np.log(floored) if aggregation == "geometric" else 1.0 / floored


def delinearised(mean: Array, aggregation: Aggregation) -> Array:
    """The aggregate whose f is `mean`."""
    if aggregation == "arithmetic":
        return mean
    return np.exp(mean) if aggregation == "geometric" else 1.0 / mean


def rounded(score: Array, step: float) -> Array:
    """Scores as multiples of a step, halves up; what differs from a half only in its last digits is one.

    >>> rounded(np.array([62.25, 62.2, np.nan]), 0.5).tolist()
    [62.5, 62.0, nan]
    """
    return compared_array(np.floor(compared_array(score / step + 0.5)) * step)


def outranking(scores: Array, weights: Array) -> Array:
    """Units × units: weight of the children in which the row beats the column, ties by half; diagonal 0.

    Of the children that both have; two units without any in common tie.
    """
    beaten, known = np.zeros((len(scores), len(scores))), np.zeros((len(scores), len(scores)))
    for child, weight in zip(compared_array(scores).T, weights, strict=True):
        row, column = child[:, None], child[None, :]
        beaten += weight * ((row > column) + 0.5 * (row == column))
        known += weight * ~(np.isnan(row) | np.isnan(column))
    matrix = np.divide(beaten, known, out=np.full_like(beaten, 0.5), where=known > 0)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def copeland(matrix: Array) -> Array:
    """Pairwise majorities won minus lost, per unit of an outranking matrix.

    >>> branches = np.array([[4.0, 93], [6, 90], [9, 88]])  # days, of which fewer are better, and persistency
    >>> copeland(outranking(branches * [-1, 1], np.array([0.6, 0.4]))).tolist()
    [2.0, 0.0, -2.0]
    """
    verdict = np.sign(np.round(matrix - 0.5, 12))
    np.fill_diagonal(verdict, 0.0)
    won: Array = verdict.sum(axis=1)
    return won


def places(scores: Array, weights: Array) -> Array:
    """Copeland's score on 0 to 100: of scores units × children the share of the others that a unit beats, ties by half.

    NaN where there is no other unit.

    >>> branches = np.array([[60.0, 93], [70, 90], [80, 88]])
    >>> places(branches, np.array([0.6, 0.4])).tolist()
    [0.0, 50.0, 100.0]
    """
    others = len(scores) - 1
    if others < 1:
        return np.full(len(scores), np.nan)
    return 50.0 * (1.0 + copeland(outranking(scores, weights)) / others)


def ranks(scores: Array) -> NDArray[np.int64]:
    """Competition ranks from 1 for the highest, down the first axis; ties share the best place, NaN is last.

    >>> ranks(np.array([70.0, 90.0, 70.0])).tolist()
    [2, 1, 2]
    """
    order = np.argsort(-scores, axis=0)
    ordered = np.take_along_axis(scores, order, axis=0)
    place = np.arange(1, len(scores) + 1).reshape(-1, *[1] * (scores.ndim - 1))
    begins = np.concatenate([np.ones_like(ordered[:1], dtype=bool), ordered[1:] != ordered[:-1]])
    shared = np.maximum.accumulate(np.where(begins, place, 0), axis=0)
    result = np.empty(scores.shape, dtype=np.int64)
    np.put_along_axis(result, order, shared, axis=0)
    return result
