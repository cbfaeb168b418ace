"""Contacts with the service desk: a Poisson process on the policies in force and on open claims, and what follows.

Whoever calls waits until a person answers or her patience ends; some come back. What the hazards imply is in
`contacts_truth.py`.
"""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claim_events import EVENTS, ClaimLog
from simulation.claims import Claims
from simulation.clock import DAY_SECONDS, MONTH_STARTS, Window, at_work, month_of
from simulation.columns import numbered, pointed
from simulation.hazards import QUALITY
from simulation.life_course import Intervals
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.service_hazards import CONTACTS, MEDIA, PURPOSES

CALL, CHAT, BOT, COUNTER, EMAIL, APP = range(len(MEDIA))
PROGRESS = PURPOSES.index("claim_progress")
MONTH_DAYS = 30.4375
# Stands for an instant that never comes.
NEVER = np.iinfo(np.int64).max
# As the source writes them.
MEDIUM_CODES = ("TEL", "IM", "BOT", "DESK", "MAIL", "APP")
FAULTY_SHARE = 0.001

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """Contacts as customers begin them; `offered` is in whole seconds since 1970, business time."""

    policy: Ints
    claim: Ints  # -1 where it is about none
    purpose: Ints  # index into PURPOSES
    medium: Ints  # index into MEDIA
    offered: Ints
    known: Flags  # whether the customer says who she is
    is_first: Flags  # not a repeat of another contact

    def __len__(self) -> int:
        return len(self.policy)

    @property
    def month(self) -> Ints:
        return month_of(self.offered / DAY_SECONDS)


@dataclass(frozen=True)
class Outcome:
    """What became of contacts, in the same order; instants in seconds, NEVER where they do not come."""

    by_machine: Flags
    handed_over: Ints
    answered: Ints
    abandoned: Ints
    ended: Ints
    rating: Ints  # 0: none
    succeeded: Flags


@dataclass(frozen=True)
class Contacts:
    """All contacts with their outcome."""

    asked: Asked
    outcome: Outcome


