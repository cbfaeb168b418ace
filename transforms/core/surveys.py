"""The survey tables as models: what core.survey_responses, survey_scores and survey_stage_scores read and write.

How an answer becomes a score is in `survey_responses.py` and `survey_scores.py`.
"""

from datetime import date
from typing import Any

import polars as pl

from transforms.core.survey_responses import RESPONSE_KEY, SURVEY_RESPONSES, survey_responses
from transforms.core.survey_scores import (
    SURVEY_SCORES,
    SURVEY_STAGE_SCORES,
    survey_scores,
    survey_stage_scores,
)
from transforms.model import transform
from transforms.settings import Settings

_SCORED: dict[str, Any] = {
    "reads": {"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    "broadcast": {"questions": "staging.survey_questions"},
    "keys": RESPONSE_KEY,
}


@transform(
    writes="core.survey_responses",
    reads={"answers": "staging.survey_answers"},
    broadcast={"questions": "staging.survey_questions"},
    keys=RESPONSE_KEY,
    grain=RESPONSE_KEY,
    columns=SURVEY_RESPONSES,
)
def responses(
    answers: pl.LazyFrame, questions: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a filled questionnaire: whom it is about, how likely they recommend, whether it is valid."""
    asked = settings.surveys
    return survey_responses(
        answers, questions, as_of=as_of, audit_surveys=asked.audits, screened_surveys=asked.screened
    )


@transform(writes="core.survey_scores", grain=(*RESPONSE_KEY, "dimension"), columns=SURVEY_SCORES, **_SCORED)
def scores(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row a filled questionnaire and dimension: perceived, expected, and the gap between them."""
    del settings
    return survey_scores(answers, responses, questions, as_of=as_of)


@transform(
    writes="core.survey_stage_scores", grain=(*RESPONSE_KEY, "stage"), columns=SURVEY_STAGE_SCORES, **_SCORED
)
def stage_scores(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row a filled questionnaire and stage of the customer's journey, from the items of the dimensions."""
    del settings
    return survey_stage_scores(answers, responses, questions, as_of=as_of)
