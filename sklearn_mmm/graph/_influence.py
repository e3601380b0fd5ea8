"""Channels that drive channels: how media react to changes of media."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.functional import lagged
from sklearn_mmm.graph._edges import EdgeRules
from sklearn_mmm.graph._learn import GraphOptions, LearnedGraph, learn_graph
from sklearn_mmm.graph._rows import GraphPanel, series_panel
from sklearn_mmm.likelihood._data import TrainingData


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
    samples : ndarray of shape (n_samples, n * (1 + n_lags), n)
        What resamples of the data make of the weights, now and of past time steps:
        edges come, go and turn round, also where ``weights`` has none.
    """

    weights: np.ndarray
    lagged: np.ndarray
    kernels: np.ndarray
    error: np.ndarray
    lagged_error: np.ndarray
    samples: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def exists(self) -> bool:
        """Whether there is any edge between two channels."""
        past = self.lagged.any(axis=0) if len(self.lagged) else self.weights
        apart = ~np.eye(len(self.weights), dtype=bool)
        return bool((((self.weights != 0) | (past != 0)) & apart).any())

    def draw(self, rng: np.random.Generator) -> "ChannelInfluence":
        """Return an influence that the data allow as well.

        One of the resamples, where there are any; else the same edges with weights
        drawn from their errors.
        """
        if len(self.samples):
            drawn = self.samples[rng.integers(len(self.samples))]
            n = len(self.weights)
            return replace(
                self, weights=drawn[:n], lagged=drawn[n:].reshape(self.lagged.shape)
            )
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
        change = self.follow(
            torch.as_tensor(planned - factual), torch.tensor(factual), held
        )
        return np.asarray(factual + change.numpy())

    def propagate(self, change: np.ndarray, held: Collection[int] = ()) -> np.ndarray:
        """Return a small change of media together with the changes that follow.

        Parameters
        ----------
        change : ndarray of shape (n_regions, n_weeks, n)
        held : collection of int
            Channels that change as given and no further.
        """
        return self.follow(torch.as_tensor(change), None, held).numpy()

    def reach(self) -> np.ndarray:
        """Return whether a path leads from the row to the column, (n, n)."""
        paths = (self.weights != 0) | (self.lagged != 0).any(axis=0)
        for k in range(len(paths)):
            paths |= np.outer(paths[:, k], paths[k])
        return np.asarray(paths & ~np.eye(len(paths), dtype=bool))

    def follow(
        self,
        change: Tensor,
        factual: Tensor | None,
        held: Collection[int] = (),
        within: Tensor | None = None,
    ) -> Tensor:
        """Add reactions to changes of media.

        Parameters
        ----------
        change : Tensor of shape (n_regions, n_weeks, n)
        factual : Tensor of the same shape or None
            Media as they were, below which minus them nothing falls; None for small
            changes.
        held : collection of int
            Channels that change as given and no further.
        within : bool Tensor of shape (n_regions, n_weeks), optional
            Cells in which channels may react.

        Returns
        -------
        Tensor of shape (n_regions, n_weeks, n)
            With the gradient by ``change``.
        """
        order = [c for c in causes_first(self.weights) if c not in held]
        # Without lags channels can be taken one after another, all weeks at once.
        n_weeks = change.shape[1]
        steps = range(n_weeks) if self.lagged.any() else [None]
        # Changes by channel, and by week where weeks follow one another.
        out = list(change.unbind(2))
        for step in steps:
            now = slice(None) if step is None else slice(step, step + 1)
            for child in order:
                pull = self._pull(out, child, now)
                if pull is None:
                    continue
                if within is not None:
                    pull = pull * within[:, now]
                moved = out[child][:, now] + pull
                if factual is not None:
                    moved = torch.maximum(moved, -factual[:, now, child])
                if step is None:
                    out[child] = moved
                else:
                    before, after = out[child][:, :step], out[child][:, step + 1 :]
                    out[child] = torch.cat([before, moved, after], dim=1)
        return torch.stack(out, dim=2)

    def _pull(self, change: list[Tensor], child: int, now: slice) -> Tensor | None:
        """Return what others do to a child in some weeks; None if nothing ever."""
        pull = None
        for parent in np.flatnonzero(self.weights[:, child]):
            kernel = torch.tensor(self.kernels[parent])
            carried = lagged(change[parent][..., None], len(kernel))[:, now, 0] @ kernel
            part = carried * float(self.weights[parent, child])
            pull = part if pull is None else pull + part
        for lag, weights in enumerate(self.lagged[..., child], start=1):
            for parent in np.flatnonzero(weights):
                past = lagged(change[parent][..., None], lag + 1)[:, now, 0, lag]
                part = past * float(weights[parent])
                pull = part if pull is None else pull + part
        return pull


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
    data: TrainingData, options: GraphOptions | None, kernels: np.ndarray
) -> tuple[ChannelInfluence, LearnedGraph]:
    """Learn how channels drive one another in the training weeks.

    Media act through the carry-over that the outcome has shown them to have.

    Parameters
    ----------
    data : TrainingData
    options : GraphOptions or None
        None leaves the graph without edges.
    kernels : ndarray of shape (n, n_carry)

    Returns
    -------
    influence : ChannelInfluence
    found : LearnedGraph
    """
    n, n_lags = len(kernels), 0 if options is None else options.n_lags
    if options is None:
        none = np.zeros((n, n))
        found = LearnedGraph(
            none,
            none,
            np.zeros((n, n), bool),
            np.full((n, n), np.nan),
            np.zeros((0, *none.shape)),
        )
    else:
        found = learn_graph(_panel(data, kernels, n_lags), options)
    return _influence(found, kernels, n_lags), found


def update_influence(
    influence: ChannelInfluence,
    data: TrainingData,
    options: GraphOptions | None,
    kernels: np.ndarray,
) -> ChannelInfluence:
    """Weigh the same edges anew, on more weeks; resamples keep theirs as well."""
    n, samples = len(kernels), influence.samples
    now, past = influence.weights != 0, influence.lagged.reshape(-1, n) != 0
    if options is None or not (now.any() or past.any() or samples.any()):
        return replace(influence, kernels=kernels)
    same = replace(
        options,
        rules=EdgeRules(now, now, past),
        n_resamples=len(samples),
        known_resamples=samples if len(samples) else None,
        known_weights=np.vstack([influence.weights, influence.lagged.reshape(-1, n)]),
    )
    return learn_influence(data, same, kernels)[0]


def _panel(data: TrainingData, kernels: np.ndarray, n_lags: int) -> GraphPanel:
    """Return what edges are fitted to."""
    season = data.covariance.season_length
    return series_panel(
        data.media, data.observed, data.position, season, kernels, n_lags
    )


def _influence(
    found: LearnedGraph, kernels: np.ndarray, n_lags: int
) -> ChannelInfluence:
    n = len(kernels)
    shape = (n_lags, n, n)
    return ChannelInfluence(
        found.weights[:n],
        found.weights[n:].reshape(shape),
        kernels,
        found.error[:n],
        found.error[n:].reshape(shape),
        found.samples,
    )
