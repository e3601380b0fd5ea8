"""Learn an acyclic graph: follow a path of solutions, then keep what is significant."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats

from sklearn_mmm.graph._likelihood import AcyclicGraph
from sklearn_mmm.graph._search import GraphSearch

# Weight of the likelihood against acyclicity: first nearly unconstrained, then ever
# closer to a graph without cycles.
_PATH = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
_N_STEPS = 150
_LEARNING_RATE = 0.03
_L1 = 0.02
# Starts: tails, and whether the noise keeps its shape in the first half of the path.
# Each kind of noise has a start that suits it; the likelihood tells which one it was.
_STARTS = ((-0.5, False), (-0.5, True), (-0.8, True))
# Standardised weights below this are not worth a test.
_LEAST_WEIGHT = 0.03
# The search takes at most so many rows, which tell directions, and its beginning, the
# path, still fewer; tests and weights take all of them. Resamples say how stable an
# edge is, not how large, and take fewer.
_MOST_ROWS = 5000
_MOST_PATH_ROWS = 1000
_MOST_RESAMPLED_ROWS = 1500


@dataclass(frozen=True)
class GraphData:
    """Rows from which a graph is learned; regional and common courses are removed.

    Attributes
    ----------
    children, parents : ndarray of shape (n_rows, n)
    lagged : ndarray of shape (n_rows, n_lagged)
    now : ndarray of shape (n,)
        Weight of a variable's present value in ``parents``.
    cluster : int ndarray of shape (n_rows,)
        Rows of different clusters are independent.
    """

    children: np.ndarray
    parents: np.ndarray
    lagged: np.ndarray
    now: np.ndarray
    cluster: np.ndarray


@dataclass(frozen=True)
class EdgeRules:
    """What is known about edges beforehand.

    Attributes
    ----------
    allowed, required : bool ndarray of shape (n, n)
        Row to column.
    """

    allowed: np.ndarray
    required: np.ndarray


@dataclass(frozen=True)
class LearnedGraph:
    """A graph without cycles.

    Attributes
    ----------
    weights : ndarray of shape (n, n)
        Row to column, in the units of the data.
    lagged : ndarray of shape (n_lagged, n)
    strength : ndarray of shape (n, n)
        Share of resamples that contain the edge; NaN without resamples.
    error, lagged_error : ndarray
        Standard errors of the weights, 0 where there is no edge.
    """

    weights: np.ndarray
    lagged: np.ndarray
    strength: np.ndarray
    error: np.ndarray
    lagged_error: np.ndarray


def learn_graph(
    data: GraphData, rules: EdgeRules, alpha: float, n_resamples: int, seed: int
) -> LearnedGraph:
    """Learn the graph, and how often resamples of the clusters contain its edges."""
    scale = data.children.std(axis=0)
    constant = scale <= 1e-12 * np.abs(data.children).max(initial=1e-300)
    scale = np.where(constant, 1.0, scale)
    allowed = rules.allowed & ~constant[:, None] & ~constant
    rules = EdgeRules(allowed, rules.required & allowed)
    n_lags = data.lagged.shape[1] // max(len(scale), 1)
    units = np.tile(scale, n_lags)
    scaled = GraphData(
        data.children / scale,
        data.parents / scale,
        data.lagged / units,
        data.now,
        data.cluster,
    )
    n = len(scale)
    strength = np.full((n, n), np.nan)
    if not allowed.any():
        nothing, past = np.zeros((n, n)), np.zeros((n_lags * n, n))
        return LearnedGraph(nothing, past, strength, nothing, past)
    rng = np.random.default_rng(seed)
    searched = _some_rows(scaled, rng, _MOST_ROWS)
    candidates = _follow_path(_some_rows(searched, rng, _MOST_PATH_ROWS), rules)
    scores, graphs = zip(
        *(_improve(searched, rules, weights) for weights in candidates), strict=True
    )
    best = graphs[int(np.argmax(scores))]
    kept, error = _significant(scaled, rules, best, alpha)
    if n_resamples:
        strength = np.zeros((n, n))
        for _ in range(n_resamples):
            sample = _resample(scaled, rng)
            # From both ends, so that a direction has to be found again.
            backwards = np.where(rules.allowed, best.T, False)
            ends = [_improve(sample, rules, start * 1.0) for start in (best, backwards)]
            _, edges = max(ends, key=lambda end: end[0])
            strength += _significant(sample, rules, edges, alpha)[0][:n] != 0
        strength /= n_resamples
    unit = scale / np.concatenate([scale, units])[:, None]
    kept, error = kept * unit, error * unit
    return LearnedGraph(kept[:n], kept[n:], strength, error[:n], error[n:])


def refit_weights(data: GraphData, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights of known edges, and their standard errors.

    Parameters
    ----------
    data : GraphData
    edges : bool ndarray of shape (n + n_lagged, n)

    Returns
    -------
    weights, error : ndarray of shape (n + n_lagged, n)
    """
    columns = np.hstack([data.parents, data.lagged])
    n_clusters = int(data.cluster.max()) + 1
    weights, error = np.zeros((2, *edges.shape))
    for child in np.flatnonzero(edges.any(axis=0)):
        chosen = np.flatnonzero(edges[:, child])
        weights[chosen, child], error[chosen, child] = _robust_fit(
            columns[:, chosen], data, int(child), n_clusters
        )
    return weights, error


