"""index.rank_intervals: how far the rank of a branch is a matter of method."""

import pytest
from index_examples import FIVE_BRANCHES, SIX_RANKS, branch_records, close_branches, made, worked_framework

from transforms.index.rank_intervals import rank_intervals
from transforms.settings import RobustnessSettings


def test_six_close_branches_cannot_be_ranked_apart():
    """20,000 draws: two lead and are not separable; figures of an independent simulation, within its noise."""
    kpis, spec = close_branches()
    table = (
        made(rank_intervals, spec, kpi_monthly=kpis, robustness=RobustnessSettings(draws=20_000, seed=7))
        .collect()
        .sort("segment")
    )
    assert table["score"].to_list() == pytest.approx([74.5, 75.1, 75.6, 74.9, 73.1, 70.75])
    assert table["rank"].to_list() == SIX_RANKS
    assert table["median_rank"].to_list() == [5, 2, 2, 4, 4, 6]
    assert table["rank_low"].to_list() == [2, 1, 1, 2, 3, 2]
    assert table["rank_high"].to_list() == [6, 3, 4, 5, 6, 6]
    assert table["first_share"].to_list() == pytest.approx([0.046, 0.425, 0.487, 0.040, 0, 0.002], abs=0.015)
    assert table["mean_rank_shift"].mean() == pytest.approx(0.906, abs=0.015)


def test_the_same_seed_gives_the_same_draws_and_far_branches_stay_where_they_are():
    kpis, asked = branch_records(FIVE_BRANCHES), RobustnessSettings(draws=500)
    first, second = (
        made(rank_intervals, worked_framework(), kpi_monthly=kpis, robustness=asked).collect()
        for _ in range(2)
    )
    assert first.equals(second)
    ordered = first.sort("segment")
    assert ordered["rank_low"].to_list() == ordered["rank_high"].to_list() == [1, 2, 3, 4, 5]


def test_of_one_segment_there_is_no_ranking_and_unasked_there_is_none():
    kpis, spec = close_branches()
    alone = made(rank_intervals, spec, kpi_monthly=kpis.filter(segment="B1"), robustness=RobustnessSettings())
    assert alone.collect().height == 0
    assert made(rank_intervals, spec, kpi_monthly=kpis).collect().height == 0
