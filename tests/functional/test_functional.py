import pytest
import torch

from sklearn_mmm.functional import (
    carry_over,
    delayed_weights,
    geometric_weights,
    has_faded,
    hill,
    lagged,
)


def test_weights_sum_to_one_and_fall_by_the_decay():
    weights = geometric_weights(torch.tensor([0.0, 0.5]), 4)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2))
    torch.testing.assert_close(weights[1, 1:] / weights[1, :-1], torch.full((3,), 0.5))
    assert weights[0].tolist() == [1, 0, 0, 0]


def test_carry_over_by_hand():
    x = torch.tensor([[1.0], [0.0], [2.0]])
    out = carry_over(x, torch.tensor([[1.0, 0.5, 0.25]]))
    assert out.ravel().tolist() == [1.0, 0.5, 2.25]


@pytest.mark.parametrize("n_weeks", [3, 12, 40])
def test_carry_over_of_blocks_is_that_of_lags(n_weeks):
    """Of series that are shorter or longer than the kernel, from any week on."""
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, n_weeks, 4, generator=rng, dtype=torch.float64)
    weights = torch.rand(4, 5, generator=rng, dtype=torch.float64)
    wanted = (lagged(x, 5) * weights).sum(-1)
    for first in (0, 2, n_weeks - 1, n_weeks):
        found = carry_over(x, weights, first)
        torch.testing.assert_close(found, wanted[..., first:, :])
    given = x[0, 0].requires_grad_()
    carry_over(given, weights, 2).square().sum().backward()
    slope, given.grad = given.grad, None
    (lagged(given, 5) * weights).sum(-1)[2:].square().sum().backward()
    torch.testing.assert_close(slope, given.grad)


def test_carry_over_is_causal_and_longer_kernels_than_series_work():
    x = torch.rand(2, 5, 3)
    changed = x.clone()
    changed[:, 3:] += 1
    weights = geometric_weights(torch.full((3,), 0.4), 9)
    torch.testing.assert_close(
        carry_over(x, weights)[:, :3], carry_over(changed, weights)[:, :3]
    )
    assert lagged(x, 9)[:, 0, :, 1:].abs().sum() == 0
    assert torch.equal(lagged(x, 3, first=2), lagged(x, 3)[:, 2:])


def test_hill_limits():
    x = torch.tensor([0.0, 0.7, 1e12], dtype=torch.float64)
    out = hill(x, torch.tensor(0.7).double(), torch.tensor(1.5).double())
    assert out[0] == 0
    assert out[1] == pytest.approx(0.5)
    assert out[2] == pytest.approx(1.0)


def test_gradients_are_right_and_finite_at_zero():
    k = torch.tensor([0.5, 1.0], dtype=torch.float64, requires_grad=True)
    s = torch.tensor([0.7, 2.0], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[0.0, 0.3], [1.0, 2.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda k, s: hill(x, k, s), (k, s))
    d = torch.tensor([0.3, 0.6], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda d: carry_over(x, geometric_weights(d, 3)), d)
    weights = geometric_weights(d.detach(), 3)
    media = x.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda m: carry_over(m, weights), media)
    assert torch.autograd.gradgradcheck(lambda m: carry_over(m, weights) ** 2, media)


def test_kernels_that_end_below_a_tenth_of_their_peak_have_faded():
    weights = geometric_weights(torch.tensor([0.6, 0.9]), 8).numpy()
    # 0.6 ** 7 is 0.03, and 0.9 ** 7 is 0.48.
    assert has_faded(weights).tolist() == [True, False]
    assert has_faded(weights * 1e6).tolist() == [True, False]
    assert has_faded(weights[:, :1]).all()
    late = delayed_weights(torch.tensor([7.0]), torch.tensor([0.5]), 8).numpy()
    assert not has_faded(late).any()
