"""core.survey_scores: one questionnaire's score on each dimension of service quality.

The same items by stage of the journey are `core.survey_stage_scores`; both are rolled up by
`facts/survey_roll_ups.py`.
"""

import polars as pl

from transforms.facts.survey_answers import (
    ANSWERS_KNOWN_ON,
    DECIMALS,
    ORIGINS,
    RESPONSE_COLUMNS,
    RESPONSE_KEY,
    scored_answers,
)
from transforms.facts.survey_roll_ups import ABOUT_COLUMNS, SCORE_COLUMNS, rolled_up
from transforms.model import Columns, transform

# Scores of which every row also has the questionnaire's mean: its rows hang together by it.
OVERALL = ("perception_score", "gap_points", "satisfaction_score")
SURVEY_SCORES: Columns = {
    **RESPONSE_COLUMNS,
    "dimension": (pl.String, "Dimension of service quality."),
    "stage": (pl.String, "Stage of the customer's journey the questionnaire asks about."),
    **ABOUT_COLUMNS,
    **SCORE_COLUMNS,
    **{
        f"{score}_overall": (pl.Float64, f"Mean {score} of the questionnaire's dimensions.")
        for score in OVERALL
    },
}


@transform(
    writes="core.survey_scores",
    reads={"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    origins=lambda settings: ORIGINS,
    keys=RESPONSE_KEY,
    grain=(*RESPONSE_KEY, "dimension"),
    columns=SURVEY_SCORES,
)
def survey_scores(answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per filled questionnaire and dimension: perceived, expected, and the gap between them.

    The segments and flags of its questionnaire are repeated.
    """
    items = scored_answers(answers, questions).filter(pl.col("dimension").is_not_null())
    scores = rolled_up(items, "dimension", "n_dimension_pairs")
    about = responses.select(*RESPONSE_KEY, "stage", *ABOUT_COLUMNS)
    overall = (pl.col(score).mean().over(RESPONSE_KEY).round(DECIMALS) for score in OVERALL)
    return scores.join(about, on=RESPONSE_KEY, how="inner").with_columns(
        mean.name.suffix("_overall") for mean in overall
    )
