"""Variances and memory in time that make residuals most likely."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from sklearn_mmm.baseline._covariance import Kernels, huber, inverse_factor, patterns

_PRIOR_LOG_VARIANCE = np.log(1e-2)
_PRIOR_LOG_SHARED = np.log(1e-4)
# Mean and standard deviation of the logarithm of a season's memory, in seasons.
_PRIOR_LOG_MEMORY = (np.log(4.0), 1.0)
_MEMORY_RANGE = (1.0, 100.0)
# Seasons from which on one has been seen to repeat.
FEWEST_SEASONS = 1.8
_LEAST = 1e-9
_MOST_ITERATIONS = 15


class Variances(NamedTuple):
    """Variances of the components, and the memory of what is seasonal.

    Attributes
    ----------
    variances : ndarray of shape (component,)
    memory : float
        Seasons.
    """

    variances: np.ndarray
    memory: float


def loss_and_slope(
    K: np.ndarray, values: np.ndarray, delta: float
) -> tuple[float, np.ndarray]:
    r"""Return the negative log-likelihood of series and its derivative by K.

    The loss is Huber's on the innovations :math:`v = L^{-1} y`, :math:`K = L L^\top`.
    With :math:`\psi` its derivative, :math:`n` series and :math:`\Phi` keeping the
    lower triangle and half of the diagonal, the derivative is the symmetric part of
    :math:`L^{-\top} \Phi(n I - \sum \psi(v) v^\top) L^{-1}`, since
    :math:`d L = L \Phi(L^{-1} dK L^{-\top})` (Murray, 2016, "Differentiation of the
    Cholesky decomposition", section 3.1).

    Parameters
    ----------
    K : ndarray of shape (week, week)
    values : ndarray of shape (week, series)
    delta : float
        Threshold of the Huber loss; infinity for a Gaussian likelihood.
    """
    inverse = inverse_factor(K)
    v = inverse @ values
    n = values.shape[1]
    if np.isinf(delta):
        clipped, loss = v, 0.5 * float((v**2).sum())
    else:
        clipped, loss = np.clip(v, -delta, delta), float(huber(v, delta).sum())
    inner = -np.tril(clipped @ v.T)
    np.fill_diagonal(inner, 0.5 * (n + inner.diagonal()))
    slope = inverse.T @ (0.5 * (inner + inner.T)) @ inverse
    return loss - n * float(np.log(inverse.diagonal()).sum()), slope


def maximise_regional(
    residual: np.ndarray,
    observed: np.ndarray,
    kernels: Kernels,
    start: Variances,
    sigma: np.ndarray,
    delta: float,
    starts: tuple[dict[str, float], ...] = (),
    names: tuple[str, ...] = (),
) -> Variances:
    """Return the component variances that make regional residuals most likely.

    Parameters
    ----------
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        Outcome less everything else; the mean over draws is maximised.
    observed : bool ndarray of shape (n_regions, n_weeks)
    kernels : Kernels
        Over the weeks.
    start : Variances
        In units of the noise variance.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviations.
    delta : float
        Threshold of the Huber loss on whitened residuals.
    starts : tuple of dict
        Variances by name from which the search starts as well.
    names : tuple of str
        Of the components, for ``starts``.
    """
    n_draws, _, n_weeks = residual.shape
    identity = np.eye(n_weeks)
    groups = [
        (
            np.ix_(weeks, weeks),
            # (week, draw and region)
            (residual[:, regions][..., weeks] / sigma[regions][:, None])
            .reshape(-1, len(weeks))
            .T,
        )
        for regions, weeks in patterns(observed)
        if len(weeks)
    ]

    def likelihood(covariance: np.ndarray) -> tuple[float, np.ndarray]:
        K = identity + covariance
        total, slope = 0.0, np.zeros_like(K)
        for weeks, values in groups:
            loss, own = loss_and_slope(K[weeks], values, delta)
            total += loss / n_draws
            slope[weeks] += own / n_draws
        return total, slope

    return _maximise(
        likelihood, kernels, start, _PRIOR_LOG_VARIANCE, 1e3, starts, names
    )


def maximise_shared(
    estimate: np.ndarray,
    error: np.ndarray,
    kernels: Kernels,
    start: Variances,
    starts: tuple[dict[str, float], ...] = (),
    names: tuple[str, ...] = (),
) -> Variances:
    """Return the component variances of the common course.

    Parameters
    ----------
    estimate : ndarray of shape (n_draws, n_weeks)
        Least-squares estimates of the course; the mean over draws is maximised.
    error : ndarray of shape (n_weeks, n_weeks)
        Covariance of its error.
    kernels : Kernels
        Over the weeks; the last one is the identity: shocks of single weeks.
    start : Variances
    starts, names : tuple
        See :func:`maximise_regional`.
    """
    n_draws = len(estimate)

    def likelihood(covariance: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = loss_and_slope(covariance + error, estimate.T, np.inf)
        return loss / n_draws, slope / n_draws

    return _maximise(likelihood, kernels, start, _PRIOR_LOG_SHARED, 1.0, starts, names)


def _maximise(
    likelihood: Callable[[np.ndarray], tuple[float, np.ndarray]],
    kernels: Kernels,
    start: Variances,
    prior: float,
    upper: float,
    starts: tuple[dict[str, float], ...],
    names: tuple[str, ...],
) -> Variances:
    """Minimise a negative log-likelihood over variances and memory, in logarithms.

    A level that wanders and a season that changes describe much the same, so that
    there may be two optima: ``starts`` names where else to look.
    """
    n = len(start.variances)
    if not n:
        return start
    # Before a season has repeated nothing is known of its memory.
    forgets = bool(kernels.distance.max() >= FEWEST_SEASONS)

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        memory = float(np.exp(x[n])) if forgets else start.memory
        parts = np.exp(x[:n])[:, None, None] * kernels.at(memory)
        loss, slope = likelihood(parts.sum(0))
        # Very wide log-normal priors keep what the data do not speak of finite.
        gap = x[:n] - prior
        loss += 0.5 * float((gap**2).sum()) / 16
        gradient = np.tensordot(parts, slope, 2) + gap / 16
        if forgets:
            mean, sd = _PRIOR_LOG_MEMORY
            distance = (x[n] - mean) / sd
            faded = (parts * kernels.distance).sum(0) / memory
            loss += 0.5 * distance**2
            gradient = np.append(gradient, (faded * slope).sum() + distance / sd)
        return loss, gradient

    firsts = [start.variances]
    for other in starts:
        firsts.append(
            np.array(
                [
                    other.get(name, value)
                    for name, value in zip(names, start.variances, strict=True)
                ]
            )
        )
    bounds = [(np.log(_LEAST), np.log(upper))] * n
    memory = []
    if forgets:
        bounds.append((np.log(_MEMORY_RANGE[0]), np.log(_MEMORY_RANGE[1])))
        memory = [np.log(start.memory)]
    ends = [
        minimize(
            function,
            np.append(np.log(np.maximum(first, _LEAST)), memory),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": _MOST_ITERATIONS},
        )
        for first in firsts
    ]
    best = np.exp(min(ends, key=lambda end: end.fun).x)
    return Variances(best[:n], float(best[n]) if forgets else start.memory)
