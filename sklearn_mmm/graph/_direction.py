"""Whether the data hold the direction of an edge."""

from functools import cached_property

import numpy as np
from scipy import stats

from sklearn_mmm.graph._edges import EdgeRules
from sklearn_mmm.graph._independence import PairTests
from sklearn_mmm.graph._order import entropy, entropy_by_row
from sklearn_mmm.graph._rows import GraphPanel, GraphRows

_N_ORDERS = 199
# So many tell where a turned edge does as well; then the others are not asked.
_FIRST_ORDERS, _AS_WELL = 39, 0.2
# Rows that are put in other orders, as whole clusters.
_MOST_ROWS = 5000
_LEAST_POWER = 1e-300


def direction_p_values(
    rows: GraphRows,
    panel: GraphPanel,
    weights: np.ndarray,
    rules: EdgeRules,
    seed: int,
    asked: np.ndarray | None = None,
) -> np.ndarray:
    """Test each edge against the same graph with the edge turned round.

    The turned edge is refused if its residual depends on its cause
    (:class:`~sklearn_mmm.graph._independence.PairTests`), or if it is less likely by
    more than chance. With regions beside one another that is the likelihood ratio of
    two models that are not nested (Vuong, 1989), its variance robust against
    dependence within clusters. The few clusters of a region or two tell no variance:
    there the ratio is compared with those that the turned edge would have made of its
    residuals in other orders (a permutation test after Freedman & Lane, 1983). An edge
    whose turning would close a cycle, or is against the rules, has its direction from
    the others.

    Parameters
    ----------
    rows : GraphRows
    panel : GraphPanel
    weights : ndarray of shape (n + n_lagged, n)
    rules : EdgeRules
    seed : int
        Of the orders.
    asked : bool ndarray of shape (n, n), optional
        Of which edges it is asked; all of them by default.

    Returns
    -------
    ndarray of shape (n, n)
        Of the hypothesis that the turned edge explains the data as well; 0 where it
        cannot be turned, 1 where there is no edge, or it is not asked for.
    """
    n = len(rules.allowed)
    edges = weights[:n] != 0
    asked = edges if asked is None else edges & asked
    reach = _reach(edges)
    # Another way from cause to effect, through some child of the cause.
    others = reach & ~np.eye(n, dtype=bool)
    implied = edges & ((edges.astype(int) @ others) > 0)
    along = asked.copy()
    for i, j in np.argwhere(asked & implied):
        along |= np.outer(reach[i], reach[:, j])
    out, orders = np.ones((n, n)), _Orders(rows.cluster, seed)
    for i, j in np.argwhere(edges & along & ~implied):
        if rules.required[i, j] or not rules.allowed[j, i]:
            out[i, j] = 0.0
        else:
            out[i, j] = _turned(rows, panel, weights, int(i), int(j), orders)
    # A path is as doubtful as its most doubtful edge, and an edge beside several paths
    # as the least doubtful of these.
    for _ in range(n if (implied & asked).any() else 0):
        path = out.copy()
        for k in range(n):
            path = np.minimum(path, np.maximum(path[:, [k]], path[[k]]))
        out[implied & asked] = path[implied & asked]
    return out


def _turned(
    rows: GraphRows,
    panel: GraphPanel,
    weights: np.ndarray,
    i: int,
    j: int,
    orders: "_Orders",
) -> float:
    """Return the p-value of the edge from j to i instead of that from i to j."""
    drivers = rows.drivers
    beside = (weights[:, i] != 0) | (weights[:, j] != 0)
    beside[[i, j]] = False
    pair = np.hstack([rows.children[:, [i, j]], rows.parents[:, [i, j]]])
    if beside.any():
        shared = drivers[:, beside]
        inverse = np.linalg.pinv(shared.T @ shared, hermitian=True)
        pair = pair - shared @ (inverse @ (shared.T @ pair))
    cause, effect, by_cause, by_effect = np.ascontiguousarray(pair.T)
    gain = float(_gain(cause, by_cause, effect, by_effect)[0])
    if gain <= 0:
        return 1.0
    backward = _residual(cause, by_effect)[:, 0]
    dependence = PairTests(np.column_stack([effect, backward]), panel).p_values[0, 1]
    if not panel.is_series or panel.by_week:
        forward = _residual(effect, by_cause)[:, 0]
        likelihood = _vuong(gain, [effect, backward], [cause, forward], rows.cluster)
    elif dependence <= 1 / (1 + _N_ORDERS):
        return float(2 * dependence)
    else:
        likelihood = _reordered(pair[orders.rows], orders.places)
    return min(1.0, 2 * min(likelihood, float(dependence)))


