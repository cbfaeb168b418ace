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
from transforms.origins import ALWAYS, Origins, codes_of, item
from transforms.settings import Settings

_asked, _answered = codes_of("survey_questions.construct"), item("survey_answers.score")
_perceived, _expected = (_answered & _asked(construct) for construct in ("perception", "expectation"))
ORIGINS: Origins = {
    "answered_on": item("survey_answers.answered_on"),
    "is_audit": ALWAYS,
    "is_valid": ALWAYS,
    "dimension": "survey_questions.dimension",
    "nps_score": _answered & _asked("recommendation"),
    "ces_score": _answered & _asked("effort"),
    "satisfaction_score": _answered & _asked("satisfaction"),
    "perception_score": _perceived,
    "gap_points": _perceived & _expected,
    "importance_mean": _answered & _asked("importance"),
}

_SCORED: dict[str, Any] = {
    "origins": lambda settings: ORIGINS,
    "reads": {"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    "broadcast": {"questions": "staging.survey_questions"},
    "keys": RESPONSE_KEY,
}


@transform(
    writes="core.survey_responses",
    reads={"answers": "staging.survey_answers"},
    broadcast={"questions": "staging.survey_questions"},
    origins=lambda settings: ORIGINS,
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
