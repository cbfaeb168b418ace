"""What the hazards of the service desk imply: true shares, rates and waits by branch and month of the contact.

Whom they fall on is as drawn: how many call, how old they are, and who else calls on the same matter.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import DAY_SECONDS, Window, month_label
from simulation.contacts import (
    APP,
    BOT,
    CALL,
    CHAT,
    EMAIL,
    NEVER,
    Asked,
    Contacts,
    is_elder,
    open_months,
    progress_rate,
    quality_of,
    repeats,
    returns,
    satisfied_share,
    slower,
)
from simulation.distributions import lognormal_cdf, normal_quantile
from simulation.organisation import Organisation
from simulation.policies import Register
from simulation.service_hazards import CONTACTS
from simulation.truth import ratio, values

SHORT_SECONDS = 5
CALLED_BACK_WITHIN_HOURS = 2
QUANTILES = (np.arange(2000) + 0.5) / 2000

Floats = NDArray[np.float64]


def contact_truth(
    log: Contacts, spells: pl.DataFrame, policies: Register, window: Window, org: Organisation
) -> dict:
    """Truth by KPI for each observed month, and exact counts of this draw."""
    asked, outcome = log.asked, log.outcome
    quality = quality_of(asked, policies, org, window)
    cell = policies.branch[asked.policy] * window.months + asked.month - window.first_month
    labels = [month_label(month) for month in window.observed]

    def summed(weight: Floats) -> Floats:
        size = len(org.codes) * window.months
        return np.bincount(cell, weight, minlength=size).reshape(-1, window.months)

    def share(numerator: Floats, denominator: Floats) -> dict:
        return ratio("month of the contact", labels, summed(numerator), summed(denominator), org)

    elder = is_elder(asked, policies)
    call = (asked.medium == CALL) & ~outcome.by_machine
    reached = outcome.answered != NEVER
    told = {name: np.zeros(len(asked)) for name in ("answered", "in_20", "in_30", "short")}
    for old in (False, True):
        these = np.flatnonzero(call & (elder == old))
        by_quality, place = np.unique(quality[these], return_inverse=True)
        for name, probability in _calls(by_quality, elder=old).items():
            told[name][these] = probability[place]
    counted = call * (1 - told["short"])
    settled = call & reached & asked.known
    kept = (asked.medium == BOT) & asked.known
    rated = call * reached * CONTACTS.rated_share
    alone_7_days = ~_met_again(asked, policies, 7 * DAY_SECONDS, same_matter=True)
    alone_72_hours = ~_met_again(asked, policies, 3 * DAY_SECONDS, same_matter=False)
    chats = np.isin(asked.medium, (CHAT, BOT)) * sum(CONTACTS.chat_place_shares[:2])
    kpis = {
        "call_answered_share": share(told["answered"], counted),
        "call_answered_or_called_back_share": share(
            told["answered"] + _called_back_in_time() * (counted - told["answered"]), counted
        ),
        "call_answered_within_20_seconds_share": share(told["in_20"], counted),
        "call_abandoned_share": share(counted - told["answered"], counted),
        "elder_call_to_agent_within_30_seconds_share": share(told["in_30"] * elder, counted * elder),
        "call_first_contact_resolved_share": share(
            settled * alone_7_days * (1 - repeats(asked, policies, org, window)), settled.astype(float)
        ),
        "call_agent_satisfied_share": share(rated * satisfied_share(quality), rated),
        "call_rated_share": share(rated, (call & reached).astype(float)),
        "bot_contained_share": share(
            kept * alone_72_hours * (1 - CONTACTS.handed_over_share) * (1 - returns(asked)),
            kept.astype(float),
        ),
        "bot_satisfied_share": share(
            (asked.medium == BOT) * CONTACTS.bot_satisfied_share, (asked.medium == BOT).astype(float)
        ),
        "service_in_app_share": share(chats + (asked.medium == APP), (asked.medium != EMAIL).astype(float)),
        "bot_to_human_seconds_median": _hand_over(quality, asked.medium == BOT, cell, labels, window, org),
        "progress_queries_per_100_open_claims": _progress(spells, labels, window, org),
    }
    return {
        "kpis": kpis,
        "realised": {"contacts": len(asked), "contacts_repeated": int((~asked.is_first).sum())},
    }


def _calls(quality: Floats, *, elder: bool) -> dict[str, Floats]:
    """Probabilities that a call is answered, in 20 and 30 seconds, or given up at once; by quality."""
    spread = np.exp(CONTACTS.wait_sigma[CALL] * normal_quantile(QUANTILES))
    factor = CONTACTS.elder_wait_factor if elder else 1.0
    wait = CONTACTS.wait_seconds_median[CALL] * factor * slower(quality)[:, None] * spread
    stays = 1 - _gone_by(wait)
    # Waits are written in whole seconds, so that the 20th lasts until the 21st begins.
    return {
        "answered": stays.mean(axis=1),
        "in_20": (stays * (wait < 21)).mean(axis=1),
        "in_30": (stays * (wait < 31)).mean(axis=1),
        "short": _gone_by(np.minimum(wait, SHORT_SECONDS)).mean(axis=1),
    }


def _called_back_in_time() -> float:
    """Of the calls given up, not at once."""
    in_time = lognormal_cdf(
        np.array(60.0 * CALLED_BACK_WITHIN_HOURS),
        CONTACTS.called_back_minutes_median,
        CONTACTS.called_back_sigma,
    )
    return CONTACTS.called_back_share * float(in_time)


def _gone_by(seconds: Floats) -> Floats:
    """Share of callers whose patience has ended by then."""
    lasting = lognormal_cdf(seconds, CONTACTS.patience_seconds_median[CALL], CONTACTS.patience_sigma[CALL])
    at_once = np.clip(seconds / CONTACTS.hang_up_seconds, 0, 1)
    return (1 - CONTACTS.hang_up_share) * lasting + CONTACTS.hang_up_share * at_once


def _met_again(asked: Asked, policies: Register, seconds: int, *, same_matter: bool) -> NDArray[np.bool_]:
    """Whether another first contact of the customer follows by then: a call on the matter, or any."""
    alike = ["customer", "purpose"] if same_matter else ["customer"]
    every = pl.DataFrame(
        {
            "place": np.arange(len(asked)),
            "customer": policies.customer[asked.policy],
            "purpose": asked.purpose,
            "offered": asked.offered,
            "follows": asked.is_first & asked.known & ((asked.medium == CALL) | (not same_matter)),
        }
    )
    later = every.filter("follows").select(*alike, at="offered", next_at="offered").sort("at")
    found = (
        every.with_columns(at=pl.col("offered") + 1)
        .sort("at")
        .join_asof(later, on="at", by=alike, strategy="forward", check_sortedness=False)
    )
    day = pl.col("offered") // DAY_SECONDS
    until = (
        (day + seconds // DAY_SECONDS + 1) * DAY_SECONDS if same_matter else pl.col("offered") + seconds + 1
    )
    return found.sort("place").select((pl.col("next_at") < until).fill_null(False)).to_series().to_numpy()


def _hand_over(
    quality: Floats,
    bot: NDArray[np.bool_],
    cell: NDArray[np.int64],
    labels: list[str],
    window: Window,
    org: Organisation,
) -> dict:
    """Median wait for a person after a hand-over, had nobody given up."""
    median = CONTACTS.wait_seconds_median[BOT] * slower(org.quality[:, -window.months :])
    count = np.bincount(cell[bot], minlength=median.size).reshape(median.shape)
    # Of the company, the least second by which half of all its branches' chats are answered.
    seconds = np.arange(0.0, 600.0, 0.5)
    by_branch = lognormal_cdf(seconds, median[:, :, None], CONTACTS.wait_sigma[BOT])
    whole = (by_branch * count[:, :, None]).sum(axis=0) / np.maximum(count.sum(axis=0), 1)[:, None]
    company = np.floor(seconds[(whole < 0.5).sum(axis=1)])
    return values("month of the contact", labels, company.tolist(), np.floor(median).tolist(), org)


def _progress(spells: pl.DataFrame, labels: list[str], window: Window, org: Organisation) -> dict:
    """Questions how far a claim is, per 100 claims open in the month."""
    open_ = open_months(spells, window)
    cell = open_["branch"].to_numpy() * window.months + open_["month"].to_numpy() - window.first_month
    shape = (len(org.codes), window.months)
    count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    expected = count * progress_rate(org.quality[:, -window.months :])
    return ratio("month of the contact", labels, expected, count / 100, org)
