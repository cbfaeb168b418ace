"""core.survey_responses, core.survey_scores and core.survey_stage_scores: from answers to one questionnaire."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from survey_frames import answered, answers_of, pairs, questions_of

from transforms.core.survey_responses import RESPONSE_KEY, SURVEY_RESPONSES, survey_responses
from transforms.core.survey_scores import (
    SURVEY_SCORES,
    SURVEY_STAGE_SCORES,
    survey_scores,
    survey_stage_scores,
)

AS_OF = date(2025, 12, 31)


def responses_of(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.DataFrame:
    return survey_responses(answers, questions, as_of=AS_OF).collect().sort(RESPONSE_KEY)


def scores_of(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.DataFrame:
    responses = survey_responses(answers, questions, as_of=AS_OF)
    return (
        survey_scores(answers, responses, questions, as_of=AS_OF).collect().sort(*RESPONSE_KEY, "dimension")
    )


def stage_scores_of(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.DataFrame:
    responses = survey_responses(answers, questions, as_of=AS_OF)
    found = survey_stage_scores(answers, responses, questions, as_of=AS_OF).collect()
    return found.sort(*RESPONSE_KEY, "stage")


def test_gap_is_pairwise_and_each_respondent_counts_once() -> None:
    """Gaps (−1 −1 0 −1), (−1 0 · ·), (0 −1 −1 0): −0.5833 by respondents, −0.60 would be the pooled items.

    Parasuraman, Zeithaml and Berry (1988).
    """
    gaps = {"a": [-1, -1, 0, -1], "b": [-1, 0, None, None], "c": [0, -1, -1, 0]}
    rows = [
        row
        for respondent, own in gaps.items()
        for item, gap in zip("1234", own, strict=True)
        for row in answered(respondent, **{f"e{item}": 6, f"p{item}": None if gap is None else 6 + gap})
    ]
    scores = scores_of(answers_of(rows), questions_of(pairs("1234")))
    assert scores["gap_points"].to_list() == [-0.75, -0.5, -0.5]
    assert scores["gap_points"].mean() == pytest.approx(-0.5833333333333334)
    assert scores["n_items"].to_list() == scores["n_pairs"].to_list() == [4, 2, 4]
    assert scores["expectation_mean"].to_list() == [6, 6, 6]


def test_gap_needs_half_of_the_pairs_but_perception_does_not() -> None:
    rows = answered("few", e1=7, p1=5, p2=4) + answered("half", e1=7, p1=5, e2=7, p2=6)
    few, half = scores_of(answers_of(rows), questions_of(pairs("1234"))).to_dicts()
    assert (few["gap_points"], few["n_pairs"], few["perception_mean"]) == (None, 1, 4.5)
    assert half["gap_points"] == -1.5
    unpaired = questions_of([*pairs("12"), {"question": "p3", "item": "3"}])
    alone = scores_of(answers_of(answered("few", e1=7, p1=5, p3=1)), unpaired).to_dicts()[0]
    assert alone["gap_points"] == -2, "an item asked without an expectation is no missing pair"


def test_every_row_has_the_mean_of_its_questionnaire() -> None:
    """Gaps −1 and −2 in two dimensions and none in a third: −1.5 in each row, whoever else answered."""
    asked = [
        *pairs("1", dimension="reliability"),
        *pairs("2", dimension="empathy"),
        {"question": "p3", "item": "3", "dimension": "assurance"},
    ]
    rows = answered("a", e1=6, p1=5, e2=6, p2=4, p3=6) + answered("b", e1=6, p1=6, e2=6, p2=6)
    scores = scores_of(answers_of(rows), questions_of(asked))
    assert scores["response_id"].to_list() == ["a", "a", "a", "b", "b"]
    assert scores["gap_points"].to_list() == [None, -2, -1, 0, 0]
    assert scores["gap_points_overall"].to_list() == [-1.5, -1.5, -1.5, 0, 0]


def test_perception_on_0_to_100_turns_reversed_questions_once() -> None:
    questions = questions_of(
        [
            {"question": "fast"},
            {"question": "slow", "reverse": True},
            {"question": "kept", "scale_max": 5.0},
        ]
    )
    row = scores_of(answers_of(answered("a", fast=7, slow=2, kept=3)), questions).to_dicts()[0]
    assert row["perception_mean"] == pytest.approx((7 + 6 + 3) / 3)
    assert row["perception_score"] == pytest.approx((100 + 500 / 6 + 50) / 3)


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(1, 7)), min_size=4, max_size=4), min_size=1, max_size=5
    )
)
def test_turning_answers_and_questions_changes_no_score(grid: list[list[int | None]]) -> None:
    """x' = min + max − x is its own inverse."""
    names = ("p1", "e1", "p2", "e2")
    straight = [
        row for i, own in enumerate(grid) for row in answered(str(i), **dict(zip(names, own, strict=True)))
    ]
    turned = [{**row, "score": None if row["score"] is None else 8 - row["score"]} for row in straight]
    asked = pairs("12")
    assert_frame_equal(
        scores_of(answers_of(straight), questions_of(asked)),
        scores_of(answers_of(turned), questions_of([{**q, "reverse": True} for q in asked])),
    )


