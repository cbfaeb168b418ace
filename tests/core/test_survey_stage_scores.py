"""core.survey_stage_scores: the same items by dimension and by stage of the journey."""

import polars as pl
from survey_frames import (
    TOLD,
    answered,
    answers_of,
    questions_of,
    responses_of,
    scores_of,
)

from transforms.core.survey_stage_scores import survey_stage_scores
from transforms.facts.survey_answers import RESPONSE_KEY


def stage_scores_of(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.DataFrame:
    responses = responses_of(answers, questions).lazy()
    found = survey_stage_scores(answers=answers, responses=responses, questions=questions, **TOLD).collect()
    return found.sort(*RESPONSE_KEY, "stage")


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
