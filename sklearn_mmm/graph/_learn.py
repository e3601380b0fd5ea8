"""Learn an acyclic graph, hidden common causes aside."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.graph._claims import DEPENDENCE_LEVEL, claim, doubts_of
from sklearn_mmm.graph._common_causes import (
    can_have_common_causes,
    draw_common_cause,
    most_strength,
    without_common_course,
)
from sklearn_mmm.graph._edges import EdgeRules, Edges, select_edges
from sklearn_mmm.graph._explain import (
    Explanation,
    explain,
    explained,
    order_of,
    residual,
)
from sklearn_mmm.graph._independence import PairTests, rejected
from sklearn_mmm.graph._resamples import resampled, reweighed
from sklearn_mmm.graph._rows import GraphPanel, GraphRows, independent_rows
from sklearn_mmm.graph._season import seasonal_pairs

# Of pairs among which edges are looked for; the search among many takes long.
_CONNECTION_LEVEL, _CONNECTION_LEVEL_OF_MANY, _MANY = 0.25, 0.05, 20
# What is enough to look for a common cause, which then has to explain something.
_SUSPICION_LEVEL = 0.05
# Score of all pairs together beyond which they are not independent.
_LEAST_COMMON = 2.5
# Typical loadings of a common cause, and steps of the search for the best.
_STRENGTHS = (0.1, 0.2, 0.35, 0.55, 0.8, 1.1)
_N_REFINEMENTS = 5
_N_ROUNDS = 3
_N_DRAWS = 5
# Cells beyond which regions are left out: correlations of 0.04 are found in as many.
_MOST_CELLS = 10_000
# Cells in which the strength of a common cause is searched.
_MOST_SEARCHED = 1000
# A common cause has to explain so much of the dependence that edges do not.
_LEAST_EXPLAINED = 0.3


@dataclass(frozen=True)
class GraphOptions:
    """How a graph is learned.

    Attributes
    ----------
    rules : EdgeRules
    n_lags : int
        Past time steps that act as well.
    alpha : float
        Probability that any edge is found where there is none.
    n_resamples : int
    seed : int
    known_resamples : ndarray of shape (n_resamples, n + n_lagged, n), optional
        Whose edges, not 0, are weighed anew instead of being looked for.
    known_weights : ndarray of shape (n + n_lagged, n), optional
        What edges were found to be before, in the units of the data.
    n_jobs : int or None
        Threads on which resamples are searched.
    """

    rules: EdgeRules
    n_lags: int
    alpha: float
    n_resamples: int
    seed: int
    known_resamples: np.ndarray | None = None
    known_weights: np.ndarray | None = None
    n_jobs: int | None = None


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
        Share of resamples in whose search the edge is found; NaN without resamples.
    samples : ndarray of shape (n_resamples, n + n_lagged, n)
        Weights of the edges that the resamples claim, others than ``weights`` included.
    """

    weights: np.ndarray
    error: np.ndarray
    confounded: np.ndarray
    strength: np.ndarray
    samples: np.ndarray


def learn_graph(panel: GraphPanel, options: GraphOptions) -> LearnedGraph:
    """Learn the graph, and how often resamples of the clusters contain its edges.

    Edges alone explain the data if what each channel does of its own accord is then
    independent of what the others do. If it is not, a hidden common cause is taken
    out, as strong as leaves the channels most independent. Edges are kept whose
    residual is independent of the rest and whose turned counterpart explains the data
    worse. Of very many regions every so-many-th is looked at.
    """
    alpha, seed = options.alpha, options.seed
    given = panel.some_regions(_MOST_CELLS)
    panel, rules, units = _standardised(without_common_course(given), options.rules)
    n, n_drivers = len(rules.allowed), len(units)
    to_data = units[:n] / units[:, None]
    rows = panel.rows()
    # Where edges are known they are weighed, and nothing is asked of other pairs.
    searched = rules.lagged is None
    if searched:
        rules = _connected(rows, panel, rules)
    samples = np.zeros((options.n_resamples, n_drivers, n))
    strength = np.full((n, n), 0.0 if options.n_resamples else np.nan)
    edges = Edges(np.zeros((n_drivers, n)), np.zeros((n_drivers, n)))
    dropped = np.zeros((n, n), bool)
    known = options.known_resamples
    if rules.allowed.any() or n_drivers > n or known is not None:
        draws = [explain(rows, panel, rules, alpha)]
        if _is_dependent(draws[0].tests) and can_have_common_causes(panel):
            start = options.known_weights
            start = None if start is None else start / to_data
            draws = _with_common_cause(panel, rules, alpha, draws[0], seed, start)
        mixed = rows if len(draws) > 1 else None
        doubts = doubts_of(draws)
        both = [(draw.rows, draw.edges) for draw in draws]
        edges = claim(both, mixed, panel, rules, doubts, alpha, seed)
        present = np.mean([e.weights[:n] != 0 for _, e in both], axis=0)
        dropped = (present > 0.5) & (edges.weights[:n] == 0)
        if known is not None:
            same = [_same_edges(each) for each in known]
            samples = reweighed(draws, same, alpha, seed)
        elif options.n_resamples:
            samples, found = resampled(
                draws,
                mixed,
                panel,
                rules,
                doubts,
                alpha,
                options.n_resamples,
                seed,
                options.n_jobs,
            )
            strength = found.mean(axis=0)
    connected = edges.weights[:n] != 0
    connected |= connected.T
    weights = edges.weights * to_data
    confounded = dropped | dropped.T
    if searched:
        confounded |= _dependent_pairs(panel, rows, edges.weights)
        confounded |= seasonal_pairs(given, weights)
    return LearnedGraph(
        weights,
        edges.error * to_data,
        confounded & ~connected & ~np.eye(n, dtype=bool),
        strength,
        samples * to_data,
    )


