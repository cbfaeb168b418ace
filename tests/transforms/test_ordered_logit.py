"""The ordered logit against statsmodels and against a known truth."""

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from transforms.statistics.ordered_logit import ordered_logit

THRESHOLDS, SLOPES = np.array([-2.0, -0.5, 1.0]), np.array([0.8, -0.6])


def drawn(n: int, seed: int, slopes=SLOPES) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = np.column_stack([generator.normal(size=n), generator.integers(0, 2, n)])
    latent = x @ slopes + generator.logistic(size=n)
    return np.searchsorted(THRESHOLDS, latent).astype(np.int64), x


@pytest.mark.parametrize(("n", "seed"), [(80, 1), (1000, 2)])
def test_it_is_that_of_statsmodels(n, seed):
    level, x = drawn(n, seed)
    ours = ordered_logit(level, x)
    model = OrderedModel(level, x, distr="logit")
    theirs = model.fit(method="newton", disp=False, maxiter=200, tol=1e-12)
    assert ours.coefficients == pytest.approx(theirs.params[:2], abs=1e-6)
    assert ours.thresholds == pytest.approx(model.transform_threshold_params(theirs.params)[1:-1], abs=1e-6)
    robust = OrderedModel(level, x, distr="logit").fit(
        method="newton", disp=False, maxiter=200, tol=1e-12, cov_type="HC0"
    )
    errors = np.sqrt(np.diag(ours.covariance))[3:] * np.sqrt((n - 1) / n)
    assert errors == pytest.approx(robust.bse[:2], rel=1e-3)


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(200):
        fit = ordered_logit(*drawn(300, seed))
        errors = np.sqrt(np.diag(fit.covariance))
        found = np.concatenate([fit.thresholds, fit.coefficients])
        held.append(np.abs(found - np.concatenate([THRESHOLDS, SLOPES])) < 1.96 * errors)
    assert 0.92 < np.mean(held) < 0.98


def test_the_effect_of_a_shift_is_the_difference_of_expected_values():
    level, x = drawn(4000, 7)
    values, shift = np.array([0.0, 20.0, 50.0, 100.0]), np.array([np.log(2), 0.0])
    effect, error = ordered_logit(level, x).effect(values, shift)

    def mean(moved: np.ndarray) -> float:
        up_to = expit(THRESHOLDS - (moved @ SLOPES)[:, None])
        shares = np.diff(np.column_stack([np.zeros(len(x)), up_to, np.ones(len(x))]))
        return float((shares @ values).mean())

    truth = mean(x + shift) - mean(x)
    assert abs(effect - truth) < 3 * error
    assert 0.02 * truth < error < 0.1 * truth


def test_cases_of_one_cluster_are_no_more_evidence_than_one():
    level, x = drawn(200, 3)
    alone = ordered_logit(level, x)
    tenfold = ordered_logit(np.tile(level, 10), np.tile(x, (10, 1)), np.tile(np.arange(200), 10))
    assert tenfold.coefficients == pytest.approx(alone.coefficients, abs=1e-8)
    assert tenfold.covariance == pytest.approx(alone.covariance, rel=1e-6)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="two levels"):
        ordered_logit(np.zeros(9, dtype=np.int64), np.ones((9, 1)))
    level, x = drawn(100, 4)
    with pytest.raises(np.linalg.LinAlgError):
        ordered_logit(level, np.column_stack([x, x[:, 0]]))
    with pytest.raises(np.linalg.LinAlgError):
        ordered_logit(np.repeat([0, 1], 20), np.repeat([[0.0], [1.0]], 20, axis=0))
