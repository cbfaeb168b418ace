"""index.scores: means by level, what is missing, statuses, grades, and the laws that the table keeps."""

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
    made,
    records,
    worked_framework,
)

from transforms.composite.leaf_scores import known_windows
from transforms.framework import Framework
from transforms.index.contributions import contributions
from transforms.index.scores import scores
from transforms.index.signals import signals

BANDS = {"AAA": 90, "AA": 85, "A": 80, "BBB": 75, "BB": 70, "B": 65, "CCC": 60, "CC": 55, "C": 50, "D": 0}


def of(table: pl.LazyFrame, node: str = "index") -> pl.DataFrame:
    return table.filter(pl.col("node") == node).collect().sort("period", "cut", "segment")


def index(kpis: pl.LazyFrame, spec: Framework) -> list[float | None]:
    return of(made(scores, spec, kpi_monthly=kpis))["score"].to_list()


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
    row = of(made(scores, spec, kpi_monthly=scored(a=80, b=None, c=60, d=70))).row(0, named=True)
    assert row["score"] == pytest.approx(72.142857142857)
    assert row["coverage"] == pytest.approx(0.70)
    assert row["status"] == "ok"


def test_an_index_that_misses_nothing_is_covered_exactly():
    """Whatever the weights add up to in floats: 0.7 + 0.2 + 0.1 is less than 1."""
    row = of(made(scores, flat({"a": 7, "b": 2, "c": 1}), kpi_monthly=scored(a=80, b=60, c=70)))
    assert row["coverage"].to_list() == [1.0]


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
    table = made(scores, nested(), kpi_monthly=scored(**values))
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
        row = of(made(scores, nested(coverage={**lenient, **rule}), kpi_monthly=scored(**values))).row(
            0, named=True
        )
        assert row["status"] == ("ok" if is_scored else "missing_required"), rule


def test_a_unit_with_nothing_that_counts_is_no_unit():
    spec = flat({"a": 1, "watched": 0})
    rows = [{"kpi": "a", "value": 50.0}, {"kpi": "watched", "value": 50.0, "segment": "B2"}]
    assert of(made(scores, spec, kpi_monthly=records(rows)))["segment"].to_list() == ["B1"]


def test_the_latest_as_of_of_a_record_holds():
    rows = [
        {"kpi": "a", "value": value, "as_of": date(2025, 6, day)} for day, value in ((30, 70.0), (1, 10.0))
    ]
    assert index(records(rows), flat({"a": 1})) == [70]


def test_a_version_is_scored_for_its_validity_and_months_before():
    kpis = records([{"kpi": "a", "value": 50.0, "period": date(2025, month, 1)} for month in range(1, 13)])
    spec = flat({"a": 1}, valid_from=date(2025, 6, 15), valid_to=date(2025, 9, 30), backcast_months=2)
    assert of(made(scores, spec, kpi_monthly=kpis))["period"].to_list() == [
        date(2025, month, 1) for month in range(4, 10)
    ]


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
    table = made(scores, spec, kpi_monthly=records(rows + elsewhere + another_month)).filter(
        pl.col("cut") == "org_unit", pl.col("period") == JANUARY
    )
    assert of(table)["score"].to_list() == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("score", "grade"),
    [(95, "AAA"), (75.1, "BBB"), (75, "BBB"), (74.9, "BB"), (50, "C"), (49.9, "D"), (0, "D")],
)
def test_grades_by_the_own_scale(score, grade):
    spec = flat({"a": 1}, grades={"scale": BANDS})
    table = made(scores, spec, kpi_monthly=scored(a=score))
    assert of(table)["grade"].to_list() == [grade]
    assert of(table, "a")["grade"].to_list() == [None]


def test_a_statutory_breach_caps_the_grade():
    cap = {"kpi": "breaches", "above": 0.05, "at_most": "BBB"}
    spec = flat({"a": 1}, grades={"scale": BANDS, "cap": cap})
    for breaches, grade in ((0.06, "BBB"), (0.05, "AAA"), (None, "AAA")):
        assert of(made(scores, spec, kpi_monthly=scored(a=95, breaches=breaches)))["grade"].to_list() == [
            grade
        ]
    assert of(made(scores, spec, kpi_monthly=scored(a=60, breaches=0.9)))["grade"].to_list() == ["CCC"]