def test_dimensions_and_stages_roll_up_the_same_items() -> None:
    questions = questions_of(
        [
            {"question": "promise", "dimension": "reliability", "stage": "claims"},
            {"question": "speed", "dimension": "responsiveness", "stage": "claims"},
            {"question": "clarity", "dimension": "reliability", "stage": "application"},
            {"question": "tone", "dimension": "empathy"},
        ]
    )
    rows = [{**row, "stage": "care"} for row in answered("a", promise=7, speed=4, clarity=1, tone=4)]
    by_dimension = scores_of(answers_of(rows), questions).select("dimension", "perception_score")
    by_stage = stage_scores_of(answers_of(rows), questions).select("stage", "perception_score")
    assert dict(by_dimension.iter_rows()) == {"empathy": 50, "reliability": 50, "responsiveness": 50}
    assert dict(by_stage.iter_rows()) == {"application": 0, "care": 50, "claims": 75}


def test_instruments_of_a_response() -> None:
    questions = questions_of(
        [
            {"question": "nps", "construct": "recommendation", "scale_min": None, "scale_max": None},
            {"question": "ease", "construct": "effort", "dimension": None},
            {"question": "all", "construct": "satisfaction", "dimension": None, "scale_max": 5.0},
            {"question": "part", "construct": "satisfaction", "dimension": "empathy", "scale_max": 5.0},
        ]
    )
    row = responses_of(answers_of(answered("a", nps=9, ease=6, all=4, part=1)), questions).to_dicts()[0]
    assert (row["nps_score"], row["ces_score"], row["satisfaction_score"]) == (9, 6, 75)


def test_satisfaction_asked_by_dimension_alone_is_that_of_the_respondent() -> None:
    about = {"construct": "satisfaction", "scale_max": 5.0}
    questions = questions_of([{"question": name, "dimension": name, **about} for name in ("care", "speed")])
    rows = [*answered("a", care=4, speed=2), *answered("b", speed=5), *answered("c", care=None)]
    found = responses_of(answers_of(rows), questions).sort("response_id")
    assert found["satisfaction_score"].to_list() == [50, 100, None]


@pytest.mark.parametrize(("low", "high"), [(1.0, 10.0), (1.0, 5.0)])
def test_recommendation_on_another_scale_is_no_nps(low: float, high: float) -> None:
    questions = questions_of(
        [{"question": "nps", "construct": "recommendation", "scale_min": low, "scale_max": high}]
    )
    assert responses_of(answers_of(answered("a", nps=5)), questions)["nps_score"].to_list() == [None]


def test_careless_answers_are_flagged_and_stay() -> None:
    items = "123456"
    same = dict.fromkeys([f"{kind}{i}" for i in items for kind in "pe"], 4)
    delighted = {**same, **{f"p{i}": 7 for i in items}}
    thoughtful = {**delighted, "p1": 6}
    rows = [
        *answered("all four", **same),
        *answered("blockwise", **delighted),
        *answered("thoughtful", **thoughtful),
        *({**row, "seconds": 23.0} for row in answered("too fast", **thoughtful)),
        *({**row, "seconds": 24.0} for row in answered("fast", **thoughtful)),
        *answered("too few to tell", p1=4, p2=4),
    ]
    found = responses_of(answers_of(rows), questions_of(pairs(items)))
    flags = {r["response_id"]: (r["straight_lining"], r["speeding"], r["is_valid"]) for r in found.to_dicts()}
    assert flags == {
        "all four": (True, False, False),
        "blockwise": (True, False, False),
        "thoughtful": (False, False, True),
        "too fast": (False, True, False),
        "fast": (False, False, True),
        "too few to tell": (False, False, True),
    }
    assert scores_of(answers_of(rows), questions_of(pairs(items)))["response_id"].n_unique() == 6


def test_what_cannot_be_scored_is_counted() -> None:
    rows = answered("a", p1=9, p2=5, unheard_of=3) + answered("only unknown", unheard_of=3)
    found = responses_of(answers_of(rows), questions_of(pairs("12"))).to_dicts()
    counted = [(r["n_answered"], r["n_out_of_scale"], r["n_unknown_questions"]) for r in found]
    assert counted == [(1, 1, 1), (0, 0, 1)]
    assert scores_of(answers_of(rows), questions_of(pairs("12")))["perception_mean"].to_list() == [5]


