"""index.weight_comparisons: the five branches by every method, and what a method needs before it says anything."""

from datetime import date

import polars as pl
import pytest
from index_examples import (
    FIVE_BRANCHES,
    KPIS,
    WEIGHTS,
    branch_records,
    framework,
    leaf,
    made,
    worked_framework,
)

from transforms.core.survey_items import survey_items
from transforms.core.survey_waves import survey_waves
from transforms.framework import Framework
from transforms.index.weight_comparisons import weight_comparisons
from transforms.settings import RobustnessSettings

# Points and judgements of three things, as in the worked examples.
POINTS = {"claims": {"a": 50, "b": 30, "c": 20}, "sales": {"a": 40, "b": 40, "c": 20}}
JUDGEMENTS = {"a": {"b": 3, "c": 5}, "b": {"c": 2}}


def compared(
    spec: Framework, kpis: pl.LazyFrame, items: pl.DataFrame | None = None, waves: pl.DataFrame | None = None
) -> dict[tuple[str, str], dict]:
    """The rows by method and node."""
    no_items, no_waves = (pl.DataFrame(schema=table.schema) for table in (survey_items, survey_waves))
    table = made(
        weight_comparisons,
        spec,
        robustness=RobustnessSettings(),
        kpi_monthly=kpis,
        survey_items=pl.concat([no_items, *([] if items is None else [items])], how="diagonal").lazy(),
        survey_waves=pl.concat([no_waves, *([] if waves is None else [waves])], how="diagonal").lazy(),
    ).collect()
    return {(row["method"], row["node"]): row for row in table.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("expert", WEIGHTS),
        ("equal", [0.25] * 4),
        ("entropy", [0.360014, 0.108855, 0.512724, 0.018408]),
        ("critic", [0.165674, 0.322014, 0.331124, 0.181188]),
        ("pca", [0.29934, 0.206683, 0.193608, 0.300369]),
    ],
)
def test_the_five_branches_by_each_method(method, expected):
    found = compared(worked_framework(), branch_records(FIVE_BRANCHES))
    rows = [found[method, kpi] for kpi in KPIS]
    assert [row["weight"] for row in rows] == pytest.approx(expected, abs=5e-7)
    assert [row["index_weight"] for row in rows] == pytest.approx(expected, abs=5e-7)
    assert [row["weight_in_force"] for row in rows] == pytest.approx(WEIGHTS)
    assert [row["is_in_force"] for row in rows] == [method == "expert"] * 4
    assert {row["base_cut"] for row in rows} == {"org_unit"}
    assert {(row["base_first"], row["base_last"]) for row in rows} == {
        (date(2024, 7, 1), date(2025, 6, 30))
    }, "without a base the newest twelve months"
    assert {row["n_segments"] for row in rows} == ({None} if method in ("expert", "equal") else {5})


def test_what_experts_gave_is_told_with_its_spread_and_its_consistency():
    children = {"a": leaf("a"), "b": leaf("b"), "c": leaf("c"), "watched": leaf("d", weight=0)}
    inner = {
        "points": {"children": children, "weights": {"method": "budget", "points": POINTS}},
        "other": leaf("e"),
    }
    found = compared(framework(inner), branch_records(FIVE_BRANCHES))
    assert [found["budget", code]["weight"] for code in ("a", "b", "c", "watched")] == pytest.approx(
        [0.45, 0.35, 0.2, 0]
    )
    assert found["budget", "a"]["standard_deviation"] == pytest.approx(0.05 * 2**0.5)
    assert found["budget", "a"]["index_weight"] == pytest.approx(0.225), "half of the index, as in force"
    assert found["budget", "a"]["is_in_force"]
    assert found["budget", "other"]["status"] == "not_given"
    assert found["ahp", "a"]["weight"] is None
    assert found["entropy", "a"]["status"] == "too_few_segments"

    judged = framework(children, weights={"method": "ahp", "judgements": JUDGEMENTS})
    rows = compared(judged, branch_records(FIVE_BRANCHES))
    assert [rows["ahp", code]["weight"] for code in "abc"] == pytest.approx(
        [0.648329, 0.229651, 0.122020], abs=5e-7
    )
    assert rows["ahp", "a"]["consistency_ratio"] == pytest.approx(0.003184998, abs=1e-8)
    assert [rows["equal", code]["weight"] for code in "abc"] == pytest.approx([1 / 3] * 3)
    assert rows["equal", "a"]["weight_in_force"] == pytest.approx(0.648329, abs=5e-7)


def test_factor_loadings_weigh_dimensions_by_their_items():
    """Two items of each of two dimensions with .30 and .24, .26 and .20; of an older and an audited wave nothing."""
    spec = framework(
        {name: leaf(f"servperf_{name}_score", weight=w) for name, w in (("reliability", 2), ("empathy", 1))}
    )
    items = pl.DataFrame(
        {
            "survey": ["s"] * 8,
            "wave": ["2"] * 4 + ["1"] * 2 + ["audit"] * 2,
            "dimension": ["reliability", "reliability", "empathy", "empathy"]
            + ["reliability", "empathy"] * 2,
            "item": ["r1", "r2", "e1", "e2", "r1", "e1", "r1", "e1"],
            "factor_weight": [0.30, 0.24, 0.26, 0.20, 0.9, 0.1, 0.8, 0.2],
        }
    )
    waves = pl.DataFrame(
        {
            "survey": ["s"] * 3,
            "wave": ["1", "2", "audit"],
            "is_audit": [False, False, True],
            "last_answered_on": [date(2025, 2, 1), date(2025, 5, 1), date(2025, 6, 1)],
        }
    )
    found = compared(spec, branch_records(FIVE_BRANCHES), items, waves)
    assert found["factor_loadings", "reliability"]["weight"] == pytest.approx(0.54)
    assert found["factor_loadings", "empathy"]["weight"] == pytest.approx(0.46)
    without = compared(spec, branch_records(FIVE_BRANCHES), items, waves.filter(wave="audit"))
    assert without["factor_loadings", "empathy"]["status"] == "no_loadings"


def test_segments_that_do_not_differ_weigh_nothing():
    alike = branch_records(FIVE_BRANCHES[[0, 0, 0]])
    rows = compared(worked_framework(), alike)
    assert {rows[method, "days"]["status"] for method in ("entropy", "critic", "pca")} == {"nothing_varies"}
    assert rows["critic", "days"]["index_weight"] == pytest.approx(0.35), "what is in force stands in"


def test_a_project_that_asks_for_nothing_has_no_rows():
    frames = {name: pl.LazyFrame(schema=table.schema) for name, table in
              (("survey_items", survey_items), ("survey_waves", survey_waves))}  # fmt: skip
    none = made(weight_comparisons, worked_framework(), kpi_monthly=branch_records(FIVE_BRANCHES), **frames)
    assert none.collect().is_empty()
