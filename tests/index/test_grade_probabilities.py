"""index.grade_probabilities: how probable each grade is where the score is uncertain."""

import numpy as np
import polars as pl
import pytest
from index_examples import JANUARY, framework, leaf, made, records
from scipy import stats

from transforms.index.grade_probabilities import grade_probabilities
from transforms.index.score_intervals import resampled_intervals, score_intervals

GRADED = framework(
    {"a": leaf("a", weight=0.6), "b": leaf("b", weight=0.4)}, grades={"scale": {"A": 80, "B": 70, "C": 0}}
)


def test_probabilities_are_those_of_the_normal_distribution_of_the_score():
    """Two independent KPIs of 76 with standard error 5: the index has 5 √(.6² + .4²)."""
    rows = [{"kpi": kpi, "value": 76.0, "ci_low": 66.2, "ci_high": 85.8} for kpi in "ab"]
    drawn = resampled_intervals(records(rows), [GRADED], {}, (), as_of=JANUARY, draws=20_000, seed=42)
    table = made(grade_probabilities, GRADED, intervals=drawn).collect()
    sd = 5 * np.sqrt(0.6**2 + 0.4**2)
    expected = np.diff(stats.norm.cdf([-np.inf, 70, 80, np.inf], loc=76, scale=sd))
    found = dict(table.select("grade", "probability").iter_rows())
    assert [found[grade] for grade in "CBA"] == pytest.approx(expected, abs=0.01)


def test_shares_of_the_draws_become_rows_but_for_grades_out_of_reach():
    row = {"framework": "example", "framework_version": "1", "period": JANUARY, "cut": "org_unit"}
    intervals = pl.LazyFrame(
        [
            {**row, "segment": "B1", "node": "index", "grade_shares": [0.25, 0.75, 0.0]},
            {**row, "segment": "B1", "node": "a", "grade_shares": None},
        ],
        schema_overrides={"grade_shares": pl.List(pl.Float64)},
    )
    columns = {name: pl.lit(None, dtype) for name, dtype in score_intervals.schema.items()}
    given = intervals.with_columns(
        **{n: c for n, c in columns.items() if n not in intervals.collect_schema()}
    )
    table = made(grade_probabilities, GRADED, intervals=given).collect()
    assert table.select("segment", "grade", "probability").rows() == [("B1", "A", 0.25), ("B1", "B", 0.75)]
