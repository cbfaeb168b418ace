"""core.survey_responses: one row per filled questionnaire, with its flags of validity.

Scores of the dimensions and of the stages of one questionnaire are tables of their own; means over customers
are KPIs.
"""

import polars as pl

from transforms.facts.survey_answers import (
    ANSWERS_KNOWN_ON,
    CES_SCALE,
    DECIMALS,
    NPS_SCALE,
    ORIGINS,
    RESPONSE_COLUMNS,
    RESPONSE_KEY,
    asks,
    scored_answers,
)
from transforms.facts.survey_roll_ups import SERVED
from transforms.model import Columns, transform
from transforms.settings import Settings

# Fewer seconds than this an answer is too fast to have read the question: Huang, Curran, Keeney, Poposki and
# DeShon (2012), "Detecting and deterring insufficient effort responding to surveys".
SECONDS_PER_ANSWER = 2.0
# Fewer equal answers than this may well be an opinion.
STRAIGHT_LINE_ANSWERS = 10

SURVEY_RESPONSES: Columns = {
    **RESPONSE_COLUMNS,
    "answered_on": (pl.Date, "Day of the last answer."),
    "stage": (pl.String, "Stage of the customer's journey asked about; unknown where it asks about several."),
    **SERVED,
    "policy_id": (pl.String, "The policy asked about."),
    "claim_id": (pl.String, "The claim asked about."),
    "complaint_id": (pl.String, "The complaint asked about."),
    "customer_id": (pl.String, "The respondent."),
    "seconds": (pl.Float64, "Seconds the questionnaire took."),
    "n_answered": (pl.Int64, "Questions answered by a number on their scale."),
    "n_out_of_scale": (pl.Int64, "Answers outside the scale of their question; in no score."),
    "n_unknown_questions": (pl.Int64, "Answers to questions the questionnaire does not have; in no score."),
    "nps_score": (pl.Float64, "Likelihood to recommend, 0 to 10; NULL where asked on another scale."),
    "ces_score": (pl.Float64, "Ease, 1 to 7 (7 is easy); NULL where asked on another scale."),
    "satisfaction_score": (
        pl.Float64,
        "Overall satisfaction, 0 to 100; mean of that by dimension where the survey asks for no other.",
    ),
    "straight_lining": (pl.Boolean, "Ten or more perceptions and expectations, the same within each block."),
    "speeding": (pl.Boolean, "Under two seconds an answer."),
    "is_valid": (
        pl.Boolean,
        "Neither straight-lining nor speeding, or screened elsewhere; flagged, never dropped.",
    ),
    "is_audit": (pl.Boolean, "A mystery shopper's audit: counted apart, never with customers."),
}


@transform(
    writes="core.survey_responses",
    reads={"answers": "staging.survey_answers"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    origins=lambda settings: ORIGINS,
    keys=RESPONSE_KEY,
    grain=RESPONSE_KEY,
    columns=SURVEY_RESPONSES,
)
def survey_responses(answers: pl.LazyFrame, questions: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per filled questionnaire: whom it is about, how likely they recommend, whether it is valid.

    Surveys that the project names as audits are mystery shopping; of
    those it names as screened everybody is valid, whatever the flags. A segment that the answers of one
    questionnaire give differently takes the last in alphabetical order.
    """
    scored = scored_answers(answers, questions)
    is_overall = asks("satisfaction") & (pl.col("dimension").is_null() | ~pl.col("asks_overall"))
    responses = scored.group_by(RESPONSE_KEY).agg(
        pl.col("answered_on").max(),
        _answered_stage(),
        *(pl.col(name).max() for name in ("policy_id", "claim_id", "complaint_id", "customer_id", "seconds")),
        *(pl.when(pl.col(name) != "unknown").then(name).max() for name in SERVED),
        n_answered=pl.col("value").count(),
        n_out_of_scale=pl.col("is_out_of_scale").sum(),
        n_unknown_questions=pl.col("construct").is_null().sum(),
        nps_score=pl.when(asks("recommendation") & _on_scale(NPS_SCALE)).then("value").mean(),
        ces_score=pl.when(asks("effort") & _on_scale(CES_SCALE)).then("value").mean(),
        satisfaction_score=pl.when(is_overall).then("score_100").mean(),
        straight_lining=_same_answers(STRAIGHT_LINE_ANSWERS),
    )
    return responses.with_columns(
        pl.col("stage", *SERVED).fill_null("unknown"),
        pl.col("nps_score", "ces_score", "satisfaction_score").round(DECIMALS),
        speeding=(pl.col("seconds") < SECONDS_PER_ANSWER * pl.col("n_answered")).fill_null(False),
        is_audit=pl.col("survey").is_in(list(settings.surveys.audits)),
    ).with_columns(
        is_valid=~(pl.col("straight_lining") | pl.col("speeding"))
        | pl.col("survey").is_in(list(settings.surveys.screened)),
        nps_score=pl.when(~pl.col("is_audit")).then("nps_score"),
    )


def _on_scale(scale: tuple[float, float]) -> pl.Expr:
    return (pl.col("scale_min") == scale[0]) & (pl.col("scale_max") == scale[1])


def _answered_stage() -> pl.Expr:
    """The stage the answers name, else the one stage that all questions share."""
    first, last = pl.col("question_stage").min(), pl.col("question_stage").max()
    return pl.coalesce(pl.col("answer_stage").max(), pl.when(first == last).then(first)).alias("stage")


def _same_answers(at_least: int) -> pl.Expr:
    """True where the perceptions are all one answer and so are the expectations, over `at_least` answers.

    On the answers as given, so that agreeing with a statement and with its reverse is seen. Each block alone
    is no evidence: expectations near the top of the scale are the rule.
    """
    perceived = pl.when(asks("perception")).then("score")
    expected = pl.when(asks("expectation")).then("score")
    one_answer = (perceived.max() == perceived.min()).fill_null(True) & (
        expected.max() == expected.min()
    ).fill_null(True)
    return one_answer & (perceived.count() + expected.count() >= at_least)
