"""What a wave of a survey says as a whole: its figures beside the wave before, and who kept silent.

Scores of one questionnaire are in `survey_scores.py`, parts of a wave in `survey_parts.py`, reliability of the
instrument in `survey_instruments.py`; formulas are those of `transforms/statistics`. Months and
segments are KPIs.
"""

from datetime import date

import polars as pl
import polars.selectors as cs

from transforms.model import Columns, transform
from transforms.settings import Settings
from transforms.statistics.intervals import finite, nps, nps_adjusted, nps_difference
from transforms.statistics.surveys import (
    box_share,
    dimension_means,
    ease_share,
    non_response_bias,
    nps_comparable,
)

WAVE = ("survey", "wave")
_WAVE: Columns = {"survey": (pl.String, "The survey."), "wave": (pl.String, "Its wave.")}
SURVEY_WAVES: Columns = {
    **_WAVE,
    "is_audit": (pl.Boolean, "Mystery shopping, not customers: it has no NPS."),
    "first_answered_on": (pl.Date, "Day of the first answer."),
    "last_answered_on": (pl.Date, "Day of the last answer."),
    "n_responses": (pl.Int64, "Filled questionnaires."),
    "n_careless": (pl.Int64, "Of these filled without reading; in no figure of this row."),
    "n_nps": (pl.Int64, "Answers to the question of recommendation."),
    "nps_points": (pl.Float64, "Net promoter score, −100 to 100."),
    "nps_low": (pl.Float64, "Lower end of its 95 % interval (adjusted Wald)."),
    "nps_high": (pl.Float64, "Upper end of it."),
    "nps_change_points": (pl.Float64, "Change since the wave before; empty under 100 answers in either."),
    "nps_change_low": (pl.Float64, "Lower end of the 95 % interval of the change."),
    "nps_change_high": (pl.Float64, "Upper end of it."),
    "nps_verdict": (pl.String, "up, down, no evidence of change, or why there is no comparison."),
    "ces_mean": (pl.Float64, "Customer effort score, 1 to 7, 7 is easy."),
    "ces_easy_share": (pl.Float64, "Share of the customers who found it easy, 5 and more."),
    "satisfaction_score": (pl.Float64, "Mean overall satisfaction, 0 to 100."),
    "satisfied_share": (pl.Float64, "Share at 75 of 100 and more: the top two boxes of a scale of five."),
    "csi_score": (
        pl.Float64,
        "Customer satisfaction index, 0–100: satisfaction by dimension, weighted by importance.",
    ),
    "servqual_gap_points": (pl.Float64, "Perception less expectation, mean of the dimensions."),
    "servqual_weighted_gap_points": (pl.Float64, "The same weighted by the customers' own allocation."),
    "servperf_score": (pl.Float64, "Perception on 0 to 100, mean of the dimensions."),
    "servperf_weighted_score": (pl.Float64, "The same weighted by the customers' own allocation."),
}
_FARED = ("respondents", "others")
SURVEY_NONRESPONSE: Columns = {
    "event": (pl.String, "What customers could have been asked about: claims decided in the month."),
    "period": (pl.Date, "First day of the month."),
    **{f"n_{g}": (pl.Int64, f"Cases of {g}.") for g in _FARED},
    **{f"days_mean_{g}": (pl.Float64, f"Mean days to the decision of {g}.") for g in _FARED},
    **{f"days_median_{g}": (pl.Float64, f"Median days to the decision of {g}.") for g in _FARED},
    **{f"rejected_share_{g}": (pl.Float64, f"Rejected share of {g}.") for g in _FARED},
    "days_mean_difference": (pl.Float64, "Respondents less others, days."),
    "days_mean_difference_low": (pl.Float64, "Lower end of its 95 % interval (Welch)."),
    "days_mean_difference_high": (pl.Float64, "Upper end of it."),
    "rejected_share_difference": (pl.Float64, "Respondents less others."),
    "rejected_share_difference_low": (pl.Float64, "Lower end of its 95 % interval (Agresti and Caffo 2000)."),
    "rejected_share_difference_high": (pl.Float64, "Upper end of it."),
}


