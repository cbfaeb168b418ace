"""Reliability of questionnaires against worked values and independent implementations."""

import json
from pathlib import Path

import numpy as np
import pandas
import pingouin
import polars as pl
import pytest
from factor_analyzer import Rotator
from factor_analyzer.factor_analyzer import calculate_bartlett_sphericity, calculate_kmo
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from transforms.statistics.reliability import (
    alpha_by_group,
    cronbach_alpha,
    factor_weights,
    factorability,
    feldt_interval,
    item_analysis,
    spearman_brown,
    varimax,
)


def likert(n: int, k: int, *, seed: int, shared: float = 0.7, factors: int = 1) -> NDArray[np.float64]:
    """Answers 1–7 of n people to k items, each on one of `factors` traits."""
    draw = np.random.default_rng(seed)
    traits = draw.normal(size=(n, factors))[:, np.arange(k) * factors // k]
    noise = draw.normal(size=(n, k))
    return np.clip(np.rint(4 + 1.5 * (np.sqrt(shared) * traits + np.sqrt(1 - shared) * noise)), 1, 7)


@pytest.fixture
def worked(shared: Path) -> NDArray[np.float64]:
    return np.loadtxt(shared / "golden" / "ex04_likert.csv", delimiter=",", skiprows=1)


@pytest.fixture
def golden(shared: Path) -> dict:
    return json.loads((shared / "golden" / "ex04_survey.json").read_text())


@pytest.mark.parametrize(("n", "k"), [(8, 4), (60, 5), (300, 22)])
def test_alpha_is_pingouins(n: int, k: int) -> None:
    items = likert(n, k, seed=n)
    ours = cronbach_alpha(items)
    alpha, interval = pingouin.cronbach_alpha(data=pandas.DataFrame(items))
    assert ours.alpha == pytest.approx(alpha, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(tuple(interval), abs=5e-4)


def test_feldt_interval_worked() -> None:
    """α 0.9588 of 8 people and 4 items: 0.8777 to 0.9907 (Feldt 1965)."""
    low, high = feldt_interval(0.9588014981273407, 8, 4)
    assert (float(low), float(high)) == pytest.approx((0.8776968775838291, 0.9907461569401604))


def test_incomplete_answers_are_left_out_whole() -> None:
    items = likert(50, 4, seed=1)
    holed = np.vstack([items, [1, np.nan, 1, 1]])
    assert cronbach_alpha(holed) == cronbach_alpha(items)


def test_two_items_also_get_spearman_brown() -> None:
    items = likert(200, 2, seed=2)
    r = np.corrcoef(items, rowvar=False)[0, 1]
    assert cronbach_alpha(items).spearman_brown == pytest.approx(2 * r / (1 + r))
    assert cronbach_alpha(items).standardised_alpha == pytest.approx(spearman_brown(r))
    assert cronbach_alpha(likert(200, 3, seed=2)).spearman_brown is None


@given(st.integers(3, 30), st.integers(2, 6), st.integers(0, 10**6))
def test_alpha_needs_no_unit(n: int, k: int, seed: int) -> None:
    """Moving or stretching the scale, turning every item, and the order of items and people change nothing."""
    items = np.random.default_rng(seed).normal(size=(n, k))
    alpha = cronbach_alpha(items).alpha
    for same in (8 - items, 10 * items + 3, items[::-1], items[:, ::-1]):
        assert cronbach_alpha(same).alpha == pytest.approx(alpha, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("items", [np.ones((5, 3)), np.ones((5, 1)), np.full((3, 3), np.nan)])
def test_alpha_is_refused_where_it_means_nothing(items: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="alpha"):
        cronbach_alpha(items)


def test_item_analysis_finds_the_stranger() -> None:
    items = likert(300, 5, seed=3)
    items[:, 2] = np.random.default_rng(4).integers(1, 8, 300)
    table = item_analysis(items, ["a", "b", "stranger", "d", "e"])
    assert table.sort("item_total_correlation")["item"][0] == "stranger"
    without = cronbach_alpha(np.delete(items, 2, axis=1)).alpha
    assert table.filter(pl.col("item") == "stranger")["alpha_without"].item() == pytest.approx(without)
    rest = np.delete(items, 0, axis=1).sum(axis=1)
    assert table["item_total_correlation"][0] == pytest.approx(np.corrcoef(items[:, 0], rest)[0, 1])


def test_alpha_of_all_groups_at_once_is_that_of_each() -> None:
    groups = {"a": likert(40, 4, seed=5), "b": likert(25, 6, seed=6), "one item": likert(9, 1, seed=7)}
    groups["b"][3, 2] = np.nan
    rows = [
        {"dimension": name, "respondent": i, "item": j, "value": float(value)}
        for name, items in groups.items()
        for (i, j), value in np.ndenumerate(items)
        if not np.isnan(value)
    ]
    found = {
        row["dimension"]: row
        for row in alpha_by_group(pl.LazyFrame(rows), ["dimension"]).collect().to_dicts()
    }
    for name in ("a", "b"):
        alone, row = cronbach_alpha(groups[name]), found[name]
        assert (row["n"], row["n_items"]) == (alone.n, alone.n_items)
        ours = (row["alpha"], row["alpha_low"], row["alpha_high"])
        assert ours == pytest.approx((alone.alpha, alone.low, alone.high), abs=1e-12)
    assert found["one item"]["alpha"] is None
    assert found["one item"]["alpha_low"] is None


def test_factorability_is_factor_analyzers() -> None:
    items = likert(250, 8, seed=8, factors=2)
    ours = factorability(items)
    msa, kmo = calculate_kmo(items)
    chi_square, p_value = calculate_bartlett_sphericity(items)
    assert ours.kmo == pytest.approx(kmo, abs=1e-12)
    assert ours.msa == pytest.approx(msa, abs=1e-12)
    assert (ours.chi_square, ours.p_value) == pytest.approx((chi_square, p_value), rel=1e-9)
    assert ours.degrees_of_freedom == 28


def test_factorability_worked(worked: NDArray[np.float64], golden: dict) -> None:
    """KMO 0.754594, Bartlett χ² 575.9949 with 15 degrees of freedom."""
    ours = factorability(worked)
    assert ours.kmo == pytest.approx(0.754594, abs=5e-7)
    assert ours.chi_square == pytest.approx(575.9949, abs=5e-5)
    assert (ours.kmo, ours.chi_square) == pytest.approx(
        (golden["kmo"]["overall"], golden["bartlett"]["chi2"])
    )
    assert (ours.degrees_of_freedom, ours.p_value) == (15, pytest.approx(golden["bartlett"]["p"], rel=1e-6))
    assert ours.msa == pytest.approx(golden["kmo"]["msa"], abs=1e-6)


def test_factor_weights_worked(worked: NDArray[np.float64], golden: dict) -> None:
    """Loadings .867 .842 .787 | .849 .834 .759 give .1846 .1740 .1520 .1773 .1708 .1414."""
    ours = factor_weights(worked)
    assert ours.refused is None
    assert ours.weights == pytest.approx([0.1846, 0.1740, 0.1520, 0.1773, 0.1708, 0.1414], abs=5e-3)
    assert ours.weights == pytest.approx(golden["handbook_weights"]["w"], abs=5e-3)
    assert np.abs(ours.loadings) == pytest.approx(
        np.array(golden["handbook_weights"]["abs_loadings"]), abs=5e-3
    )
    assert (ours.loadings**2).sum(axis=0) == pytest.approx(golden["handbook_weights"]["ss"], abs=1e-2)
    assert list(ours.factor) == golden["handbook_weights"]["assigned"]
    assert ours.eigenvalues == pytest.approx(golden["eig"], abs=5e-7)
    assert ours.weights.sum() == pytest.approx(1)


def test_factor_weights_are_refused_with_a_reason() -> None:
    few = factor_weights(likert(99, 4, seed=9))
    assert few.weights is None
    assert few.refused == "99 complete respondents; 100 are needed for 4 items"
    assert factor_weights(likert(110, 22, seed=9)).weights is not None
    assert "120 complete respondents; 125 are needed" in str(factor_weights(likert(120, 25, seed=9)).refused)
    strangers = np.random.default_rng(10).normal(size=(500, 6))
    assert "sampling adequacy (KMO) is 0.4" in str(factor_weights(strangers).refused)
    twins = likert(200, 4, seed=11)
    assert "repeats others" in str(factor_weights(np.column_stack([twins, twins[:, 0]])).refused)


def test_varimax_is_factor_analyzers() -> None:
    loadings = np.random.default_rng(12).uniform(-1, 1, size=(9, 3))
    theirs = Rotator(method="varimax", tol=1e-12, max_iter=2000).fit_transform(loadings)
    ours = varimax(loadings)
    order = [int(np.argmax(np.abs(ours.T @ column))) for column in theirs.T]
    assert np.abs(ours[:, order]) == pytest.approx(np.abs(theirs), abs=1e-4)
    assert (ours**2).sum(axis=1) == pytest.approx((loadings**2).sum(axis=1))
