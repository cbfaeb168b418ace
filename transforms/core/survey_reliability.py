"""core.survey_reliability: whether the items of a dimension, and of a whole questionnaire, measure one thing.

Formulas are those of `statistics/reliability.py`; single items are judged in `core.survey_items`.
"""

import numpy as np
import polars as pl

from transforms.facts.survey_answers import ANSWERS_KNOWN_ON, WAVE, WAVE_COLUMNS
from transforms.facts.survey_instrument import answered_items, instruments
from transforms.model import Columns, transform
from transforms.statistics.reliability import alpha_by_group, factor_weights, factorability

ALL = "all"
SURVEY_RELIABILITY: Columns = {
    **WAVE_COLUMNS,
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


@transform(
    writes="core.survey_reliability",
    reads={"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    keys=WAVE,
    grain=(*WAVE, "dimension"),
    columns=SURVEY_RELIABILITY,
)
def survey_reliability(
    answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per survey, wave and dimension (and all together): whether its items measure one thing."""
    items = answered_items("perception", answers, responses, questions).collect()
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


def _factorability(items: pl.DataFrame) -> pl.DataFrame:
    """KMO, Bartlett's test and the verdict on factor weights of each wave's whole instrument."""
    rows = []
    for wave, _, matrix in instruments(items):
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
