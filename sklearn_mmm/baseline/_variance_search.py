"""Searches for the variances of parts and their memory, in logarithms."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from sklearn_mmm.baseline._covariance import Kernels, Variances

PRIOR_LOG_VARIANCE = np.log(1e-2)
# Mean and standard deviation of the logarithm of a season's memory, in seasons.
_PRIOR_LOG_MEMORY = (np.log(4.0), 1.0)
_MEMORY_RANGE = (1.0, 100.0)
# Seasons from which on one has been seen to repeat.
FEWEST_SEASONS = 1.8
# How far the logarithm of the noise's variance may move in one search.
_LOG_NOISE_RANGE = (-6.0, 6.0)
_LEAST = 1e-9
# Relative gain of the likelihood that ends a search; the next renewal goes on there.
_TOLERANCE = 1e-6


class VarianceSearch(ABC):
    """Of the variances and the memory, in logarithms.

    Attributes
    ----------
    names : tuple of str
        Of the parts.
    prior : float
        Mean of the logarithms of the variances.
    upper : float
        Largest variance.
    has_noise : bool
        Whether variances are in units of that of a noise which is searched too.
    forgets : bool
        Whether memory is learned: nothing is known before a season has repeated.
    """

    prior = PRIOR_LOG_VARIANCE
    upper = 1e3
    has_noise = True
    forgets: bool
    names: tuple[str, ...]

    @abstractmethod
    def likelihood(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        """Return the negative log-likelihood and its derivative by all of ``x``."""

    def best(
        self,
        start: Variances,
        starts: tuple[dict[str, float], ...],
        n_iterations: int,
    ) -> Variances:
        """Return the likeliest of the optima that are reached from some starts.

        A level that wanders and a season that changes describe much the same, so that
        there may be two: ``starts`` names where else to look.
        """
        firsts = [start.parts, *(start.parts | other for other in starts)]
        ends = [self._descend(first, start.memory, n_iterations) for first in firsts]
        return min(ends, key=lambda end: end[0])[1]

    def _descend(
        self, first: dict[str, float], memory: float, n_iterations: int
    ) -> tuple[float, Variances]:
        names = self.names
        n = len(names)
        x = [*np.log(np.maximum([first[name] for name in names], _LEAST))]
        bounds = [(np.log(_LEAST), np.log(self.upper))] * n
        if self.forgets:
            x.append(np.log(memory))
            bounds.append((np.log(_MEMORY_RANGE[0]), np.log(_MEMORY_RANGE[1])))
        if self.has_noise:
            x.append(0.0)
            bounds.append(_LOG_NOISE_RANGE)
        end = minimize(
            self._objective,
            x,
            args=(n, memory),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": n_iterations, "ftol": _TOLERANCE},
        )
        if self.forgets:
            memory = float(np.exp(end.x[n]))
        parts = dict(zip(names, np.exp(end.x[:n]).tolist(), strict=True))
        return float(end.fun), Variances(parts, memory)

    def _objective(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        if self.forgets:
            memory = float(np.exp(x[n]))
        loss, gradient = self.likelihood(x, n, memory)
        # Very wide log-normal priors keep what the data do not speak of finite.
        gap = x[:n] - self.prior
        loss += 0.5 * float((gap**2).sum()) / 16
        gradient[:n] += gap / 16
        if self.forgets:
            mean, sd = _PRIOR_LOG_MEMORY
            distance = (x[n] - mean) / sd
            loss += 0.5 * distance**2
            gradient[n] += distance / sd
        return loss, gradient


class DenseSearch(VarianceSearch):
    """With covariances between all weeks.

    Parameters
    ----------
    of_covariance : callable
        Negative log-likelihood of a covariance, and its derivative.
    kernels : Kernels
    prior, upper, has_noise
        See :class:`VarianceSearch`.
    """

    def __init__(
        self,
        of_covariance: Callable[[np.ndarray], tuple[float, np.ndarray]],
        kernels: Kernels,
        prior: float,
        upper: float,
        has_noise: bool,
    ) -> None:
        self.of_covariance, self.kernels = of_covariance, kernels
        self.names = kernels.names
        self.prior, self.upper, self.has_noise = prior, upper, has_noise
        span = kernels.distances[-1] / min(kernels.units, default=np.inf)
        self.forgets = bool(span >= FEWEST_SEASONS)

    def likelihood(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        """See :class:`VarianceSearch`."""
        sizes, unit = np.exp(x[:n]), 1.0
        parts = dict(zip(self.names, sizes.tolist(), strict=True))
        variances = Variances(parts, memory)
        K = self.kernels.covariance(variances)
        if self.has_noise:
            unit = float(np.exp(x[-1]))
            K.flat[:: len(K) + 1] += 1.0
            K *= unit
        loss, slope = self.of_covariance(K)
        by_size, by_memory = self.kernels.derivatives(slope, variances)
        gradient = [*unit * sizes * by_size]
        if self.forgets:
            gradient.append(unit * by_memory)
        if self.has_noise:
            gradient.append(float(np.vdot(K, slope)))
        return loss, np.array(gradient)
