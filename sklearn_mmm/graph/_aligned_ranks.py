"""Whether a driver moves a target beside others: aligned rank tests."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

# Neighbouring rows of a cluster that are looked at for autocorrelation.
_N_LAGS = 8
_LEAST_POWER = 1e-300
# Of shares of a rank: those of the normal distribution, and of either tail.
_SCORES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    ndtri,
    lambda share: 1 + np.log(share),
    lambda share: -1 - np.log1p(-share),
)
_N_SCORES = len(_SCORES)


def aligned_rank_scores(
    columns: np.ndarray,
    target: np.ndarray,
    cluster: np.ndarray,
    enough: float = np.inf,
    tested: np.ndarray | None = None,
) -> np.ndarray:
    r"""Test columns for a part of their own in a target.

    Without the column the target is aligned, :math:`e = y - X_{-i} b`, and scores of
    its ranks, :math:`s`, are compared with what the column does beside the others,
    :math:`\tilde x`:

    .. math:: z = \frac{\sum \tilde x s}{\sqrt{c \sum \tilde x^2 s^2}}, \qquad
              c = 1 + 2 \sum_k \rho_{\tilde x}(k) \rho_s(k)

    (Hodges & Lehmann, 1962; the variance allows for scales that vary, and for
    autocorrelation as in Bartlett, 1935). The scores are those of the normal
    distribution, which lose nothing against least squares (Chernoff & Savage, 1958),
    and the exponential scores of Savage (1956) for either tail: where spend has a
    floor, its lower end tells most.

    Parameters
    ----------
    columns : ndarray of shape (n_rows, n)
    target : ndarray of shape (n_rows,)
    cluster : int ndarray of shape (n_rows,)
        Rows of a cluster follow one another in time.
    enough : float, default=inf
        Of a column whose first score is as large, the others are not asked for.
    tested : int ndarray of shape (n_tested,), optional
        Which columns to test; None for all of them.

    Returns
    -------
    ndarray of shape (n_tested, 3)
        Standard normal if the column has no part in the target; 0 where not asked for.
    """
    size = np.sqrt((columns * columns).sum(axis=0))
    columns = columns / np.maximum(size, _LEAST_POWER)
    inverse = np.linalg.pinv(columns.T @ columns)
    weight = inverse @ (columns.T @ target)
    some = slice(None) if tested is None else tested
    power = np.maximum(np.diag(inverse)[some], _LEAST_POWER)
    beside = columns @ inverse[:, some] / power
    aligned = (target - columns @ weight)[:, None] + beside * weight[some]
    beside = np.ascontiguousarray(beside.T)
    ranked, clusters = _Ranked(aligned.T), _Clusters(cluster)
    memory = clusters.autocorrelation(beside)
    out = np.zeros((len(beside), _N_SCORES))
    asked = np.arange(len(beside))
    for kind in range(_N_SCORES):
        if len(asked):
            scores = ranked.scores(kind, asked)
            # How much autocorrelation makes variances larger.
            along = memory[asked] * clusters.autocorrelation(scores)
            inflation = np.maximum(1 + 2 * along.sum(axis=1), 1.0)
            scores *= beside[asked]
            power = np.vecdot(scores, scores) * inflation
            total = scores.sum(axis=1)
            out[asked, kind] = total / np.sqrt(np.maximum(power, _LEAST_POWER))
        if not kind:
            asked = asked[np.abs(out[:, 0]) < enough]
    return out


class _Ranked:
    """Values in order of size.

    Parameters
    ----------
    values : ndarray of shape (n, n_rows)
    """

    def __init__(self, values: np.ndarray) -> None:
        self.place = np.argsort(values, axis=1)
        ordered = np.take_along_axis(values, self.place, axis=1)
        self._apart = ordered[:, 1:] != ordered[:, :-1]
        self._ties: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def scores(self, kind: int, asked: np.ndarray) -> np.ndarray:
        """Return centred scores of the ranks of some rows of values, (n_asked, n_rows).

        Parameters
        ----------
        kind : int
        asked : int ndarray of shape (n_asked,)
        """
        n_rows = self.place.shape[1]
        out = np.empty((len(asked), n_rows))
        for own, row in zip(out, asked, strict=True):
            if self._apart[row].all():
                own[self.place[row]] = _scores_by_rank(kind, n_rows)
                continue
            if row not in self._ties:
                self._ties[row] = _mean_ranks(self._apart[row])
            doubled, length = self._ties[row]
            tied = np.repeat(_scores_by_share(kind, n_rows)[doubled - 1], length)
            own[self.place[row]] = tied - tied.mean()
        return out


def _mean_ranks(apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ranks that values share which tie, twice those, and how many do.

    Parameters
    ----------
    apart : bool ndarray of shape (n_rows - 1,)
        Whether a value in order of size is larger than the one before.
    """
    bounds = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(apart) + 1]])
    return bounds[:-1] + bounds[1:], np.diff(bounds)


@lru_cache(maxsize=64)
def _scores_by_rank(kind: int, n_rows: int) -> np.ndarray:
    """Return centred scores of ranks that do not tie, (n_rows,)."""
    scores = _scores_by_share(kind, n_rows)[::2]
    return np.asarray(scores - scores.mean())


@lru_cache(maxsize=64)
def _scores_by_share(kind: int, n_rows: int) -> np.ndarray:
    """Return the scores of ranks and of those half way between, (2 n_rows - 1,)."""
    return _SCORES[kind](0.5 * np.arange(1, 2 * n_rows) / n_rows)


class _Clusters:
    """Rows of a cluster follow one another in time.

    Parameters
    ----------
    cluster : int ndarray of shape (n_rows,)
    """

    def __init__(self, cluster: np.ndarray) -> None:
        n_rows = len(cluster)
        starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]])
        self.length = np.diff(np.r_[starts, n_rows])
        # Zeros between clusters keep what lies in different ones apart.
        gap = _N_LAGS * np.repeat(np.arange(len(starts)), self.length)
        self.place = np.arange(n_rows) + gap

    def autocorrelation(self, values: np.ndarray) -> np.ndarray:
        """Return that of (n, n_rows) values, (n, n_lags); 0 where there is no lag."""
        n_rows = len(self.place)
        apart = np.zeros((len(values), int(self.place[-1]) + 1 + _N_LAGS))
        apart[:, self.place] = values
        power = np.maximum(np.vecdot(values, values), _LEAST_POWER)
        out = np.zeros((len(values), min(_N_LAGS, n_rows - 1)))
        for lag in range(1, out.shape[1] + 1):
            n_together = int(np.maximum(self.length - lag, 0).sum())
            if not n_together:
                break
            along = np.vecdot(apart[:, lag:], apart[:, :-lag])
            out[:, lag - 1] = along / power * (n_rows / n_together)
        return out
