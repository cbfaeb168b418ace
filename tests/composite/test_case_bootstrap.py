"""Intervals of scores from resampled cases: recovery of known scores, dependence between KPIs, laws and peers."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from conftest import published
from hypothesis import given
from hypothesis import strategies as st
from index_examples import JANUARY, framework, leaf
from scipy import stats

from orchestration.project import shipped_frameworks
from transforms.composite.resampled_scores import grade_probabilities, score_intervals
from transforms.kpi.monthly import READS
from transforms.kpi.registry import registry
from transforms.measures.case_measures import Mean, Quantile, Share
from transforms.measures.definition import Kpi
from transforms.measures.rates import PerExposure
from transforms.measures.records import kpi_records
from transforms.measures.resampled_cases import (
    case_leaves,
    drawn_values,
    exposure_column,
    poisson_weights,
    weighted_quantile,
)
from transforms.periods import month_periods
from transforms.settings import Settings

AS_OF = date(2025, 2, 28)
DAYS = pl.col("days")
WITHIN_30 = Share(of=DAYS <= 30, among=DAYS.is_not_null())
LOG_SD = 0.8


def kpi(code: str, measure, direction: int = -1) -> Kpi:
    return Kpi(
        code=code,
        title=code,
        fact="core.cases",
        measure=measure,
        unit="days",
        direction=direction,
        dates={"cohort": "on"},
        source="test",
    )


KPIS = (
    kpi("median", Quantile("days", 0.5)),
    kpi("p90", Quantile("days", 0.9)),
    kpi("within_30", WITHIN_30, 1),
    kpi("late", Share(of=DAYS > 30, among=DAYS.is_not_null())),
    kpi("mean", Mean("days")),
)
THREE = framework(
    {
        "median": leaf("median", 30, 2),
        "p90": leaf("p90", 120, 10),
        "within_30": leaf("within_30", 0.3, 1.0),
    },
    aggregation="geometric",
    grades={"scale": {"A": 70, "B": 60, "C": 0}},
)


def cases(units: int, n: int, *, customers: int | None = None, seed: int = 5) -> pl.DataFrame:
    """Days of n cases a unit, lognormal about the unit's own median; half the spread is the customer's."""
    rng = np.random.default_rng(seed)
    median = np.exp(np.linspace(2.2, 3.0, units))
    customer = rng.integers(customers, size=(units, n)) if customers else np.tile(np.arange(n), (units, 1))
    own = rng.normal(size=(units, customers or n))
    part = np.sqrt(0.5) if customers else 0.0
    noise = part * np.take_along_axis(own, customer, axis=1) + np.sqrt(1 - part**2) * rng.normal(
        size=(units, n)
    )
    days = median[:, None] * np.exp(LOG_SD * noise)
    unit = np.repeat(np.arange(units), n)
    return pl.DataFrame(
        {
            "org_unit": [f"B{u:03}" for u in unit],
            "customer_id": [f"{u}-{c}" for u, c in zip(unit, customer.ravel(), strict=True)],
            "on": JANUARY,
            "days": days.ravel(),
        }
    )


def true_score(unit: int, units: int) -> float:
    mu = np.linspace(2.2, 3.0, units)[unit]
    median, p90 = np.exp(mu), np.exp(mu + LOG_SD * stats.norm.ppf(0.9))
    within = stats.norm.cdf((np.log(30) - mu) / LOG_SD)
    scores = np.array([(30 - median) / 28, (120 - p90) / 110, (within - 0.3) / 0.7]) * 100
    return float(np.exp(np.log(scores).mean()))


def records_of(frame: pl.DataFrame) -> pl.LazyFrame:
    settings = Settings(cuts=("company", "org_unit"))
    periods = month_periods([JANUARY])
    found = kpi_records({"core.cases": frame.lazy()}, KPIS, periods, as_of=AS_OF, settings=settings)
    return found.filter(cut="org_unit").lazy()


def intervals(frame: pl.DataFrame, spec=THREE, **how) -> pl.DataFrame:
    facts = {"core.cases": frame.lazy()}
    found = score_intervals(records_of(frame), [spec], facts, KPIS, as_of=AS_OF, **{"draws": 1000, **how})
    return found.collect().filter(node="index").sort("segment")


def width(table: pl.DataFrame) -> float:
    return (table["score_high"] - table["score_low"]).mean()


def holds(table: pl.DataFrame, truth: np.ndarray) -> int:
    low, high = table["score_low"].to_numpy(), table["score_high"].to_numpy()
    return int(((low <= truth) & (truth <= high)).sum())


def test_intervals_hold_the_true_score_as_often_as_they_say():
    """240 branches of 300 claims by 150 customers, three KPIs of the same claims: about 95 % hold the truth."""
    units = 240
    frame = cases(units, 300, customers=150)
    table = intervals(frame)
    truth = np.array([true_score(i, units) for i in range(units)])
    held = holds(table, truth)
    assert stats.binomtest(held, units, 0.95).pvalue > 0.01, held / units
    assert table["method"].unique().to_list() == ["cases"]

    apart = (
        score_intervals(records_of(frame), [THREE], as_of=AS_OF, draws=1000).collect().filter(node="index")
    )
    apart = apart.sort("segment")
    missed = units - holds(apart, truth)
    assert apart["method"].unique().to_list() == ["intervals"]
    assert stats.binomtest(missed, units, 0.05, alternative="greater").pvalue < 1e-4
    assert width(apart) < 0.8 * width(table), "KPIs drawn apart from each other make the index look too sure"


def test_an_index_of_a_kpi_and_its_mirror_does_not_move():
    mirrored = framework({"within_30": leaf("within_30", 0, 1), "late": leaf("late", 0, 1)})
    frame = cases(3, 200)
    assert width(intervals(frame, mirrored)) < 1e-9
    apart = score_intervals(records_of(frame), [mirrored], as_of=AS_OF).collect().filter(node="index")
    assert width(apart) > 5


def test_customers_and_not_their_claims_are_independent():
    """Every claim twice, of the same customer: no more is known. Of two customers: a √2 narrower interval."""
    spec = framework({"mean": leaf("mean", 100, 0)})
    frame = cases(20, 150)
    twice = pl.concat([frame, frame])
    others = pl.concat([frame, frame.with_columns(pl.col("customer_id") + "x")])
    once = width(intervals(frame, spec))
    assert width(intervals(twice, spec)) == pytest.approx(once, rel=0.02)
    assert width(intervals(others, spec)) == pytest.approx(once / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("code", "statistic"), [("mean", np.mean), ("median", np.median), ("p90", lambda x: np.quantile(x, 0.9))]
)
def test_a_single_kpi_has_the_interval_of_scipy(code, statistic):
    frame = cases(1, 400)
    row = intervals(frame, framework({code: leaf(code, 200, 0)}), draws=20_000).row(0, named=True)
    days = frame["days"].to_numpy()
    peer = stats.bootstrap(
        (days,), statistic, vectorized=False, n_resamples=5_000, method="percentile", rng=1
    ).confidence_interval
    ours = (200 - 2 * row["score_high"], 200 - 2 * row["score_low"])
    assert ours == pytest.approx((peer.low, peer.high), abs=0.08 * (peer.high - peer.low))


def test_neither_order_nor_company_of_rows_changes_an_interval():
    frame = cases(6, 80, customers=40)
    table = intervals(frame)
    assert intervals(frame.sample(fraction=1.0, shuffle=True, seed=1)).equals(table)
    some = pl.col("org_unit").is_in(["B001", "B004"])
    assert intervals(frame.filter(some)).equals(table.filter(pl.col("segment").is_in(["B001", "B004"])))
    assert not intervals(frame, seed=43).equals(table)


def test_shares_of_the_draws_by_grade():
    table = intervals(cases(4, 200))
    found = grade_probabilities(table.lazy(), [THREE]).collect()
    assert (
        found.group_by("segment").agg(pl.col("probability").sum())["probability"].to_list()
        == [pytest.approx(1)] * 4
    )
    row = table.row(0, named=True)
    assert len(row["grade_shares"]) == 3
    assert row["grade_shares"][0] == found.filter(segment="B000", grade="A")["probability"].sum()


@pytest.mark.parametrize("code", ["life_default", "property_default", "cn_service_evaluation_2015_life"])
def test_with_every_case_counted_once_the_kpis_are_the_published_ones(insurer, code):
    """Of the simulated insurer, every leaf, cut and month: what is resampled is what was measured."""
    spec = shipped_frameworks()[code]
    facts = {
        table: published(insurer, f"SELECT * FROM {table}").lazy()
        for table in READS.values()
        if table != "core.exposure_months"
    }
    kpis = published(insurer, "SELECT * FROM kpi.monthly WHERE value IS NOT NULL")
    as_of = kpis["as_of"].max()
    leaves = case_leaves(spec, registry(Settings(frameworks=(spec,))), facts, as_of)
    assert len(leaves) >= 3
    compared = 0
    for (cut,), own in kpis.group_by("cut"):
        units = own.select("segment", "period").unique()
        for one in leaves:
            if isinstance(one.kpi.measure, PerExposure):
                exposure = (pl.col("denominator") * one.kpi.measure.per).alias(exposure_column(one.node))
                rate = own.filter(kpi=one.kpi.code, basis=spec.nodes[one.node].leaf.basis)
                units = units.join(
                    rate.select("segment", "period", exposure), on=["segment", "period"], how="left"
                )
        drawn = drawn_values(leaves, facts, cut, units, draws=1, seed=1, weighed=once)
        for rows, values in drawn:
            for node, value in values.items():
                wanted = spec.nodes[node].leaf
                both = rows.with_columns(ours=value[:, 0]).join(
                    own.filter(kpi=wanted.kpi, basis=wanted.basis), on=["segment", "period"]
                )
                assert both["ours"].to_list() == pytest.approx(both["value"].to_list(), rel=1e-9, abs=1e-9)
                compared += both.height
    assert compared > 500


def once(rng, size, draws):
    return np.repeat(size[:, None], draws, axis=1).astype(np.int32)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30), st.floats(0, 1))
def test_weighted_quantile_is_that_of_the_repeated_values(pairs, q):
    values, weights = np.array(sorted(pairs), dtype=float).T
    found = weighted_quantile(values, weights.astype(np.int32)[:, None], q)[0]
    repeated = np.repeat(values, weights.astype(int))
    if len(repeated):
        assert found == pytest.approx(np.quantile(repeated, q), abs=1e-9)
    else:
        assert np.isnan(found)


@pytest.mark.parametrize("mean", [1, 7, 300])
def test_weights_are_poisson_numbers(mean):
    weights = poisson_weights(np.random.default_rng(1), np.array([mean]), 200_001)
    assert weights.shape == (1, 200_001)
    values, seen = np.unique(weights, return_counts=True)
    common = stats.poisson.pmf(values, mean) * weights.size > 20
    expected = stats.poisson.pmf(values, mean)[common]
    expected = expected / expected.sum() * seen[common].sum()
    assert stats.chisquare(seen[common], expected).pvalue > 1e-3
