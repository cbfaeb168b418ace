"""Orders of service: what is owed to policies after their issue and what customers ask for while they are in force.

What the hazards imply is in `service_truth.py`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import Window, at_work, month_of, months_later
from simulation.columns import instants, numbered, pointed
from simulation.life_course import Intervals, Parts
from simulation.organisation import REGIONS, Organisation
from simulation.policies import Ints, Register
from simulation.service_hazards import SERVICE

Floats = NDArray[np.float64]
# As the source writes them, and what each is.
KINDS = ("DLV", "ALT", "CBK", "REM", "VAS", "RSA", "HOM", "OBJ", "ENQ")
DELIVERY, ALTERATION, CALLBACK, REMINDER, VALUE_ADDED, ROADSIDE, HOME_VISIT, OBJECTION, ENQUIRY = range(9)
OUTCOMES = ("OK", "FAIL", "DECL", "CANC")
DONE, FAILED, DECLINED, CANCELLED = range(4)
OPEN = np.inf  # an instant that has not come
ITEMS = (
    ("paper policy", "electronic policy"),
    ("address", "bank account", "beneficiary", "premium mode", "policy loan"),
    ("new business",),
    ("premium due",),
    ("health check", "second opinion", "green-lane hospital", "care at home"),
    ("towing", "battery", "tyre"),
    ("claim help", "policy service"),
    ("premium", "underwriting", "claim decision"),
    ("policy", "claim status", "premium"),
)
REASONS = (("nobody at home", "wrong address", "refused"), ("conditions not met",), ("customer's wish",))
CHANNELS = ("app", "mini_program", "web", "call", "counter", "agent", "bank")
DIGITAL = 3  # the first of these
CHANNEL_SHARES = {
    DELIVERY: (0.45, 0.15, 0.05, 0.0, 0.05, 0.25, 0.05),
    ALTERATION: (0.30, 0.20, 0.05, 0.12, 0.20, 0.10, 0.03),
    CALLBACK: (0.20, 0.05, 0.0, 0.75, 0.0, 0.0, 0.0),
    REMINDER: (0.40, 0.30, 0.0, 0.10, 0.0, 0.20, 0.0),
    VALUE_ADDED: (0.55, 0.25, 0.05, 0.10, 0.0, 0.05, 0.0),
    ROADSIDE: (0.35, 0.10, 0.0, 0.55, 0.0, 0.0, 0.0),
    HOME_VISIT: (0.05, 0.0, 0.0, 0.55, 0.10, 0.30, 0.0),
    OBJECTION: (0.15, 0.05, 0.05, 0.45, 0.25, 0.05, 0.0),
    ENQUIRY: (0.40, 0.20, 0.10, 0.20, 0.05, 0.05, 0.0),
}


@dataclass(frozen=True)
class Orders:
    """Orders by kind; instants as drawn, whether or not they lie in the window. OPEN where nothing of it ever comes."""

    kind: Ints
    policy: Ints
    ordered: Floats
    due: Floats
    started: Floats
    completed: Floats
    outcome: Ints
    problem: Ints  # 0 or 1, -1 where nobody asks

    def __len__(self) -> int:
        return len(self.kind)


def service_orders(
    policies: Register,
    intervals: Intervals,
    premiums: tuple[Ints, Ints, Ints, Ints],
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Orders:
    """All orders from the run-in on; those of value-added services from a year before, as a year of them is asked."""
    parts = Parts()
    received = _deliveries(policies, window, org, rng, parts)
    _callbacks(policies, window, received, rng, parts)
    _reminders(premiums, window, rng, parts)
    _alterations(policies, intervals, window, org, rng, parts)
    _objections(intervals, window, rng, parts)
    _value_added(policies, intervals, window, rng, parts)
    _roadside(intervals, window, rng, parts)
    for kind, rate in (
        (ENQUIRY, SERVICE.enquiries_a_month),
        (HOME_VISIT, SERVICE.home_visits_a_month),
    ):
        policy, ordered = asked(intervals, rate, window, rng)
        took = rng.exponential(0.2 if kind == ENQUIRY else 3.0, len(policy))
        _add(parts, kind, policy, ordered, ordered + took)
    drawn = Orders(*parts.columns())
    place = np.flatnonzero(drawn.ordered < window.end)
    order = place[np.argsort(drawn.ordered[place], kind="stable")]
    return replace(drawn, **{name: getattr(drawn, name)[order] for name in vars(drawn)})


def _add(parts: Parts, kind: int, policy: Ints, ordered: Floats, completed: Floats, **more: NDArray) -> None:
    """Orders of a kind; without more said they are done and have neither promise nor beginning of their own."""
    count = len(policy)
    parts.add(
        np.full(count, kind),
        policy,
        ordered,
        more.get("due", np.full(count, OPEN)),
        more.get("started", np.full(count, OPEN)),
        completed,
        more.get("outcome", np.full(count, DONE)),
        more.get("problem", np.full(count, -1)),
    )


def asked(
    intervals: Intervals, per_month: float, window: Window, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Policy and instant of what customers ask for: Poisson over the time in force since the run-in."""
    start = np.maximum(intervals.start, window.run_in_day)
    length = np.maximum(np.minimum(intervals.end, window.end) - start, 0)
    count = rng.poisson(per_month * length / 30.4375)
    which = np.repeat(np.arange(len(count)), count)
    return intervals.policy[which], at_work(start[which] + rng.random(len(which)) * length[which])


