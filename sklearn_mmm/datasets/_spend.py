"""Media activity and spend as advertisers plan them."""

from __future__ import annotations

import numpy as np

from sklearn_mmm.datasets._processes import autoregressive

_NAMES = (
    "tv",
    "search",
    "social",
    "display",
    "video",
    "radio",
    "print",
    "email",
    "affiliate",
    "outdoor",
)


_ORGANIC = ("newsletter", "organic_social", "blog")


def organic_names(n_channels: int) -> list[str]:
    """Name media that cost nothing: familiar names first, then numbered ones."""
    numbered = [f"organic_{i}" for i in range(len(_ORGANIC) + 1, n_channels + 1)]
    return [*_ORGANIC[:n_channels], *numbered]


def channel_names(n_channels: int) -> list[str]:
    """Name the channels.

    Parameters
    ----------
    n_channels : int
        Number of channels.

    Returns
    -------
    list of str
        Familiar names first, then numbered ones.
    """
    numbered = [f"channel_{i}" for i in range(len(_NAMES) + 1, n_channels + 1)]
    return [*_NAMES[:n_channels], *numbered]


def draw_activity(
    rng: np.random.Generator,
    n_regions: int,
    years: np.ndarray,
    n_channels: int,
    *,
    independent: bool,
) -> np.ndarray:
    """Draw campaign bursts in units of each region's largest week.

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
    independent : bool
        Whether channels are planned without a common budget, with heavier tails.
        A common budget would confound the causes among channels.

    Returns
    -------
    ndarray of shape (n_regions, n_weeks, n_channels)
        Activity in [0, 1], with maximum 1 in every region and channel.
    """
    appetite = _appetite(rng, n_regions, years, n_channels, independent=independent)
    order = rng.permutation(n_channels)
    always_on = order[: n_channels // 3]
    late = order[n_channels - _n_late(n_channels) :]
    threshold = rng.uniform(-0.3, 0.5, n_channels)
    threshold[always_on] = -1.6
    # A campaign starts with half a unit at once: plans do not fade in.
    excess = appetite - threshold
    activity = np.where(excess > 0, 0.5 + excess, 0.0)
    wobble = 0.6 if independent else 0.25
    activity *= np.exp(wobble * rng.standard_normal(activity.shape))
    start = (years.size * rng.uniform(0.15, 0.4, late.size)).astype(int)
    for channel, first in zip(late, start, strict=True):
        activity[:, :first, channel] = 0.0
    # Some channel spends in the first week, and each one in some week, so that
    # media have an effect and scales are positive however short the panel is.
    activity[:, 0, order[0]] = np.maximum(activity[:, 0, order[0]], 0.5)
    idle = activity.max(axis=1) == 0  # (region, channel)
    activity[:, -1, :] = np.where(idle, 1.0, activity[:, -1, :])
    return np.asarray(activity / activity.max(axis=1, keepdims=True))


def _n_late(n_channels: int) -> int:
    """Number of channels that are launched after the first week."""
    return 0 if n_channels == 1 else max(1, n_channels // 8)


def _appetite(
    rng: np.random.Generator,
    n_regions: int,
    years: np.ndarray,
    n_channels: int,
    *,
    independent: bool,
) -> np.ndarray:
    """Draw the wish to spend, of variance about 1, shared over channels and regions."""
    shape = (years.size, n_channels)
    budget, national, local = (0.0, 0.5, 0.5) if independent else (0.35, 0.4, 0.25)
    spread = np.pi if independent else 0.5
    phase = rng.uniform(-spread, spread, n_channels)
    # The year ends with the largest budgets.
    season = 0.4 * np.cos(2.0 * np.pi * (years[:, np.newaxis] + 0.06) - phase)
    shared = season + np.sqrt(national) * autoregressive(rng, shape, 0.8)
    shared += np.sqrt(budget) * autoregressive(rng, (years.size, 1), 0.9)
    return np.asarray(
        shared + np.sqrt(local) * autoregressive(rng, (n_regions, *shape), 0.7)
    )


def draw_spend_scale(
    rng: np.random.Generator, sizes: np.ndarray, n_channels: int
) -> np.ndarray:
    """Draw the largest weekly spend of every region and channel.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    sizes : ndarray of shape (n_regions,)
        Sizes of the regions.
    n_channels : int
        Number of channels.

    Returns
    -------
    ndarray of shape (n_regions, n_channels)
        Spend in currency units, proportional to size with local variation.
    """
    budget = 1500.0 * np.exp(0.5 * rng.standard_normal(n_channels))
    local = np.exp(0.25 * rng.standard_normal((sizes.size, n_channels)))
    return np.asarray(sizes[:, np.newaxis] * budget * local)
