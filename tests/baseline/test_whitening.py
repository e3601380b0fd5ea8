"""Whitening by blocks of weeks, and all that is built on it, against dense algebra."""

import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._block_search import RegionalSearch
from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._maximise import loss_and_slope
from sklearn_mmm.baseline._noisy_weeks import NoisyPrecision
from sklearn_mmm.baseline._signal import regional_course, regional_signal
from sklearn_mmm.baseline._state_space import LONG, SIZE, Blocks
from sklearn_mmm.baseline._variance_search import DenseSearch
from sklearn_mmm.baseline._variances import TimeHyperparameters, kernels_at
from sklearn_mmm.baseline._whitening import dense_whitener
from sklearn_mmm.components._noise import HuberNoise

PARTS = {"level": 0.03, "season": 0.5, "season_7": 0.2, "intercept": 1.3}
VARIANCES = Variances(PARTS, 2.3)
COVARIANCES = {
    "two seasons": TimeCovariance(0.0, (52.0, 7.0), True),
    "a season": TimeCovariance(-3.0, (52.0,), True),
    "a level": TimeCovariance(0.0, (), True),
    "nothing wanders": TimeCovariance(0.0, (), False),
}


def hyperparameters():
    """Return hyper-parameters of two regions."""
    return TimeHyperparameters(VARIANCES, VARIANCES, np.ones(2), np.zeros((2, 0)))


def panel(n_weeks, n_regions=7):
    """Return irregular weeks, and which of them regions have."""
    rng = np.random.default_rng(0)
    position = np.sort(rng.choice(3 * n_weeks, n_weeks, replace=False)).astype(float)
    observed = np.ones((n_regions, n_weeks), bool)
    if n_regions > 1:
        observed[1, 3 : SIZE + 5] = False
        observed[2] = rng.random(n_weeks) < 0.7
        observed[3, :20] = observed[3, -30:] = False
        observed[4] = False
    return position, observed


def pair(name, n_weeks, n_regions=7):
    """Return the same whitener, dense and by blocks."""
    covariance = COVARIANCES[name]
    position, observed = panel(n_weeks, n_regions)
    kernels = covariance.regional_kernels(position, position)
    K = kernels.covariance(VARIANCES) + np.eye(n_weeks)
    by_blocks = Blocks(covariance, position).whitener(VARIANCES, observed)
    return dense_whitener(K, observed), by_blocks


@pytest.mark.parametrize("n_regions", [1, 7])
@pytest.mark.parametrize("name", COVARIANCES)
def test_blocks_whiten_as_the_cholesky_factor_does(name, n_regions):
    n_weeks = 2 * SIZE + 11
    dense, by_blocks = pair(name, n_weeks, n_regions)
    torch.manual_seed(0)
    shape = (3, n_regions, n_weeks)
    series = torch.randn(*shape, dtype=torch.float64)
    columns = torch.randn(*shape, 2, dtype=torch.float64)
    for method in ("whiten_series", "transpose_series"):
        found = [getattr(whitener, method)(series) for whitener in (dense, by_blocks)]
        torch.testing.assert_close(*found, rtol=0, atol=1e-8)
    for method in ("whiten", "transpose"):
        for values in (columns, columns[0]):
            found = [getattr(each, method)(values) for each in (dense, by_blocks)]
            torch.testing.assert_close(*found, rtol=0, atol=1e-8)
    for one, other in zip(dense.precision, by_blocks.precision, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)
    for region in range(n_regions):
        one, other = (
            whitener.of_region(region).whiten(columns[0, region])
            for whitener in (dense, by_blocks)
        )
        torch.testing.assert_close(one, other, rtol=0, atol=1e-8)


def test_precisions_are_those_of_the_inverse_covariance():
    n_weeks = 40
    whitener, _ = pair("a season", n_weeks, 1)
    (W,) = whitener.matrices(n_weeks)
    P = (W[0].T @ W[0]).numpy()
    weeks, steps = whitener.precision
    np.testing.assert_allclose(weeks[0], P.diagonal())
    step = np.triu(np.ones((n_weeks, n_weeks)))  # from each week on
    np.testing.assert_allclose(steps[0], ((step @ P) * step).sum(1))


@pytest.mark.parametrize("n_regions", [1, 7])
def test_what_whitens_by_blocks_has_derivatives(n_regions):
    whitener, _ = pair("a season", 2 * SIZE + 5, n_regions)
    shape = n_regions, 2 * SIZE + 5, 1
    values = torch.linspace(-1, 1, n_regions * shape[1], dtype=torch.float64)
    values = values.reshape(shape).requires_grad_()
    # A linear function is its own derivative.
    for apply, turned in (
        (whitener.whiten, whitener.transpose),
        (whitener.transpose, whitener.whiten),
    ):
        weights = torch.cos(torch.arange(float(values.numel()))).double().reshape(shape)
        (slope,) = torch.autograd.grad((apply(values) * weights).sum(), values)
        torch.testing.assert_close(slope, turned(weights))


