"""What sells without media: region sizes, baseline and controls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from sklearn_mmm.datasets._processes import autoregressive, slow_walk

_NAMES = ("price", "promotion", "competitor")
_SALES_PER_SIZE = 10_000.0
# The largest of 20 regions is then about 30 times the smallest.
_SIZE_SPREAD = 0.87


class Controls(NamedTuple):
    """Control variables and what they do to the outcome."""

    values: np.ndarray  # (region, week, control)
    reference: np.ndarray  # (control,), where the effect is zero
    coefficients: np.ndarray  # (region, control), outcome per unit of the control


def draw_region_sizes(rng: np.random.Generator, n_regions: int) -> np.ndarray:
    """Draw log-normal region sizes around 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n_regions : int
        Number of regions.

    Returns
    -------
    ndarray of shape (n_regions,)
        Shuffled quantiles with a little noise, so that the spread depends on the
        number of regions and hardly on chance.
    """
    quantiles = ndtri((np.arange(n_regions) + 0.5) / n_regions)
    jitter = 0.05 * rng.standard_normal(n_regions)
    return np.asarray(np.exp(rng.permutation(_SIZE_SPREAD * quantiles) + jitter))


def usual_sales(sizes: np.ndarray) -> np.ndarray:
    """Weekly sales that regions would have at an average level without media.

    Parameters
    ----------
    sizes : ndarray of shape (n_regions,)
        Sizes of the regions.

    Returns
    -------
    ndarray of shape (n_regions,)
        Outcome units.
    """
    return np.asarray(_SALES_PER_SIZE * sizes)


def draw_baseline(
    rng: np.random.Generator, sizes: np.ndarray, years: np.ndarray
) -> np.ndarray:
    """Draw a level that wanders slowly, times a season.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    sizes : ndarray of shape (n_regions,)
        Sizes of the regions.
    years : ndarray of shape (n_weeks,)
        Time in years.

    Returns
    -------
    ndarray of shape (n_regions, n_weeks)
        Positive outcome units.
    """
    n_regions, n_weeks = sizes.size, years.size
    drift = 0.06 * slow_walk(rng, (n_weeks, 1))[:, 0]
    drift = drift + 0.05 * slow_walk(rng, (n_regions, n_weeks, 1))[..., 0]
    angle = 2.0 * np.pi * years
    yearly = rng.uniform(0.06, 0.12) * np.cos(angle + rng.uniform(0.0, 0.8))
    yearly += rng.uniform(0.01, 0.04) * np.cos(2.0 * angle + rng.uniform(0.0, 6.0))
    amplitude = np.exp(0.15 * rng.standard_normal((n_regions, 1)))
    level = usual_sales(sizes)[:, np.newaxis] * np.exp(drift)
    return np.asarray(level * (1.0 + amplitude * yearly))


def control_names(n_controls: int) -> list[str]:
    """Name the controls.

    Parameters
    ----------
    n_controls : int
        Number of controls.

    Returns
    -------
    list of str
        Familiar names first, then numbered ones.
    """
    numbered = [f"control_{i}" for i in range(len(_NAMES) + 1, n_controls + 1)]
    return [*_NAMES[:n_controls], *numbered]


def draw_controls(
    rng: np.random.Generator, sizes: np.ndarray, n_weeks: int, n_controls: int
) -> Controls:
    """Draw control variables and their linear effects.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    sizes : ndarray of shape (n_regions,)
        Sizes of the regions.
    n_weeks : int
        Number of weeks.
    n_controls : int
        Number of controls.

    Returns
    -------
    Controls
        Price, depth of promotion, competitor's pressure, then unnamed factors.
    """
    # One generator per control: the first ones do not depend on how many follow.
    kinds = (_draw_price, _draw_promotion, _draw_competitor)
    reference, sensitivity, values = [], [], []
    for control, stream in enumerate(rng.spawn(n_controls)):
        draw = kinds[control] if control < len(kinds) else _draw_factor
        series, centre, elasticity = draw(stream, sizes.size, n_weeks)
        local = np.exp(0.1 * stream.standard_normal(sizes.size))
        values.append(series)
        reference.append(centre)
        sensitivity.append(elasticity * local * usual_sales(sizes))
    return Controls(
        np.reshape(values, (n_controls, sizes.size, n_weeks)).transpose(1, 2, 0),
        np.asarray(reference, dtype=float),
        np.reshape(sensitivity, (n_controls, sizes.size)).T,
    )


class _Draw(NamedTuple):
    series: np.ndarray  # (region, week)
    reference: float
    elasticity: float  # share of the usual sales per unit of the control


def _draw_price(rng: np.random.Generator, n_regions: int, n_weeks: int) -> _Draw:
    """Price around 10: slow everywhere, a little dearer here than there."""
    national = 0.05 * slow_walk(rng, (n_weeks, 1))[:, 0]
    local = 0.03 * slow_walk(rng, (n_regions, n_weeks, 1))[..., 0]
    level = 0.03 * rng.standard_normal((n_regions, 1))
    price = 10.0 * np.exp(national + local + level)
    return _Draw(price, 10.0, -0.1 * rng.uniform(0.6, 1.2))


def _draw_promotion(rng: np.random.Generator, n_regions: int, n_weeks: int) -> _Draw:
    """Depth of price promotions: national events that most regions join."""
    event = autoregressive(rng, (n_weeks, 1), 0.6)[:, 0] > 0.9
    joins = rng.random((n_regions, n_weeks)) < 0.8
    depth = rng.choice([0.1, 0.2, 0.3], size=n_weeks)
    return _Draw(event * joins * depth, 0.0, rng.uniform(0.3, 0.7))


def _draw_competitor(rng: np.random.Generator, n_regions: int, n_weeks: int) -> _Draw:
    """Competitor's pressure around 1: waves of some months, stronger in places."""
    national = autoregressive(rng, (n_weeks, 1), 0.9)[:, 0]
    local = autoregressive(rng, (n_regions, n_weeks, 1), 0.8)[..., 0]
    pressure = np.exp(0.25 * national + 0.15 * local)
    return _Draw(pressure, 1.0, -rng.uniform(0.04, 0.1))


def _draw_factor(rng: np.random.Generator, n_regions: int, n_weeks: int) -> _Draw:
    """Unnamed standardised factor of either sign, half national and half local."""
    national = autoregressive(rng, (n_weeks, 1), 0.7)[:, 0]
    local = autoregressive(rng, (n_regions, n_weeks, 1), 0.7)[..., 0]
    sign = rng.choice([-1.0, 1.0])
    factor = np.sqrt(0.5) * (national + local)
    return _Draw(factor, 0.0, sign * rng.uniform(0.01, 0.03))
