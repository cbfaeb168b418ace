"""Applications: those that the policies of the register came of, and those that came to nothing.

What the hazards imply is in `applications_truth.py`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import Window, at_work, month_of
from simulation.columns import instants, numbered, pointed
from simulation.hazards import CHANNELS, LINES
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.service_hazards import APPLICATIONS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NOT_YET = np.inf
# As the source writes them.
DECISIONS = ("ACC", "TERMS", "POSTP", "DECL", "WDR")
ACCEPTED, ON_TERMS, POSTPONED, DECLINED, WITHDRAWN = range(5)
WAYS = ("app", "mini_program", "web", "agent", "bank")
ONLINE = 3  # the first of these
WAY_SHARES = {
    "agent": (0.18, 0.10, 0.02, 0.70, 0.0),
    "bancassurance": (0.10, 0.05, 0.0, 0.0, 0.85),
    "broker": (0.05, 0.05, 0.20, 0.70, 0.0),
    "online": (0.50, 0.35, 0.15, 0.0, 0.0),
}
# Policies issued so many days after the as-of day have been applied for by then, if at all.
PENDING_DAYS = 25


@dataclass(frozen=True)
class Applications:
    """Applications in order of their start; `like` is a policy of the same kind, and `policy` that which came of it."""

    like: Ints
    policy: Ints  # -1 where none came of it
    way: Ints
    started: Floats
    submitted: Floats
    decided: Floats
    issued: Floats
    wait_hours: Floats
    by_system: Flags
    decision: Ints  # -1 where nobody decided

    def __len__(self) -> int:
        return len(self.like)


def applications(
    policies: Register, window: Window, org: Organisation, rng: np.random.Generator
) -> Applications:
    """Those of policies issued since the run-in that renew none, those pending, and those that came to nothing."""
    own = np.flatnonzero((policies.issued >= window.run_in_day) & (policies.renews < 0))
    days = policies.issued[own]
    pending = rng.poisson(len(own) * PENDING_DAYS / max(window.end - window.run_in_day, 1))
    later = window.end + rng.integers(0, PENDING_DAYS, pending)
    refused_share = APPLICATIONS.declined_share + APPLICATIONS.postponed_share + APPLICATIONS.withdrawn_share
    refused = rng.poisson((len(own) + pending) * refused_share / (1 - refused_share))
    other_days = rng.integers(window.run_in_day, window.end + PENDING_DAYS, refused)
    like = np.concatenate([own, rng.choice(own, pending + refused)])
    policy = np.concatenate([own, np.full(pending + refused, -1)])
    issued = at_work(np.concatenate([days, later, other_days]) + rng.random(len(like)))
    is_refused = np.arange(len(like)) >= len(own) + pending
    drawn = _submitted(like, policy, issued, is_refused, policies, window, org, rng)
    return _in_order(_with_abandoned(drawn, window, policies, rng), window)


def slower(quality: Floats) -> Floats:
    """By how much poorer quality lengthens the hours of people."""
    return np.exp(APPLICATIONS.log_hours * quality)


def _submitted(
    like: Ints,
    policy: Ints,
    issued: Floats,
    is_refused: Flags,
    policies: Register,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Applications:
    """Counted back from the issue, or from where it would have been."""
    count = len(like)
    month = np.minimum(month_of(issued), window.last_month) - window.run_in_month
    hours_median = APPLICATIONS.human_hours_median * slower(org.quality[policies.branch[like], month])
    by_system = rng.random(count) < APPLICATIONS.system_share
    handled = np.where(
        by_system,
        rng.exponential(APPLICATIONS.system_minutes_mean / 60, count),
        hours_median * np.exp(APPLICATIONS.human_sigma * rng.standard_normal(count)),
    )
    to_issue = np.where(
        by_system,
        rng.exponential(APPLICATIONS.system_issue_minutes_mean / 60, count),
        rng.exponential(APPLICATIONS.human_issue_hours_mean, count),
    )
    waits = ~by_system & (rng.random(count) < APPLICATIONS.waiting_share)
    wait = np.where(waits, rng.exponential(APPLICATIONS.waiting_hours_mean, count), 0.0)
    wait = np.round(wait, 2)
    decided = issued - to_issue / 24
    submitted = decided - (handled + wait) / 24
    outcomes = np.where(rng.random(count) < APPLICATIONS.on_terms_share, ON_TERMS, ACCEPTED)
    refusals = rng.choice(
        [POSTPONED, DECLINED, WITHDRAWN],
        count,
        p=np.array([APPLICATIONS.postponed_share, APPLICATIONS.declined_share, APPLICATIONS.withdrawn_share])
        / (APPLICATIONS.postponed_share + APPLICATIONS.declined_share + APPLICATIONS.withdrawn_share),
    )
    decision = np.where(is_refused, refusals, outcomes)
    # Who withdraws does so on the way.
    withdrawn = decision == WITHDRAWN
    decided = np.where(withdrawn, submitted + (decided - submitted) * rng.random(count), decided)
    wait = np.where(withdrawn, 0.0, wait)
    way = np.zeros(count, dtype=np.int64)
    for number, channel in enumerate(CHANNELS):
        of = policies.channel[like] == number
        way[of] = rng.choice(len(WAYS), of.sum(), p=WAY_SHARES[channel])
    late = rng.random(count) < APPLICATIONS.late_share
    minutes = np.minimum(
        APPLICATIONS.minutes_to_submit_median * np.exp(0.8 * rng.standard_normal(count)), 1400
    )
    started = submitted - np.where(late, rng.uniform(1.05, 5.0, count), minutes / 1440)
    return Applications(
        like=like,
        policy=policy,
        way=way,
        started=started,
        submitted=submitted,
        decided=decided,
        issued=np.where(is_refused, NOT_YET, issued),
        wait_hours=wait,
        by_system=by_system & ~withdrawn,
        decision=decision,
    )


def _with_abandoned(
    drawn: Applications, window: Window, policies: Register, rng: np.random.Generator
) -> Applications:
    """Adds what was begun online and never submitted: begun when others were."""
    online = np.flatnonzero(drawn.way < ONLINE)
    share = APPLICATIONS.abandoned_share
    count = rng.poisson(len(online) * share / (1 - share))
    chosen = rng.choice(online, count)
    never = np.full(count, NOT_YET)
    more = {
        "like": drawn.like[chosen],
        "policy": np.full(count, -1),
        "way": drawn.way[chosen],
        "started": drawn.started[chosen] + rng.normal(0, 1.0, count),
        "submitted": never,
        "decided": never,
        "issued": never,
        "wait_hours": np.zeros(count),
        "by_system": np.zeros(count, dtype=bool),
        "decision": np.full(count, -1),
    }
    return Applications(**{name: np.concatenate([getattr(drawn, name), more[name]]) for name in more})


def _in_order(drawn: Applications, window: Window) -> Applications:
    """By the start, without those to come."""
    there = np.flatnonzero((drawn.started < window.end) & (drawn.started >= window.run_in_day))
    order = there[np.argsort(drawn.started[there], kind="stable")]
    return Applications(**{name: column[order] for name, column in vars(drawn).items()})


def application_rows(
    drawn: Applications, policies: Register, window: Window, org: Organisation, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of applications in their latest state, in the columns and codes of the source system."""
    count = len(drawn)
    submitted, decided, issued = (
        getattr(drawn, name) < window.end for name in ("submitted", "decided", "issued")
    )
    withdrawn = drawn.decision == WITHDRAWN
    decision = np.where(decided, drawn.decision, -1)
    actor = np.where(decided & ~withdrawn, drawn.by_system, -1).astype(np.int64)

    def flag(share: float, among: Flags = submitted) -> pl.Series:
        return pointed(pl.Series(["N", "Y"]), np.where(among, rng.random(count) < share, -1).astype(np.int64))

    moments = (
        drawn.started,
        *(np.where(m < window.end, m, 0.0) for m in (drawn.submitted, drawn.decided, drawn.issued)),
    )
    latest = np.maximum.reduce(moments)
    return pl.DataFrame(
        {
            "APP_NO": numbered("A", count),
            "STARTED": instants(drawn.started, window),
            "SUBMITTED": instants(drawn.submitted, window),
            "DECIDED": instants(drawn.decided, window),
            "ISSUED": instants(drawn.issued, window),
            "BY": pointed(pl.Series(["H", "A"]), actor),
            "DECISION": pointed(pl.Series(DECISIONS), decision),
            "OVERRIDDEN": flag(APPLICATIONS.overridden_share, actor == 1),
            "WAIT_H": pl.Series(drawn.wait_hours).set(pl.Series(~decided), None),
            "HELPED": flag(APPLICATIONS.assisted_share),
            "ADVISED": flag(APPLICATIONS.recommended_share),
            "NEEDS": flag(APPLICATIONS.needs_share),
            "RECORDED": flag(APPLICATIONS.sale_recorded_share),
            "VIA": pl.Series(WAYS)[drawn.way],
            "POL_NO": pointed(policies.ids, np.where(issued, drawn.policy, -1)),
            "CUST_NO": policies.customer_ids[drawn.like],
            "BRANCH": pl.Series(org.codes)[policies.branch[drawn.like]],
            "LOB": pl.Series(LINES)[policies.line[drawn.like]],
            "CHAN": pl.Series(CHANNELS)[policies.channel[drawn.like]],
            "REC_TS": instants(np.minimum(latest + 0.002, window.end - 1e-4)),
        }
    )
