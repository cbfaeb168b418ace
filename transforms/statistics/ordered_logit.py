"""The ordered logit: how covariates move a score that comes in steps, without assuming that the steps are equal.

Proportional odds (McCullagh 1980): P(score up to level k) = 1 / (1 + exp(−(threshold of k − xβ))). Which score and
which covariates is for the caller to say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS, TOLERANCE = 100, 1e-9


@dataclass(frozen=True)
class OrderedLogit:
    """A fitted model of `levels` ordered from 0: thresholds (levels − 1), coefficients, their joint covariance.

    The covariance is the robust one, of thresholds and coefficients in this order.
    """

    thresholds: Floats
    coefficients: Floats
    covariance: Floats
    covariates: Floats

    def effect(self, values: Floats, shift: Floats) -> tuple[float, float]:
        """What moving the covariates by `shift` does to the mean expected value, and its standard error (delta).

        Level k is worth `values[k]`.
        """
        (before, slope_before), (after, slope_after) = (
            self._expected(values, 0 * shift),
            self._expected(values, shift),
        )
        slope = slope_after - slope_before
        variance = float(slope @ self.covariance @ slope)
        return after - before, max(variance, 0.0) ** 0.5

    def _expected(self, values: Floats, shift: Floats) -> tuple[float, Floats]:
        """Mean over the cases of the expected value with x moved by `shift`, and its slope by the parameters."""
        x = self.covariates + shift
        up_to = expit(self.thresholds - (x @ self.coefficients)[:, None])
        gains = np.diff(values)
        density = up_to * (1 - up_to) * gains
        slope = np.concatenate([-density.mean(axis=0), density.sum(axis=1) @ x / len(x)])
        # Σ value of level · P(level), summed by parts.
        return float(values[-1] - (up_to @ gains).mean()), slope


def ordered_logit(level: Ints, covariates: Floats, clusters: Ints | None = None) -> OrderedLogit:
    """The model of largest likelihood of `level` (n, from 0 without a gap) on `covariates` (n × p, no constant).

    `clusters` numbers groups whose cases may err together; without them each case errs alone. Newton's steps,
    halved where they overshoot: the likelihood is concave (Pratt 1981). Raises ValueError under two levels,
    numpy's LinAlgError where a covariate repeats others or tells the levels apart perfectly.

    >>> days = np.array([[0.0], [1], [1], [2], [0], [3], [2], [3], [0], [2], [1], [1]])
    >>> score = np.array([0, 0, 1, 1, 1, 2, 2, 2, 0, 1, 2, 1])
    >>> ordered_logit(score, days).coefficients.round(2).item()
    1.94
    """
    n_levels = int(level.max(initial=0)) + 1
    shares = np.bincount(level, minlength=n_levels) / max(len(level), 1)
    if n_levels < 2 or (shares == 0).any():
        raise ValueError("an ordered logit needs two levels or more, each with a case")
    below = np.cumsum(shares)[:-1]
    parameters = np.concatenate([np.log(below / (1 - below)), np.zeros(covariates.shape[1])])
    upper, lower = _designs(level, covariates, n_levels)
    fit = _likelihood(parameters, upper, lower, level, n_levels)
    for _ in range(ROUNDS):
        likelihood, scores, hessian = fit
        step = np.linalg.solve(-hessian, scores.sum(axis=0))
        scale = 1.0
        while scale > 1e-8:
            fit = _likelihood(parameters + scale * step, upper, lower, level, n_levels)
            if fit[0] >= likelihood - 1e-12 * abs(likelihood):
                break
            scale /= 2
        parameters = parameters + scale * step
        if np.abs(scale * step).max() < TOLERANCE:
            break
    else:
        raise np.linalg.LinAlgError("no largest likelihood: a covariate tells the levels apart perfectly")
    _, scores, hessian = fit
    bread = np.linalg.inv(-hessian)
    k = n_levels - 1
    return OrderedLogit(parameters[:k], parameters[k:], bread @ _meat(scores, clusters) @ bread, covariates)


def _designs(level: Ints, covariates: Floats, n_levels: int) -> tuple[Floats, Floats]:
    """What the limits above and below each case's level are made of: thresholds, less the covariates."""
    thresholds = np.vstack([np.eye(n_levels - 1), np.zeros(n_levels - 1)])
    upper = np.hstack([thresholds[level], -covariates])
    lower = np.hstack([thresholds[level - 1], -covariates])
    return upper, lower


def _likelihood(
    parameters: Floats, upper: Floats, lower: Floats, level: Ints, n_levels: int
) -> tuple[float, Floats, Floats]:
    """Log-likelihood, its gradient by case, its Hessian; minus infinity where thresholds are out of order."""
    top = np.where(level == n_levels - 1, 1.0, expit(upper @ parameters))
    bottom = np.where(level == 0, 0.0, expit(lower @ parameters))
    p = top - bottom
    if (p <= 0).any():
        return -np.inf, upper, upper
    f_top, f_bottom = top * (1 - top), bottom * (1 - bottom)
    a, b = f_top / p, -f_bottom / p
    scores = a[:, None] * upper + b[:, None] * lower
    aa = f_top * (1 - 2 * top) / p - a**2
    bb = -f_bottom * (1 - 2 * bottom) / p - b**2
    mixed = (upper * (-a * b)[:, None]).T @ lower
    hessian = (upper * aa[:, None]).T @ upper + (lower * bb[:, None]).T @ lower + mixed + mixed.T
    return float(np.log(p).sum()), scores, hessian


def _meat(scores: Floats, clusters: Ints | None) -> Floats:
    """Sum of the outer products of the gradients, of clusters where there are any, with n / (n − 1)."""
    if clusters is not None:
        summed = np.zeros((int(clusters.max()) + 1, scores.shape[1]))
        np.add.at(summed, clusters, scores)
        scores = summed
    n = len(scores)
    outer: Floats = scores.T @ scores * n / (n - 1)
    return outer
