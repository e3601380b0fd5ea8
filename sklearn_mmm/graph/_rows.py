"""Panels and rows from which graphs are learned."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from sklearn_mmm.functional import lagged

# From so many regions on, what they have in common in a week is removed as its mean.
FEWEST_FOR_WEEK_MEANS = 3
# From so many regions on each is a cluster; else blocks of so many time steps are.
_FEWEST_FOR_REGION_CLUSTERS = 10
_BLOCK = 13
_N_HARMONICS = 2
# Share of what is carried over that is nearly all of it.
_ARRIVED = 0.99
# Share of the largest below which one stands for what is not determined.
_NO_EIGENVALUE = 1e-10


@dataclass(frozen=True)
class GraphRows:
    """Rows from which a graph is learned; regional and common courses are removed.

    Attributes
    ----------
    children, parents : ndarray of shape (n_rows, n)
        What is driven, and what drives: the same values, or their carry-over.
    lagged : ndarray of shape (n_rows, n_lagged)
    cluster : int ndarray of shape (n_rows,)
        Rows of different clusters are independent.
    """

    children: np.ndarray
    parents: np.ndarray
    lagged: np.ndarray
    cluster: np.ndarray

    @property
    def drivers(self) -> np.ndarray:
        """Parents and lagged values side by side, (n_rows, n + n_lagged)."""
        return np.hstack([self.parents, self.lagged])

    def take(self, rows: np.ndarray) -> "GraphRows":
        """Return some rows, which may repeat."""
        return GraphRows(
            self.children[rows],
            self.parents[rows],
            self.lagged[rows],
            self.cluster[rows],
        )


@dataclass(frozen=True)
class GraphPanel:
    """A panel from which a graph is learned, as it was observed.

    Attributes
    ----------
    children, parents : ndarray of shape (n_regions, n_weeks, n)
        In units that all regions share.
    lagged : ndarray of shape (n_regions, n_weeks, n_lagged)
    kept : bool ndarray of shape (n_regions, n_weeks)
        Observed cells with a complete past.
    course : ndarray of shape (n_weeks, n_terms)
        What a region's series may follow of itself: its mean, with few regions also a
        trend and a season.
    waves : ndarray of shape (n_weeks, n_waves)
        The waves of a year; none where there is no year.
    by_week : bool
        Whether weeks have means of their own, shared by the regions.
    is_series : bool
        Whether weeks follow one another.
    cluster : int ndarray of shape (n_regions, n_weeks)
    """

    children: np.ndarray
    parents: np.ndarray
    lagged: np.ndarray
    kept: np.ndarray
    course: np.ndarray
    waves: np.ndarray
    by_week: bool
    is_series: bool
    cluster: np.ndarray

    def rows(
        self, size: np.ndarray | None = None, beside: np.ndarray | None = None
    ) -> GraphRows:
        """Return the kept cells as rows.

        Parameters
        ----------
        size : ndarray of shape (n_regions, n_weeks), optional
            What the cells are divided by; linear relations stay what they are.
        beside : ndarray of shape (n_regions, n_weeks, n_beside), optional
            What is removed by regression.
        """
        n = self.children.shape[2]
        stacked = np.concatenate([self.children, self.parents, self.lagged], axis=2)
        if size is not None:
            stacked = stacked / size[..., None]
        rows = self.centred(stacked)[self.kept]
        if beside is not None:
            other = self.centred(beside)[self.kept]
            rows = rows - other @ np.linalg.lstsq(other, rows)[0]
        cluster = np.unique(self.cluster[self.kept], return_inverse=True)[1]
        return GraphRows(rows[:, :n], rows[:, n : 2 * n], rows[:, 2 * n :], cluster)

    def some_regions(self, most_cells: int) -> "GraphPanel":
        """Return every so-many-th region, so that cells are not many more than that."""
        step = -(-self.kept.size // most_cells)
        step = max(min(step, len(self.kept) // FEWEST_FOR_WEEK_MEANS), 1)
        names = ("children", "parents", "lagged", "kept", "cluster")
        return replace(self, **{name: getattr(self, name)[::step] for name in names})

    def centred(self, values: np.ndarray) -> np.ndarray:
        """Remove the regions' courses and what weeks share; 0 where nothing is kept.

        Budgets, season and national campaigns that all regions share would pass for an
        influence among channels.
        """
        if self.by_week:
            return _without_means(values, self.kept)
        return self.without_course(values)

    def without_course(self, values: np.ndarray) -> np.ndarray:
        """Remove mean, trend and season of each region alone."""
        out = np.zeros_like(values)
        if self.kept.all():
            inverse = np.linalg.pinv(self.course)
            return np.asarray(values - self.course @ (inverse @ values))
        for r, seen in enumerate(self.kept):
            course = self.course[seen]
            out[r, seen] = (
                values[r, seen] - course @ np.linalg.lstsq(course, values[r, seen])[0]
            )
        return out

    def scatter(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in their cells, (n_regions, n_weeks, n), 0 elsewhere."""
        out = np.zeros((*self.kept.shape, rows.shape[1]))
        out[self.kept] = rows
        return out


