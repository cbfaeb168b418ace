"""Claims: who reports what when, and how long it takes until decision, payment or withdrawal.

The events that record it are made in `claim_events.py`; what the hazards imply is in `claims_truth.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.clock import MONTH_STARTS, Instants, Window, month_of
from simulation.hazards import CLAIM_TYPES, CLAIMS, LINES, OUTCOMES, QUALITY
from simulation.life_course import EVENTS, LifeCourse, Parts
from simulation.organisation import Organisation
from simulation.policies import Ints, Register

Floats = NDArray[np.float64]
SEASON = np.array(CLAIMS.season_by_month)
YEAR_DAYS = 365.25
PAID_OUTCOMES = (OUTCOMES.index("paid_full"), OUTCOMES.index("paid_part"))
SMALL_CLAIM = 3000  # 保险小额理赔服务指引: medical claims up to 3,000 yuan without investigation


@dataclass(frozen=True)
class Claims:
    """Claims in order of report; durations are days, whether or not they end by the as-of date."""

    policy: Ints
    kind: Ints  # index into CLAIM_TYPES
    branch: Ints
    month: Ints  # of the report, from the run-in month
    loss: Instants
    reported: Instants
    rounds: Ints  # document requests
    decision_days: Floats
    documents_days: Floats
    withdrawal_days: Floats
    payment_lag_days: Floats
    outcome: Ints  # index into OUTCOMES
    claimed: Floats
    awarded: Floats
    investigated: NDArray[np.bool_]
    fast_track: NDArray[np.bool_]
    automatic: NDArray[np.bool_]
    cancelled: NDArray[np.bool_]
    expected: Floats  # expected number by kind × branch × month

    def __len__(self) -> int:
        return len(self.policy)

    @property
    def decided(self) -> Instants:
        """Instant of the first decision; infinite for claims withdrawn or cancelled before it."""
        lost = self.cancelled | (self.withdrawal_days < self.decision_days)
        return np.where(lost, np.inf, self.reported + self.decision_days)


def claims(
    policies: Register, course: LifeCourse, window: Window, org: Organisation, rng: np.random.Generator
) -> Claims:
    reports = Parts()
    months = window.last_month - window.run_in_month + 1
    expected = np.zeros((len(CLAIM_TYPES), len(org.codes), months))
    in_force_days = _in_force_days(policies, course, window, org)
    season = SEASON[np.arange(window.run_in_month, window.last_month + 1) % 12]
    for name, rates in (("medical", CLAIMS.medical_by_line), ("accident", CLAIMS.accident_by_line)):
        kind = CLAIM_TYPES.index(name)
        policy, reported, loss = _frequent(np.array(rates), policies, course, window, rng)
        reports.add(policy, np.full(len(policy), kind), loss, reported)
        a_day = np.array(rates)[:, None] * season / YEAR_DAYS
        expected[kind] = (in_force_days * a_day[None]).sum(axis=1)
    for name, event in (("death", "death"), ("critical_illness", "claim_termination")):
        kind = CLAIM_TYPES.index(name)
        policy, reported, loss = _terminal(event, course, window, rng)
        reports.add(policy, np.full(len(policy), kind), loss, reported)
        month = month_of(reported) - window.run_in_month
        np.add.at(expected[kind], (policies.branch[policy], month), 1.0)
    policy, kind, loss, reported = reports.columns()
    order = np.argsort(reported)
    policy, kind, loss, reported = policy[order], kind[order], loss[order], reported[order]
    branch, month = policies.branch[policy], month_of(reported) - window.run_in_month
    clocks = _clocks(kind, QUALITY.log_decision_days * org.quality[branch, month], rng)
    return Claims(
        policy=policy,
        kind=kind,
        branch=branch,
        month=month,
        loss=loss,
        reported=reported,
        expected=expected,
        **clocks,
        **_results(kind, clocks["rounds"], rng),
    )


def _in_force_days(policies: Register, course: LifeCourse, window: Window, org: Organisation) -> Floats:
    """Policy-days by branch × line × month from the run-in on."""
    spans, days = course.intervals, window.end - window.run_in_day
    cell = policies.branch[spans.policy] * len(LINES) + policies.line[spans.policy]
    begin, end = (np.clip(day - window.run_in_day, 0, days) for day in (spans.start, spans.end))
    size = len(org.codes) * len(LINES)
    steps = np.bincount(cell * (days + 1) + begin, minlength=size * (days + 1))
    steps -= np.bincount(cell * (days + 1) + end, minlength=size * (days + 1))
    daily = np.cumsum(steps.reshape(size, days + 1), axis=1)[:, :days]
    opens = MONTH_STARTS[np.arange(window.run_in_month, window.last_month + 1)] - window.run_in_day
    return np.add.reduceat(daily, opens, axis=1).reshape(len(org.codes), len(LINES), -1).astype(np.float64)


def _frequent(
    rates: Floats, policies: Register, course: LifeCourse, window: Window, rng: np.random.Generator
) -> tuple[Ints, Instants, Instants]:
    """Policy, report and loss of claims that fall on policies in force as a Poisson process with seasons."""
    spans = course.intervals
    start, end = np.maximum(spans.start, window.run_in_day), np.minimum(spans.end, window.end)
    years = np.maximum(end - start, 0) / YEAR_DAYS
    count = rng.poisson(rates[policies.line[spans.policy]] * years * SEASON.max())
    which = np.repeat(np.arange(len(count)), count)
    reported = start[which] + rng.random(len(which)) * (end - start)[which]
    kept = rng.random(len(which)) * SEASON.max() < SEASON[month_of(reported) % 12]
    which, reported = which[kept], reported[kept]
    loss = np.maximum(reported - rng.exponential(6.0, len(which)), spans.start[which])
    return spans.policy[which], reported, loss


def _terminal(
    event: str, course: LifeCourse, window: Window, rng: np.random.Generator
) -> tuple[Ints, Instants, Instants]:
    """Policy, report and loss of claims that follow a death or a terminating illness."""
    chosen = course.events.kind == EVENTS.index(event)
    policy, day = course.events.policy[chosen], course.events.day[chosen]
    loss = day + rng.random(len(day))
    reported = loss + rng.exponential(CLAIMS.notice_days_mean, len(day))
    seen = (reported >= window.run_in_day) & (reported < window.end)
    return policy[seen], reported[seen], loss[seen]


def _clocks(kind: Ints, slower: Floats, rng: np.random.Generator) -> dict[str, NDArray]:
    """Document requests and the days each step takes; `slower` is the log factor of the branch and month."""
    count = len(kind)
    rounds = _choice(_of_type("document_round_shares")[kind], rng)
    median = _of_type("decision_days_median")[kind] * np.array(CLAIMS.decision_factor_by_rounds)[rounds]
    decision_days = median * np.exp(slower + _of_type("decision_sigma")[kind] * rng.standard_normal(count))
    low, high = np.array(CLAIMS.documents_share_by_rounds)[rounds].T
    lag = np.exp(CLAIMS.payment_lag_sigma * rng.standard_normal(count))
    return {
        "rounds": rounds,
        "decision_days": decision_days,
        "documents_days": decision_days * (low + (high - low) * rng.random(count)),
        "withdrawal_days": rng.exponential(1 / CLAIMS.withdrawal_a_day, count),
        "payment_lag_days": CLAIMS.payment_lag_days_median * lag,
    }


def _results(kind: Ints, rounds: Ints, rng: np.random.Generator) -> dict[str, NDArray]:
    """What is claimed, what comes of it, and by which way."""
    count = len(kind)
    outcome = _choice(_of_type("outcome_shares")[kind], rng)
    sigma = _of_type("claimed_sigma")[kind]
    claimed = _of_type("claimed_median")[kind] * np.exp(sigma * rng.standard_normal(count))
    award = np.select(
        [outcome == OUTCOMES.index("paid_full"), outcome == OUTCOMES.index("paid_part")],
        [1.0, rng.uniform(0.4, 0.9, count)],
        0.0,
    )
    investigated = rng.random(count) < _of_type("investigated_share")[kind]
    eligible = (kind == CLAIM_TYPES.index("medical")) & (claimed <= SMALL_CLAIM) & ~investigated
    fast_track = eligible & (rng.random(count) < CLAIMS.fast_track_share)
    return {
        "outcome": outcome,
        "claimed": np.round(claimed, 2),
        "awarded": np.round(claimed * award, 2),
        "investigated": investigated,
        "fast_track": fast_track,
        "automatic": fast_track & (rounds == 0) & (rng.random(count) < CLAIMS.automatic_share),
        "cancelled": rng.random(count) < CLAIMS.cancelled_share,
    }


def _of_type(name: str) -> Floats:
    """An attribute of the kinds of claims, one a kind."""
    return np.array([getattr(CLAIMS.types[kind], name) for kind in CLAIM_TYPES])


def _choice(shares: Floats, rng: np.random.Generator) -> Ints:
    """One category per row, by the row's shares."""
    return (rng.random(len(shares))[:, None] >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
