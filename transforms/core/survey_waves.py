"""core.survey_waves: what a wave of a survey says as a whole, beside the wave before.

Parts of a wave are `core.survey_parts`, scores of one questionnaire `core.survey_scores`; formulas are those of
`transforms/statistics`. Months and segments are KPIs.
"""

import polars as pl

from transforms.exactness import steady_mean, steady_sum
from transforms.facts.survey_answers import RESPONSE_KEY, WAVE, WAVE_COLUMNS
from transforms.model import Columns, transform
from transforms.statistics.intervals import Z_95, finite, nps, nps_adjusted, nps_difference
from transforms.statistics.surveys import (
    LOW_N_BELOW,
    SUPPRESSED_BELOW,
    box_share,
    design_effect,
    dimension_means,
    ease_share,
    effective_n,
    nps_comparable,
    weighted_mean,
    weighted_mean_error,
)

SATISFACTION = ("weighted_satisfaction_score", "satisfaction_error", "n_satisfaction_effective")
SURVEY_WAVES: Columns = {
    **WAVE_COLUMNS,
    "is_audit": (pl.Boolean, "Mystery shopping, not customers: it has no NPS."),
    "first_answered_on": (pl.Date, "Day of the first answer."),
    "last_answered_on": (pl.Date, "Day of the last answer."),
    "n_responses": (pl.Int64, "Filled questionnaires."),
    "n_careless": (pl.Int64, "Of these filled without reading; in no figure of this row."),
    "n_invited": (pl.Int64, "Eligible customers invited from a list; empty where invitations are not known."),
    "response_share": (pl.Float64, "Complete questionnaires among them (AAPOR response rate 1)."),
    "participation_share": (pl.Float64, "Complete among the times a pop-up was shown; no response rate."),
    "n_effective": (pl.Float64, "Respondents that an unweighted sample as precise would have (Kish 1965)."),
    "design_effect": (pl.Float64, "What the weights cost: respondents over effective respondents."),
    "population_covered_share": (
        pl.Float64,
        "Mean over respondents of the share of those spoken for in whose stratum somebody answered.",
    ),
    "n_nps": (pl.Int64, "Answers to the question of recommendation."),
    "nps_points": (pl.Float64, "Net promoter score, −100 to 100."),
    "nps_low": (pl.Float64, "Lower end of its 95 % interval (adjusted Wald)."),
    "nps_high": (pl.Float64, "Upper end of it."),
    "nps_change_points": (
        pl.Float64,
        "Change since the wave before; empty under 100 effective answers in either.",
    ),
    "nps_change_low": (pl.Float64, "Lower end of the 95 % interval of the change."),
    "nps_change_high": (pl.Float64, "Upper end of it."),
    "nps_verdict": (pl.String, "up, down, no evidence of change, or why there is no comparison."),
    "ces_mean": (pl.Float64, "Customer effort score, 1 to 7, 7 is easy."),
    "ces_easy_share": (pl.Float64, "Share of the customers who found it easy, 5 and more."),
    "satisfaction_score": (pl.Float64, "Mean overall satisfaction, 0 to 100."),
    "weighted_satisfaction_score": (pl.Float64, "The same weighted to those the wave speaks for."),
    "weighted_satisfaction_low": (pl.Float64, "Lower end of its 95 % interval."),
    "weighted_satisfaction_high": (pl.Float64, "Upper end of it."),
    "satisfaction_change": (
        pl.Float64,
        "Change of the weighted satisfaction since the wave before; empty under 30 effective in either.",
    ),
    "satisfaction_change_low": (pl.Float64, "Lower end of the 95 % interval of the change."),
    "satisfaction_change_high": (pl.Float64, "Upper end of it."),
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
# The figures of a wave, each by the effective respondents it rests on.
_FIGURES = {
    "n_nps_effective": ("nps_points", "nps_low", "nps_high"),
    "n_satisfaction_effective": (
        "satisfaction_score", "weighted_satisfaction_score", "weighted_satisfaction_low",
        "weighted_satisfaction_high", "satisfied_share",
    ),
    "n_effective": (
        "ces_mean", "ces_easy_share", "csi_score", "servqual_gap_points", "servqual_weighted_gap_points",
        "servperf_score", "servperf_weighted_score",
    ),
}  # fmt: skip


@transform(
    writes="core.survey_waves",
    reads={
        "responses": "core.survey_responses",
        "scores": "core.survey_scores",
        "weights": "core.survey_weights",
        "invitations": "core.survey_invitations",
    },
    keys=("survey",),
    grain=WAVE,
    columns=SURVEY_WAVES,
)
def survey_waves(
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    weights: pl.LazyFrame,
    invitations: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per survey and wave: who answered, NPS and satisfaction with their change, CES, SERVQUAL.

    Figures of under 10 effective respondents are withheld.
    """
    counts = ("promoters", "detractors", "n_nps")
    seen = (*counts, "n_nps_effective", *SATISFACTION)
    series = (
        _answered(responses, weights)
        .sort("survey", "first_answered_on", "wave")
        .with_columns(pl.col(name).shift(1).over("survey").alias(f"earlier_{name}") for name in seen)
    )
    earlier = tuple(pl.col(f"earlier_{name}") for name in counts)
    now = tuple(pl.col(name) for name in counts)
    low, high = nps_adjusted(now[0], now[1], now[2])
    change = nps_difference(now[0], now[1], now[2], earlier[0], earlier[1], earlier[2])
    comparable = nps_comparable(pl.col("n_nps_effective"), pl.col("earlier_n_nps_effective")).fill_null(False)
    told = series.with_columns(
        nps_points=nps(*now),
        nps_low=low,
        nps_high=high,
        nps_change_points=pl.when(comparable).then(change.value),
        nps_change_low=pl.when(comparable).then(change.low),
        nps_change_high=pl.when(comparable).then(change.high),
    ).with_columns(_satisfaction_change(), nps_verdict=_nps_verdict(comparable, earlier[2]))
    whole = told.join(_over_dimensions(scores), on=WAVE, how="left").join(
        _asked(invitations), on=WAVE, how="left"
    )
    return whole.with_columns(
        pl.when(pl.col(n) >= SUPPRESSED_BELOW).then(name).alias(name)
        for n, names in _FIGURES.items()
        for name in names
    )


def _answered(responses: pl.LazyFrame, weights: pl.LazyFrame) -> pl.LazyFrame:
    """Who answered each wave and what they said overall, careless questionnaires counted and left out."""
    read = pl.col("is_valid")
    recommended = pl.col("nps_score").filter(read)
    weight = pl.col("weight").filter(read)
    satisfaction, recommends = pl.col("satisfaction_score").filter(read), recommended.is_not_null()
    own = weights.select(*RESPONSE_KEY, "weight", "population_covered_share")
    return (
        responses.join(own, on=RESPONSE_KEY, how="left")
        .with_columns(pl.col("weight").fill_null(1.0))
        .group_by(WAVE)
        .agg(
            is_audit=pl.col("is_audit").any(),
            first_answered_on=pl.col("answered_on").min(),
            last_answered_on=pl.col("answered_on").max(),
            n_responses=pl.len(),
            n_careless=(~read).sum(),
            n_nps=recommended.count(),
            promoters=(recommended >= 9).sum(),
            detractors=(recommended <= 6).sum(),
            ces_mean=steady_mean(pl.col("ces_score").filter(read)),
            ces_easy_share=finite(ease_share(pl.col("ces_score").filter(read))),
            satisfaction_score=steady_mean(satisfaction),
            n_effective=finite(effective_n(weight)).fill_null(0.0),
            design_effect=finite(design_effect(weight)),
            n_nps_effective=finite(effective_n(weight.filter(recommends))),
            population_covered_share=steady_mean(pl.col("population_covered_share")),
            weighted_satisfaction_score=finite(weighted_mean(satisfaction, weight)),
            satisfaction_error=finite(weighted_mean_error(satisfaction, weight)),
            n_satisfaction_effective=finite(effective_n(weight.filter(satisfaction.is_not_null()))),
            satisfied_share=finite(box_share(pl.col("satisfaction_score").filter(read), 75, 100)),
        )
    )


def _satisfaction_change() -> list[pl.Expr]:
    """The weighted satisfaction with its interval, and its change where both waves have respondents enough."""
    now, error, n = (pl.col(name) for name in SATISFACTION)
    earlier, earlier_error, earlier_n = (pl.col(f"earlier_{name}") for name in SATISFACTION)
    comparable = pl.all_horizontal(n >= LOW_N_BELOW, earlier_n >= LOW_N_BELOW).fill_null(False)
    change = pl.when(comparable).then(now - earlier)
    half = Z_95 * (error**2 + earlier_error**2).sqrt()
    return [
        (now - Z_95 * error).alias("weighted_satisfaction_low"),
        (now + Z_95 * error).alias("weighted_satisfaction_high"),
        change.alias("satisfaction_change"),
        (change - half).alias("satisfaction_change_low"),
        (change + half).alias("satisfaction_change_high"),
    ]


def _asked(invitations: pl.LazyFrame) -> pl.LazyFrame:
    """How many were asked in each wave, and what share of them answered."""
    complete, listed = pl.col("is_complete"), pl.col("is_listed")
    return (
        invitations.filter("is_eligible")
        .group_by(WAVE)
        .agg(
            n_invited=pl.col("is_listed").sum(),
            response_share=complete.filter(listed).mean(),
            participation_share=complete.filter(~listed).mean(),
        )
    )


def _nps_verdict(comparable: pl.Expr, earlier_n: pl.Expr) -> pl.Expr:
    return (
        pl.when(earlier_n.is_null())
        .then(pl.lit("first wave"))
        .when(~comparable)
        .then(pl.lit("under 100 effective answers in a wave"))
        .when(pl.col("nps_change_low") > 0)
        .then(pl.lit("up"))
        .when(pl.col("nps_change_high") < 0)
        .then(pl.lit("down"))
        .otherwise(pl.lit("no evidence of change"))
    )


def _over_dimensions(scores: pl.LazyFrame) -> pl.LazyFrame:
    """Gaps, perceptions and satisfaction over the dimensions of each wave, equal and by the customers' allocation."""
    read = scores.filter(pl.col("is_valid"))
    satisfaction = read.group_by(*WAVE, "dimension").agg(steady_mean(pl.col("satisfaction_score")))
    means = dimension_means(read, WAVE).join(satisfaction, on=[*WAVE, "dimension"], how="left")
    weight = pl.col("importance_mean")

    def weighted(name: str) -> pl.Expr:
        # A dimension without weight or figure leaves nothing to say: weights are not stretched over the rest.
        whole, total = steady_sum(weight * pl.col(name)), steady_sum(weight)
        is_whole = (pl.col(name).is_not_null() & weight.is_not_null()).all() & (total > 0)
        return pl.when(is_whole).then(whole / total)

    return means.group_by(WAVE).agg(
        csi_score=weighted("satisfaction_score"),
        servqual_gap_points=steady_mean(pl.col("gap_points")),
        servqual_weighted_gap_points=weighted("gap_points"),
        servperf_score=steady_mean(pl.col("perception_score")),
        servperf_weighted_score=weighted("perception_score"),
    )
