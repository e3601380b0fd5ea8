"""Whether a driver moves a target beside others: aligned rank tests."""

from functools import lru_cache

import numpy as np
from scipy.special import ndtri

# Neighbouring rows of a cluster that are looked at for autocorrelation.
_N_LAGS = 8
_N_SCORES = 3
_LEAST_POWER = 1e-300


def aligned_rank_scores(
    columns: np.ndarray, target: np.ndarray, cluster: np.ndarray
) -> np.ndarray:
    r"""Test each column for a part of its own in a target.

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

    Returns
    -------
    ndarray of shape (n, 3)
        Standard normal if the column has no part in the target.
    """
    size = np.sqrt((columns * columns).sum(axis=0))
    columns = columns / np.maximum(size, _LEAST_POWER)
    inverse = np.linalg.pinv(columns.T @ columns)
    weight = inverse @ (columns.T @ target)
    beside = columns @ inverse / np.maximum(np.diag(inverse), _LEAST_POWER)
    aligned = (target - columns @ weight)[:, None] + beside * weight
    scores = _scores(aligned.T)
    beside = np.ascontiguousarray(beside.T)
    total = scores @ beside[..., None]
    power = (scores**2) @ (beside**2)[..., None]
    power = power[..., 0] * _inflation(beside, scores, cluster)
    return np.asarray(total[..., 0] / np.sqrt(np.maximum(power, _LEAST_POWER)))


def _scores(values: np.ndarray) -> np.ndarray:
    """Return centred scores of the ranks of each row, (n, 3, n_rows)."""
    place = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, place, axis=1)
    scores = np.empty((len(values), _N_SCORES, values.shape[1]))
    by_rank = _scores_by_rank(values.shape[1])
    for own, at, row in zip(scores, place, ordered, strict=True):
        begins = np.flatnonzero(row[1:] != row[:-1]) + 1
        if len(begins) == len(row) - 1:
            own[:, at] = by_rank
            continue
        # Values that tie share the mean of their ranks.
        ends = np.append(begins, len(row))
        begins = np.append(0, begins)
        share = 0.5 * (begins + ends) / len(row)
        tied = np.repeat(_scores_of_share(share), ends - begins, axis=1)
        own[:, at] = tied - tied.mean(axis=1, keepdims=True)
    return scores


@lru_cache(maxsize=64)
def _scores_by_rank(n_rows: int) -> np.ndarray:
    """Return centred scores of ranks that do not tie, (3, n_rows)."""
    scores = _scores_of_share((np.arange(n_rows) + 0.5) / n_rows)
    return np.asarray(scores - scores.mean(axis=1, keepdims=True))


def _scores_of_share(share: np.ndarray) -> np.ndarray:
    return np.stack([ndtri(share), 1 + np.log(share), -1 - np.log1p(-share)])


def _inflation(
    beside: np.ndarray, scores: np.ndarray, cluster: np.ndarray
) -> np.ndarray:
    """Return by how much autocorrelation makes variances larger, (n, 3)."""
    n_rows = len(cluster)
    starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]])
    length = np.diff(np.r_[starts, n_rows])
    # Zeros between clusters keep what lies in different ones apart.
    place = np.arange(n_rows) + _N_LAGS * np.repeat(np.arange(len(starts)), length)
    apart = []
    for values in (beside[:, None], scores):
        padded = np.zeros((*values.shape[:2], int(place[-1]) + 1 + _N_LAGS))
        padded[..., place] = values
        apart.append(padded)
    power = [np.maximum(np.einsum("ijt,ijt->ij", v, v), _LEAST_POWER) for v in apart]
    out = np.ones(scores.shape[:2])
    for lag in range(1, min(_N_LAGS, n_rows - 1) + 1):
        n_together = int(np.maximum(length - lag, 0).sum())
        if not n_together:
            break
        rho = [
            np.einsum("ijt,ijt->ij", v[..., lag:], v[..., :-lag]) / p
            for v, p in zip(apart, power, strict=True)
        ]
        out += 2 * rho[0] * rho[1] * (n_rows / n_together) ** 2
    return np.maximum(out, 1.0)
