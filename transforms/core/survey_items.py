"""core.survey_items: what each item of a questionnaire is worth: how it agrees with the others, its gap, its weight.

Formulas are those of `statistics/reliability.py`; whole dimensions are judged in `core.survey_reliability`.
"""

from typing import Any

import numpy as np
import polars as pl

from transforms.exactness import steady_correlation, steady_mean, steady_sum, steady_variance
from transforms.facts.survey_answers import ANSWERS_KNOWN_ON, WAVE, WAVE_COLUMNS
from transforms.facts.survey_instrument import answered_items, instruments
from transforms.model import Columns, transform
from transforms.statistics.intervals import finite
from transforms.statistics.reliability import Matrix, factor_weights, factorability

SURVEY_ITEMS: Columns = {
    **WAVE_COLUMNS,
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
    "dimension_factor_weight": (
        pl.Float64,
        "Weight of its dimension likewise, by the factors of respondents' means of dimensions, which single items "
        "blur; sums to 1 over the dimensions.",
    ),
}


@transform(
    writes="core.survey_items",
    reads={"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    keys=WAVE,
    grain=(*WAVE, "dimension", "item"),
    columns=SURVEY_ITEMS,
)
def survey_items(answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per survey, wave and perception item: its gap, how it agrees with the others, its factor weight."""
    group = [*WAVE, "dimension"]
    found = answered_items("perception", answers, responses, questions).sort(pl.all()).collect()
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
    expected = answered_items("expectation", answers, responses, questions)
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
    names = (
        *WAVE, "dimension", "item", "msa", "factor", "factor_loading", "factor_weight", "dimension_factor_weight",
    )  # fmt: skip
    schema = {name: SURVEY_ITEMS[name][0] for name in names}
    parts = [pl.DataFrame(schema=schema)]
    for (survey, wave), asked, matrix in instruments(items):
        try:
            msa = factorability(matrix).msa
        except np.linalg.LinAlgError:
            continue
        found = factor_weights(matrix)
        own: dict[str, Any] = {"survey": survey, "wave": wave, "msa": msa}
        if found.weights is not None and found.loadings is not None and found.factor is not None:
            strongest = found.loadings[np.arange(len(found.factor)), found.factor]
            own |= {"factor": found.factor + 1, "factor_loading": strongest, "factor_weight": found.weights}
        if (of_dimensions := _dimension_weights(asked, matrix)) is not None:
            own["dimension_factor_weight"] = of_dimensions
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


def _dimension_weights(asked: pl.DataFrame, matrix: Matrix) -> list[float] | None:
    """Of each item the weight of its dimension; None where the means of dimensions give none."""
    dimensions = asked["dimension"].to_list()
    names = list(dict.fromkeys(dimensions))
    means = [matrix[:, [d == name for d in dimensions]].mean(axis=1) for name in names]
    if len(names) < 3:
        return None
    found = factor_weights(np.stack(means, axis=1)).weights
    return None if found is None else [float(found[names.index(d)]) for d in dimensions]
