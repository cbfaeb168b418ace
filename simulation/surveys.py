"""Surveys: who is asked when, what they expect and perceive, how likely they recommend.

What the stated means imply once answers are rounded and clipped is in `surveys_truth.py`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claims import Claims
from simulation.clock import MONTH_STARTS, Window, month_label, month_of
from simulation.columns import dates, numbered, pointed, recorded
from simulation.complaints import WITHDRAWN, Complaints
from simulation.hazards import DIMENSIONS, OUTCOMES, SURVEYS
from simulation.life_course import Intervals, Parts
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.text_grammar import in_new_words
from simulation.wording import (
    importance_codes,
    questions,
    satisfaction_codes,
    survey_comments,
)

STAGES = ("application", "policy", "claims", "complaint", "care")
REFERENCE_DAYS = 6.0
DIMENSION_OF_ITEM = np.repeat(np.arange(len(DIMENSIONS)), SURVEYS.items)
ITEM_OFFSET = np.concatenate(
    [np.linspace(-SURVEYS.item_spread, SURVEYS.item_spread, n) for n in SURVEYS.items]
)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """How many questionnaires a branch and month; the long form also asks what is expected, weighty, satisfying."""

    responses: tuple[int, int]
    after_claims: int
    after_complaints: int
    long_form_share: float


def sample_of(policies: int) -> Sample:
    """A big insurer has more branches and asks fewer customers in each; it rotates the long form."""
    return Sample((38, 46), 16, 3, 1.0) if policies <= 300_000 else Sample((19, 24), 8, 1, 0.25)


@dataclass(frozen=True)
class Respondents:
    """Filled questionnaires in order of day; `perception` is the latent mean by dimension before any noise."""

    policy: Ints
    claim: Ints  # -1 where not about a claim
    complaint: Ints
    stage: Ints
    day: Ints
    branch: Ints
    month: Ints  # from the first observed one
    perception: Floats
    long_form: NDArray[np.bool_]
    straight: Ints  # the answer given to everything, 0 for those who read the questions
    straight_expected: Ints

    def __len__(self) -> int:
        return len(self.policy)


def respondents(
    policies: Register,
    intervals: Intervals,
    claims: Claims,
    complaints: Complaints,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Respondents:
    sample = sample_of(len(policies))
    cells = len(org.codes) * window.months
    quota = rng.integers(*sample.responses, cells, endpoint=True)
    asked = Parts()
    decided = claims.decided
    after = np.flatnonzero(np.isfinite(decided))
    day = np.floor(decided[after]).astype(np.int64) + rng.integers(1, 8, len(after))
    stage = np.full(len(after), STAGES.index("claims"))
    left = quota - _ask(
        asked, stage, after, claims.policy[after], day, sample.after_claims, window, policies, rng
    )
    after = np.flatnonzero((complaints.merged_into < 0) & (complaints.result != WITHDRAWN))
    day = complaints.closed[after] + rng.integers(1, 8, len(after))
    stage = np.full(len(after), STAGES.index("complaint"))
    left -= _ask(
        asked, stage, after, complaints.policy[after], day, sample.after_complaints, window, policies, rng
    )
    policy, day = policyholders(4 * left, policies, intervals, window, org, rng)
    later = rng.choice([STAGES.index("policy"), STAGES.index("care")], len(day), p=[0.6, 0.4])
    stage = np.where(day - policies.issued[policy] < 60, STAGES.index("application"), later)
    _ask(asked, stage, np.full(len(day), -1), policy, day, left, window, policies, rng)
    return _latent(asked, sample, policies, claims, window, org, rng)


def _cell(policies: Register, policy: Ints, day: Ints, window: Window) -> Ints:
    """Branch × month of an answer; -1 outside the observed months."""
    month = month_of(day) - window.first_month
    seen = (month >= 0) & (day <= window.as_of_day)
    return np.where(seen, policies.branch[policy] * window.months + month, -1)


def _ask(
    asked: Parts,
    stage: Ints,
    about: Ints,
    policy: Ints,
    day: Ints,
    quota: int | Ints,
    window: Window,
    policies: Register,
    rng: np.random.Generator,
) -> Ints:
    """Asks at most a quota of the customers in each branch and month, at random; returns how many answered."""
    cell = _cell(policies, policy, day, window)
    order = np.lexsort((rng.random(len(cell)), cell))
    ordered = cell[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    limit = np.broadcast_to(quota, int(policies.branch.max() + 1) * window.months)
    chosen = order[(ordered >= 0) & (rank < limit[ordered])]
    asked.add(policy[chosen], stage[chosen], about[chosen], day[chosen])
    return np.bincount(cell[chosen], minlength=len(limit))


def policyholders(
    wanted: Ints,
    policies: Register,
    intervals: Intervals,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Policies drawn from each branch and a day of the month, of which those in force that day stay."""
    cell = np.repeat(np.arange(len(wanted)), np.maximum(wanted, 0))
    branch, month = cell // window.months, window.first_month + cell % window.months
    by_branch = np.argsort(policies.branch, kind="stable")
    sizes = np.bincount(policies.branch, minlength=len(org.codes))
    first = np.cumsum(sizes) - sizes
    policy = by_branch[first[branch] + np.floor(rng.random(len(cell)) * sizes[branch]).astype(np.int64)]
    length = MONTH_STARTS[month + 1] - MONTH_STARTS[month]
    day = MONTH_STARTS[month] + np.floor(rng.random(len(cell)) * length).astype(np.int64)
    ends = np.zeros(len(policies), dtype=np.int64)
    np.maximum.at(ends, intervals.policy, intervals.end)
    in_force = (policies.issued[policy] < day) & (day < ends[policy])
    return policy[in_force], day[in_force]


