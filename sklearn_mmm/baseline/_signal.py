"""What wanders, as covariances between weeks and as their products with weights."""

import numpy as np

from sklearn_mmm.baseline._covariance import (
    INTERCEPT,
    LEVEL,
    N_HARMONICS,
    TimeCovariance,
)
from sklearn_mmm.baseline._state_space import LONG
from sklearn_mmm.baseline._variances import TimeHyperparameters

_BLOCK = 128


def regional_signal(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    rows: np.ndarray,
    columns: np.ndarray,
) -> np.ndarray:
    """Return a region's covariance between weeks, in units of its noise variance."""
    return covariance.regional_kernels(rows, columns).covariance(hyper.regional)


def course_signal(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    rows: np.ndarray,
    columns: np.ndarray,
) -> np.ndarray:
    """Return the common course's covariance between weeks."""
    return covariance.course_kernels(rows, columns).covariance(hyper.course)


def regional_course(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    weeks: np.ndarray,
    position: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return the products of the regional covariance and weights.

    For a long series in time linear in its weeks: outside a block of them, earlier and
    later weeks are known by a sum for the level and one for each harmonic.

    Parameters
    ----------
    covariance : TimeCovariance
    hyper : TimeHyperparameters
    weeks : ndarray of shape (n,)
        Ascending, without repetition.
    position : ndarray of shape (n_weeks,)
        Of the weights, ascending.
    weights : ndarray of shape (n_regions, n_weeks)

    Returns
    -------
    ndarray of shape (n_regions, n)
    """
    if len(position) <= LONG:
        return weights @ regional_signal(covariance, hyper, weeks, position).T
    starts = np.arange(0, len(position), _BLOCK)
    begin = position[starts]
    block = np.maximum(np.searchsorted(begin, weeks, side="right") - 1, 0)
    parts, memory = hyper.regional
    constant = parts[INTERCEPT]
    out = constant * weights.sum(1, keepdims=True) * np.ones(len(weeks))
    within = [weights[:, i : i + _BLOCK] for i in starts]
    times = [position[i : i + _BLOCK] for i in starts]
    for j in np.unique(block):
        at = block == j
        near = regional_signal(covariance, hyper, weeks[at], times[j])
        out[:, at] += within[j] @ (near - constant).T
    if covariance.wanders:
        height = np.maximum(position - covariance.origin, 0.0)
        before = np.cumsum([(h * w).sum(1) for h, w in _zip(height, starts, within)], 0)
        total = np.cumsum([w.sum(1) for w in within], 0)
        reach = np.maximum(weeks - covariance.origin, 0.0)
        zero = np.zeros((1, len(weights)))
        earlier = np.vstack([zero, before])[block].T
        later = (total[-1] - total)[block].T
        out += parts[LEVEL] * (earlier + reach * later)
    for name, length, unit, power in covariance.seasons:
        for order in range(1, N_HARMONICS + 1):
            rate = -1 / (memory * unit) + 2j * np.pi * order / length
            far = _from_afar(rate, weeks, block, begin, times, within)
            out += parts[name] / order**power * far
    return out


def _zip(
    height: np.ndarray, starts: np.ndarray, within: list[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(height[i : i + _BLOCK], w) for i, w in zip(starts, within, strict=True)]


def _from_afar(
    rate: complex,
    weeks: np.ndarray,
    block: np.ndarray,
    begin: np.ndarray,
    times: list[np.ndarray],
    within: list[np.ndarray],
) -> np.ndarray:
    """Return what a fading wave brings from other blocks, (region, week)."""
    n = len(begin)
    state = np.zeros((n + 1, len(within[0])), complex)
    ends = np.append(begin[1:], times[-1][-1] + 1.0)
    for j in range(n):
        new = within[j] @ np.exp(rate * (ends[j] - times[j]))
        state[j + 1] = np.exp(rate * (ends[j] - begin[j])) * state[j] + new
    wave = np.exp(rate * np.maximum(weeks - begin[block], 0.0))
    out = (state[:-1][block].T * wave).real
    state[n] = 0.0
    back = np.zeros_like(state)
    for j in range(n - 1, 0, -1):
        new = within[j] @ np.exp(rate * (times[j] - begin[j]))
        further = np.exp(rate * (ends[j] - begin[j])) * back[j + 1]
        back[j] = new + further
    wave = np.exp(rate * np.maximum(ends[block] - weeks, 0.0))
    return np.asarray(out + (back[block + 1].T * wave).real)
