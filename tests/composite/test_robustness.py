"""Robustness to the choices of method and to noise, against worked examples and peer packages."""

import numpy as np
import polars as pl
import pytest
import SALib.analyze.sobol
import SALib.sample.sobol
from index_examples import (
    FIVE_BRANCHES,
    JANUARY,
    KPIS,
    SIX_BRANCHES,
    WEIGHTS,
    branch_records,
    framework,
    leaf,
    records,
    worked_framework,
)
from scipy import stats

from transforms.composite.aggregate import aggregate, ranks
from transforms.composite.evaluate import evaluate
from transforms.composite.resampled_scores import bootstrap_interval, grade_probabilities, score_intervals
from transforms.composite.robustness import (
    Alternatives,
    drawn,
    drawn_scores,
    leaf_influence,
    perturbed_weights,
    rank_intervals,
    sample,
)
from transforms.composite.sobol import choice_sensitivity, sobol_indices

BASE_RANKS = [4, 2, 1, 3, 5, 6]


def close_branches():
    """The six branches under the worked weights, their KPIs on 0 to 100."""
    spec = framework({kpi: leaf(kpi, weight=float(w)) for kpi, w in zip(KPIS, WEIGHTS, strict=True)})
    return branch_records(SIX_BRANCHES), spec


def test_six_close_branches_cannot_be_ranked_apart():
    """20,000 draws: two lead and are not separable; figures of an independent simulation, within its noise."""
    kpis, spec = close_branches()
    table = rank_intervals(kpis, spec, JANUARY, "org_unit", draws=20_000, seed=7).sort("segment")
    assert table["score"].to_list() == pytest.approx([74.5, 75.1, 75.6, 74.9, 73.1, 70.75])
    assert table["rank"].to_list() == BASE_RANKS
    assert table["median_rank"].to_list() == [5, 2, 2, 4, 4, 6]
    assert table["rank_low"].to_list() == [2, 1, 1, 2, 3, 2]
    assert table["rank_high"].to_list() == [6, 3, 4, 5, 6, 6]
    assert table["first_share"].to_list() == pytest.approx([0.046, 0.425, 0.487, 0.040, 0, 0.002], abs=0.015)
    assert table["mean_rank_shift"].mean() == pytest.approx(0.906, abs=0.015)


def test_the_same_seed_gives_the_same_draws_and_far_branches_stay_where_they_are():
    kpis = branch_records(FIVE_BRANCHES)
    first, second = (
        rank_intervals(kpis, worked_framework(), JANUARY, "org_unit", draws=500) for _ in range(2)
    )
    assert first.equals(second)
    ordered = first.sort("segment")
    assert ordered["rank_low"].to_list() == ordered["rank_high"].to_list() == [1, 2, 3, 4, 5]


def test_draws_are_those_of_a_plain_loop():
    """One draw after the other, with missing KPIs, a nested tree and a leaf left out."""
    spec = framework(
        {
            "facts": {"weight": 0.6, "children": {kpi: leaf(kpi) for kpi in KPIS[:3]}},
            "satisfaction": leaf("satisfaction", weight=0.4),
        },
        coverage={"parent": 0.4, "index": 0.4},
    )
    values = SIX_BRANCHES.copy()
    values[1, 0] = np.nan
    values[3, :2] = np.nan  # a third of the facts is too little: this branch has none, in any draw
    units = sample(evaluate(branch_records(values), spec), JANUARY, "org_unit")
    choices = Alternatives(may_drop_leaf=True)
    draws = drawn(units, choices, 60, seed=3)
    found = drawn_scores(units, choices, draws)
    for d in range(60):
        how = choices.aggregations[draws.aggregation[d]]
        leaf_scores = units.normalised[choices.normalisations[draws.normalisation[d]]]
        w = draws.weights[:, d]
        facts = aggregate(leaf_scores[2:5].T, w[2:5], how)
        facts[3] = np.nan
        expected = aggregate(np.stack([facts, leaf_scores[5]], axis=1), w[[1, 5]], how)
        assert found[:, d] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_perturbed_weights_sum_to_one_and_a_leaf_may_go():
    _, spec = close_branches()
    weights = perturbed_weights(spec, np.ones((5, 2)), np.array([-1, 2]))
    assert weights[1:, 0] == pytest.approx(WEIGHTS)
    assert weights[1:, 1] == pytest.approx([0.5, 0, 0.2 / 0.7, 0.15 / 0.7])


