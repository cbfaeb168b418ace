"""The weighted measures of surveys, against the worked example."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from transforms.measures.survey_measures import AllocationMean, WeightedMean

DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
GAPS, POINTS = (-0.40, -0.95, -0.80, -0.55, -0.60), (11.0, 32.0, 22.0, 19.0, 16.0)
MEASURE = AllocationMean("gap_points", "importance_mean", by="dimension", groups=DIMENSIONS)


def record(cases: pl.DataFrame) -> dict:
    statistics = MEASURE.statistics(date(2025, 12, 31))
    overall = cases.with_columns(gap_points_overall=pl.col("gap_points").mean().over("response_id"))
    merged = overall.select(s.cases.alias(name) for name, s in statistics.items()).sum()
    return merged.select(**MEASURE.record(pl.col)).row(0, named=True)


def cases(spread: float = 0.0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "dimension": [d for d in DIMENSIONS for _ in range(40)],
            "response_id": [i for _ in DIMENSIONS for i in range(40)],
            "gap_points": [g + spread * (-1) ** i for g in GAPS for i in range(40)],
            "importance_mean": [p + (i % 2 - 0.5) for p in POINTS for i in range(40)],
        }
    )


def test_weighted_gap_of_the_worked_example():
    found = record(cases(spread=1.0))
    assert found["value"] == pytest.approx(-0.7245)
    # The forty deviate from the mean in all dimensions alike: five answers of theirs are worth one.
    half_width = stats.t.ppf(0.975, 39) / 39**0.5
    assert found["ci_low"] == pytest.approx(-0.7245 - half_width, abs=1e-9)
    assert found["ci_high"] == pytest.approx(-0.7245 + half_width, abs=1e-9)
    assert found["n"] == 40


@pytest.mark.parametrize("together", [0.0, 0.4, 1.0])
def test_interval_is_that_of_the_respondents_own_sums(together: float):
    """Complete answers, errors of any two dimensions alike: as if each respondent had given one weighted sum."""
    rng = np.random.default_rng(3)
    people, weights = 4000, np.array(POINTS) / 100
    errors = together**0.5 * rng.normal(size=(people, 1)) + (1 - together) ** 0.5 * rng.normal(
        size=(people, 5)
    )
    answers = np.array(GAPS) + errors
    found = record(
        pl.DataFrame(
            {
                "dimension": np.repeat(DIMENSIONS, people),
                "response_id": np.tile(np.arange(people), 5),
                "gap_points": answers.T.ravel(),
                "importance_mean": np.repeat(POINTS, people),
            }
        )
    )
    sums = answers @ weights
    half_width = stats.t.ppf(0.975, people - 1) * sums.std(ddof=1) / people**0.5
    assert found["ci_high"] - found["ci_low"] == pytest.approx(2 * half_width, rel=0.02)
    assert (found["ci_low"] + found["ci_high"]) / 2 == pytest.approx(sums.mean(), abs=1e-9)


def test_weights_are_not_stretched_over_what_is_missing():
    without = cases().with_columns(
        importance_mean=pl.when(pl.col("dimension") != "empathy").then("importance_mean")
    )
    assert record(without)["value"] is None
    assert record(cases().filter(pl.col("dimension") != "empathy"))["value"] is None


def test_a_weighted_mean_counts_effective_respondents():
    """Shares .5/.3/.2, sample 60/30/10 with means 4.2, 3.9, 3.1: 3.89; of weights .8, 1.2, 2.5 n is 82.4."""
    measure = WeightedMean("score", "weight")

    def of(weights: tuple[float, float, float]) -> dict:
        rows = [
            (score, weight)
            for score, weight, n in zip((4.2, 3.9, 3.1), weights, (60, 30, 10), strict=True)
            for _ in range(n)
        ]
        people = pl.DataFrame([*rows, (None, 3.0)], schema=["score", "weight"], orient="row")
        statistics = measure.statistics(date(2025, 12, 31))
        merged = people.select(s.cases.sum().alias(name) for name, s in statistics.items())
        return merged.select(**measure.record(pl.col)).row(0, named=True)

    found = of((0.5 / 0.6, 1.0, 2.0))
    assert found["value"] == pytest.approx(3.89)
    assert found["ci_low"] < 3.89 < found["ci_high"]
    assert of((0.8, 1.2, 2.5))["n"] == pytest.approx(82.44968771686327)
    even = of((2.0, 2.0, 2.0))
    assert (even["value"], even["n"]) == (pytest.approx(4.0), pytest.approx(100))
