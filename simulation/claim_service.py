"""How claims are served on the way: by which channel and handler, with which papers, favours and advances.

What happens to a claim itself is in `claims.py` and `claim_events.py`; what follows from the hazards of service is in
`claim_service_truth.py`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claim_events import EVENTS as LOGGED
from simulation.claim_events import ClaimLog
from simulation.claims import PAID_OUTCOMES, Claims
from simulation.clock import Instants, Window, at_work, microseconds
from simulation.columns import numbered, pointed
from simulation.hazards import CLAIM_TYPES
from simulation.organisation import Organisation
from simulation.policies import Ints
from simulation.service_hazards import HANDLING

Flags = NDArray[np.bool_]
MEDIA = ("electronic", "mixed", "paper")
STEPS = ("ASG", "ADV", "CNT")


@dataclass(frozen=True)
class ClaimService:
    """By claim; instants are infinite for what does not happen, indices -1."""

    channel: Ints  # index into HANDLING.channels
    handler: Ints
    papers: Ints
    medium: Ints  # index into MEDIA
    direct_pay: Flags
    green_channel: Flags
    catastrophe: Flags
    assigned: Instants
    prepaid: Instants
    contacted: Instants

    @property
    def handler_ids(self) -> pl.Series:
        """Who handles each claim; empty for those that the system decides alone."""
        return pointed(numbered("H", int(self.handler.max(initial=0)) + 1), self.handler)


def staff(branch: Ints, a_month: float, per_head: int, branches: int, rng: np.random.Generator) -> Ints:
    """Who of a branch's people each case goes to: so many people as its cases a month ask for, at least two."""
    cases = np.bincount(branch, minlength=branches) / max(a_month, 1)
    people = np.maximum(2, np.rint(cases / per_head)).astype(np.int64)
    first = np.cumsum(people) - people
    return first[branch] + np.floor(rng.random(len(branch)) * people[branch]).astype(np.int64)


def claim_service(
    claims: Claims,
    log: ClaimLog,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
    contacts: np.random.Generator,
) -> ClaimService:
    """Who serves each claim and how; contacts, which the log has of some, come from a stream of their own."""
    count, kind = len(claims), claims.kind
    channel = rng.choice(len(HANDLING.channels), count, p=HANDLING.channel_shares)
    months = window.last_month - window.run_in_month + 1
    handler = staff(claims.branch, months, HANDLING.claims_a_month_per_handler, len(org.codes), rng)
    open_for = np.where(claims.cancelled, 0.0, np.minimum(claims.decision_days, claims.withdrawal_days))

    def happened(chosen: Flags, days: Instants) -> Instants:
        return np.where(chosen & (days < open_for), claims.reported + days, np.inf)

    lag = HANDLING.assignment_days_median * np.exp(HANDLING.assignment_sigma * rng.standard_normal(count))
    to_decision = claims.decision_days - claims.documents_days
    paid = np.isin(claims.outcome, PAID_OUTCOMES)
    is_prepaid = rng.random(count) < np.array(HANDLING.prepaid_shares)[kind]
    is_prepaid &= paid & (to_decision < HANDLING.prepaid_decided_within_days)
    struck = (kind == CLAIM_TYPES.index("accident")) & (claims.month == months // 2)
    struck &= org.region[claims.branch] < 2
    unlogged = contacts.random(count) < HANDLING.contact_logged_share
    unlogged[log.claim[log.event == LOGGED.index("contacted")]] = False
    contact = lag + contacts.exponential(HANDLING.contact_days_mean, count)
    cumulative = np.cumsum(HANDLING.medium_shares_by_channel, axis=1)[channel]
    return ClaimService(
        channel=channel,
        handler=np.where(claims.automatic, -1, handler),
        papers=HANDLING.papers_least + rng.poisson(HANDLING.papers_more_mean, count) + claims.rounds,
        medium=(rng.random(count)[:, None] >= cumulative[:, :-1]).sum(axis=1),
        direct_pay=rng.random(count) < np.array(HANDLING.direct_pay_shares)[kind],
        green_channel=rng.random(count) < np.array(HANDLING.green_channel_shares)[kind],
        catastrophe=struck & (rng.random(count) < HANDLING.catastrophe_share),
        assigned=happened(~claims.automatic, lag),
        contacted=happened(unlogged, contact),
        prepaid=happened(is_prepaid, claims.documents_days + 0.5 * rng.random(count) * to_decision),
    )


def with_service(rows: pl.DataFrame, log: ClaimLog, service: ClaimService) -> pl.DataFrame:
    """The rows of the claims system with what they say of service: on the report, and of papers when complete."""
    first = pl.Series(log.event == LOGGED.index("reported"))
    complete = pl.Series((log.event == LOGGED.index("documents_complete")) & (log.spell == 1))
    of_claim = pl.DataFrame(
        {
            "SVC": pl.Series(HANDLING.channels)[service.channel],
            "DIRECT": service.direct_pay,
            "GREEN": service.green_channel,
            "CAT": pointed(pl.Series(["storm"]), np.where(service.catastrophe, 0, -1)),
            "PAPERS": service.papers,
            "MEDIUM": pl.Series(MEDIA)[service.medium],
        }
    )[log.claim]
    told = rows.with_columns(
        pl.when(complete if name in ("PAPERS", "MEDIUM") else first).then(of_claim[name]).alias(name)
        for name in of_claim.columns
    )
    # Who handles a case is known to the workflow alone.
    return told.with_columns(HANDLER=pl.lit(None, dtype=pl.String))


def workflow_rows(
    like: pl.DataFrame, service: ClaimService, window: Window, rng: np.random.Generator
) -> pl.DataFrame:
    """Events of the workflow: who has a case, when it was called, what was paid early; with the columns of `like`."""
    steps = []
    for step, instants in zip(STEPS, (service.assigned, service.prepaid, service.contacted), strict=True):
        claim = np.flatnonzero(instants < window.end)
        steps.append((claim, np.full(len(claim), STEPS.index(step)), instants[claim]))
    claim, step, at = (np.concatenate(part) for part in zip(*steps, strict=True))
    order = np.lexsort((claim, at))
    claim, step, at = claim[order], step[order], at[order]
    happened = microseconds(at_work(at))
    lag = microseconds(np.minimum(rng.exponential(1.0, len(happened)), 12.0) / 24)
    known = np.minimum(happened + lag, microseconds(np.array(float(window.end))) - 1_000_000)
    rows = pl.DataFrame(
        {
            "EVT_ID": numbered("W", len(claim)),
            "CLAIM_NO": numbered("K", len(service.channel))[claim],
            "EVT": pl.Series(STEPS)[step],
            "TS": pl.Series(happened).cast(pl.Datetime("us")),
            "REC_TS": pl.Series(known).cast(pl.Datetime("us")),
            "SPELL": np.ones(len(claim), dtype=np.int64),
            "HANDLER": service.handler_ids[claim],
        }
    )
    return pl.concat([like.clear(), rows], how="diagonal")
