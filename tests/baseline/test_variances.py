"""Noise of regions and their common course given residuals, against dense algebra."""

import numpy as np
import pytest

from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.baseline._variances import (
    course_evidence,
    course_factor,
    initial_hyperparameters,
    kernels_at,
    likeliest_innovation,
    regional_covariance,
    renew_time,
    robust_sigma,
)
from sklearn_mmm.baseline._whitening import dense_whitener
from sklearn_mmm.components._noise import NORMAL, HuberNoise

N_REGIONS, N_WEEKS = 3, 7


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    covariance = TimeCovariance(-1.0, (5.0,), True)
    kernels = kernels_at(covariance, np.arange(float(N_WEEKS)))
    hyper = initial_hyperparameters(covariance, N_REGIONS)
    sigma = np.array([0.1, 0.2, 0.4])
    loadings = rng.standard_normal((N_REGIONS, 1))
    residual = rng.standard_normal((2, N_REGIONS, N_WEEKS))
    return hyper, kernels, sigma, loadings, residual


def dense_precision(K, sigma, loadings, observed):
    """Return the precision of all observed cells, whitened in time region by region."""
    W = [dense_whitener(K, o[None]).matrices(N_WEEKS)[0][0].numpy() for o in observed]
    blocks = np.zeros((N_REGIONS * N_WEEKS,) * 2)
    for r in range(N_REGIONS):
        at = slice(r * N_WEEKS, (r + 1) * N_WEEKS)
        blocks[at, at] = W[r] / sigma[r]
    over = np.zeros((N_REGIONS, N_WEEKS, N_REGIONS, N_WEEKS))
    for week in range(N_WEEKS):
        own = loadings[min(week, len(loadings) - 1)]
        inverse = np.linalg.inv(np.eye(N_REGIONS) + own @ own.T)
        over[:, week, :, week] = inverse
    return blocks.T @ over.reshape(blocks.shape) @ blocks


@pytest.mark.parametrize("weekly", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_evidence_on_the_common_course_is_that_of_dense_algebra(problem, gaps, weekly):
    hyper, kernels, sigma, loadings, residual = problem
    loadings = loadings[None]
    if weekly:
        rng = np.random.default_rng(8)
        loadings = loadings + rng.standard_normal((N_WEEKS, *loadings.shape[1:]))
    observed = np.ones((N_REGIONS, N_WEEKS), bool)
    if gaps:
        observed[1, 2:4] = False
    residual = residual * observed
    K = regional_covariance(hyper, kernels.regional)
    P = dense_precision(K, sigma, loadings, observed)
    everywhere = np.kron(np.ones((N_REGIONS, 1)), np.eye(N_WEEKS))
    W = dense_whitener(K, observed)
    found = course_evidence(W, 1 / sigma, loadings, residual)
    np.testing.assert_allclose(found.information, everywhere.T @ P @ everywhere)
    flat = residual.reshape(2, -1)
    np.testing.assert_allclose(found.score, flat @ P @ everywhere, atol=1e-9)
    # The likeliest course is the posterior mean of a Gaussian process.
    L = course_factor(hyper, kernels.course)
    course = L @ likeliest_innovation(L, found)
    prior = np.linalg.inv(L @ L.T)
    expected = np.linalg.solve(found.information + prior, found.score[0])
    np.testing.assert_allclose(course, expected, rtol=1e-6)


def test_noise_of_regions_is_found_and_pooled():
    rng = np.random.default_rng(1)
    sigma = np.array([0.1, 0.3, 1.0])
    innovation = sigma[:, None] * rng.standard_normal((1, 3, 400))
    observed = np.ones((3, 400), bool)
    found = robust_sigma(innovation, observed, np.ones(3), NORMAL)
    np.testing.assert_allclose(found, sigma, rtol=0.1)
    # Few weeks say less than what all regions have in common.
    few = robust_sigma(innovation[..., :4], observed[:, :4], np.ones(3), NORMAL)
    assert few.max() / few.min() < 0.6 * found.max() / found.min()


def test_noise_without_outliers_is_the_root_mean_square():
    rng = np.random.default_rng(2)
    innovation = rng.standard_normal((1, 1, 50))
    found = robust_sigma(innovation, np.ones((1, 50), bool), np.ones(1), NORMAL)
    np.testing.assert_allclose(found, np.sqrt((innovation**2).mean()))
    # An outlier counts with its absolute value only.
    spoiled = innovation.copy()
    spoiled[0, 0, 0] = 1e3
    robust = robust_sigma(
        spoiled, np.ones((1, 50), bool), np.ones(1), HuberNoise(1.345)
    )
    assert robust[0] < 0.2 * np.sqrt((spoiled**2).mean())


def test_renewing_time_knows_a_wandering_level_from_noise():
    covariance = TimeCovariance(-1.0, (), True)
    rng = np.random.default_rng(3)
    n_weeks = 120
    kernels = kernels_at(covariance, np.arange(float(n_weeks)))
    hyper = initial_hyperparameters(covariance, 4)
    observed = np.ones((4, n_weeks), bool)
    nothing = np.zeros((4, n_weeks, 0))
    noise = 0.1 * rng.standard_normal((1, 4, n_weeks))
    level = 0.1 * rng.standard_normal((1, 4, n_weeks)).cumsum(-1)
    ratios = []
    for residual in (noise, noise + level):
        renewed = hyper
        for _ in range(3):
            renewed, _, evidence = renew_time(
                renewed,
                kernels,
                residual,
                None,
                lambda: nothing,
                observed,
                NORMAL,
                False,
            )
        assert evidence is None
        ratios.append(renewed.regional.parts["level"])
    assert ratios[0] < 0.02  # relative to the noise variance
    assert 0.3 < ratios[1] < 3.0
