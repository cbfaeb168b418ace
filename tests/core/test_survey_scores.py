"""core.survey_scores: what one questionnaire says of each dimension of service quality."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from survey_frames import (
    answered,
    answers_of,
    pairs,
    questions_of,
    scores_of,
)


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
