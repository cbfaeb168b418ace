"""What the hazards of policies imply: expected persistency, surrenders, free-look and renewal shares.

Expectations are over the drawn life courses, given how many policies were issued; see `life_course.py`.
"""

import numpy as np

from simulation.clock import MONTH_STARTS, NEVER, Window, month_label, month_of, months_later
from simulation.hazards import CHANNELS, LINES, POLICIES
from simulation.life_course import EVENTS, LifeCourse, by_year
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.truth import ratio

DURATIONS_MONTHS = (13, 25, 37, 49, 61)


def policy_truth(
    policies: Register, course: LifeCourse, premiums: tuple[Ints, ...], window: Window, org: Organisation
) -> dict:
    """Truth by KPI, and the exact counts of this draw."""
    kpis = {}
    for months in DURATIONS_MONTHS:
        truth = _persistency(policies, months, window, org)
        kpis[f"persistency_{months}m_policy_share"] = truth
        kpis[f"persistency_{months}m_premium_share"] = truth
    kpis["surrender_policy_share"] = _surrenders(policies, course, window, org)
    kpis["customer_second_policy_share"] = _second_policies(policies, window, org)
    return {"kpis": kpis, "realised": _realised(policies, course, premiums, window)}


def _second_policies(policies: Register, window: Window, org: Organisation) -> dict:
    """Customers by the month of their first policy of this draw, and those with another within 365 days."""
    first = np.full(int(policies.customer.max()) + 1, NEVER)
    np.minimum.at(first, policies.customer, policies.issued)
    later = (policies.issued > first[policies.customer]) & (policies.renews < 0)
    second = np.full(len(first), NEVER)
    np.minimum.at(second, policies.customer[later], policies.issued[later])
    opening = np.flatnonzero(policies.issued == first[policies.customer])
    _, one_each = np.unique(policies.customer[opening], return_index=True)
    chosen = opening[one_each]
    customer, branch = policies.customer[chosen], policies.branch[chosen]
    month = month_of(first[customer]) - window.first_month
    seen = month >= 0
    cell, size = branch * window.months + month, len(org.codes) * window.months
    soon = seen & (second[customer] - first[customer] <= 365)

    def counted(which: np.ndarray) -> np.ndarray:
        return np.bincount(cell[which], minlength=size).reshape(-1, window.months)

    labels = [month_label(m) for m in window.observed]
    return ratio("month of the first policy", labels, counted(soon), counted(seen), org)


