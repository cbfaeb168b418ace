"""core.survey_waves, survey_reliability, survey_items and survey_nonresponse, against worked examples and formulas."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from transforms.core.survey_instruments import survey_items, survey_reliability
from transforms.core.survey_reports import (
    survey_nonresponse,
    survey_waves,
)
from transforms.core.survey_responses import SURVEY_RESPONSES
from transforms.core.survey_scores import SURVEY_SCORES
from transforms.settings import Settings
from transforms.statistics.reliability import cronbach_alpha, factorability, item_analysis

TOLD = {"as_of": date(2025, 12, 31), "settings": Settings()}
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")


def schema_of(columns) -> dict:
    return {name: dtype for name, (dtype, _) in columns.items()}


def table(rows, columns) -> pl.LazyFrame:
    usual = {"is_valid": True, "is_audit": False, "survey": "service", "wave": "1"}
    return pl.LazyFrame(
        [{**dict.fromkeys(columns), **usual, **row} for row in rows], schema=schema_of(columns)
    )


def answered(wave: str, day: date, promoters: int, detractors: int, n: int, **more) -> list[dict]:
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


def test_a_change_of_nps_is_told_with_its_interval():
    """200 answers (90 promoters, 50 detractors), then 210 (100, 45): +6.19 ± 15.5 is no evidence of change."""
    rows = [
        *answered("spring", date(2025, 3, 1), 90, 50, 200),
        *answered("autumn", date(2025, 9, 1), 100, 45, 210),
        *answered("winter", date(2025, 12, 1), 9, 0, 10),
        {
            "wave": "winter",
            "response_id": "careless",
            "answered_on": date(2025, 12, 1),
            "nps_score": 0,
            "is_valid": False,
        },
    ]
    waves = survey_waves(
        responses=table(rows, SURVEY_RESPONSES), scores=table([], SURVEY_SCORES), **TOLD
    ).collect()
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
    assert winter["nps_verdict"] == "under 100 answers in a wave"
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
    responses = table(answered("1", date(2025, 3, 1), 1, 0, 1), SURVEY_RESPONSES)
    (wave,) = (
        survey_waves(responses=responses, scores=table(rows, SURVEY_SCORES), **TOLD)
        .collect()
        .iter_rows(named=True)
    )
    assert wave["servqual_gap_points"] == pytest.approx(-0.66)
    assert wave["servqual_weighted_gap_points"] == pytest.approx(-0.7245)
    assert wave["servperf_weighted_score"] == pytest.approx(76.42, abs=0.005)
    assert wave["csi_score"] is None


@pytest.fixture(scope="module")
def instrument() -> tuple[dict, np.ndarray]:
    """Frames of 150 customers who answered four items of reliability, two of empathy; some left one out."""
    generator = np.random.default_rng(5)
    attitude = generator.normal(size=(150, 1))
    values = np.clip(np.round(4.5 + attitude + generator.normal(size=(150, 6))), 1, 7)
    values[generator.uniform(size=values.shape) < 0.03] = np.nan
    names = [f"q{i}" for i in range(6)]
    answers = (
        pl.DataFrame(values, schema=names)
        .fill_nan(None)
        .with_columns(response_id=pl.format("r{}", pl.int_range(pl.len())))
        .unpivot(names, index="response_id", variable_name="question", value_name="score")
        .with_columns(
            survey=pl.lit("service"),
            wave=pl.lit("1"),
            answered_on=date(2025, 6, 1),
            stage=pl.lit(None, dtype=pl.String),
        )
    )
    questions = pl.DataFrame(
        {
            "survey": "service",
            "question": names,
            "item": None,
            "construct": "perception",
            "dimension": ["reliability"] * 4 + ["empathy"] * 2,
            "stage": None,
            "scale_min": 1.0,
            "scale_max": 7.0,
            "reverse": False,
        },
        schema_overrides={"item": pl.String, "stage": pl.String},
    )
    responses = table([{"response_id": f"r{i}"} for i in range(150)], SURVEY_RESPONSES)
    return {"answers": answers.lazy(), "questions": questions.lazy(), "responses": responses}, values


def test_reliability_of_a_wave_is_that_of_its_answers(instrument):
    frames, values = instrument
    found = survey_reliability(**frames, **TOLD).collect()
    for dimension, own in (("reliability", values[:, :4]), ("empathy", values[:, 4:]), ("all", values)):
        row, expected = (
            found.row(by_predicate=pl.col("dimension") == dimension, named=True),
            cronbach_alpha(own),
        )
        assert (row["alpha"], row["alpha_low"], row["alpha_high"]) == pytest.approx(
            (expected.alpha, expected.low, expected.high)
        )
        assert (row["n"], row["n_items"]) == (expected.n, expected.n_items)
    whole = factorability(values)
    row = found.row(by_predicate=pl.col("dimension") == "all", named=True)
    assert (row["kmo"], row["bartlett_chi_square"]) == pytest.approx((whole.kmo, whole.chi_square))


def test_items_are_analysed_dimension_by_dimension(instrument):
    frames, values = instrument
    found = survey_items(**frames, **TOLD).collect().filter(pl.col("dimension") == "reliability").sort("item")
    expected = item_analysis(values[:, :4])
    for column in ("mean", "item_total_correlation", "alpha_without"):
        assert found[column].to_list() == pytest.approx(expected[column].to_list())


def test_careless_answers_are_in_no_figure_of_the_instrument(instrument):
    frames, values = instrument
    careless = frames["responses"].with_columns(
        is_valid=pl.col("response_id").str.slice(1).cast(pl.Int64) >= 20
    )
    found = survey_reliability(**{**frames, "responses": careless}, **TOLD).collect()
    row = found.row(by_predicate=pl.col("dimension") == "all", named=True)
    assert row["alpha"] == pytest.approx(cronbach_alpha(values[20:]).alpha)


def test_who_kept_silent_had_waited_longer():
    """Six decided claims, three of them answered for; complaints and reopened spells are left out."""
    days, outcomes = (2.0, 4.0, 6.0, 20.0, 10.0, 30.0), ("paid_full", "paid_full", "rejected") * 2
    claims = pl.LazyFrame(
        {
            "claim_id": list("abcdef"),
            "spell_no": [1] * 6,
            "decided_on": [date(2025, 5, 1 + i) for i in range(6)],
            "sequence_fault": pl.Series([None] * 6, dtype=pl.String),
            "report_to_decision_days": days,
            "outcome": outcomes,
        }
    )
    responses = table([{"response_id": c, "claim_id": c} for c in "abc"], SURVEY_RESPONSES)
    (row,) = survey_nonresponse(claims=claims, responses=responses, **TOLD).collect().iter_rows(named=True)
    assert (row["n_respondents"], row["n_others"]) == (3, 3)
    assert row["days_mean_difference"] == pytest.approx(-16.0)
    assert row["rejected_share_difference"] == pytest.approx(0.0)
    nobody = survey_nonresponse(claims=claims, responses=responses.filter(pl.lit(False)), **TOLD).collect()
    assert nobody.height == 0
