"""What the hazards of service orders imply: true shares and days by branch and month.

How orders are drawn is in `service_orders.py`.
"""

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Window, month_label, month_of
from simulation.distributions import lognormal_cdf
from simulation.hazards import SERVICE
from simulation.organisation import Organisation
from simulation.policies import Register
from simulation.service_orders import DELIVERY, Orders, slower
from simulation.truth import ratio

DELIVERY_LIMIT_DAYS = 15


def service_truth(orders: Orders, policies: Register, window: Window, org: Organisation) -> dict:
    """Truth by KPI for each observed month; and how many orders of each kind there are in this draw."""
    labels = [month_label(month) for month in window.observed]
    quality = org.quality[:, -window.months :]
    issued = _counts(policies.branch, policies.issued, window, org)
    delivered = (1 - SERVICE.undelivered_share) * _received_by(DELIVERY_LIMIT_DAYS, quality)
    deliveries = _of_orders(DELIVERY, orders, policies, window, org)
    kpis = {
        "policy_delivered_within_15_days_share": ratio(
            "month of issue", labels, issued * delivered, issued, org
        ),
        "policy_delivery_failed_share": ratio(
            "month of the order", labels, SERVICE.delivery_failed_share * deliveries, deliveries, org
        ),
    }
    return {"kpis": kpis, "realised": {"service_orders": len(orders)}}


def _counts(branch: NDArray, days: NDArray, window: Window, org: Organisation) -> NDArray:
    """How many there are by branch and observed month."""
    month = month_of(days) - window.first_month
    seen = (month >= 0) & (month < window.months)
    cell = branch[seen] * window.months + month[seen]
    return (
        np.bincount(cell, minlength=len(org.codes) * window.months).reshape(-1, window.months).astype(float)
    )


def _of_orders(kind: int, orders: Orders, policies: Register, window: Window, org: Organisation) -> NDArray:
    of = orders.kind == kind
    return _counts(policies.branch[orders.policy[of]], orders.ordered[of], window, org)


def by_whole_days(days: int, median: NDArray | float, sigma: float) -> NDArray:
    """Share of floored log-normals of at most 0, 1, … so many days; along the last axis."""
    limits = np.arange(days + 1) + 1.0
    return lognormal_cdf(limits, np.asarray(median)[..., None], sigma)


def _received_by(days: int, quality: NDArray) -> NDArray:
    """Share of policies received so many days after the issue: attempts follow each other, a day between them."""
    median = SERVICE.delivery_days_median * slower(quality)
    at_most = by_whole_days(days, median, SERVICE.delivery_sigma)
    on_day = np.diff(at_most, axis=-1, prepend=0.0)
    failed = SERVICE.delivery_failed_share
    total, starts = np.zeros_like(quality), np.zeros_like(on_day)
    starts[..., 0] = 1.0
    for attempt in range(SERVICE.delivery_attempts):
        ends = np.zeros_like(on_day)
        for wait in range(days + 1):
            ends[..., wait:] += starts[..., wait, None] * on_day[..., : days + 1 - wait]
        total += failed**attempt * (1 - failed) * ends.sum(axis=-1)
        starts = np.concatenate([np.zeros_like(ends[..., :1]), ends[..., :-1]], axis=-1)
    return total
