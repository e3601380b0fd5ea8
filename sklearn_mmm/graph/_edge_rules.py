"""What a user knows about edges, as masks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mmm._arguments import check_number
from sklearn_mmm.graph._edges import EdgeRules


def make_edge_rules(
    channels: list[str],
    required_edges: Iterable[tuple[str, str]] | None,
    forbidden_edges: Iterable[tuple[str, str]] | None,
    tiers: Mapping[str, int] | None,
    mediators: Sequence[str] = (),
) -> EdgeRules:
    """Check and translate known facts about the graph.

    Mediators without a tier drive none but one another, as far as no edge is required.

    Raises
    ------
    ValueError
        If a channel is unknown, an edge is required and forbidden, or required edges
        form a cycle.
    """
    n = len(channels)
    required = _mask(required_edges, channels, "required_edges")
    forbidden = _mask(forbidden_edges, channels, "forbidden_edges") | np.eye(
        n, dtype=bool
    )
    tiers = dict(tiers or {})
    unknown = [name for name in tiers if name not in channels]
    if unknown:
        raise ValueError(f"tiers names unknown channels {unknown}; they are {channels}")
    for name, value in tiers.items():
        check_number(f"tiers[{name!r}]", value)
    tier = np.array([float(tiers.get(name, np.nan)) for name in channels])
    # Channels without a tier may stand anywhere.
    forbidden |= tier[:, None] > tier
    last = np.array([name in mediators and name not in tiers for name in channels])
    forbidden |= last[:, None] & ~last & ~required
    clash = np.argwhere(required & forbidden)
    if len(clash):
        i, j = clash[0]
        raise ValueError(
            f"the edge from {channels[i]!r} to {channels[j]!r} is required and "
            "forbidden (or against the tiers); drop one of the two"
        )
    reach = required.copy()
    for k in range(n):
        reach |= np.outer(reach[:, k], reach[k])
    if reach.diagonal().any():
        name = channels[int(np.argmax(reach.diagonal()))]
        raise ValueError(f"required_edges form a cycle through {name!r}")
    # What leads back from a required edge's end would close a cycle.
    return EdgeRules(~forbidden & ~reach.T, required)


def _mask(
    edges: Iterable[tuple[str, str]] | None, channels: list[str], what: str
) -> np.ndarray:
    out = np.zeros((len(channels), len(channels)), bool)
    for edge in () if edges is None else edges:
        ends: Any = [edge]
        if isinstance(edge, Collection) and not isinstance(edge, str):
            ends = list(edge)
        if len(ends) != 2 or any(end not in channels for end in ends):
            raise ValueError(
                f"{what} has {edge!r}; give pairs (from, to) of the channels {channels}"
            )
        out[channels.index(ends[0]), channels.index(ends[1])] = True
    return out
