"""core.survey_reliability: whether the items of a dimension measure one thing."""

import numpy as np
import pandas
import pingouin
import polars as pl
import pytest
from survey_frames import (
    TOLD,
    complete,
    instrument,
    instrument_of,
)

from tests.transforms.test_reliability import TWO_BLOCKS, correlated
from transforms.core.survey_reliability import survey_reliability
from transforms.statistics.reliability import factorability


def test_reliability_of_a_wave_is_that_of_its_answers():
    frames, values = instrument()
    found = survey_reliability(**frames, **TOLD).collect()
    for dimension, own in (("reliability", values[:, :4]), ("empathy", values[:, 4:]), ("all", values)):
        row, expected = (
            found.row(by_predicate=pl.col("dimension") == dimension, named=True),
            pingouin.cronbach_alpha(data=pandas.DataFrame(complete(own))),
        )
        assert row["alpha"] == pytest.approx(expected[0])
        assert (row["alpha_low"], row["alpha_high"]) == pytest.approx(tuple(expected[1]), abs=5e-4)
        assert (row["n"], row["n_items"]) == complete(own).shape
    whole = factorability(values)
    row = found.row(by_predicate=pl.col("dimension") == "all", named=True)
    assert (row["kmo"], row["bartlett_chi_square"]) == pytest.approx((whole.kmo, whole.chi_square))


def test_two_items_are_judged_by_spearman_and_brown():
    frames, values = instrument()
    found = survey_reliability(**frames, **TOLD).collect()
    empathy = found.row(by_predicate=pl.col("dimension") == "empathy", named=True)
    r = np.corrcoef(complete(values[:, 4:]), rowvar=False)[0, 1]
    assert empathy["spearman_brown"] == pytest.approx(2 * r / (1 + r))
    assert found.filter(pl.col("dimension") != "empathy")["spearman_brown"].null_count() == 2


def test_careless_answers_are_in_no_figure_of_the_instrument():
    frames, values = instrument()
    careless = frames["responses"].with_columns(
        is_valid=pl.col("response_id").str.slice(1).cast(pl.Int64) >= 20
    )
    found = survey_reliability(**{**frames, "responses": careless}, **TOLD).collect()
    row = found.row(by_predicate=pl.col("dimension") == "all", named=True)
    assert row["alpha"] == pytest.approx(
        pingouin.cronbach_alpha(data=pandas.DataFrame(complete(values[20:])))[0]
    )


def test_the_whole_instrument_is_tested_before_its_factors() -> None:
    """Items that correlate by 0.5, three others by 0.4: the determinant is 0.5² · 2 · 0.6² · 1.8."""
    worked = 4 + 0.7 * correlated(TWO_BLOCKS, 300)
    told = survey_reliability(**instrument_of(worked, ["reliability"] * 6), **TOLD).collect()
    row = told.row(by_predicate=pl.col("dimension") == "all", named=True)
    whole, partial = 3 * (0.5**2 + 0.4**2), 3 * ((1 / 3) ** 2 + (2 / 7) ** 2)
    assert row["kmo"] == pytest.approx(whole / (whole + partial))
    assert row["bartlett_chi_square"] == pytest.approx(-(299 - 17 / 6) * np.log(0.324))
    assert row["factor_weights"] == "given"
    few = survey_reliability(**instrument_of(worked[:99], ["reliability"] * 6), **TOLD).collect()
    assert "99 complete respondents; 100 are needed for 6 items" in few["factor_weights"].to_list()
