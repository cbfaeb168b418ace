"""Survey measures over respondents: SERVQUAL, SERVPERF, satisfaction indices, boxes, samples and bias.

One respondent's scores are core facts (`transforms/core/survey_scores.py`); intervals of NPS and of shares
are in `intervals.py`, reliability of the instrument in `reliability.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import polars as pl

from transforms.exactness import compared, steady_mean, steady_sum, steady_variance
from transforms.statistics.intervals import normal_quantile

# Post-stratification weights outside these bounds cost more variance than they save bias.
WEIGHT_BOUNDS = (0.3, 3.0)
# Effective respondents below which a survey figure is withheld, is marked, cannot enter the index.
SUPPRESSED_BELOW, LOW_N_BELOW = 10, 30
# Respondents each of two NPS figures needs to be compared: a standard error of about 8 points.
NPS_COMPARABLE_FROM = 100

_Z95 = normal_quantile(0.95)


def dimension_means(scores: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Means over respondents per `by` and dimension, from core.survey_scores.

    Columns: n (respondents with a perception), n_gaps, perception_mean, perception_score (0–100),
    expectation_mean, gap_points, importance_mean. Each respondent counts once, however many items they
    answered (mean of respondent means, Parasuraman, Zeithaml and Berry 1988).
    """
    measures = ("perception_mean", "perception_score", "expectation_mean", "gap_points", "importance_mean")
    return scores.group_by(*by, "dimension").agg(
        pl.col("perception_mean").count().cast(pl.Int64).alias("n"),
        pl.col("gap_points").count().cast(pl.Int64).alias("n_gaps"),
        *(steady_mean(pl.col(name)) for name in measures),
    )


def allocation_weights(means: pl.LazyFrame, by: Sequence[str] = ()) -> pl.LazyFrame:
    """Weights of the dimensions from their mean importance, summing to 1 per `by`: column `weight`.

    `means` is as from `dimension_means`; importance is usually 100 points allocated over the dimensions.
    """
    points = pl.col("importance_mean")
    total = steady_sum(points).over(*by) if by else steady_sum(points)
    return means.select(*by, "dimension", weight=points / total)


def servqual(means: pl.LazyFrame, weights: Mapping[str, float], by: Sequence[str] = ()) -> pl.LazyFrame:
    """SERVQUAL gaps and SERVPERF scores over the dimensions, weighted and unweighted, one row per `by`.

    `means` as from `dimension_means`; `weights` by dimension sum to 1. Columns: gap, perception (points of
    the scale) and score (0–100), each `_unweighted` and `_weighted`. A weighted dimension without a figure
    makes the weighted measure NULL: weights are not stretched over the rest. The weighted sum is not divided
    by the number of dimensions again. Parasuraman, Zeithaml and Berry 1988; SERVPERF: Cronin and Taylor 1992.
    Raises ValueError where weights do not sum to 1.
    """
    _require_shares(weights.values(), "weights of the dimensions")
    weight = pl.col("dimension").replace_strict(dict(weights), default=None, return_dtype=pl.Float64)
    measures = {"gap": "gap_points", "perception": "perception_mean", "score": "perception_score"}

    def weighted(column: str) -> pl.Expr:
        product = weight * pl.col(column)
        return pl.when(product.count() == len(weights)).then(steady_sum(product))

    aggregates = [
        *(steady_mean(pl.col(column)).alias(f"{name}_unweighted") for name, column in measures.items()),
        *(weighted(column).alias(f"{name}_weighted") for name, column in measures.items()),
    ]
    return means.group_by(*by).agg(aggregates) if by else means.select(aggregates)


def to_hundred(value: float, low: float, high: float) -> float:
    """A value on the scale `low`..`high` on 0 to 100."""
    return (value - low) / (high - low) * 100


def customer_satisfaction_index(
    satisfaction: Sequence[float],
    importance: Sequence[float],
    *,
    scale: tuple[float, float] = (1, 5),
    scaling: Literal["rescaled", "share_of_maximum"] = "rescaled",
) -> float:
    """CSI, 0–100: mean satisfaction per attribute weighted by mean importance.

    `rescaled` puts the lowest answer at 0; `share_of_maximum` divides by the highest answer, so that nobody
    can score below 20 on a scale of five. Both are in use: say which.
    """
    total = sum(importance)
    mean = sum(i / total * s for i, s in zip(importance, satisfaction, strict=True))
    return to_hundred(mean, *scale) if scaling == "rescaled" else mean / scale[1] * 100


def american_customer_satisfaction_index(
    means: Sequence[float], weights: Sequence[float] | None = None
) -> float:
    """ACSI form, 0–100: satisfaction, confirmation of expectations, closeness to the ideal, each 1–10.

    The index's own weights come from a proprietary model; without `weights` the items weigh the same.
    """
    shares = [1 / len(means)] * len(means) if weights is None else list(weights)
    _require_shares(shares, "weights of the items")
    return sum(w * to_hundred(m, 1, 10) for w, m in zip(shares, means, strict=True))


