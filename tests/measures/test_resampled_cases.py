"""Resampled cases: what is drawn is what was measured, and how often a customer counts."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from conftest import published
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from orchestration.project import shipped_frameworks
from transforms.kpi.monthly import READS
from transforms.kpi.registry import registry
from transforms.measures.case_measures import Quantile, Share
from transforms.measures.definition import Kpi
from transforms.measures.resampled_cases import (
    case_leaf,
    case_leaves,
    drawn_values,
    poisson_weights,
    weighted_quantile,
    with_exposures,
)
from transforms.settings import Settings


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
        units = own.select("segment", "period").unique().sort("segment", "period")
        denominators = np.full((len(spec.nodes), units.height), np.nan)
        for one in leaves:
            mine = own.filter(kpi=one.kpi.code, basis=spec.nodes[one.node].leaf.basis)
            both = units.join(mine, on=["segment", "period"], how="left", maintain_order="left")
            denominators[one.node] = both["denominator"].fill_null(np.nan).to_numpy()
        units = with_exposures(units, leaves, denominators)
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


COUNTED = [
    ("closed", Share(of=pl.col("days") < 5, among=pl.lit(True)), "share"),
    ("days", Quantile("days", 0.5), "days"),
]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=8))
@settings(max_examples=20)
def test_a_row_of_many_cases_is_drawn_like_as_many_rows(pairs):
    """Not as one customer with so many: each of the cases is drawn for itself."""
    days, cases = zip(*pairs, strict=True)
    rows = pl.DataFrame(
        {"days": days, "cases": cases, "customer_id": "one", "on": date(2025, 3, 1)},
        schema_overrides={"days": pl.Float64},
    ).with_columns(pl.when(pl.col("cases") > 1).then("customer_id").alias("customer_id"))
    multiplied = rows.select(pl.exclude("cases").repeat_by("cases").explode()).with_columns(
        customer_id=pl.lit(None, pl.String)
    )
    units = pl.DataFrame({"segment": ["company"], "period": [date(2025, 3, 1)]})
    leaves = [
        case_leaf(
            node,
            Kpi(
                code=code, title="K", fact="core.cases", measure=measure, unit=unit, direction=1,
                dates={"cohort": "on"}, source="this test",
            ),
            "on",
            date(2025, 4, 1),
        )
        for node, (code, measure, unit) in enumerate(COUNTED)
    ]  # fmt: skip

    def drawn(frame):
        ((_, values),) = drawn_values(
            leaves, {"core.cases": frame.lazy()}, "company", units, draws=50, seed=3
        )
        return values

    for node, values in drawn(rows).items():
        np.testing.assert_array_equal(values, drawn(multiplied)[node])


def test_rows_of_nobody_are_alone_whichever_fact_they_are_of():
    """What other rows lie about them, of another month or before, changes no draw."""
    here, elsewhere = date(2025, 3, 1), date(2025, 1, 1)
    code, measure, unit = COUNTED[0]
    leaves = [
        case_leaf(
            node,
            Kpi(
                code=code, title="K", fact=fact, measure=measure, unit=unit, direction=1,
                dates={"cohort": "on"}, source="this test",
            ),
            "on",
            date(2025, 4, 1),
        )
        for node, fact in enumerate(("core.ones", "core.others"))
    ]  # fmt: skip
    rows = pl.DataFrame({"days": [float(n % 10) for n in range(12)], "on": here}).with_columns(
        customer_id=pl.lit(None, pl.String)
    )
    before = rows.with_columns(on=pl.lit(elsewhere))
    units = pl.DataFrame({"segment": ["company"], "period": [here]})

    def drawn(others):
        facts = {"core.ones": rows.lazy(), "core.others": others.lazy()}
        ((_, values),) = drawn_values(leaves, facts, "company", units, draws=50, seed=3)
        return np.stack([values[node] for node in sorted(values)])

    alone = drawn(rows)
    for others in (rows.reverse(), pl.concat([before, rows])):
        np.testing.assert_array_equal(drawn(others), alone)


def test_billions_are_drawn_about_their_number():
    weights = poisson_weights(np.random.default_rng(1), np.array([4_000_000_000]), 1000)
    assert weights.mean() == pytest.approx(4e9, abs=10_000)
    assert weights.std() == pytest.approx(4e9**0.5, rel=0.1)


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