def _follow_path(data: GraphData, rules: EdgeRules) -> np.ndarray:
    """Return the weights that each start leads to, (start, n, n)."""
    children, parents, lagged, now = (
        torch.tensor(getattr(data, name), dtype=torch.float32)
        for name in ("children", "parents", "lagged", "now")
    )
    tails = torch.tensor([tail for tail, _ in _STARTS])
    held = torch.tensor([hold for _, hold in _STARTS])
    graph = AcyclicGraph(torch.as_tensor(rules.allowed), lagged.shape[1], tails)
    shape = [graph.skewness, graph.log_tail]
    moving = (~held).float()[:, None, None]
    for stage, weight in enumerate(_PATH):
        optimizer = torch.optim.Adam(
            graph.parameters(), lr=_LEARNING_RATE, betas=(0.9, 0.99)
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, _N_STEPS, eta_min=0.1 * _LEARNING_RATE
        )
        for step in range(_N_STEPS):
            optimizer.zero_grad()
            score = graph(children[None], parents[None], lagged[None], now)
            terms = weight * (score.loss + _L1 * score.size) + score.cycles
            terms.sum().backward()
            if 2 * stage < len(_PATH):
                for parameter in shape:
                    if parameter.grad is not None:
                        parameter.grad *= moving
            before = graph.raw.detach().clone()
            optimizer.step()
            schedule.step()
            if step % 5 == 0:
                graph.shrink_cycles(before)
    return np.asarray(graph.weights.detach().double().numpy())


def _improve(
    data: GraphData, rules: EdgeRules, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """Turn the edges of a candidate round as long as the likelihood gains."""
    edges = _without_cycles(
        np.where(np.abs(weights) > _LEAST_WEIGHT, weights, 0.0), rules.required
    )
    columns = np.hstack([data.parents, data.lagged])
    search = GraphSearch(data.children, columns, rules.allowed, rules.required)
    return search.improve(edges != 0)


def _significant(
    data: GraphData, rules: EdgeRules, edges: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Refit the edges by least squares, leaving out those that may be noise.

    Returns weights and their standard errors, (n + n_lagged, n). These are robust
    against dependence within clusters (Liang & Zeger, 1986), and the level is shared by
    all edges there could be (Bonferroni).
    """
    n, n_lagged = len(edges), data.lagged.shape[1]
    columns = np.hstack([data.parents, data.lagged])
    n_clusters = int(data.cluster.max()) + 1
    n_tests = max(int(rules.allowed.sum()) + n * n_lagged, 1)
    limit = float(stats.t.isf(alpha / 2 / n_tests, max(n_clusters - 1, 1)))
    kept, error = np.zeros((2, n + n_lagged, n))
    for child in range(n):
        chosen = [*np.flatnonzero(edges[:, child]), *range(n, n + n_lagged)]
        fixed = set(np.flatnonzero(rules.required[:, child]))
        while chosen:
            weight, own = _robust_fit(columns[:, chosen], data, child, n_clusters)
            t = np.abs(weight / own)
            doubtful = [
                (t[i], i)
                for i, column in enumerate(chosen)
                if column not in fixed and not t[i] >= limit
            ]
            if not doubtful:
                kept[chosen, child], error[chosen, child] = weight, own
                break
            chosen.pop(min(doubtful)[1])
    return kept, error


def _robust_fit(
    columns: np.ndarray, data: GraphData, child: int, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return least-squares weights and their standard errors."""
    target = data.children[:, child]
    inverse = np.linalg.pinv(columns.T @ columns)
    weight = inverse @ (columns.T @ target)
    residual = target - columns @ weight
    moments = np.zeros((n_clusters, columns.shape[1]))
    np.add.at(moments, data.cluster, columns * residual[:, None])
    spread = inverse @ (moments.T @ moments) @ inverse
    variance = np.diag(spread) * n_clusters / max(n_clusters - 1, 1)
    # The least variance that rounding lets a weight have.
    variance = np.maximum(variance, (1e-12 * np.abs(weight)) ** 2 + 1e-300)
    return weight, np.sqrt(variance)


def _without_cycles(weights: np.ndarray, required: np.ndarray) -> np.ndarray:
    """Drop the weakest edges until none closes a cycle."""
    out = np.zeros_like(weights)
    size = np.where(required, np.inf, np.abs(weights))
    reaches = np.eye(len(weights), dtype=bool)
    for flat in np.argsort(-size, axis=None, kind="stable"):
        i, j = np.unravel_index(flat, weights.shape)
        if size[i, j] == 0:
            break
        if not reaches[j, i]:
            out[i, j] = weights[i, j] or 1.0
            reaches |= np.outer(reaches[:, i], reaches[j])
    return out


def _resample(data: GraphData, rng: np.random.Generator) -> GraphData:
    """Draw clusters with replacement, of a size that is the same for all resamples."""
    n_clusters = int(data.cluster.max()) + 1
    n_rows = min(len(data.cluster), _MOST_RESAMPLED_ROWS)
    order = np.argsort(data.cluster, kind="stable")
    start = np.searchsorted(data.cluster[order], np.arange(n_clusters + 1))
    rows: list[np.ndarray] = []
    clusters: list[np.ndarray] = []
    count = 0
    while count < n_rows:
        drawn = int(rng.integers(n_clusters))
        own = order[start[drawn] : start[drawn + 1]]
        clusters.append(np.full(len(own), len(rows)))
        rows.append(own)
        count += len(own)
    taken = np.concatenate(rows)[:n_rows]
    return _take(data, taken, np.concatenate(clusters)[:n_rows])


def _some_rows(data: GraphData, rng: np.random.Generator, most: int) -> GraphData:
    """Return all rows, or a random sample of a size that can be searched."""
    n_rows = len(data.cluster)
    if n_rows <= most:
        return data
    taken = np.sort(rng.choice(n_rows, most, replace=False))
    return _take(data, taken, data.cluster[taken])


def _take(data: GraphData, rows: np.ndarray, cluster: np.ndarray) -> GraphData:
    return GraphData(
        data.children[rows], data.parents[rows], data.lagged[rows], data.now, cluster
    )
