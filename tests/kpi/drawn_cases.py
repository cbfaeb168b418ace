"""Claims and complaints drawn from the hazards, through the models of their core tables, and the true KPIs."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from simulation.distributions import lognormal_cdf
from simulation.hazards import CLAIMS, COMPLAINTS, OUTCOMES, ClaimType
from tests.kpi.books import COMPLAINT
from tests.kpi.claims_made import CASES, EVENTS
from tests.kpi.drawn_books import (
    COMPLETE,
    EPOCH,
    QUARTER,
    SETTINGS,
    Book,
    Bools,
    Floats,
    Ints,
    cells,
    chosen,
    completed,
    dates,
    days_in,
    instants,
    repeated,
)
from transforms.clocks import calendar_until
from transforms.core.claims import claims
from transforms.core.complaints import complaints

# Kinds of claims in the order of the hazards: medical, accident, critical illness, death.
TYPE_SHARES = np.array([0.72, 0.22, 0.03, 0.03])
PART_PAID = (0.4, 0.9)
# The KPIs that are right while cases are open.
OPEN_COUNTED = (
    "claim_report_to_decision_days_km_median",
    "claim_report_to_decision_days_km_p90",
    "claim_report_to_decision_days_restricted_mean",
    "claim_decided_within_30_days_probability",
    "claim_decided_within_30_days_incidence",
    "claim_agreement_to_payment_days_km_median",
    "complaint_received_to_decided_days_km_median",
    "complaint_decided_within_15_days_incidence",
)
DAYS = np.concatenate([[0.0], np.geomspace(0.005, 2000, 6000)])


def drawn_claims(branches: int, per_cell: float, seed: int, as_of: date) -> Book:
    """core.claims through events: reported, then withdrawn, or decided and perhaps paid."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    reported = days_in(month, rng)
    outcome, claimed, decision = _handled(count, rng)
    lag = CLAIMS.payment_lag_days_median * np.exp(CLAIMS.payment_lag_sigma * rng.standard_normal(count))
    withdrawal = rng.exponential(1 / CLAIMS.withdrawal_a_day, count)
    award = np.select([outcome == 0, outcome == 1], [1.0, rng.uniform(*PART_PAID, count)], 0.0)
    stays = withdrawal >= decision
    claim = pl.Series(np.arange(count)).cast(pl.String)

    def happened(event: str, who: Bools, when: Floats, **more: pl.Series) -> pl.DataFrame:
        size = int(who.sum())
        columns = {"claim_id": claim.filter(pl.Series(who)), "event": repeated(event, size)}
        columns |= {"event_id": columns["claim_id"] + f"-{event}", "event_at": instants(when[who])}
        return completed(
            columns | {name: values.filter(pl.Series(who)) for name, values in more.items()}, EVENTS
        )

    decided = reported + decision
    events = [
        happened("reported", np.full(count, True), reported),
        happened("withdrawn", ~stays, reported + withdrawal),
        happened("decided", stays, decided, outcome=pl.Series(OUTCOMES)[outcome]),
        happened("paid", stays & (outcome <= 1), decided + lag, amount=pl.Series(claimed * award).round(2)),
        happened("closed", stays & (outcome == OUTCOMES.index("zero")), decided),
    ]
    cases = {
        "claim_id": claim,
        "org_unit": pl.Series(branch).cast(pl.String),
        "claimed_amount": claimed.round(2),
    }
    facts = claims(
        events=pl.concat(events).lazy(),
        cases=completed(cases, CASES).lazy(),
        calendar=calendar_until("CN", as_of, first=date(2020, 1, 1)).lazy(),
        as_of=as_of,
        settings=SETTINGS,
    )
    return Book({"core.claims": facts.collect().lazy()}, _known(claims_truth(), as_of), as_of)


def _handled(count: int, rng: np.random.Generator) -> tuple[Ints, Floats, Floats]:
    """Outcome (index into OUTCOMES), amount claimed and days to decision, by the hazards of each kind of claim."""
    outcome, claimed, decision = np.zeros(count, int), np.zeros(count), np.zeros(count)
    kind = chosen(TYPE_SHARES, count, rng)
    for place, hazard in enumerate(CLAIMS.types.values()):
        own = np.flatnonzero(kind == place)
        outcome[own] = chosen(hazard.outcome_shares, len(own), rng)
        claimed[own] = hazard.claimed_median * np.exp(hazard.claimed_sigma * rng.standard_normal(len(own)))
        rounds = chosen(hazard.document_round_shares, len(own), rng)
        median = hazard.decision_days_median * np.array(CLAIMS.decision_factor_by_rounds)[rounds]
        decision[own] = median * np.exp(hazard.decision_sigma * rng.standard_normal(len(own)))
    return outcome, claimed, decision


