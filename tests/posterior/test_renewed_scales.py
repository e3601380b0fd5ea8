"""Scales of shrunken parameters find their end in a few rounds."""

import numpy as np
import pytest
import torch

from sklearn_mmm.posterior._renewed_scales import _hastened

_NOISE = 0.5


@pytest.fixture
def seen():
    """Return what 400 parameters of scale 0.5 look like under noise."""
    rng = np.random.default_rng(0)
    return 0.5 * rng.standard_normal(400) + _NOISE * rng.standard_normal(400)


def draws(seen, scale):
    """Return draws of the parameters, given what is seen and a scale."""
    variance = 1 / (scale**-2 + _NOISE**-2)
    rng = np.random.default_rng(1)
    noise = np.sqrt(variance) * rng.standard_normal((500, len(seen)))
    return torch.as_tensor(seen * variance / _NOISE**2 + noise)


def rounds(seen, scale, n, renew):
    """Return the scale after some renewals."""
    for _ in range(n):
        scale = renew(scale, draws(seen, scale))
    return scale


@pytest.mark.parametrize("start", [0.25, 2.0])
def test_a_few_rounds_do_what_many_plain_ones_do(seen, start):
    likeliest = np.sqrt((seen**2).mean() - _NOISE**2)

    def plain(scale, drawn):
        return drawn.square().mean().sqrt().item()

    hastened = rounds(seen, start, 8, _hastened)
    assert hastened == pytest.approx(likeliest, rel=0.03)
    assert rounds(seen, likeliest, 1, _hastened) == pytest.approx(likeliest, rel=0.01)
    slow = rounds(seen, start, 8, plain)
    assert abs(np.log(slow / likeliest)) > 2 * abs(np.log(hastened / likeliest))


def test_what_is_all_but_unknown_takes_a_step_of_limited_length():
    drawn = torch.as_tensor(np.random.default_rng(2).standard_normal((500, 40)))
    drawn *= 0.9
    size = drawn.square().mean().sqrt().item()
    assert size > _hastened(1.0, drawn) > size**4
