"""Normalisation against the worked example of five branches."""

import numpy as np
import polars as pl
import pytest
from index_examples import DIRECTIONS, FIVE_BRANCHES, FIVE_SCORES, KPIS, POSTS

from transforms.composite import normalise


def normalised(method) -> np.ndarray:
    """A normalisation of every KPI of the five branches; `method` takes value, KPI position."""
    frame = pl.from_numpy(FIVE_BRANCHES, schema=KPIS)
    return frame.select(method(pl.col(kpi), i).alias(kpi) for i, kpi in enumerate(KPIS)).to_numpy()


def test_goalposts_score_the_five_branches():
    scores = normalised(lambda value, i: normalise.goalposts(value, *map(pl.lit, map(float, POSTS[i]))))
    assert scores == pytest.approx(FIVE_SCORES, abs=5e-5)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (
            normalise.min_max,
            [
                [100.0, 100.0, 100.0, 100.0],
                [87.5, 76.9231, 54.5455, 69.2308],
                [68.75, 61.5385, 72.7273, 84.6154],
                [50.0, 84.6154, 0.0, 15.3846],
                [0.0, 0.0, 36.3636, 0.0],
            ],
        ),
        (
            normalise.z_score,
            [
                [0.9903, 0.9145, 1.2538, 1.0525],
                [0.6708, 0.3181, 0.0482, 0.3508],
                [0.1917, -0.0795, 0.5305, 0.7016],
                [-0.2875, 0.5169, -1.3985, -0.8771],
                [-1.5652, -1.67, -0.434, -1.2279],
            ],
        ),
        (
            normalise.percentile_rank,
            [
                [1, 1, 1, 1],
                [0.75, 0.5, 0.5, 0.5],
                [0.5, 0.25, 0.75, 0.75],
                [0.25, 0.75, 0, 0.25],
                [0, 0, 0.25, 0],
            ],
        ),
        (normalise.borda, [[4, 4, 4, 4], [3, 2, 2, 2], [2, 1, 3, 3], [1, 3, 0, 1], [0, 0, 1, 0]]),
    ],
)
def test_the_five_branches_normalised_among_themselves(method, expected):
    found = normalised(lambda value, i: method(value, pl.lit(DIRECTIONS[i])))
    assert found == pytest.approx(np.array(expected, dtype=float), abs=6e-5)


def test_distance_to_a_target_of_five_days():
    days = pl.DataFrame({"days": FIVE_BRANCHES[:, 0]})
    distance = normalise.distance_to_target(pl.col("days"), pl.lit(5.0), pl.lit(-1))
    expected = [1, 0.9333, 0.7333, 0.5333, 0]
    assert days.select(distance).to_series().to_list() == pytest.approx(expected, abs=5e-5)


def test_a_target_that_all_have_reached_leaves_no_way():
    frame = pl.DataFrame({"x": [3.0, 4.0, None]})
    reached = normalise.distance_to_target(pl.col("x"), pl.lit(2.0), pl.lit(1))
    assert frame.select(reached).to_series().to_list() == [1.0, 1.0, None]


def test_units_that_are_all_alike_cannot_be_compared():
    frame = pl.DataFrame({"x": [3.0, 3.0]})
    both = frame.select(
        a=normalise.min_max(pl.col("x"), pl.lit(1)), b=normalise.z_score(pl.col("x"), pl.lit(1))
    )
    assert both.null_count().row(0) == (2, 2)


def test_a_value_on_a_cut_point_gets_the_better_band():
    days = pl.DataFrame({"days": [2.0, 5.0, 5.1, 10.0, 11.0, None]})
    fewer_is_better = normalise.banded(pl.col("days"), [5.0, 10.0], [100, 60, 0])
    more_is_better = normalise.banded(pl.col("days"), [5.0, 10.0], [0, 60, 100])
    assert days.select(fewer_is_better).to_series().to_list() == [100, 100, 60, 60, 0, None]
    assert days.select(more_is_better).to_series().to_list() == [0, 60, 60, 100, 100, None]
