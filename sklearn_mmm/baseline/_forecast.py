"""The baseline at any week, training or future, from its learned covariances."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.baseline._group_courses import of_unseen_cells
from sklearn_mmm.baseline._noisy_weeks import NoisyPrecision
from sklearn_mmm.baseline._signal import (
    course_signal,
    regional_course,
    regional_signal,
)
from sklearn_mmm.baseline._variances import TimeHyperparameters, kernels_at
from sklearn_mmm.components._noise import HuberNoise

_CHUNK_WEEKS = 512


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
    course_weights : ndarray of shape (n_weeks,)
        Weights of the common course's kernels.
    regional_weights : ndarray of shape (n_regions, n_weeks)
        Weights of each region's kernels.
    noise : ndarray of shape (n_regions, n_weeks)
        Variance of each week's noise relative to the region's, larger for outlying
        weeks; infinite where nothing is observed.
    """

    covariance: TimeCovariance
    hyper: TimeHyperparameters
    position: np.ndarray
    intercept: float
    course_weights: np.ndarray
    regional_weights: np.ndarray
    noise: np.ndarray

    def predict(self, region: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the baseline relative to the region's mean outcome.

        Parameters
        ----------
        region : ndarray of shape (n_rows,)
            Codes; less than 0 for a region that was not seen in training.
        position : ndarray of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        weeks, code = np.unique(position, return_inverse=True)
        out = np.full(len(position), self.intercept)
        if len(self.course_weights):
            signal = self._course_signal(weeks, self.position)
            out += (signal @ self.course_weights)[code]
        regions, at = np.unique(region, return_inverse=True)
        weights = self._weights_of_regions(regions)
        course = regional_course(
            self.covariance, self.hyper, weeks, self.position, weights
        )
        return np.asarray(out + course[at, code])

    def _weights_of_regions(self, code: np.ndarray) -> np.ndarray:
        """Return the weights of regions' kernels, (n, n_weeks).

        None of a region that was not seen, but for what its groups have in common.
        """
        seen = (code >= 0)[:, None]
        weights = self.regional_weights[np.maximum(code, -1)] * seen
        groups, unseen = self.hyper.groups, code < -1
        if groups is None or not unseen.any():
            return weights
        sigma = self.hyper.sigma
        share = of_unseen_cells(groups, self.hyper.courses, code[unseen])
        standardised = self.regional_weights / sigma[:, None]
        weights[unseen] = np.median(sigma) * share @ standardised
        return weights

    def variance(self, region: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the variance of what wanders given the training weeks.

        Relative to the region's squared mean outcome, without the noise of single
        weeks; that of an unknown region is of an average region before it is seen.

        Parameters
        ----------
        region : ndarray of shape (n_rows,)
        position : ndarray of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        weeks, code = np.unique(position, return_inverse=True)
        out = np.zeros(len(position))
        if len(self.course_weights):
            out += self._course_variance(weeks)[code]
        regions, row = np.unique(region, return_inverse=True)
        found = np.empty((len(regions), len(weeks)))
        regions = np.maximum(regions, -1)
        known = np.flatnonzero(regions >= 0)
        precision = self._precision() if len(known) else None
        for first in range(0, len(weeks), _CHUNK_WEEKS):
            at = slice(first, first + _CHUNK_WEEKS)
            own = self._regional_signal(weeks[at], weeks[at])
            found[:, at] = own.diagonal()
            if precision is not None:
                covariance = self._regional_signal(weeks[at], self.position)
                found[known, at] -= precision.explained(covariance, regions[known])
        sigma = np.append(self.hyper.sigma, np.median(self.hyper.sigma))
        scaled = sigma[regions, None] ** 2 * np.maximum(found, 0.0)
        return np.asarray(out + scaled[row, code])

    def _precision(self) -> NoisyPrecision:
        """Return the inverse covariances of the training weeks."""
        kernels = kernels_at(self.covariance, self.position)
        whitener = kernels.whitener(self.hyper, np.isfinite(self.noise))
        return NoisyPrecision(whitener, self.noise)

    def noise_variance(self, region: np.ndarray) -> np.ndarray:
        """Return the variance of a single week's noise, (n_rows,)."""
        hyper = self.hyper
        own = hyper.sigma**2 * (1 + (hyper.loadings**2).sum(1))
        return np.append(own, np.median(own))[np.maximum(region, -1)]

    def with_draws(
        self, intercept: np.ndarray, course: np.ndarray, residual: np.ndarray
    ) -> list["TimeBaseline"]:
        """Return the baselines of members, conditioned on residuals of their own.

        Parameters
        ----------
        intercept : ndarray of shape (n_members,)
        course : ndarray of shape (n_members, n_weeks)
            Common courses; of no weeks where there is none.
        residual : ndarray of shape (n_members, n_regions, n_weeks)
            Outcome less everything but the region's own course.
        """
        of_course = course
        if len(self.course_weights):
            of_course = self._weights_of(course.T).T
        regional = self._precision().times(residual)
        return [
            replace(self, intercept=float(i), course_weights=c, regional_weights=own)
            for i, c, own in zip(intercept, of_course, regional, strict=True)
        ]

    def course(self) -> np.ndarray:
        """Return the common course of the training weeks, (n_weeks,)."""
        return np.asarray(
            self._course_signal(self.position, self.position) @ self.course_weights
        )

    def _regional_signal(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return regional_signal(self.covariance, self.hyper, rows, columns)

    def _course_signal(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return course_signal(self.covariance, self.hyper, rows, columns)

    def _weights_of(self, course: np.ndarray) -> np.ndarray:
        return course_weights(self.covariance, self.hyper, self.position, course)

    def _course_variance(self, weeks: np.ndarray) -> np.ndarray:
        """Return the variance of the common course in weeks beyond training."""
        known = self._course_signal(weeks, self.position)
        prior = self._course_signal(weeks, weeks)
        variance = np.diag(prior) - (known * self._weights_of(known.T).T).sum(1)
        return np.maximum(variance, 0.0)


def course_weights(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    position: np.ndarray,
    course: np.ndarray,
) -> np.ndarray:
    """Return the weights of kernels that make a common course, (n_weeks, ...)."""
    B = course_signal(covariance, hyper, position, position) + 1e-9 * np.eye(
        len(position)
    )
    return np.asarray(cho_solve(cho_factor(B), course))


def make_time_baseline(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    position: np.ndarray,
    observed: np.ndarray,
    intercept: float,
    of_course: np.ndarray,
    residual: np.ndarray,
    noise: HuberNoise,
) -> TimeBaseline:
    """Condition the baseline on the training residuals.

    Outlying weeks count as noisier, so that a single odd week at the
    end does not become the forecast's level.

    Parameters
    ----------
    of_course : ndarray of shape (n_weeks,)
        Weights of the kernels that make the common course; empty where there is none.
    residual : ndarray of shape (n_regions, n_weeks)
        Outcome less everything but the region's own course.
    """
    whitener = kernels_at(covariance, position).whitener(hyper, observed)
    noise_of = np.where(observed, 1.0, np.inf)
    plain = NoisyPrecision(whitener, noise_of).times(residual)
    regional = plain
    for step in range(3):
        if step:
            regional = NoisyPrecision(whitener, noise_of).corrected(plain)
        size = np.where(observed, noise_of, 0.0) * regional / hyper.sigma[:, None]
        noise_of = np.where(observed, noise.inflation(size), np.inf)
    return TimeBaseline(
        covariance, hyper, position, intercept, of_course, regional, noise_of
    )
