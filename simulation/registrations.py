"""When the insurer opens the case of a report: instants, the rows of its register of claims, and what they imply.

What else happens to a claim on the way is in `claim_service.py`.
"""

import numpy as np
import polars as pl

from simulation.claims import Claims
from simulation.clock import Instants, Window, at_work, microseconds, month_label
from simulation.columns import numbered
from simulation.distributions import lognormal_cdf
from simulation.organisation import Organisation
from simulation.service_hazards import HANDLING
from simulation.truth import counts_by_month, ratio

IN_TIME_DAYS = 3.0  # 72 hours


def registrations(claims: Claims, rng: np.random.Generator) -> Instants:
    """When each claim is registered, at the latest halfway to its complete papers; infinite if it left before."""
    lag = HANDLING.registration_days_median * np.exp(
        HANDLING.registration_sigma * rng.standard_normal(len(claims))
    )
    days = np.minimum(lag, claims.documents_days / 2)
    open_for = np.where(claims.cancelled, 0.0, np.minimum(claims.decision_days, claims.withdrawal_days))
    return np.where(days < open_for, claims.reported + days, np.inf)


def registration_rows(
    registered: Instants, like: pl.DataFrame, window: Window, rng: np.random.Generator
) -> pl.DataFrame:
    """Events of the register of claims, in order of time, with the columns of `like`."""
    claim = np.flatnonzero(registered < window.end)
    claim = claim[np.argsort(registered[claim], kind="stable")]
    happened = microseconds(at_work(registered[claim]))
    lag = microseconds(np.minimum(rng.exponential(1.0, len(claim)), 12.0) / 24)
    known = np.minimum(happened + lag, microseconds(np.array(float(window.end))) - 1_000_000)
    rows = pl.DataFrame(
        {
            "EVT_ID": numbered("R", len(claim)),
            "CLAIM_NO": numbered("K", len(registered))[claim],
            "EVT": pl.repeat("REG", len(claim), eager=True),
            "TS": pl.Series(happened).cast(pl.Datetime("us")),
            "REC_TS": pl.Series(known).cast(pl.Datetime("us")),
            "SPELL": np.ones(len(claim), dtype=np.int64),
        }
    )
    return pl.concat([like.clear(), rows], how="diagonal")


def registration_truth(claims: Claims, registered: Instants, window: Window, org: Organisation) -> dict:
    """Share registered within 72 hours of the report, of those registered, given when their papers are complete."""
    known = registered < window.end
    by_papers = claims.documents_days[known] / 2 <= IN_TIME_DAYS
    by_itself = lognormal_cdf(
        np.array(IN_TIME_DAYS), HANDLING.registration_days_median, HANDLING.registration_sigma
    )
    branch, reported = claims.branch[known], claims.reported[known]
    whole = counts_by_month(branch, reported, window, org)
    early = counts_by_month(branch[by_papers], reported[by_papers], window, org)
    labels = [month_label(month) for month in window.observed]
    in_time = early + float(by_itself) * (whole - early)
    return {
        "kpis": {
            "claim_registered_within_72_hours_share": ratio("month of report", labels, in_time, whole, org)
        },
        "realised": {"claims_registered": int(known.sum())},
    }
