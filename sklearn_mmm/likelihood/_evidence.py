"""The evidence for a group of weights: how far they may be from zero."""

import numpy as np

FEWEST = 0.003
_MOST = 1.0
# Log Bayes factor from which weights are let go at all: very strong evidence on the
# scale of Kass & Raftery (1995, "Bayes Factors").
_STRONG = 5.0
_CLIP = 3.0


def likeliest_scale(
    slopes: np.ndarray,
    weights: np.ndarray,
    nuisance: np.ndarray,
    precision: np.ndarray,
    residual: np.ndarray,
) -> float:
    r"""Return the prior standard deviation that makes the data most likely.

    Linearised at the present weights, with nuisance effects integrated out, the
    evidence for :math:`w \sim N(0, s^2)` is (MacKay, 1992, "Bayesian Interpolation")

    .. math:: \tfrac12 \sum_i \frac{z_i^2}{\lambda_i + 1 / s^2}
        - \log(1 + \lambda_i s^2)

    with the eigenvalues :math:`\lambda` of the slopes' Gram matrix and the scores
    :math:`z` along its eigenvectors.

    Parameters
    ----------
    slopes : ndarray of shape (n_rows, n_weights)
        Derivatives of the standardised fit in each weight.
    weights : ndarray of shape (n_weights,)
    nuisance : ndarray of shape (n_rows, n_nuisance)
        Derivatives in what else could explain the same.
    precision : ndarray of shape (n_nuisance,)
        Of the prior of these effects; 0 is flat.
    residual : ndarray of shape (n_rows,)
        Standardised; outlying rows count as if they were at three standard deviations.

    Returns
    -------
    float
        The smallest scale unless there is strong evidence for a larger one.
    """
    clipped = np.clip(residual, -_CLIP, _CLIP)
    noise = max(float((clipped**2).mean()), 1e-12)
    cross = slopes.T @ nuisance
    inner = nuisance.T @ nuisance
    inner += np.diag(noise * precision + 1e-6 * np.diag(inner) + 1e-12)
    removed = np.linalg.solve(inner, np.column_stack([cross.T, nuisance.T @ clipped]))
    gram = slopes.T @ slopes - cross @ removed[:, :-1]
    score = slopes.T @ clipped - cross @ removed[:, -1] + gram @ weights
    values, vectors = np.linalg.eigh(gram / noise)
    values = np.maximum(values, 0.0)
    along = (vectors.T @ score / noise) ** 2
    scales = np.geomspace(FEWEST, _MOST, 60)[:, None]
    evidence = 0.5 * (
        along / (values + 1 / scales**2) - np.log1p(values * scales**2)
    ).sum(1)
    best = int(evidence.argmax())
    return float(scales[best, 0]) if evidence[best] > _STRONG else FEWEST
