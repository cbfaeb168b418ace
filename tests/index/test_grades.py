"""index.grades: a grade moves once the change is more than noise."""

from datetime import date

import polars as pl
from index_examples import FEBRUARY, MARCH, framework, leaf, made, records

from transforms.index.grades import grades
from transforms.index.scores import scores

MONTHS = [date(2025, month, 1) for month in range(1, 8)]


def held(
    values: list[float | None], intervals: pl.LazyFrame | None = None, **rules: object
) -> list[str | None]:
    """Grades to show of the index of one KPI, month after month."""
    spec = framework({"a": leaf("a")}, grades={"scale": {"A": 80, "B": 60, "C": 0}, **rules})
    status = {None: "no_data"}
    rows = [
        {"kpi": "a", "period": month, "value": v, "status": status.get(v, "ok")}
        for month, v in zip(MONTHS, values, strict=False)
    ]
    scored = made(scores, spec, kpi_monthly=records(rows))
    given = {} if intervals is None else {"intervals": intervals}
    table = made(grades, spec, scores=scored, **given)
    return table.filter(node="index").collect().sort("period")["held_grade"].to_list()


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


def test_a_cap_holds_at_once_and_leaves_have_no_grade():
    cap = {"kpi": "breaches", "above": 0.05, "at_most": "B"}
    spec = framework({"a": leaf("a")}, grades={"scale": {"A": 80, "B": 60, "C": 0}, "cap": cap})
    rows = [{"kpi": "a", "value": 95.0, "period": month} for month in MONTHS[:2]]
    rows.append({"kpi": "breaches", "value": 0.06, "period": MONTHS[1]})
    scored = made(scores, spec, kpi_monthly=records(rows))
    table = made(grades, spec, scores=scored).collect().sort("period")
    assert table.select("node", "grade", "held_grade").rows() == [("index", "A", "A"), ("index", "B", "B")]