def box_share(score: pl.Expr, lowest: float, highest: float) -> pl.Expr:
    """Share of the answers from `lowest` to `highest`: 4 to 5 on a scale of five is the top-two box."""
    return score.is_between(lowest, highest).sum() / score.count()


def ease_share(ces_score: pl.Expr) -> pl.Expr:
    """Share of the customers who found it easy: 5 and more of a customer effort score from 1 to 7."""
    return (ces_score >= 5).sum() / ces_score.count()


def response_rate(
    complete: int,
    partial: int = 0,
    *,
    refused: int = 0,
    not_contacted: int = 0,
    other: int = 0,
    unknown_household: int = 0,
    unknown_other: int = 0,
) -> float:
    """AAPOR response rate 1: complete interviews over all that are or may be eligible.

    For samples drawn from a list. A pop-up has no list to draw from: that is a `participation_rate`.
    """
    eligible = complete + partial + refused + not_contacted + other
    return complete / (eligible + unknown_household + unknown_other)


def participation_rate(complete: int, shown: int) -> float:
    """Complete questionnaires over the times the survey was shown; not a response rate (AAPOR)."""
    return complete / shown


def post_stratification_weights(
    respondents: pl.LazyFrame,
    population: pl.LazyFrame,
    strata: Sequence[str],
    *,
    by: Sequence[str] = (),
    bounds: tuple[float, float] = WEIGHT_BOUNDS,
) -> pl.LazyFrame:
    """`respondents` with `weight`: the stratum's share of the population over its share of the respondents.

    `population` has strata (and `by`, the cells weighted apart) and `n`, the events a survey could have asked
    about. Shares are of the strata in which somebody answered, so that before trimming the weights of a cell
    average 1; `population_covered_share` says how much of the population that is, as no weight makes up for
    the rest. Weights are trimmed to `bounds` and not stretched again, so that the bounds hold.
    """

    def total(n: pl.Expr) -> pl.Expr:
        return n.sum().over(*by) if by else n.sum()

    cells = [*by, *strata]
    population_share = pl.col("n") / pl.col("_heard")
    sample_share = pl.col("_sampled") / pl.col("_respondents")
    spoken_for = pl.when(pl.col("_sampled") > 0).then("n").otherwise(0)
    sample = respondents.group_by(cells).agg(_sampled=pl.len())
    shares = (
        population.group_by(cells)
        .agg(pl.col("n").sum())
        .join(sample, on=cells, how="full", coalesce=True, nulls_equal=True)
        .with_columns(pl.col("n", "_sampled").fill_null(0))
        .with_columns(
            _population=total(pl.col("n")), _heard=total(spoken_for), _respondents=total(pl.col("_sampled"))
        )
        .select(
            *cells,
            weight=(population_share / sample_share).clip(*bounds),
            population_covered_share=pl.col("_heard") / pl.col("_population"),
        )
    )
    return respondents.join(shares, on=cells, how="left", nulls_equal=True)


def weighted_mean(value: pl.Expr, weight: pl.Expr) -> pl.Expr:
    """Weighted mean of the values that are there."""
    return steady_sum(value * weight) / steady_sum(pl.when(value.is_not_null()).then(weight))


def weighted_mean_error(value: pl.Expr, weight: pl.Expr) -> pl.Expr:
    """Standard error of the weighted mean, linearised: √(n/(n − 1) · Σw²(x − m)²) / Σw; s/√n for equal weights.

    Cochran, Sampling Techniques (1977), section 6.3. NULL or not finite below two values.
    """
    own = pl.when(value.is_not_null()).then(weight)
    n = value.count()
    spread = steady_sum(own**2 * (value - weighted_mean(value, weight)) ** 2)
    return (n / (n - 1) * spread).sqrt() / steady_sum(own)


def design_effect(weight: pl.Expr) -> pl.Expr:
    """Kish's design effect of unequal weights, n·Σw² / (Σw)²; 1 for equal weights."""
    return weight.count() * steady_sum(weight**2) / steady_sum(weight) ** 2


def effective_n(weight: pl.Expr) -> pl.Expr:
    """Respondents that an unweighted sample of the same precision would have, (Σw)² / Σw² (Kish 1965)."""
    return steady_sum(weight) ** 2 / steady_sum(weight**2)


def sample_status(n_effective: pl.Expr) -> pl.Expr:
    """Status of a figure from effective respondents: `no_data`, `suppressed` below 10, `low_n` below 30, `ok`.

    A figure of low_n is shown and kept out of the index.
    """
    n = compared(n_effective)
    return (
        pl.when(n.fill_null(0) <= 0)
        .then(pl.lit("no_data"))
        .when(n < SUPPRESSED_BELOW)
        .then(pl.lit("suppressed"))
        .when(n < LOW_N_BELOW)
        .then(pl.lit("low_n"))
        .otherwise(pl.lit("ok"))
    )


def nps_comparable(n_effective: pl.Expr, other_n_effective: pl.Expr) -> pl.Expr:
    """Whether a difference of two net promoter scores may be published: 100 effective respondents each."""
    return (compared(n_effective) >= NPS_COMPARABLE_FROM) & (
        compared(other_n_effective) >= NPS_COMPARABLE_FROM
    )


