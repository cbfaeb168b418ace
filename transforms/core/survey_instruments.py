"""Whether the questionnaire of a wave measures what it says: reliability of its dimensions, worth of its items.

Takes single answers of customers who read the questions; formulas are those of `statistics/reliability.py`.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from transforms.core.survey_responses import RESPONSE_KEY, scored_answers
from transforms.exactness import steady_correlation, steady_mean, steady_sum, steady_variance
from transforms.model import Columns, transform
from transforms.settings import Settings
from transforms.statistics.intervals import finite
from transforms.statistics.reliability import (
    Matrix,
    alpha_by_group,
    complete_rows,
    factor_weights,
    factorability,
)

WAVE = ("survey", "wave")
ALL = "all"
_WAVE: Columns = {"survey": (pl.String, "The survey."), "wave": (pl.String, "Its wave.")}
SURVEY_RELIABILITY: Columns = {
    **_WAVE,
    "dimension": (pl.String, "Dimension of the perceptions; all: the whole instrument."),
    "n": (pl.Int64, "Customers who answered every item."),
    "n_items": (pl.Int64, "Items."),
    "alpha": (pl.Float64, "Cronbach's alpha; empty where nobody differs."),
    "alpha_low": (pl.Float64, "Lower end of its 95 % interval (Feldt 1965)."),
    "alpha_high": (pl.Float64, "Upper end of it."),
    "spearman_brown": (pl.Float64, "Reliability of two items, which alpha understates; of others empty."),
    "kmo": (
        pl.Float64,
        "Sampling adequacy (Kaiser–Meyer–Olkin) of the whole instrument; under 0.6 no factor analysis.",
    ),
    "bartlett_chi_square": (pl.Float64, "Bartlett's test of sphericity."),
    "bartlett_p_value": (pl.Float64, "Its p value; above 0.05 the items have nothing in common."),
    "factor_weights": (pl.String, "given, or why the items have no weights from factor loadings."),
    "reading": (
        pl.String,
        "weak, acceptable from 0.7, redundant above 0.95, or not defined (Nunnally 1978); of two items by "
        "Spearman–Brown.",
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
    "n_gaps": (pl.Int64, "Customers with expectation and perception of the item."),
    "expectation_mean": (pl.Float64, "Mean expectation of these customers."),
    "gap_points": (pl.Float64, "Mean of their perception less expectation."),
    "msa": (pl.Float64, "Sampling adequacy of the item within the whole instrument."),
    "factor": (pl.Int64, "Factor on which the item loads most, from 1; empty where there are no weights."),
    "factor_loading": (pl.Float64, "Its loading there, by varimax."),
    "factor_weight": (
        pl.Float64,
        "Weight by squared loading; sums to 1 over the instrument. Rewards redundancy, not importance.",
    ),
}


def _answered_items(
    construct: str, answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame, as_of: date
) -> pl.LazyFrame:
    """survey, wave, dimension, item, respondent, value of the customers who read the questions."""
    customers = responses.filter(pl.col("is_valid")).select(*RESPONSE_KEY)
    asked = (pl.col("construct") == construct) & pl.col("dimension").is_not_null()
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
    items = _answered_items("perception", answers, responses, questions, as_of).collect()
    whole = items.with_columns(dimension=pl.lit(ALL), item=pl.concat_str("dimension", pl.lit(" "), "item"))
    alphas = pl.concat(
        [alpha_by_group(part.lazy().sort(pl.all()), [*WAVE, "dimension"]) for part in (items, whole)],
        how="vertical_relaxed",
    )
    reliability = pl.coalesce("spearman_brown", "alpha")
    reading = (
        pl.when(reliability > 0.95)
        .then(pl.lit("redundant"))
        .when(reliability >= 0.7)
        .then(pl.lit("acceptable"))
        .when(reliability.is_not_null())
        .then(pl.lit("weak"))
        .otherwise(pl.lit("not defined"))
    )
    return alphas.with_columns(reading=reading).join(
        _factorability(items).lazy(), on=[*WAVE, "dimension"], how="left"
    )


def _instruments(items: pl.DataFrame) -> Iterator[tuple[tuple[object, ...], pl.DataFrame, Matrix]]:
    """Each wave's items in order, and the matrix of its complete respondents × items; waves are few."""
    for wave, own in items.group_by(WAVE, maintain_order=True):
        asked = own.select("dimension", "item").unique().sort("dimension", "item").with_row_index("place")
        placed = own.join(asked, on=["dimension", "item"]).sort("place", "respondent")
        wide = placed.pivot("place", index="respondent", values="value", sort_columns=False)
        matrix = complete_rows(wide.sort("respondent").drop("respondent").to_numpy())
        if matrix.shape[0] > matrix.shape[1] > 2:
            yield wave, asked.drop("place"), matrix


