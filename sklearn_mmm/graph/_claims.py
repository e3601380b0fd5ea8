"""Which of the edges that were found can be claimed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.graph._direction import direction_p_values
from sklearn_mmm.graph._edges import EdgeRules, Edges, select_edges
from sklearn_mmm.graph._explain import Explanation
from sklearn_mmm.graph._independence import rejected
from sklearn_mmm.graph._rows import GraphPanel, GraphRows

# False discovery rate of dependent pairs, and of directions.
DEPENDENCE_LEVEL = 0.01
_DIRECTION_LEVEL = 0.05
# Dependence beyond which neither edges nor a common cause explain the channels.
_MOST_UNEXPLAINED = 2.0
# An edge has to be so large beside what the common cause had added to it.
_LEAST_OWN_SHARE = 0.5


@dataclass(frozen=True)
class Doubts:
    """What speaks against edges, whatever their size.

    Attributes
    ----------
    broken : bool ndarray of shape (n, n)
        Pairs whose own parts are not independent, edge or not. Symmetric.
    inflation : float
        How many times larger than by chance statistics are for unknown reasons.
    """

    broken: np.ndarray
    inflation: float


def doubts_of(draws: list[Explanation]) -> Doubts:
    """Judge what draws of a common cause, or edges alone, leave unexplained."""
    p_values = np.median([draw.tests.p_values for draw in draws], axis=0)
    dependence = float(np.median([draw.tests.dependence for draw in draws]))
    above = np.triu_indices(len(p_values), 1)
    broken = np.zeros(p_values.shape, bool)
    broken[above] = rejected(p_values[above], DEPENDENCE_LEVEL)
    broken |= broken.T
    if len(draws) == 1 and dependence > _MOST_UNEXPLAINED:
        # Something else moves these channels: none of their edges can be trusted.
        moved = np.asarray(broken.any(axis=0))
        broken |= moved | moved.reshape(-1, 1)
    # Dependence that is left for no known reason makes edges look significant as well
    # (genomic control: Devlin & Roeder, 1999).
    return Doubts(broken, max(dependence, 1.0) ** 0.5)


def claim(
    draws: list[tuple[GraphRows, Edges]],
    mixed: GraphRows | None,
    panel: GraphPanel,
    rules: EdgeRules,
    doubts: Doubts,
    alpha: float,
    seed: int,
) -> Edges:
    """Keep edges that most draws agree on and whose direction the data hold.

    Parameters
    ----------
    draws : list of (GraphRows, Edges)
        The rows beside draws of a common cause, or the rows alone, and what was found.
    mixed : GraphRows or None
        The rows with the common cause, if one has been taken out.
    panel : GraphPanel
    rules : EdgeRules
    doubts : Doubts
    alpha : float
    seed : int
        Of the orders in which directions are tested.

    Returns
    -------
    Edges
        With the mean weights of the draws, and errors that hold the variance between
        draws (Rubin, 1987).
    """
    n = len(rules.allowed)
    found = np.mean([edges.weights[:n] != 0 for _, edges in draws], axis=0) > 0.5

    def turned(asked: np.ndarray) -> np.ndarray:
        each = [
            direction_p_values(own, panel, edges.weights, rules, seed, asked)
            for own, edges in draws
        ]
        return np.asarray(np.median(each, axis=0))

    holds = _holding(found, found & ~doubts.broken, turned)
    kept = np.asarray(holds | rules.required)
    order = _topological(kept)
    within = replace(rules, allowed=kept)
    refits = [
        select_edges(rows, within, order, alpha, doubts.inflation) for rows, _ in draws
    ]
    kept = np.mean([fit.weights[:n] != 0 for fit in refits], axis=0) > 0.5

    def refit(edges: np.ndarray) -> list[Edges]:
        known = EdgeRules(edges, edges, rules.lagged)
        return [select_edges(rows, known, order, alpha) for rows, _ in draws]

    if mixed is not None:
        own = _own_rather_than_common(refit(kept), mixed, kept, order)
        kept = rules.required | (kept & own)
    refits = refit(kept)
    weights = np.mean([fit.weights for fit in refits], axis=0)
    variance = np.mean([fit.error**2 for fit in refits], axis=0)
    if len(draws) > 1:
        between = np.var([fit.weights for fit in refits], axis=0, ddof=1)
        variance = variance + (1 + 1 / len(draws)) * between
    return Edges(weights, np.sqrt(variance))


def _holding(
    found: np.ndarray, sound: np.ndarray, turned: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return which edges, of those that nothing else speaks against, hold a direction.

    Parameters
    ----------
    found : bool ndarray of shape (n, n)
    sound : bool ndarray of shape (n, n)
        Those of them that nothing else speaks against.
    turned : callable
        Returns the p-values of some edges if turned round, (n, n).
    """
    if not sound.any():
        return sound
    p_values = turned(sound)
    own = p_values[sound]
    # Whatever those of the others are, that of the first passes and that of none does.
    least, most = _DIRECTION_LEVEL / found.sum(), _DIRECTION_LEVEL
    if ((own <= least) | (own > most)).all():
        return np.asarray(sound & (p_values <= least))
    holds = found.copy()
    holds[found] = rejected(turned(found)[found], _DIRECTION_LEVEL)
    return holds & sound


def _own_rather_than_common(
    fits: list[Edges], mixed: GraphRows, kept: np.ndarray, order: list[int]
) -> np.ndarray:
    """Return which edges are more than what a common cause may have left behind.

    What it added to an edge is the difference between the weights with the cause and
    without. It is never taken out in full, and an edge that is small beside it may be
    its rest (compare the robustness value of Cinelli & Hazlett, 2020).
    """
    n = len(kept)
    without = np.mean([fit.weights[:n] for fit in fits], axis=0)
    known = EdgeRules(kept, kept)
    both = select_edges(mixed, known, order, alpha=0.5).weights[:n]
    return np.asarray(np.abs(without) > _LEAST_OWN_SHARE * np.abs(both - without))


def _topological(edges: np.ndarray) -> list[int]:
    """Return the nodes, causes first; where edges close a cycle, some order."""
    waiting, order = list(range(len(edges))), []
    while waiting:
        driven = edges[np.ix_(waiting, waiting)].sum(axis=0)
        order.append(waiting.pop(int(np.argmin(driven))))
    return order
