"""The facts of an insurer with a million policies in 200 branches over 36 months, as far as the index needs them.

Only the columns that the KPIs of the default framework read are made; the records are computed by the job's code.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from transforms.framework import Framework
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.periods import month_periods, months_until
from transforms.settings import Settings

POLICIES, BRANCHES, MONTHS = 1_000_000, 200, 36
AS_OF = date(2024, 12, 31)
# Of a branch in a month.
CLAIMS, COMPLAINTS, RESPONSES = 90, 27, 40
DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
Facts = Mapping[str, pl.LazyFrame]


def simulated_facts(seed: int = 7) -> Facts:
    """The core tables by name; customers have several policies, claims and complaints."""
    rng = np.random.default_rng(seed)
    frames = {
        "core.policies": _policies(rng),
        "core.persistency": _persistency(rng),
        "core.claims": _claims(rng),
        "core.complaints": _complaints(rng),
        "core.survey_scores": _answers(rng),
    }
    return {name: frame.lazy() for name, frame in frames.items()}


def records(facts: Facts, framework: Framework) -> pl.LazyFrame:
    """kpi.monthly of the framework's KPIs for every branch and month."""
    used = {node.leaf.kpi for node in framework.leaves if node.leaf}
    settings = Settings(cuts=("company", "org_unit"), frameworks=(framework,))
    kpis = [kpi for kpi in registry(settings) if kpi.code in used]
    exposures = pl.LazyFrame(schema={"month": pl.Date, "org_unit": pl.String, "policies": pl.Int64})
    found = kpi_records(
        {**facts, "core.exposure_months": exposures},
        kpis,
        month_periods(months_until(AS_OF, MONTHS)),
        as_of=AS_OF,
        settings=settings,
    )
    return found.filter(pl.col("cut") == "org_unit").lazy()


def _policies(rng: np.random.Generator) -> pl.DataFrame:
    issued = rng.integers(0, 3650, POLICIES)
    held = rng.exponential(3000, POLICIES).astype(int) + 40
    ended = issued + held < 3650
    first = date(2015, 1, 1)
    days = pl.DataFrame({"issued": issued, "ended": np.where(ended, issued + held, -1)}).select(
        issued_on=pl.lit(first) + pl.duration(days=pl.col("issued")),
        ended_on=pl.when(pl.col("ended") >= 0).then(pl.lit(first) + pl.duration(days=pl.col("ended"))),
    )
    surrendered = pl.Series(rng.uniform(size=POLICIES) < 0.5)
    return days.with_columns(
        org_unit=_branches(rng.integers(BRANCHES, size=POLICIES)),
        customer_id=_names(rng.integers(POLICIES * 2 // 3, size=POLICIES)),
        sequence_fault=pl.lit(None, dtype=pl.String),
        end_event=pl.when(pl.col("ended_on").is_null())
        .then(None)
        .when(surrendered)
        .then(pl.lit("surrender"))
        .otherwise(pl.lit("lapse")),
    ).with_columns(surrendered_on=pl.when(pl.col("end_event") == "surrender").then("ended_on"))


def _persistency(rng: np.random.Generator) -> pl.DataFrame:
    size = POLICIES * 3 // 10
    month = rng.integers(0, 60, size)
    premium = rng.gamma(2, 2000, size).round(2)
    issued = pl.lit(date(2019, 1, 1)).dt.offset_by(pl.format("{}mo", pl.col("month")))
    return pl.DataFrame({"month": month}).select(
        policy_id=_names(np.arange(size)),
        org_unit=_branches(rng.integers(BRANCHES, size=size)),
        duration_months=pl.lit(13),
        issued_month=issued,
        matures_on=issued.dt.offset_by("14mo"),
        exclusion=pl.lit(None, dtype=pl.String),
        premium_at_issue=pl.Series(premium),
        premium_received=pl.Series(np.where(rng.uniform(size=size) < 0.85, premium, 0.0)),
    )


def _claims(rng: np.random.Generator) -> pl.DataFrame:
    branch, reported = _places(rng, CLAIMS)
    size = len(branch)
    quality = rng.normal(0, 0.3, BRANCHES)[branch]
    handled = rng.lognormal(2.0 + quality, 0.8)
    to_payment = handled + rng.lognormal(1.0, 0.5, size)
    outcome = rng.choice(["paid_full", "paid_part", "rejected"], size, p=[0.85, 0.1, 0.05])
    day = pl.Series(reported)
    is_paid = pl.col("outcome") != "rejected"
    return pl.DataFrame({"outcome": outcome}).with_columns(
        org_unit=_branches(branch),
        customer_id=_names(rng.integers(POLICIES * 2 // 3, size=size)),
        spell_no=pl.lit(1),
        sequence_fault=pl.lit(None, dtype=pl.String),
        reported_on=day,
        withdrawn_on=pl.lit(None, dtype=pl.Date),
        decided_on=day + pl.duration(days=pl.Series(handled.astype(int))),
        paid_on=pl.when(is_paid).then(day + pl.duration(days=pl.Series(to_payment.astype(int)))),
        ended_on=day + pl.duration(days=pl.Series(to_payment.astype(int))),
        report_to_payment_days=pl.when(is_paid).then(pl.Series(to_payment)),
    )


def _complaints(rng: np.random.Generator) -> pl.DataFrame:
    branch, received = _places(rng, COMPLAINTS)
    size = len(branch)
    closed = pl.Series(received) + pl.duration(days=pl.Series(rng.gamma(2, 8, size).astype(int)))
    return pl.DataFrame({"outcome": rng.choice(["upheld", "not_upheld"], size)}).with_columns(
        org_unit=_branches(branch),
        customer_id=_names(rng.integers(POLICIES * 2 // 3, size=size)),
        received_on=pl.Series(received),
        closed_on=closed,
        decided_on=closed,
        withdrawn_on=pl.lit(None, dtype=pl.Date),
        is_merged=pl.lit(False),
        sequence_fault=pl.lit(None, dtype=pl.String),
    )


def _answers(rng: np.random.Generator) -> pl.DataFrame:
    branch, answered = _places(rng, RESPONSES)
    satisfied = rng.normal(4.6, 0.8, len(branch))
    parts = []
    for dimension in DIMENSIONS:
        items = np.clip(np.rint(satisfied[:, None] + rng.normal(0, 0.8, (len(branch), 4))), 1, 7)
        parts.append(
            pl.DataFrame({"perception_score": (items.mean(axis=1) - 1) / 6 * 100}).with_columns(
                org_unit=_branches(branch),
                response_id=_names(np.arange(len(branch))),
                dimension=pl.lit(dimension),
                answered_on=pl.Series(answered),
                is_valid=pl.lit(True),
                is_audit=pl.lit(False),
            )
        )
    return pl.concat(parts)


def _places(rng: np.random.Generator, mean: int) -> tuple[np.ndarray, np.ndarray]:
    """Branch and day of cases, a Poisson number of them in each branch and month."""
    counts = rng.poisson(mean, BRANCHES * MONTHS)
    place = np.repeat(np.arange(BRANCHES * MONTHS), counts)
    month = (np.datetime64("2022-01") + place % MONTHS).astype("datetime64[D]")
    return place // MONTHS, month + rng.integers(0, 28, len(place))


def _branches(numbers: np.ndarray) -> pl.Series:
    return pl.Series([f"B{i:03}" for i in range(BRANCHES)]).gather(numbers)


def _names(numbers: np.ndarray) -> pl.Series:
    return pl.Series(numbers).cast(pl.String)
