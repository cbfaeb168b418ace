"""`index.respondent_calibration`: does a customer's own case go with the customer's own score?

The sharper form of `index.calibration`, free of what branches and months have in common. A check of validity: no
weight is ever changed by it.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from transforms.facts.survey_answers import RESPONSE_KEY
from transforms.model import Columns, transform
from transforms.statistics.correlation import FEWEST_PAIRS, correlation_interval, pairs_needed, sign_verdict
from transforms.statistics.intervals import Z_95
from transforms.statistics.ordered_logit import ordered_logit

# Steps into which a score from 0 to 100 falls, as many as the usual scale has.
STEPS = 6
FEWEST_FOR_MODEL = 100
# With fewer branches standard errors cannot be clustered by branch.
FEWEST_CLUSTERS = 20
# Faster than half a day is the same day to a customer, and a logarithm needs a floor.
LEAST_DAYS = 0.5

_CASE = ("survey", "event", "dimension")
RESPONDENT_CALIBRATION: Columns = {
    "survey": (pl.String, "The survey."),
    "event": (pl.String, "claims: days from report to decision; complaints: days from receipt to closing."),
    "dimension": (pl.String, "Dimension of service quality."),
    "n_pairs": (pl.Int64, "Customers with a score and an ended case of their own."),
    "spearman": (pl.Float64, "Rank correlation of the days with the score; null under 30 pairs."),
    "ci_low": (pl.Float64, "Lower end of its 95 % interval (Fisher)."),
    "ci_high": (pl.Float64, "Upper end of it."),
    "n_needed": (pl.Int64, "Pairs at which a correlation of this size is found with 80 % power."),
    "n_not_refused": (pl.Int64, "Of the customers those whose claim was not rejected, complaint upheld."),
    "spearman_not_refused": (pl.Float64, "The correlation among them, as the outcome outweighs the days."),
    "verdict": (
        pl.String,
        "as expected (slower is worse), wrong sign, not separable from none, too few pairs.",
    ),
    "n_model": (pl.Int64, "Customers in the ordered logit."),
    "doubled_days_points": (
        pl.Float64,
        "What twice the days do to the score, points of 0 to 100, with outcome, document requests and branch as "
        "they are.",
    ),
    "doubled_days_low": (pl.Float64, "Lower end of its 95 % interval."),
    "doubled_days_high": (pl.Float64, "Upper end of it."),
    "refused_points": (pl.Float64, "What a rejected claim, a complaint not upheld, does to the score."),
    "refused_low": (pl.Float64, "Lower end of its 95 % interval."),
    "refused_high": (pl.Float64, "Upper end of it."),
    "request_points": (pl.Float64, "What one more request for documents does to the score."),
    "request_low": (pl.Float64, "Lower end of its 95 % interval."),
    "request_high": (pl.Float64, "Upper end of it."),
    "model": (pl.String, "fitted, or why there is no model."),
}


@transform(
    writes="index.respondent_calibration",
    reads={
        "scores": "core.survey_scores",
        "responses": "core.survey_responses",
        "claims": "core.claims",
        "complaints": "core.complaints",
    },
    keys=(),
    grain=_CASE,
    columns=RESPONDENT_CALIBRATION,
)
def respondent_calibration(
    scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    claims: pl.LazyFrame,
    complaints: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per survey, kind of case and dimension: own days against own score, by rank and by ordered logit.

    The logit has the logarithm of the days, the outcome, the document requests and, so that a good branch is
    not taken for a fast case, the branch's mean logarithm (Mundlak 1978); its standard errors are
    clustered by branch where there are twenty.
    """
    pairs = _pairs(scores, responses, claims, complaints).collect()
    rows = [
        {**dict(zip(_CASE, case, strict=True)), **_correlation(own), **_model(own)}
        for case, own in pairs.group_by(_CASE, maintain_order=True)
    ]
    schema = {name: dtype for name, (dtype, _) in RESPONDENT_CALIBRATION.items()}
    return pl.LazyFrame(rows, schema=schema)


