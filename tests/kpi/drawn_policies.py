"""Policies drawn from the hazards: surrender, persistency, renewal and reinstatement, and the true KPIs."""

from datetime import date

import numpy as np
import polars as pl

from simulation.hazards import POLICIES
from tests.kpi.drawn_books import MONTHS, QUARTER, Book, cells, dates, days_in, repeated


def drawn_surrenders(branches: int, per_cell: int, seed: int) -> Book:
    """core.policies in force for long, of which some are given up in each month: at the hazard of a second year."""
    rng = np.random.default_rng(seed)
    count = branches * per_cell
    hazard = POLICIES.surrender_by_year[1] / 12
    month = rng.geometric(hazard, count) - 1
    gone = month < len(MONTHS)
    day = np.floor(days_in(np.where(gone, month, 0), rng))
    ended = dates(day).set(pl.Series(~gone), None)
    assured = np.round(50_000 * np.exp(POLICIES.annual_premium_sigma * rng.standard_normal(count)), 2)
    facts = pl.DataFrame(
        {
            "org_unit": pl.Series(np.arange(count) % branches).cast(pl.String),
            "issued_on": repeated(date(2023, 1, 1), count),
            "ended_on": ended,
            "surrendered_on": ended,
            "end_event": pl.Series(np.where(gone, "surrender", "")).replace("", None),
            "sequence_fault": pl.Series([None] * count, dtype=pl.String),
            "sum_assured": pl.Series(assured).cast(pl.Decimal(18, 2)),
        }
    )
    none = pl.LazyFrame(schema={"month": pl.Date, "policies": pl.Float64})
    truth = {"surrender_policy_share": hazard, "surrender_sum_assured_share": hazard}
    return Book({"core.policies": facts.lazy(), "core.exposure_months": none}, truth, months=MONTHS)


def drawn_persistency(branches: int, per_cell: float, seed: int) -> Book:
    """core.persistency of the thirteenth month, issued a year and more before, one mature month of issue a month."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    missed = POLICIES.non_payment_by_year[1]
    premium = POLICIES.annual_premium_median_by_line[0] * np.exp(
        POLICIES.annual_premium_sigma * rng.standard_normal(count)
    )
    persists = rng.random(count) >= missed
    issued = [date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1)]
    facts = pl.DataFrame(
        {
            "org_unit": pl.Series(branch).cast(pl.String),
            "duration_months": pl.Series(np.full(count, 13)).cast(pl.Int32),
            "issued_month": pl.Series(issued)[month],
            "matures_on": pl.Series([m.replace(day=20) for m in QUARTER])[month],
            "eligible": np.full(count, True),
            "persisting": persists,
            "premium_at_issue": premium.round(2),
            "premium_received": (premium * persists).round(2),
            "exclusion": repeated(None, count, pl.String),
        }
    )
    kept = 1 - missed
    truth = {f"persistency_13m_latest_month_{by}_share": kept for by in ("policy", "premium")}
    return Book({"core.persistency": facts.lazy()}, truth)


def drawn_renewals(branches: int, per_cell: float, seed: int) -> Book:
    """core.renewals of one-year policies, and core.policy_events of lapses with their reinstatement."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    renewed = rng.random(count) < POLICIES.renewal_share
    premium = (
        POLICIES.annual_premium_median_by_line[3]
        * np.exp(POLICIES.annual_premium_sigma * rng.standard_normal(count))
    ).round(2)
    day = np.floor(days_in(month, rng))
    nothing = repeated(None, count, pl.String)
    unit = pl.Series(branch).cast(pl.String)
    renewals = pl.DataFrame(
        {
            "org_unit": unit,
            "expires_on": dates(day),
            "renewed": renewed,
            "premium": premium,
            "renewal_premium": premium * renewed * 1.05,
            "premium_retained": premium * renewed,
            "exclusion": nothing,
        }
    )
    first, last = POLICIES.reinstatement_delay_days
    delay = rng.integers(first, last + 1, count)
    back = rng.random(count) < POLICIES.reinstatement_share
    lapses = pl.DataFrame(
        {
            "org_unit": unit,
            "event": repeated("lapse", count),
            "effective_on": dates(day),
            "reinstated_on": dates(day + delay).set(pl.Series(~back), None),
        }
    )
    share = POLICIES.renewal_share
    truth = {
        "renewal_policy_share": share,
        "renewal_premium_ratio": 1.05 * share,
        "renewal_constant_premium_share": share,
        "lapse_reinstated_within_180_days_share": POLICIES.reinstatement_share
        * (180 - first + 1)
        / (last - first + 1),
    }
    return Book({"core.renewals": renewals.lazy(), "core.policy_events": lapses.lazy()}, truth)
