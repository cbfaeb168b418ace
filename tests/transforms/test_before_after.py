"""Before and after: scipy's two-sample t and statsmodels' power as judges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from transforms.statistics.before_after import change, mean_limits, power, sample

values = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=2, max_size=15)


def of(months: list[float]):
    return sample([len(months)], [np.mean(months)], [np.var(months, ddof=1)])


@given(before=values, after=values)
def test_the_interval_is_that_of_students_two_sample_t(before, after):
    found = change(of(before), of(after))
    if len(before) + len(after) > 2 and found.error.item() > 1e-6:
        judge = stats.ttest_ind(after, before).confidence_interval(0.95)
        assert (found.low.item(), found.high.item()) == pytest.approx((judge.low, judge.high), abs=1e-6)


@given(months=values)
def test_the_interval_of_one_side_is_students(months):
    if np.std(months) > 1e-6:
        low, high = mean_limits(of(months))
        judge = stats.t.interval(0.95, len(months) - 1, np.mean(months), stats.sem(months))
        assert (low.item(), high.item()) == pytest.approx(judge, abs=1e-6)


@pytest.mark.parametrize(("before", "after", "effect"), [(12, 6, 1.5), (3, 3, 4.0), (12, 3, 0.2)])
def test_power_is_that_of_the_one_sided_test(before, after, effect):
    found = change(sample([before], [0.0], [1.0]), sample([after], [0.0], [1.0]))
    judge = TTestIndPower().power(effect, before, alpha=0.025, ratio=after / before, alternative="larger")
    assert power([effect], found).item() == pytest.approx(judge, abs=1e-6)
    assert power([-effect], found).item() == pytest.approx(judge, abs=1e-6)


def test_nothing_is_said_of_too_little():
    found = change(
        sample([1, 0, np.nan], [5.0, np.nan, np.nan], [np.nan] * 3), sample([1, 3, 3], [6.0] * 3, [1.0] * 3)
    )
    assert np.isnan(found.low).all()
    assert np.isnan(power([1.0] * 3, found)).all()
