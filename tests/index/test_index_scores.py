"""Scores of the tree: means by level, what is missing, statuses, grades, and the laws that every table keeps."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_examples import (
    FEBRUARY,
    FIVE_BRANCHES,
    JANUARY,
    KPIS,
    MARCH,
    branch_records,
    framework,
    leaf,
    records,
    worked_framework,
)

from transforms.composite.banding import held_grades
from transforms.composite.evaluate import UNIT
from transforms.framework import Framework
from transforms.index.scores import NODE_COLUMNS, SCORE_COLUMNS, keys, nodes, scores

BANDS = {"AAA": 90, "AA": 85, "A": 80, "BBB": 75, "BB": 70, "B": 65, "CCC": 60, "CC": 55, "C": 50, "D": 0}


def of(table: pl.LazyFrame, node: str = "index") -> pl.DataFrame:
    return table.filter(pl.col("node") == node).collect().sort("period", "cut", "segment")


def index(kpis: pl.LazyFrame, spec: Framework) -> list[float | None]:
    return of(scores(kpis, [spec]))["score"].to_list()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("arithmetic", [89.0857, 78.4143, 75.25, 64.7214, 48.9929]),
        ("geometric", [88.8708, 77.3341, 75.0317, 59.4710, 47.5393]),
        ("harmonic", [88.65, 76.0874, 74.8022, 52.7866, 46.1502]),
    ],
)
def test_the_five_branches_by_each_mean(how, expected):
    spec = worked_framework(aggregation=how)
    assert index(branch_records(FIVE_BRANCHES), spec) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((1, 1), [87.1868, 75.2857, 74.3681, 60.1044, 50.4451]),
        ((0.65, 0.35), [89.0857, 78.4143, 75.25, 64.7214, 48.9929]),
    ],
)
def test_weights_hold_at_each_level(groups, expected):
    """Equal groups of two KPIs are not the flat index; weights .65 and .35 give it back."""
    flat = worked_framework().index.children
    halves = [
        {kpi: flat[kpi].model_dump(exclude_unset=True) for kpi in half} for half in (KPIS[:2], KPIS[2:])
    ]
    spec = framework(
        {name: {"weight": w, "children": half} for name, w, half in zip("ab", groups, halves, strict=True)}
    )
    assert index(branch_records(FIVE_BRANCHES), spec) == pytest.approx(expected, abs=5e-5)


def scored(**values: float | None) -> pl.LazyFrame:
    """KPIs on 0 to 100 of one unit; None is a record without data."""
    return records(
        [{"kpi": kpi, "value": v, "status": "no_data" if v is None else "ok"} for kpi, v in values.items()]
    )


def flat(weights: dict[str, float], **settings: object) -> Framework:
    return framework({kpi: leaf(kpi, weight=w) for kpi, w in weights.items()}, **settings)


FOUR = {"a": 0.35, "b": 0.30, "c": 0.20, "d": 0.15}


def test_a_missing_kpi_is_renormalised_and_coverage_tells():
    spec = flat(FOUR, coverage={"index": 0.7})
    row = of(scores(scored(a=80, b=None, c=60, d=70), [spec])).row(0, named=True)
    assert row["score"] == pytest.approx(72.142857142857)
    assert row["coverage"] == pytest.approx(0.70)
    assert row["status"] == "ok"


def test_two_thirds_of_a_parent_are_enough_and_less_is_not():
    equal = flat({"a": 1, "b": 1, "c": 1}, coverage={"index": 0})
    assert index(scored(a=60, b=90, c=None), equal) == pytest.approx([75])
    assert index(scored(a=60, b=None, c=None), equal) == [None]


def nested(**settings: object) -> Framework:
    half = {"x": leaf("x", weight=2), "y": leaf("y", weight=1)}
    return framework(
        {"facts": {"weight": 0.6, "children": half}, "voice": leaf("voice", weight=0.4)}, **settings
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"x": 50, "y": 80, "voice": 40}, ("ok", "ok", 1.0)),
        ({"x": 50, "voice": 40}, ("ok", "ok", 0.8)),
        ({"y": 80, "voice": 40}, ("missing_coverage", "missing_coverage", 0.4)),
        ({"x": 50, "y": 80}, ("ok", "missing_coverage", 0.6)),
        ({"x": None, "y": None, "voice": 40}, ("no_data", "missing_coverage", 0.4)),
        ({"x": None}, ("no_data", "no_data", 0.0)),
    ],
)
def test_the_status_says_why_there_is_no_score(values, expected):
    table = scores(scored(**values), [nested()])
    root, facts = of(table).row(0, named=True), of(table, "facts").row(0, named=True)
    assert (facts["status"], root["status"], pytest.approx(root["coverage"])) == expected
    assert (root["score"] is not None) == (root["status"] == "ok")


def test_required_nodes_and_groups():
    complete = {"x": 50, "voice": 40}
    lenient = {"parent": 0.3, "index": 0}
    for rule, values, is_scored in [
        ({"required_nodes": ["facts", "voice"]}, complete, True),
        ({"required_nodes": ["voice"]}, {"x": 50, "y": 80}, False),
        ({"required_groups": {"g": {"leaves": ["x", "y"], "minimum_share": 0.5}}}, complete, True),
        ({"required_groups": {"g": {"leaves": ["x", "y"], "minimum_share": 0.7}}}, complete, False),
    ]:
        row = of(scores(scored(**values), [nested(coverage={**lenient, **rule})])).row(0, named=True)
        assert row["status"] == ("ok" if is_scored else "missing_required"), rule


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
    row = of(nodes(kpis, [spec]), "a").row(0, named=True)
    assert row["status"] == status
    assert (row["score"] is not None) == is_scored
    assert (row["effective_weight"] > 0) == is_scored


def test_nodes_tell_value_weight_and_what_was_clipped():
    spec = framework(
        {"a": leaf("a", 0.9, 0.1, weight=3), "b": leaf("b", weight=1), "c": leaf("c", weight=1)},
        aggregation="geometric",
    )
    kpis = scored(a=0.05, b=0.0, c=None)
    by_node = {row["node"]: row for row in nodes(kpis, [spec]).collect().iter_rows(named=True)}
    assert by_node["a"]["value"] == 0.05
    assert by_node["a"]["score"] == 100
    assert (by_node["a"]["weight"], by_node["a"]["effective_weight"]) == pytest.approx((0.6, 0.75))
    assert (by_node["a"]["n_truncated"], by_node["b"]["n_truncated"]) == (1, 0)
    assert (by_node["index"]["n_truncated"], by_node["index"]["n_floored"]) == (1, 1)
    assert by_node["index"]["score"] == pytest.approx(100**0.75)  # b counts as 1, the floor
    assert by_node["c"]["effective_weight"] == 0


def test_a_unit_with_nothing_that_counts_is_no_unit():
    spec = flat({"a": 1, "watched": 0})
    rows = [{"kpi": "a", "value": 50.0}, {"kpi": "watched", "value": 50.0, "segment": "B2"}]
    assert of(scores(records(rows), [spec]))["segment"].to_list() == ["B1"]


def test_the_latest_as_of_of_a_record_holds():
    rows = [
        {"kpi": "a", "value": value, "as_of": date(2025, 6, day)} for day, value in ((30, 70.0), (1, 10.0))
    ]
    assert index(records(rows), flat({"a": 1})) == [70]


def test_a_version_is_scored_for_its_validity_and_months_before():
    kpis = records([{"kpi": "a", "value": 50.0, "period": date(2025, month, 1)} for month in range(1, 13)])
    spec = flat({"a": 1}, valid_from=date(2025, 6, 15), valid_to=date(2025, 9, 30), backcast_months=2)
    assert of(scores(kpis, [spec]))["period"].to_list() == [date(2025, month, 1) for month in range(4, 10)]


@pytest.mark.parametrize(
    ("normalisation", "expected"),
    [
        ({"normalisation": "min_max"}, [0, 25, 50, 100]),
        ({"normalisation": "min_max", "direction": -1}, [100, 75, 50, 0]),
        ({"normalisation": "percentile_rank"}, [0, 100 / 3, 200 / 3, 100]),
        ({"normalisation": "distance_to_target", "target": 30}, [0, 50, 100, 100]),
        ({"normalisation": "z_score"}, [39.753, 45.608, 51.464, 63.175]),
        (
            {"normalisation": "bands", "bands": {"cut_points": [20, 40], "points": [20, 60, 90]}},
            [20, 60, 60, 90],
        ),
    ],
)
def test_other_normalisations_within_period_and_cut(normalisation, expected):
    rows = [{"kpi": "a", "segment": f"B{i}", "value": v} for i, v in enumerate((10.0, 20.0, 30.0, 50.0))]
    elsewhere = [{"kpi": "a", "segment": "X", "cut": cut, "value": 1000.0} for cut in ("company", "region")]
    another_month = [{"kpi": "a", "segment": "B0", "period": FEBRUARY, "value": -1000.0}]
    spec = framework({"a": leaf("a", **normalisation)})
    table = scores(records(rows + elsewhere + another_month), [spec]).filter(
        pl.col("cut") == "org_unit", pl.col("period") == JANUARY
    )
    assert of(table)["score"].to_list() == pytest.approx(expected, abs=5e-4)
    cross_unit = "bands" not in normalisation
    assert keys([spec]) == (("period", "cut") if cross_unit else UNIT)


@pytest.mark.parametrize(
    ("score", "grade"),
    [(95, "AAA"), (75.1, "BBB"), (75, "BBB"), (74.9, "BB"), (50, "C"), (49.9, "D"), (0, "D")],
)
def test_grades_by_the_own_scale(score, grade):
    spec = flat({"a": 1}, grades={"scale": BANDS})
    table = scores(scored(a=score), [spec])
    assert of(table)["grade"].to_list() == [grade]
    assert of(table, "a")["grade"].to_list() == [None]


def test_a_statutory_breach_caps_the_grade():
    cap = {"kpi": "breaches", "above": 0.05, "at_most": "BBB"}
    spec = flat({"a": 1}, grades={"scale": BANDS, "cap": cap})
    for breaches, grade in ((0.06, "BBB"), (0.05, "AAA"), (None, "AAA")):
        assert of(scores(scored(a=95, breaches=breaches), [spec]))["grade"].to_list() == [grade]
    assert of(scores(scored(a=60, breaches=0.9), [spec]))["grade"].to_list() == ["CCC"]


MONTHS = [date(2025, month, 1) for month in range(1, 8)]


def held(
    values: list[float | None], intervals: pl.LazyFrame | None = None, **grades: object
) -> list[str | None]:
    spec = flat({"a": 1}, grades={"scale": {"A": 80, "B": 60, "C": 0}, **grades})
    status = {None: "no_data"}
    rows = [
        {"kpi": "a", "period": month, "value": v, "status": status.get(v, "ok")}
        for month, v in zip(MONTHS, values, strict=False)
    ]
    table = held_grades(scores(records(rows), [spec]), [spec], intervals)
    return of(table)["held_grade"].to_list()


def test_a_grade_is_held_until_the_change_lasts():
    assert held([79, 80.5, 79, 81.5, 79, 81.5, 82]) == ["B", "B", "B", "B", "B", "B", "A"]
    assert held([81, 79.5, 79.5, 78, 78]) == ["A", "A", "A", "A", "B"]
    assert held([81, 78, None, 78, 78]) == ["A", "A", "A", "B"]  # the month without a score has no row
    assert held([79, 85], hysteresis={"margin_points": 1, "periods": 1}) == ["B", "A"]


def test_a_grade_moves_at_once_when_its_interval_is_past_the_cut():
    interval = {
        "framework": "example",
        "framework_version": "1",
        "cut": "org_unit",
        "segment": "B1",
        "node": "index",
    }
    ends = [(FEBRUARY, 79.9, 85.0), (MARCH, 80.1, 85.0)]
    intervals = pl.LazyFrame(
        [{**interval, "period": month, "score_low": low, "score_high": high} for month, low, high in ends]
    )
    assert held([79, 80.5, 80.5], intervals) == ["B", "B", "A"]


def test_tables_have_their_declared_columns_even_when_empty():
    for function, columns in ((scores, SCORE_COLUMNS), (nodes, NODE_COLUMNS)):
        for spec in ([], [worked_framework(grades={"scale": BANDS})]):
            empty = function(records([]), spec)
            assert empty.collect_schema() == {name: dtype for name, (dtype, _) in columns.items()}
            assert empty.collect().height == 0
        full = function(branch_records(FIVE_BRANCHES), [worked_framework(), worked_framework(version="2")])
        assert full.collect().schema == full.collect_schema()
        assert full.filter(pl.col("segment") == "B2").select("node").collect().height == 10


# Laws, on random records under a three-level tree.

TREE = framework(
    {
        "facts": {
            "weight": 0.6,
            "aggregation": "geometric",
            "children": {
                "claims": {
                    "weight": 2,
                    "children": {"a": leaf("a", 30, 2), "b": leaf("b", 0.5, 1, weight=3)},
                },
                "c": leaf("c"),
            },
        },
        "voice": {"weight": 0.4, "aggregation": "harmonic", "children": {"d": leaf("d"), "e": leaf("e")}},
    },
    aggregation="geometric",
    coverage={"parent": 0.5, "index": 0.5},
    grades={"scale": BANDS},
)
RANGE = {**dict.fromkeys("dez", (0.0, 100.0)), "a": (0.0, 40.0), "b": (0.4, 1.0), "c": (-10.0, 110.0)}


@st.composite
def kpi_records(draw, kpis="abcde"):
    """Records of up to four segments in up to three months; some are missing."""
    rows = []
    for month in MONTHS[: draw(st.integers(1, 3))]:
        for segment in range(draw(st.integers(1, 4))):
            for kpi in kpis:
                value = draw(st.floats(*RANGE[kpi]))
                status = draw(st.sampled_from(["ok", "ok", "ok", "low_n", "no_data"]))
                row = {
                    "kpi": kpi,
                    "period": month,
                    "segment": f"B{segment}",
                    "value": value,
                    "status": status,
                }
                rows.append(row)
    return rows


def table_of(rows: list[dict], spec: Framework = TREE) -> pl.DataFrame:
    return scores(records(rows), [spec]).collect().sort("period", "segment", "node")


@settings(max_examples=50)
@given(kpi_records(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert table_of(rows).equals(table_of(shuffled))


@settings(max_examples=50)
@given(kpi_records(), st.integers(0, 3))
def test_units_are_scored_to_the_bit_without_each_other(rows, segment):
    own = [row for row in rows if row["segment"] == f"B{segment}"]
    assert table_of(rows).filter(pl.col("segment") == f"B{segment}").equals(table_of(own))


@settings(max_examples=50)
@given(kpi_records(), st.floats(0.001, 1000))
def test_the_unit_of_a_kpi_with_its_goalposts_is_no_matter(rows, factor):
    def scaled(node: dict) -> dict:
        if "children" in node:
            return {**node, "children": {code: scaled(child) for code, child in node["children"].items()}}
        posts = node["goalposts"]
        return {**node, "goalposts": {"worst": posts["worst"] * factor, "best": posts["best"] * factor}}

    spec = TREE.model_dump(exclude_unset=True)
    other = Framework.model_validate({**spec, "index": scaled(spec["index"])})
    rescaled = [{**row, "value": row["value"] * factor} for row in rows]
    before, after = table_of(rows)["score"], table_of(rescaled, other)["score"]
    assert before.is_null().to_list() == after.is_null().to_list()
    assert after.drop_nulls().to_list() == pytest.approx(before.drop_nulls().to_list(), abs=1e-6)


@settings(max_examples=50)
@given(kpi_records([*"abcde", "z"]))
def test_a_leaf_of_weight_zero_changes_nothing(rows):
    spec = TREE.model_dump(exclude_unset=True)
    claims = spec["index"]["children"]["facts"]["children"]["claims"]["children"]
    claims["z"] = leaf("z", weight=0)
    watched = table_of(rows, Framework.model_validate(spec))
    assert watched.filter(pl.col("node") != "z").equals(table_of(rows))


@settings(max_examples=50)
@given(kpi_records(), st.data())
def test_the_index_never_falls_when_a_kpi_gets_better(rows, data):
    i = data.draw(st.integers(0, len(rows) - 1))
    low, high = RANGE[rows[i]["kpi"]]
    change = data.draw(st.floats(0, high - low))
    better = rows[i]["value"] + (-change if rows[i]["kpi"] == "a" else change)
    improved = [*rows[:i], {**rows[i], "value": better}, *rows[i + 1 :]]
    before, after = table_of(rows), table_of(improved)
    assert ((after["score"] - before["score"]).drop_nulls() >= -1e-9).all()
    assert np.isclose(before["coverage"], after["coverage"]).all()
