"""Single answers with the question they answer, turned and scaled, as every survey table of core takes them.

What a questionnaire or a wave says is made of them in the tables; the statistics are in `transforms/statistics`.
"""

import polars as pl

from transforms.model import Columns
from transforms.origins import ALWAYS, Origins, codes_of, item
from transforms.vocabulary import JOURNEY_STAGES

WAVE = ("survey", "wave")
RESPONSE_KEY = (*WAVE, "response_id")
ANSWERS_KNOWN_ON = {"answers": "answered_on"}
WAVE_COLUMNS: Columns = {"survey": (pl.String, "The survey."), "wave": (pl.String, "Its wave.")}
RESPONSE_COLUMNS: Columns = {**WAVE_COLUMNS, "response_id": (pl.String, "The filled questionnaire.")}

# Digits kept of a mean of answers.
DECIMALS = 9
# The scales by which the two instruments are defined; another scale is another instrument.
NPS_SCALE = (0.0, 10.0)
CES_SCALE = (1.0, 7.0)

_asked, _answered = codes_of("survey_questions.construct"), item("survey_answers.score")
_perceived, _expected = (_answered & _asked(construct) for construct in ("perception", "expectation"))
# What has to be recorded before a column of a survey table says anything.
ORIGINS: Origins = {
    "answered_on": item("survey_answers.answered_on"),
    "is_audit": ALWAYS,
    "is_valid": ALWAYS,
    "dimension": "survey_questions.dimension",
    **{
        f"stage={stage}": codes_of("survey_answers.stage")(stage) | codes_of("survey_questions.stage")(stage)
        for stage in JOURNEY_STAGES
    },
    # A project may have stages of its own.
    "stage": item("survey_answers.stage") | item("survey_questions.stage"),
    "nps_score": _answered & _asked("recommendation"),
    "ces_score": _answered & _asked("effort"),
    "satisfaction_score": _answered & _asked("satisfaction"),
    "perception_score": _perceived,
    "gap_points": _perceived & _expected,
    "importance_mean": _answered & _asked("importance"),
}


def scored_answers(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.LazyFrame:
    """Each answer with its question: `value` on the question's scale (high is good) and `score_100`.

    A reversed question is turned here and nowhere else: x' = min + max − x. An answer outside the scale has
    no value and `is_out_of_scale`; to a question without a scale it has a value but no `score_100`, and no
    value if the question is reversed. `score` stays as given; `item` pairs expectation with perception.
    """
    low, high, answer = pl.col("scale_min"), pl.col("scale_max"), pl.col("score")
    turned = pl.when("reverse").then(low + high - answer).otherwise(answer)
    return (
        answers.rename({"stage": "answer_stage"})
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
        pl.when(unsaid & asks("recommendation")).then(nps).when(unsaid & asks("effort")).then(ces)
        for nps, ces in zip(NPS_SCALE, CES_SCALE, strict=True)
    )
    paired = asks("perception") & asks("expectation").any().over("survey", "dimension", "item")
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
            asks_overall=(asks("satisfaction") & pl.col("dimension").is_null()).any().over("survey"),
        )
        .drop("is_paired")
    )


def asks(construct: str) -> pl.Expr:
    """Whether the question of an answer is about this."""
    return pl.col("construct") == construct
