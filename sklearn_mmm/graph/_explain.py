"""What edges leave unexplained."""

from dataclasses import dataclass

import numpy as np

from sklearn_mmm.graph._edges import EdgeRules, Edges, select_edges
from sklearn_mmm.graph._independence import PairTests
from sklearn_mmm.graph._order import causal_order
from sklearn_mmm.graph._rows import GraphPanel, GraphRows

# Order and directions are told by at most so many rows.
_MOST_ROWS = 5000


@dataclass(frozen=True)
class Explanation:
    """Edges beside a common cause, and whether they leave channels independent.

    Attributes
    ----------
    rows : GraphRows
        Without the common cause.
    edges : Edges
    tests : PairTests
        Of the channels' own parts.
    """

    rows: GraphRows
    edges: Edges
    tests: PairTests


def explain(
    rows: GraphRows, panel: GraphPanel, rules: EdgeRules, alpha: float
) -> Explanation:
    """Return the edges that the rules allow, and whether they explain the rows."""
    return explained(
        rows, panel, select_edges(rows, rules, order_of(rows, rules), alpha)
    )


def explained(rows: GraphRows, panel: GraphPanel, edges: Edges) -> Explanation:
    """Return edges, and whether they explain the rows."""
    return Explanation(rows, edges, PairTests(residual(rows, edges.weights), panel))


def order_of(rows: GraphRows, rules: EdgeRules) -> list[int]:
    """Return an order of the channels that agrees with what is known."""
    children, parents, past = rows.children, rows.parents, rows.lagged
    if len(children) > _MOST_ROWS:
        some = np.linspace(0, len(children) - 1, _MOST_ROWS).astype(int)
        children, parents, past = children[some], parents[some], past[some]
    if past.shape[1]:
        both = np.hstack([children, parents])
        both = both - past @ np.linalg.lstsq(past, both)[0]
        children, parents = np.split(both, 2, axis=1)
    linked = rules.allowed.any(axis=0) | rules.allowed.any(axis=1)
    found = np.flatnonzero(linked)
    inner = causal_order(
        children[:, found],
        parents[:, found],
        rules.allowed[np.ix_(found, found)],
        rules.required[np.ix_(found, found)],
    )
    return [*found[inner].tolist(), *np.flatnonzero(~linked).tolist()]


def residual(rows: GraphRows, weights: np.ndarray) -> np.ndarray:
    """Return what each channel does of its own accord, (n_rows, n)."""
    return np.asarray(rows.children - rows.drivers @ weights)