def test_segments_are_those_the_answers_name() -> None:
    rows = [
        {**row, "org_unit": unit, "claim_id": claim}
        for row, unit, claim in zip(
            answered("a", p1=4, p2=5, e1=6), ["unknown", "B7", None], [None, "C1", "C1"], strict=True
        )
    ]
    response = responses_of(answers_of(rows), questions_of(pairs("12"))).to_dicts()[0]
    assert (response["org_unit"], response["region"], response["claim_id"]) == ("B7", "unknown", "C1")
    assert scores_of(answers_of(rows), questions_of(pairs("12")))["org_unit"].to_list() == ["B7"]


def test_audits_are_marked_and_have_no_nps() -> None:
    questions = questions_of(
        [{"question": "nps", "construct": "recommendation", "scale_min": 0.0, "scale_max": 10.0}]
    )
    answers = answers_of(answered("a", nps=9))
    found = survey_responses(answers, questions, as_of=AS_OF, audit_surveys=["service"]).collect()
    assert found.select("is_audit", "nps_score").rows() == [(True, None)]


def test_answers_after_the_as_of_date_are_not_known() -> None:
    rows = [{**row, "answered_on": date(2026, 1, 1)} for row in answered("late", p1=4)]
    assert responses_of(answers_of(rows), questions_of(pairs("1"))).is_empty()
    assert scores_of(answers_of(rows), questions_of(pairs("1"))).is_empty()


score = st.one_of(st.none(), st.integers(0, 8))
answer = st.fixed_dictionaries(
    {
        "survey": st.sampled_from(["service", "other"]),
        "response_id": st.sampled_from(["a", "b", "c", "d"]),
        "question": st.sampled_from(["p1", "e1", "p2", "e2", "nps", "strange"]),
        "score": score,
        "org_unit": st.sampled_from(["unknown", "B1", "B2"]),
        "stage": st.sampled_from([None, "claims", "care"]),
        "seconds": st.sampled_from([None, 1.0, 60.0]),
    }
)


@settings(max_examples=25)
@given(st.lists(answer, max_size=25, unique_by=lambda a: (a["survey"], a["response_id"], a["question"])))
def test_tables_keep_the_law_of_keys_whatever_the_order(rows: list[dict[str, object]]) -> None:
    """f(A ∪ B) = f(A) ∪ f(B) for questionnaires A and B, f(nothing) is nothing, in the declared columns."""
    recommendation = {"question": "nps", "construct": "recommendation", "scale_min": 0.0, "scale_max": 10.0}
    questions = questions_of([*pairs("12", stage="claims"), recommendation, *pairs("1", survey="other")])
    first = [row for row in rows if row["response_id"] in "ab"]
    second = [row for row in rows if row["response_id"] in "cd"]
    tables = (
        (responses_of, SURVEY_RESPONSES),
        (scores_of, SURVEY_SCORES),
        (stage_scores_of, SURVEY_STAGE_SCORES),
    )
    for table, columns in tables:
        whole = table(answers_of(reversed(rows)), questions)
        parts = pl.concat([table(answers_of(first), questions), table(answers_of(second), questions)])
        assert_frame_equal(whole, parts, check_row_order=False)
        assert dict(whole.schema) == {name: dtype for name, (dtype, _) in columns.items()}
    assert responses_of(answers_of(rows), questions).height == len(
        {(r["survey"], r["response_id"]) for r in rows}
    )


def test_k_servqual(shared: Path) -> None:
    """Expectation 5.998067, perception 4.838703, gap −1.159364 of 194 respondents and 24 pairs on 1–7."""
    file = shared / "data" / "survey_kservqual" / "kiosk_clean_194.csv"
    if not file.exists():
        pytest.skip(f"{file} is absent")
    clean = pl.scan_csv(file).with_row_index("row").select("row", pl.col("^sq.*$").cast(pl.Float64))
    long = clean.unpivot(index="row", variable_name="question", value_name="score").collect()
    rows = long.select("question", "score", response_id=pl.col("row").cast(pl.String)).to_dicts()
    items = [str(i) for i in range(1, 25)]
    kinds = {"1": "expectation", "2": "perception"}
    asked = [
        {"question": f"sq{item}_{place}", "item": item, "construct": construct}
        for item in items
        for place, construct in kinds.items()
    ]
    whole = scores_of(answers_of(rows), questions_of(asked))
    means = whole.select(pl.col("expectation_mean", "perception_mean", "gap_points").mean()).row(0)
    assert whole.height == 194
    assert means == pytest.approx((5.998067, 4.838703, -1.159364), abs=5e-7)
    per_item = scores_of(answers_of(rows), questions_of([{**q, "dimension": q["item"]} for q in asked]))
    gaps = dict(per_item.group_by("dimension").agg(pl.col("gap_points").mean()).iter_rows())
    assert (gaps["1"], gaps["23"], gaps["4"]) == pytest.approx((-0.5825, -2.0876, 0.3093), abs=5e-5)