def test_regions_with_weeks_in_common_share_a_factor():
    observed = np.ones((6, 30), bool)
    observed[1, 4] = False
    whitener = dense_whitener(np.eye(30), observed)
    assert [len(np.arange(6)[g.regions]) for g in whitener.groups] == [5, 1]


@pytest.mark.parametrize("threshold", [1.0, 100.0])
@pytest.mark.parametrize("n_regions", [1, 7])
def test_the_likelihood_by_blocks_is_the_dense_one(n_regions, threshold):
    covariance, noise = COVARIANCES["two seasons"], HuberNoise(threshold)
    position, observed = panel(2 * SIZE + 11, n_regions)
    rng = np.random.default_rng(1)
    values = 2 * rng.standard_normal((2, *observed.shape)) * observed
    x = np.log([*PARTS.values(), VARIANCES.memory, 1.4])
    by_blocks = RegionalSearch(values, observed, Blocks(covariance, position), noise)

    def likelihood(K):
        total, slope = 0.0, np.zeros_like(K)
        for r, weeks in enumerate(observed):
            if weeks.any():
                at = np.ix_(weeks, weeks)
                loss, own = loss_and_slope(K[at], values[:, r, weeks].T, noise)
                total += loss / 2
                slope[at] += own / 2
        return total, slope

    kernels = covariance.regional_kernels(position, position)
    dense = DenseSearch(likelihood, kernels, 0.0, 1.0, has_noise=True)
    assert by_blocks.forgets == dense.forgets
    expected, slope = dense.likelihood(x, 4, VARIANCES.memory)
    found, own = by_blocks.likelihood(x, 4, VARIANCES.memory)
    assert found == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(own, slope, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", COVARIANCES)
def test_long_products_with_the_covariance_are_the_dense_ones(name):
    covariance, hyper = COVARIANCES[name], hyperparameters()
    position, _ = panel(LONG + 77, 1)
    weights = np.random.default_rng(0).standard_normal((2, len(position)))
    ahead = position[-1] + np.array([1.0, 2.0, 40.0])
    weeks = np.sort(np.concatenate([position[::3], position[5:9] + 0.25, ahead]))
    weeks = np.unique(weeks)
    found = regional_course(covariance, hyper, weeks, position, weights)
    dense = regional_signal(covariance, hyper, weeks, position)
    np.testing.assert_allclose(found, weights @ dense.T, atol=1e-8)


def test_long_series_are_whitened_by_blocks():
    covariance, hyper = COVARIANCES["two seasons"], hyperparameters()
    series = torch.linspace(0, 1, LONG + 1, dtype=torch.float64)[None]
    found = []
    for n_weeks in (LONG, LONG + 1):
        at = np.arange(float(n_weeks))
        kernels = kernels_at(covariance, at)
        assert isinstance(kernels.regional, Blocks) == (n_weeks > LONG)
        whitener = kernels.whitener(hyper, np.ones((1, n_weeks), bool))
        found.append(whitener.whiten_series(series[:, :n_weeks]))
    # Innovations do not know of later weeks.
    torch.testing.assert_close(found[0], found[1][:, :LONG], rtol=0, atol=1e-8)


def test_noisier_weeks_are_those_of_dense_algebra():
    position, observed = panel(50, 5)
    kernels = COVARIANCES["a season"].regional_kernels(position, position)
    S = kernels.covariance(VARIANCES)
    rng = np.random.default_rng(2)
    noise = np.where(rng.random(observed.shape) < 0.2, 4.0, 1.0)
    noise = np.where(observed, noise, np.inf)
    precision = NoisyPrecision(dense_whitener(S + np.eye(50), observed), noise)
    series = rng.standard_normal((2, *observed.shape)) * observed
    known = rng.standard_normal((3, 50))
    found = precision.times(series)
    explained = precision.explained(known, np.arange(5))
    for r, weeks in enumerate(observed):
        inverse = np.zeros((50, 50))
        at = np.ix_(weeks, weeks)
        inverse[at] = np.linalg.inv(S[at] + np.diag(noise[r, weeks]))
        np.testing.assert_allclose(found[:, r], series[:, r] @ inverse, atol=1e-9)
        expected = ((known @ inverse) * known).sum(1)
        np.testing.assert_allclose(explained[r], expected, atol=1e-8)
