"""Where the nodes of an acyclic graph are drawn, and along which lines its edges."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

_N_SWEEPS = 12
# A line needs less room than a node.
_LINE_GAP, _NODE_GAP = 0.62, 1.0

# A channel, or the place where an edge (its number) crosses a column.
Place = str | tuple[int, int]


class GraphLayout(NamedTuple):
    """A drawing of a graph; y grows downwards.

    Attributes
    ----------
    nodes : dict
        Channel to (x, y).
    lines : list of ndarray of shape (n_points, 2)
        For each edge the points that it passes, from node to node.
    """

    nodes: dict[str, tuple[float, float]]
    lines: list[np.ndarray]


def layered_layout(nodes: pd.DataFrame, edges: pd.DataFrame) -> GraphLayout:
    """Draw an acyclic graph so that all edges lead to the right.

    Nodes stand in columns by their depth, and an edge has a place of its own in every
    column that it crosses. Within a column places are ordered by the mean of their
    neighbours, back and forth, which leaves few crossings (Sugiyama, Tagawa & Toda,
    1981), and then drawn as close to their neighbours as their order and distances
    allow, an isotonic regression. Nodes without edges stand in rows of their own below.

    Parameters
    ----------
    nodes : DataFrame
        ``channel`` and ``depth``.
    edges : DataFrame
        ``from`` and ``to``.

    Returns
    -------
    GraphLayout
    """
    depth = dict(zip(nodes["channel"], nodes["depth"], strict=True))
    pairs = list(zip(edges["from"], edges["to"], strict=True))
    joined = {name for pair in pairs for name in pair}
    layers: dict[int, list[Place]] = {}
    for name in nodes["channel"]:
        if name in joined:
            layers.setdefault(depth[name], []).append(name)
    neighbours: dict[Place, list[Place]] = {name: [] for name in joined}
    routes = []
    for i, (source, target) in enumerate(pairs):
        # An edge of past time steps may lead anywhere.
        start, end = sorted((depth[source], depth[target]))
        crossed: list[Place] = [(i, column) for column in range(start + 1, end)]
        for place in crossed:
            layers.setdefault(place[1], []).append(place)  # type: ignore[arg-type]
        if depth[source] > depth[target]:
            crossed.reverse()
        route: list[Place] = [source, *crossed, target]
        routes.append(route)
        for a, b in pairwise(route):
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    height = _heights([layers[d] for d in sorted(layers)], neighbours)
    column = {place: float(d) for d, places in layers.items() for place in places}
    found = {name: (column[name], height[name]) for name in joined}
    lines = [np.array([(column[p], height[p]) for p in route]) for route in routes]
    alone = [name for name in nodes["channel"] if name not in joined]
    lowest = max(height.values(), default=-1.0) + (1.25 if joined else 1.0)
    span = max(max(layers, default=0), 3)
    for i, name in enumerate(alone):
        row, place_in_row = divmod(i, span + 1)
        found[name] = (float(place_in_row), lowest + row)
    return GraphLayout(found, lines)


def _heights(
    layers: list[list[Place]], neighbours: dict[Place, list[Place]]
) -> dict[Place, float]:
    height = {
        place: i - (len(layer) - 1) / 2
        for layer in layers
        for i, place in enumerate(layer)
    }

    def wanted(place: Place) -> float:
        return float(np.mean([height[other] for other in neighbours[place]]))

    for sweep in range(_N_SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            if sweep < _N_SWEEPS // 2:
                layer.sort(key=wanted)
            places = keep_apart([wanted(p) for p in layer], _gaps(layer))
            height.update(zip(layer, places, strict=True))
    return height


def _gaps(layer: list[Place]) -> list[float]:
    """Return the least distance of each place to the one before it."""
    is_node = [isinstance(place, str) for place in layer]
    return [0.0] + [_NODE_GAP if a and b else _LINE_GAP for a, b in pairwise(is_node)]


def keep_apart(wanted: list[float], gaps: list[float]) -> list[float]:
    """Return the places closest to those wanted, in their order and apart by the gaps.

    Least squares subject to ``out[i] - out[i - 1] >= gaps[i]``, which is an isotonic
    regression of ``wanted`` less the cumulative gaps.
    """
    offset = np.cumsum(gaps)
    return list(isotonic_regression(np.asarray(wanted) - offset).x + offset)


def smooth_line(points: np.ndarray, n_points: int = 12) -> np.ndarray:
    """Return a smooth curve through points that move steadily to one side.

    Cubic Hermite pieces that are level at every point.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    n_points : int, default=12
        Of each piece.

    Returns
    -------
    ndarray of shape ((n - 1) * n_points + 1, 2)
    """
    t = np.linspace(0.0, 1.0, n_points, endpoint=False)
    ease = t**2 * (3 - 2 * t)
    pieces = [
        np.column_stack([a[0] + t * (b[0] - a[0]), a[1] + ease * (b[1] - a[1])])
        for a, b in pairwise(points)
    ]
    return np.vstack([*pieces, points[-1:]])
