"""The evidence for weights that a model lacks: how far they may be from zero."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import norm

FEWEST = 0.003
_MOST = 1.0
# Log Bayes factor from which weights are let go at all: very strong evidence on the
# scale of Kass & Raftery (1995, "Bayes Factors").
_STRONG = 5.0
_CLIP = 3.0


class Unexplained:
    """What is left of residuals and columns once nuisance effects have had their say.

    Parameters
    ----------
    nuisance : ndarray of shape (n_rows, n_nuisance)
        Derivatives in what could explain the residuals already.
    precision : ndarray of shape (n_nuisance,)
        Of the prior of these effects; 0 is flat.
    residual : ndarray of shape (n_rows,)
        Standardised; outlying rows count as if they were at three standard deviations.
    inner : ndarray of shape (n_nuisance, n_nuisance)
        Products of the nuisance columns.
    """

    def __init__(
        self,
        nuisance: np.ndarray,
        precision: np.ndarray,
        residual: np.ndarray,
        inner: np.ndarray,
    ) -> None:
        self.residual = np.clip(residual, -_CLIP, _CLIP)
        self.noise = max(float((self.residual**2).mean()), 1e-12)
        self.nuisance = nuisance
        extra = self.noise * precision + 1e-6 * np.diag(inner) + 1e-12
        self.factor = cho_factor(inner + np.diag(extra), lower=True)
        self.removed = cho_solve(self.factor, nuisance.T @ self.residual)

    def gram_and_score(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Gram matrix and scores of columns, nuisance integrated out.

        Parameters
        ----------
        columns : ndarray of shape (n_rows, n_columns)
        """
        cross = columns.T @ self.nuisance
        gram = columns.T @ columns - cross @ cho_solve(self.factor, cross.T)
        return gram, columns.T @ self.residual - cross @ self.removed

    def positive_evidence(self, columns: np.ndarray, sd: float) -> np.ndarray:
        r"""Return the log Bayes factor of each column alone against none.

        With a half-normal coefficient of scale :math:`s`, the score :math:`z` and
        precision :math:`\lambda` of a column, :math:`v^2 = 1 / (\lambda + 1 / s^2)`:

        .. math:: \tfrac12 z^2 v^2 + \log(v / s) + \log 2 \Phi(z v)

        Parameters
        ----------
        columns : ndarray of shape (n_rows, n_columns)
        sd : float
        """
        gram, score = self.gram_and_score(columns)
        z = score / self.noise
        width = 1 / np.sqrt(np.maximum(gram.diagonal() / self.noise, 0.0) + sd**-2)
        found = 0.5 * (z * width) ** 2 + np.log(width / sd) + norm.logcdf(z * width)
        return np.asarray(found + np.log(2.0))


class Scale(NamedTuple):
    """The prior standard deviation that makes data most likely.

    Attributes
    ----------
    value : float
        The smallest one unless there is strong evidence for a larger one.
    evidence : float
        Its log Bayes factor; 0 of the smallest one.
    """

    value: float
    evidence: float


def likeliest_scale(
    slopes: np.ndarray, weights: np.ndarray, unexplained: Unexplained
) -> Scale:
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
    unexplained : Unexplained
    """
    gram, score = unexplained.gram_and_score(slopes)
    score = score + gram @ weights
    values, vectors = np.linalg.eigh(gram / unexplained.noise)
    values = np.maximum(values, 0.0)
    along = (vectors.T @ score / unexplained.noise) ** 2
    scales = np.geomspace(FEWEST, _MOST, 60)[:, None]
    evidence = 0.5 * (
        along / (values + 1 / scales**2) - np.log1p(values * scales**2)
    ).sum(1)
    best = int(evidence.argmax())
    if not evidence[best] > _STRONG:
        return Scale(FEWEST, 0.0)
    return Scale(float(scales[best, 0]), float(evidence[best]))
