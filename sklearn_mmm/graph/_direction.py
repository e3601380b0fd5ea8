"""Whether the data hold the direction of an edge."""

import numpy as np
from scipy import stats

from sklearn_mmm.graph._edges import EdgeRules
from sklearn_mmm.graph._independence import PairTests
from sklearn_mmm.graph._order import entropy, entropy_by_row
from sklearn_mmm.graph._rows import GraphPanel, GraphRows


def direction_p_values(
    rows: GraphRows, panel: GraphPanel, weights: np.ndarray, rules: EdgeRules
) -> np.ndarray:
    """Test each edge against the same graph with the edge turned round.

    The turned edge is refused if its residual depends on its cause
    (:class:`~sklearn_mmm.graph._independence.PairTests`), or if cause and residual have
    more entropy together than in the direction claimed, which is the likelihood ratio
    of two models that are not nested (Vuong, 1989), its variance robust against
    dependence within clusters. An edge whose turning would close a cycle, or is
    against the rules, has its direction from the others.

    Returns
    -------
    ndarray of shape (n, n)
        Of the hypothesis that the turned edge explains the data as well; 0 where it
        cannot be turned, 1 where there is no edge.
    """
    n = len(rules.allowed)
    edges = weights[:n] != 0
    reach = _reach(edges)
    out = np.ones((n, n))
    implied = []
    for i, j in np.argwhere(edges):
        # Another way from i to j, through some child of i.
        if any(reach[k, j] for k in np.flatnonzero(edges[i]) if k != j):
            implied.append((i, j))
        elif rules.required[i, j] or not rules.allowed[j, i]:
            out[i, j] = 0.0
        else:
            out[i, j] = _turned(rows, panel, weights, int(i), int(j))
    # A path is as doubtful as its most doubtful edge, and an edge beside several paths
    # as the least doubtful of these.
    for _ in range(n if implied else 0):
        path = out.copy()
        for k in range(n):
            path = np.minimum(path, np.maximum(path[:, [k]], path[[k]]))
        for i, j in implied:
            out[i, j] = path[i, j]
    return out


def _turned(
    rows: GraphRows, panel: GraphPanel, weights: np.ndarray, i: int, j: int
) -> float:
    """Return the p-value of the edge from j to i instead of that from i to j."""
    drivers = rows.drivers
    beside = (weights[:, i] != 0) | (weights[:, j] != 0)
    beside[[i, j]] = False

    both = np.hstack([rows.children[:, [i, j]], rows.parents[:, [i, j]]])
    if beside.any():
        shared = drivers[:, beside]
        inverse = np.linalg.pinv(shared.T @ shared, hermitian=True)
        both = both - shared @ (inverse @ (shared.T @ both))
    cause, effect, by_cause, by_effect = np.ascontiguousarray(both.T)

    def residual(target: np.ndarray, column: np.ndarray) -> np.ndarray:
        power = max(float(column @ column), 1e-300)
        return np.asarray(target - column * (float(column @ target) / power))

    forward = residual(effect, by_cause)
    backward = residual(cause, by_effect)
    gain = _entropy_of([effect, backward]) - _entropy_of([cause, forward])
    by_row = sum(entropy_by_row(values) for values in (effect, backward)) - sum(
        entropy_by_row(values) for values in (cause, forward)
    )
    n_clusters = int(rows.cluster.max()) + 1
    sums = np.bincount(rows.cluster, by_row, minlength=n_clusters)
    error = np.sqrt((sums @ sums) * n_clusters / max(n_clusters - 1, 1))
    z = gain * len(effect) / max(float(error), 1e-300)
    likelihood = float(stats.t.sf(z, max(n_clusters - 1, 1)))
    if z < 0:
        return 1.0
    dependence = PairTests(np.column_stack([effect, backward]), panel).p_values[0, 1]
    return min(1.0, 2 * min(likelihood, float(dependence)))


def _entropy_of(parts: list[np.ndarray]) -> float:
    return float(entropy(np.column_stack(parts)).sum())


def _reach(edges: np.ndarray) -> np.ndarray:
    """Whether a path leads from the row to the column, itself included."""
    reach = edges | np.eye(len(edges), dtype=bool)
    for k in range(len(edges)):
        reach |= np.outer(reach[:, k], reach[k])
    return np.asarray(reach)
