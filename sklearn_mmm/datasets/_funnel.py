"""Channels that feed channels: an acyclic graph over scaled activity."""

from __future__ import annotations

import numpy as np

from sklearn_mmm.datasets._mixed_response import Response

_MAX_PARENTS = 3
# Regions enough to calibrate an edge; more would only cost time.
_CALIBRATION_REGIONS = 64
# Below 1, some activity of a child's own is left whatever the parents do.
_LARGEST_STRENGTH = 0.9


def draw_edges(rng: np.random.Generator, n_channels: int) -> np.ndarray:
    """Draw a sparse acyclic graph whose order has nothing to do with the columns'.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    n_channels : int
        Number of channels.

    Returns
    -------
    ndarray of shape (n_channels, n_channels)
        Relative weights, row to column: those of a child's parents sum to 1.
    """
    order = rng.permutation(n_channels)
    rank = np.argsort(order)
    candidates = rng.random((n_channels, n_channels))
    strengths = rng.uniform(0.6, 1.4, (n_channels, n_channels))
    if n_channels == 1:
        return np.zeros((1, 1))
    # With C (C - 1) / 2 ordered pairs this expects C edges at the most.
    probability = min(0.5, 2.0 / (n_channels - 1))
    downstream = rank[:, np.newaxis] < rank
    present = downstream & (candidates < probability)
    if not present.any():
        present[order[0], order[-1]] = True
    # Many weak parents could not be told apart from noise.
    closeness = np.where(present, candidates, np.inf)
    nearest = np.argsort(np.argsort(closeness, axis=0), axis=0) < _MAX_PARENTS
    edges = np.where(present & nearest, strengths, 0.0)
    total = edges.sum(axis=0)
    return np.asarray(edges / np.where(total > 0, total, 1.0))


def topological_order(graph: np.ndarray) -> list[int]:
    """Order the channels so that parents come before their children.

    Parameters
    ----------
    graph : ndarray of shape (n_channels, n_channels)
        Weights, row to column, without cycles.

    Returns
    -------
    list of int
        Positions of the channels.
    """
    waiting = list(range(graph.shape[0]))
    order: list[int] = []
    while waiting:
        free = [c for c in waiting if not graph[waiting, c].any()]
        if not free:
            names = ", ".join(map(str, waiting))
            raise ValueError(f"The graph has a cycle among the channels {names}.")
        order += free
        waiting = [c for c in waiting if c not in free]
    return order


def link_activity(
    rng: np.random.Generator,
    own: np.ndarray,
    edges: np.ndarray,
    response: Response,
) -> tuple[np.ndarray, np.ndarray]:
    """Add to each channel's own activity what its parents bring about.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    own : ndarray of shape (n_regions, n_weeks, n_channels)
        Activity of each channel's own accord, at most 1 and reaching it.
    edges : ndarray of shape (n_channels, n_channels)
        Relative weights, row to column.
    response : Response
        Carry-over of the channels.

    Returns
    -------
    activity : ndarray of shape (n_regions, n_weeks, n_channels)
        Own activity, shrunk to make room, plus the parents' weighted carry-over;
        again at most 1 and reaching it, so scaled units stay scaled units.
    graph : ndarray of shape (n_channels, n_channels)
        Weights of those sums, row to column, the same in all regions.
    """
    activity = own.copy()
    graph = np.zeros_like(edges)
    shares = np.asarray(rng.uniform(0.3, 0.5, edges.shape[0]))
    for child in topological_order(edges):
        parents = np.flatnonzero(edges[:, child])
        if not parents.size:
            continue
        pull = response.take(parents).carry_over(activity[..., parents])
        pull = pull @ edges[parents, child]  # (region, week)
        strength = _edge_strength(own[..., child], pull, shares[child])
        graph[parents, child] = strength * edges[parents, child]
        inherited = strength * pull
        room = _own_scale(own[..., child], inherited)
        activity[..., child] = room * own[..., child] + inherited
    return activity, graph


