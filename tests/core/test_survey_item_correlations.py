"""core.survey_item_correlations: how any two items go together, by whoever answered both."""

import numpy as np
import polars as pl
import pytest
from survey_frames import TOLD, instrument, instrument_of

from tests.transforms.test_reliability import TWO_BLOCKS, correlated
from transforms.core.survey_item_correlations import survey_item_correlations


def test_pairs_are_correlated_over_those_who_answered_both():
    """The instrument's answers have holes; every pair is held against numpy's own coefficient over its rows."""
    frames, values = instrument()
    found = survey_item_correlations(**frames, **TOLD).collect()
    reliability = found.filter(dimension="reliability", other_dimension="reliability").sort(
        "item", "other_item"
    )
    own = values[:, :4]
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    expected, counts = [], []
    for i, j in pairs:
        both = ~np.isnan(own[:, i]) & ~np.isnan(own[:, j])
        counts.append(int(both.sum()))
        expected.append(np.corrcoef(own[both, i], own[both, j])[0, 1])
    assert reliability["n"].to_list() == counts
    assert reliability["correlation"].to_list() == pytest.approx(expected, abs=1e-8)
    assert (found["correlation_low"] <= found["correlation"]).all()


def test_items_of_one_block_go_together_and_of_two_do_not():
    frames = instrument_of(4 + 0.7 * correlated(TWO_BLOCKS, 300), ["reliability"] * 3 + ["empathy"] * 3)
    found = survey_item_correlations(**frames, **TOLD).collect()
    assert found.height == 15
    within = found.filter(pl.col("dimension") == pl.col("other_dimension"))
    assert sorted(within["correlation"].round(6).to_list()) == [0.4] * 3 + [0.5] * 3
    across = found.filter(pl.col("dimension") != pl.col("other_dimension"))
    assert across["correlation"].to_list() == pytest.approx([0.0] * 9, abs=1e-8)


def test_too_few_pairs_say_nothing():
    frames = instrument_of(4 + 0.7 * correlated(TWO_BLOCKS, 29), ["reliability"] * 3 + ["empathy"] * 3)
    found = survey_item_correlations(**frames, **TOLD).collect()
    assert set(found["n"]) == {29}
    assert found["correlation"].null_count() == found.height == 15
