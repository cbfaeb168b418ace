"""Small segments beside their peers: shares, rates and means drawn towards what the segments have in common.

The method, on arrays of one group of segments; which of them are small and what becomes of the estimates is
`transforms/composite/shrink.py`. Each function integrates over the prior instead of fixing it at its best guess, so
that intervals are as much wider as the prior is uncertain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from transforms.statistics.intervals import LEVEL, Z_95

Array = NDArray[np.float64]

# Nodes of the integral over the common mean, and over how much is shared: more of them change no third digit.
_MEANS = 15
# Weights of the peers from one in ten thousand to nearly all, by even steps of their logit.
_SHARINGS = special.expit(np.linspace(-9.0, 4.5, 28))
# The common mean is integrated to so many standard deviations on either side.
_REACH = 4.0
_TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


@dataclass(frozen=True)
class Shrunk:
    """Of each segment the shrunk value with its 95 % limits, and the weight (0 to 1) that its own cases have in it."""

    value: Array
    low: Array
    high: Array
    own_weight: Array


def shrunk_shares(successes: Array, cases: Array) -> Shrunk:
    """Shares of binomial cases whose true values are spread as a beta distribution.

    Mean and spread of that distribution have a posterior of their own, from Jeffreys' prior for the mean and 1/B for
    the weight B of the peers in the median segment: between uniform shrinkage (Daniels 1999, Canadian Journal of
    Statistics 27, 567-578), whose intervals are too narrow for a handful of unlike segments, and a flat prior of the
    variance (Morris 1983, JASA 78, 47-55). Limits are those of the beta distribution with the mean and variance of
    the mixture.

    >>> shares = shrunk_shares(np.array([9.0, 45, 70, 52, 88]), np.array([10.0, 60, 100, 80, 100]))
    >>> shares.value.round(2).tolist(), shares.own_weight.round(1).tolist()
    ([0.81, 0.75, 0.71, 0.67, 0.86], [0.4, 0.7, 0.8, 0.8, 0.8])
    """
    pairs, place, times = np.unique(
        np.stack([successes, cases], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    y, n = pairs.T
    strength, density = _strengths(n, times)
    share, spread = (y + 0.5) / (n + 1), n[None] / (1 + (n[None] - 1) / (strength[:, None] + 1))
    centre = (times * spread * share).sum(axis=1) / (times * spread).sum(axis=1)
    deviation = 1 / np.sqrt(centre * (1 - centre) * (times * spread).sum(axis=1))
    steps = np.linspace(-_REACH, _REACH, _MEANS)
    logit = (special.logit(centre)[:, None] + deviation[:, None] * steps).ravel()[:, None]
    mean, rest = special.expit(logit), special.expit(-logit)
    prior, whole = np.repeat(deviation * density, _MEANS), np.repeat(strength, _MEANS)[:, None]
    a, b = mean * whole, rest * whole
    marginal = (times * (special.betaln(y + a, n - y + b) - special.betaln(a, b))).sum(axis=1)
    weight = _weights(marginal + np.log(prior) + 0.5 * np.log(mean * rest).ravel())
    expected = (y + a) / (n + whole)
    value, variance = _mixture(weight, expected, expected * (1 - expected) / (n + whole + 1))
    size = value * (1 - value) / variance - 1
    low, high = (special.betaincinv(value * size, (1 - value) * size, tail) for tail in _TAILS)
    own = (weight[:, None] * (n / (n + whole))).sum(axis=0)
    return _of_all(value, low, high, own, place)


def shrunk_rates(events: Array, exposure: Array) -> Shrunk:
    """Rates of Poisson events whose true values are spread as a gamma distribution.

    Priors as in `shrunk_shares`; Christiansen and Morris (1997), JASA 92, 618-632.

    >>> rates = shrunk_rates(np.array([0.0, 12, 30, 9]), np.array([1.0, 10, 20, 12]))
    >>> rates.value.round(2).tolist()
    [0.89, 1.19, 1.42, 0.89]
    """
    pairs, place, times = np.unique(
        np.stack([events, exposure], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    y, e = pairs.T
    strength, density = _strengths(e, times)
    spread = 1 / (1 / e[None] + 1 / strength[:, None])
    total = (times * spread).sum(axis=1)
    centre = ((times * spread * y / e).sum(axis=1) + 0.5) / total
    deviation = 1 / np.sqrt(centre * total)
    steps = np.linspace(-_REACH, _REACH, _MEANS)
    mean = np.exp(np.log(centre)[:, None] + deviation[:, None] * steps).ravel()[:, None]
    prior, whole = np.repeat(deviation * density, _MEANS), np.repeat(strength, _MEANS)[:, None]
    shape = mean * whole
    per_segment = (
        special.gammaln(y + shape)
        - special.gammaln(shape)
        + shape * np.log(whole / (whole + e))
        - y * np.log(whole + e)
    )
    weight = _weights((times * per_segment).sum(axis=1) + np.log(prior) + 0.5 * np.log(mean).ravel())
    expected = (y + shape) / (e + whole)
    value, variance = _mixture(weight, expected, expected / (e + whole))
    low, high = (special.gammaincinv(value**2 / variance, tail) * variance / value for tail in _TAILS)
    own = (weight[:, None] * (e / (e + whole))).sum(axis=0)
    return _of_all(value, low, high, own, place)


def shrunk_means(means: Array, errors: Array) -> Shrunk:
    """Estimates with their standard errors whose true values are spread as a normal distribution.

    Priors as in `shrunk_shares`, the common mean integrated in closed form; Daniels (1999).

    >>> means = shrunk_means(np.array([12.0, 20, 14, 9, 11]), np.array([1.0, 6, 1, 1, 1]))
    >>> means.value.round(1).tolist()
    [11.9, 13.2, 13.5, 9.6, 11.2]
    """
    pairs, place, times = np.unique(
        np.stack([means, errors], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    y, noise = pairs[:, 0], pairs[:, 1] ** 2
    strength, density = _strengths(1 / noise, times)
    between = 1 / strength[:, None]
    precision = times / (noise + between)
    known = precision.sum(axis=1, keepdims=True)
    centre = (precision * y).sum(axis=1, keepdims=True) / known
    marginal = times * np.log(noise + between) + precision * (y - centre) ** 2
    weight = _weights(np.log(density) - 0.5 * (marginal.sum(axis=1) + np.log(known.ravel())))
    own = between / (noise + between)
    value, variance = _mixture(weight, own * y + (1 - own) * centre, own * noise + (1 - own) ** 2 / known)
    half = Z_95 * np.sqrt(variance)
    return _of_all(value, value - half, value + half, (weight[:, None] * own).sum(axis=0), place)


def _strengths(sizes: Array, times: NDArray[np.intp]) -> tuple[Array, Array]:
    """Cases that the prior may be worth, by the weight of the peers in the median segment, and its density."""
    typical = float(np.median(np.repeat(sizes, times)))
    return typical * _SHARINGS / (1 - _SHARINGS), 1 - _SHARINGS


def _weights(log_density: Array) -> Array:
    density = np.exp(log_density - log_density.max())
    weights: Array = density / density.sum()
    return weights


def _mixture(weight: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    """Mean and variance by segment of a mixture over the nodes of the prior: the variance within and that between."""
    value = (weight[:, None] * mean).sum(axis=0)
    within = (weight[:, None] * variance).sum(axis=0)
    return value, within + (weight[:, None] * (mean - value) ** 2).sum(axis=0)


def _of_all(value: Array, low: Array, high: Array, own: Array, place: NDArray[np.intp]) -> Shrunk:
    of_pairs = place.ravel()
    return Shrunk(value[of_pairs], low[of_pairs], high[of_pairs], own[of_pairs])
