"""Reliability of questionnaires against worked values and independent implementations."""

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
    factor_weights,
    factorability,
    feldt_interval,
    varimax,
)


def likert(n: int, k: int, *, seed: int, shared: float = 0.7, factors: int = 1) -> NDArray[np.float64]:
    """Answers 1–7 of n people to k items, each on one of `factors` traits."""
    draw = np.random.default_rng(seed)
    traits = draw.normal(size=(n, factors))[:, np.arange(k) * factors // k]
    noise = draw.normal(size=(n, k))
    return np.clip(np.rint(4 + 1.5 * (np.sqrt(shared) * traits + np.sqrt(1 - shared) * noise)), 1, 7)


def correlated(correlation: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Answers of n people whose correlation is the one given, exactly."""
    draw = np.random.default_rng(1).normal(size=(n, len(correlation)))
    white = (draw - draw.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(draw, rowvar=False))).T
    return white @ np.linalg.cholesky(correlation).T


# Three questions that correlate by 0.5 with each other, three by 0.4, and none with any of the others.
TWO_BLOCKS = np.kron(np.diag([0.5, 0.4]), np.ones((3, 3))) + np.diag([0.5] * 3 + [0.6] * 3)


def answers(groups: dict[str, NDArray[np.float64]]) -> pl.LazyFrame:
    """One row per answer of respondents × items arrays; holes are no answers."""
    return pl.LazyFrame(
        [
            {"dimension": name, "respondent": i, "item": j, "value": float(value)}
            for name, items in groups.items()
            for (i, j), value in np.ndenumerate(items)
            if not np.isnan(value)
        ],
        schema={"dimension": pl.String, "respondent": pl.Int64, "item": pl.Int64, "value": pl.Float64},
    )


def alpha(items: NDArray[np.float64]) -> dict:
    """Alpha of one group."""
    return alpha_by_group(answers({"one": items}), ["dimension"]).collect().row(0, named=True)


@pytest.mark.parametrize(("n", "k"), [(8, 4), (60, 5), (300, 22)])
def test_alpha_is_pingouins(n: int, k: int) -> None:
    items = likert(n, k, seed=n)
    ours = alpha(items)
    theirs, interval = pingouin.cronbach_alpha(data=pandas.DataFrame(items))
    assert ours["alpha"] == pytest.approx(theirs, abs=1e-12)
    assert (ours["alpha_low"], ours["alpha_high"]) == pytest.approx(tuple(interval), abs=5e-4)
    assert (ours["n"], ours["n_items"]) == (n, k)


def test_feldt_interval_worked() -> None:
    """α 0.9588 of 8 people and 4 items: 0.8777 to 0.9907 (Feldt 1965)."""
    low, high = feldt_interval(0.9588014981273407, 8, 4)
    assert (float(low), float(high)) == pytest.approx((0.8776968775838291, 0.9907461569401604))


def test_incomplete_answers_are_left_out_whole() -> None:
    items = likert(50, 4, seed=1)
    assert alpha(np.vstack([items, [1, np.nan, 1, 1]])) == alpha(items)


def test_two_items_also_get_spearman_brown() -> None:
    items = likert(200, 2, seed=2)
    r = np.corrcoef(items, rowvar=False)[0, 1]
    assert alpha(items)["spearman_brown"] == pytest.approx(2 * r / (1 + r))
    assert alpha(likert(200, 3, seed=2))["spearman_brown"] is None


@given(st.integers(3, 30), st.integers(2, 6), st.integers(0, 10**6))
def test_alpha_needs_no_unit(n: int, k: int, seed: int) -> None:
    """Moving or stretching the scale, turning every item, and the order of items and people change nothing."""
    items = np.random.default_rng(seed).normal(size=(n, k))
    expected = alpha(items)["alpha"]
    for same in (8 - items, 10 * items + 3, items[::-1], items[:, ::-1]):
        assert alpha(same)["alpha"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_alpha_is_empty_where_it_means_nothing() -> None:
    """Nobody differs, or there is one item."""
    assert alpha(np.ones((5, 3)))["alpha"] is None
    assert alpha(np.ones((5, 1)))["alpha_low"] is None


def test_alpha_of_all_groups_at_once_is_that_of_each() -> None:
    groups = {"a": likert(40, 4, seed=5), "b": likert(25, 6, seed=6), "one item": likert(9, 1, seed=7)}
    groups["b"][3, 2] = np.nan
    found = (
        alpha_by_group(answers(groups), ["dimension"])
        .collect()
        .rows_by_key("dimension", named=True, unique=True)
    )
    for name, items in groups.items():
        alone = alpha(items)
        for column in ("alpha", "alpha_low", "alpha_high", "n", "n_items"):
            assert found[name][column] == (alone[column] and pytest.approx(alone[column], abs=1e-12))


def test_factorability_is_factor_analyzers() -> None:
    items = likert(250, 8, seed=8, factors=2)
    ours = factorability(items)
    msa, kmo = calculate_kmo(items)
    chi_square, p_value = calculate_bartlett_sphericity(items)
    assert ours.kmo == pytest.approx(kmo, abs=1e-12)
    assert ours.msa == pytest.approx(msa, abs=1e-12)
    assert (ours.chi_square, ours.p_value) == pytest.approx((chi_square, p_value), rel=1e-9)


def test_factorability_worked() -> None:
    """Partial correlations are r / (1 + r), the determinant is 0.5² · 2 · 0.6² · 1.8."""
    ours = factorability(correlated(TWO_BLOCKS, 300))
    whole, partial = 3 * (0.5**2 + 0.4**2), 3 * ((1 / 3) ** 2 + (2 / 7) ** 2)
    assert ours.kmo == pytest.approx(whole / (whole + partial))
    assert ours.chi_square == pytest.approx(-(299 - 17 / 6) * np.log(0.324))
    assert ours.msa == pytest.approx([9 / 13] * 3 + [49 / 74] * 3)


def test_factor_weights_worked() -> None:
    """Two factors of eigenvalues 2 and 1.8, in which each of three questions has a third: 0.667 and 0.6 of 3.8."""
    ours = factor_weights(correlated(TWO_BLOCKS, 300))
    assert ours.refused is None
    assert ours.eigenvalues == pytest.approx([2, 1.8, 0.6, 0.6, 0.5, 0.5])
    assert ours.weights == pytest.approx([2 / 3 / 3.8] * 3 + [0.6 / 3.8] * 3)
    assert list(ours.factor) == [0, 0, 0, 1, 1, 1]
    assert (ours.loadings**2).sum(axis=0) == pytest.approx([2, 1.8])


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
