"""What the hazards of complaints imply: true rates, shares and times by branch and month of receipt.

How complaints are drawn is in `complaints.py`.
"""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import MONTH_STARTS, Window, month_label, month_of, months_later
from simulation.complaints import Complaints
from simulation.distributions import lognormal_cdf
from simulation.hazards import COMPLAINTS, QUALITY
from simulation.life_course import EVENTS, Intervals, LifeCourse
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
        **_responses(expected, quality, labels, org),
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


def _responses(expected: NDArray, quality: NDArray, labels: list[str], org: Organisation) -> dict:
    """Days to the first response, which comes a day and a Poisson number of days on, or with an earlier closing."""
    days = np.arange(12)
    waits = np.cumsum([0.0, *(math.exp(-1) / math.factorial(k) for k in days[:-1])])
    by_cell = 1 - (1 - _resolved_by(days, quality)) * (1 - waits)
    whole = (by_cell * expected[:, :, None]).sum(axis=0) / expected.sum(axis=0)[:, None]
    by = "month of receipt"
    return {
        "complaint_first_response_within_3_days_share": ratio(
            by, labels, expected * by_cell[:, :, 3], expected, org
        ),
        "complaint_first_response_days_median": values(
            by, labels, (whole < 0.5).sum(axis=-1).tolist(), (by_cell < 0.5).sum(axis=-1).tolist(), org
        ),
    }


def _undecided(closed: NDArray) -> NDArray:
    """Share still undecided after each day if nobody withdrew; of those that close on a day as many do on any day."""
    before = np.concatenate([np.zeros_like(closed[..., :1]), closed[..., :-1]], axis=-1)
    hazard = (closed - before) / np.maximum(1 - before, 1e-12)
    return np.cumprod(1 - (1 - COMPLAINTS.withdrawn_share) * hazard, axis=-1)


def recovery_truth(
    complaints: Complaints, policies: Register, course: LifeCourse, window: Window, org: Organisation
) -> dict:
    """Complaints by month of receipt of this draw, and those whose customer had a policy in force a year later.

    Without those whose last policy was ended by death, a claim or maturity.
    """
    own = np.flatnonzero(
        (complaints.merged_into < 0) & (complaints.received >= MONTH_STARTS[window.first_month])
    )
    then = months_later(complaints.received[own], 12)
    asked = pl.DataFrame({"case": own, "customer": policies.customer[complaints.policy[own]], "then": then})
    spans, events = course.intervals, course.events
    held = pl.DataFrame(
        {"customer": policies.customer[spans.policy], "begin": spans.start, "last": spans.last}
    )
    ends = pl.DataFrame(
        {
            "customer": policies.customer[events.policy],
            "kind": pl.Series(EVENTS)[events.kind],
            "day": events.day,
        }
    )
    stays = (
        asked.join(held, on="customer").filter(pl.col("then").is_between("begin", "last"))["case"].unique()
    )
    left_by = (
        asked.join(ends, on="customer")
        .filter(pl.col("day") < pl.col("then"))
        .sort("day")
        .group_by("case")
        .last()
    )
    otherwise = left_by.filter(pl.col("kind").is_in(["death", "claim_termination", "maturity"]))["case"]
    stay = np.isin(own, stays.to_numpy())
    counted = (stay | ~np.isin(own, otherwise.to_numpy())) & (then <= window.as_of_day)
    cell = complaints.branch[own] * window.months + month_of(complaints.received[own]) - window.first_month
    size = len(org.codes) * window.months
    sums = [
        np.bincount(cell[which], minlength=size).reshape(-1, window.months)
        for which in (stay & counted, counted)
    ]
    labels = [month_label(month) for month in window.observed]
    return {"kpis": {"complainant_retained_12m_share": ratio("month of receipt", labels, *sums, org)}}