def non_response_bias(
    cases: pl.LazyFrame,
    responses: pl.LazyFrame,
    *,
    case: str,
    days: str,
    rejected: pl.Expr,
    by: Sequence[str] = (),
) -> pl.LazyFrame:
    """How those who answered had fared, beside those who did not: time their case took, and refusals.

    `cases` is everybody who could have been asked (core.claims of a period, or the invited), one row a
    `case`; `responses` is core.survey_responses, of which any with the same `case` is an answer; `days` is
    the column of the case's duration and `rejected` a boolean expression. One row per `by`: n, mean and
    median days and rejected share of both, and respondents less others with 95 % intervals (Welch for the
    days; Agresti and Caffo 2000 for the shares). Nobody is left out because of the outcome.
    """
    customers = responses.filter(~pl.col("is_audit"))
    answered = customers.select(pl.col(case).drop_nulls().unique(), _answered=True)
    told = cases.join(answered, on=case, how="left").with_columns(pl.col("_answered").fill_null(False))
    groups = {"respondents": pl.col("_answered"), "others": ~pl.col("_answered")}
    aggregates = [
        expression.alias(f"{measure}_{name}")
        for name, who in groups.items()
        for measure, expression in _fared(who, pl.col(days), rejected).items()
    ]
    both = told.group_by(*by).agg(aggregates) if by else told.select(aggregates)
    days_se = (
        pl.col("_days_var_respondents") / pl.col("_days_n_respondents")
        + pl.col("_days_var_others") / pl.col("_days_n_others")
    ).sqrt()
    share_r, n_r = _one_more_each("respondents")
    share_o, n_o = _one_more_each("others")
    share_se = (share_r * (1 - share_r) / n_r + share_o * (1 - share_o) / n_o).sqrt()
    days_difference = pl.col("days_mean_respondents") - pl.col("days_mean_others")
    return both.with_columns(
        days_mean_difference=days_difference,
        days_mean_difference_low=days_difference - _Z95 * days_se,
        days_mean_difference_high=days_difference + _Z95 * days_se,
        days_median_difference=pl.col("days_median_respondents") - pl.col("days_median_others"),
        rejected_share_difference=pl.col("rejected_share_respondents") - pl.col("rejected_share_others"),
        rejected_share_difference_low=(share_r - share_o - _Z95 * share_se).clip(-1, 1),
        rejected_share_difference_high=(share_r - share_o + _Z95 * share_se).clip(-1, 1),
    ).drop(f"_{part}_{name}" for part in ("days_n", "days_var", "rejected") for name in groups)


def _fared(who: pl.Expr, days: pl.Expr, rejected: pl.Expr) -> dict[str, pl.Expr]:
    own = days.filter(who)
    refused = rejected.filter(who)
    return {
        "n": who.sum().cast(pl.Int64),
        "days_mean": steady_mean(own),
        "days_median": own.median(),
        "rejected_share": refused.mean(),
        "_days_n": own.count(),
        "_days_var": steady_variance(own),
        "_rejected": refused.sum(),
    }


def _one_more_each(group: str) -> tuple[pl.Expr, pl.Expr]:
    """Refused share and n with one success and one failure added (Agresti and Caffo)."""
    n = pl.col(f"n_{group}") + 2
    return (pl.col(f"_rejected_{group}") + 1) / n, n


def questionnaire_faults(questions: pl.LazyFrame) -> pl.LazyFrame:
    """What makes a question unusable: survey, question, fault. Empty if the questionnaires are sound.

    Likelihood to recommend on another scale than 0–10 is not NPS and enters no NPS; ease goes from 1 to 7.
    """
    low, high = pl.col("scale_min"), pl.col("scale_max")
    asked, unscaled = pl.col("construct"), low.is_null() | high.is_null()
    key = ("survey", "dimension", "item")
    pair = asked.is_in(["perception", "expectation"]) & pl.col("item").is_not_null()
    faults = {
        "the scale's lowest answer is not below its highest": low >= high,
        "recommendation asked on another scale than 0 to 10 is not NPS": (asked == "recommendation")
        & ((low != 0) | (high != 10)),
        "ease asked on another scale than 1 to 7 is not a customer effort score": (asked == "effort")
        & ((low != 1) | (high != 7)),
        "a reversed question needs a scale": pl.col("reverse") & unscaled,
        "a perception, expectation or satisfaction without a scale has no score from 0 to 100": unscaled
        & asked.is_in(["perception", "expectation", "satisfaction"]),
        "expectation and perception of one item are asked on different scales": pair
        & ((low.n_unique().over(*key) > 1) | (high.n_unique().over(*key) > 1)),
        "another question of the same kind has the same item": pair & (pl.len().over(*key, "construct") > 1),
    }
    key_columns = ("survey", "question")
    return pl.concat(
        [questions.filter(where).select(*key_columns, fault=pl.lit(text)) for text, where in faults.items()]
    )


def _require_shares(weights: Collection[float], what: str) -> None:
    if abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"the {what} sum to {sum(weights):g}, not to 1")