def _known(truth: dict[str, float], as_of: date) -> dict[str, float]:
    """What can be known on the day: while cases are open only the KPIs that count them."""
    return truth if as_of >= COMPLETE else {kpi: truth[kpi] for kpi in OPEN_COUNTED if kpi in truth}


def claims_truth() -> dict[str, float]:
    """By integration over the time to decision T, the day's remainder U, the payment's lag L and withdrawal."""
    kinds = list(CLAIMS.types.values())
    by_kind = np.array([_decided_by(kind) for kind in kinds])
    middle = (DAYS[1:] + DAYS[:-1]) / 2
    # Probability of a decision in each step of DAYS, of claims not withdrawn before, by kind and of all.
    steps = np.diff(by_kind, axis=1) * np.exp(-CLAIMS.withdrawal_a_day * middle) * TYPE_SHARES[:, None]
    paid_shares = np.array([kind.outcome_shares[0] + kind.outcome_shares[1] for kind in kinds])
    decided, paid = steps.sum(axis=0), paid_shares @ steps
    whole = TYPE_SHARES @ by_kind
    remainder = (np.arange(200) + 0.5) / 200

    def lag_by(days: Floats) -> Floats:
        return lognormal_cdf(days, CLAIMS.payment_lag_days_median, CLAIMS.payment_lag_sigma)

    decided_in_30 = float(((30 + remainder[:, None] > middle) @ decided).mean())
    late = (1 - np.interp(30 + remainder, DAYS, whole)) * np.exp(-CLAIMS.withdrawal_a_day * (30 + remainder))
    paid_by = np.array([lag_by(day - middle) @ paid for day in DAYS[::10]])
    lag_mean = CLAIMS.payment_lag_days_median * np.exp(CLAIMS.payment_lag_sigma**2 / 2)
    amounts = steps.sum(axis=1) * [kind.claimed_median * np.exp(kind.claimed_sigma**2 / 2) for kind in kinds]
    awards = [kind.outcome_shares[0] + np.mean(PART_PAID) * kind.outcome_shares[1] for kind in kinds]
    closed_only = np.cumsum(decided) / decided.sum()
    return {
        "claim_report_to_decision_days_km_median": np.interp(0.5, whole, DAYS),
        "claim_report_to_decision_days_km_p90": np.interp(0.9, whole, DAYS),
        "claim_report_to_decision_days_restricted_mean": np.diff(by_kind, axis=1).T
        @ TYPE_SHARES
        @ np.minimum(middle, 30),
        "claim_decided_within_30_days_probability": np.interp(30, DAYS, whole),
        "claim_decided_within_30_days_incidence": decided_in_30,
        "claim_agreement_to_payment_days_km_median": CLAIMS.payment_lag_days_median,
        "claim_paid_within_60_days_incidence": (lag_by(60 + remainder[:, None] - middle) @ paid).mean(),
        "claim_decided_within_30_days_share": decided_in_30 / (decided_in_30 + late.mean()),
        "claim_report_to_decision_days_median": np.interp(0.5, closed_only, DAYS[1:]),
        "claim_report_to_decision_days_p90": np.interp(0.9, closed_only, DAYS[1:]),
        "claim_report_to_payment_days_median": np.interp(0.5, paid_by / paid.sum(), DAYS[::10]),
        "claim_report_to_payment_days_mean": (paid @ middle) / paid.sum() + lag_mean,
        "claim_paid_share": paid.sum() / decided.sum(),
        "claim_paid_amount_share": (amounts @ awards) / amounts.sum(),
    }


def _decided_by(kind: ClaimType) -> Floats:
    """Probability of a decision within each of DAYS if nobody withdrew."""
    medians = kind.decision_days_median * np.array(CLAIMS.decision_factor_by_rounds)
    shares = np.array(kind.document_round_shares)
    return shares @ np.array([lognormal_cdf(DAYS, median, kind.decision_sigma) for median in medians])


