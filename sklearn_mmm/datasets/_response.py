"""Truths of channels: carry-over, saturation and drifting effects."""

from __future__ import annotations

import numpy as np

from sklearn_mmm.components import (
    Adstock,
    GeometricAdstock,
    HillSaturation,
    Saturation,
)
from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.datasets._processes import slow_walk

_WEEKS, _DAYS = 8, 28


# Of the built-in defaults; parameters of other forms are drawn from their priors.
# The decay is of a week.
_RANGES = {"decay": (0.0, 0.7), "half_saturation": (0.2, 1.2), "slope": (0.7, 2.0)}
# Of that range: what is carried over fades within the four weeks of daily kernels.
_DAILY = 0.7
# The middle of a prior: truths at its ends can hardly be learned.
_MIDDLE = (0.1, 0.9)


def n_lags_of(per_week: int) -> int:
    """Return the length of kernels of weeks (1 step in a week) or days (7)."""
    return _WEEKS if per_week == 1 else _DAYS


def draw_response(
    rng: np.random.Generator,
    n_channels: int,
    adstock: Adstock,
    saturation: Saturation,
    per_week: int = 1,
) -> ChannelResponse:
    """Draw the carry-over and the saturation of each channel.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n_channels : int
        Number of channels.
    adstock : Adstock
    saturation : Saturation
    per_week : int, default=1
        Time steps of a week.

    Returns
    -------
    ChannelResponse
        With a geometric adstock the decay of a week is in (0, 0.7), with a Hill curve
        the half-saturation in (0.2, 1.2) and the slope, above its smallest, in (0.7,
        2); other parameters are within the middle 80 % of their priors.
    """
    parameters = {}
    usual = type(adstock) is GeometricAdstock, type(saturation) is HillSaturation
    n_lags = n_lags_of(per_week)
    declared = adstock.priors_for(n_lags, 1 / per_week), saturation.priors
    for is_default, priors in zip(usual, declared, strict=True):
        for prior in priors:
            if is_default:
                low, high = _RANGES[prior.name]
                drawn = rng.uniform(low, high, n_channels)
                drawn += prior.low if prior.name == "slope" else 0.0
                if prior.name == "decay" and per_week > 1:
                    drawn = (_DAILY * drawn) ** (1 / per_week)
            else:
                level = rng.uniform(*_MIDDLE, n_channels)
                drawn = np.array([prior.quantile(p) for p in level])
            parameters[prior.name] = drawn
    return ChannelResponse(adstock, saturation, n_lags, n_channels, parameters)


def draw_multipliers(
    rng: np.random.Generator, n_regions: int, years: np.ndarray, n_channels: int
) -> np.ndarray:
    """Draw how effects drift: a yearly wave and a slow walk, with mean 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n_regions : int
        Number of regions.
    years : ndarray of shape (n_weeks,)
        Time in years.
    n_channels : int
        Number of channels.

    Returns
    -------
    ndarray of shape (n_regions, n_weeks, n_channels)
        Positive multipliers whose mean over the weeks is 1.
    """
    n_weeks = years.size
    phase = rng.uniform(0.0, 2.0 * np.pi, n_channels)
    shared = 0.45 * np.sin(2.0 * np.pi * years[:, np.newaxis] + phase)
    shared += 0.08 * slow_walk(rng, (n_weeks, n_channels))
    local = 0.05 * slow_walk(rng, (n_regions, n_weeks, n_channels))
    # exp(±0.45) is about ±50 %, and keeps the multipliers positive.
    multipliers = np.exp(shared + local)
    return np.asarray(multipliers / multipliers.mean(axis=1, keepdims=True))