def whole_days(median: Floats | float, sigma: float, count: int, rng: np.random.Generator) -> Ints:
    """Days as floored log-normals."""
    return np.floor(median * np.exp(sigma * rng.standard_normal(count))).astype(np.int64)


def _on_day(day: Ints, not_before: Floats, rng: np.random.Generator) -> Floats:
    """An instant of working hours on each day; on the day of what came before, after that."""
    instant = at_work(day + rng.random(len(day)))
    return np.where(
        np.floor(not_before) == day, not_before + rng.random(len(day)) * (day + 1 - not_before), instant
    )


def slower(quality: Floats) -> Floats:
    """By how much poorer quality lengthens the days of service."""
    return np.exp(SERVICE.log_days * quality)


def _quality(
    policies: Register, policy: Ints, day: Floats | Ints, window: Window, org: Organisation
) -> Floats:
    return org.quality[policies.branch[policy], month_of(day) - window.run_in_month]


def _deliveries(
    policies: Register, window: Window, org: Organisation, rng: np.random.Generator, parts: Parts
) -> Ints:
    """Adds deliveries; returns the day on which each policy was received, that of its issue where it never was."""
    received = policies.issued.copy()
    policy = np.flatnonzero(policies.issued >= window.run_in_day)
    policy = policy[rng.random(len(policy)) >= SERVICE.undelivered_share]
    median = SERVICE.delivery_days_median * slower(
        _quality(policies, policy, policies.issued[policy], window, org)
    )
    day = policies.issued[policy]
    for _ in range(SERVICE.delivery_attempts):
        ordered = at_work(day + rng.random(len(day)))
        ends = day + whole_days(median, SERVICE.delivery_sigma, len(day), rng)
        failed = rng.random(len(day)) < SERVICE.delivery_failed_share
        outcome = np.where(failed, FAILED, DONE)
        _add(parts, DELIVERY, policy, ordered, _on_day(ends, ordered, rng), outcome=outcome)
        received[policy[~failed]] = ends[~failed]
        policy, median, day = policy[failed], median[failed], ends[failed] + 1
    return received


def _callbacks(
    policies: Register, window: Window, received: Ints, rng: np.random.Generator, parts: Parts
) -> None:
    policy = np.flatnonzero((policies.issued >= window.run_in_day) & policies.long_term)
    policy = policy[rng.random(len(policy)) >= SERVICE.uncalled_share]
    count = len(policy)
    day = received[policy] + 1
    ordered = at_work(day + rng.random(count))
    ends = day + whole_days(SERVICE.callback_days_median, SERVICE.callback_sigma, count, rng)
    reached = rng.random(count) < SERVICE.callback_reached_share
    problem = np.where(reached, rng.random(count) < SERVICE.problem_share, -1).astype(np.int64)
    outcome = np.where(reached, DONE, FAILED)
    _add(parts, CALLBACK, policy, ordered, _on_day(ends, ordered, rng), outcome=outcome, problem=problem)


