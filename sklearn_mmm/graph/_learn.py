"""Learn an acyclic graph, hidden common causes aside."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.graph._common_causes import (
    can_have_common_causes,
    draw_common_cause,
    without_common_course,
)
from sklearn_mmm.graph._direction import direction_p_values
from sklearn_mmm.graph._edges import EdgeRules, Edges, select_edges
from sklearn_mmm.graph._independence import PairTests, rejected
from sklearn_mmm.graph._order import causal_order
from sklearn_mmm.graph._rows import GraphPanel, GraphRows, independent_rows
from sklearn_mmm.graph._season import seasonal_pairs

# False discovery rate of dependent pairs, and of directions.
_DEPENDENCE_LEVEL = 0.01
_DIRECTION_LEVEL = 0.05
# Of pairs among which edges are looked for; the search among many takes long.
_CONNECTION_LEVEL, _CONNECTION_LEVEL_OF_MANY, _MANY = 0.25, 0.05, 20
# What is enough to look for a common cause, which then has to explain something.
_SUSPICION_LEVEL = 0.05
# Score of all pairs together beyond which they are not independent.
_LEAST_COMMON = 3.0
# Typical loadings of a common cause, and steps of the search for the best.
_STRENGTHS = (0.1, 0.2, 0.35, 0.55, 0.8, 1.1)
_N_REFINEMENTS = 5
_N_ROUNDS = 3
_N_DRAWS = 5
# A common cause has to explain so much of the dependence that edges do not.
_LEAST_EXPLAINED = 0.3
# Dependence beyond which neither edges nor a common cause explain the channels.
_MOST_UNEXPLAINED = 2.0
# An edge has to be so large beside what the common cause had added to it.
_LEAST_OWN_SHARE = 0.5
# Order and directions are told by at most so many rows.
_MOST_ROWS = 5000


@dataclass(frozen=True)
class GraphOptions:
    """How a graph is learned.

    Attributes
    ----------
    rules : EdgeRules
    n_lags : int
        Past time steps that act as well.
    alpha : float
        Probability that there is any edge too many, as far as directions are right.
    n_resamples : int
    seed : int
    """

    rules: EdgeRules
    n_lags: int
    alpha: float
    n_resamples: int
    seed: int


@dataclass(frozen=True)
class LearnedGraph:
    """A graph without cycles.

    Attributes
    ----------
    weights, error : ndarray of shape (n + n_lagged, n)
        Row to column, in the units of the data, and their standard errors, 0 where
        there is no edge.
    confounded : bool ndarray of shape (n, n)
        Pairs that depend on one another without an edge that the data could direct.
    strength : ndarray of shape (n, n)
        Share of resamples that contain the edge; NaN without resamples.
    samples : ndarray of shape (n_resamples, n + n_lagged, n)
        Weights of the resamples.
    """

    weights: np.ndarray
    error: np.ndarray
    confounded: np.ndarray
    strength: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class _Explanation:
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


def learn_graph(panel: GraphPanel, options: GraphOptions) -> LearnedGraph:
    """Learn the graph, and how often resamples of the clusters contain its edges.

    Edges alone explain the data if what each channel does of its own accord is then
    independent of what the others do. If it is not, a hidden common cause is taken
    out, as strong as leaves the channels most independent. Edges are kept whose
    residual is independent of the rest and whose turned counterpart explains the data
    worse.
    """
    alpha, n_resamples, seed = options.alpha, options.n_resamples, options.seed
    given = panel
    panel, rules, units = _standardised(without_common_course(given), options.rules)
    n, n_drivers = len(rules.allowed), len(units)
    to_data = units[:n] / units[:, None]
    rows = panel.rows()
    rules = _connected(rows, panel, rules)
    samples = np.zeros((n_resamples, n_drivers, n))
    if rules.allowed.any() or n_drivers > n:
        alone = _explain(rows, panel, rules, alpha)
        draws = [alone]
        if _is_dependent(alone.tests) and can_have_common_causes(panel):
            draws = _with_common_cause(panel, rules, alpha, alone, seed)
        edges, dropped = _reliable(draws, panel, rules, alpha)
        # Doubtful edges have a strength as well, but no part in what the graph may be.
        either = (edges.weights[:n] != 0) | dropped
        searched = replace(rules, allowed=rules.allowed & (either | either.T))
        samples = _resampled(draws[0].rows, searched, alpha, n_resamples, seed)
    else:
        edges = Edges(np.zeros((n_drivers, n)), np.zeros((n_drivers, n)))
        dropped = np.zeros((n, n), bool)
    strength = np.full((n, n), np.nan)
    if n_resamples:
        strength = (samples[:, :n] != 0).mean(axis=0)
    connected = edges.weights[:n] != 0
    connected |= connected.T
    samples[:, :n] *= connected
    weights = edges.weights * to_data
    confounded = dropped | dropped.T | _dependent_pairs(panel, rows, edges.weights)
    confounded |= seasonal_pairs(given, weights)
    return LearnedGraph(
        weights,
        edges.error * to_data,
        confounded & ~connected & ~np.eye(n, dtype=bool),
        strength,
        samples * to_data,
    )


def _standardised(
    panel: GraphPanel, rules: EdgeRules
) -> tuple[GraphPanel, EdgeRules, np.ndarray]:
    """Return the panel in standard deviations, and these, of all drivers.

    Channels that do not vary have no edges.
    """
    children = panel.rows().children
    scale = children.std(axis=0)
    size = np.abs(panel.children[panel.kept]).max(axis=0, initial=1e-300)
    constant = scale <= 1e-12 * size
    scale = np.where(constant, 1.0, scale)
    n_lags = panel.lagged.shape[2] // max(len(scale), 1)
    past = np.tile(scale, n_lags)
    allowed = rules.allowed & ~constant[:, None] & ~constant
    rules = EdgeRules(allowed, rules.required & allowed, rules.lagged)
    scaled = replace(
        panel,
        children=panel.children / scale,
        parents=panel.parents / scale,
        lagged=panel.lagged / past,
    )
    return scaled, rules, np.concatenate([scale, past])


def _connected(rows: GraphRows, panel: GraphPanel, rules: EdgeRules) -> EdgeRules:
    """Allow edges only among channels that depend on one another, directly or not."""
    tests = PairTests(rows.children, panel)
    few = len(rules.allowed) <= _MANY
    level = _CONNECTION_LEVEL if few else _CONNECTION_LEVEL_OF_MANY
    linked = rejected(tests.p_values, level) | rules.required
    linked |= linked.T
    for k in range(len(linked)):
        linked |= np.outer(linked[:, k], linked[k])
    return replace(rules, allowed=rules.allowed & linked)


def _explain(
    rows: GraphRows, panel: GraphPanel, rules: EdgeRules, alpha: float
) -> _Explanation:
    edges = select_edges(rows, rules, _order(rows, rules), alpha)
    return _Explanation(rows, edges, PairTests(_residual(rows, edges.weights), panel))


def _order(rows: GraphRows, rules: EdgeRules) -> list[int]:
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


def _residual(rows: GraphRows, weights: np.ndarray) -> np.ndarray:
    return np.asarray(rows.children - rows.drivers @ weights)


def _dependent_pairs(
    panel: GraphPanel, rows: GraphRows, weights: np.ndarray
) -> np.ndarray:
    """Return the pairs whose own parts depend on one another, bool (n, n).

    Within regions, and, where weeks' means are removed before, from week to week of the
    whole nation.
    """
    tests = [PairTests(_residual(rows, weights), panel)]
    if panel.by_week:
        n = len(rows.children.T)
        own = panel.children - panel.parents @ weights[:n] - panel.lagged @ weights[n:]
        own = panel.without_course(own) * panel.kept[..., None]
        seen = panel.kept.sum(axis=0)
        nation = independent_rows(own.sum(axis=0) / np.maximum(seen, 1)[:, None])
        nation = replace(nation, kept=(seen > 0)[None], is_series=True)
        tests.append(PairTests(nation.rows().children, nation))
    found = [rejected(each.p_values, _DEPENDENCE_LEVEL) for each in tests]
    return np.asarray(np.any(found, axis=0))


def _is_dependent(tests: PairTests) -> bool:
    """Whether the columns are not independent, in single pairs or all together."""
    above = np.triu_indices(tests.n, 1)
    return (
        bool(rejected(tests.p_values[above], _SUSPICION_LEVEL).any())
        or tests.common > _LEAST_COMMON
    )


def _with_common_cause(
    panel: GraphPanel,
    rules: EdgeRules,
    alpha: float,
    alone: _Explanation,
    seed: int,
) -> list[_Explanation]:
    """Return explanations by edges beside draws of a common cause.

    Or that by edges alone, if a common cause explains no more.
    """

    def draw(strength: float, number: int = 0) -> _Explanation:
        rng = np.random.default_rng([seed, number])
        weights = np.zeros_like(alone.edges.weights)
        for _ in range(_N_ROUNDS):
            cause = draw_common_cause(panel, weights, strength, rng)
            rows = panel.rows(cause.size, cause.beside)
            weights = select_edges(rows, rules, _order(rows, rules), alpha).weights
        return _explain(rows, panel, rules, alpha)

    tried = {strength: draw(strength).tests.dependence for strength in _STRENGTHS}
    for _ in range(_N_REFINEMENTS):
        best = min(tried, key=tried.__getitem__)
        known = sorted(tried)
        place = known.index(best)
        ends = known[max(place - 1, 0)], known[min(place + 1, len(known) - 1)]
        # The wider side first.
        other = ends[int(ends[1] / best > best / ends[0])]
        new = float(np.sqrt(best * other))
        tried[new] = draw(new).tests.dependence
    best = min(tried, key=tried.__getitem__)
    left = (tried[best] - 1) / max(alone.tests.dependence - 1, 1e-9)
    if left > 1 - _LEAST_EXPLAINED:
        return [alone]
    return [draw(best, number) for number in range(_N_DRAWS)]


def _reliable(
    draws: list[_Explanation], panel: GraphPanel, rules: EdgeRules, alpha: float
) -> tuple[Edges, np.ndarray]:
    """Keep edges that most draws agree on and whose direction the data hold.

    Returns them, their errors with the variance between draws (Rubin, 1987), and the
    pairs whose edge has been dropped.
    """
    n = len(rules.allowed)
    present = np.mean([draw.edges.weights[:n] != 0 for draw in draws], axis=0)
    dependent = np.median([draw.tests.p_values for draw in draws], axis=0)
    turned = np.median(
        [
            direction_p_values(draw.rows, panel, draw.edges.weights, rules)
            for draw in draws
        ],
        axis=0,
    )
    found = present > 0.5
    holds = np.zeros((n, n), bool)
    holds[found] = rejected(turned[found], _DIRECTION_LEVEL)
    above = np.triu_indices(n, 1)
    broken = np.zeros((n, n), bool)
    broken[above] = rejected(dependent[above], _DEPENDENCE_LEVEL)
    broken |= broken.T
    if len(draws) == 1 and draws[0].tests.dependence > _MOST_UNEXPLAINED:
        # Something else moves these channels: none of their edges can be trusted.
        moved = np.asarray(broken.any(axis=0))
        broken |= moved | moved.reshape(-1, 1)
    kept = np.asarray((found & holds & ~broken) | rules.required)
    order = _topological(kept)
    # Dependence that is left for no known reason makes edges look significant as well
    # (genomic control: Devlin & Roeder, 1999).
    inflation = max(np.median([draw.tests.dependence for draw in draws]), 1.0) ** 0.5
    refits = [
        select_edges(draw.rows, replace(rules, allowed=kept), order, alpha, inflation)
        for draw in draws
    ]
    kept = np.mean([fit.weights[:n] != 0 for fit in refits], axis=0) > 0.5

    def refit(edges: np.ndarray) -> list[Edges]:
        known = EdgeRules(edges, edges, rules.lagged)
        return [select_edges(draw.rows, known, order, alpha) for draw in draws]

    if len(draws) > 1:
        kept = rules.required | (
            kept & _own_rather_than_common(refit(kept), panel.rows(), kept, order)
        )
    refits = refit(kept)
    weights = np.mean([fit.weights for fit in refits], axis=0)
    variance = np.mean([fit.error**2 for fit in refits], axis=0)
    if len(draws) > 1:
        between = np.var([fit.weights for fit in refits], axis=0, ddof=1)
        variance = variance + (1 + 1 / len(draws)) * between
    return Edges(weights, np.sqrt(variance)), found & ~kept


def _own_rather_than_common(
    fits: list[Edges], rows: GraphRows, kept: np.ndarray, order: list[int]
) -> np.ndarray:
    """Return which edges are more than what a common cause may have left behind.

    What it added to an edge is the difference between the weights with the cause and
    without. It is never taken out in full, and an edge that is small beside it may be
    its rest (compare the robustness value of Cinelli & Hazlett, 2020).
    """
    n = len(kept)
    without = np.mean([fit.weights[:n] for fit in fits], axis=0)
    known = EdgeRules(kept, kept)
    mixed = select_edges(rows, known, order, alpha=0.5).weights[:n]
    return np.asarray(np.abs(without) > _LEAST_OWN_SHARE * np.abs(mixed - without))


def _topological(edges: np.ndarray) -> list[int]:
    """Return the nodes, causes first; where edges close a cycle, some order."""
    waiting, order = list(range(len(edges))), []
    while waiting:
        driven = edges[np.ix_(waiting, waiting)].sum(axis=0)
        order.append(waiting.pop(int(np.argmin(driven))))
    return order


def _resampled(
    rows: GraphRows, rules: EdgeRules, alpha: float, n_resamples: int, seed: int
) -> np.ndarray:
    """Return weights learned on clusters drawn with replacement."""
    rng = np.random.default_rng([seed, 1])
    n_clusters = int(rows.cluster.max()) + 1
    by_cluster = np.split(
        np.argsort(rows.cluster, kind="stable"),
        np.cumsum(np.bincount(rows.cluster, minlength=n_clusters))[:-1],
    )
    out = np.zeros((n_resamples, rows.drivers.shape[1], len(rules.allowed)))
    if not (rules.allowed.any() or rows.lagged.shape[1]):
        return out
    for k in range(n_resamples):
        drawn = [by_cluster[c] for c in rng.integers(n_clusters, size=n_clusters)]
        taken = np.concatenate(drawn)
        sample = replace(
            rows.take(taken),
            cluster=np.repeat(np.arange(n_clusters), [len(own) for own in drawn]),
        )
        edges = select_edges(sample, rules, _order(sample, rules), alpha)
        out[k] = edges.weights
    return out
