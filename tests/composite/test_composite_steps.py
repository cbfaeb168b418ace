"""Normalisation, treatment, weights and means against the worked example of five branches and peer packages."""

import json

import ahpy
import numpy as np
import polars as pl
import pymcdm.weights
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from index_examples import DIRECTIONS, FIVE_BRANCHES, KPIS, POSTS, SIX_BRANCHES, WEIGHTS
from scipy import stats

from orchestration.project import shipped_frameworks
from transforms.composite import normalise, treat
from transforms.composite import weighting_methods as weights
from transforms.composite.aggregate import aggregate, copeland, outranking, ranks
from transforms.composite.banding import banded, grade_names

GOALPOSTS = np.array(
    [
        [92.8571, 94.2857, 80, 82],
        [85.7143, 85.7143, 55, 78],
        [75, 80, 65, 80],
        [64.2857, 88.5714, 25, 71],
        [35.7143, 57.1429, 45, 69],
    ]
)


@pytest.fixture(scope="module")
def golden(shared):
    return json.loads((shared / "golden" / "ex05_composite.json").read_text())


def normalised(method) -> np.ndarray:
    """A normalisation of every KPI of the five branches; `method` takes value, KPI position."""
    frame = pl.from_numpy(FIVE_BRANCHES, schema=KPIS)
    return frame.select(method(pl.col(kpi), i).alias(kpi) for i, kpi in enumerate(KPIS)).to_numpy()


def goalpost_scores() -> np.ndarray:
    return normalised(lambda value, i: normalise.goalposts(value, *map(pl.lit, map(float, POSTS[i]))))


def test_goalposts_score_the_five_branches():
    assert goalpost_scores() == pytest.approx(GOALPOSTS, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("minmax", normalise.min_max),
        ("zscore", normalise.z_score),
        ("prank", normalise.percentile_rank),
        ("borda", normalise.borda),
    ],
)
def test_normalisations_have_their_golden_values(golden, name, method):
    assert normalised(lambda value, i: method(value, pl.lit(DIRECTIONS[i]))) == pytest.approx(
        np.array(golden[name]), abs=6e-5
    )


@pytest.mark.parametrize(
    ("capped", "expected"),
    [(True, [1, 0.9333, 0.7333, 0.5333, 0]), (False, [1.0667, 0.9333, 0.7333, 0.5333, 0])],
)
def test_distance_to_a_target_of_five_days(capped, expected):
    days = pl.DataFrame({"days": FIVE_BRANCHES[:, 0]})
    distance = normalise.distance_to_target(pl.col("days"), pl.lit(5.0), pl.lit(-1), capped=capped)
    assert days.select(distance).to_series().to_list() == pytest.approx(expected, abs=5e-5)


def test_a_target_that_all_have_reached_leaves_no_way():
    frame = pl.DataFrame({"x": [3.0, 4.0, None]})
    reached = normalise.distance_to_target(pl.col("x"), pl.lit(2.0), pl.lit(1))
    assert frame.select(reached).to_series().to_list() == [1.0, 1.0, None]


def test_units_that_are_all_alike_cannot_be_compared():
    frame = pl.DataFrame({"x": [3.0, 3.0]})
    both = frame.select(
        a=normalise.min_max(pl.col("x"), pl.lit(1)), b=normalise.z_score(pl.col("x"), pl.lit(1))
    )
    assert both.null_count().row(0) == (2, 2)


def test_a_value_on_a_cut_point_gets_the_better_band():
    days = pl.DataFrame({"days": [2.0, 5.0, 5.1, 10.0, 11.0, None]})
    fewer_is_better = normalise.banded(pl.col("days"), [5.0, 10.0], [100, 60, 0])
    more_is_better = normalise.banded(pl.col("days"), [5.0, 10.0], [0, 60, 100])
    assert days.select(fewer_is_better).to_series().to_list() == [100, 100, 60, 60, 0, None]
    assert days.select(more_is_better).to_series().to_list() == [0, 60, 60, 100, 100, None]


@given(arrays.arrays(float, st.integers(4, 9), elements=st.integers(0, 30).map(float)), st.integers(2, 3))
def test_clustered_cut_points_have_the_least_variance_within_bands(values, bands):
    """Against every possible banding of the sorted values."""
    if len(np.unique(values)) < bands:
        with pytest.raises(ValueError, match="distinct"):
            normalise.cluster_cut_points(values, bands)
        return

    def within(groups) -> float:
        return sum(((group - group.mean()) ** 2).sum() for group in groups if len(group))

    ordered = np.sort(values)
    splits = [[i] for i in range(1, len(values))]
    if bands == 3:
        splits = [[i, j] for [i] in splits for j in range(i + 1, len(values))]
    least = min(within(np.split(ordered, split)) for split in splits)
    cuts = normalise.cluster_cut_points(values, bands)
    band = np.searchsorted(cuts, values)
    assert within([values[band == i] for i in range(bands)]) == pytest.approx(least, abs=1e-9)


