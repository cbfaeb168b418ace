"""From single answers to `core.survey_responses`: one row a filled questionnaire, with its flags of validity.

Scores of the dimensions and of the stages of one questionnaire are in `survey_scores.py`; means over
customers are KPIs.
"""

from collections.abc import Collection
from datetime import date

import polars as pl

from transforms.model import SEGMENT_COLUMNS, Columns

RESPONSE_KEY = ("survey", "wave", "response_id")
# Digits kept of a mean of answers.
DECIMALS = 9

# Fewer seconds than this an answer is too fast to have read the question: Huang, Curran, Keeney, Poposki and
# DeShon (2012), "Detecting and deterring insufficient effort responding to surveys".
SECONDS_PER_ANSWER = 2.0
# Fewer equal answers than this may well be an opinion.
STRAIGHT_LINE_ANSWERS = 10

# The scales by which the two instruments are defined; another scale is another instrument.
NPS_SCALE = (0.0, 10.0)
CES_SCALE = (1.0, 7.0)

SURVEY_RESPONSES: Columns = {
    "survey": (pl.String, "The survey."),
    "wave": (pl.String, "Its wave."),
    "response_id": (pl.String, "The filled questionnaire."),
    "answered_on": (pl.Date, "Day of the last answer."),
    "stage": (pl.String, "Stage of the customer's journey asked about; unknown where it asks about several."),
    **SEGMENT_COLUMNS,
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


def survey_responses(
    answers: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    audit_surveys: Collection[str] = (),
    screened_surveys: Collection[str] = (),
    seconds_per_answer: float = SECONDS_PER_ANSWER,
    straight_line_answers: int = STRAIGHT_LINE_ANSWERS,
) -> pl.LazyFrame:
    """One row a filled questionnaire: whom it is about, how likely they recommend, whether it is valid.

    `answers` is staging.survey_answers, `questions` staging.survey_questions; answers after `as_of` are not
    known yet. Surveys named in `audit_surveys` are mystery shopping; of those in `screened_surveys` everybody
    is valid, whatever the flags. A segment that the answers of one
    questionnaire give differently takes the last in alphabetical order.
    """
    scored = scored_answers(answers, questions, as_of=as_of)
    is_overall = _is("satisfaction") & (pl.col("dimension").is_null() | ~pl.col("asks_overall"))
    responses = scored.group_by(RESPONSE_KEY).agg(
        pl.col("answered_on").max(),
        _answered_stage(),
        *(pl.col(name).max() for name in ("policy_id", "claim_id", "complaint_id", "customer_id", "seconds")),
        *(pl.when(pl.col(name) != "unknown").then(name).max() for name in SEGMENT_COLUMNS),
        n_answered=pl.col("value").count(),
        n_out_of_scale=pl.col("is_out_of_scale").sum(),
        n_unknown_questions=pl.col("construct").is_null().sum(),
        nps_score=pl.when(_is("recommendation") & _on_scale(NPS_SCALE)).then("value").mean(),
        ces_score=pl.when(_is("effort") & _on_scale(CES_SCALE)).then("value").mean(),
        satisfaction_score=pl.when(is_overall).then("score_100").mean(),
        straight_lining=_same_answers(straight_line_answers),
    )
    flagged = responses.with_columns(
        pl.col("stage", *SEGMENT_COLUMNS).fill_null("unknown"),
        pl.col("nps_score", "ces_score", "satisfaction_score").round(DECIMALS),
        speeding=(pl.col("seconds") < seconds_per_answer * pl.col("n_answered")).fill_null(False),
        is_audit=pl.col("survey").is_in(list(audit_surveys)),
    ).with_columns(
        is_valid=~(pl.col("straight_lining") | pl.col("speeding"))
        | pl.col("survey").is_in(list(screened_surveys)),
        nps_score=pl.when(~pl.col("is_audit")).then("nps_score"),
    )
    return flagged.select(pl.col(name).cast(dtype) for name, (dtype, _) in SURVEY_RESPONSES.items())


def scored_answers(answers: pl.LazyFrame, questions: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """Each answer with its question: `value` on the question's scale (high is good) and `score_100`.

    A reversed question is turned here and nowhere else: x' = min + max − x. An answer outside the scale has
    no value and `is_out_of_scale`; to a question without a scale it has a value but no `score_100`, and no
    value if the question is reversed. `score` stays as given; `item` pairs expectation with perception.
    """
    low, high, answer = pl.col("scale_min"), pl.col("scale_max"), pl.col("score")
    turned = pl.when("reverse").then(low + high - answer).otherwise(answer)
    return (
        answers.filter(pl.col("answered_on") <= as_of)
        .rename({"stage": "answer_stage"})
        .join(scaled_questions(questions), on=["survey", "question"], how="left")
        .with_columns(is_out_of_scale=((answer < low) | (answer > high)).fill_null(False))
        .with_columns(
            value=pl.when(pl.col("construct").is_not_null() & ~pl.col("is_out_of_scale")).then(turned)
        )
        .with_columns(score_100=(pl.col("value") - low) / (high - low) * 100)
    )


def scaled_questions(questions: pl.LazyFrame) -> pl.LazyFrame:
    """The questions with the scale that their construct implies, and how many pairs they stand among.

    Likelihood to recommend is asked from 0 to 10, ease from 1 to 7, where the questionnaire does not say. A
    pair is an item of which the survey asks expectation and perception; an unpaired question is an item of
    its own. `asks_overall`: the survey has a question about satisfaction as a whole.
    """
    unsaid = pl.col("scale_min").is_null() & pl.col("scale_max").is_null()
    low, high = (
        pl.when(unsaid & _is("recommendation")).then(nps).when(unsaid & _is("effort")).then(ces)
        for nps, ces in zip(NPS_SCALE, CES_SCALE, strict=True)
    )
    paired = _is("perception") & _is("expectation").any().over("survey", "dimension", "item")
    return (
        questions.select(
            "survey",
            "question",
            "construct",
            "dimension",
            pl.col("stage").alias("question_stage"),
            item=pl.coalesce("item", "question"),
            scale_min=low.otherwise("scale_min"),
            scale_max=high.otherwise("scale_max"),
            reverse=pl.col("reverse").fill_null(False),
        )
        .with_columns(is_paired=paired & pl.col("dimension").is_not_null())
        .with_columns(
            n_dimension_pairs=pl.col("is_paired").sum().over("survey", "dimension"),
            n_stage_pairs=pl.col("is_paired").sum().over("survey", "question_stage"),
            asks_overall=(_is("satisfaction") & pl.col("dimension").is_null()).any().over("survey"),
        )
        .drop("is_paired")
    )


def _is(construct: str) -> pl.Expr:
    return pl.col("construct") == construct


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
    perceived = pl.when(_is("perception")).then("score")
    expected = pl.when(_is("expectation")).then("score")
    one_answer = (perceived.max() == perceived.min()).fill_null(True) & (
        expected.max() == expected.min()
    ).fill_null(True)
    return one_answer & (perceived.count() + expected.count() >= at_least)