@transform(
    writes="core.survey_waves",
    reads={"responses": "core.survey_responses", "scores": "core.survey_scores"},
    keys=("survey",),
    grain=WAVE,
    columns=SURVEY_WAVES,
)
def survey_waves(
    responses: pl.LazyFrame, scores: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a survey and wave: NPS with its change since the wave before, CES, satisfaction, SERVQUAL."""
    del as_of, settings
    read = pl.col("is_valid")
    recommended = pl.col("nps_score").filter(read)
    waves = responses.group_by(WAVE).agg(
        is_audit=pl.col("is_audit").any(),
        first_answered_on=pl.col("answered_on").min(),
        last_answered_on=pl.col("answered_on").max(),
        n_responses=pl.len(),
        n_careless=(~read).sum(),
        n_nps=recommended.count(),
        promoters=(recommended >= 9).sum(),
        detractors=(recommended <= 6).sum(),
        ces_mean=pl.col("ces_score").filter(read).mean(),
        ces_easy_share=finite(ease_share(pl.col("ces_score").filter(read))),
        satisfaction_score=pl.col("satisfaction_score").filter(read).mean(),
        satisfied_share=finite(box_share(pl.col("satisfaction_score").filter(read), 75, 100)),
    )
    counts = ("promoters", "detractors", "n_nps")
    series = waves.sort("survey", "first_answered_on", "wave").with_columns(
        pl.col(name).shift(1).over("survey").alias(f"earlier_{name}") for name in counts
    )
    earlier = tuple(pl.col(f"earlier_{name}") for name in counts)
    now = tuple(pl.col(name) for name in counts)
    low, high = nps_adjusted(now[0], now[1], now[2])
    change = nps_difference(now[0], now[1], now[2], earlier[0], earlier[1], earlier[2])
    comparable = nps_comparable(now[2], earlier[2]).fill_null(False)
    told = series.with_columns(
        nps_points=nps(*now),
        nps_low=low,
        nps_high=high,
        nps_change_points=pl.when(comparable).then(change.value),
        nps_change_low=pl.when(comparable).then(change.low),
        nps_change_high=pl.when(comparable).then(change.high),
    ).with_columns(nps_verdict=_nps_verdict(comparable, earlier[2]))
    return told.join(_over_dimensions(scores), on=WAVE, how="left")


def _nps_verdict(comparable: pl.Expr, earlier_n: pl.Expr) -> pl.Expr:
    return (
        pl.when(earlier_n.is_null())
        .then(pl.lit("first wave"))
        .when(~comparable)
        .then(pl.lit("under 100 answers in a wave"))
        .when(pl.col("nps_change_low") > 0)
        .then(pl.lit("up"))
        .when(pl.col("nps_change_high") < 0)
        .then(pl.lit("down"))
        .otherwise(pl.lit("no evidence of change"))
    )


def _over_dimensions(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Gaps, perceptions and satisfaction over the dimensions of each wave, equal and by the customers' allocation."""
    read = scores.filter(pl.col("is_valid"))
    satisfaction = read.group_by(*WAVE, "dimension").agg(pl.col("satisfaction_score").mean())
    means = dimension_means(read, WAVE).join(satisfaction, on=[*WAVE, "dimension"], how="left")
    weight = pl.col("importance_mean")

    def weighted(name: str) -> pl.Expr:
        # A dimension without weight or figure leaves nothing to say: weights are not stretched over the rest.
        is_whole = (pl.col(name).is_not_null() & weight.is_not_null()).all() & (weight.sum() > 0)
        return pl.when(is_whole).then((weight * pl.col(name)).sum() / weight.sum())

    return means.group_by(WAVE).agg(
        csi_score=weighted("satisfaction_score"),
        servqual_gap_points=pl.col("gap_points").mean(),
        servqual_weighted_gap_points=weighted("gap_points"),
        servperf_score=pl.col("perception_score").mean(),
        servperf_weighted_score=weighted("perception_score"),
    )


@transform(
    writes="core.survey_nonresponse",
    reads={"claims": "core.claims", "responses": "core.survey_responses"},
    keys=(),
    grain=("event", "period"),
    columns=SURVEY_NONRESPONSE,
)
def survey_nonresponse(
    claims: pl.LazyFrame, responses: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a month of decided claims: how customers who answered a survey had fared, beside those who did not."""
    del as_of, settings
    decided = claims.filter(
        pl.col("decided_on").is_not_null() & pl.col("sequence_fault").is_null() & (pl.col("spell_no") == 1)
    ).with_columns(period=pl.col("decided_on").dt.truncate("1mo"))
    asked = decided.join(
        responses.select(is_surveyed=pl.col("claim_id").is_not_null()).filter("is_surveyed").unique(),
        how="cross",
    )
    bias = non_response_bias(
        asked,
        responses,
        case="claim_id",
        days="report_to_decision_days",
        rejected=pl.col("outcome") == "rejected",
        by=("period",),
    )
    return bias.with_columns(cs.float().fill_nan(None), event=pl.lit("claims"))
