"""Noise of regions and their common course given residuals, against dense algebra."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mmm.baseline._block_search import CourseSearch
from sklearn_mmm.baseline._course_evidence import (
    JITTER,
    DenseEvidence,
    PooledEvidence,
    dense_evidence,
)
from sklearn_mmm.baseline._covariance import Season, TimeCovariance, Variances
from sklearn_mmm.baseline._maximise import loss_and_slope
from sklearn_mmm.baseline._state_space import LONG
from sklearn_mmm.baseline._variance_search import DenseSearch
from sklearn_mmm.baseline._variances import (
    course_evidence,
    course_factor,
    initial_hyperparameters,
    kernels_at,
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
    found = dense_evidence(W, 1 / sigma, loadings, residual)
    np.testing.assert_allclose(found.information, everywhere.T @ P @ everywhere)
    flat = residual.reshape(2, -1)
    np.testing.assert_allclose(found.score, flat @ P @ everywhere, atol=1e-9)
    # The likeliest course is the posterior mean of a Gaussian process.
    L = course_factor(hyper, kernels.course)
    course = L @ found.likeliest(hyper.course, L)
    prior = np.linalg.inv(L @ L.T)
    expected = np.linalg.solve(found.information + prior, found.score[0])
    np.testing.assert_allclose(course, expected, rtol=1e-6)


@pytest.fixture(scope="module")
def long_panel():
    """Return regions of more weeks than are whitened by dense matrices."""
    rng = np.random.default_rng(4)
    n_regions, n_weeks = 4, LONG + 29
    seasons = Season("season", 90.0, 90.0, 4), Season("season_week", 7.0, 45.0, 0)
    covariance = TimeCovariance.of_seasons(-1.0, seasons, True)
    kernels = kernels_at(covariance, np.arange(float(n_weeks)))
    hyper = initial_hyperparameters(covariance, n_regions)
    parts = {"level": 0.02, "season": 0.5, "season_week": 0.2}
    hyper = replace(
        hyper,
        regional=Variances(parts | {"intercept": 0.7}, 3.0),
        sigma=np.array([0.1, 0.2, 0.4, 0.2]),
    )
    loadings = rng.standard_normal((1, n_regions, 2))
    observed = np.ones((n_regions, n_weeks), bool)
    observed[:, 50:60] = False
    residual = rng.standard_normal((3, n_regions, n_weeks)) * observed
    return hyper, kernels, loadings, residual, observed


COURSE = Variances(
    {"level": 2e-3, "season": 0.04, "season_week": 0.01, "shock": 0.02}, 5.0
)


def both_evidences(long_panel):
    hyper, kernels, loadings, residual, observed = long_panel
    W = kernels.whitener(hyper, observed)
    pooled = course_evidence(hyper, kernels, W, loadings, residual, observed)
    dense = dense_evidence(W, 1 / hyper.sigma, loadings, residual)
    assert isinstance(pooled, PooledEvidence)
    return pooled, dense


def test_the_pooled_estimate_of_long_regions_says_what_all_of_them_say(long_panel):
    hyper, kernels, *_ = long_panel
    pooled, dense = both_evidences(long_panel)
    L = course_factor(replace(hyper, course=COURSE), kernels.course)
    np.testing.assert_allclose(
        pooled.likeliest(COURSE, L), dense.likeliest(COURSE, L), rtol=1e-6, atol=1e-6
    )


def test_the_likelihood_of_a_pooled_course_is_the_dense_one(long_panel):
    *_, kernels, _, _, observed = long_panel
    pooled, dense = both_evidences(long_panel)
    weeks = np.flatnonzero(observed[0])
    seen = np.ix_(weeks, weeks)
    error = np.linalg.inv(dense.information[seen]) + JITTER * np.eye(len(weeks))
    estimate = np.linalg.solve(dense.information[seen], dense.score[:, weeks].T)

    def likelihood(covariance):
        loss, own = loss_and_slope(covariance[seen] + error, estimate, NORMAL)
        slope = np.zeros_like(covariance)
        slope[seen] = own
        return loss / 3, slope / 3

    of_all = DenseSearch(likelihood, kernels.course, 0.0, 1.0, has_noise=False)
    by_blocks = CourseSearch(pooled, kernels.course.names, 0.0, 1.0)
    assert by_blocks.forgets == of_all.forgets
    x = np.log([*COURSE.parts.values(), COURSE.memory])
    expected, slope = of_all.likelihood(x, 4, COURSE.memory)
    found, own = by_blocks.likelihood(x, 4, COURSE.memory)
    assert found == pytest.approx(expected, rel=1e-8)
    np.testing.assert_allclose(own, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("change", ["gaps of one region", "loadings of weeks"])
def test_regions_that_differ_in_time_are_not_pooled(long_panel, change):
    hyper, kernels, loadings, residual, observed = long_panel
    observed = observed.copy()
    if change == "gaps of one region":
        observed[1, 3] = False
    else:
        loadings = np.repeat(loadings, observed.shape[1], axis=0)
    W = kernels.whitener(hyper, observed)
    own = course_evidence(hyper, kernels, W, loadings, residual * observed, observed)
    assert isinstance(own, DenseEvidence)


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
            renewed = renew_time(
                renewed,
                kernels,
                residual,
                None,
                lambda: nothing,
                observed,
                NORMAL,
                False,
            )
        ratios.append(renewed.regional.parts["level"])
    assert ratios[0] < 0.02  # relative to the noise variance
    assert 0.3 < ratios[1] < 3.0
