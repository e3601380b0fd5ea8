import numpy as np
import pytest

from sklearn_mmm.graph._states import Following, draw_states


def autoregression(rng, shape, memory):
    out = rng.standard_normal(shape)
    for t in range(1, shape[-1]):
        out[..., t] *= np.sqrt(1 - memory**2)
        out[..., t] += memory * out[..., t - 1]
    return out


@pytest.fixture
def world():
    """Return a cycle of ten regions, and three Gaussian channels that follow it."""
    rng = np.random.default_rng(0)
    cycle = autoregression(rng, (10, 80), 0.8)
    follow = Following(np.array([0.5, 0.8, 0.3]), np.array([0.0, 0.5, 0.0]), 0.8)
    own = [0.6 * autoregression(rng, cycle.shape, m) for m in follow.memory]
    return cycle, cycle[..., None] * follow.loading + np.stack(own, axis=2), follow


def test_draws_of_gaussian_channels_have_the_exact_mean_and_variance(world):
    cycle, values, follow = world
    told, rng = np.ones(values.shape, bool), np.random.default_rng(1)
    draws = [draw_states(values, told, cycle, follow, rng) for _ in range(60)]
    gap = np.abs(np.subtract.outer(np.arange(80), np.arange(80)))
    precision = np.linalg.inv(0.8**gap)
    weights = [
        loading * np.linalg.inv(0.6**2 * memory**gap)
        for loading, memory in zip(follow.loading, follow.memory, strict=True)
    ]
    covariance = np.linalg.inv(
        precision + sum(w * a for w, a in zip(weights, follow.loading, strict=True))
    )
    mean = sum(values[..., j] @ weights[j] for j in range(3)) @ covariance
    error = np.mean(draws, axis=0) - mean
    assert np.corrcoef(np.mean(draws, axis=0).ravel(), mean.ravel())[0, 1] > 0.98
    assert np.sqrt((error**2).mean()) < 0.2
    spread = np.var(draws, axis=0).mean() / np.diag(covariance).mean()
    assert 0.8 < spread < 1.3


def test_what_is_not_told_does_not_matter(world):
    cycle, values, follow = world
    told = np.random.default_rng(2).random(values.shape) < 0.6
    draws = [
        draw_states(given, told, cycle, follow, np.random.default_rng(3))
        for given in (values, np.where(told, values, 99.0))
    ]
    np.testing.assert_array_equal(*draws)


def test_without_evidence_the_cycle_is_drawn_from_its_prior(world):
    cycle, values, follow = world
    told = np.zeros(values.shape, bool)
    cycle = np.zeros((100, 80))
    values, told = (np.resize(v, (100, 80, 3)) for v in (values, told))
    drawn = draw_states(values, told, cycle, follow, np.random.default_rng(4))
    assert drawn.var() == pytest.approx(1, abs=0.1)
    memory = (drawn[:, 1:] * drawn[:, :-1]).mean() / drawn.var()
    assert memory == pytest.approx(0.8, abs=0.06)


def test_a_skewed_channel_tells_more_than_its_variance():
    rng = np.random.default_rng(5)
    cycle = autoregression(rng, (20, 100), 0.8)
    own = rng.exponential(size=(20, 100, 3))
    values = 0.5 * cycle[..., None] + own - 1
    follow = Following(np.full(3, 0.5), np.zeros(3), 0.8)
    drawn, told = np.zeros(cycle.shape), np.ones(values.shape, bool)
    for _ in range(4):
        drawn = draw_states(values, told, drawn, follow, rng)
    # Draws differ from the truth by twice the posterior variance; a Gaussian posterior
    # has that of the linear filter.
    precision = 3 * 0.5**2
    angle = 2 * np.pi * np.arange(100) / 100
    prior = (1 - 0.8**2) / (1 + 0.8**2 - 1.6 * np.cos(angle))
    linear = (1 / (1 / prior + precision)).mean()
    assert ((drawn - cycle) ** 2).mean() < 2 * 0.8 * linear
