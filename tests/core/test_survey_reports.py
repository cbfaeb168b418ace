"""core.survey_waves and survey_nonresponse, reliability and items of the instrument: worked examples and formulas."""

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from survey_frames import answers_of, questions_of

from transforms.core.survey_instruments import survey_items, survey_reliability
from transforms.core.survey_invitations import invitations as survey_invitations
from transforms.core.survey_reports import (
    survey_nonresponse,
    survey_waves,
)
from transforms.core.survey_responses import SURVEY_RESPONSES
from transforms.core.survey_scores import SURVEY_SCORES
from transforms.core.survey_weights import SURVEY_WEIGHTS
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


NOBODY_INVITED = pl.LazyFrame(schema=survey_invitations.schema)


def waves_of(responses: pl.LazyFrame, scores=None, weights=None, invitations=NOBODY_INVITED) -> pl.LazyFrame:
    return survey_waves(
        responses=responses,
        scores=table([], SURVEY_SCORES) if scores is None else scores,
        weights=table([], SURVEY_WEIGHTS) if weights is None else weights,
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
    people = answered("1", date(2025, 3, 1), 50, 20, 100)
    weights = [0.8] * 60 + [1.2] * 30 + [2.5] * 10
    scores = [4.0] * 60 + [3.0] * 30 + [1.0] * 10
    told = [
        {"response_id": p["response_id"], "weight": w, "population_covered_share": 0.9}
        for p, w in zip(people, weights, strict=True)
    ]
    responses = table(
        [{**p, "satisfaction_score": s} for p, s in zip(people, scores, strict=True)], SURVEY_RESPONSES
    )
    row = (
        waves_of(responses, weights=table(told, SURVEY_WEIGHTS), invitations=invitations)
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
        people = answered(wave, day, 0, 0, 29 if wave == "3" else 50)
        rows += [{**p, "satisfaction_score": mean + 10 * (-1) ** i} for i, p in enumerate(people)]
    found = waves_of(table(rows, SURVEY_RESPONSES)).collect().sort("wave")
    half = 1.959964 * math.sqrt(2 * (100 * 50 / 49) / 50)
    second = found.row(1, named=True)
    assert second["satisfaction_change"] == pytest.approx(10)
    assert second["satisfaction_change_low"] == pytest.approx(10 - half, abs=1e-5)
    assert found["satisfaction_change"].to_list()[::2] == [None, None]


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
    waves = waves_of(table(rows, SURVEY_RESPONSES)).collect()
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
    responses = table(answered("1", date(2025, 3, 1), 10, 0, 10), SURVEY_RESPONSES)
    (wave,) = waves_of(responses, scores=table(rows, SURVEY_SCORES)).collect().iter_rows(named=True)
    few = table(answered("1", date(2025, 3, 1), 9, 0, 9), SURVEY_RESPONSES)
    (withheld,) = waves_of(few, scores=table(rows, SURVEY_SCORES)).collect().iter_rows(named=True)
    assert {
        withheld[name] for name in ("nps_points", "nps_low", "servqual_gap_points", "servperf_score")
    } == {None}
    assert wave["servqual_gap_points"] == pytest.approx(-0.66)
    assert wave["servqual_weighted_gap_points"] == pytest.approx(-0.7245)
    assert wave["servperf_weighted_score"] == pytest.approx(76.42, abs=0.005)
    assert wave["csi_score"] is None


def instrument_of(values: np.ndarray, dimensions: list[str]) -> dict:
    """Frames of customers who answered one perception item a column; NaN is no answer."""
    names = [f"q{i}" for i in range(len(dimensions))]
    answers = (
        pl.DataFrame(values, schema=names)
        .fill_nan(None)
        .with_columns(response_id=pl.format("r{}", pl.int_range(pl.len())))
        .unpivot(names, index="response_id", variable_name="question", value_name="score")
    )
    asked = [{"question": q, "dimension": d} for q, d in zip(names, dimensions, strict=True)]
    return {
        "answers": answers_of(answers.to_dicts()),
        "questions": questions_of(asked),
        "responses": table([{"response_id": f"r{i}"} for i in range(len(values))], SURVEY_RESPONSES),
    }


@pytest.fixture(scope="module")
def instrument() -> tuple[dict, np.ndarray]:
    """150 customers who answered four items of reliability, two of empathy; some left one out."""
    generator = np.random.default_rng(5)
    attitude = generator.normal(size=(150, 1))
    values = np.clip(np.round(4.5 + attitude + generator.normal(size=(150, 6))), 1, 7)
    values[generator.uniform(size=values.shape) < 0.03] = np.nan
    return instrument_of(values, ["reliability"] * 4 + ["empathy"] * 2), values


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
    """Six decided claims, three of them answered for, four invited; of complaints nobody was asked."""
    days, outcomes = (2.0, 4.0, 6.0, 20.0, 10.0, 30.0), ("paid_full", "paid_full", "rejected") * 2
    frames = {
        "claims": pl.LazyFrame(
            {
                "claim_id": list("abcdef"),
                "spell_no": [1] * 6,
                "decided_on": [date(2025, 5, 1 + i) for i in range(6)],
                "sequence_fault": pl.Series([None] * 6, dtype=pl.String),
                "report_to_decision_days": days,
                "outcome": outcomes,
            }
        ),
        "complaints": pl.LazyFrame(
            {
                "complaint_id": list("uvwx"),
                "is_merged": [False, False, False, True],
                "closed_on": [date(2025, 5, 3)] * 4,
                "sequence_fault": pl.Series([None] * 4, dtype=pl.String),
                "received_to_closed_days": pl.Series([5, 15, 25, 99], dtype=pl.Int32),
                "outcome": ["upheld", "not_upheld", "not_upheld", "upheld"],
            }
        ),
        "responses": table([{"response_id": c, "claim_id": c} for c in "abc"], SURVEY_RESPONSES),
        "invitations": pl.LazyFrame(
            [{"claim_id": c, "is_eligible": True} for c in "abcd"], schema=survey_invitations.schema
        ),
    }
    everybody, invited = survey_nonresponse(**frames, **TOLD).collect().sort("among").iter_rows(named=True)
    assert (everybody["n_respondents"], everybody["n_others"]) == (3, 3)
    assert everybody["days_mean_difference"] == pytest.approx(-16.0)
    assert everybody["rejected_share_difference"] == pytest.approx(0.0)
    assert (invited["n_respondents"], invited["n_others"]) == (3, 1)
    assert invited["days_mean_difference"] == pytest.approx(-16.0)
    assert invited["rejected_share_difference"] == pytest.approx(1 / 3)
    complained = table([{"response_id": "r", "complaint_id": "u"}], SURVEY_RESPONSES)
    (row,) = survey_nonresponse(**{**frames, "responses": complained}, **TOLD).collect().iter_rows(named=True)
    assert (row["event"], row["among"], row["n_others"]) == ("complaints", "everybody", 2)
    assert row["days_mean_difference"] == pytest.approx(-15.0)
    assert row["rejected_share_others"] == 1.0


def test_factor_weights_of_the_items_stand_with_their_guards(shared: Path):
    """Loadings .867 .842 .787 | .849 .834 .759 give .1846 .1740 .1520 .1773 .1708 .1414 (OECD/JRC Handbook)."""
    golden = json.loads((shared / "golden" / "ex04_survey.json").read_text())
    worked = np.loadtxt(shared / "golden" / "ex04_likert.csv", delimiter=",", skiprows=1)
    found = (
        survey_items(**instrument_of(worked, ["reliability"] * 3 + ["empathy"] * 3), **TOLD)
        .collect()
        .sort("item")
    )
    assert found["factor_weight"].to_list() == pytest.approx(golden["handbook_weights"]["w"], abs=5e-3)
    assert found["factor_loading"].abs().to_list() == pytest.approx(
        [max(row) for row in golden["handbook_weights"]["abs_loadings"]], abs=5e-3
    )
    assert found["msa"].to_list() == pytest.approx(golden["kmo"]["msa"], abs=1e-6)
    told = survey_reliability(**instrument_of(worked, ["reliability"] * 6), **TOLD).collect()
    row = told.row(by_predicate=pl.col("dimension") == "all", named=True)
    assert (row["kmo"], row["bartlett_chi_square"]) == pytest.approx(
        (golden["kmo"]["overall"], golden["bartlett"]["chi2"])
    )
    assert row["factor_weights"] == "given"
    few = survey_reliability(**instrument_of(worked[:99], ["reliability"] * 6), **TOLD).collect()
    assert "99 complete respondents; 100 are needed for 6 items" in few["factor_weights"].to_list()


def test_two_items_are_judged_by_spearman_and_brown(instrument):
    frames, values = instrument
    found = survey_reliability(**frames, **TOLD).collect()
    empathy = found.row(by_predicate=pl.col("dimension") == "empathy", named=True)
    assert empathy["spearman_brown"] == pytest.approx(cronbach_alpha(values[:, 4:]).spearman_brown)
    assert found.filter(pl.col("dimension") != "empathy")["spearman_brown"].null_count() == 2


def test_the_gap_of_an_item_is_pairwise():
    asked = [{"question": f"{c[0]}", "item": "1", "construct": c} for c in ("perception", "expectation")]
    given = {"a": (5, 7), "b": (4, 6), "c": (3, None)}
    rows = [
        {"response_id": r, "question": q, "score": float(v)}
        for r, pair in given.items()
        for q, v in zip("pe", pair, strict=True)
        if v is not None
    ]
    frames = {
        "answers": answers_of(rows),
        "questions": questions_of(asked),
        "responses": table([{"response_id": r} for r in given], SURVEY_RESPONSES),
    }
    (row,) = survey_items(**frames, **TOLD).collect().iter_rows(named=True)
    assert (row["mean"], row["n_gaps"], row["expectation_mean"], row["gap_points"]) == (4.0, 2, 6.5, -2.0)
