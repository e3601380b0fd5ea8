import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._factors import DenseFactor
from sklearn_mmm.baseline._volatility import (
    _gains,
    likeliest_volatility,
    standardised,
    weekly_loadings,
)
from sklearn_mmm.baseline._whitening import Group, Whitener

N_WEEKS, N_REGIONS, N_CHANNELS = 80, 30, 4


def draw(volatility, seed):
    """Return columns and innovations of effects that differ from week to week."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((N_WEEKS, N_REGIONS, N_CHANNELS))
    change = volatility * rng.standard_normal((N_WEEKS, N_CHANNELS))
    noise = rng.standard_normal((N_REGIONS, N_WEEKS))
    return columns, noise + np.einsum("trc,tc->rt", columns, change)


def test_steady_effects_are_not_volatile():
    nothing = np.zeros((N_REGIONS, 0))
    for seed in range(10):
        columns, innovation = draw(np.zeros(N_CHANNELS), seed)
        assert not likeliest_volatility(columns, innovation, nothing).any()


def test_volatility_of_one_channel_is_found():
    true = np.array([0.0, 0.5, 0.0, 0.0])
    for seed in range(5):
        found = likeliest_volatility(*draw(true, seed), np.zeros((N_REGIONS, 0)))
        assert np.flatnonzero(found).tolist() == [1]
        assert found[1] == pytest.approx(0.5, rel=0.35)


def test_gains_are_those_of_the_likelihood():
    rng = np.random.default_rng(8)
    columns, innovation = draw(np.array([0.5, 0.0, 0.0, 0.3]), 9)
    gram = columns.transpose(0, 2, 1) @ columns
    score = np.einsum("trc,rt->tc", columns, innovation)
    variance = np.array([0.2, 0.0, 0.0, 0.1])
    values = np.append(np.zeros((4, 1)), rng.exponential(size=(4, 2)), axis=1)
    found = _gains(variance, gram, score, values)
    for channel, place in np.ndindex(values.shape):
        other = variance.copy()
        other[channel] = values[channel, place]
        expected = -5.0 * (other > 0).sum()
        for week in range(N_WEEKS):
            g, v = columns[week], innovation[:, week]
            K = np.eye(N_REGIONS) + (g * other) @ g.T
            expected -= 0.5 * (np.linalg.slogdet(K)[1] + v @ np.linalg.solve(K, v))
            expected += 0.5 * v @ v
        assert found[channel, place] == pytest.approx(expected, rel=1e-9)


def test_what_moves_all_regions_is_no_volatility():
    rng = np.random.default_rng(3)
    loadings = rng.uniform(0.5, 1.5, (N_REGIONS, 1))
    columns, innovation = draw(np.zeros(N_CHANNELS), 4)
    # A channel that is much the same in all regions, beside a common shock.
    columns[..., 0] = loadings.T + 0.1 * columns[..., 0]
    innovation = innovation + loadings * rng.standard_normal(N_WEEKS)
    without = likeliest_volatility(columns, innovation, np.zeros((N_REGIONS, 0)))
    assert without[0] > 0.5
    assert not likeliest_volatility(columns, innovation, loadings).any()


def test_loadings_are_those_of_all_weeks_and_of_each():
    rng = np.random.default_rng(5)
    always = rng.standard_normal((N_REGIONS, 2))
    columns, _ = draw(np.zeros(N_CHANNELS), 6)
    assert weekly_loadings(always, np.zeros(0), columns).shape == (1, N_REGIONS, 2)
    volatility = np.array([0.0, 0.5, 0.0, 2.0])
    found = weekly_loadings(always, volatility, columns)
    np.testing.assert_array_equal(found[7, :, :2], always)
    np.testing.assert_array_equal(found[7, :, 2], 0.5 * columns[7, :, 1])
    np.testing.assert_array_equal(found[7, :, 3], 2.0 * columns[7, :, 3])


def test_columns_are_whitened_in_time_and_by_noise():
    rng = np.random.default_rng(7)
    columns = rng.standard_normal((2, 3, 1))
    W = np.tril(rng.standard_normal((1, 3, 3)))
    factor = DenseFactor(torch.as_tensor(W[0]))
    whitener = Whitener((Group(slice(None), factor),), 2)
    observed = np.array([[True, True, True], [True, False, True]])
    found = standardised(columns, whitener, np.array([2.0, 4.0]), observed)
    assert found.shape == (3, 2, 1)
    np.testing.assert_allclose(found[:, 0, 0], 2 * W[0] @ columns[0, :, 0])
    assert found[1, 1, 0] == 0
