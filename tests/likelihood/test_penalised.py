"""What is believed of parameters before anything is seen, and the loss, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.components._saturation import make_saturation
from sklearn_mmm.likelihood._penalised import (
    BELOW_ZERO,
    USUAL_CONTRIBUTION,
    USUAL_EFFECT,
    Penalties,
    PriorScales,
    WhitenedLoss,
    contribution_scales,
)
from sklearn_mmm.network import Decomposition, MMMModule, ResponseShape, Sizes


def test_a_channel_has_no_say_in_its_own_scale():
    squares = np.array([0.04, 0.01, 0.09])
    found = contribution_scales(squares)
    usual = 10 * USUAL_CONTRIBUTION**2
    np.testing.assert_allclose(
        found**2, (np.array([0.10, 0.13, 0.05]) + usual) / (2 + 10)
    )
    own = contribution_scales(squares * [100, 1, 1])[0]
    assert own == pytest.approx(found[0])
    # Of a channel alone nothing is known but what is usual.
    np.testing.assert_allclose(contribution_scales(np.ones(1)), USUAL_CONTRIBUTION)


def test_an_effect_is_a_contribution_by_its_share_unless_it_is_too_much_in_a_week():
    scales = PriorScales(np.array([0.1, 0.1]), np.array([1.0, 1e-6]))
    large, seldom = scales.effect
    assert large == pytest.approx(1 / np.hypot(10.0, 1 / USUAL_EFFECT))
    assert 0.7 * USUAL_EFFECT < seldom < USUAL_EFFECT
    # A channel that is always on: the limit is the contribution itself.
    small = PriorScales(np.array([1e-4]), np.ones(1)).effect
    np.testing.assert_allclose(small, 1e-4, rtol=1e-6)


@pytest.fixture
def module():
    shape = ResponseShape(make_adstock("geometric"), make_saturation("hill"), 4)
    module = MMMModule(Sizes(2, 0, 2, 1, 0), shape).double()
    module.modulation.active = False
    return module


def penalties(module, l1=0.0, l2=1.0, positive=True):
    noise = HuberNoise(2.0)
    shape = module.media.shape
    return Penalties.usual(shape, np.full(2, 0.5), l1, l2, noise, positive)


def test_penalties_by_hand(module):
    with torch.no_grad():
        module.media.log_effect.copy_(torch.log(torch.tensor([0.2, 0.4])))
        module.controls.coefficient.fill_(0.6)
        module.media.deviation.copy_(torch.tensor([[0.1, 0.0], [0.0, -0.2]]))
        module.baseline.intercept.fill_(-0.1)
    one, other = penalties(module), penalties(module, l1=3.0, l2=2.0, positive=False)
    found, double = one(module), other(module)
    scaled = np.array([0.2, 0.4]) / one.scales.effect
    assert found["effect"].item() == pytest.approx(0.5 * (scaled**2).sum())
    assert found["effect_l1"] == 0
    assert double["effect_l1"].item() == pytest.approx(3 * scaled.sum())
    assert found["coefficient"].item() == pytest.approx(0.5 * (0.6 / 0.3) ** 2)
    assert found["deviation"].item() == pytest.approx(0.5 * (1.0 + 4.0))
    for name in ("effect", "coefficient", "deviation"):
        assert double[name].item() == pytest.approx(2 * found[name].item())
    # A baseline may be negative where the outcome is; elsewhere it costs.
    below = module.baseline().detach().numpy()
    expected = 0.5 * ((0.1 / BELOW_ZERO) ** 2) * below.size
    assert found["negative_baseline"].item() == pytest.approx(expected)
    assert double["negative_baseline"] == 0
    with torch.no_grad():
        module.baseline.intercept.fill_(0.1)
    assert one(module)["negative_baseline"] == 0


class InverseFactor:
    """Whitening by one matrix for all regions."""

    def __init__(self, inverse):
        self.inverse = inverse

    def to(self, dtype):
        return InverseFactor(self.inverse.to(dtype))

    def whiten(self, values):
        return self.inverse @ values


def test_the_loss_is_the_quadratic_form_of_time_and_regions():
    """Where no residual is far out, of weeks' covariance and what regions share."""
    rng = np.random.default_rng(0)
    n_regions, n_weeks = 3, 5
    root = np.tril(rng.uniform(0.1, 1.0, (n_weeks, n_weeks))) + np.eye(n_weeks)
    loadings = rng.normal(size=(n_regions, 2))
    sigma = rng.uniform(0.5, 2.0, n_regions)
    residual = rng.normal(size=(n_regions, n_weeks))
    criterion = WhitenedLoss(HuberNoise(1e6))
    criterion.install(
        SimpleNamespace(
            whitener=InverseFactor(torch.as_tensor(np.linalg.inv(root))),
            precision=torch.as_tensor(1 / sigma),
            decorrelate=SimpleNamespace(loadings=torch.as_tensor(loadings)[None]),
        )
    )
    # What is predicted is one half of it from the baseline and one from a channel.
    outcome = torch.as_tensor(residual, dtype=torch.float32) + 2.0
    half = torch.ones(n_regions, n_weeks)
    parts = Decomposition(half, torch.zeros(n_regions, n_weeks, 0), half[..., None])
    found = criterion(parts, {"outcome": outcome})
    regions = np.diag(sigma) @ (np.eye(3) + loadings @ loadings.T) @ np.diag(sigma)
    whole = np.kron(regions, root @ root.T)
    flat = residual.ravel()
    expected = 0.5 * flat @ np.linalg.solve(whole, flat)
    assert found.item() == pytest.approx(expected, rel=1e-4)