def _same_edges(weights: np.ndarray) -> EdgeRules:
    """Return rules that require the edges of weights, and allow no others."""
    n = weights.shape[1]
    now = weights[:n] != 0
    return EdgeRules(now, now, weights[n:] != 0)


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


def _dependent_pairs(
    panel: GraphPanel, rows: GraphRows, weights: np.ndarray
) -> np.ndarray:
    """Return the pairs whose own parts depend on one another, bool (n, n).

    Within regions, and, where weeks' means are removed before, from week to week of the
    whole nation.
    """
    tests = [PairTests(residual(rows, weights), panel)]
    if panel.by_week:
        n = len(rows.children.T)
        own = panel.children - panel.parents @ weights[:n] - panel.lagged @ weights[n:]
        own = panel.without_course(own) * panel.kept[..., None]
        seen = panel.kept.sum(axis=0)
        nation = independent_rows(own.sum(axis=0) / np.maximum(seen, 1)[:, None])
        nation = replace(nation, kept=(seen > 0)[None], is_series=True)
        tests.append(PairTests(nation.rows().children, nation))
    found = [rejected(each.p_values, DEPENDENCE_LEVEL) for each in tests]
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
    alone: Explanation,
    seed: int,
    start: np.ndarray | None = None,
) -> list[Explanation]:
    """Return explanations by edges beside draws of a common cause.

    Or that by edges alone, if a common cause explains no more. What edges were found
    to be before, ``start``, takes the place of the first rounds between both.
    """

    def draw(panel: GraphPanel, strength: float, number: int = 0) -> Explanation:
        rng = np.random.default_rng([seed, number])
        weights = np.zeros_like(alone.edges.weights) if start is None else start
        for _ in range(_N_ROUNDS if start is None else 1):
            cause = draw_common_cause(panel, weights, strength, rng)
            rows = panel.rows(cause.size, cause.beside)
            edges = select_edges(rows, rules, order_of(rows, rules), alpha)
            weights = edges.weights
        return explained(rows, panel, edges)

    some = panel.some_regions(_MOST_SEARCHED)

    def dependence(strength: float) -> float:
        return draw(some, strength).tests.dependence

    most = max(most_strength(panel), _STRENGTHS[0])
    strengths = [each for each in _STRENGTHS if each <= most]
    several = len(strengths) > 1
    # One that is alone is the best of all.
    tried = {each: dependence(each) if several else 0.0 for each in strengths}
    for _ in range(_N_REFINEMENTS if several else 0):
        best = min(tried, key=tried.__getitem__)
        known = sorted(tried)
        place = known.index(best)
        ends = known[max(place - 1, 0)], known[min(place + 1, len(known) - 1)]
        # The wider side first.
        other = ends[int(ends[1] / best > best / ends[0])]
        new = float(np.sqrt(best * other))
        tried[new] = dependence(new)
    best = min(tried, key=tried.__getitem__)
    first = draw(panel, best)
    left = (first.tests.dependence - 1) / max(alone.tests.dependence - 1, 1e-9)
    if left > 1 - _LEAST_EXPLAINED:
        return [alone]
    return [first, *(draw(panel, best, number) for number in range(1, _N_DRAWS))]
