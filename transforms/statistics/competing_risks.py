"""Time to event where cases can end in several ways: Aalen–Johansen cumulative incidence by group.

A withdrawn claim is not an open one that will be decided later; treating it as censored overstates what is
decided. Curves for a single way to end are in `survival.py`.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.statistics.curve_limits import (
    horizon_name,
    probability_limits,
    with_limits,
)
from transforms.statistics.intervals import LEVEL
from transforms.statistics.ordered import Floats
from transforms.statistics.risk_sets import COMPETING, EVENT, RiskSets


def incidence_figures(sets: RiskSets, *, horizons: Sequence[float], level: float = LEVEL) -> pl.DataFrame:
    """Share of each group that ended by events within each horizon, other causes competing, one row per group.

    Columns: n, n_events, followed_to, n_competing (ended by other causes) and for each horizon, named within_30 for
    30: within_30 = F(h), within_30_var, within_30_low, within_30_high (log-log; Wilson over the cases whose fate at
    h is known where F(h) is 0 or 1). Beyond followed_to F is held constant. Aalen and Johansen (1978), Scand. J.
    Statist. 5; variance after Gaynor et al. (1993), JASA 88.

    Of twelve claims seven are decided, two withdrawn on days 4 and 9, and three open:

    >>> from transforms.statistics.risk_sets import CENSORED, Coded
    >>> days = np.array([2.0, 3, 3, 5, 8, 10, 12, 4, 9, 6, 15, 40])
    >>> cases = Coded.of(days, np.array([EVENT] * 7 + [COMPETING] * 2 + [CENSORED] * 3))
    >>> sets = RiskSets.of(np.zeros(12, np.int64), 1, cases)
    >>> round(incidence_figures(sets, horizons=(10,))["within_10"].item(), 4)
    0.5278
    """
    limits: list[pl.Expr] = []
    columns = ["n", "n_events", "followed_to", "n_competing"]
    found = sets.counts()
    found["n_competing"] = sets.cases_of(COMPETING)
    curve = incidence_curve(sets)
    for horizon in horizons:
        name = horizon_name(horizon)
        found[name] = sets.standing(lambda steps, _: curve["incidence"][steps], horizon, 0.0)
        found[f"{name}_var"] = sets.standing(lambda steps, _: curve["incidence_var"][steps], horizon, 0.0)
        found[f"{name}_known"] = sets.known_fates(horizon)
        share, variance, known = pl.col(name), pl.col(f"{name}_var"), pl.col(f"{name}_known")
        low, high = probability_limits(share, variance, known, level)
        limits += [low.alias(f"{name}_low"), high.alias(f"{name}_high")]
        columns += with_limits(name, "var")
    return pl.DataFrame(found).lazy().with_columns(limits).select(columns).collect()


def incidence_curve(sets: RiskSets) -> dict[str, Floats]:
    """incidence, F, and incidence_var after every step.

    Gaynor's Σ(F(t) − Fᵢ)²wᵢ + Σvᵢ − 2Σ(F(t) − Fᵢ)cᵢ is multiplied out, so that running sums give it at every
    t; like survival and hazard, it comes out the same for ties taken one after the other.
    """
    of_cause = sets.kind == EVENT
    at_risk = np.maximum(sets.before(*sets.every_step), 1)
    # Survival before the step over those at risk, times those who end: k does not change where cases end.
    jump = np.where(of_cause, sets.k(*sets.every_step) * sets.count, 0.0)
    if sets.late is not None:
        jump[sets.late] = 0.0
    f, w = sets.running(jump, 1.0), sets.hazard_terms
    v = np.where(of_cause, jump**2 * sets.after_each / (at_risk * sets.count), 0.0)
    c = jump / at_risk

    def so_far(terms: Floats) -> Floats:
        return sets.running(terms, 1.0)

    squares = f**2 * so_far(w) - 2 * f * so_far(w * f) + so_far(w * f**2)
    products = f * so_far(c) - so_far(c * f)
    return {"incidence": f, "incidence_var": np.maximum(squares + so_far(v) - 2 * products, 0.0)}
