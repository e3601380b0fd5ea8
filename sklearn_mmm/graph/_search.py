"""Improve a graph by turning edges round, as long as the likelihood gains."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize

# Least squares t statistic below which a parent is left out while edges are turned.
_LEAST_T = 3.0
_MOST_SWEEPS = 6
# Of logarithmic scale, skewness and logarithmic tail of standardised noise.
_SHAPE_RANGE = [(-20.0, 5.0), (-5.0, 5.0), (-3.0, 2.0)]


@dataclass
class GraphSearch:
    """Scores of nodes given their parents, remembered.

    The likelihood of a graph without cycles is a product over its nodes, so a turned
    edge changes two factors. Noise has a sinh-arcsinh density (Jones & Pewsey, 2009).

    Parameters
    ----------
    children, columns : ndarray of shape (n_rows, n) and (n_rows, n + n_lagged)
        What is explained, and by what; lagged columns explain always.
    allowed, required : bool ndarray of shape (n, n)
    """

    children: np.ndarray
    columns: np.ndarray
    allowed: np.ndarray
    required: np.ndarray
    _scores: dict[tuple[int, frozenset[int]], tuple[float, frozenset[int]]] = field(
        default_factory=dict
    )

    def improve(self, edges: np.ndarray) -> tuple[float, np.ndarray]:
        """Return a graph, bool (n, n), that no single turn improves, and its score."""
        n = len(edges)
        parents = [frozenset(np.flatnonzero(edges[:, j]).tolist()) for j in range(n)]
        score = np.zeros(n)
        for j in range(n):
            score[j], parents[j] = self.best(j, parents[j])
        fresh = set(range(n))
        for _ in range(_MOST_SWEEPS):
            turned = self._sweep(parents, score, fresh)
            if not turned:
                break
            fresh = turned
        out = np.zeros((n, n), bool)
        for j in range(n):
            out[list(parents[j]), j] = True
        return float(score.sum()), out

    def _sweep(
        self, parents: list[frozenset[int]], score: np.ndarray, fresh: set[int]
    ) -> set[int]:
        """Turn edges that touch fresh nodes; return the nodes that changed."""
        changed: set[int] = set()
        edges = [(i, j) for j, own in enumerate(parents) for i in sorted(own)]
        for i, j in edges:
            if i not in parents[j] or not {i, j} & (fresh | changed):
                continue
            if not self.allowed[j, i] or self.required[i, j]:
                continue
            rest = parents[j] - {i}
            if self._reaches(i, rest, parents):
                continue  # Another way from i to j would close a cycle.
            up = frozenset(p for p in parents[i] if self.allowed[p, j])
            down = frozenset(p for p in rest if self.allowed[p, i])
            new_j, kept_j = self.best(j, rest | up)
            new_i, kept_i = self.best(i, parents[i] | {j} | down)
            if new_i + new_j > score[i] + score[j] + 1e-6:
                score[[i, j]] = new_i, new_j
                parents[i], parents[j] = kept_i, kept_j
                changed |= {i, j, *kept_i, *kept_j}
        return changed

    def _reaches(
        self, start: int, goals: frozenset[int], parents: list[frozenset[int]]
    ) -> bool:
        """Whether a directed path leads from start to one of the goals."""
        waiting, seen = list(goals), set(goals)
        while waiting:
            node = waiting.pop()
            if node == start:
                return True
            further = parents[node] - seen
            seen |= further
            waiting += further
        return False

    def best(self, child: int, parents: frozenset[int]) -> tuple[float, frozenset[int]]:
        """Return the score of a node, and its parents without the idle ones.

        The score is the log-likelihood less half the logarithm of the number of rows
        for each parent (Schwarz, 1978).
        """
        key = child, parents
        if key not in self._scores:
            kept = self._without_idle(child, sorted(parents))
            columns = self._columns(kept)
            value = _log_likelihood(self.children[:, child], columns)
            penalty = 0.5 * np.log(len(columns)) * len(kept)
            self._scores[key] = value - penalty, frozenset(kept)
        return self._scores[key]

    def _columns(self, parents: list[int]) -> np.ndarray:
        n = self.children.shape[1]
        return self.columns[:, [*parents, *range(n, self.columns.shape[1])]]

    def _without_idle(self, child: int, parents: list[int]) -> list[int]:
        kept = list(parents)
        target = self.children[:, child]
        while kept:
            columns = self._columns(kept)
            inverse = np.linalg.pinv(columns.T @ columns)
            weight = inverse @ (columns.T @ target)
            noise = np.mean((target - columns @ weight) ** 2)
            error = np.sqrt(np.maximum(noise * np.diag(inverse), 1e-300))
            t = np.abs(weight / error)[: len(kept)]
            t[[self.required[p, child] for p in kept]] = np.inf
            if t.min() >= _LEAST_T:
                break
            kept.pop(int(t.argmin()))
        return kept


def _log_likelihood(target: np.ndarray, columns: np.ndarray) -> float:
    """Return the largest log-likelihood of a linear model with sinh-arcsinh noise.

    Without the constant that all models share.
    """
    if not target.any():
        return 0.0  # A constant.
    start = np.zeros(columns.shape[1] + 4)
    if columns.shape[1]:
        start[:-4] = np.linalg.lstsq(columns, target)[0]
    noise = target - columns @ start[:-4]
    start[-4] = noise.mean()
    start[-3] = np.log(noise.std() + 1e-8)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weight, (location, log_scale, skewness, log_tail) = values[:-4], values[-4:]
        scale, tail = np.exp(log_scale), np.exp(log_tail)
        x = (target - columns @ weight - location) / scale
        root = 1 + x * x
        bend = np.arcsinh(x)
        u = np.clip(tail * bend - skewness, -15, 15)
        sinh, cosh = np.sinh(u), np.cosh(u)
        density = log_tail - log_scale + np.log(cosh) - 0.5 * np.log(root)
        density -= 0.5 * sinh * sinh
        by_u = sinh / cosh - sinh * cosh
        by_x = by_u * tail / np.sqrt(root) - x / root
        gradient = np.concatenate(
            [
                -(by_x @ columns) / scale,
                [
                    -by_x.sum() / scale,
                    -(1 + by_x * x).sum(),
                    -by_u.sum(),
                    (1 + by_u * bend * tail).sum(),
                ],
            ]
        )
        n = len(x)
        return -density.mean(), -gradient / n

    # Two starts: noise may be heavy-tailed or not, and skewed either way.
    ends = []
    for log_tail in (0.0, -0.5):
        begin = start.copy()
        begin[-1] = log_tail
        begin[-3] += log_tail
        found = minimize(
            loss,
            begin,
            jac=True,
            method="L-BFGS-B",
            bounds=[(None, None)] * (len(begin) - 3) + _SHAPE_RANGE,
            options={"maxiter": 100},
        )
        ends.append(found.fun)
    return -float(min(ends)) * len(target)
