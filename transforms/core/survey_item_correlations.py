"""core.survey_item_correlations: how any two items of a questionnaire go together, one row per wave and pair.

How an item agrees with the rest of its dimension is in `core.survey_items`, whether a dimension measures one thing in
`core.survey_reliability`.
"""

import numpy as np
import polars as pl

from transforms.facts.survey_answers import ANSWERS_KNOWN_ON, DECIMALS, WAVE, WAVE_COLUMNS
from transforms.facts.survey_instrument import answered_items
from transforms.model import Columns, transform
from transforms.statistics.correlation import FEWEST_PAIRS, correlation_interval

SURVEY_ITEM_CORRELATIONS: Columns = {
    **WAVE_COLUMNS,
    "dimension": (pl.String, "Dimension of the item."),
    "item": (pl.String, "The item."),
    "other_dimension": (pl.String, "Dimension of the other item."),
    "other_item": (pl.String, "The other item; of a pair the one that comes later by dimension and name."),
    "n": (pl.Int64, "Customers who answered both."),
    "correlation": (
        pl.Float64,
        "Pearson's correlation of their answers; empty under 30, or where all are alike.",
    ),
    "correlation_low": (pl.Float64, "Lower end of its 95 % interval (Fisher)."),
    "correlation_high": (pl.Float64, "Upper end of it."),
}


@transform(
    writes="core.survey_item_correlations",
    reads={"answers": "staging.survey_answers", "responses": "core.survey_responses"},
    known_on=ANSWERS_KNOWN_ON,
    broadcast={"questions": "staging.survey_questions"},
    keys=WAVE,
    grain=(*WAVE, "dimension", "item", "other_dimension", "other_item"),
    columns=SURVEY_ITEM_CORRELATIONS,
)
def survey_item_correlations(
    answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per survey, wave and pair of perception items: the correlation of their answers, reversed ones turned."""
    found = answered_items("perception", answers, responses, questions).collect()
    parts = [pl.DataFrame(schema={name: dtype for name, (dtype, _) in SURVEY_ITEM_CORRELATIONS.items()})]
    for (survey, wave), own in found.group_by(WAVE):
        parts.append(
            _pairs(own).select(
                pl.lit(survey).alias("survey"), pl.lit(wave).alias("wave"), pl.col(parts[0].columns[2:])
            )
        )
    return pl.concat(parts, how="vertical_relaxed").lazy()


def _pairs(own: pl.DataFrame) -> pl.DataFrame:
    """The pairs of one wave's items; each by the customers who answered both."""
    items = own.select("dimension", "item").unique().sort("dimension", "item").with_row_index("place")
    # Sums of answers in whole numbers are exact, so that the order of respondents does not matter.
    wide = (
        own.join(items, on=["dimension", "item"])
        .sort("place", "respondent")
        .pivot("place", index="respondent", values="value", sort_columns=False)
        .drop("respondent")
        .select(str(place) for place in items["place"])
        .to_numpy()
    )
    known = ~np.isnan(wide)
    values, mask = np.where(known, wide, 0.0), known.astype(np.float64)
    n, sums, squares = mask.T @ mask, values.T @ mask, (values**2).T @ mask
    covariance = n * (values.T @ values) - sums * sums.T
    spread = n * squares - sums**2
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(spread * spread.T)
    one, other = np.triu_indices(items.height, 1)
    first, second = items[one].drop("place"), items[other].drop("place")
    rows = first.with_columns(
        other_dimension=second["dimension"],
        other_item=second["item"],
        n=n[one, other].astype(np.int64),
        correlation=np.round(correlation[one, other], DECIMALS),
    ).with_columns(
        correlation=pl.when((pl.col("n") >= FEWEST_PAIRS) & pl.col("correlation").is_finite()).then(
            "correlation"
        )
    )
    limits = [
        (None, None) if r is None else correlation_interval(r, count)
        for r, count in rows.select("correlation", "n").iter_rows()
    ]
    return rows.with_columns(
        correlation_low=pl.Series([low for low, _ in limits], dtype=pl.Float64),
        correlation_high=pl.Series([high for _, high in limits], dtype=pl.Float64),
    )
