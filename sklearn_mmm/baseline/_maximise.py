"""Variances and memory in time that make residuals most likely."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dlauum
from scipy.optimize import minimize

from sklearn_mmm.baseline._block_filter import filter_loss
from sklearn_mmm.baseline._covariance import (
    Kernels,
    Variances,
    inverse_factor,
    patterns,
)
from sklearn_mmm.baseline._state_space import Blocks, in_blocks
from sklearn_mmm.baseline._whitening import sharing
from sklearn_mmm.components._noise import NORMAL, HuberNoise

_PRIOR_LOG_VARIANCE = np.log(1e-2)
_PRIOR_LOG_COURSE = np.log(1e-4)
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
        return _BlockSearch(scaled, observed, kernels, noise).best(
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

    search = _DenseSearch(likelihood, kernels, _PRIOR_LOG_VARIANCE, 1e3, has_noise=True)
    return search.best(start, starts, n_iterations)


def maximise_course(
    estimate: np.ndarray,
    error: np.ndarray,
    kernels: Kernels,
    start: Variances,
    starts: tuple[dict[str, float], ...] = (),
    n_iterations: int = 15,
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
    starts, n_iterations
        See :func:`maximise_regional`.
    """
    n_draws = len(estimate)

    def likelihood(covariance: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = loss_and_slope(covariance + error, estimate.T, NORMAL)
        return loss / n_draws, slope / n_draws

    search = _DenseSearch(likelihood, kernels, _PRIOR_LOG_COURSE, 1.0, has_noise=False)
    return search.best(start, starts, n_iterations)


class _Search(ABC):
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

    prior = _PRIOR_LOG_VARIANCE
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


class _DenseSearch(_Search):
    """With covariances between all weeks.

    Parameters
    ----------
    of_covariance : callable
        Negative log-likelihood of a covariance, and its derivative.
    kernels : Kernels
    prior, upper, has_noise
        See :class:`_Search`.
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
        """See :class:`_Search`."""
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


class _BlockSearch(_Search):
    """With a filter over blocks of weeks.

    Parameters
    ----------
    values : ndarray of shape (n_draws, n_regions, n_weeks)
        Standardised.
    observed : bool ndarray of shape (n_regions, n_weeks)
    kernels : Blocks
    noise : HuberNoise
    """

    def __init__(
        self,
        values: np.ndarray,
        observed: np.ndarray,
        kernels: Blocks,
        noise: HuberNoise,
    ) -> None:
        self.names, self.blocks = kernels.names, kernels
        self.noise, self.n_draws = noise, len(values)
        self.forgets = kernels.n_seasons >= FEWEST_SEASONS
        self.groups = []
        for regions, weeks in sharing(observed):
            own = values[:, regions]
            # (week, draw and region), or (region, week, draw)
            one = weeks.ndim == 1
            own = own.reshape(-1, own.shape[2]).T if one else own.transpose(1, 2, 0)
            self.groups.append((kernels.layout(weeks), in_blocks(own)))

    def likelihood(
        self, x: np.ndarray, n: int, memory: float
    ) -> tuple[float, np.ndarray]:
        """See :class:`_Search`."""
        with torch.enable_grad():
            at = torch.tensor(x, requires_grad=True)
            unit = at[-1].exp()
            fades = at[n].exp() if self.forgets else torch.tensor(memory).double()
            scaled = (at[:n].exp() * unit).unbind()
            variances = dict(zip(self.blocks.names, scaled, strict=True))
            total = torch.zeros((), dtype=torch.float64)
            for layout, values in self.groups:
                moments = self.blocks.moments(variances, fades, unit, layout)
                loss = filter_loss(moments, layout.kind.tolist(), values, self.noise)
                total = total + loss / self.n_draws
            (slope,) = torch.autograd.grad(total, at)
        return float(total.detach()), slope.numpy()