def _pairs(
    scores: pl.LazyFrame, responses: pl.LazyFrame, claims: pl.LazyFrame, complaints: pl.LazyFrame
) -> pl.LazyFrame:
    """survey, event, dimension, score, days, is_refused, requests, org_unit: one row per customer and dimension."""
    ended = pl.concat(
        [
            claims.filter((pl.col("spell_no") == 1) & pl.col("sequence_fault").is_null()).select(
                event=pl.lit("claims"),
                case="claim_id",
                days="report_to_decision_days",
                is_refused=pl.col("outcome") == "rejected",
                requests=pl.col("document_request_count").fill_null(0).cast(pl.Float64),
            ),
            complaints.filter(~pl.col("is_merged") & pl.col("sequence_fault").is_null()).select(
                event=pl.lit("complaints"),
                case="complaint_id",
                days=pl.col("received_to_closed_days").cast(pl.Float64),
                is_refused=pl.col("outcome") == "not_upheld",
                requests=pl.lit(0.0),
            ),
        ]
    ).filter(pl.col("days").is_not_null() & pl.col("is_refused").is_not_null())
    customers = responses.filter(pl.col("is_valid") & ~pl.col("is_audit"))
    about = pl.concat(
        [
            customers.select(*RESPONSE_KEY, event=pl.lit(event), case=key).filter(
                pl.col("case").is_not_null()
            )
            for event, key in (("claims", "claim_id"), ("complaints", "complaint_id"))
        ]
    )
    score = pl.col("perception_score")
    return (
        scores.select(*RESPONSE_KEY, "dimension", "org_unit", score=score)
        .filter(pl.col("score").is_not_null())
        .join(about.join(ended, on=["event", "case"]), on=RESPONSE_KEY)
        .sort(*_CASE, "wave", "response_id")
    )


def _correlation(own: pl.DataFrame) -> dict[str, object]:
    kept = own.filter(~pl.col("is_refused"))
    found: dict[str, object] = {"n_pairs": own.height, "n_not_refused": kept.height}
    rho, rho_kept = (_spearman(frame) for frame in (own, kept))
    if rho is None:
        return {**found, "verdict": "too few pairs"}
    low, high = correlation_interval(rho, own.height)
    verdict = sign_verdict(low, high, expected=-1)
    interval = {"spearman": rho, "ci_low": low, "ci_high": high, "n_needed": pairs_needed(rho)}
    return {**found, **interval, "spearman_not_refused": rho_kept, "verdict": verdict}


def _spearman(own: pl.DataFrame) -> float | None:
    if own.height < FEWEST_PAIRS:
        return None
    rho = own.select(pl.corr("days", "score", method="spearman")).item()
    return rho if rho is not None and np.isfinite(rho) else None


def _model(own: pl.DataFrame) -> Mapping[str, object]:
    """The ordered logit of the score in steps, and what it says of days, refusal and requests."""
    n = own.height
    if n < FEWEST_FOR_MODEL:
        return {"n_model": n, "model": f"{n} customers; {FEWEST_FOR_MODEL} are needed"}
    log_days = pl.col("days").clip(lower_bound=LEAST_DAYS).log()
    wide = own.with_columns(log_days=log_days, step=(pl.col("score") / 100 * STEPS).round()).with_columns(
        branch_days=pl.col("log_days").mean().over("org_unit")
    )
    # A step stands for its own score: the mean of the scores rounded to it would move with the covariates.
    worth = wide["step"].unique().sort().to_numpy() * 100 / STEPS
    level = (wide["step"].rank("dense") - 1).cast(pl.Int64).to_numpy()
    candidates = wide.select("log_days", pl.col("is_refused").cast(pl.Float64), "requests", "branch_days")
    names = [c.name for c in candidates if c.n_unique() > 1]
    branch = wide["org_unit"].rank("dense").cast(pl.Int64).to_numpy() - 1
    clusters = branch if branch.max() + 1 >= FEWEST_CLUSTERS else None
    try:
        fit = ordered_logit(level, candidates.select(names).to_numpy(), clusters)
    except (ValueError, np.linalg.LinAlgError) as refusal:
        return {"n_model": n, "model": str(refusal)}
    found: dict[str, object] = {"n_model": n, "model": "fitted"}
    for column, name, change in (
        ("log_days", "doubled_days", np.log(2)),
        ("is_refused", "refused", 1.0),
        ("requests", "request", 1.0),
    ):
        if column in names:
            shift = np.where(np.array(names) == column, change, 0.0)
            points, error = fit.effect(worth, shift)
            half = Z_95 * error
            found |= {f"{name}_points": points, f"{name}_low": points - half, f"{name}_high": points + half}
    return found
