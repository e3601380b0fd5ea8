"""Hyper-parameters of what varies in time, learned from residuals."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from scipy.linalg import cholesky

from sklearn_mmm.baseline._course_evidence import (
    JITTER,
    CourseBlocks,
    CourseEvidence,
    dense_evidence,
    pooled_evidence,
)
from sklearn_mmm.baseline._covariance import (
    INTERCEPT,
    LEVEL,
    SHOCK,
    Kernels,
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._dependence import factor_loadings
from sklearn_mmm.baseline._group_courses import (
    course_loadings,
    joined_loadings,
    likeliest_courses,
    whitened,
)
from sklearn_mmm.baseline._maximise import maximise_course, maximise_regional
from sklearn_mmm.baseline._state_space import LONG, Blocks
from sklearn_mmm.baseline._volatility import (
    likeliest_volatility,
    standardised,
    weekly_loadings,
)
from sklearn_mmm.baseline._whitening import Whitener, dense_whitener
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.panel._groups import Groups

# Regions' noise variances are shrunk to their geometric mean as if it had been seen
# in this many weeks.
_POOLING_WEEKS = 10.0
# Seasons of memory where it cannot be learned.
_MEMORY = 1.0
# Where else a search for the variances starts: from a level without the longest season,
# and from that season without a level; variances of both.
_REGIONAL_STARTS = ((1.0, 1e-9), (1e-9, 1.0))
_COURSE_STARTS = ((1e-3, 1e-9), (1e-9, 1e-2))


@dataclass(frozen=True)
class TimeHyperparameters:
    """Variances of the baseline's parts and the noise of each region.

    Attributes
    ----------
    regional : Variances
        In units of the noise variance.
    course : Variances
        Of what regions have in common, relative to the squared mean outcome.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviation relative to the mean outcome.
    loadings : ndarray of shape (n_regions, n_factors)
        Of the standardised innovations on what moves regions together.
    volatility : ndarray of shape (n_channels,)
        Standard deviation of what the effect of each channel differs by from week to
        week, in all regions alike, relative to the mean outcome; of no channels before
        anything is learned.
    groups : Groups or None
        Of the regions, with several dimensions.
    courses : ndarray of shape (n_dimensions,)
        Variances of what the cells of a group have in common beside the course of
        all, in units of their own; empty with one dimension.
    """

    regional: Variances
    course: Variances
    sigma: np.ndarray
    loadings: np.ndarray
    volatility: np.ndarray = field(default_factory=lambda: np.zeros(0))
    groups: Groups | None = None
    courses: np.ndarray = field(default_factory=lambda: np.zeros(0))


def initial_hyperparameters(
    covariance: TimeCovariance, n_regions: int, groups: Groups | None = None
) -> TimeHyperparameters:
    """Return a stiff start, so that media explain before the level does."""
    usual = dict.fromkeys(covariance.names, 1e-2)
    level = LEVEL in usual
    regional = usual | ({LEVEL: 1e-3} if level else {}) | {INTERCEPT: 1.0}
    course = usual | ({LEVEL: 1e-4} if level else {}) | {SHOCK: 1e-4}
    return TimeHyperparameters(
        Variances(regional, _MEMORY),
        Variances(course, _MEMORY),
        np.full(n_regions, 0.15),
        np.zeros((n_regions, 0)),
        groups=groups,
        courses=np.zeros(0 if groups is None else len(groups.sizes)),
    )


@dataclass(frozen=True)
class TimeKernels:
    """Kernels over some weeks.

    Attributes
    ----------
    covariance : TimeCovariance
    position : ndarray of shape (n_weeks,)
    """

    covariance: TimeCovariance
    position: np.ndarray

    @cached_property
    def regional(self) -> Kernels | Blocks:
        """Of the regions: dense, or for long series by blocks of weeks."""
        if len(self.position) > LONG:
            return Blocks(self.covariance, self.position)
        return self.covariance.regional_kernels(self.position, self.position)

    @cached_property
    def course_blocks(self) -> CourseBlocks:
        """Of the common course and the error of its estimates, for long series."""
        return CourseBlocks(self.covariance, self.position)

    @cached_property
    def course(self) -> Kernels:
        """Of the common course."""
        return self.covariance.course_kernels(self.position, self.position)

    def whitener(self, hyper: TimeHyperparameters, observed: np.ndarray) -> Whitener:
        """Return what whitens regions in units of their noise.

        Parameters
        ----------
        hyper : TimeHyperparameters
        observed : bool ndarray of shape (n_regions, n_weeks)
        """
        if isinstance(self.regional, Blocks):
            return self.regional.whitener(hyper.regional, observed)
        return dense_whitener(regional_covariance(hyper, self.regional), observed)


def kernels_at(covariance: TimeCovariance, position: np.ndarray) -> TimeKernels:
    """Return the kernels over some weeks."""
    return TimeKernels(covariance, position)


def regional_covariance(hyper: TimeHyperparameters, kernels: Kernels) -> np.ndarray:
    """Return a region's covariance in time, in units of its noise variance."""
    signal = kernels.covariance(hyper.regional)
    return np.asarray(signal + np.eye(len(signal)))


def course_factor(hyper: TimeHyperparameters, kernels: Kernels) -> np.ndarray:
    """Return the Cholesky factor of the common course's covariance."""
    B = kernels.covariance(hyper.course)
    return np.asarray(cholesky(B + JITTER * np.eye(len(B)), lower=True))