def _reminders(
    premiums: tuple[Ints, Ints, Ints, Ints], window: Window, rng: np.random.Generator, parts: Parts
) -> None:
    policy, number, due, _ = premiums
    sent = (number > 1) & (due >= window.run_in_day)
    sent &= rng.random(len(due)) >= SERVICE.unreminded_share
    policy, due = policy[sent], due[sent]
    count = len(policy)
    low, high = SERVICE.reminder_lead_days
    ends = at_work(due - rng.integers(low, high, count, endpoint=True) + rng.random(count))
    failed = rng.random(count) < SERVICE.reminder_failed_share
    outcome = np.where(failed, FAILED, DONE)
    _add(parts, REMINDER, policy, ends - 1.0, ends, due=due.astype(float), outcome=outcome)


def _alterations(
    policies: Register,
    intervals: Intervals,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
    parts: Parts,
) -> None:
    policy, ordered = asked(intervals, SERVICE.alterations_a_month, window, rng)
    count = len(policy)
    median = SERVICE.alteration_days_median * slower(_quality(policies, policy, ordered, window, org))
    ends = np.floor(ordered).astype(np.int64) + whole_days(median, SERVICE.alteration_sigma, count, rng)
    at_once = rng.random(count) < SERVICE.self_service_share
    declined, cancelled = SERVICE.alteration_declined_share, SERVICE.alteration_cancelled_share
    outcome = np.select(
        [at_once, (fate := rng.random(count)) < declined, fate < declined + cancelled],
        [DONE, DECLINED, CANCELLED],
        DONE,
    )
    completed = np.where(
        at_once, ordered + rng.uniform(2, 30, count) / 86_400, _on_day(ends, ordered + 0.001, rng)
    )
    _add(parts, ALTERATION, policy, ordered, completed, outcome=outcome)


def _objections(intervals: Intervals, window: Window, rng: np.random.Generator, parts: Parts) -> None:
    policy, ordered = asked(intervals, SERVICE.objections_a_month, window, rng)
    count = len(policy)
    days = whole_days(SERVICE.objection_days_median, SERVICE.objection_sigma, count, rng)
    ends = np.floor(ordered).astype(np.int64) + days
    cancelled = rng.random(count) < SERVICE.objection_cancelled_share
    resolved = rng.random(count) < SERVICE.objection_resolved_share
    outcome = np.select([cancelled, resolved], [CANCELLED, DONE], FAILED)
    _add(parts, OBJECTION, policy, ordered, _on_day(ends, ordered, rng), outcome=outcome)


def _value_added(
    policies: Register, intervals: Intervals, window: Window, rng: np.random.Generator, parts: Parts
) -> None:
    policy, start = entitled_years(policies, intervals, window)
    count = rng.poisson(SERVICE.value_added_a_year, len(policy))
    which = np.repeat(np.arange(len(policy)), count)
    ends = months_later(start, 12)[which]
    began = start[which] + np.floor(rng.random(len(which)) * (ends - start[which]))
    wait = whole_days(SERVICE.value_added_wait_days_median, SERVICE.value_added_sigma, len(which), rng)
    done = rng.random(len(which)) < SERVICE.value_added_done_share
    started = at_work(began + rng.random(len(which)))
    ordered = np.minimum(at_work(began - wait + rng.random(len(which))), started)
    completed = np.where(done, started + 0.05, ordered + 0.5)
    _add(
        parts,
        VALUE_ADDED,
        policy[which],
        ordered,
        completed,
        started=np.where(done, started, OPEN),
        outcome=np.where(done, DONE, CANCELLED),
    )


