"""What further data would make of a graph: edges come, go and turn round."""

import numpy as np

from sklearn_mmm._threads import side_by_side
from sklearn_mmm.graph._claims import Doubts, claim
from sklearn_mmm.graph._edges import EdgeRules, select_edges
from sklearn_mmm.graph._explain import Explanation, order_of
from sklearn_mmm.graph._rows import GraphPanel, GraphRows


def resampled(
    draws: list[Explanation],
    mixed: GraphRows | None,
    panel: GraphPanel,
    rules: EdgeRules,
    doubts: Doubts,
    alpha: float,
    n_resamples: int,
    seed: int,
    n_jobs: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn the graph anew on clusters drawn with replacement.

    Each resample takes its own draw of the common cause. Sizes and directions of edges
    are judged anew; pairs whose own parts depend on one another stay without an edge,
    for clusters that occur twice would look dependent.

    Returns
    -------
    weights : ndarray of shape (n_resamples, n + n_lagged, n)
        Of the edges that each resample claims.
    found : bool ndarray of shape (n_resamples, n, n)
        Edges of its search, claimed or not.
    """
    n, n_lagged = len(rules.allowed), panel.lagged.shape[2]
    weights = np.zeros((n_resamples, n + n_lagged, n))
    found = np.zeros((n_resamples, n, n), bool)
    if not (rules.allowed.any() or n_lagged):
        return weights, found
    rng = np.random.default_rng([seed, 1])

    def resample(rows: GraphRows, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sample, beside = rows.take(taken), None if mixed is None else mixed.take(taken)
        edges = select_edges(sample, rules, order_of(sample, rules), alpha)
        claimed = claim([(sample, edges)], beside, panel, rules, doubts, alpha, seed)
        return claimed.weights, edges.weights[:n] != 0

    chosen = [draws[k % len(draws)].rows for k in range(n_resamples)]
    drawn = [(rows, _drawn_clusters(rows.cluster, rng)) for rows in chosen]
    for k, result in enumerate(side_by_side(resample, drawn, n_jobs)):
        weights[k], found[k] = result
    return weights, found


def reweighed(
    draws: list[Explanation],
    known: list[EdgeRules],
    alpha: float,
    seed: int,
) -> np.ndarray:
    """Weigh known edges, others in each resample, on clusters drawn with replacement.

    Returns
    -------
    ndarray of shape (n_resamples, n + n_lagged, n)
    """
    rng = np.random.default_rng([seed, 1])
    out = []
    for k, rules in enumerate(known):
        rows = draws[k % len(draws)].rows
        sample = rows.take(_drawn_clusters(rows.cluster, rng))
        order = order_of(sample, rules)
        out.append(select_edges(sample, rules, order, alpha).weights)
    return np.array(out)


def _drawn_clusters(cluster: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows that put a cluster drawn by chance in the place of each.

    A cluster that is shorter than its place begins anew, one that is longer ends early,
    so that the rows are as many as before, and those of one cluster follow one another.
    """
    length = np.bincount(cluster)
    start = np.cumsum(length) - length
    drawn = rng.integers(len(length), size=len(length))
    within = np.arange(len(cluster)) - start[cluster]
    source = drawn[cluster]
    return np.asarray(start[source] + within % length[source])
