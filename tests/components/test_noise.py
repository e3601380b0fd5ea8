"""Huber's noise as mathematics: limits, derivatives and the same by either library."""

import numpy as np
import pytest
import torch

from sklearn_mmm.components._noise import NORMAL, HuberNoise

V = np.linspace(-6.0, 6.0, 49)


def test_loss_is_that_of_least_squares_for_a_large_threshold():
    np.testing.assert_array_equal(HuberNoise(10.0).loss(V), 0.5 * V**2)
    np.testing.assert_array_equal(NORMAL.loss(V), 0.5 * V**2)


def test_loss_is_linear_beyond_the_threshold():
    np.testing.assert_allclose(HuberNoise(1.0).loss(np.array([5.0, -2.0])), [4.5, 1.5])


@pytest.mark.parametrize("noise", [HuberNoise(0.7), HuberNoise(2.0)])
def test_both_libraries_agree_and_slopes_are_derivatives(noise):
    v = torch.tensor(V, requires_grad=True)
    loss = noise.loss_of_tensor(v)
    (slope,) = torch.autograd.grad(loss.sum(), v)
    np.testing.assert_allclose(noise.loss(V), loss.detach().numpy())
    np.testing.assert_allclose(noise.slope(V), slope.numpy())
    np.testing.assert_allclose(noise.slope_of_tensor(v).detach().numpy(), slope.numpy())


def test_weight_is_the_slope_over_the_residual_and_one_over_the_inflation():
    noise, v = HuberNoise(1.5), V[V != 0]
    np.testing.assert_allclose(noise.weight(v), noise.slope(v) / v)
    np.testing.assert_allclose(noise.weight(v) * noise.inflation(v), 1.0)
    assert (NORMAL.weight(V) == 1).all()


def test_mean_square_of_normal_noise_is_the_plain_one_over_what_is_seen():
    rng = np.random.default_rng(0)
    residual = rng.standard_normal((2, 3, 20))
    seen = rng.random((3, 20)) > 0.3
    found = NORMAL.mean_square(residual, np.ones(3), seen)
    expected = [(residual[:, r, seen[r]] ** 2).mean() for r in range(3)]
    np.testing.assert_allclose(found, expected)


def test_an_outlier_counts_with_its_absolute_value_in_the_mean_square():
    residual = np.ones((1, 1, 4))
    residual[..., 0] = 100.0
    found = HuberNoise(2.0).mean_square(residual, np.ones(1), np.ones((1, 4), bool))
    assert found == pytest.approx((2.0 * 100.0 + 3) / 4)
