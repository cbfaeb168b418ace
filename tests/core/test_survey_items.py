"""core.survey_items: what each item is worth beside the others of its dimension."""

import math

import numpy as np
import pandas
import pingouin
import polars as pl
import pytest
from survey_frames import (
    TOLD,
    answers_of,
    complete,
    instrument,
    instrument_of,
    questions_of,
    table,
)

from tests.transforms.test_reliability import TWO_BLOCKS, correlated
from transforms.core.survey_items import survey_items
from transforms.core.survey_responses import survey_responses


def test_items_are_analysed_dimension_by_dimension():
    frames, values = instrument()
    found = survey_items(**frames, **TOLD).collect().filter(pl.col("dimension") == "reliability").sort("item")
    own = complete(values[:, :4])
    rest = [np.delete(own, i, axis=1) for i in range(4)]
    assert found["mean"].to_list() == pytest.approx(own.mean(axis=0))
    correlations = [np.corrcoef(own[:, i], others.sum(axis=1))[0, 1] for i, others in enumerate(rest)]
    assert found["item_total_correlation"].to_list() == pytest.approx(correlations)
    alphas = [pingouin.cronbach_alpha(data=pandas.DataFrame(others))[0] for others in rest]
    assert found["alpha_without"].to_list() == pytest.approx(alphas)


def test_factor_weights_are_shares_of_the_squared_loadings():
    """Items that correlate by 0.5, three others by 0.4: eigenvalues 2 and 1.8, a third of each an item."""
    frames = instrument_of(4 + 0.7 * correlated(TWO_BLOCKS, 300), ["reliability"] * 3 + ["empathy"] * 3)
    found = survey_items(**frames, **TOLD).collect().sort("item")
    loadings = [math.sqrt(2 / 3)] * 3 + [math.sqrt(0.6)] * 3
    assert found["factor_loading"].abs().to_list() == pytest.approx(loadings)
    assert found["factor_weight"].to_list() == pytest.approx([2 / 3 / 3.8] * 3 + [0.6 / 3.8] * 3)
    assert found["factor"].to_list() == [1, 1, 1, 2, 2, 2]
    assert found["msa"].to_list() == pytest.approx([9 / 13] * 3 + [49 / 74] * 3)


def test_the_gap_of_an_item_is_pairwise():
    asked = [{"question": f"{c[0]}", "item": "1", "construct": c} for c in ("perception", "expectation")]
    given = {"a": (5, 7), "b": (4, 6), "c": (3, None)}
    rows = [
        {"response_id": r, "question": q, "score": float(v)}
        for r, pair in given.items()
        for q, v in zip("pe", pair, strict=True)
        if v is not None
    ]
    frames = {
        "answers": answers_of(rows),
        "questions": questions_of(asked),
        "responses": table([{"response_id": r} for r in given], survey_responses.schema),
    }
    (row,) = survey_items(**frames, **TOLD).collect().iter_rows(named=True)
    assert (row["mean"], row["n_gaps"], row["expectation_mean"], row["gap_points"]) == (4.0, 2, 6.5, -2.0)


def test_dimensions_have_weights_where_their_items_have_none():
    """Three dimensions go together by 0.5, their items hardly: the first factor of the means takes two thirds."""
    means = 4 + 0.2 * correlated(np.full((3, 3), 0.5) + np.eye(3) * 0.5, 300)
    noise = np.random.default_rng(3).normal(0, 0.5, (300, 3))
    values = np.column_stack(
        [column for i in range(3) for column in (means[:, i] + noise[:, i], means[:, i] - noise[:, i])]
    )
    frames = instrument_of(values, ["reliability"] * 2 + ["empathy"] * 2 + ["assurance"] * 2)
    found = survey_items(**frames, **TOLD).collect()
    assert found["factor_weight"].null_count() == found.height == 6
    assert found["dimension_factor_weight"].to_list() == pytest.approx([1 / 3] * 6)