def persistency_by_line_and_channel(year: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability to be eligible, and eligible and persisting, at the premium of a policy year: line × channel.

    Given no free-look cancellation. Eligible: not ended by death, claim or transfer before; persisting: that
    premium paid within grace.
    """
    factor = np.array(POLICIES.non_payment_factor_by_channel)
    other = (
        np.array(POLICIES.death_a_year_by_line)
        + np.array(POLICIES.claim_termination_a_year_by_line)
        + POLICIES.transfer_out_a_year
    )
    active = np.ones((len(LINES), len(CHANNELS)))
    excluded = np.zeros_like(active)
    for past in range(1, year):
        missed = by_year(POLICIES.non_payment_by_year, past) * factor[None, :]
        paying = active * (1 - missed)
        excluded += paying * other[:, None]
        leaving = by_year(POLICIES.surrender_by_year, past) + other[:, None]
        active = paying * (1 - leaving) + active * missed * POLICIES.reinstatement_share
    missed = by_year(POLICIES.non_payment_by_year, year) * factor[None, :]
    return 1 - excluded, active * (1 - missed)


def _persistency(policies: Register, months: int, window: Window, org: Organisation) -> dict:
    """Expected persisting and eligible policies by month of issue, for months in which every policy is mature.

    `rolling_12_months`: for each observed month, of the 12 latest months of issue that are mature at its end.
    """
    cohort = policies.long_term & (policies.instalments > 0) & (12 * policies.premium_years >= months)
    eligible, persisting = persistency_by_line_and_channel((months - 1) // 12 + 1)
    kept = 1 - POLICIES.free_look_share
    line, channel = policies.line[cohort], policies.channel[cohort]
    month = month_of(policies.issued[cohort]) - window.first_issue_month
    cell = policies.branch[cohort] * window.issue_months + month
    sums = [
        np.bincount(
            cell, kept * share[line, channel], minlength=len(org.codes) * window.issue_months
        ).reshape(len(org.codes), -1)
        for share in (persisting, eligible)
    ]
    last_days = MONTH_STARTS[1 + window.first_issue_month + np.arange(window.issue_months)] - 1
    matures = months_later(last_days, months - 1) + POLICIES.grace_days
    labels = [month_label(window.first_issue_month + index) for index in range(window.issue_months)]
    mature = int((matures <= window.as_of_day).sum())
    by_issue = ratio("month of issue", labels[:mature], *(table[:, :mature] for table in sums), org)
    ends = MONTH_STARTS[1 + np.array(window.observed)] - 1
    latest = np.searchsorted(matures, ends, side="right")
    rolling = [np.stack([table[:, end - 12 : end].sum(axis=1) for end in latest], axis=1) for table in sums]
    by_report = ratio("month of reporting", [month_label(month) for month in window.observed], *rolling, org)
    return {**by_issue, "rolling_12_months": by_report}


def _surrenders(policies: Register, course: LifeCourse, window: Window, org: Organisation) -> dict:
    """Expected surrenders of each month, given who has paid, over policies in force when it opens."""
    years = course.years
    first_day, last_day = POLICIES.exit_days_in_year
    start = int(MONTH_STARTS[window.first_month])
    at_risk = years.survives_payment & policies.long_term[years.policy]
    at_risk &= (years.due + last_day >= start) & (years.due + first_day <= window.as_of_day)
    shares = np.array(POLICIES.surrender_by_year)
    kept = np.where(years.year == 1, 1 - POLICIES.free_look_share, 1.0)
    a_day = (shares[np.minimum(years.year, len(shares)) - 1] * kept)[at_risk] / (last_day - first_day + 1)
    branch = policies.branch[years.policy[at_risk]]
    daily = _over_days(
        branch, years.due[at_risk] + first_day, years.due[at_risk] + last_day + 1, a_day, start, window, org
    )
    spans = course.intervals
    in_force = _over_days(
        policies.branch[spans.policy], spans.start, spans.end, np.ones(len(spans.policy)), start, window, org
    )
    opens = MONTH_STARTS[np.arange(window.first_month, window.last_month + 1)] - start
    surrenders = np.add.reduceat(daily, opens, axis=1)
    labels = [month_label(month) for month in window.observed]
    return ratio("month of surrender", labels, surrenders, in_force[:, opens], org)


def _over_days(branch, begins, ends, weight, start: int, window: Window, org: Organisation) -> np.ndarray:
    """Sum of weights over each day of the observed months, by branch; each weight holds from begin to before end."""
    days = window.end - start
    begin, end = (np.clip(day - start, 0, days) for day in (begins, ends))
    size = len(org.codes) * (days + 1)
    steps = np.bincount(branch * (days + 1) + begin, weight, size) - np.bincount(
        branch * (days + 1) + end, weight, size
    )
    return np.cumsum(steps.reshape(len(org.codes), days + 1), axis=1)[:, :days]


def _realised(policies: Register, course: LifeCourse, premiums: tuple[Ints, ...], window: Window) -> dict:
    """Exact counts of this draw, before any mess."""
    kinds = np.bincount(course.events.kind, minlength=len(EVENTS))
    counts = {
        "policies": len(policies),
        "premium_instalments": len(premiums[0]),
        "premium_instalments_paid": int((premiums[3] != NEVER).sum()),
        "policy_events": {name: int(count) for name, count in zip(EVENTS, kinds, strict=True)},
        "one_year_policies_expired": int(
            (
                (course.events.kind == EVENTS.index("maturity")) & ~policies.long_term[course.events.policy]
            ).sum()
        ),
        "one_year_policies_renewed": int((policies.renews >= 0).sum()),
        "persistency": {},
    }
    for months in DURATIONS_MONTHS:
        persisting, eligible = realised_persistency(policies, course, months, window)
        counts["persistency"][f"{months}m"] = {"persisting": persisting, "eligible": eligible}
    return counts


def realised_persistency(
    policies: Register, course: LifeCourse, months: int, window: Window
) -> tuple[int, int]:
    """Persisting and eligible policies among all that are mature on the as-of date."""
    due = months_later(policies.issued, months - 1)
    eligible = policies.long_term & (policies.instalments > 0) & (12 * policies.premium_years >= months)
    eligible &= due + POLICIES.grace_days <= window.as_of_day
    events = course.events
    service = np.isin(
        events.kind,
        [EVENTS.index(n) for n in ("free_look_cancellation", "death", "claim_termination", "transfer_out")],
    )
    gone = service & (events.day <= due[events.policy] + POLICIES.grace_days)
    eligible[events.policy[gone]] = False
    years = course.years
    in_time = (
        (years.year == (months - 1) // 12 + 1) & years.owes & (years.paid <= years.due + POLICIES.grace_days)
    )
    persisting = np.zeros(len(policies), dtype=bool)
    persisting[years.policy[in_time]] = True
    return int((persisting & eligible).sum()), int(eligible.sum())
