"""Complaints: a Poisson process on the policies in force, handled in log-normal times, some of them repeated.

What the hazards imply is in `complaints_truth.py`, comments are worded in `wording.py`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claims import Claims
from simulation.clock import MONTH_STARTS, NEVER, Window, month_of
from simulation.columns import dates, numbered, pointed, recorded
from simulation.hazards import CATEGORIES, COMPLAINTS, COMPLEXITIES, QUALITY
from simulation.life_course import Intervals
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.text_grammar import in_new_words
from simulation.wording import complaint_comments

UPHELD, PARTLY, NOT_UPHELD, WITHDRAWN = range(4)
# As the source writes them.
RESULTS = ("成立", "部分成立", "不成立", "撤诉")
REQUEST_MET = ("全部", "部分", "未满足")
CLASSES = ("简单", "复杂", "特别复杂")
FAR = 100_000  # more days than any complaint lives


@dataclass(frozen=True)
class Complaints:
    """Complaints in order of receipt; `closed` is the day drawn, whether or not it lies in the window."""

    policy: Ints
    branch: Ints
    received: Ints
    closed: Ints
    complexity: Ints
    result: Ints
    category: Ints
    claim: Ints  # -1 where not about a claim
    merged_into: Ints  # -1 for a complaint of its own
    repeats: Ints  # index of the closed complaint on the same matter, or -1

    def __len__(self) -> int:
        return len(self.policy)


def complaints(
    policies: Register,
    intervals: Intervals,
    claims: Claims,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> Complaints:
    policy, received = _received(policies, intervals, window, org, rng)
    branch = policies.branch[policy]
    quality = org.quality[branch, month_of(received) - window.run_in_month]
    count = len(policy)
    complexity = rng.choice(len(COMPLEXITIES), count, p=COMPLAINTS.complexity_shares)
    median = np.array(COMPLAINTS.resolution_days_median)[complexity]
    days = median * np.exp(
        QUALITY.log_resolution_days * quality + COMPLAINTS.resolution_sigma * rng.standard_normal(count)
    )
    decided = rng.choice(
        3,
        count,
        p=[
            COMPLAINTS.upheld_share,
            COMPLAINTS.partly_upheld_share,
            1 - COMPLAINTS.upheld_share - COMPLAINTS.partly_upheld_share,
        ],
    )
    withdrawn = rng.random(count) < COMPLAINTS.withdrawn_share
    claim, about_claim = _about_claims(policy, received, claims)
    category = rng.choice(len(CATEGORIES), count, p=COMPLAINTS.category_shares)
    first = Complaints(
        policy=policy,
        branch=branch,
        received=received,
        closed=received + np.floor(days).astype(np.int64),
        complexity=complexity,
        result=np.where(withdrawn, WITHDRAWN, decided),
        category=np.where(about_claim & (rng.random(count) < 0.75), CATEGORIES.index("claims"), category),
        claim=claim,
        merged_into=np.full(count, -1),
        repeats=np.full(count, -1),
    )
    return _with_merged(_with_repeats(first, window, rng), rng)


def _received(
    policies: Register, intervals: Intervals, window: Window, org: Organisation, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Policy and day of complaints: Poisson by policy-month, at the rate of the branch in the month."""
    rate = COMPLAINTS.per_policy_month * np.exp(QUALITY.log_complaint_rate * org.quality)
    highest = rate.max()
    first = np.maximum(month_of(intervals.start), window.run_in_month)
    months = np.maximum(month_of(intervals.last) - first + 1, 0)
    count = rng.poisson(highest * months)
    which = np.repeat(np.arange(len(count)), count)
    month = first[which] + np.floor(rng.random(len(which)) * months[which]).astype(np.int64)
    branch = policies.branch[intervals.policy[which]]
    kept = rng.random(len(which)) * highest < rate[branch, month - window.run_in_month]
    which, month = which[kept], month[kept]
    begin = np.maximum(MONTH_STARTS[month], intervals.start[which])
    end = np.minimum(MONTH_STARTS[month + 1], intervals.last[which] + 1)
    received = begin + np.floor(rng.random(len(which)) * (end - begin)).astype(np.int64)
    order = np.argsort(received, kind="stable")
    return intervals.policy[which][order], received[order]


def _about_claims(policy: Ints, received: Ints, claims: Claims) -> tuple[Ints, NDArray[np.bool_]]:
    """The policy's latest claim at the time of the complaint (or -1), and whether it is less than 120 days old."""
    claim_days = pl.DataFrame(
        {
            "policy": claims.policy,
            "day": np.floor(claims.reported).astype(np.int64),
            "claim": np.arange(len(claims)),
        }
    )
    asked = pl.DataFrame({"policy": policy, "day": received})
    found = asked.sort("day", maintain_order=True).join_asof(
        claim_days.sort("day").with_columns(claim_day="day"),
        on="day",
        by="policy",
        strategy="backward",
        check_sortedness=False,
    )
    claim = found["claim"].fill_null(-1).to_numpy()
    return claim, (claim >= 0) & (received - found["claim_day"].fill_null(-FAR).to_numpy() < 120)


