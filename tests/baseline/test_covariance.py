import numpy as np
import pytest

from sklearn_mmm.baseline._covariance import (
    TimeCovariance,
    huber,
    whiteners,
)
from sklearn_mmm.baseline._forecast import make_time_baseline
from sklearn_mmm.baseline._maximise import Variances, loss_and_slope, maximise_regional
from sklearn_mmm.baseline._variances import TimeHyperparameters


def test_whitener_is_the_inverse_of_the_covariance():
    position = np.arange(12.0)
    kernels = TimeCovariance(0.0, (5.0,), True).regional(position, position, 2.0)
    K = np.eye(12) + np.tensordot([0.1, 0.2, 1.0], kernels, 1)
    observed = np.ones((3, 12), bool)
    W = whiteners(K, observed)
    assert W.shape == (1, 12, 12)
    np.testing.assert_allclose(W[0].T @ W[0], np.linalg.inv(K), atol=1e-10)
    observed[1, 4] = False
    W = whiteners(K, observed)
    keep = np.arange(12) != 4
    inner = np.linalg.inv(K[np.ix_(keep, keep)])
    np.testing.assert_allclose((W[1].T @ W[1])[np.ix_(keep, keep)], inner, atol=1e-10)
    assert not W[1][4].any()


@pytest.mark.parametrize("n_weeks", [5, 30])
def test_kernels_are_positive_semidefinite(n_weeks):
    at = np.arange(float(n_weeks))
    for kernel in TimeCovariance(0.0, (10.0,), True).regional(at, at, 2.0):
        assert np.linalg.eigvalsh(kernel).min() > -1e-9


def test_variance_of_a_random_walk_is_found():
    rng = np.random.default_rng(0)
    n_regions, n_weeks, ratio = 40, 100, 0.25
    walk = np.cumsum(np.sqrt(ratio) * rng.standard_normal((n_regions, n_weeks)), 1)
    y = walk + rng.standard_normal((n_regions, n_weeks))
    at = np.arange(float(n_weeks))
    kernels = TimeCovariance(0.0, (), True).regional_kernels(at, at)
    found = maximise_regional(
        y[None],
        np.ones(y.shape, bool),
        kernels,
        Variances(np.ones(2), 1.0),
        np.ones(n_regions),
        100.0,
    )
    assert found.variances[0] == pytest.approx(ratio, rel=0.25)
    twice = maximise_regional(
        np.array([y, y]),
        np.ones(y.shape, bool),
        kernels,
        Variances(np.ones(2), 1.0),
        np.ones(n_regions),
        100.0,
    )
    np.testing.assert_allclose(twice.variances, found.variances, rtol=1e-4)


def test_huber_equals_least_squares_for_a_large_threshold():
    v = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(huber(v, 10.0), 0.5 * v**2)
    np.testing.assert_allclose(huber(np.array([5.0]), 1.0), [4.5])


def test_forecast_holds_the_level_and_ignores_a_last_outlier():
    at = np.arange(40.0)
    y = np.full((1, 40), 2.0)
    hyper = TimeHyperparameters(
        np.array([0.05, 1.0]), np.zeros(1), np.array([0.1]), np.zeros((1, 0))
    )

    def forecast(y):
        baseline = make_time_baseline(
            TimeCovariance(0.0, (), True),
            hyper,
            at,
            np.ones(y.shape, bool),
            0.0,
            np.zeros(0),
            y,
            2.0,
        )
        return baseline.predict(np.zeros(3, int), np.array([40.0, 45.0, 60.0]))

    np.testing.assert_allclose(forecast(y), forecast(y)[0])
    assert forecast(y)[0] == pytest.approx(2.0, abs=0.1)
    y[0, -1] = 12.0
    assert forecast(y)[0] == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("delta", [1.0, np.inf])
def test_slope_of_the_likelihood_is_its_difference(delta):
    rng = np.random.default_rng(0)
    at = np.arange(20.0)
    kernels = TimeCovariance(0.0, (7.0,), True).regional(at, at, 3.0)
    K = np.eye(20) + np.tensordot([0.1, 0.3, 0.5], kernels, 1)
    y = 2 * rng.standard_normal((20, 3))
    _, slope = loss_and_slope(K, y, delta)
    for kernel in kernels:
        up, down = (loss_and_slope(K + h * kernel, y, delta)[0] for h in (1e-6, -1e-6))
        assert (slope * kernel).sum() == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_memory_of_a_season_is_found():
    rng = np.random.default_rng(1)
    at = np.arange(120.0)
    covariance = TimeCovariance(0.0, (12.0,), True)
    kernels = covariance.regional_kernels(at, at)
    found = []
    for memory in (1.0, 50.0):
        K = np.eye(120) + np.tensordot([1e-6, 1.0, 1e-6], kernels.at(memory), 1)
        y = np.linalg.cholesky(K) @ rng.standard_normal((120, 20))
        start = Variances(np.array([1e-2, 1.0, 1e-2]), 4.0)
        ones = np.ones((20, 120), bool)
        fit = maximise_regional(y.T[None], ones, kernels, start, np.ones(20), 100.0)
        found.append(fit.memory)
    assert found[0] == pytest.approx(1.0, rel=0.3)
    assert found[1] > 20
