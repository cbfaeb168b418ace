"""core.survey_waves: what a wave says as a whole, and whether it is other than the wave before."""

import math
from datetime import date

import polars as pl
import pytest
from survey_frames import (
    TOLD,
    table,
)

from transforms.core.survey_invitations import survey_invitations
from transforms.core.survey_responses import survey_responses
from transforms.core.survey_scores import survey_scores
from transforms.core.survey_waves import survey_waves
from transforms.core.survey_weights import survey_weights

DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")


def people(wave: str, day: date, promoters: int, detractors: int, n: int, **more) -> list[dict]:
    scores = [10] * promoters + [3] * detractors + [8] * (n - promoters - detractors)
    return [
        {
            "wave": wave,
            "response_id": f"{wave}-{i}",
            "answered_on": day,
            "nps_score": score,
            "ces_score": 4 + i % 3,
            **more,
        }
        for i, score in enumerate(scores)
    ]


NOBODY_INVITED = pl.LazyFrame(schema=survey_invitations.schema)


def waves_of(responses: pl.LazyFrame, scores=None, weights=None, invitations=NOBODY_INVITED) -> pl.LazyFrame:
    return survey_waves(
        responses=responses,
        scores=table([], survey_scores.schema) if scores is None else scores,
        weights=table([], survey_weights.schema) if weights is None else weights,
        invitations=invitations,
        **TOLD,
    )


def test_who_was_asked_and_what_their_weights_cost():
    """AAPOR RR1 312 of 1000; Kish: weights .8 × 60, 1.2 × 30, 2.5 × 10 count for 82.4 of 100."""
    dispositions = ["complete"] * 312 + ["partial"] * 40 + ["refused"] * 200 + ["unknown"] * 448
    listed = [{"disposition": d, "is_listed": True} for d in dispositions]
    ineligible = [{"disposition": "not_eligible", "is_listed": True, "is_eligible": False}] * 50
    shown = [{"disposition": d, "is_listed": False} for d in ["complete"] * 12 + ["refused"] * 88]
    invitations = pl.LazyFrame(
        [
            {
                "survey": "service",
                "wave": "1",
                "is_eligible": True,
                "is_complete": i["disposition"] == "complete",
                **i,
            }
            for i in [*listed, *ineligible, *shown]
        ]
    )
    persons = people("1", date(2025, 3, 1), 50, 20, 100)
    weights = [0.8] * 60 + [1.2] * 30 + [2.5] * 10
    scores = [4.0] * 60 + [3.0] * 30 + [1.0] * 10
    told = [
        {"response_id": p["response_id"], "weight": w, "population_covered_share": 0.9}
        for p, w in zip(persons, weights, strict=True)
    ]
    responses = table(
        [{**p, "satisfaction_score": s} for p, s in zip(persons, scores, strict=True)],
        survey_responses.schema,
    )
    row = (
        waves_of(responses, weights=table(told, survey_weights.schema), invitations=invitations)
        .collect()
        .to_dicts()[0]
    )
    assert (row["n_invited"], row["response_share"], row["participation_share"]) == (1000, 0.312, 0.12)
    assert (row["design_effect"], row["n_effective"]) == pytest.approx(
        (1.2128608702971133, 82.44968771686327)
    )
    expected = (0.8 * 60 * 4 + 1.2 * 30 * 3 + 2.5 * 10) / (48 + 36 + 25)
    assert row["weighted_satisfaction_score"] == pytest.approx(expected)
    assert row["population_covered_share"] == pytest.approx(0.9)


def test_a_change_of_satisfaction_is_told_with_its_interval():
    rows = []
    for wave, day, mean in (
        ("1", date(2025, 3, 1), 60),
        ("2", date(2025, 6, 1), 70),
        ("3", date(2025, 9, 1), 70),
    ):
        persons = people(wave, day, 0, 0, 29 if wave == "3" else 50)
        rows += [{**p, "satisfaction_score": mean + 10 * (-1) ** i} for i, p in enumerate(persons)]
    found = waves_of(table(rows, survey_responses.schema)).collect().sort("wave")
    half = 1.959964 * math.sqrt(2 * (100 * 50 / 49) / 50)
    second = found.row(1, named=True)
    assert second["satisfaction_change"] == pytest.approx(10)
    assert second["satisfaction_change_low"] == pytest.approx(10 - half, abs=1e-5)
    assert found["satisfaction_change"].to_list()[::2] == [None, None]


def test_a_change_of_nps_is_told_with_its_interval():
    """200 answers (90 promoters, 50 detractors), then 210 (100, 45): +6.19 ± 15.5 is no evidence of change."""
    rows = [
        *people("spring", date(2025, 3, 1), 90, 50, 200),
        *people("autumn", date(2025, 9, 1), 100, 45, 210),
        *people("winter", date(2025, 12, 1), 9, 0, 10),
        {
            "wave": "winter",
            "response_id": "careless",
            "answered_on": date(2025, 12, 1),
            "nps_score": 0,
            "is_valid": False,
        },
    ]
    waves = waves_of(table(rows, survey_responses.schema)).collect()
    spring, autumn, winter = (
        waves.row(by_predicate=pl.col("wave") == w, named=True) for w in ("spring", "autumn", "winter")
    )
    assert spring["nps_points"] == pytest.approx(20.0)
    assert (spring["nps_low"], spring["nps_high"]) == pytest.approx((8.5, 30.8), abs=0.05)
    assert spring["nps_verdict"] == "first wave"
    assert autumn["nps_change_points"] == pytest.approx(6.19, abs=0.005)
    half_width = (autumn["nps_change_high"] - autumn["nps_change_low"]) / 2
    assert half_width == pytest.approx(1.96 * 7.91, abs=0.02)
    assert autumn["nps_verdict"] == "no evidence of change"
    assert winter["nps_change_points"] is None
    assert winter["nps_verdict"] == "under 100 effective answers in a wave"
    assert (winter["n_responses"], winter["n_careless"], winter["n_nps"]) == (11, 1, 10)
    assert winter["ces_easy_share"] == pytest.approx(0.6)


def test_gaps_and_perceptions_by_the_customers_own_weights():
    """The worked example: gaps −.66 unweighted, −.7245 by allocation; never divided by five again."""
    gaps, points = (-0.40, -0.95, -0.80, -0.55, -0.60), (11, 32, 22, 19, 16)
    perceptions = (5.9, 5.4, 5.5, 5.8, 5.6)
    rows = [
        {
            "response_id": "r",
            "dimension": dimension,
            "gap_points": gap,
            "importance_mean": weight,
            "perception_mean": perception,
            "perception_score": (perception - 1) / 6 * 100,
        }
        for dimension, gap, weight, perception in zip(DIMENSIONS, gaps, points, perceptions, strict=True)
    ]
    responses = table(people("1", date(2025, 3, 1), 10, 0, 10), survey_responses.schema)
    (wave,) = waves_of(responses, scores=table(rows, survey_scores.schema)).collect().iter_rows(named=True)
    few = table(people("1", date(2025, 3, 1), 9, 0, 9), survey_responses.schema)
    (withheld,) = waves_of(few, scores=table(rows, survey_scores.schema)).collect().iter_rows(named=True)
    assert {
        withheld[name] for name in ("nps_points", "nps_low", "servqual_gap_points", "servperf_score")
    } == {None}
    assert wave["servqual_gap_points"] == pytest.approx(-0.66)
    assert wave["servqual_weighted_gap_points"] == pytest.approx(-0.7245)
    assert wave["servperf_weighted_score"] == pytest.approx(76.42, abs=0.005)
    assert wave["csi_score"] is None