def contacts(
    policies: Register,
    intervals: Intervals,
    spells: pl.DataFrame,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Contacts:
    """First contacts, and those that follow from them, and so on."""
    begun = [_joined([_of_policies(intervals, window, rng), _about_claims(spells, org, window, rng)])]
    outcomes = []
    while len(begun[-1]):
        outcomes.append(_outcome(begun[-1], policies, org, window, rng))
        begun.append(_following(begun[-1], outcomes[-1], policies, org, window, rng))
    return Contacts(_joined(begun[:-1]), _joined(outcomes))


def claim_spells(log: ClaimLog, claims: Claims) -> pl.DataFrame:
    """One row per spell of a claim: claim, policy, branch, the day it began and the day it ended (empty: open)."""
    day = np.floor(log.at).astype(np.int64)
    events = pl.DataFrame({"claim": log.claim, "spell": log.spell, "event": log.event, "day": day})

    def first(*names: str) -> pl.Expr:
        return pl.col("day").filter(pl.col("event").is_in([EVENTS.index(name) for name in names])).min()

    found = events.group_by("claim", "spell").agg(
        began=first("reported", "reopened"),
        ended=pl.coalesce(first("closed", "withdrawn", "cancelled"), first("paid", "refusal_sent")),
    )
    where = pl.DataFrame({"claim": np.arange(len(claims)), "policy": claims.policy, "branch": claims.branch})
    return found.join(where, on="claim").drop_nulls("began").sort("claim", "spell")


def open_months(spells: pl.DataFrame, window: Window) -> pl.DataFrame:
    """One row per spell and observed month in which it was open: claim, policy, branch, month, first and last day."""
    last = pl.col("ended").fill_null(window.as_of_day)
    months = pl.DataFrame({"month": list(window.observed)}).with_columns(
        opens=pl.Series(MONTH_STARTS[list(window.observed)]),
        closes=pl.Series(MONTH_STARTS[np.array(window.observed) + 1] - 1),
    )
    return (
        spells.with_columns(last=last)
        .join_where(months, pl.col("began") <= pl.col("closes"), pl.col("last") >= pl.col("opens"))
        .with_columns(first=pl.max_horizontal("began", "opens"), last=pl.min_horizontal("last", "closes"))
        .sort("claim", "spell", "month")
    )


def slower(quality: Floats) -> Floats:
    """By how much poorer quality lengthens waits."""
    return np.exp(CONTACTS.log_wait * quality)


def repeats(asked: Asked, policies: Register, org: Organisation, window: Window) -> Floats:
    """Probability that the customer of an answered call calls again on the matter; claims have a rate of their own."""
    quality = quality_of(asked, policies, org, window)
    share = np.minimum(CONTACTS.repeat_share * np.exp(CONTACTS.log_repeat * quality), 0.9)
    return share * (asked.purpose != PROGRESS)


def returns(asked: Asked) -> Floats:
    """Probability that the customer of a chat that the machine kept calls about it; claims have a rate of their own."""
    return CONTACTS.bot_return_share * (asked.purpose != PROGRESS)


def satisfied_share(quality: Floats) -> Floats:
    """Share of rated calls whose customer was satisfied."""
    return 1 / (1 + np.exp(-CONTACTS.satisfied_logit - CONTACTS.satisfied_logit_effect * quality))


def progress_rate(quality: Floats) -> Floats:
    """Questions how far a claim is, for each month in which it is open."""
    return CONTACTS.progress_per_open_claim * np.exp(QUALITY.log_complaint_rate * quality)


def quality_of(asked: Asked, policies: Register, org: Organisation, window: Window) -> Floats:
    """Quality of the branch in the month of each contact."""
    return org.quality[policies.branch[asked.policy], asked.month - window.run_in_month]


def is_elder(asked: Asked, policies: Register) -> Flags:
    """Whether the insured is 60 or older, by the years of birth and of the contact."""
    born, now = (
        (day // 1).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
        for day in (policies.born[asked.policy], asked.offered // DAY_SECONDS)
    )
    return asked.known & (now - born >= 60)


def _joined(parts: list) -> Asked | Outcome:
    """Contacts, or their outcomes, one after the other."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(parts[0])
    }
    return type(parts[0])(**columns)


def _seconds(instants: Floats) -> Ints:
    return np.floor(instants * DAY_SECONDS).astype(np.int64)


def _begun(policy: Ints, claim: Ints, purpose: Ints, instant: Floats, rng: np.random.Generator) -> Asked:
    count = len(policy)
    medium = rng.choice(len(MEDIA), count, p=CONTACTS.medium_shares)
    anonymous = np.array(CONTACTS.anonymous_shares)[medium]
    return Asked(
        policy=policy,
        claim=claim,
        purpose=purpose,
        medium=medium,
        offered=_seconds(instant),
        known=(claim >= 0) | (rng.random(count) >= anonymous),
        is_first=np.ones(count, dtype=bool),
    )


def _of_policies(intervals: Intervals, window: Window, rng: np.random.Generator) -> Asked:
    """Contacts of policyholders: Poisson over the time in force."""
    start = np.maximum(intervals.start, MONTH_STARTS[window.first_month])
    days = np.maximum(np.minimum(intervals.end, window.end) - start, 0)
    count = rng.poisson(CONTACTS.per_policy_month * days / MONTH_DAYS)
    which = np.repeat(np.arange(len(count)), count)
    instant = at_work(start[which] + rng.random(len(which)) * days[which])
    purpose = rng.choice(len(PURPOSES), len(which), p=CONTACTS.purpose_shares)
    return _begun(intervals.policy[which], np.full(len(which), -1), purpose, instant, rng)


def _about_claims(spells: pl.DataFrame, org: Organisation, window: Window, rng: np.random.Generator) -> Asked:
    """Questions how far a claim is: Poisson for each month in which it is open."""
    open_ = open_months(spells, window)
    month = open_["month"].to_numpy()
    rate = progress_rate(org.quality[open_["branch"].to_numpy(), month - window.run_in_month])
    which = np.repeat(np.arange(len(open_)), rng.poisson(rate))
    first, last = (open_[name].to_numpy()[which] for name in ("first", "last"))
    instant = at_work(first + rng.random(len(which)) * (last + 1 - first))
    policy, claim = (open_[name].to_numpy()[which] for name in ("policy", "claim"))
    return _begun(policy, claim, np.full(len(which), PROGRESS), instant, rng)


def _outcome(
    asked: Asked, policies: Register, org: Organisation, window: Window, rng: np.random.Generator
) -> Outcome:
    count = len(asked)
    quality = quality_of(asked, policies, org, window)
    elder = is_elder(asked, policies)
    is_bot, is_call = asked.medium == BOT, asked.medium == CALL
    menu = is_call & (rng.random(count) < CONTACTS.menu_share)
    by_machine = is_bot | menu
    passed_on = is_bot & (rng.random(count) < CONTACTS.handed_over_share)
    handed_over = np.where(passed_on, asked.offered + rng.integers(20, 240, count), NEVER)
    since = np.where(passed_on, handed_over, asked.offered)
    wants_person = ~by_machine | passed_on
    wait = np.array(CONTACTS.wait_seconds_median)[asked.medium] * slower(quality)
    wait = wait * np.where(is_call & elder, CONTACTS.elder_wait_factor, 1.0)
    wait = wait * np.exp(np.array(CONTACTS.wait_sigma)[asked.medium] * rng.standard_normal(count))
    patience = _patience(asked.medium, rng)
    reached = wants_person & (wait < patience)
    answered = np.where(reached, since + np.floor(wait).astype(np.int64), NEVER)
    abandoned = np.where(wants_person & ~reached, since + np.floor(patience).astype(np.int64), NEVER)
    talk = np.ceil(rng.exponential(240.0, count)).astype(np.int64) + 20
    ended = np.where(reached, answered + talk, np.where(wants_person, abandoned, asked.offered + talk))
    transferred = reached & ~is_bot & (rng.random(count) < CONTACTS.transferred_share)
    handed_over = np.where(transferred, answered + talk // 3, handed_over)
    rated = rng.random(count) < np.where(is_bot, CONTACTS.bot_rated_share, CONTACTS.rated_share * reached)
    satisfied = rng.random(count) < np.where(is_bot, CONTACTS.bot_satisfied_share, satisfied_share(quality))
    stars = np.where(satisfied, 4 + (rng.random(count) < 0.7), rng.integers(1, 4, count))
    return Outcome(
        by_machine=by_machine,
        handed_over=handed_over,
        answered=answered,
        abandoned=abandoned,
        ended=ended,
        rating=np.where(rated, stars, 0),
        succeeded=(reached | by_machine) & (rng.random(count) < CONTACTS.succeeded_share),
    )


def _patience(medium: Ints, rng: np.random.Generator) -> Floats:
    """Seconds that customers wait before they give up; some who call hang up at once."""
    count = len(medium)
    lasting = np.array(CONTACTS.patience_seconds_median)[medium] * np.exp(
        np.array(CONTACTS.patience_sigma)[medium] * rng.standard_normal(count)
    )
    at_once = (medium == CALL) & (rng.random(count) < CONTACTS.hang_up_share)
    return np.where(at_once, rng.random(count) * CONTACTS.hang_up_seconds, lasting)


def _following(
    asked: Asked,
    outcome: Outcome,
    policies: Register,
    org: Organisation,
    window: Window,
    rng: np.random.Generator,
) -> Asked:
    """Calls on the matter of a call that was answered, or of a chat that the machine kept to itself."""
    count = len(asked)
    after_call = (asked.medium == CALL) & (outcome.answered != NEVER)
    after_bot = (asked.medium == BOT) & (outcome.handed_over == NEVER)
    share = np.where(after_call, repeats(asked, policies, org, window), after_bot * returns(asked))
    days = np.where(after_call, CONTACTS.repeat_days, CONTACTS.bot_return_days)
    again = asked.offered / DAY_SECONDS + 0.01 + rng.random(count) * (days - 0.02)
    later_day = np.floor(again) > np.floor(asked.offered / DAY_SECONDS)
    again = np.where(later_day, at_work(np.floor(again) + rng.random(count)), again)
    chosen = np.flatnonzero(asked.known & (rng.random(count) < share) & (again < window.end))
    return Asked(
        policy=asked.policy[chosen],
        claim=asked.claim[chosen],
        purpose=asked.purpose[chosen],
        medium=np.full(len(chosen), CALL),
        offered=_seconds(again[chosen]),
        known=np.ones(len(chosen), dtype=bool),
        is_first=np.zeros(len(chosen), dtype=bool),
    )


def called_back(log: Contacts, rng: np.random.Generator) -> Ints:
    """When those who gave up a call are called back, a minute after they did at the earliest; NEVER for others."""
    asked, outcome = log.asked, log.outcome
    chosen = (asked.medium == CALL) & (outcome.abandoned != NEVER)
    chosen &= rng.random(len(asked)) < CONTACTS.called_back_share
    minutes = CONTACTS.called_back_minutes_median * np.exp(
        CONTACTS.called_back_sigma * rng.standard_normal(len(asked))
    )
    at = np.maximum(
        asked.offered + np.floor(60 * minutes).astype(np.int64),
        np.where(chosen, outcome.abandoned, 0) + 60,
    )
    return np.where(chosen, at, NEVER)


def contact_rows(
    log: Contacts,
    called: Ints,
    policies: Register,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of the source system, and the contacts answered before they began, as a clock gone wrong has them."""
    asked, outcome = log.asked, log.outcome
    order = np.argsort(asked.offered, kind="stable")
    end = window.end * DAY_SECONDS
    count = len(order)
    ids = numbered("N", count)
    answered = outcome.answered[order]
    slipped = np.flatnonzero((answered < end) & (rng.random(count) < FAULTY_SHARE))
    answered[slipped] = asked.offered[order][slipped] - rng.integers(60, 7200, len(slipped))
    by_person = outcome.answered[order] < end
    handlers = rng.integers(0, CONTACTS.handlers_a_branch, count)
    branch = policies.branch[asked.policy[order]]
    medium = asked.medium[order]
    place = _places(medium, rng)
    known = np.where(asked.known[order], asked.policy[order], -1)
    stars = outcome.rating[order]
    latest = np.where(outcome.ended[order] < end, outcome.ended[order], asked.offered[order])
    recorded = np.minimum(latest + rng.integers(1, 3600, count), end - 1)
    rows = pl.DataFrame(
        {
            "CONTACT_NO": ids,
            "MED": pl.Series(MEDIUM_CODES)[medium],
            "WHY": pl.Series(PURPOSES)[asked.purpose[order]],
            "PLACE": pointed(pl.Series(("app", "mini_program", "web", "counter", "bank")), place),
            "ASKED": _instants(asked.offered[order], end),
            "PASSED": _instants(outcome.handed_over[order], end),
            "TAKEN": _instants(answered, end),
            "LEFT": _instants(outcome.abandoned[order], end),
            "BACK": _instants(called[order], end),
            "ENDED": _instants(outcome.ended[order], end),
            "BY": pl.Series(("H", "A"))[outcome.by_machine[order].astype(int)],
            "DONE": pl.Series(("N", "Y"))[outcome.succeeded[order].astype(int)],
            "STARS": pl.Series(stars.astype(np.int8)).set(pl.Series(stars == 0), None),
            "WHO": pointed(
                numbered("H", len(org.codes) * CONTACTS.handlers_a_branch),
                np.where(by_person, branch * CONTACTS.handlers_a_branch + handlers, -1),
            ),
            "CUST": pointed(policies.customer_ids, known),
            "POL": pointed(policies.ids, known),
            "CLAIM": pointed(numbered("K", int(asked.claim.max(initial=0)) + 1), asked.claim[order]),
            "BRANCH": pl.Series(org.codes)[branch],
            "REC_TS": _instants(recorded, end),
        }
    )
    return rows, ids[slipped].to_list()


def _places(medium: Ints, rng: np.random.Generator) -> Ints:
    """Where contacts took place, as far as the medium does not say: in app, mini-program or web, at counter or bank."""
    drawn = rng.random(len(medium))
    app, mini = np.cumsum(CONTACTS.chat_place_shares)[:2]
    online = np.select([drawn < app, drawn < mini], [0, 1], 2)
    return np.select([(medium == CHAT) | (medium == BOT), medium == COUNTER], [online, 3 + (drawn < 0.1)], -1)


def _instants(seconds: Ints, end: int) -> pl.Series:
    """Instants as the source writes them; empty where they do not come before the end."""
    known = pl.Series(np.where(seconds < end, seconds, 0) * 1_000_000).cast(pl.Datetime("us"))
    return known.set(pl.Series(seconds >= end), None)
