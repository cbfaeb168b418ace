"""The policy register: who bought which policy when, through which channel, on what terms.

What happens to the policies afterwards is in `life_course.py`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import MONTH_STARTS, Window, months_later
from simulation.columns import dates, numbered
from simulation.hazards import CHANNELS, LINES, POLICIES
from simulation.organisation import REGIONS, Organisation

ACCIDENT = LINES.index("accident")
ANNUITY = LINES.index("annuity")
MODES = {0: "single", 1: "annual", 2: "half_yearly", 4: "quarterly", 12: "monthly"}
SHORT_SHARE = POLICIES.line_shares[ACCIDENT]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Register:
    """Policies in order of issue; columns run parallel. `line`, `channel`, `branch` index their lists."""

    issued: Ints
    customer: Ints
    born: Ints
    line: Ints
    channel: Ints
    branch: Ints
    instalments: Ints  # a year; 0 for a single premium
    premium_years: Ints  # 1 for a single premium
    term_years: Ints  # 0 for whole life
    modal_premium: NDArray[np.float64]
    sum_assured: NDArray[np.float64]
    lives: Ints
    renews: Ints  # index of the policy this one renews, or -1

    def __len__(self) -> int:
        return len(self.issued)

    @property
    def long_term(self) -> NDArray[np.bool_]:
        return self.line != ACCIDENT

    @cached_property
    def ids(self) -> pl.Series:
        return numbered("P", len(self))

    @cached_property
    def customer_ids(self) -> pl.Series:
        """By policy."""
        return numbered("C", int(self.customer.max()) + 1)[self.customer]


def register(window: Window, policies: int, org: Organisation, rng: np.random.Generator) -> Register:
    """Long-term policies and chains of one-year accident policies, `policies` in all."""
    short_count = round(policies * SHORT_SHARE)
    long_count = policies - short_count
    chain, place, short_issued = _accident_chains(window, short_count, rng)
    holders = int(chain.max(initial=-1)) + 1
    issued = np.concatenate([_issue_days(window, long_count, rng), short_issued])
    renews = np.concatenate(
        [np.full(long_count, -1), np.where(place > 0, np.arange(short_count) - 1 + long_count, -1)]
    )
    holder = np.concatenate([np.arange(long_count), long_count + chain])
    terms = _terms(long_count, short_count, rng)
    customers = max(1, round((long_count + holders) / 1.25))
    of_holder = rng.integers(0, customers, long_count + holders)
    born = window.as_of_day - (rng.beta(2.2, 2.0, customers) * 62 + 14) * 365.25
    channel = rng.choice(len(CHANNELS), long_count + holders, p=POLICIES.channel_shares)
    branch = rng.choice(len(org.codes), long_count + holders, p=org.share)
    lives = 1 + rng.binomial(3, 0.04, long_count + holders)
    order = np.argsort(issued, kind="stable")
    position = np.empty(policies, dtype=np.int64)
    position[order] = np.arange(policies)
    previous = renews[order]
    return Register(
        issued=issued[order],
        customer=of_holder[holder[order]],
        born=born.astype(np.int64)[of_holder[holder[order]]],
        channel=channel[holder[order]],
        branch=branch[holder[order]],
        lives=lives[holder[order]],
        renews=np.where(previous >= 0, position[np.maximum(previous, 0)], -1),
        **{name: column[order] for name, column in terms.items()},
    )


def _issue_days(window: Window, count: int, rng: np.random.Generator) -> Ints:
    """Days of issue, fewer a month as time goes on, so that the book does not grow."""
    months = np.arange(window.first_issue_month, window.last_month + 1)
    weight = np.linspace(1.3, 0.7, len(months))
    start = MONTH_STARTS[rng.choice(months, count, p=weight / weight.sum())]
    end = months_later(start, 1)
    return start + np.floor(rng.random(count) * (end - start)).astype(np.int64)


def _accident_chains(window: Window, count: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Chain, place in it and day of issue of one-year policies that renew until somebody leaves."""
    starts = _issue_days(window, count, rng)
    wanted = rng.geometric(1 - POLICIES.renewal_share, count)
    possible = np.ones(count, dtype=np.int64)
    for years in range(1, 30):
        possible += months_later(starts, 12 * years) <= window.as_of_day
    lengths = np.minimum(wanted, possible)
    chains = int(np.searchsorted(np.cumsum(lengths), count)) + 1
    lengths = lengths[:chains]
    chain = np.repeat(np.arange(chains), lengths)[:count]
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)[:count]
    place = np.arange(count) - first
    return chain, place, months_later(starts[chain], 12 * place)


