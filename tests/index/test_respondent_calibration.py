"""index.respondent_calibration: a customer's own days against the customer's own score, with a known effect."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from transforms.core.claims import claims
from transforms.core.complaints import complaints
from transforms.core.survey_responses import SURVEY_RESPONSES
from transforms.core.survey_scores import SURVEY_SCORES
from transforms.index.respondent_calibration import respondent_calibration
from transforms.settings import Settings

TOLD = {"as_of": date(2025, 12, 31), "settings": Settings()}
BRANCHES = 8


def drawn(n: int, slope: float, refusal: float, seed: int) -> dict[str, np.ndarray]:
    """Customers of branches of which the good ones decide faster and are liked better for another reason."""
    generator = np.random.default_rng(seed)
    branch = generator.integers(0, BRANCHES, n)
    quality = np.linspace(-1, 1, BRANCHES)[branch]
    days = np.exp(1.5 - 0.4 * quality + generator.normal(0, 0.8, n))
    refused = generator.random(n) < 0.15
    latent = 4.2 + 0.5 * quality + slope * np.log(days) - refusal * refused + generator.normal(0, 0.8, n)
    score = (np.clip(np.rint(latent * 4) / 4, 1, 7) - 1) / 6 * 100
    return {"branch": branch, "days": days, "refused": refused, "score": score}


def calibrated(people: dict[str, np.ndarray]) -> dict:
    n = len(people["days"])
    names = [f"r{i}" for i in range(n)]
    key = {"survey": "s", "wave": "1", "is_valid": True, "is_audit": False}

    def frame(columns: dict, schema: dict) -> pl.LazyFrame:
        own = pl.LazyFrame(columns).with_columns(pl.lit(v).alias(k) for k, v in key.items() if k in schema)
        missing = [name for name in schema if name not in own.collect_schema()]
        return own.with_columns(pl.lit(None).alias(name) for name in missing).select(
            pl.col(name).cast(dtype) for name, dtype in schema.items()
        )

    branch = [f"b{b}" for b in people["branch"]]
    outcome = np.where(people["refused"], "rejected", "paid_full").tolist()
    table = respondent_calibration(
        scores=frame(
            {
                "response_id": names,
                "org_unit": branch,
                "perception_score": people["score"],
                "dimension": ["empathy"] * n,
            },
            {name: dtype for name, (dtype, _) in SURVEY_SCORES.items()},
        ),
        responses=frame(
            {"response_id": names, "claim_id": names},
            {name: dtype for name, (dtype, _) in SURVEY_RESPONSES.items()},
        ),
        claims=frame(
            {
                "claim_id": names,
                "spell_no": [1] * n,
                "report_to_decision_days": people["days"],
                "outcome": outcome,
            },
            claims.schema,
        ),
        complaints=pl.LazyFrame(schema=complaints.schema),
        **TOLD,
    ).collect()
    return table.row(0, named=True)


def test_the_effect_of_twice_the_days_is_found_again():
    """0.5 points of seven less a unit of log days: 0.5 · ln 2 / 6 of the scale; refusal costs 0.9 of six."""
    held = []
    for seed in range(20):
        row = calibrated(drawn(1500, -0.5, 0.9, seed))
        truth, refusal = -0.5 * np.log(2) / 6 * 100, -0.9 / 6 * 100
        held.append(row["doubled_days_low"] <= truth <= row["doubled_days_high"])
        held.append(row["refused_low"] <= refusal <= row["refused_high"])
        assert row["verdict"] == "as expected"
    assert sum(held) >= 34


def test_a_good_branch_is_not_taken_for_a_fast_case():
    """Branches decide faster and are liked better, but no customer minds the days: the effect is none."""
    people = drawn(3000, 0.0, 0.0, 5)
    row = calibrated(people)
    assert row["verdict"] == "as expected"  # by rank alone the branches deceive
    assert row["doubled_days_low"] < 0 < row["doubled_days_high"]
    expected = stats.spearmanr(people["days"], people["score"]).statistic
    assert row["spearman"] == pytest.approx(expected)
    kept = ~people["refused"]
    assert row["spearman_not_refused"] == pytest.approx(
        stats.spearmanr(people["days"][kept], people["score"][kept]).statistic
    )
    assert row["n_not_refused"] == kept.sum()


def test_too_few_customers_have_no_verdict_and_no_model():
    few = calibrated(drawn(29, -0.5, 0.9, 1))
    assert (few["n_pairs"], few["spearman"], few["verdict"]) == (29, None, "too few pairs")
    some = calibrated(drawn(60, -0.8, 0.0, 1))
    assert some["verdict"] == "as expected"
    assert (some["doubled_days_points"], some["model"]) == (None, "60 customers; 100 are needed")


def test_everybody_of_one_opinion_has_no_model():
    people = drawn(200, 0.0, 0.0, 2)
    row = calibrated({**people, "score": np.full(200, 50.0)})
    assert (row["spearman"], row["verdict"]) == (None, "too few pairs")
    assert "two levels" in row["model"]