def test_a_breach_of_a_year_does_not_cap_the_grade_of_its_first_month():
    cap = {"kpi": "breaches", "above": 0.05, "at_most": "BBB"}
    spec = flat({"a": 1}, grades={"scale": BANDS, "cap": cap})
    month = scored(a=95, breaches=0.01)
    year = known_windows(scored(breaches=0.06)).with_columns(grain=pl.lit("year"))
    assert of(made(scores, spec, kpi_monthly=month, kpi_periodic=year))["grade"].to_list() == ["AAA"]


MONTHS = [date(2025, month, 1) for month in range(1, 8)]


def test_the_table_has_its_declared_columns_even_when_empty():
    for specs in ([], [worked_framework(grades={"scale": BANDS})]):
        empty = made(scores, *specs, kpi_monthly=records([]))
        assert empty.collect_schema() == scores.schema
        assert empty.collect().height == 0
    both = [worked_framework(), worked_framework(version="2")]
    full = made(scores, *both, kpi_monthly=branch_records(FIVE_BRANCHES))
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
    for month in (JANUARY, FEBRUARY, MARCH)[: draw(st.integers(1, 3))]:
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
    return made(scores, spec, kpi_monthly=records(rows)).collect().sort("period", "segment", "node")


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


def test_outranking_places_the_branches_by_pairwise_majorities_and_nothing_else():
    """Copeland's 4, 2, 0, −2 and −4 of the worked example on 0 to 100; a company has no others."""
    kpis = branch_records(FIVE_BRANCHES)
    whole = branch_records(FIVE_BRANCHES[:1], cut="company").with_columns(segment=pl.lit("company"))
    unknown = branch_records(FIVE_BRANCHES[:1]).with_columns(segment=pl.lit("unknown"))
    alone = branch_records(FIVE_BRANCHES[:1], cut="region")
    spec = worked_framework(aggregation="outranking")
    table = made(scores, spec, kpi_monthly=pl.concat([kpis, whole, unknown, alone]))
    placed = {row["segment"]: row for row in of(table.filter(cut="org_unit")).iter_rows(named=True)}
    assert [placed[f"B{i}"]["score"] for i in range(1, 6)] == [100, 75, 50, 25, 0]
    assert placed["B1"]["status"] == "placed"
    assert (placed["unknown"]["score"], placed["unknown"]["status"]) == (None, "not_comparable")
    for cut in ("company", "region"):
        row = of(table.filter(cut=cut)).row(0, named=True)
        assert (row["score"], row["status"]) == (None, "not_comparable")
    days = of(table.filter(cut="org_unit"), "days").filter(pl.col("segment") != "unknown")
    assert days["score"].to_list() == pytest.approx(
        [92.857142857, 85.714285714, 75, 64.285714286, 35.714285714]
    ), "what the places are made of has its own scores"


def test_two_branches_are_held_against_each_other_where_both_have_scores():
    """B2 beats B1 by .65; B3 lacks persistency and ties with both at .35 of .70; B4 has too little to be placed."""
    nan = np.nan
    values = np.array([[4, 80, 1.5, 70], [6, 90, 0.9, 78], [9, nan, 0.7, 80], [12, 91, nan, nan]])
    spec = worked_framework(aggregation="outranking", coverage={"parent": 0.6, "index": 0.66})
    assert index(branch_records(values), spec) == [25, 75, 50, None]


def test_places_are_not_compared_over_months():
    months = [branch_records(FIVE_BRANCHES, period=month) for month in (JANUARY, FEBRUARY)]
    spec = worked_framework(aggregation="outranking")
    table = made(scores, spec, kpi_monthly=pl.concat(months))
    assert made(contributions, spec, scores=table).collect().is_empty()
    assert made(signals, spec, scores=table).collect().is_empty()
