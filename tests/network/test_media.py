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
from sklearn_mmm.components._by_channel import adstock_of, saturation_of
from sklearn_mmm.functional import lagged
from sklearn_mmm.network import ChannelGroups
from sklearn_mmm.network._media import MediaResponse
from sklearn_mmm.network._rescaled import rescaled
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
    ResponseShape(
        adstock_of([GeometricAdstock(), BinomialAdstock()], [3, 2]),
        saturation_of([HillSaturation(), ExponentialSaturation()]),
        3,
    ),
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
    new, factor = rescaled(shape, raw, ratio)
    before = shape.share(raw, lagged(panel, 3))
    after = factor * shape.share(new, lagged(panel * ratio, 3))
    torch.testing.assert_close(after, before)
    if shape.saturation.bounded:
        torch.testing.assert_close(factor, torch.ones(2))


GROUPS = ChannelGroups((0, 1, 0))
GROUPED = [
    ResponseShape(GeometricAdstock(), HillSaturation(), 3, groups=GROUPS),
    ResponseShape(
        adstock_of([GeometricAdstock(), BinomialAdstock()], [3, 2]),
        saturation_of([ExponentialSaturation(), HillSaturation()]),
        3,
        groups=GROUPS,
    ),
]


@pytest.fixture
def campaigns(panel):
    """Media of which the first and the third channel are campaigns of one."""
    return torch.cat([panel, panel[:, :, :1].flip(1)], dim=-1)


@pytest.mark.parametrize("shape", GROUPED)
def test_campaigns_share_the_response_to_their_sum(shape, campaigns):
    raw = random_raw(shape)
    alone = ResponseShape(shape.adstock, shape.saturation, 3)
    share = shape.share(raw, lagged(campaigns, 3))
    whole = alone.share(raw, lagged(GROUPS.together(campaigns), 3))
    torch.testing.assert_close(GROUPS.together(share), whole)
    adstocked = share / share.sum(-1, keepdim=True).clamp_min(1e-9)
    assert (adstocked >= 0).all()
    torch.testing.assert_close(share, shape.share_of_series(raw, campaigns))


@pytest.mark.parametrize("shape", GROUPED)
def test_derivatives_of_campaigns_are_those_of_automatic_differentiation(
    shape, campaigns
):
    lags = lagged(campaigns, 3)
    raw = random_raw(shape)
    share, found = shape.share_and_derivatives(raw, lags)
    torch.testing.assert_close(share, shape.share(raw, lags))
    weight = torch.rand_like(share)
    given = {name: value.requires_grad_() for name, value in raw.items()}
    (weight * shape.share(given, lags)).sum().backward()
    for name, derivative in found.items():
        expected = GROUPS.together((weight * derivative).sum((0, 1)))
        torch.testing.assert_close(given[name].grad, expected)


@pytest.mark.parametrize("shape", GROUPED)
def test_cells_of_campaigns_are_parts_of_the_whole(shape, campaigns):
    lags, raw = lagged(campaigns, 3), random_raw(shape, 4)
    sums = lagged(GROUPS.each(GROUPS.together(campaigns)), 3)
    channel = torch.tensor([2, 0, 1])
    at = [0, 2, 2], [5, 0, 11], channel
    cells = shape.share_of_cells(raw, lags[at], channel, whole=sums[at])
    torch.testing.assert_close(cells, shape.share(raw, lags)[:, *at])


def test_the_first_media_of_a_group_bring_what_those_of_a_channel_do():
    shape = ResponseShape(
        GeometricAdstock(), ExponentialSaturation(), 3, groups=ChannelGroups((0, 0))
    )
    raw = {name: torch.tensor([p.mean]) for name, p in shape.priors.items()}
    media = torch.zeros(1, 4, 2, requires_grad=True)
    shape.share_of_series(raw, media).sum().backward()
    plain = torch.zeros(1, 4, 1, requires_grad=True)
    alone = ResponseShape(GeometricAdstock(), ExponentialSaturation(), 3)
    alone.share_of_series(raw, plain).sum().backward()
    torch.testing.assert_close(media.grad, plain.grad.expand(1, 4, 2))
    assert plain.grad[0, 0, 0] > 0


def test_effects_of_campaigns_deviate_from_that_of_their_group():
    groups = ChannelGroups((0, 1, 0), (3.0, 1.0, 1.0))
    shape = ResponseShape(GeometricAdstock(), HillSaturation(), 3, groups=groups)
    media = MediaResponse(2, 3, shape)
    with torch.no_grad():
        media.log_effect.copy_(torch.tensor([0.0, np.log(5.0)]))
        media.campaign.copy_(torch.tensor([np.log(2.0), 0.0]))
    effect = media.channel_effect.detach()
    assert effect[0] / effect[2] == pytest.approx(2.0)
    # Their mean by media, of logarithms, is that of the group.
    assert float(effect[0] ** 3 * effect[2]) == pytest.approx(1.0)
    assert effect[1].item() == pytest.approx(5.0)
    regional = media.regional_effect(torch.tensor([0, 1]))
    torch.testing.assert_close(regional, effect.expand(2, 3))


def test_campaigns_stand_beside_channels_of_reach_and_frequency(campaigns):
    groups = ChannelGroups((0, 1, 0, 2))
    shape = ResponseShape(
        adstock_of(
            [GeometricAdstock(), BinomialAdstock(), GeometricAdstock()], [3] * 3
        ),
        saturation_of([ExponentialSaturation(), HillSaturation(), HillSaturation()]),
        3,
        reach=(3,),
        groups=groups,
    )
    rng = np.random.default_rng(0)
    media = torch.cat([campaigns, campaigns[..., :1].flip(0)], dim=-1)
    often = torch.as_tensor(rng.uniform(1, 8, size=(3, 12, 1)))
    raw = {
        name: torch.as_tensor(p.mean + p.sd * rng.standard_normal(3))
        for name, p in shape.priors.items()
    }
    seen = lagged(media, 3), lagged(often, 3)
    share, found = shape.share_and_derivatives(raw, *seen)
    torch.testing.assert_close(share, shape.share(raw, *seen))
    torch.testing.assert_close(share, shape.share_of_series(raw, media, often))
    weight = torch.rand_like(share)
    given = {name: value.requires_grad_() for name, value in raw.items()}
    (weight * shape.share(given, *seen)).sum().backward()
    for name, derivative in found.items():
        expected = groups.together((weight * derivative).sum((0, 1)))
        torch.testing.assert_close(given[name].grad, expected)
    # That channel is what it would be alone.
    alone = shape.of_unit(2)
    own = {name: raw[name][[2]] for name in alone.priors}
    single = alone.share_of_series(own, media[..., [3]], often)
    torch.testing.assert_close(share[..., [3]], single)