def drawn_complaints(branches: int, per_cell: float, seed: int, as_of: date) -> Book:
    """core.complaints, received as a Poisson process and closed after whole days; and 10,000 policies a branch."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    median = np.array(COMPLAINTS.resolution_days_median)[chosen(COMPLAINTS.complexity_shares, count, rng)]
    days = np.floor(median * np.exp(COMPLAINTS.resolution_sigma * rng.standard_normal(count)))
    received = np.floor(days_in(month, rng))
    last = (as_of - EPOCH).days
    upheld, partly = COMPLAINTS.upheld_share, COMPLAINTS.partly_upheld_share
    decided = np.array(["upheld", "partly_upheld", "not_upheld"])[
        chosen((upheld, partly, 1 - upheld - partly), count, rng)
    ]
    outcome = np.where(rng.random(count) < COMPLAINTS.withdrawn_share, "withdrawn", decided)
    seen = pl.Series(received + days <= last)
    staged = completed(
        {
            "complaint_id": pl.Series(np.arange(count)).cast(pl.String),
            "org_unit": pl.Series(branch).cast(pl.String),
            "received_on": dates(received),
            "closed_on": dates(received + days).set(~seen, None),
            "outcome": pl.Series(outcome).set(~seen, None),
            "via_regulator": np.full(count, False),
        },
        COMPLAINT,
    )
    facts = complaints(
        complaints=staged.lazy(),
        calendar=calendar_until("CN", as_of + timedelta(400), first=date(2020, 1, 1)).lazy(),
        as_of=as_of,
        settings=SETTINGS,
    )
    insured = pl.LazyFrame({"org_unit": [str(b) for b in range(branches)]}).join(
        pl.LazyFrame({"policies": [10_000]}), how="cross"
    )
    exposure = pl.concat([insured.with_columns(month=pl.lit(month)) for month in QUARTER])
    register = pl.LazyFrame(schema={"issued_on": pl.Date, "ended_on": pl.Date})
    tables = {
        "core.complaints": facts.collect().lazy(),
        "core.exposure_months": exposure,
        "core.policies": register,
    }
    return Book(tables, _known(complaints_truth(per_cell), as_of), as_of)


def complaints_truth(per_cell: float) -> dict[str, float]:
    """By the distribution function of the days to close, F; closed on day k if the days drawn are below k + 1."""

    def closed_by(days: Any) -> Any:
        return sum(
            share * lognormal_cdf(np.asarray(days) + 1.0, median, COMPLAINTS.resolution_sigma)
            for share, median in zip(
                COMPLAINTS.complexity_shares, COMPLAINTS.resolution_days_median, strict=True
            )
        )

    whole, stays = closed_by(np.arange(400)), 1 - COMPLAINTS.withdrawn_share
    # Of those that close on a day the same share is withdrawn on every day.
    hazard = np.diff(whole, prepend=0.0) / (1 - np.concatenate([[0.0], whole[:-1]]))
    undecided = np.cumprod(1 - stays * hazard)
    by_30, by_15 = closed_by(30), closed_by(15)
    return {
        "complaints_received_count": per_cell,
        "complaints_per_10k_policies": per_cell,
        "complaint_resolved_within_30_days_share": float(stays * by_30 / (stays * by_30 + 1 - by_30)),
        "complaint_resolved_within_15_days_share": float(stays * by_15 / (stays * by_15 + 1 - by_15)),
        "complaint_received_to_closed_days_median": float((whole < 0.5).sum()),
        "complaint_received_to_closed_days_p90": float((whole < 0.9).sum()),
        "complaint_received_to_decided_days_km_median": float((undecided > 0.5).sum()),
        "complaint_received_to_decided_days_restricted_mean": float(undecided[:60].sum()),
        "complaint_decided_within_15_days_incidence": float(stays * by_15),
        "complaint_upheld_share": COMPLAINTS.upheld_share + COMPLAINTS.partly_upheld_share,
        "complaint_half_credit_upheld_share": COMPLAINTS.upheld_share + COMPLAINTS.partly_upheld_share / 2,
        "complaint_withdrawn_share": COMPLAINTS.withdrawn_share,
    }