def _with_repeats(first: Complaints, window: Window, rng: np.random.Generator) -> Complaints:
    """Lets some later complaints of the branch be about the matter of a closed one; their number stays Poisson."""
    count = len(first)
    chosen = np.flatnonzero(
        (rng.random(count) < COMPLAINTS.repeat_share)
        & (first.result != WITHDRAWN)
        & (first.closed <= window.as_of_day)
    )
    low, high = COMPLAINTS.repeat_days
    wanted = first.closed[chosen] + rng.integers(low, high, len(chosen))
    order = np.lexsort((first.received, first.branch))
    keys = (first.branch * FAR + first.received)[order]
    place = np.searchsorted(keys, first.branch[chosen] * FAR + wanted)
    partner = order[np.minimum(place, count - 1)]
    fits = (place < count) & (first.branch[partner] == first.branch[chosen])
    fits &= first.received[partner] <= first.closed[chosen] + high
    taken = np.zeros(count, dtype=bool)
    taken[chosen] = True
    fits &= ~taken[partner]
    fits[fits] = _first_of_each(partner[fits])
    source, partner = chosen[fits], partner[fits]
    changed = {name: getattr(first, name).copy() for name in ("policy", "category", "claim", "repeats")}
    for name in ("policy", "category", "claim"):
        changed[name][partner] = changed[name][source]
    changed["repeats"][partner] = source
    return replace(first, **changed)


def _first_of_each(values: Ints) -> NDArray[np.bool_]:
    mask = np.zeros(len(values), dtype=bool)
    mask[np.unique(values, return_index=True)[1]] = True
    return mask


def _with_merged(first: Complaints, rng: np.random.Generator) -> Complaints:
    """Adds contacts of the same customer on the same matter while the complaint is open; rates exclude them."""
    days_open = first.closed - first.received
    chosen = np.flatnonzero((rng.random(len(first)) < COMPLAINTS.merged_share) & (days_open >= 4))
    again = (
        first.received[chosen]
        + 1
        + np.floor(rng.random(len(chosen)) * (days_open[chosen] - 2)).astype(np.int64)
    )
    columns = {
        name: np.concatenate([getattr(first, name), getattr(first, name)[chosen]])
        for name in ("policy", "branch", "closed", "complexity", "result", "category", "claim")
    }
    return Complaints(
        received=np.concatenate([first.received, again]),
        merged_into=np.concatenate([first.merged_into, chosen]),
        repeats=np.concatenate([first.repeats, np.full(len(chosen), -1)]),
        **columns,
    )


def complaint_rows(
    complaints: Complaints,
    policies: Register,
    window: Window,
    rng: np.random.Generator,
    words: np.random.Generator,
) -> pl.DataFrame:
    """The feed of complaints in their latest state, in the columns and codes of the source system.

    `words` is the stream of their comments alone.
    """
    index = np.flatnonzero(complaints.received <= window.as_of_day)
    received, category = complaints.received[index], complaints.category[index]
    count = len(index)
    days = _latest_days(complaints, index, window, rng)
    result = np.where(days["closedOn"] == NEVER, -1, complaints.result[index])
    met = np.select([result == UPHELD, result == PARTLY, result == NOT_UPHELD], [0, 1, 2], -1)
    met = np.where((met == 0) & (rng.random(count) < 0.1), 1, met)
    ids = numbered("T", len(complaints))
    claim_ids = numbered("K", int(complaints.claim.max(initial=0)) + 1)
    about_claim = np.where(category == CATEGORIES.index("claims"), complaints.claim[index], -1)
    special = complaints.complexity[index] == COMPLEXITIES.index("special")
    later = in_new_words(month_of(received) - window.first_month, window.months, words)
    latest = np.maximum.reduce([np.where(day == NEVER, received, day) for day in days.values()])
    return pl.DataFrame(
        {
            "id": ids[index],
            "receivedOn": dates(received),
            **{name: dates(day) for name, day in days.items()},
            "result": pointed(pl.Series(RESULTS), result),
            "requestMet": pointed(pl.Series(REQUEST_MET), met),
            "matter": pl.Series(CATEGORIES)[category],
            "viaRegulator": rng.random(count) < COMPLAINTS.via_regulator_share,
            "class": pl.Series(CLASSES)[complaints.complexity[index]],
            "appraisalDays": np.where(special & (rng.random(count) < 0.2), 10, 0),
            "mergedInto": pointed(ids, complaints.merged_into[index]),
            "customer": policies.customer_ids[complaints.policy[index]],
            "policy": policies.ids[complaints.policy[index]],
            "claim": pointed(claim_ids, about_claim),
            "text": complaint_comments(category, later, COMPLAINTS.comment_share, rng, words),
            "updatedAt": recorded(latest, window, rng),
        }
    )


def _latest_days(
    complaints: Complaints, index: Ints, window: Window, rng: np.random.Generator
) -> dict[str, Ints]:
    """What has happened to complaints by the as-of date, day by day; NEVER for what has not."""
    received, closed = complaints.received[index], complaints.closed[index]
    count = len(index)
    decided = (closed <= window.as_of_day) & (complaints.result[index] != WITHDRAWN)
    special = complaints.complexity[index] == COMPLEXITIES.index("special")
    own = complaints.merged_into[index] < 0

    def some(share: float) -> NDArray[np.bool_]:
        return rng.random(count) < share

    days = {
        "firstResponseOn": (True, np.minimum(closed, received + 1 + rng.poisson(1.0, count))),
        "closedOn": (True, closed),
        "acceptedOn": (decided & some(0.8), closed + rng.integers(0, 6, count)),
        "reopenedOn": (decided & some(COMPLAINTS.reopened_share), closed + rng.integers(5, 60, count)),
        "escalatedOn": (own & some(COMPLAINTS.escalated_share), received + rng.integers(10, 150, count)),
        "extensionOn": (
            special & (closed - received > 30) & some(0.85),
            received + rng.integers(20, 30, count),
        ),
    }
    return {
        name: np.where(happens & (day <= window.as_of_day), day, NEVER)
        for name, (happens, day) in days.items()
    }
