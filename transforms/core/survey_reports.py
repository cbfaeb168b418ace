"""What a wave of a survey says as a whole: its figures beside the wave before, its reliability, who kept silent.

Scores of one questionnaire are in `survey_scores.py`; formulas are those of `transforms/statistics`. Months and
segments are KPIs.
"""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from transforms.core.survey_responses import RESPONSE_KEY, scored_answers
from transforms.model import Columns, transform
from transforms.settings import Settings
from transforms.statistics.intervals import finite, nps, nps_adjusted, nps_difference
from transforms.statistics.reliability import alpha_by_group, complete_rows, factorability
from transforms.statistics.surveys import (
    box_share,
    dimension_means,
    ease_share,
    non_response_bias,
    nps_comparable,
)

WAVE = ("survey", "wave")
ALL = "all"
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
SURVEY_RELIABILITY: Columns = {
    **_WAVE,
    "dimension": (pl.String, "Dimension of the perceptions; all: the whole instrument."),
    "n": (pl.Int64, "Customers who answered every item."),
    "n_items": (pl.Int64, "Items."),
    "alpha": (pl.Float64, "Cronbach's alpha; empty where nobody differs."),
    "alpha_low": (pl.Float64, "Lower end of its 95 % interval (Feldt 1965)."),
    "alpha_high": (pl.Float64, "Upper end of it."),
    "kmo": (
        pl.Float64,
        "Sampling adequacy (Kaiser–Meyer–Olkin) of the whole instrument; under 0.6 no factor analysis.",
    ),
    "bartlett_chi_square": (pl.Float64, "Bartlett's test of sphericity."),
    "bartlett_p_value": (pl.Float64, "Its p value; above 0.05 the items have nothing in common."),
    "reading": (
        pl.String,
        "weak, acceptable from 0.7, redundant above 0.95, or not defined (Nunnally 1978).",
    ),
}
SURVEY_ITEMS: Columns = {
    **_WAVE,
    "dimension": (pl.String, "Dimension of the item."),
    "item": (pl.String, "The item."),
    "n": (pl.Int64, "Customers who answered every item of the dimension."),
    "mean": (pl.Float64, "Mean perception on the item's scale, reversed ones turned."),
    "item_total_correlation": (pl.Float64, "Correlation with the sum of the dimension's other items."),
    "alpha_without": (
        pl.Float64,
        "Cronbach's alpha of the dimension without it; above that with it: drop it.",
    ),
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


def _perceptions(
    answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame, as_of: date
) -> pl.LazyFrame:
    """survey, wave, dimension, item, respondent, value of the customers who read the questions."""
    customers = responses.filter(pl.col("is_valid")).select(*RESPONSE_KEY)
    asked = (pl.col("construct") == "perception") & pl.col("dimension").is_not_null()
    return (
        scored_answers(answers, questions, as_of=as_of)
        .filter(asked & pl.col("value").is_not_null())
        .join(customers, on=RESPONSE_KEY, how="semi")
        .group_by(*WAVE, "dimension", "item", respondent="response_id")
        .agg(pl.col("value").mean())
    )


_INSTRUMENT: dict[str, Any] = {
    "reads": {"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    "broadcast": {"questions": "staging.survey_questions"},
    "keys": WAVE,
}


@transform(
    writes="core.survey_reliability", grain=(*WAVE, "dimension"), columns=SURVEY_RELIABILITY, **_INSTRUMENT
)
def survey_reliability(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row a survey, wave and dimension (and all together): whether its items measure one thing."""
    del settings
    items = _perceptions(answers, responses, questions, as_of).collect().lazy()
    whole = items.with_columns(dimension=pl.lit(ALL), item=pl.concat_str("dimension", pl.lit(" "), "item"))
    alphas = pl.concat(
        [alpha_by_group(part.sort(pl.all()), [*WAVE, "dimension"]) for part in (items, whole)],
        how="vertical_relaxed",
    )
    reading = (
        pl.when(pl.col("alpha") > 0.95)
        .then(pl.lit("redundant"))
        .when(pl.col("alpha") >= 0.7)
        .then(pl.lit("acceptable"))
        .when(pl.col("alpha").is_not_null())
        .then(pl.lit("weak"))
        .otherwise(pl.lit("not defined"))
    )
    return alphas.with_columns(reading=reading).join(
        _factorability(whole.collect()).lazy(), on=[*WAVE, "dimension"], how="left"
    )


def _factorability(items: pl.DataFrame) -> pl.DataFrame:
    """KMO and Bartlett's test of each wave's whole instrument; waves are few, and each is one matrix."""
    rows = []
    for (survey, wave), own in items.group_by(WAVE):
        wide = own.pivot("item", index="respondent", values="value").drop("respondent").to_numpy()
        complete = complete_rows(wide)
        if complete.shape[0] <= complete.shape[1] or complete.shape[1] < 3:
            continue
        try:
            found = factorability(complete)
        except np.linalg.LinAlgError:
            continue
        rows.append((survey, wave, ALL, found.kmo, found.chi_square, found.p_value))
    names = (*WAVE, "dimension", "kmo", "bartlett_chi_square", "bartlett_p_value")
    schema = {name: SURVEY_RELIABILITY[name][0] for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


@transform(
    writes="core.survey_items", grain=(*WAVE, "dimension", "item"), columns=SURVEY_ITEMS, **_INSTRUMENT
)
def survey_items(
    answers: pl.LazyFrame,
    responses: pl.LazyFrame,
    questions: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row a survey, wave and perception item: how it goes with the others of its dimension."""
    del settings
    group = [*WAVE, "dimension"]
    items = _perceptions(answers, responses, questions, as_of).sort(pl.all())
    asked = pl.col("item").n_unique().over(group)
    complete = items.filter(pl.len().over(*group, "respondent") == asked).with_columns(
        total=pl.col("value").sum().over(*group, "respondent")
    )
    rest = pl.col("total") - pl.col("value")
    spread = complete.group_by(*group, "item").agg(
        n=pl.len(),
        mean=pl.col("value").mean(),
        item_total_correlation=finite(pl.corr(pl.col("value"), rest)),
        variance=pl.col("value").var(),
        rest_variance=rest.var(),
    )
    k = pl.len().over(group) - 1
    others = pl.col("variance").sum().over(group) - pl.col("variance")
    without = finite(k / (k - 1) * (1 - others / pl.col("rest_variance")))
    return spread.with_columns(alpha_without=pl.when(k >= 2).then(without))


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
