"""What the hazards of complaints imply: true rates, shares and times by branch and month of receipt.

How complaints are drawn is in `complaints.py`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Window, month_label
from simulation.complaints import Complaints
from simulation.distributions import lognormal_cdf
from simulation.hazards import COMPLAINTS, QUALITY
from simulation.life_course import Intervals
from simulation.organisation import Organisation
from simulation.policies import Register
from simulation.policy_feeds import in_force_months
from simulation.truth import ratio, values

LIMIT_DAYS = 30
CAPPED_DAYS = 60  # of the restricted mean


def complaint_truth(
    complaints: Complaints, policies: Register, intervals: Intervals, window: Window, org: Organisation
) -> dict:
    """Truth by KPI for each observed month of receipt, as if followed to the end; and exact counts of this draw."""
    labels = [month_label(month) for month in window.observed]
    exposure = in_force_months(policies, intervals, window).sum(axis=1)[:, -window.months :].astype(float)
    quality = org.quality[:, -window.months :]
    expected = exposure * COMPLAINTS.per_policy_month * np.exp(QUALITY.log_complaint_rate * quality)
    resolved = _resolved_by(np.array([LIMIT_DAYS]), quality)[:, :, 0]
    upheld = COMPLAINTS.upheld_share + COMPLAINTS.partly_upheld_share
    decided = expected * (1 - COMPLAINTS.withdrawn_share)
    by = "month of receipt"
    kpis = {
        "complaints_per_10k_policies": ratio(by, labels, 10_000 * expected, exposure, org),
        f"complaint_resolved_within_{LIMIT_DAYS}_days_share": ratio(
            by, labels, decided * resolved, decided, org
        ),
        "complaint_upheld_share": ratio(by, labels, upheld * decided, decided, org),
        **_closing_days(expected, quality, labels, org),
    }
    own = complaints.merged_into < 0
    seen = complaints.received <= window.as_of_day
    realised = {
        "complaints": int((own & seen).sum()),
        "complaints_merged": int((~own & seen).sum()),
        "complaints_repeated": int(((complaints.repeats >= 0) & seen).sum()),
        "complaints_closed": int((own & seen & (complaints.closed <= window.as_of_day)).sum()),
    }
    return {"kpis": kpis, "realised": realised}


def _resolved_by(days: NDArray, quality: NDArray) -> NDArray:
    """Share closed at most so many calendar days after receipt: branch × month × days."""
    slower = np.exp(QUALITY.log_resolution_days * quality)[:, :, None]
    shares = zip(COMPLAINTS.complexity_shares, COMPLAINTS.resolution_days_median, strict=True)
    return sum(
        share
        * lognormal_cdf(
            np.broadcast_to(days + 1.0, (*quality.shape, len(days))),
            median * slower,
            COMPLAINTS.resolution_sigma,
        )
        for share, median in shares
    )


def _closing_days(expected: NDArray, quality: NDArray, labels: list[str], org: Organisation) -> dict:
    """Whole days from receipt to closing, and to the decision as if nobody withdrew or as withdrawals compete."""
    by_cell = _resolved_by(np.arange(400), quality)
    whole = (by_cell * expected[:, :, None]).sum(axis=0) / expected.sum(axis=0)[:, None]

    def found(take: Callable[[NDArray], NDArray]) -> dict:
        return values("month of receipt", labels, take(whole).tolist(), take(by_cell).tolist(), org)

    decided = 1 - COMPLAINTS.withdrawn_share
    return {
        "complaint_received_to_closed_days_median": found(lambda closed: (closed < 0.5).sum(axis=-1)),
        "complaint_received_to_closed_days_p90": found(lambda closed: (closed < 0.9).sum(axis=-1)),
        "complaint_received_to_decided_days_km_median": found(
            lambda closed: (_undecided(closed) > 0.5).sum(axis=-1)
        ),
        "complaint_received_to_decided_days_restricted_mean": found(
            lambda closed: _undecided(closed)[..., :CAPPED_DAYS].sum(axis=-1)
        ),
        "complaint_decided_within_15_days_incidence": found(lambda closed: decided * closed[..., 15]),
    }


def _undecided(closed: NDArray) -> NDArray:
    """Share still undecided after each day if nobody withdrew; of those that close on a day as many do on any day."""
    before = np.concatenate([np.zeros_like(closed[..., :1]), closed[..., :-1]], axis=-1)
    hazard = (closed - before) / np.maximum(1 - before, 1e-12)
    return np.cumprod(1 - (1 - COMPLAINTS.withdrawn_share) * hazard, axis=-1)
