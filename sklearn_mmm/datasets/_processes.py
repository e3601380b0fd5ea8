"""Random series over weeks from which spend, controls and demand are built.

Every array here ends in the axes (week, feature); axes before them, such as the
region, are independent repetitions.
"""

from __future__ import annotations

import numpy as np

# Below half a year a wave is no longer a slow drift: it would compete with bursts.
_WEEKS_PER_HALF_YEAR = 26


def autoregressive(
    rng: np.random.Generator, shape: tuple[int, ...], memory: float
) -> np.ndarray:
    """Draw stationary first-order autoregressions with mean 0 and variance 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    shape : tuple of int
        Shape (..., week, feature) of the result.
    memory : float
        Correlation between neighbouring weeks, in [0, 1).

    Returns
    -------
    ndarray of the given shape
        The series.
    """
    series = rng.standard_normal(shape)
    innovation_sd = np.sqrt(1.0 - memory**2)
    for week in range(1, shape[-2]):
        series[..., week, :] *= innovation_sd
        series[..., week, :] += memory * series[..., week - 1, :]
    return series


def slow_walk(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    r"""Draw smooth random walks with mean 0 over the weeks and expected variance 1.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    shape : tuple of int
        Shape (..., week, feature) of the result.

    Returns
    -------
    ndarray of the given shape
        The series.

    Notes
    -----
    A Brownian path less its mean is :math:`\sum_k \xi_k \cos(\pi k t) / k` up to
    scale, with independent standard normal :math:`\xi_k`; keeping the first waves
    alone makes it smooth.
    """
    n_weeks = shape[-2]
    wave = np.arange(1, max(1, n_weeks // _WEEKS_PER_HALF_YEAR) + 1)
    time = (np.arange(n_weeks) + 0.5) / n_weeks
    basis = np.cos(np.pi * np.outer(time, wave)) / wave  # (week, wave)
    basis /= np.sqrt(0.5 * np.sum(1.0 / wave**2))
    coefficients = rng.standard_normal((*shape[:-2], wave.size, shape[-1]))
    return np.asarray(basis @ coefficients)
