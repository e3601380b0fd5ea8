"""The baseline at any week, training or future, from its learned covariances."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._empirical_bayes import TimeHyperparameters

_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class TimeBaseline:
    """Best linear unbiased prediction of what wanders.

    Attributes
    ----------
    covariance : TimeCovariance
    hyper : TimeHyperparameters
    position : ndarray of shape (n_weeks,)
        Training weeks.
    intercept : float
    shared : ndarray of shape (n_weeks,)
        Weights of the common course's kernels.
    regional : ndarray of shape (n_regions, n_weeks)
        Weights of each region's kernels.
    """

    covariance: TimeCovariance
    hyper: TimeHyperparameters
    position: np.ndarray
    intercept: float
    shared: np.ndarray
    regional: np.ndarray

    def predict(self, region: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the baseline relative to the region's mean outcome.

        Parameters
        ----------
        region : ndarray of shape (n_rows,)
            Codes; -1 for a region that was not seen in training.
        position : ndarray of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        weeks, code = np.unique(position, return_inverse=True)
        at = (weeks, self.position)
        out = np.full(len(position), self.intercept)
        if len(self.shared):
            kernel = np.tensordot(self.hyper.shared, self.covariance.shared(*at), 1)
            out += (kernel @ self.shared)[code]
        kernel = np.tensordot(self.hyper.regional, self.covariance.regional(*at), 1)
        for start in range(0, len(position), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            weights = self.regional[region[rows]] * (region[rows] >= 0)[:, None]
            out[rows] += (kernel[code[rows]] * weights).sum(1)
        return out


def make_time_baseline(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    position: np.ndarray,
    observed: np.ndarray,
    intercept: float,
    course: np.ndarray,
    residual: np.ndarray,
    delta: float,
) -> TimeBaseline:
    """Condition the baseline on the training residuals.

    Outlying weeks count as noisier (Huber weights), so that a single odd week at the
    end does not become the forecast's level.

    Parameters
    ----------
    course : ndarray of shape (n_weeks,)
        The fitted common course; empty where there is none.
    residual : ndarray of shape (n_regions, n_weeks)
        Outcome less everything but the region's own course.
    """
    at = (position, position)
    shared = np.zeros(0)
    if len(course):
        B = np.tensordot(hyper.shared, covariance.shared(*at), axes=1)
        B += 1e-9 * np.eye(len(B))
        shared = cho_solve(cho_factor(B), course)
    signal = np.tensordot(hyper.regional, covariance.regional(*at), axes=1)
    regional = np.zeros(residual.shape)
    for r, weeks in enumerate(observed):
        seen = np.flatnonzero(weeks)
        S = signal[np.ix_(seen, seen)]
        noise = np.ones(len(seen))
        for _ in range(3):
            weights = cho_solve(cho_factor(S + np.diag(noise)), residual[r, seen])
            size = np.abs(noise * weights) / hyper.sigma[r]
            noise = np.maximum(1.0, size / delta)
        regional[r, seen] = weights
    return TimeBaseline(covariance, hyper, position, intercept, shared, regional)
