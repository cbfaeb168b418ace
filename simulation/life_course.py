"""What happens to policies after issue: premiums paid or not, lapse, reinstatement, surrender, death, maturity.

Policy years are drawn one after the other for all policies at once; the feeds are made in `policy_feeds.py`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulation.clock import NEVER, Window, months_later
from simulation.hazards import POLICIES
from simulation.policies import ACCIDENT, Ints, Register

EVENTS = (
    "lapse",
    "reinstatement",
    "surrender",
    "free_look_cancellation",
    "death",
    "claim_termination",
    "transfer_out",
    "maturity",
)


@dataclass
class Parts:
    """Arrays of equal length that grow block by block."""

    blocks: list[tuple[NDArray, ...]] = field(default_factory=list)

    def add(self, *columns: NDArray) -> None:
        self.blocks.append(columns)

    def columns(self) -> tuple[NDArray, ...]:
        return tuple(np.concatenate(column) for column in zip(*self.blocks, strict=True))


@dataclass(frozen=True)
class Years:
    """Policy years that began by the as-of date. `paid` is NEVER where unknown or unpaid at the as-of date."""

    policy: Ints
    year: Ints  # 1 for the first
    due: Ints
    owes: NDArray[np.bool_]  # a premium falls due
    paid: Ints  # value date of the year's first instalment
    ends: Ints  # day after which no instalment of the year falls due: exit or unreinstated lapse
    survives_payment: NDArray[np.bool_]  # at risk of an exit in the year
    reinstated: NDArray[np.bool_]


@dataclass(frozen=True)
class Events:
    policy: Ints
    kind: Ints  # index into EVENTS
    day: Ints
    year: Ints


@dataclass(frozen=True)
class Intervals:
    """When policies were in force: from the start of a day to the start of another; `last` is the last day."""

    policy: Ints
    start: Ints
    end: Ints
    last: Ints


@dataclass(frozen=True)
class LifeCourse:
    years: Years
    events: Events
    intervals: Intervals


def by_year(shares: tuple[float, ...], year: int) -> float:
    return shares[min(year, len(shares)) - 1]


def life_course(policies: Register, window: Window, rng: np.random.Generator) -> LifeCourse:
    years, events, intervals = Parts(), Parts(), Parts()
    active = np.arange(len(policies))
    start = policies.issued.copy()
    year = 0
    while len(active):
        year += 1
        active = _begin_year(policies, window, active, year, start, events, intervals)
        if len(active):
            active = _live_through_year(policies, window, active, year, start, rng, years, events, intervals)
    return LifeCourse(Years(*years.columns()), Events(*events.columns()), Intervals(*intervals.columns()))


def _begin_year(
    policies: Register, window: Window, active: Ints, year: int, start: Ints, events: Parts, intervals: Parts
) -> Ints:
    """Ends what matures or reaches the as-of date; returns the policies that begin the policy year."""
    due = months_later(policies.issued[active], 12 * (year - 1))
    begun = due <= window.as_of_day
    open_ended = active[~begun]
    intervals.add(
        open_ended,
        start[open_ended],
        np.full(len(open_ended), window.end),
        np.full(len(open_ended), window.as_of_day),
    )
    matured = begun & (policies.term_years[active] == year - 1) & (year > 1)
    gone, day = active[matured], due[matured]
    intervals.add(gone, start[gone], day, day)
    events.add(gone, np.full(len(gone), EVENTS.index("maturity")), day, np.full(len(gone), year - 1))
    return active[begun & ~matured]


def _live_through_year(
    policies: Register,
    window: Window,
    active: Ints,
    year: int,
    start: Ints,
    rng: np.random.Generator,
    years: Parts,
    events: Parts,
    intervals: Parts,
) -> Ints:
    """Draws one policy year; returns the policies still in force, or in grace, at its end."""
    count, as_of = len(active), window.as_of_day
    due = months_later(policies.issued[active], 12 * (year - 1))
    owes = year <= policies.premium_years[active]
    factor = np.array(POLICIES.non_payment_factor_by_channel)[policies.channel[active]]
    unpaid = owes & (rng.random(count) < by_year(POLICIES.non_payment_by_year, year) * factor)
    late = (rng.random(count) < POLICIES.late_in_grace_share) & (year > 1)
    lag = np.where(
        late, rng.integers(1, POLICIES.grace_days + 1, count), -rng.integers(0, 3, count) * (year > 1)
    )
    lapses = due + POLICIES.grace_days + 1
    reinstated = unpaid & (rng.random(count) < POLICIES.reinstatement_share)
    back = lapses + rng.integers(*POLICIES.reinstatement_delay_days, count, endpoint=True)
    paid = np.where(unpaid, np.where(reinstated, back, NEVER), due + lag)
    exits, kind = _exits(policies, active, year, due, unpaid, rng)
    left, lapsed, returned = exits <= as_of, unpaid & (lapses <= as_of), reinstated & (back <= as_of)
    ends = np.where(left, exits, np.where(lapsed & ~returned, lapses, NEVER))
    known = np.where(owes & (paid <= as_of), paid, NEVER)
    years.add(active, np.full(count, year), due, owes, known, ends, ~unpaid, returned)

    for happened, day, kinds in (
        (left, exits, kind),
        (lapsed, lapses, np.full(count, EVENTS.index("lapse"))),
        (returned, back, np.full(count, EVENTS.index("reinstatement"))),
    ):
        events.add(active[happened], kinds[happened], day[happened], np.full(happened.sum(), year))
    for happened, day in ((left, exits), (lapsed, lapses)):
        intervals.add(active[happened], start[active[happened]], day[happened], day[happened])
    start[active[returned]] = back[returned]
    return active[~left & (~lapsed | returned)]


def _exits(
    policies: Register,
    active: Ints,
    year: int,
    due: Ints,
    unpaid: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Day and kind of exit of who has paid; NEVER for the others. Accident policies only mature."""
    count = len(active)
    line = policies.line[active]
    first, last = POLICIES.exit_days_in_year
    day = due + rng.integers(first, last, count, endpoint=True)
    shares = np.stack(
        [
            np.full(count, by_year(POLICIES.surrender_by_year, year)),
            np.array(POLICIES.death_a_year_by_line)[line],
            np.array(POLICIES.claim_termination_a_year_by_line)[line],
            np.full(count, POLICIES.transfer_out_a_year),
        ]
    )
    kinds = np.array(
        [EVENTS.index(name) for name in ("surrender", "death", "claim_termination", "transfer_out")]
    )
    chosen = (rng.random(count) >= np.cumsum(shares, axis=0)).sum(axis=0)
    exits = np.where((chosen < len(kinds)) & ~unpaid, day, NEVER)
    kind = kinds[np.minimum(chosen, len(kinds) - 1)]
    if year == 1:
        cancelled = rng.random(count) < POLICIES.free_look_share
        exits = np.where(
            cancelled, due + rng.integers(1, POLICIES.free_look_days, count, endpoint=True), exits
        )
        kind = np.where(cancelled, EVENTS.index("free_look_cancellation"), kind)
    return np.where(line == ACCIDENT, NEVER, exits), kind