def _own_scale(own: np.ndarray, inherited: np.ndarray) -> np.ndarray:
    """Largest factor on own activity that keeps each region's sum within 1."""
    busy = own > 0
    room = np.divide(1.0 - inherited, own, out=np.full_like(own, np.inf), where=busy)
    return np.asarray(room.min(axis=1, keepdims=True))  # (region, 1)


def _edge_strength(own: np.ndarray, pull: np.ndarray, share: float) -> float:
    """Strength at which the parents cause a share of the child's variance."""
    own, pull = own[:_CALIBRATION_REGIONS], pull[:_CALIBRATION_REGIONS]
    own_variance, pull_variance = own.var(axis=1), pull.var(axis=1)  # (region,)
    low, high = 0.0, _LARGEST_STRENGTH
    for _ in range(30):
        strength = 0.5 * (low + high)
        scale = _own_scale(own, strength * pull)[:, 0]
        caused = strength**2 * pull_variance
        total = caused + scale**2 * own_variance
        ratio = np.divide(caused, total, out=np.zeros_like(total), where=total > 0)
        low, high = (strength, high) if ratio.mean() < share else (low, strength)
    return strength


def propagate(
    planned: np.ndarray,
    factual: np.ndarray,
    graph: np.ndarray,
    response: Response,
) -> np.ndarray:
    """Let the children follow where planned activity departs from the factual.

    Parameters
    ----------
    planned : ndarray of shape (n_regions, n_weeks, n_channels)
        Activity as planned, in scaled units, before any child has reacted.
    factual : ndarray of shape (n_regions, n_weeks, n_channels)
        Activity as it was, in scaled units.
    graph : ndarray of shape (n_channels, n_channels)
        Weights, row to column.
    response : Response
        Carry-over of the channels.

    Returns
    -------
    ndarray of shape (n_regions, n_weeks, n_channels)
        Activity after all descendants have reacted, at least 0.
    """
    activity = planned.copy()
    changed = (planned != factual).any(axis=(0, 1))
    for child in topological_order(graph):
        parents = np.flatnonzero((graph[:, child] != 0) & changed)
        if not parents.size:
            continue
        change = activity[..., parents] - factual[..., parents]
        change = response.take(parents).carry_over(change)
        activity[..., child] += change @ graph[parents, child]
        # What two plans both take away cannot be lost twice.
        np.maximum(activity[..., child], 0.0, out=activity[..., child])
        changed[child] = True
    return activity


def mediated_contributions(
    activity: np.ndarray,
    weight: np.ndarray,
    graph: np.ndarray,
    response: Response,
) -> np.ndarray:
    """Contribution of each channel's descendants that is lost without the channel.

    Parameters
    ----------
    activity : ndarray of shape (n_regions, n_weeks, n_channels)
        Activity in scaled units.
    weight : ndarray of shape (n_regions, n_weeks, n_channels)
        Outcome at full saturation.
    graph : ndarray of shape (n_channels, n_channels)
        Weights, row to column.
    response : Response
        Carry-over and saturation of the channels.

    Returns
    -------
    ndarray of shape (n_regions, n_weeks, n_channels)
        Mediated contributions, in outcome units.
    """
    mediated = np.zeros_like(activity)
    if not graph.any():
        return mediated
    factual = weight * response.share(activity)
    for channel in np.flatnonzero(graph.any(axis=1)):
        without = activity.copy()
        without[..., channel] = 0.0
        without = propagate(without, activity, graph, response)
        hit = (without != activity).any(axis=(0, 1))
        hit[channel] = False
        affected = np.flatnonzero(hit)
        remaining = response.take(affected).share(without[..., affected])
        lost = factual[..., affected] - weight[..., affected] * remaining
        mediated[..., channel] = lost.sum(axis=-1)
    return mediated
