"""index.nodes: which record a leaf takes, its weight in the index, and what was clipped."""

import pytest
from index_examples import framework, leaf, made, records

from transforms.index.nodes import nodes


@pytest.mark.parametrize(
    ("record", "status", "is_scored"),
    [
        ({"value": 50.0}, "ok", True),
        ({"value": 50.0, "status": "low_n"}, "low_n", True),
        ({"value": None, "status": "immature"}, "immature", False),
        ({"value": None, "status": "suppressed"}, "suppressed", False),
        ({"value": None, "status": "not_applicable"}, "not_applicable", False),
        ({"value": float("nan")}, "no_data", False),
        ({"value": 50.0, "denominator": 29.0}, "below_minimum", False),
        ({"value": 50.0, "denominator": 30.0, "n": 1}, "ok", True),
        ({"value": 50.0, "n": 29}, "below_minimum", False),
        ({"value": 50.0, "basis": "period"}, "absent", False),
    ],
)
def test_which_records_count(record, status, is_scored):
    spec = framework(
        {"a": leaf("a", minimum_denominator=30), "b": leaf("b", weight=1)},
        coverage={"parent": 0.5, "index": 0.5},
    )
    kpis = records([{"kpi": "a", **record}, {"kpi": "b", "value": 70.0}])
    row = made(nodes, spec, kpi_monthly=kpis).filter(node="a").collect().row(0, named=True)
    assert row["status"] == status
    assert (row["score"] is not None) == is_scored
    assert (row["effective_weight"] > 0) == is_scored


def test_nodes_tell_value_weight_and_what_was_clipped():
    spec = framework(
        {"a": leaf("a", 0.9, 0.1, weight=3), "b": leaf("b", weight=1), "c": leaf("c", weight=1)},
        aggregation="geometric",
    )
    rows = [
        {"kpi": "a", "value": 0.05},
        {"kpi": "b", "value": 0.0},
        {"kpi": "c", "value": None, "status": "no_data"},
    ]
    kpis = records(rows)
    by_node = {
        row["node"]: row for row in made(nodes, spec, kpi_monthly=kpis).collect().iter_rows(named=True)
    }
    assert by_node["a"]["value"] == 0.05
    assert by_node["a"]["score"] == 100
    assert (by_node["a"]["weight"], by_node["a"]["effective_weight"]) == pytest.approx((0.6, 0.75))
    assert (by_node["a"]["n_truncated"], by_node["b"]["n_truncated"]) == (1, 0)
    assert (by_node["index"]["n_truncated"], by_node["index"]["n_floored"]) == (1, 1)
    assert by_node["index"]["score"] == pytest.approx(100**0.75)  # b counts as 1, the floor
    assert by_node["c"]["effective_weight"] == 0
