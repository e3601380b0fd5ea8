"""Variances and memory in time that make residuals most likely."""

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dlauum

from sklearn_mmm.baseline._block_search import CourseSearch, RegionalSearch
from sklearn_mmm.baseline._course_evidence import CourseEvidence, PooledEvidence
from sklearn_mmm.baseline._covariance import (
    Kernels,
    Variances,
    inverse_factor,
    patterns,
)
from sklearn_mmm.baseline._state_space import Blocks
from sklearn_mmm.baseline._variance_search import PRIOR_LOG_VARIANCE, DenseSearch
from sklearn_mmm.components._noise import NORMAL, HuberNoise

_PRIOR_LOG_COURSE = np.log(1e-4)
_LARGEST_OF_COURSE = 1.0


def loss_and_slope(
    K: np.ndarray, values: np.ndarray, noise: HuberNoise
) -> tuple[float, np.ndarray]:
    r"""Return the negative log-likelihood of series and its derivative by K.

    The loss is that of the innovations :math:`v = L^{-1} y`, :math:`K = L L^\top`.
    With :math:`\psi` its derivative, :math:`n` series and :math:`\Phi` keeping the
    lower triangle and half of the diagonal, the derivative is the symmetric part of
    :math:`L^{-\top} \Phi(n I - \sum \psi(v) v^\top) L^{-1}`, since
    :math:`d L = L \Phi(L^{-1} dK L^{-\top})` (Murray, 2016, "Differentiation of the
    Cholesky decomposition", section 3.1); of normal noise it is half of :math:`n K^{-1}
    - \sum K^{-1} y y^\top K^{-1}`. Changes of a covariance are symmetric, so that any
    matrix with that symmetric part does.

    Parameters
    ----------
    K : ndarray of shape (week, week)
    values : ndarray of shape (week, series)
    noise : HuberNoise
    """
    inverse = inverse_factor(K)
    v = inverse @ values
    n = values.shape[1]
    loss = float(noise.loss(v).sum()) - n * float(np.log(inverse.diagonal()).sum())
    if noise == NORMAL:
        weights = inverse.T @ v
        # The lower triangle of the inverse covariance stands for both.
        slope, _ = dlauum(inverse, lower=1, overwrite_c=1)
        slope *= n
        np.fill_diagonal(slope, 0.5 * slope.diagonal())
        slope -= 0.5 * (weights @ weights.T)
        return loss, slope.T
    inner = np.tril(noise.slope(v) @ v.T)
    np.fill_diagonal(inner, 0.5 * (inner.diagonal() - n))
    right = dtrmm(-1.0, inverse, np.asfortranarray(inner), side=1, lower=1)
    # As rows of memory, like kernels.
    return loss, dtrmm(1.0, inverse, right, lower=1, trans_a=1, overwrite_b=1).T


def maximise_regional(
    residual: np.ndarray,
    observed: np.ndarray,
    kernels: Kernels | Blocks,
    start: Variances,
    sigma: np.ndarray,
    noise: HuberNoise,
    starts: tuple[dict[str, float], ...] = (),
    n_iterations: int = 15,
) -> Variances:
    """Return the component variances that make regional residuals most likely.

    The noise is searched with them: at a noise that was learned beside a level too
    stiff, a level that wanders much would look unlikely.

    Parameters
    ----------
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        Outcome less everything else; the mean over draws is maximised.
    observed : bool ndarray of shape (n_regions, n_weeks)
    kernels : Kernels or Blocks
        Over the weeks.
    start : Variances
        In units of the noise variance.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviations.
    noise : HuberNoise
        Of whitened residuals.
    starts : tuple of dict
        Variances by name from which the search starts as well.
    n_iterations : int, default=15
        Most iterations from each start.
    """
    n_draws = len(residual)
    if isinstance(kernels, Blocks):
        scaled = residual / sigma[:, None]
        return RegionalSearch(scaled, observed, kernels, noise).best(
            start, starts, n_iterations
        )
    groups = [
        (
            np.ix_(weeks, weeks) if len(weeks) < residual.shape[2] else slice(None),
            # (week, draw and region)
            (residual[:, regions][..., weeks] / sigma[regions][:, None])
            .reshape(-1, len(weeks))
            .T,
        )
        for regions, weeks in patterns(observed)
        if len(weeks)
    ]

    def likelihood(K: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros_like(K)
        for weeks, values in groups:
            loss, own = loss_and_slope(K[weeks], values, noise)
            total += loss / n_draws
            slope[weeks] += own / n_draws
        return total, slope

    search = DenseSearch(likelihood, kernels, PRIOR_LOG_VARIANCE, 1e3, has_noise=True)
    return search.best(start, starts, n_iterations)


def maximise_course(
    evidence: CourseEvidence,
    kernels: Kernels,
    start: Variances,
    starts: tuple[dict[str, float], ...] = (),
    n_iterations: int = 15,
) -> Variances:
    """Return the component variances of the common course.

    Parameters
    ----------
    evidence : DenseEvidence or PooledEvidence
        With draws; the mean over them is maximised.
    kernels : Kernels
        Over the weeks; the last one is the identity: shocks of single weeks.
    start : Variances
    starts, n_iterations
        See :func:`maximise_regional`.
    """
    prior, upper = _PRIOR_LOG_COURSE, _LARGEST_OF_COURSE
    if isinstance(evidence, PooledEvidence):
        pooled = CourseSearch(evidence, kernels.names, prior, upper)
        return pooled.best(start, starts, n_iterations)
    estimate, error = evidence.estimate()
    n_draws = len(estimate)

    def likelihood(covariance: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = loss_and_slope(covariance + error, estimate.T, NORMAL)
        return loss / n_draws, slope / n_draws

    search = DenseSearch(likelihood, kernels, prior, upper, has_noise=False)
    return search.best(start, starts, n_iterations)
