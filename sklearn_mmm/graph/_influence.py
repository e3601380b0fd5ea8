"""Channels that drive channels: how media react to changes of media."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import torch

from sklearn_mmm.functional import lagged
from sklearn_mmm.graph._learn import EdgeRules, learn_graph
from sklearn_mmm.graph._rows import series_panel as panel_rows
from sklearn_mmm.likelihood._data import TrainingData

# Probability that any edge at all is found where there is none.
_ALPHA = 0.05
_N_RESAMPLES = 10


@dataclass(frozen=True)
class ChannelInfluence:
    """Linear influences among channels, in units of the media scale.

    Attributes
    ----------
    weights : ndarray of shape (n, n)
        Row to column, without cycles; acts on the carry-over of the row.
    lagged : ndarray of shape (n_lags, n, n)
        Weights of past time steps, the nearest first.
    kernels : ndarray of shape (n, n_carry)
        Carry-over of the channels, summing to 1.
    error, lagged_error : ndarray
        Standard errors of the weights.
    """

    weights: np.ndarray
    lagged: np.ndarray
    kernels: np.ndarray
    error: np.ndarray
    lagged_error: np.ndarray

    def draw(self, rng: np.random.Generator) -> "ChannelInfluence":
        """Return an influence with the same edges that the data allow as well."""
        return replace(
            self,
            weights=self.weights + self.error * rng.standard_normal(self.error.shape),
            lagged=self.lagged
            + self.lagged_error * rng.standard_normal(self.lagged_error.shape),
        )

    def react(
        self, planned: np.ndarray, factual: np.ndarray, held: Collection[int] = ()
    ) -> np.ndarray:
        """Let the children follow where planned media depart from the factual.

        Parameters
        ----------
        planned, factual : ndarray of shape (n_regions, n_weeks, n)
            Media before any child has reacted, and as they were.
        held : collection of int
            Channels that stay as planned, whatever their parents do.

        Returns
        -------
        ndarray of shape (n_regions, n_weeks, n)
            Media after all descendants have reacted, at least 0.
        """
        change = self._follow(planned - factual, factual, held)
        return factual + change

    def spread(self, change: np.ndarray, held: Collection[int] = ()) -> np.ndarray:
        """Return a small change of media together with the changes that follow.

        Parameters
        ----------
        change : ndarray of shape (n_regions, n_weeks, n)
        held : collection of int
            Channels that change as given and no further.
        """
        return self._follow(change, None, held)

    def reach(self) -> np.ndarray:
        """Return whether a path leads from the row to the column, (n, n)."""
        paths = (self.weights != 0) | (self.lagged != 0).any(axis=0)
        for k in range(len(paths)):
            paths |= np.outer(paths[:, k], paths[k])
        return np.asarray(paths & ~np.eye(len(paths), dtype=bool))

    def _follow(
        self, change: np.ndarray, factual: np.ndarray | None, held: Collection[int]
    ) -> np.ndarray:
        """Add reactions to changes; with factual media none falls below zero."""
        out = change.copy()
        order = [c for c in causes_first(self.weights) if c not in held]
        # Without lags channels can be taken one after another, all weeks at once.
        n_weeks = change.shape[1] if self.lagged.any() else 1
        weeks = [slice(t, t + 1) for t in range(n_weeks)]
        if n_weeks == 1:
            weeks = [slice(None)]
        for now in weeks:
            for child in order:
                parents = np.flatnonzero(self.weights[:, child])
                pull = self._carried(out, parents, now) @ self.weights[parents, child]
                pull = pull + self._past(out, child, now)
                if not pull.any():
                    continue
                moved = out[:, now, child] + pull
                if factual is not None:
                    moved = np.maximum(moved, -factual[:, now, child])
                out[:, now, child] = moved
        return out

    def _carried(
        self, change: np.ndarray, parents: np.ndarray, now: slice
    ) -> np.ndarray:
        """Return the parents' changes with their carry-over, (region, week, parent)."""
        n_carry = self.kernels.shape[1]
        if now.start is not None:
            begin = max(0, now.start - n_carry + 1)
            recent = change[:, begin : now.stop, parents][:, ::-1]
            kernel = self.kernels[parents, : recent.shape[1]].T
            return np.asarray((recent * kernel).sum(1, keepdims=True))
        history = lagged(torch.as_tensor(change[..., parents]), n_carry).numpy()
        return np.asarray((history * self.kernels[parents]).sum(-1))

    def _past(self, change: np.ndarray, child: int, now: slice) -> np.ndarray:
        """Return what changes of past time steps do to a child, (region, week)."""
        out = np.zeros(change[:, now, child].shape)
        if now.start is None:
            return out
        for lag, weights in enumerate(self.lagged[..., child], start=1):
            if now.start >= lag:
                out += change[:, [now.start - lag]] @ weights
        return out


def causes_first(weights: np.ndarray) -> list[int]:
    """Return the nodes of an acyclic graph in topological order.

    Ties stay in the order of the columns.
    """
    edges = weights != 0
    waiting, order = list(range(len(edges))), []
    while waiting:
        free = next(j for j in waiting if not edges[waiting, j].any())
        order.append(free)
        waiting.remove(free)
    return order


def learn_influence(
    data: TrainingData,
    rules: object | None,
    kernels: np.ndarray,
    n_lags: int,
    seed: int,
) -> tuple[ChannelInfluence, np.ndarray]:
    """Learn how channels drive one another in the training weeks.

    Media act through the carry-over that the outcome has shown them to have.

    Parameters
    ----------
    data : TrainingData
    rules : EdgeRules or None
        None leaves the graph without edges.
    kernels : ndarray of shape (n, n_carry)
    n_lags : int
    seed : int

    Returns
    -------
    influence : ChannelInfluence
    strength : ndarray of shape (n, n)
        Share of resamples with the edge.
    """
    n = len(kernels)
    if rules is None:
        none, past = np.zeros((n, n)), np.zeros((n_lags, n, n))
        influence = ChannelInfluence(none, past, kernels, none, past)
        return influence, np.full((n, n), np.nan)
    rows = _rows(data, kernels, n_lags)
    found = learn_graph(rows, rules, _ALPHA, _N_RESAMPLES, seed)
    past, past_error = (
        values.reshape(n_lags, n, n) for values in (found.lagged, found.lagged_error)
    )
    influence = ChannelInfluence(found.weights, past, kernels, found.error, past_error)
    return influence, found.strength


def _rows(data: TrainingData, kernels: np.ndarray, n_lags: int) -> object:
    """Return what edges are fitted to."""
    season = data.covariance.season_length
    return panel_rows(data.media, data.observed, data.position, season, kernels, n_lags)


def update_influence(
    influence: ChannelInfluence, data: TrainingData, kernels: np.ndarray
) -> ChannelInfluence:
    """Weigh the same edges anew, on more weeks."""
    n, n_lags = len(kernels), len(influence.lagged)
    edges = np.vstack([influence.weights, influence.lagged.reshape(-1, n)]) != 0
    if not edges.any():
        return replace(influence, kernels=kernels)
    rows = _rows(data, kernels, n_lags)
    weights, error = refit_weights(rows, edges)
    return ChannelInfluence(
        weights[:n],
        weights[n:].reshape(n_lags, n, n),
        kernels,
        error[:n],
        error[n:].reshape(n_lags, n, n),
    )
