"""Quantiles of many groups at once against numpy's of each, and the worked example of their limits."""

import numpy as np
import pytest

from transforms.statistics.ordered import Ordered, ranked


def test_limits_are_order_statistics() -> None:
    """Ten values: second and ninth enclose the median with 97.9 %; p90 has no upper limit (Conover 1999)."""
    values = np.array([30, 1, 2, 9, 2, 3, 4, 15, 5, 7], np.float64)
    ordered = Ordered.of(np.zeros(10, np.uint32), 1, *ranked(values))
    assert [figure.item() for figure in ordered.quantile(0.5)] == [4.5, 2, 15]
    value, low, high = (figure.item() for figure in ordered.quantile(0.9))
    assert (value, low) == (pytest.approx(16.5), 7)
    assert np.isnan(high)


@pytest.mark.parametrize("groups", [7, 70_000])
def test_quantiles_are_numpys_in_every_group(groups: int) -> None:
    rng = np.random.default_rng(groups)
    group = rng.integers(0, groups, 100_000).astype(np.uint32)
    values = np.round(rng.exponential(10, 100_000), rng.integers(0, 6))
    ordered = Ordered.of(group, groups, *ranked(values))
    assert (ordered.n == np.bincount(group, minlength=groups)).all()
    found = {q: ordered.quantile(q)[0] for q in (0.5, 0.9)}
    for one in rng.integers(0, groups, 50):
        own = values[group == one]
        for q, figures in found.items():
            expected = np.quantile(own, q) if len(own) else np.nan
            assert figures[one] == pytest.approx(expected, nan_ok=True)
