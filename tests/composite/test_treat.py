"""Treatment of outliers, as COINr does it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from transforms.composite import treat


def test_one_outlier_is_winsorised_as_coinr_does():
    sample = np.array([*range(1, 11), 30, 100], dtype=float)
    assert treat.skewness(sample) == pytest.approx(3.06324103, abs=1e-8)
    assert treat.excess_kurtosis(sample) == pytest.approx(9.74139083, abs=1e-8)
    result = treat.treated(sample)
    assert (result.method, result.n_low, result.n_high) == ("winsorised", 0, 1)
    assert result.values.tolist() == [*range(1, 11), 30, 30]
    assert treat.skewness(result.values) == pytest.approx(1.71203806, abs=1e-8)
    assert treat.excess_kurtosis(result.values) == pytest.approx(1.81578054, abs=1e-8)


def test_few_units_and_symmetric_heavy_tails_are_left_alone():
    assert treat.treated(np.array([1.0, 2, 3, 1000])).method == "none"
    symmetric = np.array([-50.0, *np.linspace(-1, 1, 20), 50.0])
    assert treat.excess_kurtosis(symmetric) > 3.5
    assert treat.treated(symmetric).method == "none"


def test_a_sample_beyond_winsorising_is_put_on_a_log_scale():
    growth = 2.0 ** np.arange(20)
    result = treat.treated(growth, most_points=1)
    assert result.method == "log"
    assert result.values == pytest.approx(np.log(growth - 1 + 0.01 * (growth[-1] - 1)))


@given(arrays.arrays(float, st.integers(5, 40), elements=st.floats(-100, 100).map(lambda x: round(x, 3))))
def test_skewness_and_kurtosis_are_those_of_scipy(values):
    if np.ptp(values) > 0.1:
        assert treat.skewness(values) == pytest.approx(stats.skew(values, bias=False), abs=1e-6)
        assert treat.excess_kurtosis(values) == pytest.approx(stats.kurtosis(values, bias=False), abs=1e-6)
