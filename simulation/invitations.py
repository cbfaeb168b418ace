"""Invitations to the surveys: who of those asked after a claim or complaint kept silent, whom a pop-up was shown.

Who answered is drawn in `surveys.py`; everybody there who was asked after an event, or by a pop-up, stands here too.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claims import Claims
from simulation.clock import Window, month_label, month_of
from simulation.columns import dates, numbered, pointed, recorded
from simulation.complaints import WITHDRAWN, Complaints
from simulation.hazards import OUTCOMES, SURVEYS
from simulation.life_course import Intervals, Parts
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.surveys import STAGES, Respondents, policyholders
from simulation.truth import ratio

CLAIMS, COMPLAINT, CARE = (STAGES.index(stage) for stage in ("claims", "complaint", "care"))
DISPOSITIONS = tuple(SURVEYS.silence_shares)


@dataclass(frozen=True)
class Invited:
    """Invitations; `response` is the questionnaire by its place among the respondents, -1 without one."""

    policy: Ints
    stage: Ints
    about: Ints  # claim or complaint by its place, -1 for a pop-up
    day: Ints
    response: Ints
    disposition: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.policy)


def invited(
    people: Respondents,
    policies: Register,
    intervals: Intervals,
    claims: Claims,
    complaints: Complaints,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Invited:
    """Those who answered after a claim, a complaint or a pop-up, and those who were asked and did not."""
    parts = Parts()
    for stage, own in ((CLAIMS, people.claim), (COMPLAINT, people.complaint), (CARE, None)):
        who = np.flatnonzero(people.stage == stage)
        about = own[who] if own is not None else np.full(len(who), -1)
        parts.add(people.policy[who], people.stage[who], about, people.day[who], who)
    refused = claims.outcome == OUTCOMES.index("rejected")
    silent = np.where(refused, SURVEYS.silent_per_answer_rejected, SURVEYS.silent_per_answer)
    _keep_silent(parts, CLAIMS, people.claim, claims.policy, claims.decided, silent, window, rng)
    closed = np.where(
        (complaints.merged_into < 0) & (complaints.result != WITHDRAWN),
        complaints.closed.astype(float),
        np.inf,
    )
    often = np.full(len(closed), SURVEYS.silent_per_answer)
    _keep_silent(parts, COMPLAINT, people.complaint, complaints.policy, closed, often, window, rng)
    shown = np.bincount(
        people.branch[people.stage == CARE] * window.months + people.month[people.stage == CARE],
        minlength=len(org.codes) * window.months,
    )
    policy, day = policyholders(
        np.rint(shown * SURVEYS.popups_ignored_per_answer).astype(np.int64),
        policies,
        intervals,
        window,
        org,
        rng,
    )
    seen = day <= window.as_of_day
    nobody = np.full(seen.sum(), -1)
    parts.add(policy[seen], np.full(seen.sum(), CARE), nobody, day[seen], nobody)
    policy, stage, about, day, response = parts.columns()
    drawn = rng.choice(DISPOSITIONS, len(policy), p=list(SURVEYS.silence_shares.values()))
    silence = np.where(stage == CARE, "refused", drawn)
    return Invited(policy, stage, about, day, response, np.where(response >= 0, "complete", silence))


def _keep_silent(
    parts: Parts,
    stage: int,
    answered: Ints,
    policy: Ints,
    ended: NDArray[np.float64],
    silent_per_answer: NDArray[np.float64],
    window: Window,
    rng: np.random.Generator,
) -> None:
    """Adds a share of the ended cases that no answer is about: so many an answer as the hazards say."""
    left = np.isfinite(ended)
    left[answered[answered >= 0]] = False
    cases = np.flatnonzero(left)
    day = np.floor(ended[cases]).astype(np.int64) + rng.integers(1, 8, len(cases))
    seen = (month_of(day) >= window.first_month) & (day <= window.as_of_day)
    cases, day = cases[seen], day[seen]
    share = silent_per_answer[cases] * (answered >= 0).sum() / max(len(cases), 1)
    chosen = rng.random(len(cases)) < share
    count = chosen.sum()
    parts.add(policy[cases[chosen]], np.full(count, stage), cases[chosen], day[chosen], np.full(count, -1))


def invitation_rows(
    asked: Invited, policies: Register, window: Window, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of invitations, one row per invitation."""
    by_stage = {stage: np.where(asked.stage == stage, asked.about, -1) for stage in (CLAIMS, COMPLAINT)}
    most = int(asked.about.max(initial=-1)) + 1
    months = pl.Series([month_label(month) for month in window.observed])
    return pl.DataFrame(
        {
            "survey": pl.repeat("SERVQUAL", len(asked), eager=True),
            "wave": months[month_of(asked.day) - window.first_month],
            "invitation_id": numbered("V", len(asked)),
            "invited_on": dates(asked.day),
            "frame": pl.Series(["list", "popup"])[(asked.stage == CARE).astype(int)],
            "disposition": pl.Series(asked.disposition.tolist(), dtype=pl.String),
            "response_id": pointed(numbered("R", int(asked.response.max(initial=-1)) + 1), asked.response),
            "stage": pl.Series(STAGES)[asked.stage],
            "customer_id": policies.customer_ids[asked.policy],
            "policy_id": policies.ids[asked.policy],
            "claim_id": pointed(numbered("K", most), by_stage[CLAIMS]),
            "complaint_id": pointed(numbered("T", most), by_stage[COMPLAINT]),
            "recorded_at": recorded(asked.day, window, rng),
        }
    )


def invitation_truth(asked: Invited, policies: Register, window: Window, org: Organisation) -> dict:
    """Realised rates of response and of participation by month of invitation."""
    labels = [month_label(month) for month in window.observed]
    cell = policies.branch[asked.policy] * window.months + month_of(asked.day) - window.first_month
    popup, eligible = asked.stage == CARE, asked.disposition != "not_eligible"

    def share(who: NDArray[np.bool_]) -> dict:
        size = len(org.codes) * window.months
        complete = np.bincount(cell[who & (asked.response >= 0)], minlength=size).reshape(-1, window.months)
        counted = np.bincount(cell[who & eligible], minlength=size).reshape(-1, window.months)
        return ratio("month of invitation", labels, complete, counted, org)

    kpis = {"survey_response_share": share(~popup), "survey_participation_share": share(popup)}
    return {"kpis": kpis, "realised": {"survey_invitations": len(asked)}}
