r"""Covariance in time: level, season and noise as one structural time series.

What a region's outcome does beside media and controls is a Gaussian process,

.. math:: K = I + q_1 \min(s, t) + q_2 e^{-|s - t| / (P m)}
    \sum_k k^{-4} \cos(2 \pi k (s - t) / P) + q_3,

noise, a random-walk level, a season that repeats less the longer ago it was (after
:math:`m` years its correlation is :math:`1/e`), and an intercept, in units of the noise
variance (Durbin & Koopman, 2012, "Time Series Analysis by State Space Methods",
chapter 3, in covariance form). Its prediction beyond the last week holds the filtered
level and repeats the season as far as the data insist on one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

N_HARMONICS = 3
# Years after which a season's correlation with itself has fallen to 1 / e.
SEASON_MEMORY = 1.0


@dataclass(frozen=True)
class TimeCovariance:
    """The family of covariances over a panel's weeks.

    Attributes
    ----------
    origin : float
        Position at which the level's random walk starts.
    season_length : float or None
        Time steps of a season; None for no season.
    wanders : bool
        Whether there is a level that wanders (there is none without a clock).
    """

    origin: float
    season_length: float | None
    wanders: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the components that both regions and the common course have."""
        level = ("level",) if self.wanders else ()
        return level + (("season",) if self.season_length else ())

    def _common(self, rows: np.ndarray, columns: np.ndarray) -> list[np.ndarray]:
        kernels = []
        if self.wanders:
            since = np.minimum.outer(rows, columns) - self.origin
            kernels.append(np.maximum(since, 0.0))
        if self.season_length:
            angle = 2 * np.pi * np.subtract.outer(rows, columns) / self.season_length
            order = np.arange(1, N_HARMONICS + 1)[:, None, None]
            repeated = (np.cos(order * angle) / order**4).sum(0)
            # A season seen a year ago is a hint, not a promise.
            forgotten = np.exp(-np.abs(angle) / (2 * np.pi * SEASON_MEMORY))
            kernels.append(repeated * forgotten)
        return kernels

    def regional(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return a region's kernels: common ones and an intercept.

        Shape (component, n_rows, n_columns), each of unit variance.
        """
        intercept = np.ones((len(rows), len(columns)))
        return np.array([*self._common(rows, columns), intercept])

    def shared(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the common course's kernels: common ones and shocks of single weeks.

        Shape (component, n_rows, n_columns), each of unit variance.
        """
        shock = np.equal.outer(rows, columns).astype(float)
        return np.array([*self._common(rows, columns), shock])


def huber(v: np.ndarray, delta: float) -> np.ndarray:
    """Return the Huber loss of standardised residuals (Huber, 1964)."""
    size = np.abs(v)
    return np.where(size <= delta, 0.5 * v**2, delta * (size - 0.5 * delta))


def patterns(observed: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Group regions by the weeks they have: (regions, weeks) per group.

    Regions of a group share one Cholesky factor.
    """
    rows, code = np.unique(observed, axis=0, return_inverse=True)
    code = code.ravel()
    return [
        (np.flatnonzero(code == i), np.flatnonzero(weeks))
        for i, weeks in enumerate(rows)
    ]


def whiteners(K: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return the inverse Cholesky factors of K at each region's weeks.

    Returns
    -------
    ndarray of shape (1 or n_regions, n_weeks, n_weeks)
        One matrix if all regions have the same weeks; rows and columns of missing
        weeks are zero.
    """
    groups = patterns(observed)
    n_weeks = K.shape[0]
    out = np.zeros((1 if len(groups) == 1 else len(observed), n_weeks, n_weeks))
    for regions, weeks in groups:
        if not len(weeks):
            continue
        factor = cholesky(K[np.ix_(weeks, weeks)], lower=True)
        inverse = solve_triangular(factor, np.eye(len(weeks)), lower=True)
        target = [0] if len(groups) == 1 else regions
        for r in target:
            out[r][np.ix_(weeks, weeks)] = inverse
    return out


def maximise_regional(
    residual: np.ndarray,
    observed: np.ndarray,
    kernels: np.ndarray,
    variances: np.ndarray,
    sigma: np.ndarray,
    delta: float,
    widely: bool = False,
) -> np.ndarray:
    """Return the component variances that make regional residuals most likely.

    Parameters
    ----------
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        Outcome less everything else; the mean over draws is maximised.
    observed : bool ndarray of shape (n_regions, n_weeks)
    kernels : ndarray of shape (component, n_weeks, n_weeks)
    variances : ndarray of shape (component,)
        Where to start, in units of the noise variance.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviations.
    delta : float
        Threshold of the Huber loss on whitened residuals.
    widely : bool, default=False
        Whether to search for a second optimum.
    """
    n_draws, _, n_weeks = residual.shape
    identity = np.eye(n_weeks)
    groups = [
        (
            weeks,
            # (week, draw and region)
            (residual[:, regions][..., weeks] / sigma[regions][:, None])
            .reshape(-1, len(weeks))
            .T,
        )
        for regions, weeks in patterns(observed)
        if len(weeks)
    ]

    def negative_log_likelihood(log_q: np.ndarray) -> float:
        K = identity + np.tensordot(np.exp(log_q), kernels, axes=1)
        # Very wide log-normal priors keep what the data do not speak of finite.
        total = 0.5 * float(((log_q - _PRIOR_LOG_VARIANCE) ** 2).sum()) / 16
        for weeks, scaled in groups:
            factor = cholesky(K[np.ix_(weeks, weeks)], lower=True)
            v = solve_triangular(factor, scaled, lower=True)
            loss = float(huber(v, delta).sum())
            loss += scaled.shape[1] * float(np.log(np.diag(factor)).sum())
            total += loss / n_draws
        return total

    return _minimise(
        negative_log_likelihood, variances, 1e3, (1.0, 1.0) if widely else None
    )


def maximise_shared(
    estimate: np.ndarray,
    error: np.ndarray,
    kernels: np.ndarray,
    variances: np.ndarray,
    widely: bool = False,
) -> np.ndarray:
    """Return the component variances of the common course.

    Parameters
    ----------
    estimate : ndarray of shape (n_draws, n_weeks)
        Least-squares estimates of the course; the mean over draws is maximised.
    error : ndarray of shape (n_weeks, n_weeks)
        Covariance of its error.
    kernels : ndarray of shape (component, n_weeks, n_weeks)
        The last one is the identity: shocks of single weeks.
    variances : ndarray of shape (component,)
        Where to start.
    widely : bool, default=False
        Whether to search for a second optimum.
    """

    def negative_log_likelihood(log_q: np.ndarray) -> float:
        covariance = np.tensordot(np.exp(log_q), kernels, axes=1) + error
        factor = cholesky(covariance, lower=True)
        v = solve_triangular(factor, estimate.T, lower=True)
        prior = 0.5 * float(((log_q - _PRIOR_LOG_SHARED) ** 2).sum()) / 16
        loss = 0.5 * float((v**2).sum()) / len(estimate)
        return loss + float(np.log(np.diag(factor)).sum()) + prior

    return _minimise(
        negative_log_likelihood, variances, 1.0, (1e-3, 1e-2) if widely else None
    )


_PRIOR_LOG_VARIANCE = np.log(1e-2)
_PRIOR_LOG_SHARED = np.log(1e-4)
_LEAST = 1e-9


def _minimise(
    function: Callable[[np.ndarray], float],
    variances: np.ndarray,
    upper: float,
    widely: tuple[float, float] | None,
) -> np.ndarray:
    """Minimise over variances, in logarithms.

    Parameters
    ----------
    function : callable
        Of the logarithms.
    variances : ndarray of shape (component,)
        Where to start.
    upper : float
        Largest variance.
    widely : tuple of float or None
        Variances of level and season. A level that wanders and a season that changes
        describe much the same, so that there may be two optima: with these variances
        the search also starts from the one without the other.
    """
    if not len(variances):
        return variances
    starts = [variances]
    if widely and len(variances) == 3:
        last = variances[2]
        starts.append(np.array([widely[0], _LEAST, last]))
        starts.append(np.array([_LEAST, widely[1], last]))
    bounds = [(np.log(_LEAST), np.log(upper))] * len(variances)
    ends = [
        minimize(
            function,
            np.log(start),
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 15},
        )
        for start in starts
    ]
    return np.exp(min(ends, key=lambda end: end.fun).x)