def entitled_years(policies: Register, intervals: Intervals, window: Window) -> tuple[Ints, Ints]:
    """Years of customers since their first issue: a policy in force when each begins, and that day.

    Those that end since the first observed month.
    """
    first = np.full(int(policies.customer.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, policies.customer, policies.issued)
    held = policies.customer[intervals.policy]
    found = Parts()
    longest = (window.last_month - window.first_issue_month) // 12 + 1
    for year in range(longest + 1):
        start = months_later(first[held], 12 * year)
        in_year = (start <= window.as_of_day) & (months_later(start, 12) >= window.run_in_day)
        there = in_year & (intervals.start <= start) & (start < intervals.end)
        place = np.flatnonzero(there)
        place = place[np.unique(held[place], return_index=True)[1]]
        found.add(intervals.policy[place], start[place])
    policy, start = found.columns()
    return policy, start


def _roadside(intervals: Intervals, window: Window, rng: np.random.Generator, parts: Parts) -> None:
    policy, ordered = asked(intervals, SERVICE.roadside_a_month, window, rng)
    count = len(policy)
    minutes = SERVICE.roadside_minutes_median * np.exp(SERVICE.roadside_sigma * rng.standard_normal(count))
    started = ordered + minutes / 1440
    due = ordered + SERVICE.roadside_promised_minutes / 1440
    _add(parts, ROADSIDE, policy, ordered, started + rng.uniform(0.01, 0.06, count), due=due, started=started)


def service_order_rows(
    orders: Orders, policies: Register, window: Window, org: Organisation, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of orders in their latest state, in the columns and codes of the source system."""
    count = len(orders)
    ended = orders.completed < window.end
    outcome = np.where(ended, orders.outcome, -1)
    reason, item, channel = (np.full(count, -1) for _ in range(3))
    reasons, items = sum(REASONS, ()), sum(ITEMS, ())
    for number, texts in enumerate(REASONS, 1):
        of = outcome == number
        reason[of] = rng.integers(0, len(texts), of.sum()) + sum(map(len, REASONS[: number - 1]))
    for kind, shares in CHANNEL_SHARES.items():
        of = orders.kind == kind
        item[of] = rng.integers(0, len(ITEMS[kind]), of.sum()) + sum(map(len, ITEMS[:kind]))
        channel[of] = rng.choice(len(CHANNELS), of.sum(), p=shares)
    at_once = (orders.kind == ALTERATION) & (orders.completed - orders.ordered < 60 / 86_400)
    channel = np.where(at_once, channel % DIGITAL, channel)
    region = org.region[policies.branch[orders.policy]]
    by_partner = np.isin(orders.kind, (VALUE_ADDED, ROADSIDE, DELIVERY))
    partners = pl.Series(
        [f"Courier {name}" for name in REGIONS] + [f"Care and Road {name}" for name in REGIONS]
    )
    partner = np.where(by_partner, region + len(REGIONS) * (orders.kind != DELIVERY), -1)
    rated = (outcome == DONE) & np.isin(orders.kind, (VALUE_ADDED, ROADSIDE, ALTERATION, HOME_VISIT))
    rated &= rng.random(count) < SERVICE.rated_share
    ratings = np.arange(1, 6)
    rating = rng.choice(ratings, count, p=SERVICE.rating_shares)
    latest = np.maximum(orders.ordered, np.where(ended, orders.completed, 0))
    return pl.DataFrame(
        {
            "ORDER_NO": numbered("S", count),
            "KIND": pl.Series(KINDS)[orders.kind],
            "ITEM": pointed(pl.Series(items), item),
            "ORDERED": instants(orders.ordered, window),
            "PROMISED": instants(orders.due),
            "BEGUN": instants(orders.started, window),
            "ENDED": instants(orders.completed, window),
            "RESULT": pointed(pl.Series(OUTCOMES), outcome),
            "REASON": pointed(pl.Series(reasons), reason),
            "PROBLEM": pointed(pl.Series(["N", "Y"]), np.where(ended, orders.problem, -1)),
            "PARTNER": pointed(partners, partner),
            "STARS": pl.Series(rating).set(pl.Series(~rated), None),
            "VIA": pl.Series(CHANNELS)[channel],
            "POL_NO": policies.ids[orders.policy],
            "CUST_NO": policies.customer_ids[orders.policy],
            "REC_TS": instants(np.minimum(latest + 0.002, window.end - 1e-4)),
        }
    )
