"""index.signals: a score that leaves its ordinary variation is a signal."""

from datetime import date

import pytest
from index_examples import framework, leaf, made, records

from transforms.index.scores import scores
from transforms.index.signals import signals

SPEC = framework({"a": leaf("a")})


def charted(values: list[float], *specs) -> list[dict]:
    """The rows of the index, month after month."""
    rows = [
        {"kpi": "a", "value": value, "period": date(2024 + i // 12, i % 12 + 1, 1)}
        for i, value in enumerate(values)
    ]
    specs = specs or (SPEC,)
    table = made(signals, *specs, scores=made(scores, *specs, kpi_monthly=records(rows)))
    return table.filter(node="index").collect().sort("framework_version", "period").rows(named=True)


def test_a_score_beyond_the_limits_of_the_months_before_is_a_bad_signal():
    """Twelve months of 70 and 72 in turn: mean 71, moving ranges of 2, limits 71 ± 2.66 · 2."""
    last = charted([70.0, 72.0] * 6 + [60.0])[-1]
    assert (last["centre"], last["chart"]) == (71, "xmr")
    assert (last["lower"], last["upper"]) == pytest.approx((71 - 2.66 * 2, 71 + 2.66 * 2), abs=0.01)
    assert (last["is_signal"], last["is_good"], last["rule"]) == (True, False, "beyond_limits")
    assert charted([70.0, 72.0] * 6 + [70.0])[-1]["is_signal"] is False


def test_versions_are_series_of_their_own_and_leaves_have_none():
    other = framework({"a": leaf("a", 0, 200)}, version="2")
    rows = charted([70.0, 72.0] * 6 + [60.0], SPEC, other)
    centres = {row["framework_version"]: row["centre"] for row in rows if row["period"] == date(2025, 1, 1)}
    assert centres == {"1": 71, "2": 35.5}
    assert {row["node"] for row in rows} == {"index"}
