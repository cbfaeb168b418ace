"""core.survey_parts: every dimension and every stage of a wave, rolled up from the same questionnaires.

Means as they are and weighted to those the wave speaks for, with what the weights cost and the change since the
wave before. Figures of the whole wave are `core.survey_waves`.
"""

import polars as pl

from transforms.exactness import steady_mean
from transforms.facts.survey_answers import DECIMALS, RESPONSE_KEY, WAVE, WAVE_COLUMNS
from transforms.model import Columns, transform
from transforms.statistics.intervals import Z_95, finite
from transforms.statistics.surveys import (
    SUPPRESSED_BELOW,
    design_effect,
    effective_n,
    sample_status,
    weighted_mean,
    weighted_mean_error,
)
from transforms.vocabulary import SHOWN

PART = (*WAVE, "roll_up", "part")
_SERIES = ("survey", "roll_up", "part")

SURVEY_PARTS: Columns = {
    **WAVE_COLUMNS,
    "roll_up": (pl.String, "dimension or stage: two sums of the same items."),
    "part": (pl.String, "The dimension of service quality, or the stage of the journey."),
    "first_answered_on": (pl.Date, "Day of the first answer."),
    "n_perceptions": (pl.Int64, "Respondents with a perception, careless ones left out."),
    "n_effective": (pl.Float64, "Respondents that an unweighted sample as precise would have (Kish 1965)."),
    "design_effect": (pl.Float64, "What the weights cost: respondents over effective respondents."),
    "n_gaps": (pl.Int64, "Respondents with a gap."),
    "n_satisfactions": (pl.Int64, "Respondents who said how satisfied they are with the part."),
    "status": (
        pl.String,
        "By effective respondents: under 10 suppressed, under 30 low_n, in no index; ok, or no_data.",
    ),
    "perception_score": (pl.Float64, "Mean of respondents' perceptions, 0 to 100 (SERVPERF)."),
    "perception_mean": (pl.Float64, "The same on the questions' own scale."),
    "expectation_mean": (pl.Float64, "Mean of respondents' expectations, own scale."),
    "gap_points": (pl.Float64, "Mean of respondents' gaps, perception less expectation (SERVQUAL)."),
    "importance_mean": (pl.Float64, "Mean importance as given; of stages nobody was asked."),
    "satisfaction_score": (pl.Float64, "Mean satisfaction with the part, 0 to 100."),
    "weighted_perception_score": (pl.Float64, "perception_score, weighted to those the wave speaks for."),
    "weighted_perception_low": (pl.Float64, "Lower end of its 95 % interval."),
    "weighted_perception_high": (pl.Float64, "Upper end of it."),
    "weighted_gap_points": (pl.Float64, "gap_points, weighted likewise."),
    "perception_change": (
        pl.Float64,
        "Change of the weighted perception since the wave before; empty under 30 effective in either.",
    ),
    "perception_change_low": (pl.Float64, "Lower end of the 95 % interval of the change."),
    "perception_change_high": (pl.Float64, "Upper end of it."),
    "perception_verdict": (pl.String, "up, down, no evidence of change, or why there is no comparison."),
}


@transform(
    writes="core.survey_parts",
    reads={
        "scores": "core.survey_scores",
        "stage_scores": "core.survey_stage_scores",
        "weights": "core.survey_weights",
    },
    keys=("survey",),
    grain=PART,
    columns=SURVEY_PARTS,
)
def survey_parts(scores: pl.LazyFrame, stage_scores: pl.LazyFrame, weights: pl.LazyFrame) -> pl.LazyFrame:
    """One row per survey, wave and dimension or stage: perceived, expected, gap, weighted, since the wave before.

    Audits are weighted 1. Figures of under 10 effective respondents are withheld.
    """
    parts = [
        frame.filter("is_valid").with_columns(roll_up=pl.lit(roll_up), part=pl.col(roll_up))
        for roll_up, frame in (
            ("dimension", scores),
            ("stage", stage_scores.with_columns(importance_mean=None)),
        )
    ]
    own = weights.select(*RESPONSE_KEY, "weight")
    answered = (
        pl.concat(parts, how="diagonal_relaxed")
        .join(own, on=RESPONSE_KEY, how="left")
        .with_columns(pl.col("weight", "importance_mean").cast(pl.Float64))
        .with_columns(pl.col("weight").fill_null(1.0))
    )
    return _shown(_since_the_wave_before(_means(answered)))


