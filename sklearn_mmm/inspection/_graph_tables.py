"""The channel graph as tables of nodes and edges."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.inspection._training_rows import (
    channels_by_size,
    interval_options,
    worth_of_parts,
)


class GraphTables(NamedTuple):
    """A graph of influences among channels.

    Attributes
    ----------
    nodes : DataFrame
        ``channel``, ``depth`` (edges of the longest path that leads to it),
        ``contribution`` (direct, outcome units or their money) and ``mediator``
        (whether media move it and nobody buys it); the largest channel comes first.
    edges : DataFrame
        ``from``, ``to``, ``lag`` (time steps; 0 for the same one), ``weight`` (what one
        unit of ``media_scale_``, carry-over included, adds), ``strength`` (share of
        resamples with the edge; NaN for past time steps), and ``low`` and ``high`` of
        the weight where the model has members.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame


@of_fitted_model
def graph_tables(mmm: FittedMMM, *, coverage: float = 0.9) -> GraphTables:
    """Return nodes and edges of the graph of influences among channels.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    coverage : float, default=0.9
        Of the intervals.

    Returns
    -------
    GraphTables
        ``nodes`` and ``edges``.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor
    >>> from sklearn_mmm.datasets import make_mmm
    >>> from sklearn_mmm.inspection import graph_tables
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> nodes, edges = graph_tables(mmm)
    >>> len(nodes), len(edges)
    (2, 0)
    """
    options = interval_options(mmm, coverage)
    channels = channels_by_size(mmm)
    if options:
        edges = mmm.edge_table(**options)
        names = ["from", "to", "lag", "weight", "strength", "low", "high"]
        edges = edges[names].reset_index(drop=True)
    else:
        edges = _edges(mmm)
    depth = topological_depth(mmm.dag_)
    nodes = pd.DataFrame(
        {
            "channel": channels,
            "depth": [depth[c] for c in channels],
            "contribution": worth_of_parts(mmm)[channels].sum().to_numpy(),
            "mediator": [c in mmm.mediators_ for c in channels],
        }
    )
    return GraphTables(nodes, edges)


def _edges(mmm: FittedMMM) -> pd.DataFrame:
    weights, strength = mmm.dag_.to_numpy(), mmm.dag_strength_.to_numpy()
    names = list(mmm.dag_.columns)
    rows = [
        (names[i], names[j], 0, weights[i, j], strength[i, j])
        for i, j in np.argwhere(weights != 0)
    ]
    past = mmm.dag_lagged_.to_numpy()
    for i, j in np.argwhere(past != 0):
        lag, source = mmm.dag_lagged_.index[i]
        rows.append((source, names[j], int(lag), past[i, j], np.nan))
    return pd.DataFrame(rows, columns=["from", "to", "lag", "weight", "strength"])


def topological_depth(adjacency: pd.DataFrame) -> dict[str, int]:
    """Return the number of edges of the longest path to each node.

    Every edge of an acyclic graph leads to a greater depth.

    Parameters
    ----------
    adjacency : DataFrame of shape (n_nodes, n_nodes)
        Row to column; an entry other than 0 is an edge.

    Raises
    ------
    ValueError
        If there is a cycle.
    """
    edges = adjacency.to_numpy() != 0
    depth = np.zeros(len(edges), int)
    for _ in range(len(edges) + 1):
        reached = np.where(edges, depth[:, None] + 1, 0).max(axis=0, initial=0)
        if (reached <= depth).all():
            return dict(zip(adjacency.columns, depth.tolist(), strict=True))
        depth = np.maximum(depth, reached)
    raise ValueError("the graph has a cycle; only acyclic graphs have an order")
