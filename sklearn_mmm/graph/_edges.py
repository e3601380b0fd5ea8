"""Edges that a causal order allows, and their weights."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sklearn_mmm.graph._aligned_ranks import aligned_rank_scores
from sklearn_mmm.graph._rows import GraphRows

# Parents are worth a rank test whose least squares t is so far below its limit at most.
_MARGIN_OF_T = 1.3
# Statistics so many times the limit are not asked for again at once.
_SAFE = 1.5
# Aligned rank tests of an edge.
_N_SCORES = 3
# Parents to choose from, as a share of the rows.
_MOST_CANDIDATES = 0.25


@dataclass(frozen=True)
class EdgeRules:
    """What is known about edges beforehand.

    Attributes
    ----------
    allowed, required : bool ndarray of shape (n, n)
        Row to column.
    lagged : bool ndarray of shape (n_lagged, n), optional
        The edges of past time steps where they are known.
    """

    allowed: np.ndarray
    required: np.ndarray
    lagged: np.ndarray | None = None


@dataclass(frozen=True)
class Edges:
    """Weighted edges.

    Attributes
    ----------
    weights, error : ndarray of shape (n + n_lagged, n)
        Row to column, 0 where there is no edge, and their standard errors.
    """

    weights: np.ndarray
    error: np.ndarray


def select_edges(
    rows: GraphRows,
    rules: EdgeRules,
    order: list[int],
    alpha: float,
    inflation: float = 1.0,
) -> Edges:
    """Keep those predecessors of each variable that are significant.

    Standard errors are robust against dependence within clusters (Liang & Zeger,
    1986), and the level is shared by all edges there could be (Bonferroni).

    Parameters
    ----------
    rows : GraphRows
    rules : EdgeRules
    order : list of int
        Causes first.
    alpha : float
        Probability that there is any edge too many.
    inflation : float, default=1.0
        How many times larger than by chance statistics are for other reasons.
    """
    n, n_lagged = rows.children.shape[1], rows.lagged.shape[1]
    drivers = rows.drivers
    moments = drivers.T @ drivers
    own = drivers.T @ rows.children  # driver by child
    n_clusters = int(rows.cluster.max()) + 1
    # Of each pair the order leaves one direction.
    pairs = np.triu(rules.allowed | rules.allowed.T, 1)
    n_tests = max(int(pairs.sum()) + n * n_lagged, 1)
    limit = float(stats.norm.isf(alpha / 2 / _N_SCORES / n_tests)) * inflation
    weights, error = np.zeros((2, n + n_lagged, n))
    for place, child in enumerate(order):
        before = [i for i in order[:place] if rules.allowed[i, child]]
        fixed = set(np.flatnonzero(rules.required[:, child]).tolist())
        past = range(n, n + n_lagged)
        if rules.lagged is not None:
            past = (n + np.flatnonzero(rules.lagged[:, child])).tolist()
            fixed |= set(past)
        chosen = _strongest(moments, own[:, child], [*before, *past], fixed, rows)
        total = float(rows.children[:, child] @ rows.children[:, child])
        chosen = _without_idle(
            moments,
            own[:, child],
            total,
            chosen,
            fixed,
            len(drivers),
            limit - _MARGIN_OF_T,
        )
        chosen = _without_weak(rows, child, chosen, fixed, limit)
        if chosen:
            weights[chosen, child], error[chosen, child] = robust_fit(
                drivers[:, chosen], rows.children[:, child], rows.cluster, n_clusters
            )
    return Edges(weights, error)


def _without_weak(
    rows: GraphRows, child: int, chosen: list[int], fixed: set[int], limit: float
) -> list[int]:
    """Drop parents that fail their rank test, the weakest first.

    What is known to be there is not tested. Without one of them those that were well
    above the limit hardly change: they are tested anew once no other fails.
    """
    kept, due = list(chosen), [column for column in chosen if column not in fixed]
    z = dict.fromkeys(due, np.inf)
    late: list[int] = []
    while due or late:
        if not due:
            due, late = late, []
        found = aligned_rank_scores(
            rows.drivers[:, kept],
            rows.children[:, child],
            rows.cluster,
            limit,
            np.array([kept.index(column) for column in due]),
        )
        z |= dict(zip(due, np.abs(found).max(axis=1).tolist(), strict=True))
        weakest = min(z, key=z.__getitem__)
        if z[weakest] >= limit:
            due = []
            continue
        kept.remove(weakest)
        del z[weakest]
        late = [column for column in z if z[column] >= _SAFE * limit]
        due = [column for column in z if column not in late]
    return kept


def robust_fit(
    columns: np.ndarray, target: np.ndarray, cluster: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return least-squares weights and their standard errors."""
    inverse = np.linalg.pinv(columns.T @ columns)
    weight = inverse @ (columns.T @ target)
    residual = target - columns @ weight
    moments = np.zeros((n_clusters, columns.shape[1]))
    np.add.at(moments, cluster, columns * residual[:, None])
    spread = inverse @ (moments.T @ moments) @ inverse
    variance = np.diag(spread) * n_clusters / max(n_clusters - 1, 1)
    # The least variance that rounding lets a weight have.
    variance = np.maximum(variance, (1e-12 * np.abs(weight)) ** 2 + 1e-300)
    return weight, np.sqrt(variance)


def _strongest(
    moments: np.ndarray,
    own: np.ndarray,
    candidates: list[int],
    fixed: set[int],
    rows: GraphRows,
) -> list[int]:
    """Leave out the least correlated candidates where rows are too few for all."""
    most = max(int(_MOST_CANDIDATES * len(rows.cluster)), 1)
    if len(candidates) <= most:
        return candidates
    strength = np.abs(own) / np.sqrt(np.maximum(np.diag(moments), 1e-300))
    strength[list(fixed)] = np.inf
    ranked = sorted(candidates, key=lambda i: -strength[i])
    return sorted(ranked[:most])


def _without_idle(
    moments: np.ndarray,
    own: np.ndarray,
    total: float,
    chosen: list[int],
    fixed: set[int],
    n_rows: int,
    least_t: float,
) -> list[int]:
    """Drop parents without a significant weight, from cross products alone."""
    kept = list(chosen)
    while kept:
        inverse = np.linalg.pinv(moments[np.ix_(kept, kept)])
        weight = inverse @ own[kept]
        noise = max(total - float(weight @ own[kept]), 1e-12 * total) / n_rows
        error = np.sqrt(np.maximum(noise * np.diag(inverse), 1e-300))
        t = np.abs(weight / error)
        t[[column in fixed for column in kept]] = np.inf
        if t.min() >= least_t:
            break
        idle = t < 1
        if idle.sum() > 1:
            kept = [i for i, out in zip(kept, idle, strict=True) if not out]
        else:
            kept.pop(int(t.argmin()))
    return kept