def test_influence_of_leaves_beside_their_weights():
    table = leaf_influence(branch_records(FIVE_BRANCHES), worked_framework(), JANUARY, "org_unit")
    assert table["weight"].to_list() == pytest.approx(WEIGHTS)
    assert table["influence_r2"].to_list() == pytest.approx(
        [0.972982, 0.733941, 0.515131, 0.884128], abs=5e-7
    )
    kpis, spec = close_branches()
    for row in leaf_influence(kpis, spec, JANUARY, "org_unit").iter_rows(named=True):
        rest = [i for i, kpi in enumerate(KPIS) if kpi != row["kpi"]]
        without = ranks(SIX_BRANCHES[:, rest] @ WEIGHTS[rest])
        assert row["mean_rank_shift"] == pytest.approx(np.abs(without - BASE_RANKS).mean())


def test_sobol_indices_of_a_linear_function():
    """Y = 4 x1 + 2 x2 + x3 has first-order and total indices 16/21, 4/21 and 1/21."""
    result = sobol_indices(lambda x: x @ [4.0, 2.0, 1.0], ("x1", "x2", "x3"), n=4096)
    assert result.first_order == pytest.approx([16 / 21, 4 / 21, 1 / 21], abs=5e-4)
    assert result.total == pytest.approx([16 / 21, 4 / 21, 1 / 21], abs=5e-4)
    assert result.variance == pytest.approx(21 / 12, rel=0.01)


def test_sobol_indices_agree_with_salib():
    """On the Ishigami function, whose third input acts only together with the first."""

    def ishigami(uniform):
        x = np.pi * (2 * uniform - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    ours = sobol_indices(ishigami, ("x1", "x2", "x3"), n=4096)
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[0, 1]] * 3}
    points = SALib.sample.sobol.sample(problem, 4096, calc_second_order=False, seed=1)
    peer = SALib.analyze.sobol.analyze(problem, ishigami(points), calc_second_order=False, seed=1)
    assert ours.first_order == pytest.approx(peer["S1"], abs=0.02)
    assert ours.total == pytest.approx(peer["ST"], abs=0.02)
    assert ours.total_half_width == pytest.approx(peer["ST_conf"], abs=0.02)


def test_sensitivity_of_the_ranks_of_six_branches_to_each_choice():
    kpis, spec = close_branches()
    units = sample(evaluate(kpis, spec), JANUARY, "org_unit")
    result = choice_sensitivity(units, "rank_shift")
    assert result.inputs == ("normalisation", "aggregation", *KPIS)
    # An independent run of as many points; their intervals are ±0.05 wide at this size.
    assert result.total == pytest.approx([0.652, 0.310, 0.514, 0.391, 0.335, 0.150], abs=0.09)
    assert result.first_order.sum() == pytest.approx(0.28, abs=0.06)
    first, second = (choice_sensitivity(units, "score", of=(i,), n=256) for i in (1, 2))
    assert choice_sensitivity(units, "difference", of=(1, 2), n=256).variance > 0
    assert not (first.is_suppressed or second.is_suppressed)


def test_an_outcome_that_hardly_varies_has_no_indices():
    units = sample(evaluate(branch_records(FIVE_BRANCHES), worked_framework()), JANUARY, "org_unit")
    only_weights = Alternatives(("goalposts",), ("arithmetic",), 0.05)
    result = choice_sensitivity(units, "rank_shift", alternatives=only_weights, n=256)
    assert result.is_suppressed
    assert np.isnan(result.total).all()
    with pytest.raises(ValueError, match="power of two"):
        sobol_indices(lambda x: x.sum(axis=1), ("x",), n=1000)


DURATIONS = np.array([1.0, 2, 2, 3, 4, 5, 7, 9, 15, 30])


