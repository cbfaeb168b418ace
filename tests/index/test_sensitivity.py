"""index.sensitivity: which choice of method moves the ranks of six close branches."""

import pytest
from index_examples import KPIS, close_branches, made

from transforms.index.sensitivity import sensitivity
from transforms.settings import RobustnessSettings


def test_the_ranks_of_six_branches_by_each_choice():
    kpis, spec = close_branches()
    asked = RobustnessSettings(sobol_points=2048)
    table = made(sensitivity, spec, kpi_monthly=kpis, robustness=asked).collect()
    # An independent run of as many points; their intervals are ±0.05 wide at this size.
    totals = dict(
        zip(["normalisation", "aggregation", *KPIS], [0.652, 0.310, 0.514, 0.391, 0.335, 0.150], strict=True)
    )
    assert dict(table.select("input", "total").iter_rows()) == pytest.approx(totals, abs=0.09)
    assert table["first_order"].sum() == pytest.approx(0.28, abs=0.06)
    assert (table["total_half_width"] < 0.1).all()
