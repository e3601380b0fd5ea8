"""Saturated carry-over and effects of channels, by hand and as invariances."""

import numpy as np
import pytest
import torch

from sklearn_mmm.components import (
    BinomialAdstock,
    ExponentialSaturation,
    GeometricAdstock,
    HillSaturation,
    NoSaturation,
)
from sklearn_mmm.functional import lagged
from sklearn_mmm.network._media import MediaResponse
from sklearn_mmm.network._response_shape import ResponseShape

HILL = ResponseShape(GeometricAdstock(), HillSaturation(), 3)


@pytest.fixture(autouse=True)
def _double():
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


@pytest.fixture
def response():
    media = MediaResponse(2, 1, HILL)
    with torch.no_grad():
        media.adstock_decay.fill_(0.0)  # a decay of 1 / 2
        media.saturation_half_saturation.fill_(0.0)  # 1
        media.saturation_slope.fill_(0.0)  # 1
        media.log_effect.fill_(np.log(2.0))
        media.deviation.copy_(torch.tensor([[0.0], [np.log(3.0)]]))
    return media


def test_contributions_by_hand(response):
    x = torch.tensor([[7.0, 0.0, 0.0, 0.0], [0.0, 7.0, 0.0, 7.0]])[..., None]
    found = response(lagged(x, 3), torch.tensor([0, 1]))[..., 0]
    # Weights 4/7, 2/7 and 1/7; then x / (x + 1), by effects of 2 and 6.
    share = torch.tensor([[4 / 5, 2 / 3, 1 / 2, 0.0], [0.0, 4 / 5, 2 / 3, 5 / 6]])
    torch.testing.assert_close(found, share * torch.tensor([[2.0], [6.0]]))
    assert response.effect.tolist() == pytest.approx([2.0])
    torch.testing.assert_close(response.weights, torch.tensor([[4.0, 2.0, 1.0]]) / 7)


def test_a_region_that_is_not_known_has_the_shared_effect(response):
    effect = response.regional_effect(torch.tensor([1, -1, 0]))
    torch.testing.assert_close(effect[:, 0], torch.tensor([6.0, 2.0, 2.0]))


def test_a_single_region_has_no_deviation_to_learn():
    names = dict(MediaResponse(1, 2, HILL).named_parameters())
    assert set(names) == {"log_effect", *HILL.priors}
    assert "deviation" in dict(MediaResponse(2, 2, HILL).named_parameters())


def test_parameters_start_at_the_mean_of_their_priors():
    media = MediaResponse(1, 3, HILL)
    for name, prior in HILL.priors.items():
        assert media.raw[name].tolist() == pytest.approx([prior.mean] * 3)


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    x = torch.as_tensor(rng.exponential(size=(3, 12, 2)))
    x[0, :4] = 0.0
    return x


SHAPES = [
    HILL,
    ResponseShape(BinomialAdstock(), ExponentialSaturation(), 3),
    ResponseShape(GeometricAdstock(), NoSaturation(), 3),
]


def random_raw(shape, *members, seed=1):
    rng = np.random.default_rng(seed)
    return {
        name: torch.as_tensor(p.mean + p.sd * rng.standard_normal((*members, 2)))
        for name, p in shape.priors.items()
    }


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s.saturation).__name__)
def test_derivatives_are_those_of_automatic_differentiation(shape, panel):
    lags = lagged(panel, 3)
    raw = random_raw(shape)
    share, found = shape.share_and_derivatives(raw, lags)
    torch.testing.assert_close(share, shape.share(raw, lags))
    assert list(found) == list(shape.priors)
    weight = torch.rand_like(share)
    given = {name: value.requires_grad_() for name, value in raw.items()}
    (weight * shape.share(given, lags)).sum().backward()
    for name, derivative in found.items():
        # Each cell depends on the parameter of its channel alone.
        expected = (weight * derivative).sum((0, 1))
        torch.testing.assert_close(given[name].grad, expected)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s.saturation).__name__)
def test_members_and_cells_are_parts_of_the_whole(shape, panel):
    lags = lagged(panel, 3)
    raw = random_raw(shape, 4)
    together = shape.share(raw, lags)
    assert together.shape == (4, *panel.shape)
    for member in range(4):
        alone = shape.share({n: p[member] for n, p in raw.items()}, lags)
        torch.testing.assert_close(together[member], alone)
    channel = torch.tensor([1, 0, 1])
    cells = shape.share_of_cells(raw, lags[[0, 2, 2], [5, 0, 11], channel], channel)
    expected = together[:, [0, 2, 2], [5, 0, 11], channel]
    torch.testing.assert_close(cells, expected)


def test_carry_over_does_not_look_ahead_and_ends_with_the_kernel(panel):
    raw = random_raw(HILL)
    before = HILL.share(raw, lagged(panel, 3))
    more = panel.clone()
    more[:, 5] += 1.0
    changed = HILL.share(raw, lagged(more, 3)) != before
    assert changed[:, 5:8].all()
    assert not changed[:, :5].any()
    assert not changed[:, 8:].any()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s.saturation).__name__)
def test_the_unit_of_media_does_not_matter(shape, panel):
    raw = random_raw(shape)
    ratio = torch.tensor([0.5, 3.0])
    rescaled, factor = shape.rescaled(raw, ratio)
    before = shape.share(raw, lagged(panel, 3))
    after = factor * shape.share(rescaled, lagged(panel * ratio, 3))
    torch.testing.assert_close(after, before)
    if shape.saturation.bounded:
        torch.testing.assert_close(factor, torch.ones(2))
