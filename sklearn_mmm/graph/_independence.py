"""Whether series are independent: rank tests across neighbouring weeks."""

from functools import cached_property

import numpy as np
from scipy import stats

from sklearn_mmm.graph._rows import GraphPanel

# Weeks before and after that are looked at, and how fast they lose weight.
_N_LAGS = 8
_FADING = 4.0
# Autocorrelation is allowed for up to here.
_MEMORY = 26
# Chance makes no variance smaller than this share of that of white noise.
_LEAST_VARIANCE = 0.3
_N_STATISTICS = 8


class PairTests:
    r"""Test each pair of columns for dependence of any kind, nearby weeks included.

    Columns become centred ranks, :math:`z`, and two features,
    :math:`z` and :math:`|z|`, less their regional and common courses. The four
    products of features of two columns are correlated in the same week, and summed over
    neighbouring weeks with falling weights: two columns with a hidden cause in common
    move together before and after as well, and vary more at the same time. Under
    independence a correlation has the variance
    :math:`\frac 1 n \sum_k \rho_a(k) \rho_b(k)` (Bartlett, 1935), whatever the
    autocorrelations :math:`\rho` are.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n)
        In the kept cells of the panel.
    panel : GraphPanel
    """

    def __init__(self, rows: np.ndarray, panel: GraphPanel) -> None:
        n_rows, self.n = rows.shape
        ranks = stats.rankdata(rows, axis=0)
        scores = (ranks - 0.5) / n_rows - 0.5
        features = (
            panel.centred(panel.scatter(np.hstack([scores, np.abs(scores)])))
            * panel.kept[..., None]
        )
        power = np.sqrt((features**2).sum(axis=(0, 1)) / n_rows)
        self._features = features / np.where(power > 1e-9, power, np.inf)
        self._n_rows = n_rows
        # What courses and weeks' means leave free to vary.
        n_regions = len(panel.kept)
        share = 1 - 1 / n_regions if panel.by_week else 1.0
        self._freedom = max(share * n_rows - n_regions * panel.course.shape[1], 1.0)
        self._n_weeks = panel.kept.shape[1]
        self._n_lags = min(_N_LAGS, self._n_weeks // 4) if panel.is_series else 0

    @cached_property
    def scores(self) -> np.ndarray:
        """Standard normal under independence, (n, n, 8)."""
        weights = np.exp(-np.arange(self._n_lags + 1) / _FADING)
        now = self._product(0)
        near = now * weights[0]
        for lag in range(1, self._n_lags + 1):
            later = self._product(lag)
            near = near + weights[lag] * (later + later.T)
        window = np.r_[weights[:0:-1], weights]
        statistics = [
            now / np.sqrt(self._variance(np.ones(1))),
            near / np.sqrt(self._variance(window)),
        ]
        blocks = [
            each[a * self.n : (a + 1) * self.n, b * self.n : (b + 1) * self.n]
            for each in statistics
            for a in (0, 1)
            for b in (0, 1)
        ]
        return np.stack(blocks, axis=2)

    @cached_property
    def p_values(self) -> np.ndarray:
        """Of the hypothesis that a pair is independent, (n, n)."""
        # The smallest of eight, by Bonferroni.
        largest = np.abs(self.scores).max(axis=2)
        out = np.minimum(1.0, _N_STATISTICS * 2 * stats.norm.sf(largest))
        np.fill_diagonal(out, 1.0)
        return np.asarray(out)

    @property
    def dependence(self) -> float:
        """Mean square of all pairs' scores: 1 where all columns are independent."""
        above = np.triu_indices(self.n, 1)
        return float((self.scores[above] ** 2).mean()) if self.n > 1 else 1.0

    @property
    def common(self) -> float:
        """Largest score of all pairs together: what pairs share adds up."""
        above = np.triu_indices(self.n, 1)
        pooled = self.scores[above].sum(axis=0) / np.sqrt(max(len(above[0]), 1))
        return float(np.abs(pooled).max())

    def _product(self, lag: int) -> np.ndarray:
        """Mean products of features with later ones, (2 n, 2 n)."""
        end = self._n_weeks - lag
        now = self._features[:, :end].reshape(-1, 2 * self.n)
        later = self._features[:, lag:].reshape(-1, 2 * self.n)
        return np.asarray(now.T @ later / self._n_rows)

    def _variance(self, window: np.ndarray) -> np.ndarray:
        """Variance of weighted sums of correlations, (2 n, 2 n)."""
        white = float(window @ window)
        if self._n_lags == 0:
            return np.full((2 * self.n, 2 * self.n), white / self._freedom)
        spread = np.convolve(window, window)  # by difference of lags
        reach = len(spread) // 2
        memory = len(self._autocorrelation) - 1
        offset = np.arange(-memory, memory + 1)
        difference = offset[:, None] + offset[None]
        inside = np.abs(difference) <= reach
        kernel = np.where(inside, spread[np.clip(difference + reach, 0, 2 * reach)], 0)
        both = self._autocorrelation[np.abs(offset)]  # (offset, 2 n)
        total = both.T @ kernel @ both
        return np.asarray(np.maximum(total, _LEAST_VARIANCE * white) / self._freedom)

    @cached_property
    def _autocorrelation(self) -> np.ndarray:
        """Autocorrelation of the features, (lag, 2 n)."""
        memory = min(_MEMORY, self._n_weeks // 3)
        out = [
            (self._features[:, : self._n_weeks - lag] * self._features[:, lag:]).sum(
                axis=(0, 1)
            )
            for lag in range(memory + 1)
        ]
        return np.array(out) / np.maximum(out[0], 1e-300)


def rejected(p_values: np.ndarray, level: float) -> np.ndarray:
    """Return which hypotheses fall, with at most a share of them wrongly so.

    The step-up procedure of Benjamini & Hochberg (1995); an array of any shape.
    """
    flat = np.sort(p_values, axis=None)
    passed = flat <= level * np.arange(1, flat.size + 1) / max(flat.size, 1)
    limit = flat[passed][-1] if passed.any() else -1.0
    return np.asarray(p_values <= limit)
