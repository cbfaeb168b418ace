"""Survey figures over respondents: means by dimension, boxes, ease, weights, sample sizes and non-response.

One respondent's scores are core facts (`transforms/core/survey_scores.py`); intervals of NPS and of shares
are in `intervals.py`, reliability of the instrument in `reliability.py`.
"""

from collections.abc import Sequence

import polars as pl

from transforms.exactness import compared, steady_mean, steady_sum, steady_variance
from transforms.statistics.intervals import Z_95

# Post-stratification weights outside these bounds cost more variance than they save bias.
WEIGHT_BOUNDS = (0.3, 3.0)
# Effective respondents below which a survey figure is withheld, is marked, cannot enter the index.
SUPPRESSED_BELOW, LOW_N_BELOW = 10, 30
# Respondents that each of two NPS figures needs before they are compared: a standard error of about 8 points.
NPS_COMPARABLE_FROM = 100


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


def box_share(score: pl.Expr, lowest: float, highest: float) -> pl.Expr:
    """Share of the answers from `lowest` to `highest`: 4 to 5 on a five-point scale is the top-two box.

    >>> pl.DataFrame({"score": [5.0, 4.0, 3.0, None]}).select(box_share(pl.col("score"), 4, 5)).item()
    0.6666666666666666
    """
    return score.is_between(lowest, highest).sum() / score.count()


def ease_share(ces_score: pl.Expr) -> pl.Expr:
    """Share of the customers who found it easy: 5 and more of a customer effort score from 1 to 7."""
    return (ces_score >= 5).sum() / ces_score.count()


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
    """Weighted mean of the values that are there.

    >>> answers = pl.DataFrame({"score": [4.0, 2.0], "weight": [1.0, 3.0]})
    >>> answers.select(weighted_mean(pl.col("score"), pl.col("weight"))).item()
    2.5
    """
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
    """Kish's design effect of unequal weights, n·Σw² / (Σw)²; 1 for equal weights.

    >>> pl.DataFrame({"weight": [1.0, 3.0]}).select(design_effect(pl.col("weight"))).item()
    1.25
    """
    return weight.count() * steady_sum(weight**2) / steady_sum(weight) ** 2


def effective_n(weight: pl.Expr) -> pl.Expr:
    """Respondents that an unweighted sample of the same precision would have, (Σw)² / Σw² (Kish 1965).

    >>> pl.DataFrame({"weight": [1.0, 3.0]}).select(effective_n(pl.col("weight"))).item()
    1.6
    """
    return steady_sum(weight) ** 2 / steady_sum(weight**2)


def sample_status(n_effective: pl.Expr) -> pl.Expr:
    """Status of a figure from effective respondents: `no_data`, `suppressed` below 10, `low_n` below 30, `ok`.

    A figure of low_n is shown and kept out of the index.

    >>> sizes = pl.DataFrame({"n": [8.0, 24.0, 120.0]})
    >>> sizes.select(sample_status(pl.col("n"))).to_series().to_list()
    ['suppressed', 'low_n', 'ok']
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
    """How those who answered had fared beside those who did not: how long their case took, and refusals.

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
        days_mean_difference_low=days_difference - Z_95 * days_se,
        days_mean_difference_high=days_difference + Z_95 * days_se,
        days_median_difference=pl.col("days_median_respondents") - pl.col("days_median_others"),
        rejected_share_difference=pl.col("rejected_share_respondents") - pl.col("rejected_share_others"),
        rejected_share_difference_low=(share_r - share_o - Z_95 * share_se).clip(-1, 1),
        rejected_share_difference_high=(share_r - share_o + Z_95 * share_se).clip(-1, 1),
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
