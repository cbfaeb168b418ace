"""One questionnaire's scores rolled up from the same items, by dimension or by stage of the customer's journey.

Nothing here averages over customers: that is done in `core.survey_parts` and `core.survey_waves`, and by KPIs.
"""

import polars as pl

from transforms.facts.survey_answers import DECIMALS, RESPONSE_KEY
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, Columns

# A respondent's gap needs this share of the dimension's pairs.
PAIRS_SHARE = 0.5
SCORE_COLUMNS: Columns = {
    "perception_mean": (pl.Float64, "Mean perception on the questions' own scale, reversed ones turned."),
    "perception_score": (pl.Float64, "Mean perception on 0 to 100 (SERVPERF, Cronin and Taylor 1992)."),
    "expectation_mean": (pl.Float64, "Mean expectation on the questions' own scale."),
    "gap_points": (pl.Float64, "Mean over pairs of perception less expectation; NULL under half the pairs."),
    "importance_mean": (pl.Float64, "Mean importance as given, for example points out of 100."),
    "satisfaction_score": (pl.Float64, "Mean satisfaction on 0 to 100."),
    "n_items": (pl.Int64, "Perception items answered."),
    "n_pairs": (pl.Int64, "Items with both expectation and perception answered."),
}
# The segments of a questionnaire; what nobody says is unknown.
SERVED: Columns = {
    **SEGMENT_COLUMNS,
    **SERVICE_CHANNEL,
    "mode": (pl.String, "How it was answered: app, web, phone, paper or in_person."),
}
ABOUT_COLUMNS: Columns = {
    "answered_on": (pl.Date, "Day of the last answer."),
    **SERVED,
    "is_valid": (pl.Boolean, "Neither straight-lining nor speeding."),
    "is_audit": (pl.Boolean, "A mystery shopper's audit: counted apart, never with customers."),
}


def rolled_up(items: pl.LazyFrame, by: str, pairs_asked: str) -> pl.LazyFrame:
    """Scores per questionnaire and `by`: first the items, so that a pair is a pair, then their mean.

    The gap is pairwise: an item counts if both its questions are answered, and the gap is NULL under half of the
    pairs that the questionnaire has, which the column `pairs_asked` says (Parasuraman, Zeithaml and Berry 1988).
    """

    def mean_of(construct: str, column: str) -> pl.Expr:
        return pl.when(pl.col("construct") == construct).then(column).mean()

    per_item = (
        items.filter(pl.col("value").is_not_null())
        .filter(pl.col("construct").is_in(["perception", "expectation", "importance", "satisfaction"]))
        .group_by(*RESPONSE_KEY, by, "item")
        .agg(
            pl.col(pairs_asked).max().alias("pairs_asked"),
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
    enough = pl.col("n_pairs") >= PAIRS_SHARE * pl.col("pairs_asked")
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
