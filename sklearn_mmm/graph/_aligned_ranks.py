"""Whether a driver moves a target beside others: aligned rank tests."""

import numpy as np
from scipy import stats

# Neighbouring rows of a cluster that are looked at for autocorrelation.
_N_LAGS = 8
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
    share = (stats.rankdata(aligned, axis=0) - 0.5) / len(target)
    scores = np.stack(
        [stats.norm.ppf(share), 1 + np.log(share), -1 - np.log1p(-share)], axis=2
    )
    scores -= scores.mean(axis=0)
    product = beside[..., None] * scores
    power = (product**2).sum(axis=0) * _inflation(beside, scores, cluster)
    return np.asarray(product.sum(axis=0) / np.sqrt(np.maximum(power, _LEAST_POWER)))


def _inflation(
    beside: np.ndarray, scores: np.ndarray, cluster: np.ndarray
) -> np.ndarray:
    """Return by how much autocorrelation makes variances larger, (n, 3)."""
    out = np.ones(scores.shape[1:])
    power = [np.maximum((v * v).sum(axis=0), _LEAST_POWER) for v in (beside, scores)]
    n_rows = len(cluster)
    for lag in range(1, min(_N_LAGS, n_rows - 1) + 1):
        together = np.flatnonzero(cluster[lag:] == cluster[:-lag])
        if not len(together):
            break
        rho = [
            (v[together] * v[together + lag]).sum(axis=0) / p * n_rows / len(together)
            for v, p in zip((beside, scores), power, strict=True)
        ]
        out += 2 * rho[0][:, None] * rho[1]
    return np.maximum(out, 1.0)
