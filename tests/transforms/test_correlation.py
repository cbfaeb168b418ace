"""Sample sizes and intervals of correlations."""

import pytest

from transforms.statistics.correlation import correlation_interval, pairs_needed


@pytest.mark.parametrize(("correlation", "n"), [(0.3, 85), (0.4, 47), (0.5, 30), (-0.5, 30)])
def test_pairs_needed_for_eighty_percent_power(correlation, n):
    assert pairs_needed(correlation) == n


def test_interval_of_a_correlation_of_36_months():
    assert correlation_interval(0.6444050781836819, 36) == pytest.approx((0.400697, 0.802950), abs=1e-5)