def test_one_outlier_is_winsorised_as_coinr_does():
    sample = np.array([*range(1, 11), 30, 100], dtype=float)
    assert treat.skewness(sample) == pytest.approx(3.06324103, abs=1e-8)
    assert treat.excess_kurtosis(sample) == pytest.approx(9.74139083, abs=1e-8)
    result = treat.treated(sample)
    assert (result.method, result.n_low, result.n_high) == ("winsorised", 0, 1)
    assert result.values.tolist() == [*range(1, 11), 30, 30]
    assert treat.skewness(result.values) == pytest.approx(1.71203806, abs=1e-8)
    assert treat.excess_kurtosis(result.values) == pytest.approx(1.81578054, abs=1e-8)


def test_few_units_and_symmetric_heavy_tails_are_left_alone():
    assert treat.treated(np.array([1.0, 2, 3, 1000])).method == "none"
    symmetric = np.array([-50.0, *np.linspace(-1, 1, 20), 50.0])
    assert treat.excess_kurtosis(symmetric) > 3.5
    assert treat.treated(symmetric).method == "none"


def test_a_sample_beyond_winsorising_is_put_on_a_log_scale():
    growth = 2.0 ** np.arange(20)
    result = treat.treated(growth, most_points=1)
    assert result.method == "log"
    assert result.values == pytest.approx(np.log(growth - 1 + 0.01 * (growth[-1] - 1)))


@given(arrays.arrays(float, st.integers(5, 40), elements=st.floats(-100, 100).map(lambda x: round(x, 3))))
def test_skewness_and_kurtosis_are_those_of_scipy(values):
    if np.ptp(values) > 0.1:
        assert treat.skewness(values) == pytest.approx(stats.skew(values, bias=False), abs=1e-6)
        assert treat.excess_kurtosis(values) == pytest.approx(stats.kurtosis(values, bias=False), abs=1e-6)


def test_pairwise_comparison_agrees_with_the_golden_values_and_ahpy():
    matrix = np.array([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]])
    result = weights.pairwise_comparison(matrix)
    assert result.weights == pytest.approx([0.648329, 0.229651, 0.122020], abs=5e-7)
    assert result.eigenvalue == pytest.approx(3.003694598, abs=1e-8)
    assert result.consistency_index == pytest.approx(0.001847299, abs=1e-8)
    assert result.consistency_ratio == pytest.approx(0.003184998, abs=1e-8)  # random index .58, Saaty 1980
    judged = {("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2}
    for table, random_index, ratio in (("saaty", 0.52, 0.003552), ("dd", 0.4914, 0.003759)):
        peer = ahpy.Compare("x", judged, precision=6, random_index=table)
        own = peer.target_weights
        assert result.weights == pytest.approx([own["a"], own["b"], own["c"]], abs=2e-6)
        # The ratio hangs on the random index: same judgements, another table.
        assert peer.consistency_ratio == pytest.approx(ratio, abs=1e-6)
        assert result.consistency_index / random_index == pytest.approx(ratio, rel=1e-3)


def test_contradictory_and_broken_judgements_are_told_apart():
    circular = weights.pairwise_comparison(np.array([[1, 3, 1 / 4], [1 / 3, 1, 3], [4, 1 / 3, 1]]))
    assert circular.eigenvalue == pytest.approx(4.60478068, abs=1e-7)
    assert circular.consistency_ratio == pytest.approx(1.38343162, abs=1e-7)
    assert not circular.is_consistent
    with pytest.raises(ValueError, match="reciprocal"):
        weights.pairwise_comparison(np.array([[1, 3], [3, 1.0]]))


def test_budget_allocation_keeps_the_spread_of_the_experts():
    result = weights.budget_allocation(np.array([[50, 30, 20], [40, 40, 20], [6, 2, 2.0]]))
    assert result.weights == pytest.approx([0.5, 0.3, 0.2])
    assert result.standard_deviations == pytest.approx([0.1, 0.1, 0.0])
    with pytest.raises(ValueError, match="every expert"):
        weights.budget_allocation(np.array([[0.0, 0.0]]))


def test_entropy_and_critic_agree_with_golden_values_and_pymcdm():
    scores = goalpost_scores()
    assert weights.evenness(scores) == pytest.approx([0.972455, 0.991672, 0.960772, 0.998592], abs=5e-7)
    assert weights.entropy(scores) == pytest.approx([0.360014, 0.108855, 0.512724, 0.018408], abs=5e-7)
    assert weights.entropy(scores) == pytest.approx(pymcdm.weights.entropy_weights(scores), abs=1e-12)
    assert weights.critic(scores) == pytest.approx([0.165674, 0.322014, 0.331124, 0.181188], abs=5e-7)
    assert weights.critic(scores) == pytest.approx(pymcdm.weights.critic_weights(scores), abs=1e-12)


def test_a_single_zero_takes_entropy_weight_so_it_is_floored():
    scores = goalpost_scores()
    scores[4, 0] = 0
    unfloored = weights.entropy(scores, floor=1e-300)
    assert unfloored == pytest.approx([0.746892, 0.043051, 0.202777, 0.007280], abs=5e-7)
    assert weights.entropy(scores)[0] < unfloored[0]


def test_principal_components_of_the_five_branches():
    result = weights.principal_components(goalpost_scores())
    assert result.eigenvalues == pytest.approx([3.133514, 0.805866, 0.043213, 0.017407], abs=5e-7)
    explained = result.eigenvalues / result.eigenvalues.sum()
    assert explained == pytest.approx([0.783378, 0.201466, 0.010803, 0.004352], abs=5e-7)
    assert result.n_kept == 1
    assert result.weights == pytest.approx([0.29934, 0.206683, 0.193608, 0.300369], abs=5e-7)


def test_a_small_nominal_weight_may_carry_much_influence():
    scores = goalpost_scores()
    r2 = weights.influence(scores, scores @ WEIGHTS)
    assert r2 == pytest.approx([0.972982, 0.733941, 0.515131, 0.884128], abs=5e-7)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("arithmetic", [89.0857, 78.4143, 75.25, 64.7214, 48.9929]),
        ("geometric", [88.8708, 77.3341, 75.0317, 59.4710, 47.5393]),
        ("harmonic", [88.65, 76.0874, 74.8022, 52.7866, 46.1502]),
    ],
)
def test_means_of_the_five_branches(how, expected):
    assert aggregate(goalpost_scores(), WEIGHTS, how) == pytest.approx(expected, abs=5e-5)


