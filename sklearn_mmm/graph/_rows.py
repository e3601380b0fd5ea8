"""Rows for the graph, with what is common to all channels removed."""

import numpy as np
import torch

from sklearn_mmm.functional import lagged
from sklearn_mmm.graph._learn import GraphData

# From so many regions on, what they have in common in a week is removed as its mean.
_FEWEST_FOR_WEEK_MEANS = 3
# From so many regions on each is a cluster; else blocks of so many time steps are.
_FEWEST_FOR_REGION_CLUSTERS = 10
_BLOCK = 13
_N_HARMONICS = 2
_N_ROUNDS = 20


def independent_rows(values: np.ndarray) -> GraphData:
    """Return rows that are no series, (n_rows, n), as data for a graph."""
    n_rows, n = values.shape
    centred = values - values.mean(axis=0)
    return GraphData(
        centred, centred, np.zeros((n_rows, 0)), np.ones(n), np.arange(n_rows)
    )


def panel_rows(
    values: np.ndarray,
    observed: np.ndarray,
    position: np.ndarray,
    season_length: float | None,
    kernels: np.ndarray | None = None,
    n_lags: int = 0,
) -> GraphData:
    """Return the cells of a panel as data for a graph.

    What regions have in common in a week (budgets, season, national campaigns) would
    pass for an influence among channels, so it is removed together with the regions'
    means; with one or two regions a trend and a yearly season stand for it.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks, n)
        Comparable between regions.
    observed : bool ndarray of shape (n_regions, n_weeks)
    position : ndarray of shape (n_weeks,)
    season_length : float or None
        Time steps of a year.
    kernels : ndarray of shape (n, n_carry), optional
        Carry-over through which a channel acts; by default it acts at once.
    n_lags : int, default=0
        Past time steps that act as well.
    """
    n_regions, n_weeks, n = values.shape
    if kernels is None:
        kernels = np.ones((n, 1))
    n_carry = kernels.shape[1]
    history = lagged(torch.as_tensor(values), max(n_carry, n_lags + 1)).numpy()
    parents = (history[..., :n_carry] * kernels).sum(-1)
    # (region, week, lag, channel): the first lag of all channels, then the next.
    past = np.moveaxis(history[..., 1 : n_lags + 1], -1, 2)
    past = past.reshape(n_regions, n_weeks, n_lags * n)
    first = max(n_carry - 1, n_lags) if n_weeks > 2 * max(n_carry, n_lags + 1) else 0
    kept = observed.copy()
    kept[:, :first] = False
    stacked = np.concatenate([values, parents, past], axis=2)
    if n_regions >= _FEWEST_FOR_WEEK_MEANS:
        clean = _without_means(stacked, kept)
    else:
        clean = _without_course(stacked, kept, position, season_length)
    region, week = np.nonzero(kept)
    cluster = region
    if n_regions < _FEWEST_FOR_REGION_CLUSTERS:
        block = (week - first) // _BLOCK
        cluster = region * (int(block.max(initial=0)) + 1) + block
    rows = clean[kept]
    return GraphData(
        rows[:, :n],
        rows[:, n : 2 * n],
        rows[:, 2 * n :],
        kernels[:, 0],
        np.unique(cluster, return_inverse=True)[1],
    )


def _without_means(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Remove the means of regions and weeks, in turns where cells are missing."""
    weight = kept[..., None].astype(float)
    out = values * weight
    by_region = np.maximum(weight.sum(1, keepdims=True), 1)
    by_week = np.maximum(weight.sum(0, keepdims=True), 1)
    for _ in range(1 if kept.all() else _N_ROUNDS):
        out = (out - out.sum(1, keepdims=True) / by_region) * weight
        out = (out - out.sum(0, keepdims=True) / by_week) * weight
    return np.asarray(out)


def _without_course(
    values: np.ndarray,
    kept: np.ndarray,
    position: np.ndarray,
    season_length: float | None,
) -> np.ndarray:
    """Remove trend and season of each region."""
    span = np.ptp(position)
    columns = [np.ones(len(position)), (position - position.mean()) / max(span, 1)]
    if season_length and span >= season_length:
        for order in range(1, _N_HARMONICS + 1):
            angle = 2 * np.pi * order * position / season_length
            columns += [np.sin(angle), np.cos(angle)]
    design = np.column_stack(columns)
    out = np.zeros_like(values)
    for r in range(len(values)):
        seen = kept[r]
        course = np.linalg.lstsq(design[seen], values[r, seen])[0]
        out[r, seen] = values[r, seen] - design[seen] @ course
    return out
