"""The items of a questionnaire that customers who read the questions answered, as rows and as a matrix per wave.

What they say of the instrument is in `core.survey_reliability` and `core.survey_items`, by the formulas of
`statistics/reliability.py`.
"""

from collections.abc import Iterator

import polars as pl

from transforms.facts.survey_answers import RESPONSE_KEY, WAVE, scored_answers
from transforms.statistics.reliability import Matrix, complete_rows


def answered_items(
    construct: str, answers: pl.LazyFrame, responses: pl.LazyFrame, questions: pl.LazyFrame
) -> pl.LazyFrame:
    """survey, wave, dimension, item, respondent, value of the customers who read the questions."""
    customers = responses.filter(pl.col("is_valid")).select(*RESPONSE_KEY)
    asked = (pl.col("construct") == construct) & pl.col("dimension").is_not_null()
    return (
        scored_answers(answers, questions)
        .filter(asked & pl.col("value").is_not_null())
        .join(customers, on=RESPONSE_KEY, how="semi")
        .group_by(*WAVE, "dimension", "item", respondent="response_id")
        .agg(pl.col("value").mean())
    )


def instruments(items: pl.DataFrame) -> Iterator[tuple[tuple[object, ...], pl.DataFrame, Matrix]]:
    """Each wave's items in order, and the matrix of its complete respondents × items; waves are few."""
    for wave, own in items.group_by(WAVE, maintain_order=True):
        asked = own.select("dimension", "item").unique().sort("dimension", "item").with_row_index("place")
        placed = own.join(asked, on=["dimension", "item"]).sort("place", "respondent")
        wide = placed.pivot("place", index="respondent", values="value", sort_columns=False)
        matrix = complete_rows(wide.sort("respondent").drop("respondent").to_numpy())
        if matrix.shape[0] > matrix.shape[1] > 2:
            yield wave, asked.drop("place"), matrix