def test_ranks_of_the_five_branches_are_the_same_by_any_mean(golden):
    scores = goalpost_scores()
    for name, how in (("arith", "arithmetic"), ("geo", "geometric"), ("harm", "harmonic")):
        assert ranks(aggregate(scores, WEIGHTS, how)).tolist() == golden["ranks"][name]
    outranked = copeland(outranking(FIVE_BRANCHES * DIRECTIONS, WEIGHTS))
    assert ranks(outranked).tolist() == golden["ranks"]["copeland"]


def test_scores_ranks_and_grades_of_the_six_close_branches(shared):
    golden = json.loads((shared / "golden" / "ex05b_robustness.json").read_text())
    means = {how: aggregate(SIX_BRANCHES, WEIGHTS, how) for how in ("arithmetic", "geometric", "harmonic")}
    assert means["arithmetic"] == pytest.approx(list(golden["base"].values()))
    assert ranks(means["arithmetic"]).tolist() == golden["base_rank"]
    for name, how in (("geo", "geometric"), ("harm", "harmonic")):
        assert means[how] == pytest.approx(golden[name], abs=5e-5)
        assert ranks(means[how]).tolist() == golden[f"{name}_rank"]
    grades = shipped_frameworks()["life_default"].grades
    assert grade_names(banded(means["arithmetic"], grades), grades).to_list() == list(
        golden["bands"].values()
    )


def test_missing_scores_are_renormalised_and_not_zero():
    scores = np.array([[80, np.nan, 60, 70], [np.nan] * 4])
    result = aggregate(scores, WEIGHTS, "arithmetic")
    assert result[0] == pytest.approx(72.142857142857)
    assert aggregate(np.nan_to_num(scores), WEIGHTS, "arithmetic")[0] == pytest.approx(50.5)
    assert np.isnan(result[1])


def test_outranking_and_copeland_of_the_five_branches(golden):
    matrix = outranking(FIVE_BRANCHES * DIRECTIONS, WEIGHTS)
    assert matrix == pytest.approx(np.array(golden["outrank"]), abs=1e-12)
    assert copeland(matrix).tolist() == [4, 2, 0, -2, -4]


@given(arrays.arrays(float, (7, 4), elements=st.integers(0, 5).map(float)))
def test_ranks_are_those_of_scipy(scores):
    assert (ranks(scores) == stats.rankdata(-scores, method="min", axis=0)).all()


@given(
    arrays.arrays(float, (6, 4), elements=st.floats(1, 100)),
    arrays.arrays(float, 4, elements=st.floats(0.01, 10)),
)
def test_arithmetic_mean_is_above_geometric_above_harmonic(scores, given_weights):
    a, g, h = (aggregate(scores, given_weights, how) for how in ("arithmetic", "geometric", "harmonic"))
    assert (a >= g - 1e-9).all()
    assert (g >= h - 1e-9).all()
