"""core.survey_items: what each item is worth beside the others of its dimension."""

import numpy as np
import pandas
import pingouin
import polars as pl
import pytest
from likert_answers import likert
from survey_frames import (
    TOLD,
    answers_of,
    complete,
    instrument,
    instrument_of,
    questions_of,
    table,
)

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


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    """The items of the worked questionnaire: three of reliability, three of empathy."""
    frames = instrument_of(likert(), ["reliability"] * 3 + ["empathy"] * 3)
    return survey_items(**frames, **TOLD).collect().sort("item")


def test_factor_weights_by_squared_loadings(found: pl.DataFrame) -> None:
    """Loadings of three items on each of two factors (OECD/JRC Handbook on Composite Indicators, 2008, ch. 4)."""
    loadings, weights, adequacy = zip(
        (0.8667, 0.184576, 0.728182),
        (0.8416, 0.174049, 0.747912),
        (0.7865, 0.151977, 0.793640),
        (0.8494, 0.177293, 0.730205),
        (0.8336, 0.170755, 0.740901),
        (0.7585, 0.141351, 0.791828),
        strict=True,
    )
    assert found["factor_loading"].abs().to_list() == pytest.approx(loadings, abs=5e-3)
    assert found["factor_weight"].to_list() == pytest.approx(weights, abs=5e-3)
    assert found["msa"].to_list() == pytest.approx(adequacy, abs=1e-6)


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
