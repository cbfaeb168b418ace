"""core.survey_stage_scores: one questionnaire's score on each stage of the customer's journey.

The same items by dimension are `core.survey_scores`; both are rolled up by `facts/survey_roll_ups.py`.
"""

import polars as pl

from transforms.facts.survey_answers import (
    ANSWERS_KNOWN_ON,
    ORIGINS,
    RESPONSE_COLUMNS,
    RESPONSE_KEY,
    scored_answers,
)
from transforms.facts.survey_roll_ups import ABOUT_COLUMNS, SCORE_COLUMNS, rolled_up
from transforms.model import Columns, transform

SURVEY_STAGE_SCORES: Columns = {
    **RESPONSE_COLUMNS,
    "stage": (pl.String, "Stage of the customer's journey the items are about."),
    **ABOUT_COLUMNS,
    **SCORE_COLUMNS,
}


@transform(
    writes="core.survey_stage_scores",
    reads={"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    origins=lambda settings: ORIGINS,
    keys=RESPONSE_KEY,
    grain=(*RESPONSE_KEY, "stage"),
    columns=SURVEY_STAGE_SCORES,
)
def survey_stage_scores(
    answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per filled questionnaire and stage of the journey, rolled up from the items of the dimensions.

    An item is about its question's stage, else about the stage of the questionnaire.
    """
    about = responses.select(*RESPONSE_KEY, *ABOUT_COLUMNS, response_stage="stage")
    items = (
        scored_answers(answers, questions)
        .filter(pl.col("dimension").is_not_null())
        .join(about.select(*RESPONSE_KEY, "response_stage"), on=RESPONSE_KEY, how="inner")
        .with_columns(stage=pl.coalesce("question_stage", "response_stage"))
    )
    return rolled_up(items, "stage", "n_stage_pairs").join(about, on=RESPONSE_KEY, how="inner")
