"""The feeds that follow from the life course: premiums, policy events and monthly exposures.

What happens to a policy is drawn in `life_course.py`; mess is added in `mess.py`.
"""

import numpy as np
import polars as pl

from simulation.clock import MONTH_STARTS, NEVER, Window, month_of, months_later
from simulation.columns import dates, numbered, recorded
from simulation.hazards import LINES
from simulation.life_course import EVENTS, Events, Intervals, LifeCourse
from simulation.organisation import REGIONS, Organisation
from simulation.policies import Ints, Register

RESERVE_SHARE = 0.7  # of all premiums received before the year, as a stand-in for actuarial reserves


def instalments(policies: Register, course: LifeCourse, window: Window) -> tuple[Ints, Ints, Ints, Ints]:
    """Policy, number, due day and day of payment (or NEVER) of every instalment that has fallen due."""
    years = course.years
    a_year = policies.instalments[years.policy]
    whole = years.owes & (a_year <= 1)
    split = np.flatnonzero(years.owes & (a_year > 1))
    year = np.repeat(split, a_year[split])
    within = np.arange(len(year)) - np.repeat(np.cumsum(a_year[split]) - a_year[split], a_year[split])
    number = (years.year[year] - 1) * a_year[year] + within + 1
    due = months_later(policies.issued[years.policy[year]], (number - 1) * (12 // a_year[year]))
    paid = np.where(years.paid[year] == NEVER, NEVER, np.maximum(due, years.paid[year]))
    paid = np.where(within == 0, years.paid[year], paid)
    kept = (due <= window.as_of_day) & (due < years.ends[year])
    return (
        np.concatenate([years.policy[whole], years.policy[year][kept]]),
        np.concatenate([years.year[whole], number[kept]]),
        np.concatenate([years.due[whole], due[kept]]),
        np.concatenate([years.paid[whole], np.where(paid > window.as_of_day, NEVER, paid)[kept]]),
    )


def premium_rows(
    policies: Register, rows: tuple[Ints, Ints, Ints, Ints], window: Window, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of premiums, one row per instalment in its latest state."""
    policy, number, due, paid = rows
    amount = policies.modal_premium[policy]
    paid_on = dates(paid)
    return pl.DataFrame(
        {
            "policy_id": policies.ids[policy],
            "instalment_no": number,
            "due_on": dates(due),
            "due_amount": amount,
            "paid_on": paid_on,
            "paid_amount": pl.Series(amount).set(paid_on.is_null(), None),
            "recorded_at": recorded(np.where(paid == NEVER, due, paid), window, rng),
        }
    )


def policy_event_rows(
    policies: Register, events: Events, window: Window, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of policy events, in the columns and codes of the source system."""
    codes = dict(zip(EVENTS, ("LAPS", "REIN", "SURR", "FLCX", "DETH", "CLMT", "TROT", "MATU"), strict=True))
    name = pl.Series(EVENTS)[events.kind]
    pays = name.is_in(["surrender", "free_look_cancellation", "maturity"]).to_numpy()
    asked = name.is_in(["surrender", "free_look_cancellation"]).to_numpy()
    notice = np.minimum(rng.integers(0, 8, len(name)), (events.day - policies.issued[events.policy]) // 2)
    paid = np.where(pays, events.day + np.minimum(rng.geometric(0.12, len(name)), 40), NEVER)
    annual = policies.modal_premium[events.policy] * np.maximum(policies.instalments[events.policy], 1)
    value = annual * events.year * np.clip(0.3 + 0.08 * events.year, None, 1.0)
    amounts = np.select(
        [name == "free_look_cancellation", name == "maturity"],
        [
            policies.modal_premium[events.policy],
            policies.sum_assured[events.policy] * policies.long_term[events.policy],
        ],
        value,
    )
    return pl.DataFrame(
        {
            "EV_NO": numbered("V", len(name)),
            "POL": policies.ids[events.policy],
            "WHAT": name.replace_strict(codes),
            "EFF": dates(events.day),
            "REQ": dates(np.where(asked, events.day - notice, NEVER)),
            "PAID": dates(np.where(paid > window.as_of_day, NEVER, paid)),
            "AMT": pl.Series(np.round(amounts, 2)).set(pl.Series(~pays), None),
            "SYS_TS": recorded(events.day, window, rng),
        }
    )


def in_force_months(
    policies: Register, intervals: Intervals, window: Window, weight: Ints | None = None
) -> Ints:
    """Policies in force at month end plus those terminated in the month: branch × line × observed or run-in month."""
    months = window.last_month - window.run_in_month + 1
    cell = policies.branch[intervals.policy] * len(LINES) + policies.line[intervals.policy]
    first = np.maximum(month_of(intervals.start) - window.run_in_month, 0)
    last = month_of(intervals.last) - window.run_in_month
    seen = last >= 0
    cells, first, last = cell[seen], first[seen], last[seen]
    weights = None if weight is None else weight[intervals.policy][seen]
    size = int(policies.branch.max() + 1) * len(LINES)
    entered = np.bincount(cells * (months + 1) + first, weights, minlength=size * (months + 1))
    left = np.bincount(cells * (months + 1) + last + 1, weights, minlength=size * (months + 1))
    counts = np.cumsum((entered - left).reshape(size, months + 1), axis=1)[:, :months]
    return np.round(counts).astype(np.int64).reshape(-1, len(LINES), months)


def exposure_rows(
    policies: Register,
    course: LifeCourse,
    premiums: tuple[Ints, Ints, Ints, Ints],
    window: Window,
    org: Organisation,
) -> pl.DataFrame:
    """The feed of exposures, one row per observed month, branch and product line."""
    shape = (len(org.codes), len(LINES), window.months)
    run_in = window.first_month - window.run_in_month
    in_force = in_force_months(policies, course.intervals, window)[:, :, run_in:]
    lives = in_force_months(policies, course.intervals, window, policies.lives)[:, :, run_in:]
    income, before = _premium_income(policies, premiums, window, shape)
    branch, line, month = (index.ravel() for index in np.indices(shape))
    starts = MONTH_STARTS[window.first_month + month]
    return pl.DataFrame(
        {
            "month": dates(starts),
            "org_unit": pl.Series(org.codes)[branch],
            "product_line": pl.Series(LINES)[line],
            "region": pl.Series(REGIONS)[org.region[branch]],
            "policies": in_force.ravel(),
            "lives": lives.ravel(),
            "premium_income": np.round(income.ravel(), 2),
            "reserve_opening": np.round(RESERVE_SHARE * before.ravel(), 2),
            "recorded_at": dates(np.minimum(starts + 33, window.as_of_day)).cast(pl.Datetime("us")),
        }
    )


def _premium_income(policies: Register, premiums: tuple[Ints, ...], window: Window, shape: tuple[int, ...]):
    """Premiums received in each month, and before the start of its year, by branch × line × month."""
    policy, _, _, paid = premiums
    known = paid != NEVER
    policy, month = policy[known], month_of(paid[known])
    first = window.first_issue_month
    span = window.last_month - first + 1
    cell = policies.branch[policy] * shape[1] + policies.line[policy]
    received = np.bincount(
        cell * span + np.maximum(month - first, 0),
        policies.modal_premium[policy],
        minlength=shape[0] * shape[1] * span,
    ).reshape(shape[0], shape[1], span)
    observed = np.arange(window.first_month, window.last_month + 1)
    so_far = np.cumsum(received, axis=2)
    year_start = observed - observed % 12 - first
    return received[:, :, observed - first], so_far[:, :, year_start - 1]
