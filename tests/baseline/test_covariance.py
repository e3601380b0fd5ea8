import numpy as np
import pytest

from sklearn_mmm.baseline._covariance import (
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._forecast import make_time_baseline
from sklearn_mmm.baseline._maximise import loss_and_slope, maximise_regional
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.baseline._whitening import dense_whitener
from sklearn_mmm.components._noise import NORMAL, HuberNoise


def test_whitener_is_the_inverse_of_the_covariance():
    position = np.arange(12.0)
    kernels = TimeCovariance(0.0, (5.0,), True).regional_kernels(position, position)
    parts = {"intercept": 1.0, "level": 0.1, "season": 0.2}
    K = np.eye(12) + kernels.covariance(Variances(parts, 2.0))
    observed = np.ones((3, 12), bool)
    (W,) = dense_whitener(K, observed).matrices(12)
    assert W.shape == (1, 12, 12)
    np.testing.assert_allclose(W[0].T @ W[0], np.linalg.inv(K), atol=1e-10)
    observed[1, 4] = False
    (W,) = dense_whitener(K, observed).matrices(12)
    keep = np.arange(12) != 4
    inner = np.linalg.inv(K[np.ix_(keep, keep)])
    np.testing.assert_allclose((W[1].T @ W[1])[np.ix_(keep, keep)], inner, atol=1e-10)
    assert not W[1][4].any()


def test_kernels_by_hand():
    at, later = np.array([3.0, 8.0]), np.array([5.0])
    kernels = TimeCovariance(1.0, (4.0,), True).regional_kernels(at, later)
    assert kernels.names == ("level", "season", "intercept")
    level, season, intercept = kernels.at(2.0)
    # A random walk from 1: what it had done up to the earlier of two weeks.
    np.testing.assert_allclose(level, [[2.0], [4.0]])
    # Half a season apart, and three quarters; 1/e after two seasons.
    half = -1 + 2**-4 - 3**-4
    quarter = 0 - 2**-4 + 0
    expected = [[half * np.exp(-0.5 / 2)], [quarter * np.exp(-0.75 / 2)]]
    np.testing.assert_allclose(season, expected, atol=1e-12)
    np.testing.assert_allclose(intercept, 1.0)


def test_variance_of_what_wanders_is_that_of_one_observation_by_hand():
    hyper = TimeHyperparameters(
        Variances({"level": 0.5, "intercept": 2.0}, 1.0),
        Variances({}, 1.0),
        np.array([0.1]),
        np.zeros((1, 0)),
    )
    baseline = make_time_baseline(
        TimeCovariance(0.0, (), True),
        hyper,
        np.array([1.0]),
        np.ones((1, 1), bool),
        0.0,
        np.zeros(0),
        np.zeros((1, 1)),
        NORMAL,
    )
    found = baseline.variance(np.array([0, 0, -1]), np.array([1.0, 5.0, 5.0]))
    # Gaussian conditioning: k(t, t) - k(t, 1)^2 / (k(1, 1) + 1), noise being 1.
    seen = 2.0 + 0.5
    expected = [seen - seen**2 / (seen + 1), 4.5 - seen**2 / (seen + 1), 4.5]
    np.testing.assert_allclose(found, 0.1**2 * np.array(expected), rtol=1e-6)


@pytest.mark.parametrize("n_weeks", [5, 30])
def test_kernels_are_positive_semidefinite(n_weeks):
    at = np.arange(float(n_weeks))
    for kernel in TimeCovariance(0.0, (10.0,), True).regional_kernels(at, at).at(2.0):
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
        Variances({"level": 1.0, "intercept": 1.0}, 1.0),
        np.ones(n_regions),
        NORMAL,
    )
    assert found.parts["level"] == pytest.approx(ratio, rel=0.25)
    twice = maximise_regional(
        np.array([y, y]),
        np.ones(y.shape, bool),
        kernels,
        Variances({"level": 1.0, "intercept": 1.0}, 1.0),
        np.ones(n_regions),
        NORMAL,
    )
    assert twice.parts == pytest.approx(found.parts, rel=1e-4)


def test_forecast_holds_the_level_and_ignores_a_last_outlier():
    at = np.arange(40.0)
    y = np.full((1, 40), 2.0)
    hyper = TimeHyperparameters(
        Variances({"level": 0.05, "intercept": 1.0}, 1.0),
        Variances({}, 1.0),
        np.array([0.1]),
        np.zeros((1, 0)),
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
            HuberNoise(2.0),
        )
        return baseline.predict(np.zeros(3, int), np.array([40.0, 45.0, 60.0]))

    np.testing.assert_allclose(forecast(y), forecast(y)[0])
    assert forecast(y)[0] == pytest.approx(2.0, abs=0.1)
    y[0, -1] = 12.0
    assert forecast(y)[0] == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("noise", [HuberNoise(1.0), NORMAL])
def test_slope_of_the_likelihood_is_its_difference(noise):
    rng = np.random.default_rng(0)
    at = np.arange(20.0)
    kernels = TimeCovariance(0.0, (7.0,), True).regional_kernels(at, at).at(3.0)
    K = np.eye(20) + np.tensordot([0.1, 0.3, 0.5], kernels, 1)
    y = 2 * rng.standard_normal((20, 3))
    _, slope = loss_and_slope(K, y, noise)
    for kernel in kernels:
        up, down = (loss_and_slope(K + h * kernel, y, noise)[0] for h in (1e-6, -1e-6))
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
        start = Variances({"level": 1e-2, "season": 1.0, "intercept": 1e-2}, 4.0)
        ones = np.ones((20, 120), bool)
        fit = maximise_regional(y.T[None], ones, kernels, start, np.ones(20), NORMAL)
        found.append(fit.memory)
    assert found[0] == pytest.approx(1.0, rel=0.3)
    assert found[1] > 20
