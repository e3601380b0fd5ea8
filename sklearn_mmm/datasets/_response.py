"""From activity to contributions: carry-over, saturation and drifting effects."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_mmm.datasets._processes import slow_walk

MAX_LAG = 8


class MediaResponse(NamedTuple):
    """What turns scaled activity into a share of the full effect, per channel."""

    decay: np.ndarray  # (channel,), in [0, 1)
    half_saturation: np.ndarray  # (channel,), in units of the region's largest spend
    slope: np.ndarray  # (channel,), positive
    max_lag: int

    def take(self, channels: np.ndarray) -> MediaResponse:
        """Keep some channels.

        Parameters
        ----------
        channels : ndarray of int
            Positions of the channels to keep.

        Returns
        -------
        MediaResponse
            The response of those channels.
        """
        return MediaResponse(
            self.decay[channels],
            self.half_saturation[channels],
            self.slope[channels],
            self.max_lag,
        )


def draw_response(rng: np.random.Generator, n_channels: int) -> MediaResponse:
    """Draw the carry-over and the saturation of each channel.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n_channels : int
        Number of channels.

    Returns
    -------
    MediaResponse
        Decay in (0, 0.7), half saturation in (0.2, 1.2), slope in (0.7, 2).
    """
    return MediaResponse(
        decay=rng.uniform(0.0, 0.7, n_channels),
        half_saturation=rng.uniform(0.2, 1.2, n_channels),
        slope=rng.uniform(0.7, 2.0, n_channels),
        max_lag=MAX_LAG,
    )


def carry_over(activity: np.ndarray, decay: np.ndarray, max_lag: int) -> np.ndarray:
    r"""Spread each week's activity over the weeks that follow it.

    Parameters
    ----------
    activity : ndarray of shape (..., n_weeks, n_channels)
        Activity per week; it is zero before the first week.
    decay : ndarray of shape (n_channels,)
        Share of the effect that is left a week later, in [0, 1).
    max_lag : int
        Number of weeks that the kernel covers.

    Returns
    -------
    ndarray of shape (..., n_weeks, n_channels)
        Adstocked activity.

    Notes
    -----
    The result is :math:`\sum_{l=0}^{L-1} w_l x_{t-l}` with
    :math:`w_l = d^l / \sum_{m<L} d^m`: lag 0 is the week itself, ``max_lag``
    counts it, and the weights sum to 1, so that constant activity is its own
    carry-over once :math:`L` weeks have passed.
    """
    weights = decay ** np.arange(max_lag)[:, np.newaxis]  # (lag, channel)
    weights = weights / weights.sum(axis=0)
    adstocked = weights[0] * activity
    for lag in range(1, min(max_lag, activity.shape[-2])):
        adstocked[..., lag:, :] += weights[lag] * activity[..., :-lag, :]
    return np.asarray(adstocked)


def saturate(
    adstocked: np.ndarray, half_saturation: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    r"""Hill curve :math:`x^s / (x^s + \kappa^s)` of non-negative activity.

    Parameters
    ----------
    adstocked : ndarray of shape (..., n_channels)
        Adstocked activity, at least 0.
    half_saturation : ndarray of shape (n_channels,)
        Activity :math:`\kappa` at which half of the effect is reached.
    slope : ndarray of shape (n_channels,)
        Exponent :math:`s`.

    Returns
    -------
    ndarray of shape (..., n_channels)
        Share of the full effect, in [0, 1).
    """
    powered = adstocked**slope
    return np.asarray(powered / (powered + half_saturation**slope))


def saturation_derivative(
    adstocked: np.ndarray, half_saturation: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    r"""Derivative :math:`s \kappa^s x^{s-1} / (x^s + \kappa^s)^2` of the Hill curve.

    Parameters
    ----------
    adstocked : ndarray of shape (..., n_channels)
        Adstocked activity, at least 0.
    half_saturation : ndarray of shape (n_channels,)
        Activity at which half of the effect is reached.
    slope : ndarray of shape (n_channels,)
        Exponent of the curve.

    Returns
    -------
    ndarray of shape (..., n_channels)
        Derivative; at zero activity it is infinite where the slope is below 1.
    """
    level = half_saturation**slope
    with np.errstate(divide="ignore"):
        steepness = slope * level * adstocked ** (slope - 1.0)
    return np.asarray(steepness / (adstocked**slope + level) ** 2)


def saturated_carry_over(activity: np.ndarray, response: MediaResponse) -> np.ndarray:
    """Share of the full effect that scaled activity reaches in each week.

    Parameters
    ----------
    activity : ndarray of shape (..., n_weeks, n_channels)
        Activity in units of the region's largest spend.
    response : MediaResponse
        Carry-over and saturation of the channels.

    Returns
    -------
    ndarray of shape (..., n_weeks, n_channels)
        Hill(adstock(activity)), in [0, 1).
    """
    adstocked = carry_over(activity, response.decay, response.max_lag)
    return saturate(adstocked, response.half_saturation, response.slope)


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
