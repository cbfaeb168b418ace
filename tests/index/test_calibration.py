"""index.calibration: whether objective and perceived scores of a dimension go together."""

import numpy as np
import pytest
from dimension_scores import SPEC, scored
from index_examples import made
from scipy import stats

from transforms.index.calibration import calibration


@pytest.mark.parametrize(
    ("slope", "verdict"), [(1.0, "as expected"), (-1.0, "wrong sign"), (0.0, "not separable from none")]
)
def test_the_expected_sign(slope, verdict):
    generator = np.random.default_rng(3)
    objective = generator.uniform(20, 80, 40)
    perceived = np.clip(50 + slope * (objective - 50) + generator.normal(0, 10, 40), 0, 100)
    row = made(calibration, SPEC, scores=scored(objective, perceived)).collect().row(0, named=True)
    assert row["verdict"] == verdict
    assert row["n_pairs"] == 40
    assert row["spearman"] == pytest.approx(stats.spearmanr(objective, perceived).statistic)
    changes = stats.spearmanr(np.diff(objective), np.diff(perceived)).statistic
    assert row["spearman_of_changes"] == pytest.approx(changes)
    assert row["n_changes"] == 39


def test_few_pairs_have_no_verdict_and_gaps_in_time_no_change():
    row = made(calibration, SPEC, scores=scored(range(29), range(29))).collect().row(0, named=True)
    assert (row["verdict"], row["spearman"]) == ("too few pairs", None)
    # Months of two segments in turn: none follows the month before in its own segment.
    row = (
        made(calibration, SPEC, scores=scored(range(40), range(40), segments=2)).collect().row(0, named=True)
    )
    assert (row["spearman"], row["n_changes"]) == (pytest.approx(1), 0)
