"""From single answers to `core.survey_scores` and `core.survey_stage_scores`: one questionnaire's score on
each dimension and on each stage, rolled up from the same items.

Nothing here averages over customers; weights, gaps of a company and intervals are in `transforms/statistics`.
"""

from datetime import date

import polars as pl

from transforms.core.survey_responses import DECIMALS, RESPONSE_KEY, scored_answers
from transforms.model import SEGMENT_COLUMNS, Columns

# A respondent's gap needs this share of the dimension's pairs.
PAIRS_SHARE = 0.5
# Scores of which every row also has the questionnaire's mean: its rows hang together by it.
OVERALL = ("perception_score", "gap_points", "satisfaction_score")

_SCORES: Columns = {
    "perception_mean": (pl.Float64, "Mean perception on the questions' own scale, reversed ones turned."),
    "perception_score": (pl.Float64, "Mean perception on 0 to 100 (SERVPERF, Cronin and Taylor 1992)."),
    "expectation_mean": (pl.Float64, "Mean expectation on the questions' own scale."),
    "gap_points": (pl.Float64, "Mean over pairs of perception less expectation; NULL under half the pairs."),
    "importance_mean": (pl.Float64, "Mean importance as given, for example points out of 100."),
    "satisfaction_score": (pl.Float64, "Mean satisfaction on 0 to 100."),
    "n_items": (pl.Int64, "Perception items answered."),
    "n_pairs": (pl.Int64, "Items with both expectation and perception answered."),
}
_ABOUT: Columns = {
    "answered_on": (pl.Date, "Day of the last answer."),
    **SEGMENT_COLUMNS,
    "is_valid": (pl.Boolean, "Neither straight-lining nor speeding."),
    "is_audit": (pl.Boolean, "A mystery shopper's audit: counted apart, never with customers."),
}
_RESPONSE: Columns = {
    "survey": (pl.String, "The survey."),
    "wave": (pl.String, "Its wave."),
    "response_id": (pl.String, "The filled questionnaire."),
}
SURVEY_SCORES: Columns = {
    **_RESPONSE,
    "dimension": (pl.String, "Dimension of service quality."),
    "stage": (pl.String, "Stage of the customer's journey the questionnaire asks about."),
    **_ABOUT,
    **_SCORES,
    **{
        f"{score}_overall": (pl.Float64, f"Mean {score} of the questionnaire's dimensions.")
        for score in OVERALL
    },
}
SURVEY_STAGE_SCORES: Columns = {
    **_RESPONSE,
    "stage": (pl.String, "Stage of the customer's journey the items are about."),
    **_ABOUT,
    **_SCORES,
}


def survey_scores(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    pairs_share: float = PAIRS_SHARE,
) -> pl.LazyFrame:
    """One row a filled questionnaire and dimension: perceived, expected, and the gap between them.

    `responses` is core.survey_responses, whose segments and flags are repeated. The gap is pairwise: an item
    counts if both its questions are answered, and the gap is NULL below `pairs_share` of the pairs that the
    questionnaire has in the dimension (Parasuraman, Zeithaml and Berry 1988).
    """
    items = scored_answers(answers, questions, as_of=as_of).filter(pl.col("dimension").is_not_null())
    scores = _scores(items, "dimension", pl.col("n_dimension_pairs"), pairs_share)
    about = responses.select(*RESPONSE_KEY, "stage", *_ABOUT)
    overall = (pl.col(score).mean().over(RESPONSE_KEY).round(DECIMALS) for score in OVERALL)
    rows = scores.join(about, on=RESPONSE_KEY, how="inner").with_columns(
        mean.name.suffix("_overall") for mean in overall
    )
    return rows.select(pl.col(name).cast(dtype) for name, (dtype, _) in SURVEY_SCORES.items())


def survey_stage_scores(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    pairs_share: float = PAIRS_SHARE,
) -> pl.LazyFrame:
    """One row a filled questionnaire and stage of the journey, rolled up from the items of the dimensions.

    An item is about its question's stage, else about the stage of the questionnaire; `responses` and the rule
    of the gap as in `survey_scores`.
    """
    about = responses.select(*RESPONSE_KEY, *_ABOUT, response_stage="stage")
    items = (
        scored_answers(answers, questions, as_of=as_of)
        .filter(pl.col("dimension").is_not_null())
        .join(about.select(*RESPONSE_KEY, "response_stage"), on=RESPONSE_KEY, how="inner")
        .with_columns(stage=pl.coalesce("question_stage", "response_stage"))
    )
    scores = _scores(items, "stage", pl.col("n_stage_pairs"), pairs_share)
    rows = scores.join(about, on=RESPONSE_KEY, how="inner")
    return rows.select(pl.col(name).cast(dtype) for name, (dtype, _) in SURVEY_STAGE_SCORES.items())


def _scores(items: pl.LazyFrame, by: str, pairs_asked: pl.Expr, pairs_share: float) -> pl.LazyFrame:
    """Scores per questionnaire and `by`: first the items, so that a pair is a pair, then their mean."""

    def mean_of(construct: str, column: str) -> pl.Expr:
        return pl.when(pl.col("construct") == construct).then(column).mean()

    per_item = (
        items.filter(pl.col("value").is_not_null())
        .filter(pl.col("construct").is_in(["perception", "expectation", "importance", "satisfaction"]))
        .group_by(*RESPONSE_KEY, by, "item")
        .agg(
            pairs_asked.max().alias("pairs_asked"),
            perception=mean_of("perception", "value"),
            perception_100=mean_of("perception", "score_100"),
            expectation=mean_of("expectation", "value"),
            importance=mean_of("importance", "value"),
            satisfaction_100=mean_of("satisfaction", "score_100"),
        )
        .with_columns(gap=pl.col("perception") - pl.col("expectation"))
    )
    scores = per_item.group_by(*RESPONSE_KEY, by).agg(
        pl.col("pairs_asked").max(),
        perception_mean=pl.col("perception").mean(),
        perception_score=pl.col("perception_100").mean(),
        expectation_mean=pl.col("expectation").mean(),
        gap_points=pl.col("gap").mean(),
        importance_mean=pl.col("importance").mean(),
        satisfaction_score=pl.col("satisfaction_100").mean(),
        n_items=pl.col("perception").count(),
        n_pairs=pl.col("gap").count(),
    )
    enough = pl.col("n_pairs") >= pairs_share * pl.col("pairs_asked")
    means = (
        "perception_mean",
        "perception_score",
        "expectation_mean",
        "importance_mean",
        "satisfaction_score",
    )
    return scores.with_columns(
        # The last digits of a mean depend on the order of rows, and a rerun must change no number.
        pl.col(means).round(DECIMALS),
        gap_points=pl.when(enough).then("gap_points").round(DECIMALS),
    )