def _latent(
    asked: Parts,
    sample: Sample,
    policies: Register,
    claims: Claims,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Respondents:
    policy, stage, about, day = asked.columns()
    order = np.argsort(day, kind="stable")
    policy, stage, about, day = policy[order], stage[order], about[order], day[order]
    branch, month = policies.branch[policy], month_of(day) - window.first_month
    quality = org.quality[branch, month_of(day) - window.run_in_month]
    perception = np.array(SURVEYS.perception_mean) + np.outer(quality, SURVEYS.quality_effect)
    claim = np.where(stage == STAGES.index("claims"), about, -1)
    own = claim >= 0
    own_days = np.log(claims.decision_days[claim[own]] / REFERENCE_DAYS)
    refused = claims.outcome[claim[own]] == OUTCOMES.index("rejected")
    perception[own] += np.outer(own_days, SURVEYS.log_own_days_effect) + np.outer(
        refused, SURVEYS.rejected_effect
    )
    complains = stage == STAGES.index("complaint")
    perception[complains] += SURVEYS.complaint_stage_effect
    straight = rng.random(len(policy)) < SURVEYS.straight_lining_share
    return Respondents(
        policy=policy,
        claim=claim,
        complaint=np.where(complains, about, -1),
        stage=stage,
        day=day,
        branch=branch,
        month=month,
        perception=perception,
        long_form=rng.random(len(policy)) < sample.long_form_share,
        straight=np.where(straight, rng.integers(3, 6, len(policy)), 0),
        straight_expected=np.where(straight, rng.integers(5, 8, len(policy)), 0),
    )


@dataclass(frozen=True)
class Answers:
    """Single answers: respondent, question by its place in the list of questions, score."""

    respondent: Ints
    question: Ints
    score: Floats


def answers(people: Respondents, rng: np.random.Generator) -> tuple[Answers, Floats]:
    """Scored answers of everybody, and everybody's likelihood to recommend."""
    codes = questions()["question"].to_list()
    count = len(people)
    person = rng.normal(0, SURVEYS.person_sd, count)
    parts = Parts()

    def add(question: str, who: Ints, score: Floats) -> None:
        parts.add(who, np.full(len(who), codes.index(question)), score)

    perceived, expected = _perceived(people, person, rng), _expected(people, rng)
    for item in range(len(DIMENSION_OF_ITEM)):
        for suffix, scores, asked in (("P", perceived, True), ("E", expected, people.long_form)):
            given = np.flatnonzero((rng.random(count) >= SURVEYS.item_missing_share) & asked)
            add(f"SQ{item + 1:02d}_{suffix}", given, scores[given, item])
    deviation = (people.perception - SURVEYS.perception_mean).mean(axis=1) + person
    everybody = np.arange(count)
    recommend = _rounded(
        SURVEYS.nps_mean + SURVEYS.nps_slope * deviation + rng.normal(0, SURVEYS.nps_sd, count), 0, 10
    )
    add("NPS", everybody, recommend)
    satisfied = SURVEYS.satisfaction_mean + SURVEYS.satisfaction_slope * deviation
    add("SAT", everybody, _rounded(satisfied + rng.normal(0, SURVEYS.satisfaction_sd, count), 1, 5))
    ease = SURVEYS.effort_mean + SURVEYS.effort_slope * deviation
    add("CES", everybody, _rounded(ease + rng.normal(0, SURVEYS.effort_sd, count), 1, 7))
    asked = np.flatnonzero(people.long_form)
    points = 5.0 * rng.multinomial(20, SURVEYS.importance_shares, len(asked))
    for place, code in enumerate(importance_codes()):
        add(code, asked, points[:, place])
    writing = np.flatnonzero(rng.random(count) < SURVEYS.comment_share)
    add("COMMENT", writing, np.full(len(writing), np.nan))
    # Of few, so that the feed stays small: satisfaction by dimension goes with the long form.
    own = SURVEYS.satisfaction_mean + SURVEYS.satisfaction_slope * (
        people.perception[asked] - SURVEYS.perception_mean + person[asked, None]
    )
    own = _rounded(own + rng.normal(0, SURVEYS.satisfaction_sd, own.shape), 1, 5)
    for place, code in enumerate(satisfaction_codes()):
        add(code, asked, own[:, place])
    respondent, question, score = parts.columns()
    order = np.argsort(respondent, kind="stable")
    return Answers(respondent[order], question[order], score[order]), recommend


def _perceived(people: Respondents, person: Floats, rng: np.random.Generator) -> Floats:
    shape = (len(people), len(DIMENSION_OF_ITEM))
    of_dimension = (
        people.perception + rng.normal(0, SURVEYS.dimension_sd, people.perception.shape) + person[:, None]
    )
    latent = of_dimension[:, DIMENSION_OF_ITEM] + ITEM_OFFSET + rng.normal(0, SURVEYS.item_sd, shape)
    return np.where(people.straight[:, None] > 0, people.straight[:, None], _rounded(latent, 1, 7))


def _expected(people: Respondents, rng: np.random.Generator) -> Floats:
    shape = (len(people), len(DIMENSION_OF_ITEM))
    person = rng.normal(0, SURVEYS.expectation_person_sd, (len(people), 1))
    mean = np.array(SURVEYS.expectation_mean)[DIMENSION_OF_ITEM] + ITEM_OFFSET
    latent = mean + person + rng.normal(0, SURVEYS.expectation_item_sd, shape)
    return np.where(people.straight[:, None] > 0, people.straight_expected[:, None], _rounded(latent, 1, 7))


def _rounded(latent: Floats, low: int, high: int) -> Floats:
    return np.clip(np.rint(latent), low, high)


def answer_rows(
    given: Answers,
    recommend: Floats,
    people: Respondents,
    policies: Register,
    window: Window,
    rng: np.random.Generator,
    words: np.random.Generator,
) -> pl.DataFrame:
    """The feed of survey answers, one row per answer; `words` is the stream of comments alone."""
    count = len(people)
    answered = np.bincount(given.respondent, minlength=count)
    pace = np.where(people.straight > 0, 0.8, np.maximum(3.0, rng.lognormal(np.log(7.0), 0.4, count)))
    claims, complaints = people.claim, people.complaint
    about = pl.DataFrame(
        {
            "wave": pl.Series([month_label(month) for month in window.observed])[people.month],
            "response_id": numbered("R", count),
            "answered_on": dates(people.day),
            "stage": pl.Series(STAGES)[people.stage],
            "seconds": np.round(pace * answered),
            "customer_id": policies.customer_ids[people.policy],
            "policy_id": policies.ids[people.policy],
            "claim_id": pointed(numbered("K", int(claims.max()) + 1), claims),
            "complaint_id": pointed(numbered("T", int(complaints.max()) + 1), complaints),
            "comment": survey_comments(
                recommend, in_new_words(people.month, window.months, words), rng, words
            ),
            "recorded_at": recorded(people.day, window, rng),
        }
    )
    codes = questions()["question"]
    written = pl.Series(given.question == codes.to_list().index("COMMENT"))
    return about[given.respondent].select(
        pl.lit("SERVQUAL").alias("survey"),
        "wave",
        "response_id",
        codes[given.question].alias("question"),
        "answered_on",
        pl.Series(given.score).fill_nan(None).alias("score"),
        pl.when(written).then("comment").alias("comment"),
        pl.col(about.columns[3:]).exclude("comment"),
    )
