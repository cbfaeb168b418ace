"""Objective against perceived: sample sizes, verdicts and the map of gaps."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from index_examples import framework, leaf, records
from scipy import stats

from transforms.index.calibration import calibration, correlation_interval, gap_map, pairs_needed
from transforms.index.scores import scores

SPEC = framework(
    {"facts": {"children": {"a": leaf("a")}}, "voice": {"children": {"b": leaf("b")}}},
    dimensions={"reliability": {"objective": "facts", "perceived": "voice"}},
)


@pytest.mark.parametrize(("correlation", "n"), [(0.3, 85), (0.4, 47), (0.5, 30), (-0.5, 30)])
def test_pairs_needed_for_eighty_percent_power(correlation, n):
    assert pairs_needed(correlation) == n


def test_interval_of_a_correlation_of_36_months():
    assert correlation_interval(0.6444050781836819, 36) == pytest.approx((0.400697, 0.802950), abs=1e-5)


def table(objective, perceived, segments: int = 1) -> pl.LazyFrame:
    """Scores of months in a row, split over segments one after the other."""
    rows = [
        {
            "kpi": kpi,
            "value": float(v),
            "segment": f"B{i % segments}",
            "period": date(2020 + i // 12, i % 12 + 1, 1),
        }
        for kpi, values in (("a", objective), ("b", perceived))
        for i, v in enumerate(values)
    ]
    return scores(records(rows), [SPEC])


@pytest.mark.parametrize(
    ("slope", "verdict"), [(1.0, "as expected"), (-1.0, "wrong sign"), (0.0, "not separable from none")]
)
def test_the_expected_sign(slope, verdict):
    generator = np.random.default_rng(3)
    objective = generator.uniform(20, 80, 40)
    perceived = np.clip(50 + slope * (objective - 50) + generator.normal(0, 10, 40), 0, 100)
    row = calibration(table(objective, perceived), [SPEC]).collect().row(0, named=True)
    assert row["verdict"] == verdict
    assert row["n_pairs"] == 40
    assert row["spearman"] == pytest.approx(stats.spearmanr(objective, perceived).statistic)
    changes = stats.spearmanr(np.diff(objective), np.diff(perceived)).statistic
    assert row["spearman_of_changes"] == pytest.approx(changes)
    assert row["n_changes"] == 39


def test_few_pairs_have_no_verdict_and_gaps_in_time_no_change():
    row = calibration(table(range(29), range(29)), [SPEC]).collect().row(0, named=True)
    assert (row["verdict"], row["spearman"]) == ("too few pairs", None)
    # Months of two segments in turn: none follows the month before in its own segment.
    row = calibration(table(range(40), range(40), segments=2), [SPEC]).collect().row(0, named=True)
    assert (row["spearman"], row["n_changes"]) == (pytest.approx(1), 0)


def test_the_map_of_gaps():
    objective, perceived = [90, 90, 40, 40], [80, 50, 80, 50]
    rows = gap_map(table(objective, perceived), [SPEC]).collect().sort("period")
    assert rows["gap_points"].to_list() == [-10, -40, 40, 10]
    assert rows["reading"].to_list() == [
        "strength",
        "communication problem",
        "survey or survivorship bias",
        "weakness",
    ]