def _factorability(items: pl.DataFrame) -> pl.DataFrame:
    """KMO, Bartlett's test and the verdict on factor weights of each wave's whole instrument."""
    rows = []
    for wave, _, matrix in _instruments(items):
        refused = factor_weights(matrix).refused or "given"
        try:
            found = factorability(matrix)
        except np.linalg.LinAlgError:
            rows.append((*wave, ALL, None, None, None, refused))
            continue
        rows.append((*wave, ALL, found.kmo, found.chi_square, found.p_value, refused))
    names = (*WAVE, "dimension", "kmo", "bartlett_chi_square", "bartlett_p_value", "factor_weights")
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
    """One row a survey, wave and perception item: its gap, how it goes with the others, its factor weight."""
    del settings
    group = [*WAVE, "dimension"]
    found = _answered_items("perception", answers, responses, questions, as_of).sort(pl.all()).collect()
    items = found.lazy()
    asked = pl.col("item").n_unique().over(group)
    complete = items.filter(pl.len().over(*group, "respondent") == asked).with_columns(
        total=pl.col("value").sum().over(*group, "respondent")
    )
    rest = pl.col("total") - pl.col("value")
    spread = complete.group_by(*group, "item").agg(
        n=pl.len(),
        mean=steady_mean(pl.col("value")),
        item_total_correlation=finite(steady_correlation(pl.col("value"), rest)),
        variance=steady_variance(pl.col("value")),
        rest_variance=steady_variance(rest),
    )
    k = pl.len().over(group) - 1
    others = steady_sum(pl.col("variance")).over(group) - pl.col("variance")
    without = finite(k / (k - 1) * (1 - others / pl.col("rest_variance")))
    expected = _answered_items("expectation", answers, responses, questions, as_of)
    return (
        spread.with_columns(alpha_without=pl.when(k >= 2).then(without))
        .join(_gaps(items, expected), on=[*group, "item"], how="left")
        .with_columns(pl.col("n_gaps").fill_null(0))
        .join(_factors(found).lazy(), on=[*group, "item"], how="left")
    )


def _gaps(perceived: pl.LazyFrame, expected: pl.LazyFrame) -> pl.LazyFrame:
    """Each item's gap over the customers who answered both questions of the pair."""
    item = [*WAVE, "dimension", "item"]
    pairs = perceived.join(expected, on=[*item, "respondent"], how="inner", suffix="_expected")
    return pairs.group_by(item).agg(
        n_gaps=pl.len(),
        expectation_mean=steady_mean(pl.col("value_expected")),
        gap_points=steady_mean(pl.col("value") - pl.col("value_expected")),
    )


def _factors(items: pl.DataFrame) -> pl.DataFrame:
    """Sampling adequacy and factor weight of every item, by wave."""
    names = (*WAVE, "dimension", "item", "msa", "factor", "factor_loading", "factor_weight")
    schema = {name: SURVEY_ITEMS[name][0] for name in names}
    parts = [pl.DataFrame(schema=schema)]
    for (survey, wave), asked, matrix in _instruments(items):
        try:
            msa = factorability(matrix).msa
        except np.linalg.LinAlgError:
            continue
        found = factor_weights(matrix)
        own: dict[str, Any] = {"survey": survey, "wave": wave, "msa": msa}
        if found.weights is not None and found.loadings is not None and found.factor is not None:
            strongest = found.loadings[np.arange(len(found.factor)), found.factor]
            own |= {"factor": found.factor + 1, "factor_loading": strongest, "factor_weight": found.weights}
        columns = {
            name: pl.lit(value) if isinstance(value, str) else pl.Series(name, value)
            for name, value in own.items()
        }
        parts.append(
            asked.with_columns(**columns)
            .with_columns(
                pl.lit(None, dtype=schema[name]).alias(name)
                for name in names
                if name not in {*asked.columns, *own}
            )
            .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        )
    return pl.concat(parts)