def independent_rows(values: np.ndarray) -> GraphPanel:
    """Return rows that are no series, (n_rows, n), as one region's panel."""
    n_rows = len(values)
    return GraphPanel(
        values[None],
        values[None],
        np.zeros((1, n_rows, 0)),
        np.ones((1, n_rows), bool),
        np.ones((n_rows, 1)),
        np.zeros((n_rows, 0)),
        by_week=False,
        is_series=False,
        cluster=np.arange(n_rows)[None],
    )


def series_panel(
    values: np.ndarray,
    observed: np.ndarray,
    position: np.ndarray,
    season_length: float | None,
    kernels: np.ndarray | None = None,
    n_lags: int = 0,
) -> GraphPanel:
    """Return regions' series as data for a graph.

    Parameters
    ----------
    values : ndarray of shape (n_regions, n_weeks, n)
        Comparable between regions.
    observed : bool ndarray of shape (n_regions, n_weeks)
    position : ndarray of shape (n_weeks,)
    season_length : float or None
        Time steps of a year.
    kernels : ndarray of shape (n, n_carry), optional
        Carry-over through which a channel acts; by default it acts at once.
    n_lags : int, default=0
        Past time steps that act as well.
    """
    n_regions, n_weeks, n = values.shape
    if kernels is None:
        kernels = np.ones((n, 1))
    n_carry = kernels.shape[1]
    history = lagged(torch.tensor(values), max(n_carry, n_lags + 1)).numpy()
    parents = (history[..., :n_carry] * kernels).sum(-1)
    # (region, week, lag, channel): the first lag of all channels, then the next.
    past = np.moveaxis(history[..., 1 : n_lags + 1], -1, 2)
    # Weeks of whose past too much is unknown are left out.
    first = max(_felt(kernels) - 1, n_lags)
    first = first if n_weeks > 2 * (first + 1) else 0
    kept = observed.copy()
    kept[:, :first] = False
    by_week = n_regions >= FEWEST_FOR_WEEK_MEANS
    course = _course(position, season_length)
    cluster = np.repeat(np.arange(n_regions)[:, None], n_weeks, axis=1)
    if n_regions < _FEWEST_FOR_REGION_CLUSTERS:
        block = np.maximum(np.arange(n_weeks) - first, 0) // _BLOCK
        cluster = cluster * (int(block.max()) + 1) + block
    return GraphPanel(
        values,
        parents,
        past.reshape(n_regions, n_weeks, n_lags * n),
        kept,
        course[:, :1] if by_week else course,
        course[:, 2:],
        by_week,
        is_series=True,
        cluster=cluster,
    )


def _felt(kernels: np.ndarray) -> int:
    """Return in how many time steps what is carried over has all but arrived."""
    arrived = kernels.cumsum(axis=1) >= _ARRIVED * kernels.sum(axis=1, keepdims=True)
    return 1 + int(arrived.argmax(axis=1).max(initial=0))


def _without_means(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Remove the means of regions and weeks, by their normal equations.

    Those of the fewer are what is left once the others are eliminated.
    """
    if len(kept) < kept.shape[1]:
        return _without_means(values.swapaxes(0, 1), kept.T).swapaxes(0, 1)
    weight = kept[..., None].astype(float)
    seen = values * weight
    count = np.maximum(kept.sum(1), 1)[:, None]
    share = kept / count  # (region, week)
    inner = np.diag(kept.sum(0)) - kept.T @ share
    right = seen.sum(0) - share.T @ seen.sum(1)
    by_week = np.linalg.pinv(inner, _NO_EIGENVALUE, hermitian=True) @ right
    by_region = seen.sum(1) / count - share @ by_week
    return np.asarray((seen - by_week - by_region[:, None]) * weight)


def _course(position: np.ndarray, season_length: float | None) -> np.ndarray:
    """Return a constant, a trend and the waves of a year, (n_weeks, n_terms)."""
    span = np.ptp(position)
    columns = [np.ones(len(position)), (position - position.mean()) / max(span, 1)]
    if season_length and span >= season_length:
        for order in range(1, _N_HARMONICS + 1):
            angle = 2 * np.pi * order * position / season_length
            columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)
