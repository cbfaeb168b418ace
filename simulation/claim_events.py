"""The feed of claim events, in the columns and codes of the source system.

When what happens is drawn in `claims.py`; mess is added in `mess.py`.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claims import Claims
from simulation.clock import Instants, Window, at_work, microseconds
from simulation.columns import numbered
from simulation.hazards import CLAIM_TYPES, CLAIMS, OUTCOMES
from simulation.life_course import Parts
from simulation.organisation import Organisation
from simulation.policies import Ints, Register

CODES = {
    "reported": "RPT",
    "contacted": "CNT",
    "documents_requested": "DOCREQ",
    "request_delivered": "DOCDLV",
    "documents_received": "DOCRCV",
    "documents_complete": "DOCOK",
    "assessed": "ASS",
    "progress_notified": "PRG",
    "decided": "DEC",
    "refusal_sent": "REFL",
    "agreed": "AGR",
    "paid": "PAY",
    "closed": "CLO",
    "reopened": "REO",
    "withdrawn": "WDR",
    "cancelled": "CAN",
    "note": "NOTE",  # a remark of the handler; of no interest to anybody else
}
EVENTS = tuple(CODES)


@dataclass
class _Log:
    """Events of claims, block by block; only what had happened before the end of the window stays."""

    window: Window
    blocks: Parts = field(default_factory=Parts)

    def add(self, event: str, claim: Ints, at: Instants, spell: int = 1) -> None:
        seen = at < self.window.end
        claim, at = claim[seen], at[seen]
        self.blocks.add(claim, np.full(len(claim), EVENTS.index(event)), at, np.full(len(claim), spell))


@dataclass(frozen=True)
class ClaimLog:
    """Events in order of time."""

    claim: Ints
    event: Ints  # index into EVENTS
    at: Instants
    spell: Ints
    overturned: NDArray[np.bool_]  # by claim: a second decision that pays more


def claim_log(claims: Claims, window: Window, rng: np.random.Generator) -> tuple[ClaimLog, dict]:
    """All events by the end of the window, and exact counts of what they contain."""
    log = _Log(window)
    everybody = np.arange(len(claims))
    log.add("reported", everybody, claims.reported)
    cancelled = everybody[claims.cancelled]
    log.add("cancelled", cancelled, claims.reported[cancelled] + rng.exponential(3.0, len(cancelled)))
    open_for = np.where(claims.cancelled, 0.0, np.minimum(claims.decision_days, claims.withdrawal_days))
    withdrawn = everybody[~claims.cancelled & (claims.withdrawal_days < claims.decision_days)]
    log.add("withdrawn", withdrawn, (claims.reported + claims.withdrawal_days)[withdrawn])
    _add_handling(log, claims, open_for, rng)
    closed = _add_decisions(log, claims, rng)
    reopened, overturned = _add_second_spells(log, claims, closed, rng)
    claim, event, at, spell = log.blocks.columns()
    order = np.argsort(at, kind="stable")
    counts = {
        name: int(count)
        for name, count in zip(EVENTS, np.bincount(event, minlength=len(EVENTS)), strict=True)
    }
    result = ClaimLog(claim[order], event[order], at[order], spell[order], overturned)
    return result, {"claims": len(claims), "claims_reopened": reopened, "claim_events": counts}


def _add_handling(log: _Log, claims: Claims, open_for: Instants, rng: np.random.Generator) -> None:
    """What happens before the decision; nothing of it after the case has left."""

    def add(event: str, claim: Ints, days: Instants) -> None:
        kept = days < open_for[claim]
        log.add(event, claim[kept], (claims.reported[claim] + days)[kept])

    everybody = np.arange(len(claims))
    documents = claims.documents_days
    contacted = everybody[rng.random(len(claims)) < CLAIMS.contacted_share]
    days = np.minimum(rng.exponential(CLAIMS.contact_days_mean, len(contacted)), documents[contacted] / 2)
    add("contacted", contacted, days)
    for step in range(1, claims.rounds.max(initial=0) + 1):
        asked = everybody[claims.rounds >= step]
        share = documents[asked] / claims.rounds[asked]
        for event, part in (
            ("documents_requested", 0.15),
            ("request_delivered", 0.3),
            ("documents_received", 0.95),
        ):
            add(event, asked, share * (step - 1 + part))
    add("documents_complete", everybody, documents)
    assessed = everybody[claims.investigated | (rng.random(len(claims)) < CLAIMS.assessed_otherwise_share)]
    add(
        "assessed",
        assessed,
        documents[assessed] + CLAIMS.assessed_at * (claims.decision_days - documents)[assessed],
    )
    slow = everybody[claims.decision_days > 15]
    add("progress_notified", slow, 0.8 * claims.decision_days[slow])
    noted = everybody[rng.random(len(claims)) < 0.05]
    add("note", noted, 0.4 * claims.decision_days[noted])


def _add_decisions(log: _Log, claims: Claims, rng: np.random.Generator) -> Instants:
    """Decision, agreement, payment or refusal, and closing; returns when each claim is closed."""
    decided = claims.decided
    everybody = np.flatnonzero(np.isfinite(decided))
    log.add("decided", everybody, decided[everybody])
    paid = everybody[claims.awarded[everybody] > 0]
    lag = claims.payment_lag_days
    agreeing = paid[rng.random(len(paid)) < 0.3]
    log.add("agreed", agreeing, decided[agreeing] + lag[agreeing] * rng.uniform(0.05, 0.5, len(agreeing)))
    log.add("paid", paid, (decided + lag)[paid])
    rejected = everybody[claims.outcome[everybody] == OUTCOMES.index("rejected")]
    letter = decided[rejected] + rng.exponential(CLAIMS.refusal_letter_days_mean, len(rejected))
    log.add("refusal_sent", rejected, letter)
    closed = np.full(len(claims), np.inf)
    closed[everybody] = decided[everybody] + rng.random(len(everybody)) * 0.5
    closed[paid] = (decided + lag)[paid] + rng.random(len(paid)) * 0.5
    closed[rejected] = letter + rng.random(len(rejected)) * 0.5
    log.add("closed", everybody, closed[everybody])
    return closed


def _add_second_spells(
    log: _Log, claims: Claims, closed: Instants, rng: np.random.Generator
) -> tuple[int, NDArray]:
    """A second decision, sometimes with more money: how many claims reopened by the end, and which get more."""
    who = np.flatnonzero(np.isfinite(closed) & (rng.random(len(claims)) < CLAIMS.reopened_share))
    low, high = CLAIMS.reopening_delay_days
    reopened = closed[who] + rng.uniform(low, high, len(who))
    decided = reopened + CLAIMS.second_decision_days_median * np.exp(0.6 * rng.standard_normal(len(who)))
    overturned = rng.random(len(who)) < CLAIMS.overturned_share
    paid = decided + rng.uniform(0.5, 4.0, len(who))
    log.add("reopened", who, reopened, spell=2)
    log.add("decided", who, decided, spell=2)
    log.add("paid", who[overturned], paid[overturned], spell=2)
    log.add("closed", who, np.where(overturned, paid, decided) + 0.3, spell=2)
    paid_more = np.zeros(len(claims), dtype=bool)
    paid_more[who[overturned]] = True
    return int((reopened < log.window.end).sum()), paid_more


def decided_before_reported(
    log: ClaimLog, claims: Claims, share: float, rng: np.random.Generator
) -> tuple[ClaimLog, list[str]]:
    """Moves the decision of some claims before their report, as a slip of the pen does; returns which."""
    first_decisions = np.flatnonzero((log.event == EVENTS.index("decided")) & (log.spell == 1))
    count = min(max(3, round(share * len(claims))), len(first_decisions))
    rows = np.sort(rng.choice(first_decisions, count, replace=False))
    at = log.at.copy()
    at[rows] = claims.reported[log.claim[rows]] - rng.uniform(1.1, 10.0, count)
    return replace(log, at=at), sorted(numbered("K", len(claims))[log.claim[rows]].to_list())


def claim_event_rows(
    log: ClaimLog,
    claims: Claims,
    policies: Register,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The rows of the source system: particulars of the claim on its report, the result on its decision."""
    first, decided, paid = (log.event == EVENTS.index(name) for name in ("reported", "decided", "paid"))
    second = log.spell == 2
    happened = microseconds(at_work(log.at))
    lag = np.minimum(rng.exponential(2.0, len(happened)), 20.0) / 24
    known = np.minimum(happened + microseconds(lag), microseconds(np.array(float(window.end))) - 1_000_000)
    more = np.where(log.overturned, np.round(0.2 * claims.claimed, 2), 0.0)
    award = np.where(second, more[log.claim], claims.awarded[log.claim])
    review = np.where(log.overturned, OUTCOMES.index("paid_part"), OUTCOMES.index("rejected"))
    result = np.where(second, review[log.claim], claims.outcome[log.claim])

    def place(condition: np.ndarray) -> pl.Series:
        """Where a row's value stands among the values of the rows that meet the condition."""
        return pl.Series(np.cumsum(condition) - 1).set(pl.Series(~condition), None)

    on_report, on_decision, on_award = place(first), place(decided), place(decided | paid)
    at_first = log.claim[first]
    lost = microseconds(at_work(claims.loss[at_first]))
    by_system = claims.automatic[log.claim[decided]] & ~second[decided]
    return pl.DataFrame(
        {
            "EVT_ID": numbered("E", len(happened)),
            "CLAIM_NO": numbered("K", len(claims))[log.claim],
            "EVT": pl.Series(CODES.values())[log.event],
            "TS": pl.Series(happened).cast(pl.Datetime("us")),
            "REC_TS": pl.Series(known).cast(pl.Datetime("us")),
            "SPELL": log.spell,
            "POL_NO": policies.ids[claims.policy[log.claim]],
            "CUST_NO": policies.customer_ids[claims.policy[at_first]].gather(on_report),
            "RESULT": pl.Series(["F", "P", "R", "Z"])[result[decided]].gather(on_decision),
            "AMT": pl.Series(award[decided | paid]).gather(on_award),
            "CLAIMED": pl.Series(claims.claimed[at_first]).gather(on_report),
            "LOSS_TS": pl.Series(lost).cast(pl.Datetime("us")).gather(on_report),
            "TYPE": pl.Series(CLAIM_TYPES)[claims.kind[at_first]].gather(on_report),
            "BRANCH": pl.Series(org.codes)[claims.branch[at_first]].gather(on_report),
            "DONE_BY": pl.Series(["H", "A"])[by_system.astype(int)].gather(on_decision),
            "INVESTIGATED": pl.Series(claims.investigated[at_first]).gather(on_report),
            "FAST": pl.Series(claims.fast_track[at_first]).gather(on_report),
        }
    )