def _vuong(
    gain: float,
    turned: list[np.ndarray],
    claimed: list[np.ndarray],
    cluster: np.ndarray,
) -> float:
    """Return the p-value of a gain of likelihood by its variance between clusters."""
    n_clusters = int(cluster.max()) + 1
    by_row = np.sum([entropy_by_row(values) for values in turned], axis=0)
    by_row = by_row - np.sum([entropy_by_row(values) for values in claimed], axis=0)
    sums = np.bincount(cluster, by_row, minlength=n_clusters)
    error = np.sqrt((sums @ sums) * n_clusters / max(n_clusters - 1, 1))
    z = gain * len(cluster) / max(float(error), _LEAST_POWER)
    return float(stats.t.sf(z, max(n_clusters - 1, 1)))


def _reordered(pair: np.ndarray, orders: np.ndarray) -> float:
    """Return the p-value of a gain of likelihood among those of other orders.

    Parameters
    ----------
    pair : ndarray of shape (n_rows, 4)
        Cause and effect, and what drives of either.
    orders : int ndarray of shape (n_rows, n_orders)
    """
    cause, effect, by_cause, by_effect = pair.T
    gain = _gain(cause, by_cause, effect, by_effect)[0]
    rests = [_residual(values, by_effect)[:, 0] for values in (cause, by_cause)]
    share = 1.0
    for places in (orders[:, :_FIRST_ORDERS], orders):
        # What the turned edge would have made of its residuals in other orders.
        made = [
            (values - rest)[:, None] + rest[places]
            for values, rest in zip((cause, by_cause), rests, strict=True)
        ]
        n_as_large = int((_gain(made[0], made[1], effect, by_effect) >= gain).sum())
        share = (1 + n_as_large) / (1 + places.shape[1])
        if share >= _AS_WELL:
            break
    return share


class _Orders:
    """Orders of rows by chance that leave clusters, and what follows in them, together.

    Where rows are clusters of their own, any order will do.

    Parameters
    ----------
    cluster : int ndarray of shape (n_rows,)
        Rows of a cluster follow one another.
    seed : int
    """

    def __init__(self, cluster: np.ndarray, seed: int) -> None:
        self._cluster = cluster
        self._seed = seed

    @cached_property
    def rows(self) -> np.ndarray:
        """The rows that are put in order."""
        n_rows, n = len(self._cluster), int(self._cluster.max()) + 1
        if n_rows <= _MOST_ROWS:
            return np.arange(n_rows)
        some = np.linspace(0, n - 1, max(n * _MOST_ROWS // n_rows, 1)).astype(int)
        return np.flatnonzero(np.isin(self._cluster, some))

    @cached_property
    def places(self) -> np.ndarray:
        """Places among the rows, (n_rows, n_orders)."""
        rng = np.random.default_rng([self._seed, 2])
        cluster = np.unique(self._cluster[self.rows], return_inverse=True)[1]
        length = np.bincount(cluster)
        if length.max() == 1:
            whole = np.tile(np.arange(len(cluster)), (_N_ORDERS, 1))
            return np.asarray(rng.permuted(whole, axis=1).T)
        start = (np.cumsum(length) - length)[cluster]
        begin = (rng.random((_N_ORDERS, len(length))) * length).astype(int)
        place = np.arange(len(cluster)) - start + begin[:, cluster]
        return np.asarray((start + place % length[cluster]).T)


def _gain(
    cause: np.ndarray, by_cause: np.ndarray, effect: np.ndarray, by_effect: np.ndarray
) -> np.ndarray:
    """Return how much less entropy there is if the cause drives, (n_orders,).

    Causes are one, (n_rows,), or as many as there are orders, (n_rows, n_orders).
    """

    def of(values: np.ndarray) -> np.ndarray:
        return entropy(values.reshape(len(values), -1))

    backward = of(effect) + of(_residual(cause, by_effect))
    forward = of(cause) + of(_residual(effect, by_cause))
    return np.asarray(backward - forward)


def _residual(target: np.ndarray, driver: np.ndarray) -> np.ndarray:
    """Return a target beside a driver, (n_rows, n_orders); of either may be one."""
    target, driver = (values.reshape(len(values), -1) for values in (target, driver))
    power = np.maximum(np.einsum("ij,ij->j", driver, driver), _LEAST_POWER)
    return np.asarray(target - driver * ((target * driver).sum(axis=0) / power))


def _reach(edges: np.ndarray) -> np.ndarray:
    """Whether a path leads from the row to the column, itself included."""
    reach = edges | np.eye(len(edges), dtype=bool)
    for k in range(len(edges)):
        reach |= np.outer(reach[:, k], reach[k])
    return np.asarray(reach)
