"""index.nodes: which record a leaf takes, its weight in the index, and what was clipped."""

import polars as pl
import pytest
from index_examples import framework, leaf, made, records

from transforms.index.nodes import nodes
from transforms.statistics.intervals import garwood, wilson


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


def branch(segment: str, numerator: float, denominator: float, **more: object) -> dict:
    """A record of a share with Wilson's interval."""
    low, high = pl.select(**wilson(numerator, denominator)._asdict()).row(0)
    value = numerator / denominator
    return {"kpi": "a", "segment": segment, "value": value, "numerator": numerator, "denominator": denominator,
            "n": int(denominator), "ci_low": low, "ci_high": high, **more}  # fmt: skip


FIVE = [
    branch("small", 9, 10, status="low_n"),
    branch("B2", 45, 60),
    branch("B3", 70, 100),
    branch("B4", 52, 80),
    branch("B5", 88, 100),
]


def shrunk(rows: list[dict], **more: object) -> dict[str, dict]:
    """The rows of the leaf by segment where small segments are shrunk."""
    spec = framework({"a": leaf("a", 0, 1, if_small="shrunk", **more)})
    found = made(nodes, spec, kpi_monthly=records(rows)).filter(node="a").collect()
    return {row["segment"]: row for row in found.iter_rows(named=True)}


def test_a_small_segment_is_scored_on_what_it_is_shrunk_to_and_says_so():
    """9 of 10 among branches of 65 to 88 %: its own cases count for 4 tenths (as in statistics/shrinkage.py)."""
    found = shrunk(FIVE)
    small, large = found["small"], found["B5"]
    assert (small["status"], small["value"]) == ("shrunk", 0.9)
    assert small["shrunk_value"] == pytest.approx(0.81, abs=0.005)
    assert small["score"] == pytest.approx(100 * small["shrunk_value"])
    assert small["own_case_weight"] == pytest.approx(0.4, abs=0.05)
    assert 0.5 < small["shrunk_low"] < 0.75 < 0.9 < small["shrunk_high"] < 1
    assert (large["status"], large["score"], large["shrunk_value"]) == ("ok", 88, None)


def test_below_the_minimum_of_the_leaf_is_small_too_but_what_is_withheld_stays_missing():
    withheld = {**branch("B6", 2, 3), "value": None, "numerator": None, "ci_low": None, "ci_high": None}
    found = shrunk([*FIVE, {**withheld, "status": "suppressed"}], minimum_denominator=61)
    assert {segment: row["status"] for segment, row in found.items()} == {
        "small": "shrunk",
        "B2": "shrunk",
        "B3": "ok",
        "B4": "ok",
        "B5": "ok",
        "B6": "suppressed",
    }
    assert found["B6"]["score"] is None


def test_without_peers_nothing_is_shrunk():
    whole = branch("company", 9, 10, cut="company", status="low_n")
    found = shrunk([*FIVE[:2], whole], minimum_denominator=20)
    assert {segment: row["status"] for segment, row in found.items()} == {
        "small": "below_minimum",
        "B2": "ok",
        "company": "below_minimum",
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Poisson events of 10,000 policies each, by Garwood's limits.
        ([(0, 0.0, 0.0, 3.6889), (12, 1.2, 0.6201, 2.0962), (30, 1.5, 1.0120, 2.1414), (9, 0.75, 0.3430, 1.4237)],
         [0.89, 1.19, 1.42, 0.89]),
        # Days with symmetric limits of twice their standard error.
        ([(None, 12, 10.04, 13.96), (None, 20, 8.24, 31.76), (None, 14, 12.04, 15.96), (None, 9, 7.04, 10.96),
          (None, 11, 9.04, 12.96)], [11.9, 13.2, 13.5, 9.6, 11.2]),
    ],
)  # fmt: skip
def test_rates_and_means_are_told_from_the_limits_of_their_records(rows, expected):
    kpis = []
    for i, (events, value, low, high) in enumerate(rows):
        if events is not None:
            exposure = [1.0, 10.0, 20.0, 12.0][i]
            low, high = pl.select(**garwood(float(events), exposure)._asdict()).row(0)
        kpis.append(
            {"kpi": "a", "segment": f"B{i}", "value": float(value), "numerator": events, "ci_low": low,
             "ci_high": high, "status": "low_n"}
        )  # fmt: skip
    found = shrunk(kpis)
    assert [found[f"B{i}"]["shrunk_value"] for i in range(len(rows))] == pytest.approx(expected, abs=0.05)
