"""What published indices ask of a framework, worked by hand: years, gaps, outliers, logarithms, formulas, rounding.

Invented figures; the published indices themselves are in `tests/examples/test_published_indices.py`.
"""

from datetime import date

import polars as pl
import pytest
from index_examples import framework, leaf, made, records

from transforms.framework_file import FrameworkError, read_framework
from transforms.index.contributions import contributions
from transforms.index.grades import grades
from transforms.index.scores import scores

YEARS = [date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1)]
NOTHING = records([])


def yearly(values: dict[str, dict[str, float]], year: date = YEARS[0], **more: object) -> pl.LazyFrame:
    """Yearly records: segment to value, by KPI."""
    rows = [
        {"kpi": kpi, "segment": segment, "cut": "insurer", "period": year, "value": value, **more}
        for kpi, of_segments in values.items()
        for segment, value in of_segments.items()
    ]
    return records(rows).with_columns(grain=pl.lit("year"))


def scored(spec: object, kpis: pl.LazyFrame, node: str = "index") -> dict[str, float | None]:
    found = made(scores, spec, kpi_monthly=NOTHING, kpi_periodic=kpis).filter(pl.col("node") == node)  # type: ignore[arg-type]
    return dict(found.select("segment", "score").collect().iter_rows())


def test_a_framework_of_years_is_scored_from_yearly_records_alone() -> None:
    spec = framework({"days": leaf("days", 30, 10), "share": leaf("share", 0, 1)}, grain="year")
    kpis = yearly({"days": {"A": 15, "B": 25}, "share": {"A": 0.5, "B": 0.9}})
    assert scored(spec, kpis) == {"A": 62.5, "B": 57.5}
    monthly = framework({"days": leaf("days", 30, 10), "share": leaf("share", 0, 1)})
    assert scored(monthly, kpis) == {}


def test_changes_and_held_grades_of_years_are_from_year_to_year() -> None:
    scale = {"scale": {"good": 60, "bad": 0}}
    spec = framework({"days": leaf("days", 30, 10)}, grain="year", grades=scale)
    kpis = pl.concat(
        yearly({"days": {"A": days}}, year) for days, year in zip([15, 20, 19], YEARS, strict=True)
    )
    index = made(scores, spec, kpi_monthly=NOTHING, kpi_periodic=kpis)
    moved = made(contributions, spec, scores=index).filter(pl.col("node") == "index").collect()
    moved = moved.sort("period_from")
    assert moved["period_from"].to_list() == YEARS[:2]
    assert moved["total_points"].to_list() == pytest.approx([-25, 5])
    # Below the cut by more than the margin for two periods running: then the grade moves.
    held = made(grades, spec, scores=index).sort("period").collect()
    assert held["held_grade"].to_list() == ["good", "good", "bad"]


def test_a_gap_is_filled_with_the_mean_of_its_stratum_and_told_as_such() -> None:
    spec = framework(
        {"rate": leaf("rate"), "other": leaf("other")},
        grain="year",
        fill="stratum_mean",
        strata={"large": ["A", "B", "C"], "small": ["D"]},
    )
    kpis = yearly({"rate": {"A": 40, "B": 60, "D": 10}, "other": {"A": 50, "B": 50, "C": 50, "D": 50}})
    assert scored(spec, kpis, "rate") == {"A": 40, "B": 60, "C": 50, "D": 10}
    statuses = made(scores, spec, kpi_monthly=NOTHING, kpi_periodic=kpis).filter(node="rate").collect()
    assert dict(statuses.select("segment", "status").iter_rows())["C"] == "filled"


def test_outliers_are_pulled_in_before_segments_are_compared() -> None:
    values = {f"S{i}": float(i) for i in range(1, 11)} | {"S30": 30.0, "S100": 100.0}
    kpis = yearly({"rate": values})
    plain = framework({"rate": leaf("rate", normalisation="min_max")}, grain="year")
    assert scored(plain, kpis)["S30"] == pytest.approx(100 * 29 / 99)
    tamed = framework(
        {"rate": leaf("rate", normalisation="min_max")}, grain="year", treatment={"most_points": 5}
    )
    assert scored(tamed, kpis)["S30"] == scored(tamed, kpis)["S100"] == 100.0


def test_logarithms_take_goalposts_along() -> None:
    spec = framework({"income": leaf("income", 100, 10_000, scale="log10")}, grain="year")
    kpis = yearly({"income": {"A": 1000, "B": 100_000, "C": 0}})
    assert scored(spec, kpis, "income") == {"A": pytest.approx(50), "B": 100.0, "C": None}