def _terms(long_count: int, short_count: int, rng: np.random.Generator) -> dict[str, NDArray]:
    """Line, pay mode, terms and amounts of the long-term policies and then of the one-year ones."""
    count = long_count + short_count
    shares = np.array(POLICIES.line_shares[:ACCIDENT])
    line = np.full(count, ACCIDENT)
    line[:long_count] = rng.choice(ACCIDENT, long_count, p=shares / shares.sum())
    single = rng.random(count) < np.array(POLICIES.single_share)[line]
    regular = rng.choice(POLICIES.instalments_a_year, count, p=POLICIES.instalment_shares)
    premium_years = rng.choice(POLICIES.premium_years, count, p=POLICIES.premium_year_shares)
    long_cover = np.where(rng.random(count) < 0.4, 20, 0)
    short_cover = np.where(line == ACCIDENT, 1, 5)
    median = np.array(POLICIES.annual_premium_median_by_line)[line]
    annual = median * np.exp(POLICIES.annual_premium_sigma * rng.standard_normal(count))
    annual = np.where(single & (line != ACCIDENT), 4 * annual, annual)
    instalments = np.where(single, 0, regular)
    return {
        "line": line,
        "instalments": instalments,
        "premium_years": np.where(single, 1, premium_years),
        "term_years": np.where(single & (line >= ANNUITY), short_cover, long_cover),
        "modal_premium": np.round(annual / np.maximum(instalments, 1), 2),
        "sum_assured": np.round(annual * rng.uniform(15, 40, count), -2),
    }


def policy_rows(policies: Register, org: Organisation) -> pl.DataFrame:
    """The feed of policies, in the columns of the source system."""
    ids = policies.ids
    single = policies.instalments == 0
    modes = pl.Series(list(MODES.values()))[np.searchsorted(list(MODES), policies.instalments)]
    lines = pl.Series(LINES)[policies.line]
    return pl.DataFrame(
        {
            "POL_NO": ids,
            "CUST_NO": policies.customer_ids,
            "BIRTH_DT": dates(policies.born),
            "PROD": lines.str.slice(0, 3).str.to_uppercase()
            + pl.Series(policies.term_years).cast(pl.String).str.zfill(2),
            "LOB": lines,
            "CHAN": pl.Series(CHANNELS)[policies.channel],
            "BRANCH": pl.Series(org.codes)[policies.branch],
            "REGION": pl.Series(REGIONS)[org.region[policies.branch]],
            "EFF_DT": dates(policies.issued),
            "MODE": modes.replace_strict(
                {"single": "S", "annual": "A", "half_yearly": "H", "quarterly": "Q", "monthly": "M"}
            ),
            "PREM_TERM": np.where(single, 1, 12 * policies.premium_years),
            "COVER_TERM": pl.Series(12 * policies.term_years).replace(0, None),
            "MODAL_PREM": policies.modal_premium,
            "ANN_PREM": policies.modal_premium * np.maximum(policies.instalments, 1),
            "SUM_ASSD": policies.sum_assured,
            "LIVES": policies.lives,
            "GRACE": np.full(len(policies), POLICIES.grace_days),
            "FREELOOK": np.where(policies.long_term, POLICIES.free_look_days, 0),
            "PREV_POL": ids[np.maximum(policies.renews, 0)].set(pl.Series(policies.renews < 0), None),
        }
    )
