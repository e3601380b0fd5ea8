"""Reach times the response to frequency: by hand, its derivatives and invariances."""

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
from sklearn_mmm.network import ResponseShape
from sklearn_mmm.network._media import MediaResponse
from sklearn_mmm.network._reach import as_series, carried
from sklearn_mmm.network._rescaled import rescaled

SHAPES = [
    ResponseShape(GeometricAdstock(), HillSaturation(), 3, reach=(1,)),
    ResponseShape(BinomialAdstock(), ExponentialSaturation(), 3, reach=(0, 1)),
    ResponseShape(GeometricAdstock(), NoSaturation(), 3, reach=(0,)),
]
ids = [type(s.saturation).__name__ for s in SHAPES]


@pytest.fixture(autouse=True)
def _double():
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


def random_raw(shape, *members, n_channels=2):
    rng = np.random.default_rng(1)
    return {
        name: torch.as_tensor(
            p.mean + p.sd * rng.standard_normal((*members, n_channels))
        )
        for name, p in shape.priors.items()
    }


def exposure(shape):
    rng = np.random.default_rng(0)
    media = torch.as_tensor(rng.exponential(size=(3, 12, 2)))
    media[0, :4] = 0.0
    frequency = torch.as_tensor(rng.uniform(1, 8, size=(3, 12, len(shape.reach))))
    return media, frequency


def test_contributions_by_hand():
    shape = ResponseShape(GeometricAdstock(), HillSaturation(), 2, reach=(0,))
    media = MediaResponse(1, 1, shape)
    with torch.no_grad():
        media.adstock_decay.fill_(0.0)  # a decay of 1 / 2: weights 2/3 and 1/3
        media.frequency_half_saturation.fill_(np.log(2.0))
        media.frequency_slope.fill_(np.log(2.0))
        media.log_effect.fill_(np.log(3.0))
    reach = torch.tensor([[[3.0], [6.0]]])
    frequency = torch.tensor([[[2.0], [4.0]]])  # 1 / 2 and 4 / 5 of the curve
    expected = torch.tensor([3 * 2 * 0.5, 4 * 0.8 * 3 + 0.5 * 3]).reshape(1, 2, 1)
    seen = lagged(reach, 2), torch.tensor([0]), None, lagged(frequency, 2)
    torch.testing.assert_close(media(*seen), expected)
    series = media.of_series(reach, torch.tensor([0]), frequency)
    torch.testing.assert_close(series, expected)


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_derivatives_are_those_of_automatic_differentiation(shape):
    seen = [lagged(x, 3) for x in exposure(shape)]
    raw = random_raw(shape)
    share, found = shape.share_and_derivatives(raw, *seen)
    torch.testing.assert_close(share, shape.share(raw, *seen))
    assert list(found) == list(shape.priors)
    weight = torch.rand_like(share)
    given = {name: value.requires_grad_() for name, value in raw.items()}
    (weight * shape.share(given, *seen)).sum().backward()
    for name, derivative in found.items():
        expected = (weight * derivative).sum((0, 1))
        torch.testing.assert_close(given[name].grad, expected)


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_members_cells_and_series_are_parts_of_the_whole(shape):
    media, frequency = exposure(shape)
    lags, past = lagged(media, 3), lagged(frequency, 3)
    raw = random_raw(shape, 4)
    together = shape.share(raw, lags, past)
    assert together.shape == (4, *media.shape)
    for member in range(4):
        own = {n: p[member] for n, p in raw.items()}
        torch.testing.assert_close(together[member], shape.share(own, lags, past))
        series = shape.share_of_series(own, media, frequency)
        torch.testing.assert_close(series, together[member])
    channel = torch.tensor([1, 0, 1])
    cell = [0, 2, 2], [5, 0, 11]
    often = torch.stack(
        [
            past[r, t, shape.reach.index(c)] if c in shape.reach else torch.ones(3)
            for r, t, c in zip(*cell, channel.tolist(), strict=True)
        ]
    )
    cells = shape.share_of_cells(raw, lags[cell[0], cell[1], channel], channel, often)
    torch.testing.assert_close(cells, together[:, cell[0], cell[1], channel])


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
def test_the_unit_of_reach_does_not_matter(shape):
    media, frequency = exposure(shape)
    raw, past = random_raw(shape), lagged(frequency, 3)
    ratio = torch.tensor([0.5, 3.0])
    new, factor = rescaled(shape, raw, ratio)
    before = shape.share(raw, lagged(media, 3), past)
    after = factor * shape.share(new, lagged(media * ratio, 3), past)
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize("shape", SHAPES[:1], ids=ids[:1])
def test_the_response_is_linear_in_reach_and_other_channels_know_no_frequency(shape):
    media, frequency = exposure(shape)
    raw, past = random_raw(shape), lagged(frequency, 3)
    once = shape.share(raw, lagged(media, 3), past)
    twice = shape.share(raw, lagged(2 * media, 3), past)
    torch.testing.assert_close(twice[..., 1], 2 * once[..., 1])
    plain = shape.share(raw, lagged(media, 3))
    torch.testing.assert_close(once[..., 0], plain[..., 0])


def test_a_series_with_its_past_is_read_off_its_lags():
    x = torch.arange(8.0).reshape(1, 8, 1)
    lags = lagged(x, 3)[:, 2:]
    torch.testing.assert_close(as_series(lags), x)
    weights = torch.tensor([[0.5, 0.3, 0.2]])
    expected = (lags * weights).sum(-1)
    torch.testing.assert_close(carried(weights, as_series(lags)), expected)
