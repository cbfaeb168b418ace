"""Survey statistics against published formulas and worked values; every value that matters is restated."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from transforms.statistics.intervals import ratio_interval
from transforms.statistics.surveys import (
    box_share,
    design_effect,
    dimension_means,
    ease_share,
    effective_n,
    non_response_bias,
    nps_comparable,
    post_stratification_weights,
    sample_status,
    weighted_mean,
    weighted_mean_error,
)


def one(frame: pl.LazyFrame) -> dict:
    rows = frame.collect().to_dicts()
    assert len(rows) == 1
    return rows[0]


def scores_frame(rows: list[tuple[str, str, float | None, float | None]]) -> pl.LazyFrame:
    schema = {
        "wave": pl.String,
        "dimension": pl.String,
        "gap_points": pl.Float64,
        "importance_mean": pl.Float64,
    }
    other = ("perception_mean", "perception_score", "expectation_mean")
    return pl.LazyFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("gap_points").alias(name) for name in other
    )


def test_dimension_means_by_wave() -> None:
    scores = scores_frame(
        [
            ("1", "tangibles", -1.0, 20.0),
            ("1", "tangibles", None, 40.0),
            ("1", "empathy", -2.0, 70.0),
            ("2", "empathy", -3.0, 50.0),
        ]
    )
    means = dimension_means(scores, ["wave"])
    found = means.sort("wave", "dimension").select("wave", "dimension", "n_gaps", "gap_points").collect()
    assert found.rows() == [("1", "empathy", 1, -2.0), ("1", "tangibles", 1, -1.0), ("2", "empathy", 1, -3.0)]
    importance = means.sort("wave", "dimension").select("importance_mean").collect().to_series()
    assert importance.to_list() == [70, 30, 50]


gap = st.floats(-6, 6, allow_nan=False)


@given(st.lists(gap, min_size=1, max_size=20), st.lists(gap, min_size=1, max_size=20))
def test_mean_of_respondents_merges_by_their_number(first: list[float], second: list[float]) -> None:
    def mean(gaps: list[float]) -> float:
        return one(dimension_means(scores_frame([("1", "empathy", g, None) for g in gaps]), []))["gap_points"]

    merged = (len(first) * mean(first) + len(second) * mean(second)) / (len(first) + len(second))
    assert mean(first + second) == pytest.approx(merged, abs=1e-9)


def test_boxes_worked() -> None:
    """Answers 62/71/40/17/10 from 5 down to 1: top two 66.5 %, top one 31 %, bottom two 13.5 %."""
    answers = pl.LazyFrame({"score": np.repeat([5.0, 4, 3, 2, 1], [62, 71, 40, 17, 10])})
    shares = [box_share(pl.col("score"), *box).alias(str(box)) for box in ((4, 5), (5, 5), (1, 2))]
    assert list(one(answers.select(shares)).values()) == pytest.approx([0.665, 0.31, 0.135])
    blank = pl.LazyFrame({"score": [5.0, None, 1.0]})
    assert one(blank.select(box_share(pl.col("score"), 5, 5)))["score"] == 0.5


def test_customer_effort_share_leaves_out_blanks() -> None:
    """Easy is 5 and more of 7 among those who answered."""
    answers = pl.LazyFrame({"ces": [7.0, 5.0, 4.0, None]})
    assert one(answers.select(ease_share(pl.col("ces"))))["ces"] == pytest.approx(2 / 3)


RESPONDENTS = pl.LazyFrame(
    {"age_band": ["old"] * 60 + ["mid"] * 30 + ["young"] * 10, "score": [4.2] * 60 + [3.9] * 30 + [3.1] * 10}
)
POPULATION = pl.LazyFrame({"age_band": ["old", "mid", "young"], "n": [500, 300, 200]})


def test_post_stratification_worked() -> None:
    """Shares .5/.3/.2 against a sample of 60/30/10: weights .8333, 1, 2; mean 4.00 becomes 3.89."""
    weighted = post_stratification_weights(RESPONDENTS, POPULATION, ["age_band"]).collect()
    assert sorted(set(weighted["weight"].round(4))) == [0.8333, 1.0, 2.0]
    assert weighted["population_covered_share"].unique().to_list() == [1.0]
    assert weighted.select(weighted_mean(pl.col("score"), pl.col("weight"))).item() == pytest.approx(3.89)
    assert weighted["score"].mean() == pytest.approx(4.0)


def test_post_stratification_trims_and_says_who_is_not_heard() -> None:
    population = pl.LazyFrame({"age_band": ["old", "mid", "young", "child"], "n": [100, 300, 400, 200]})
    weighted = post_stratification_weights(RESPONDENTS, population, ["age_band"]).collect()
    weights = dict(weighted.select("age_band", "weight").unique().iter_rows())
    assert weights == pytest.approx({"old": 0.3, "mid": 0.375 / 0.3, "young": 3.0})
    assert weighted["population_covered_share"].unique().to_list() == [0.8]


def test_post_stratification_weighs_cells_apart() -> None:
    cells = pl.concat(
        [RESPONDENTS.with_columns(stage=pl.lit("claims")), RESPONDENTS.with_columns(stage=pl.lit("care"))]
    )
    population = pl.concat(
        [
            POPULATION.with_columns(stage=pl.lit("claims")),
            POPULATION.with_columns(pl.col("n") * 7, stage=pl.lit("care")),
        ]
    )
    apart = post_stratification_weights(cells, population, ["age_band"], by=["stage"]).collect()
    alone = post_stratification_weights(RESPONDENTS, POPULATION, ["age_band"]).collect()
    for stage in ("claims", "care"):
        own = apart.filter(pl.col("stage") == stage)
        assert sorted(own["weight"]) == pytest.approx(sorted(alone["weight"]))


def test_effective_sample_worked() -> None:
    """Kish: weights .8 × 60, 1.2 × 30, 2.5 × 10 have deff 1.213 and count for 82.4 of 100."""
    weights = pl.LazyFrame({"w": np.repeat([0.8, 1.2, 2.5], [60, 30, 10])})
    row = one(weights.select(deff=design_effect(pl.col("w")), n_eff=effective_n(pl.col("w"))))
    assert row["deff"] == pytest.approx(1.2128608702971133)
    assert row["n_eff"] == pytest.approx(82.44968771686327)


@given(st.lists(st.floats(0.3, 3), min_size=1, max_size=50))
def test_weights_never_add_respondents(weights: list[float]) -> None:
    row = one(
        pl.LazyFrame({"w": weights}).select(deff=design_effect(pl.col("w")), n_eff=effective_n(pl.col("w")))
    )
    assert row["deff"] >= 1 - 1e-12
    assert row["deff"] * row["n_eff"] == pytest.approx(len(weights))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.3, 3)), min_size=2, max_size=30))
def test_error_of_a_weighted_mean_is_that_of_a_ratio(rows: list[tuple[float, float]]) -> None:
    """With equal weights s/√n; else the linearised one of Σwx/Σw, which the interval of ratios has too."""
    frame = pl.LazyFrame(rows, schema=["x", "w"], orient="row")
    error = one(frame.select(e=weighted_mean_error(pl.col("x"), pl.col("w"))))["e"]
    x, w = (np.array(column) for column in zip(*rows, strict=True))
    interval = ratio_interval(*(float(v.sum()) for v in (w * x, w, (w * x) ** 2, w**2, w**2 * x)), len(x))
    low, high = one(frame.select(low=interval.low.first(), high=interval.high.first())).values()
    if error > 1e-4:
        assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, len(x) - 1) * error, rel=1e-4)
    equal = one(frame.select(e=weighted_mean_error(pl.col("x"), pl.lit(2.0) + 0 * pl.col("w"))))["e"]
    assert equal == pytest.approx(x.std(ddof=1) / math.sqrt(len(x)), abs=1e-9)


def test_suppression_goes_by_effective_respondents() -> None:
    sizes = pl.LazyFrame({"n": [None, 0.0, 9.9, 10.0, 29.9, 30.0]}).select(sample_status(pl.col("n")))
    expected = ["no_data", "no_data", "suppressed", "low_n", "low_n", "ok"]
    assert sizes.collect().to_series().to_list() == expected
    waves = pl.LazyFrame({"n": [100.0, 100.0, 99.9], "earlier": [100.0, 99.9, 500.0]})
    comparable = waves.select(nps_comparable(pl.col("n"), pl.col("earlier")))
    assert comparable.collect().to_series().to_list() == [True, False, False]


def test_non_response_bias_is_seen() -> None:
    """Rejected and slow claimants answer less; differences are respondents less others, intervals as scipy's."""
    draw = np.random.default_rng(7)
    n = 4000
    rejected = draw.random(n) < 0.2
    days = draw.gamma(2, 5, n) + 6 * rejected
    answers = draw.random(n) < np.where(rejected, 0.15, 0.35)
    cases = pl.LazyFrame({"claim_id": [f"C{i}" for i in range(n)], "days": days, "rejected": rejected})
    responses = pl.LazyFrame(
        {
            "claim_id": [f"C{i}" for i in np.flatnonzero(answers)] * 2 + ["C0", None],
            "is_audit": [False] * (2 * answers.sum()) + [True, False],
        }
    )
    row = one(non_response_bias(cases, responses, case="claim_id", days="days", rejected=pl.col("rejected")))
    assert (row["n_respondents"], row["n_others"]) == (answers.sum(), n - answers.sum())
    assert row["rejected_share_difference"] == pytest.approx(
        rejected[answers].mean() - rejected[~answers].mean()
    )
    assert row["rejected_share_difference_high"] < 0
    assert row["days_median_difference"] == pytest.approx(
        np.median(days[answers]) - np.median(days[~answers])
    )
    welch = stats.ttest_ind(days[answers], days[~answers], equal_var=False).confidence_interval(0.95)
    ours = (row["days_mean_difference_low"], row["days_mean_difference_high"])
    assert ours == pytest.approx((welch.low, welch.high), abs=2e-3)


def test_non_response_bias_without_respondents_has_no_difference() -> None:
    cases = pl.LazyFrame(
        {"claim_id": ["C1", "C2"], "days": [1.0, 2.0], "rejected": [True, False], "region": ["N", "S"]}
    )
    nobody = pl.LazyFrame(schema={"claim_id": pl.String, "is_audit": pl.Boolean})
    found = non_response_bias(
        cases, nobody, case="claim_id", days="days", rejected=pl.col("rejected"), by=["region"]
    ).collect()
    assert found.height == 2
    assert found["n_respondents"].to_list() == [0, 0]
    assert found["days_mean_difference"].to_list() == [None, None]
    assert not any(isinstance(v, float) and math.isnan(v) for row in found.rows() for v in row)