def renew_time(
    hyper: TimeHyperparameters,
    kernels: TimeKernels,
    residual: np.ndarray,
    course: np.ndarray | None,
    columns: Callable[[], np.ndarray],
    observed: np.ndarray,
    noise: HuberNoise,
    from_several_starts: bool,
    n_iterations: int = 15,
) -> TimeHyperparameters:
    """Renew the variances in time given draws of everything else.

    Parameters
    ----------
    hyper : TimeHyperparameters
        Where to start.
    kernels : TimeKernels
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        Outcome less media, controls and intercept; zero where nothing is observed.
    course : ndarray of shape (n_draws, n_weeks) or None
        The common course, where there is one.
    columns : callable
        Returns what a unit of each channel's effect does, an ndarray of shape
        (n_regions, n_weeks, n_channels); asked for only where there is a course.
    observed : bool ndarray of shape (n_regions, n_weeks)
    noise : HuberNoise
    from_several_starts : bool
        Whether to search for a second optimum of the variances.
    n_iterations : int, default=15
        Most iterations of a search.

    Returns
    -------
    TimeHyperparameters
    """
    own = residual if course is None else (residual - course[:, None]) * observed
    season = kernels.covariance.seasons[:1]
    from_several_starts &= LEVEL in kernels.regional.names and bool(season)

    def starts(pairs: tuple[tuple[float, float], ...]) -> tuple[dict[str, float], ...]:
        if not from_several_starts:
            return ()
        return tuple({LEVEL: low, season[0].name: high} for low, high in pairs)

    regional = maximise_regional(
        own,
        observed,
        kernels.regional,
        hyper.regional,
        hyper.sigma,
        noise,
        starts(_REGIONAL_STARTS),
        n_iterations,
    )
    hyper = replace(hyper, regional=regional)
    W = kernels.whitener(hyper, observed)
    innovation = W.whiten_series(torch.as_tensor(own)).numpy()
    sigma = robust_sigma(innovation, observed, hyper.sigma, noise)
    n_weeks = int(np.median(observed.sum(1)))
    white = innovation.mean(0) / sigma[:, None]
    loadings, courses = _loadings(white, n_weeks, hyper.groups)
    hyper = replace(hyper, sigma=sigma, loadings=loadings, courses=courses)
    if course is None:
        return hyper
    moved = standardised(columns(), W, 1.0 / sigma, observed)
    volatility = likeliest_volatility(moved, white, loadings)
    hyper = replace(hyper, volatility=volatility)
    loadings = weekly_loadings(loadings, volatility, moved)
    common = maximise_course(
        course_evidence(hyper, kernels, W, loadings, residual, observed),
        kernels.course,
        hyper.course,
        starts(_COURSE_STARTS),
        n_iterations,
    )
    return replace(hyper, course=common)


def _loadings(
    white: np.ndarray, n_weeks: int, groups: Groups | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings of what moves regions together, and variances of groups'."""
    if groups is None:
        return factor_loadings(white, n_weeks), np.zeros(0)
    courses = likeliest_courses(white, groups)
    of_groups = course_loadings(groups, courses)
    further = factor_loadings(whitened(of_groups, white), n_weeks)
    return joined_loadings(of_groups, further), courses


def loadings_by_week(
    hyper: TimeHyperparameters,
    W: Whitener,
    observed: np.ndarray,
    columns: Callable[[], np.ndarray],
) -> np.ndarray:
    """Return what moves regions together, (1 or n_weeks, n_regions, n_factors).

    Parameters
    ----------
    hyper : TimeHyperparameters
    W : Whitener
    observed : bool ndarray of shape (n_regions, n_weeks)
    columns : callable
        See :func:`renew_time`; asked for only where an effect is volatile.
    """
    if not hyper.volatility.any():
        return hyper.loadings[None]
    moved = standardised(columns(), W, 1.0 / hyper.sigma, observed)
    return weekly_loadings(hyper.loadings, hyper.volatility, moved)


def course_evidence(
    hyper: TimeHyperparameters,
    kernels: TimeKernels,
    W: Whitener,
    loadings: np.ndarray,
    residual: np.ndarray,
    observed: np.ndarray,
) -> CourseEvidence:
    """Return what the regions say about their common course.

    Parameters
    ----------
    hyper : TimeHyperparameters
    kernels : TimeKernels
    W : Whitener
        By those.
    loadings : ndarray of shape (1 or n_weeks, n_regions, n_factors)
        See :func:`loadings_by_week`.
    residual : ndarray of shape (n_draws, n_regions, n_weeks)
        0 where nothing is observed.
    observed : bool ndarray of shape (n_regions, n_weeks)
    """
    precise = 1.0 / hyper.sigma
    if isinstance(kernels.regional, Blocks) and W.shared and len(loadings) == 1:
        blocks, regional = kernels.course_blocks, hyper.regional
        return pooled_evidence(
            blocks, regional, precise, loadings[0], residual, observed[0]
        )
    return dense_evidence(W, precise, loadings, residual)


def robust_sigma(
    innovation: np.ndarray,
    observed: np.ndarray,
    sigma: np.ndarray,
    noise: HuberNoise,
) -> np.ndarray:
    """Return each region's noise by weighted squares, pooled over regions.

    Parameters
    ----------
    innovation : ndarray of shape (n_draws, n_regions, n_weeks)
    observed : bool ndarray of shape (n_regions, n_weeks)
    sigma : ndarray of shape (n_regions,)
        Where to start.
    noise : HuberNoise
    """
    n_weeks = observed.sum(1)
    seen = n_weeks > 0  # a region may begin after an inner origin
    for _ in range(3):  # iteratively reweighted; settles in a few rounds
        variance = noise.mean_square(innovation, sigma, observed)
        variance = np.maximum(variance, 1e-8)  # a perfect fit has no noise to divide by
        pooled = np.exp(np.log(variance[seen]).mean())
        variance = (n_weeks * variance + _POOLING_WEEKS * pooled) / (
            n_weeks + _POOLING_WEEKS
        )
        sigma = np.sqrt(variance)
    return sigma
