"""Time to event with open cases counted: the figures of Kaplan–Meier curves, for all groups at once.

Which cases are in the risk sets, and what is said of groups that are too small or too young, is the caller's
business.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.statistics.curve_limits import (
    horizon_name,
    probability_limits,
    quantile_name,
    with_limits,
)
from transforms.statistics.intervals import LEVEL, finite, normal_quantile, student_quantile
from transforms.statistics.ordered import Array, Floats
from transforms.statistics.risk_sets import ROUNDING, RiskSets


def km_figures(
    sets: RiskSets,
    *,
    quantiles: Sequence[float],
    horizons: Sequence[float],
    tau: float | None,
    level: float = LEVEL,
) -> pl.DataFrame:
    """Kaplan–Meier figures, one row per group of the risk sets.

    Columns: n, n_events, followed_to (last observed time);
    for each quantile q, named p50 for 0.5: p50 = min{t: S(t) ≤ 1 − q}, null if not reached, p50_low and
    p50_high (Brookmeyer and Crowley 1982, Biometrics 38, on the log-log scale; null if not reached);
    for each horizon h, named within_30 for 30: P(T ≤ h) = 1 − S(h), within_30_var (Greenwood 1926), within_30_low
    and within_30_high (log-log; where S(h) is 0 or 1, Wilson over the cases whose fate at h is known);
    for tau: rmst = ∫₀^tau S(t)dt, the restricted mean, rmst_var, rmst_low, rmst_high (on the logit scale of
    rmst/tau; null without events).

    Beyond followed_to S is held constant, so that P(T ≤ h) is a lower bound where followed_to < h and S > 0.
    Events come before censorings at equal times (Kaplan and Meier 1958, JASA 53). Durations, horizons and tau are
    in one unit.

    Ten claims, seven of them decided; those open for 6, 15 and 40 days count as long as they were seen:

    >>> from transforms.statistics.risk_sets import CENSORED, EVENT, Coded
    >>> days = np.array([2.0, 3, 3, 5, 8, 10, 12, 6, 15, 40])
    >>> cases = Coded.of(days, np.array([EVENT] * 7 + [CENSORED] * 3))
    >>> sets = RiskSets.of(np.zeros(10, np.int64), 1, cases)
    >>> figures = km_figures(sets, quantiles=(0.5,), horizons=(10,), tau=30)
    >>> figures["p50"].item(), round(figures["within_10"].item(), 2), round(figures["rmst"].item(), 1)
    (8.0, 0.64, 12.1)
    """
    limits: list[pl.Expr] = []
    columns = ["n", "n_events", "followed_to"]
    found = sets.counts()
    if quantiles:
        found |= _quantiles(sets, quantiles, level)
        columns += [name for q in quantiles for name in with_limits(quantile_name(q))]
    for horizon in horizons:
        found |= _within(sets, horizon)
        limits += _within_limits(horizon, level)
        columns += with_limits(horizon_name(horizon), "var")
    if tau is not None:
        found |= _restricted_mean(sets, tau)
        limits += _restricted_mean_limits(tau, level)
        columns += with_limits("rmst", "var")
    frame = pl.DataFrame({n: pl.Series(column, nan_to_null=True) for n, column in found.items()})
    return frame.lazy().with_columns(limits).select(columns).collect()


def _quantiles(sets: RiskSets, quantiles: Sequence[float], level: float) -> dict[str, Array]:
    """The quantiles, and where the lower and the upper log-log limit of S have come down to 1 − q.

    At S = 0 the limits are undefined: the lower one counts as come down, the upper one does not.
    """
    z = normal_quantile(level)

    def spread(steps: Array, group: Array) -> Array:
        return z * np.sqrt(sets.hazard_var(steps, group))

    first, last, group = sets.spans
    _, at_first, least = _declines(sets, first, group)
    survival, at_last, most = _declines(sets, last, group)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Bounds for all steps of a span: the decline and its variance only grow.
        bounds = {
            1: np.log(most) + spread(last, group) / np.where(at_first, least, 0),
            -1: np.log(most) - spread(first, group) / most,
        }

    def come_down(sign: int, target: float) -> Floats:
        def reached(steps: Array, group: Array) -> Array:
            survival, within, decline = _declines(sets, steps, group)
            come: Array = within & (np.log(decline) + sign * spread(steps, group) / decline >= target)
            return come | (survival <= ROUNDING) if sign > 0 else come

        may_be = (survival < 1) & ((bounds[sign] >= target - ROUNDING) | ~at_last)
        with np.errstate(divide="ignore", invalid="ignore"):
            return sets.time_of(sets.first(reached, may_be))

    found: dict[str, Array] = {}
    for q in quantiles:
        name, low, high = with_limits(quantile_name(q))
        target = np.log(-np.log(1 - q)) - ROUNDING
        found[name] = sets.time_of(sets.first_by_survival(1 - q + ROUNDING))
        found[low], found[high] = come_down(1, target), come_down(-1, target)
    return found


def _declines(sets: RiskSets, steps: Array, group: Array) -> tuple[Floats, Array, Floats]:
    """S, whether its limits are defined, and −log S where they are."""
    survival = sets.survival(steps, group)
    within = (survival > ROUNDING) & (survival < 1)
    return survival, within, -np.log(np.where(within, survival, 0.5))


def _within(sets: RiskSets, horizon: float) -> dict[str, Array]:
    still_open, variance = sets.at(horizon)
    name = horizon_name(horizon)
    return {
        name: 1 - still_open,
        f"{name}_var": still_open**2 * variance,
        f"{name}_known": sets.known_fates(horizon),
    }


def _within_limits(horizon: float, level: float) -> list[pl.Expr]:
    name = horizon_name(horizon)
    still_open, variance, known = 1 - pl.col(name), pl.col(f"{name}_var"), pl.col(f"{name}_known")
    low, high = probability_limits(still_open, variance, known, level)
    return [(1 - high).alias(f"{name}_low"), (1 - low).alias(f"{name}_high")]


def _restricted_mean(sets: RiskSets, tau: float) -> dict[str, Array]:
    """∫₀^tau S, variance Σ(∫_{tᵢ}^tau S)²·dᵢ/(nᵢ(nᵢ − dᵢ)). Royston and Parmar (2013), BMC MRM 13, 152."""
    t = np.minimum(sets.t, tau)
    survival = sets.survival_after_each
    terms = np.empty_like(t)
    np.subtract(t[1:], t[:-1], out=terms[1:])
    terms[1:] *= survival[:-1]
    terms[sets.begins] = t[sets.begins]
    area = sets.running(terms, most=tau)
    last = sets.ends - 1
    # After the last step the curve stays.
    total = area[last] + survival[last] * (tau - t[last])
    rest = np.repeat(total, sets.sizes)
    rest -= area
    rest *= rest
    rest *= sets.hazard_terms
    return {"rmst": total, "rmst_var": sets.total(rest)}


def _restricted_mean_limits(tau: float, level: float) -> list[pl.Expr]:
    """Student's limits on the scale log(p/(1 − p)) of p = rmst/tau, with the variance of n − 1 degrees of freedom.

    Durations cut at tau are skewed; on that scale their mean is much less so, and the limits stay within 0 and tau.
    """
    cases = pl.when(pl.col("n") > 1).then(pl.col("n").cast(pl.Float64))
    variance = pl.when(pl.col("rmst_var") > 0).then(pl.col("rmst_var")) * cases / (cases - 1)
    share = pl.col("rmst") / tau
    half = student_quantile(cases, level) * variance.sqrt() / (tau * share * (1 - share))
    logit = (share / (1 - share)).log()
    return [
        finite(tau / (1 + (side * half - logit).exp())).alias(f"rmst_{end}")
        for end, side in (("low", 1), ("high", -1))
    ]
