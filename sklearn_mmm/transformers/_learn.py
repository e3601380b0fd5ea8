"""Learning adstock and Hill parameters by least squares, one channel at a time."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import nnls

from sklearn_mmm.functional import geometric_weights, hill, lagged

_PASSES = 3
_DECAYS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
_HALF_SATURATIONS = np.geomspace(0.1, 2.5, 8)
_SLOPES = np.array([0.6, 1.0, 1.5, 2.2])


class MediaParameters(NamedTuple):
    """Adstock and Hill parameters, each of shape (channel,)."""

    decay: np.ndarray
    half_saturation: np.ndarray
    slope: np.ndarray


def transform_media(
    media: np.ndarray, parameters: MediaParameters, max_lag: int, normalize: bool
) -> np.ndarray:
    """Return Hill(adstock(media)) of (region, week, channel) scaled media."""
    decay, half_saturation, slope = (
        torch.as_tensor(np.asarray(p, dtype=np.float64)) for p in parameters
    )
    weights = geometric_weights(decay, max_lag, normalize)
    adstocked = (lagged(torch.as_tensor(media), max_lag) * weights).sum(-1)
    return hill(adstocked, half_saturation, slope).numpy()


def learn_parameters(
    media: np.ndarray,
    target: np.ndarray,
    observed: np.ndarray,
    given: dict[str, np.ndarray | None],
    max_lag: int,
    normalize: bool,
) -> MediaParameters:
    r"""Return the parameters whose saturated media explain the target best.

    Minimises :math:`\lVert y - \sum_c \beta_c h_c \rVert^2` over
    :math:`\beta \geq 0` and a grid of decay, half-saturation and slope, channel by
    channel, after removing each region's mean and each week's common mean.

    Parameters
    ----------
    media : ndarray of shape (n_regions, n_weeks, n_channels)
        Scaled media.
    target : ndarray of shape (n_regions, n_weeks)
        Outcome relative to the region's mean.
    observed : bool ndarray of shape (n_regions, n_weeks)
    given : dict
        ``decay``, ``half_saturation``, ``slope``: arrays that are used as they are,
        or None.
    """
    known = {name: value for name, value in given.items() if value is not None}
    if len(known) == len(given):
        return MediaParameters(**known)
    n_channels = media.shape[2]
    grids = {
        "decay": _DECAYS,
        "half_saturation": _HALF_SATURATIONS,
        "slope": _SLOPES,
    }
    start = {"decay": 0.3, "half_saturation": 0.6, "slope": 1.0}
    current = {
        name: np.full(n_channels, start[name]) if value is None else value.copy()
        for name, value in given.items()
    }
    y = _within(target[..., None], observed)[:, 0]
    best = [
        _candidates(media[..., [c]], current, given, grids, c, max_lag, normalize)
        for c in range(n_channels)
    ]
    features = [_within(table, observed) for _, table in best]
    choice = [0] * n_channels
    for _ in range(_PASSES):
        for c in range(n_channels):
            design = np.column_stack(
                [features[j][:, choice[j]] for j in range(n_channels)]
            )
            beta, _ = nnls(design, y)
            rest = y - design @ beta + design[:, c] * beta[c]
            choice[c] = _best_column(features[c], rest)
    for c in range(n_channels):
        for name, value in zip(given, best[c][0][choice[c]], strict=True):
            current[name][c] = value
    return MediaParameters(**current)


def _candidates(
    media: np.ndarray,
    current: dict[str, np.ndarray],
    given: dict[str, np.ndarray | None],
    grids: dict[str, np.ndarray],
    channel: int,
    max_lag: int,
    normalize: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the grid of a channel, (n, 3), and its features (region, week, n)."""
    axes = [
        grids[name] if given[name] is None else current[name][[channel]]
        for name in given
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
    start = [current[name][channel] for name in given]
    grid = np.vstack([start, grid])  # the start is the choice before the first pass
    repeated = np.repeat(media, len(grid), axis=2)
    table = transform_media(repeated, MediaParameters(*grid.T), max_lag, normalize)
    return grid, table


def _within(values: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return observed (row, feature) values less region means and week means."""
    weight = observed[..., None]
    mean = (values * weight).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
    centred = (values - mean) * weight
    if len(observed) > 1:
        count = np.maximum(weight.sum(0, keepdims=True), 1)
        centred = (centred - centred.sum(0, keepdims=True) / count) * weight
    return centred[observed]


def _best_column(features: np.ndarray, rest: np.ndarray) -> int:
    """Return the column with the largest drop in squares at a slope >= 0."""
    size = (features**2).sum(0)
    match = features.T @ rest
    gain = np.where(
        (match > 0) & (size > 0), match**2 / np.where(size > 0, size, 1), 0.0
    )
    return int(np.argmax(gain))
