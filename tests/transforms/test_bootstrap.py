"""The cluster bootstrap against scipy, exact resampling, and clustered data whose truth is known."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from transforms.statistics import bootstrap
from transforms.statistics.bootstrap import Mean, Quantile, Ratio, cluster_bootstrap

RNG = np.random.default_rng(2)
ROWS = pl.LazyFrame(
    {
        "branch": RNG.choice(["north", "south", "west"], 900),
        "customer": [f"C{i}" for i in RNG.integers(0, 200, 900)],
        "days": RNG.exponential(8, 900).round(2),
        "premium": RNG.gamma(2, 50, 900).round(2),
    }
)


@pytest.mark.parametrize("statistic", [Mean("days"), Ratio("days", "premium"), Quantile("days", 0.9)])
def test_value_is_that_of_the_rows(statistic: Mean | Ratio | Quantile) -> None:
    found = (
        cluster_bootstrap(ROWS, ["branch"], "customer", statistic, seed=1, draws=50).sort("branch").collect()
    )
    days = pl.col("days")
    expected = {
        Mean: days.mean(),
        Ratio: days.sum() / pl.col("premium").sum(),
        Quantile: days.quantile(0.9, "linear"),
    }
    grouped = ROWS.group_by("branch").agg(
        value=expected[type(statistic)], n=pl.len(), n_clusters=pl.col("customer").n_unique()
    )
    assert_frame_equal(found.drop("ci_low", "ci_high"), grouped.sort("branch").collect(), check_dtypes=False)
    assert found.select(
        ((pl.col("ci_low") < pl.col("value")) & (pl.col("value") < pl.col("ci_high"))).all()
    ).item()


def test_one_row_a_cluster_equals_the_ordinary_bootstrap() -> None:
    days = RNG.exponential(8, 400)
    rows = pl.LazyFrame({"customer": range(400), "days": days})
    found = cluster_bootstrap(rows, [], "customer", Mean("days"), seed=3, draws=4000).collect()
    limits = stats.bootstrap(
        (days,), np.mean, n_resamples=4000, method="percentile", rng=3
    ).confidence_interval
    width = limits.high - limits.low
    assert found.select("ci_low", "ci_high").row(0) == pytest.approx(tuple(limits), abs=0.05 * width)


def test_customers_with_many_rows_widen_the_interval() -> None:
    """300 groups of 60 customers × 8 equal rows: 95 % intervals must hold the truth as often as they say."""
    customer = np.repeat(RNG.normal(10, 3, 300 * 60), 8)
    rows = pl.LazyFrame(
        {"group": np.repeat(range(300), 480), "customer": np.repeat(range(18_000), 8), "days": customer}
    )
    found = cluster_bootstrap(rows, ["group"], "customer", Mean("days"), seed=5, draws=400)
    inside = ((pl.col("ci_low") <= 10) & (pl.col("ci_high") >= 10)).mean()
    assert 0.9 < found.select(inside).collect().item() < 0.98


@pytest.mark.parametrize("statistic", [Mean("days"), Quantile("days")])
def test_neither_order_nor_division_of_the_rows_changes_a_result(statistic: Mean | Quantile) -> None:
    def limits(rows: pl.LazyFrame) -> pl.DataFrame:
        return cluster_bootstrap(rows, ["branch"], "customer", statistic, seed=7, draws=40).collect()

    apart = [limits(ROWS.filter(pl.col("branch") == name)) for name in ("west", "south", "north")]
    shuffled = limits(ROWS.collect().sample(fraction=1, shuffle=True, seed=1).lazy())
    assert_frame_equal(shuffled, pl.concat(apart), check_row_order=False, rel_tol=1e-12)


def test_seeds_differ_and_repeat() -> None:
    def low(seed: int) -> float:
        found = cluster_bootstrap(ROWS, [], "customer", Mean("days"), seed=seed, draws=40)
        return float(found.collect()["ci_low"][0])

    assert low(1) == low(1) != low(2)


def test_counts_are_independent_poisson_numbers() -> None:
    clusters = pl.Series([f"C{i}" for i in range(1000)]).hash().to_numpy()
    counts = np.concatenate(list(bootstrap._weights(clusters, 1, 1000)))
    assert counts.shape == (1000, 1000)
    observed = np.bincount(counts.ravel(), minlength=10)[:7] / 1e6
    assert observed == pytest.approx(stats.poisson(1).pmf(range(7)), abs=2e-3)
    between = np.corrcoef(np.vstack((counts[:200], counts.T[:200])))
    assert np.abs(between[np.triu_indices(400, 1)]).max() < 0.17


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), min_size=1, max_size=30), st.floats(0, 1))
def test_quantile_of_counted_rows_is_that_of_repeated_rows(rows: list[tuple[int, int]], q: float) -> None:
    member, value = np.array(rows).T
    counts = np.array([[0, 1, 2, 3, 1, 0]], np.uint8)
    frame = pl.DataFrame({"_group": 0, "_member": member, "_y": value.astype(float)})
    found = bootstrap._group_quantiles(frame, q)(counts)[0, 0]
    repeated = np.repeat(value, counts[0][member])
    assert found == pytest.approx(np.quantile(repeated, q)) if len(repeated) else np.isnan(found)


def test_too_few_clusters_have_no_limits_and_no_rows_no_group() -> None:
    rows = pl.LazyFrame({"branch": ["a", "a", "b"], "customer": [1, 1, None], "days": [2.0, 4.0, 5.0]})
    found = cluster_bootstrap(rows, ["branch"], "customer", Mean("days"), seed=1).collect()
    assert found.rows() == [("a", 3.0, None, None, 2, 1)]
    empty = cluster_bootstrap(rows.head(0), ["branch"], "customer", Mean("days"), seed=1)
    assert empty.collect().schema == empty.collect_schema() == found.schema
