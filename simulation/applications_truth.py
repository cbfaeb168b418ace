"""What the hazards of applications imply: true shares, hours and minutes by branch and month.

How applications are drawn is in `applications.py`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulation.applications import ONLINE, WITHDRAWN, Applications, slower
from simulation.clock import Window, month_label
from simulation.distributions import lognormal_cdf
from simulation.organisation import Organisation
from simulation.policies import Register
from simulation.service_hazards import APPLICATIONS
from simulation.truth import counts_by_month, ratio, values

Floats = NDArray[np.float64]
SEARCH_STEPS = 60


def applications_truth(drawn: Applications, policies: Register, window: Window, org: Organisation) -> dict:
    """Truth by KPI for each observed month, and how many applications there are in this draw."""
    labels = [month_label(month) for month in window.observed]
    branch = policies.branch[drawn.like]

    def share(by: str, of: float, moments: Floats, among: NDArray[np.bool_] | None = None) -> dict:
        known = moments < window.end if among is None else (moments < window.end) & among
        counts = counts_by_month(branch[known], moments[known], window, org)
        return ratio(f"month of {by}", labels, of * counts, counts, org)

    never, late = APPLICATIONS.abandoned_share, APPLICATIONS.late_share
    decided = drawn.decided
    kpis = {
        "application_abandoned_share": share(
            "the start", never + (1 - never) * late, drawn.started, drawn.way < ONLINE
        ),
        "application_assisted_share": share("submission", APPLICATIONS.assisted_share, drawn.submitted),
        "needs_recorded_share": share("issue", APPLICATIONS.needs_share, drawn.issued),
        "sale_recorded_share": share("issue", APPLICATIONS.sale_recorded_share, drawn.issued),
        "application_decided_by_system_share": share(
            "submission",
            APPLICATIONS.system_share,
            drawn.submitted,
            (drawn.decision != WITHDRAWN) & (decided < np.inf),
        ),
        **_hours(org.quality[:, -window.months :], labels, org),
    }
    return {"kpis": kpis, "realised": {"applications": len(drawn)}}


def _hours(quality: Floats, labels: list[str], org: Organisation) -> dict:
    """Hours to the decision and minutes to the issue; branches differ in what people do alone."""

    def found(by: Callable[[Floats, Floats], Floats], q: float) -> dict:
        cells = _quantile(lambda hours: by(hours, quality), q, quality.shape)
        weight = org.share[:, None]
        company = _quantile(
            lambda hours: (by(np.broadcast_to(hours, quality.shape), quality) * weight).sum(axis=0),
            q,
            (quality.shape[1],),
        )
        return values("month of submission", labels, company.tolist(), cells.tolist(), org)

    minutes = found(_issued_by, 0.5)
    for series in (minutes["company"], *minutes["org_unit"].values()):
        series["value"] = (60 * np.array(series["value"])).tolist()
    hours = "application_submit_to_decision_hours"
    return {
        f"{hours}_median": found(_decided_by, 0.5),
        f"{hours}_p90": found(_decided_by, 0.9),
        f"{hours}_km_median": found(_decided_by, 0.5),
        f"{hours}_km_p90": found(_decided_by, 0.9),
        "application_submit_to_issue_minutes_median": minutes,
    }


def _quantile(at_most: Callable[[Floats], Floats], q: float, shape: tuple[int, ...]) -> Floats:
    """Where a distribution function reaches q, by halving the hours between which it does."""
    low, high = np.zeros(shape), np.full(shape, 2000.0)
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        reached = at_most(middle) >= q
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return high


def _decided_by(hours: Floats, quality: Floats) -> Floats:
    """Share decided in so many hours, net of waiting for the customer."""
    by_system = 1 - np.exp(-hours / (APPLICATIONS.system_minutes_mean / 60))
    by_people = lognormal_cdf(
        hours, APPLICATIONS.human_hours_median * slower(quality), APPLICATIONS.human_sigma
    )
    return APPLICATIONS.system_share * by_system + (1 - APPLICATIONS.system_share) * by_people


def _issued_by(hours: Floats, quality: Floats) -> Floats:
    """Share issued in so many hours, where these are so few that people have decided on none."""
    decide, issue = (
        60 / mean for mean in (APPLICATIONS.system_minutes_mean, APPLICATIONS.system_issue_minutes_mean)
    )
    both = 1 - (issue * np.exp(-decide * hours) - decide * np.exp(-issue * hours)) / (issue - decide)
    return APPLICATIONS.system_share * both + 0 * quality