def test_a_formula_says_the_score() -> None:
    said = "100 * ln(value / 20) / ln(4)"
    spec = framework({"life": leaf("life", normalisation="formula", formula=said)}, grain="year")
    kpis = yearly({"life": {"A": 40, "B": 80, "C": 10}})
    assert scored(spec, kpis) == {"A": pytest.approx(50), "B": pytest.approx(100), "C": 0.0}
    tenfold = framework(
        {"life": leaf("life", normalisation="formula", formula="50 * log10(value)")}, grain="year"
    )
    assert scored(tenfold, yearly({"life": {"A": 10}})) == {"A": pytest.approx(50)}


def test_nodes_are_rounded_halves_up_and_what_moved_them_still_adds_up() -> None:
    tree = {"both": {"round_to": 0.5, "children": {"a": leaf("a"), "b": leaf("b", round_to=10)}}}
    spec = framework(tree, grain="year")
    kpis = pl.concat(
        [yearly({"a": {"A": 60.5}, "b": {"A": 65}}), yearly({"a": {"A": 61}, "b": {"A": 64.9}}, YEARS[1])]
    )
    assert scored(spec, kpis.filter(pl.col("period") == YEARS[0])) == {"A": 65.5}  # (60.5 + 70) / 2 = 65.25
    index = made(scores, spec, kpi_monthly=NOTHING, kpi_periodic=kpis)
    points = made(contributions, spec, scores=index).collect()
    leaves = points.filter(pl.col("kpi").is_not_null())["total_points"].sum()
    assert leaves == pytest.approx(60.5 - 65.5, abs=1e-9)


def test_cut_points_are_those_of_the_stratum() -> None:
    bands = {"cut_points": [10, 20], "points": [0, 50, 100], "cut_points_of": {"small": [1, 2]}}
    spec = framework(
        {"rate": leaf("rate", normalisation="bands", bands=bands)}, grain="year", strata={"small": ["B"]}
    )
    assert scored(spec, yearly({"rate": {"A": 15, "B": 15}})) == {"A": 50.0, "B": 100.0}


def test_a_leaf_says_what_a_withheld_value_scores() -> None:
    spec = framework({"rate": leaf("rate", if_suppressed=0), "other": leaf("other")}, grain="year")
    kpis = pl.concat(
        [
            yearly({"other": {"A": 80}}),
            yearly({"rate": {"A": 90}}, status="suppressed").with_columns(value=None),
        ],
        how="vertical_relaxed",
    )
    assert scored(spec, kpis) == {"A": 40.0}


FILE = """
code: own
version: 1
title: Own
grain: year
strata: {large: [A]}
index: {children: {rate: LEAF}}
"""


@pytest.mark.parametrize(
    ("leaf_text", "told"),
    [
        ("{kpi: k, normalisation: formula}", "index.children.rate.formula: is required by normalisation formula"),
        ("{kpi: k, normalisation: formula, formula: 100 * valu}", "rate.formula: there is no column valu; did you"),
        ("{kpi: k, normalisation: formula, formula: sum(value)}", "rate.formula: SUM(value) is over many rows"),
        ("{kpi: k, normalisation: formula, formula: 'getenv(value)'}", "rate.formula: "),
        ("{kpi: k, goalposts: {worst: 0, best: 1}, scale: ln}", "rate.goalposts.worst: has no logarithm"),
        ("{kpi: k, goalposts: {worst: 0, best: 1}, scale: log2}", "rate.scale: input should be 'log10' or 'ln'"),
        ("{kpi: k, goalposts: {worst: 0, best: 1}, round_to: 0}", "rate.round_to: input should be greater than 0"),
        ("{kpi: k, goalposts: {worst: 0, best: 1}, if_small: rolling_3}", "rate.if_small: is about months"),
        ("{kpi: k, normalisation: bands, bands: {cut_points: [1], points: [0, 1], cut_points_of: {small: [1]}}}",
         "rate.bands.cut_points_of.small: strata of the framework has no such stratum; it has large"),
        ("{kpi: k, normalisation: bands, bands: {cut_points: [1], points: [0, 1], cut_points_of: {large: [1, 2]}}}",
         "rate.bands.cut_points_of.large: 2 cut points make 3 bands"),
    ],
)  # fmt: skip
def test_a_wrong_method_is_refused_with_its_path_and_line(leaf_text: str, told: str) -> None:
    with pytest.raises(FrameworkError) as error:
        read_framework(FILE.replace("LEAF", leaf_text))
    assert told in str(error.value)
    assert "line 7" in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("strata: {large: [A], small: [A]}", "strata.small: A is in large as well"),
        ("fill: stratum_mean", "fill: needs strata"),
        ("grain: week", "grain: input should be 'month', 'quarter', 'half_year' or 'year'"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_path(wrong: str, told: str) -> None:
    key = wrong.partition(":")[0]
    kept = [line for line in FILE.splitlines() if line and not line.startswith((key, "strata"))]
    text = "\n".join([wrong, *kept]).replace("LEAF", "{kpi: k, goalposts: {worst: 0, best: 1}}")
    with pytest.raises(FrameworkError, match="line 1") as error:
        read_framework(text)
    assert told in str(error.value)
