"""index.segment_contributions: what sets the index of a branch apart from the company's."""

import polars as pl
import pytest
from index_examples import JANUARY, made
from monthly_scores import FLAT, monthly_scores

from transforms.index.segment_contributions import segment_contributions


def test_the_distance_of_a_branch_from_the_company():
    """Of 72, 85, 64 to 75, 80, 60, 65: (61.2 + … ) / .85 less 71.5 of the whole."""
    table = made(segment_contributions, FLAT, scores=monthly_scores()).collect()
    assert table.select("period", "segment", "segment_from").unique().rows() == [(JANUARY, "B1", "company")]
    branch = (0.35 * 72 + 0.30 * 85 + 0.20 * 64) / 0.85
    company = 0.35 * 75 + 0.30 * 80 + 0.20 * 60 + 0.15 * 65
    leaves = table.filter(pl.col("kpi").is_not_null())["total_points"].sum()
    assert leaves == pytest.approx(branch - company, abs=1e-9)
    by_node = dict(table.select("node", "total_points").iter_rows())
    assert by_node["index"] == pytest.approx(branch - company, abs=1e-9)
    # The mean shares of the two sides: b is .30 of the company's index and .30/.85 of the branch's.
    assert by_node["a"] < 0 < by_node["b"]