def _means(answered: pl.LazyFrame) -> pl.LazyFrame:
    weight = pl.col("weight")
    # A part that nobody was asked to perceive is as large as the number of those who are satisfied with it or not.
    perceived, satisfied = (
        weight.filter(pl.col(name).is_not_null()) for name in ("perception_mean", "satisfaction_score")
    )
    means = ("perception_score", "perception_mean", "expectation_mean", "gap_points")
    found = answered.group_by(PART).agg(
        pl.col("answered_on").min().alias("first_answered_on"),
        *(steady_mean(pl.col(name)) for name in (*means, "importance_mean", "satisfaction_score")),
        n_perceptions=pl.col("perception_mean").count(),
        n_gaps=pl.col("gap_points").count(),
        n_satisfactions=pl.col("satisfaction_score").count(),
        n_scored=pl.col("perception_score").count(),
        n_effective=pl.coalesce(finite(effective_n(perceived)), finite(effective_n(satisfied))),
        design_effect=pl.coalesce(finite(design_effect(perceived)), finite(design_effect(satisfied))),
        weighted_perception_score=finite(weighted_mean(pl.col("perception_score"), weight)),
        weighted_gap_points=finite(weighted_mean(pl.col("gap_points"), weight)),
        error=finite(weighted_mean_error(pl.col("perception_score"), weight)),
    )
    half = Z_95 * pl.col("error")
    return found.with_columns(
        pl.col("n_effective").fill_null(0.0),
        weighted_perception_low=pl.col("weighted_perception_score") - half,
        weighted_perception_high=pl.col("weighted_perception_score") + half,
    ).with_columns(status=sample_status(pl.col("n_effective")))


def _since_the_wave_before(parts: pl.LazyFrame) -> pl.LazyFrame:
    def before(name: str) -> pl.Expr:
        return pl.col(name).shift(1).over(_SERIES, order_by=["first_answered_on", "wave"])

    earlier = before("status")
    comparable = (pl.col("status") == "ok") & (earlier == "ok").fill_null(False)
    change = pl.col("weighted_perception_score") - before("weighted_perception_score")
    half = Z_95 * (pl.col("error") ** 2 + before("error") ** 2).sqrt()
    verdict = (
        pl.when(earlier.is_null())
        .then(pl.lit("first wave"))
        .when(~comparable)
        .then(pl.lit("under 30 effective respondents in a wave"))
        .when(change.is_null())
        .then(pl.lit("no scale to compare on"))
        .when(change > half)
        .then(pl.lit("up"))
        .when(change < -half)
        .then(pl.lit("down"))
        .otherwise(pl.lit("no evidence of change"))
    )
    return parts.with_columns(
        perception_change=pl.when(comparable).then(change),
        perception_change_low=pl.when(comparable).then(change - half),
        perception_change_high=pl.when(comparable).then(change + half),
        perception_verdict=verdict,
    )


def _shown(parts: pl.LazyFrame) -> pl.LazyFrame:
    """Without the figures of too few respondents; rounded, as the last digits depend on the order of rows."""
    enough = pl.col("status").is_in(SHOWN)
    figures_of = {
        "n_perceptions": ("perception_mean", "expectation_mean", "importance_mean"),
        "n_scored": (
            "perception_score", "weighted_perception_score", "weighted_perception_low", "weighted_perception_high",
        ),
        "n_gaps": ("gap_points", "weighted_gap_points"),
        "n_satisfactions": ("satisfaction_score",),
    }  # fmt: skip
    return parts.with_columns(
        pl.when(enough & (pl.col(n) >= SUPPRESSED_BELOW)).then(name).alias(name)
        for n, names in figures_of.items()
        for name in names
    ).with_columns(
        pl.col(name).round(DECIMALS) for name, (dtype, _) in SURVEY_PARTS.items() if dtype == pl.Float64
    )