def mean(samples):
    return samples.mean(axis=1)


@pytest.mark.parametrize(("method", "golden"), [("percentile", (3.5, 13.7)), ("bca", (4.1, 16.07))])
def test_bootstrap_of_ten_durations_agrees_with_scipy(method, golden):
    ours = bootstrap_interval(DURATIONS, mean, method=method, draws=20_000)
    peer = stats.bootstrap(
        (DURATIONS,), np.mean, method={"bca": "BCa"}.get(method, method), n_resamples=20_000, rng=1
    ).confidence_interval
    assert ours == pytest.approx(golden, abs=0.4)
    assert ours == pytest.approx((peer.low, peer.high), abs=0.3)


def noisy(value: float = 80.0, half_width: float = 9.8) -> pl.LazyFrame:
    ends = {"ci_low": value - half_width, "ci_high": value + half_width}
    return records([{"kpi": kpi, "value": value, "segment": s, **ends} for kpi in "ab" for s in ("B1", "B2")])


GRADED = framework(
    {"a": leaf("a", weight=0.6), "b": leaf("b", weight=0.4)}, grades={"scale": {"A": 80, "B": 70, "C": 0}}
)


def test_intervals_of_scores_follow_from_those_of_the_kpis():
    """Two independent KPIs with standard error 5: that of the index is 5 √(.6² + .4²)."""
    table = score_intervals(noisy(), [GRADED], draws=20_000).collect()
    half_width = 1.96 * 5 * np.sqrt(0.6**2 + 0.4**2)
    assert table["score_low"].to_list() == pytest.approx([80 - half_width] * 2, abs=0.3)
    assert table["score_high"].to_list() == pytest.approx([80 + half_width] * 2, abs=0.3)
    alone = score_intervals(noisy().filter(pl.col("segment") == "B2"), [GRADED], draws=20_000).collect()
    assert alone.equals(table.filter(pl.col("segment") == "B2"))


def test_a_missing_kpi_leaves_the_interval_of_the_others():
    spec = framework({"a": leaf("a", weight=0.7), "b": leaf("b", weight=0.3)}, coverage={"index": 0.7})
    is_missing = (pl.col("kpi") == "b") & (pl.col("segment") == "B1")
    kpis = noisy().with_columns(status=pl.when(is_missing).then(pl.lit("no_data")).otherwise("status"))
    table = score_intervals(kpis, [spec], draws=20_000).collect().sort("segment")
    assert table["score"].to_list() == pytest.approx([80, 80])
    assert table["score_low"].to_list() == pytest.approx([70.2, 80 - 9.8 * np.hypot(0.7, 0.3)], abs=0.2)


def test_probability_of_each_grade():
    intervals = score_intervals(noisy(76.0), [GRADED], draws=20_000)
    table = grade_probabilities(intervals, [GRADED]).collect()
    sd = 5 * np.sqrt(0.6**2 + 0.4**2)
    expected = np.diff(stats.norm.cdf([-np.inf, 70, 80, np.inf], loc=76, scale=sd))
    of_b1 = dict(table.filter(pl.col("segment") == "B1").select("grade", "probability").iter_rows())
    assert [of_b1[grade] for grade in "CBA"] == pytest.approx(expected, abs=0.01)


def test_a_kpi_without_an_interval_stands_still_and_bands_jump():
    bands = {"cut_points": [50], "points": [0, 100]}
    spec = framework({"a": leaf("a"), "b": leaf("b", normalisation="bands", bands=bands)})
    rows = [{"kpi": "a", "value": 60.0}, {"kpi": "b", "value": 51.0, "ci_low": 41.2, "ci_high": 60.8}]
    row = score_intervals(records(rows), [spec]).collect().row(0, named=True)
    assert (row["score"], row["score_low"], row["score_high"]) == (80, 30, 80)


def test_frameworks_that_compare_units_have_no_interval_of_their_own():
    spec = framework({kpi: leaf(kpi, normalisation="min_max") for kpi in KPIS})
    assert score_intervals(branch_records(FIVE_BRANCHES), [spec]).collect().height == 0
