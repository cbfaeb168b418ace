"""index.contributions: what moved the index of a branch from one month to the next."""

import polars as pl
import pytest
from index_examples import FEBRUARY, JANUARY, made
from monthly_scores import FLAT, monthly_scores

from transforms.index.contributions import contributions


def test_a_kpi_that_moved_and_one_that_came_in():
    """Three KPIs in January, four in February: +3.18 points from their scores, −1.18 from the fourth KPI's entry."""
    table = made(contributions, FLAT, scores=monthly_scores()).collect()
    # B1 has no index in March (.65 of the weight), company none to compare with in February.
    assert table.select("segment", "period", "period_from").unique().rows() == [("B1", FEBRUARY, JANUARY)]
    leaves = table.filter(pl.col("kpi").is_not_null())
    assert leaves["total_points"].sum() == pytest.approx(1.994117647, abs=1e-9)
    by_node = dict(table.select("node", pl.struct("value_points", "composition_points")).iter_rows())
    assert by_node["index"]["value_points"] == pytest.approx(3.176470588)
    assert by_node["index"]["composition_points"] == pytest.approx(-1.182352941)
    assert by_node["d"]["composition_points"] == pytest.approx(-1.182352941)
