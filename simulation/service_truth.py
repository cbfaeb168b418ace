"""What the hazards of service orders imply: true shares and days by branch and month.

How orders are drawn is in `service_orders.py`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Window, month_label, months_later
from simulation.distributions import lognormal_cdf
from simulation.hazards import POLICIES
from simulation.life_course import Intervals
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.service_hazards import SERVICE
from simulation.service_orders import (
    ALTERATION,
    CALLBACK,
    CANCELLED,
    DELIVERY,
    DONE,
    OBJECTION,
    ROADSIDE,
    VALUE_ADDED,
    Orders,
    entitled_years,
    slower,
)
from simulation.truth import counts_by_month, ratio, values

DELIVERY_LIMIT_DAYS = 15
REMINDED_DAYS_BEFORE = 7
CAPPED_DAYS = 30  # of the restricted mean


def service_truth(
    orders: Orders,
    policies: Register,
    intervals: Intervals,
    premiums: tuple[Ints, ...],
    window: Window,
    org: Organisation,
) -> dict:
    """Truth by KPI for each observed month; and how many orders there are in this draw."""
    labels = [month_label(month) for month in window.observed]

    def share(by: str, of: float | NDArray, counts: NDArray) -> dict:
        return ratio(f"month of {by}", labels, of * counts, counts, org)

    def placed(branch: NDArray, days: NDArray) -> NDArray:
        return counts_by_month(branch, days, window, org)

    def ordered(kind: int, among: NDArray | None = None) -> NDArray:
        of = orders.kind == kind if among is None else (orders.kind == kind) & among
        return placed(policies.branch[orders.policy[of]], orders.ordered[of])

    long = policies.long_term
    number, due = premiums[1] > 1, premiums[2]
    year_policy, year_start = entitled_years(policies, intervals, window)
    arrived = lognormal_cdf(
        np.array(SERVICE.roadside_promised_minutes * 1.0),
        SERVICE.roadside_minutes_median,
        SERVICE.roadside_sigma,
    )
    done = 1 - np.exp(-SERVICE.value_added_a_year * SERVICE.value_added_done_share)
    quality = org.quality[:, -window.months :]
    kpis = {
        "policy_delivered_within_15_days_share": share(
            "issue",
            (1 - SERVICE.undelivered_share) * _received_by(DELIVERY_LIMIT_DAYS, quality),
            placed(policies.branch, policies.issued),
        ),
        "policy_delivery_failed_share": share("the order", SERVICE.delivery_failed_share, ordered(DELIVERY)),
        "callback_success_share": share(
            "issue", _called_back_in_time(), placed(policies.branch[long], policies.issued[long])
        ),
        "callback_problem_found_share": share(
            "the order", SERVICE.problem_share, ordered(CALLBACK, orders.outcome == DONE)
        ),
        "premium_reminded_7_days_before_share": share(
            "the due day", _reminded_in_time(), placed(policies.branch[premiums[0][number]], due[number])
        ),
        "policy_alteration_instant_share": share(
            "the order", _instant_share(), ordered(ALTERATION, orders.outcome == DONE)
        ),
        "enquiry_objection_resolved_share": share(
            "the order", SERVICE.objection_resolved_share, ordered(OBJECTION, orders.outcome != CANCELLED)
        ),
        "value_added_used_share": share(
            "the end of the year",
            done,
            placed(policies.branch[year_policy], months_later(year_start, 12) - 1),
        ),
        "value_added_satisfied_share": share(
            "the order", sum(SERVICE.rating_shares[3:]), ordered(VALUE_ADDED, orders.outcome == DONE)
        ),
        "roadside_arrived_on_time_share": share("the order", arrived, ordered(ROADSIDE)),
        **_days(ordered(ALTERATION), quality, labels, org),
    }
    return {"kpis": kpis, "realised": {"service_orders": len(orders)}}


def _called_back_in_time() -> float:
    """Reached from the day after the receipt on, by the last day of the free look."""
    days = POLICIES.free_look_days - 1
    in_time = by_whole_days(days, SERVICE.callback_days_median, SERVICE.callback_sigma)[-1]
    return (1 - SERVICE.uncalled_share) * SERVICE.callback_reached_share * float(in_time)


def _reminded_in_time() -> float:
    low, high = SERVICE.reminder_lead_days
    early = (high - REMINDED_DAYS_BEFORE + 1) / (high - low + 1)
    return (1 - SERVICE.unreminded_share) * (1 - SERVICE.reminder_failed_share) * early


def _instant_share() -> float:
    """Of changes done: who decides at once declines nothing, and nobody calls that off."""
    at_once = SERVICE.self_service_share
    by_people = (1 - at_once) * (1 - SERVICE.alteration_declined_share - SERVICE.alteration_cancelled_share)
    return at_once / (at_once + by_people)


def _days(requests: NDArray, quality: NDArray, labels: list[str], org: Organisation) -> dict:
    """Whole days of changes made by people, and of waiting for value-added services."""
    median = SERVICE.alteration_days_median * slower(quality)
    by_cell = by_whole_days(200, median, SERVICE.alteration_sigma)
    weight = np.maximum(requests, 1e-9)[..., None]
    company = (by_cell * weight).sum(axis=0) / weight.sum(axis=0)
    wait = by_whole_days(200, SERVICE.value_added_wait_days_median, SERVICE.value_added_sigma)
    everywhere = np.broadcast_to(wait, by_cell.shape)

    def found(take: Callable[[NDArray], NDArray], whole: NDArray, cells: NDArray) -> dict:
        return values("month of the order", labels, take(whole).tolist(), take(cells).tolist(), org)

    def quantile(q: float) -> Callable[[NDArray], NDArray]:
        return lambda at_most: (at_most < q).sum(axis=-1)

    altered = "policy_alteration_request_to_completion_days"
    return {
        f"{altered}_mean": found(lambda at_most: (1 - at_most).sum(axis=-1), company, by_cell),
        f"{altered}_p90": found(quantile(0.9), company, by_cell),
        f"{altered}_km_median": found(quantile(0.5), company, by_cell),
        f"{altered}_restricted_mean": found(
            lambda at_most: (1 - at_most[..., :CAPPED_DAYS]).sum(axis=-1), company, by_cell
        ),
        "roadside_order_to_arrival_minutes_median": found(
            lambda at_most: np.full(at_most.shape[:-1], SERVICE.roadside_minutes_median), company, by_cell
        ),
        "value_added_wait_days_median": found(quantile(0.5), everywhere[0], everywhere),
        "value_added_wait_days_km_median": found(quantile(0.5), everywhere[0], everywhere),
    }


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
