"""The baseline given what is left of the outcome, and the variances it goes on by."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.linalg import solve_triangular

from sklearn_mmm.baseline._covariance import (
    LEVEL,
    TimeCovariance,
    Variances,
)
from sklearn_mmm.baseline._forecast import TimeBaseline, make_time_baseline
from sklearn_mmm.baseline._variance_search import FEWEST_SEASONS
from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    course_evidence,
    course_factor,
    kernels_at,
    loadings_by_week,
)
from sklearn_mmm.components._noise import HuberNoise


def forecasting_variances(
    hyper: TimeHyperparameters,
    covariance: TimeCovariance,
    position: np.ndarray,
    flexibility: float,
) -> TimeHyperparameters:
    """Return the variances by which the baseline is forecast.

    A season that has hardly been seen to repeat is forecast as a level that changes as
    much from one time step to the next. Intercept and shocks are not multiplied.

    Parameters
    ----------
    hyper : TimeHyperparameters
        The likeliest ones.
    covariance : TimeCovariance
    position : ndarray of shape (n_weeks,)
        Weeks that have been seen.
    flexibility : float
        Factor on the variances of what wanders.
    """
    at = np.arange(2.0)
    kernels = covariance.regional_kernels(at, at)
    length = covariance.season_length
    cycles = 0.0 if length is None else np.ptp(position) / length
    unproven = 0 < cycles < FEWEST_SEASONS

    def scaled(variances: Variances) -> Variances:
        parts = dict(variances.parts)
        for name in covariance.names:
            parts[name] = flexibility * parts[name]
        if unproven:
            longest = covariance.seasons[0].name
            season = kernels.at(hyper.regional.memory)[kernels.names.index(longest)]
            step = float(season[0, 0] - 2 * season[0, 1] + season[1, 1])
            parts[LEVEL] += step * parts[longest]
            parts[longest] = 0.0
        return Variances(parts, variances.memory)

    return replace(hyper, regional=scaled(hyper.regional), course=scaled(hyper.course))


def condition(
    covariance: TimeCovariance,
    hyper: TimeHyperparameters,
    position: np.ndarray,
    observed: np.ndarray,
    intercept: float,
    residual: np.ndarray,
    columns: Callable[[], np.ndarray],
    has_course: bool,
    noise: HuberNoise,
) -> TimeBaseline:
    """Condition the common course, then those of the regions, on what is left.

    Parameters
    ----------
    covariance : TimeCovariance
    hyper : TimeHyperparameters
    position : ndarray of shape (n_weeks,)
    observed : bool ndarray of shape (n_regions, n_weeks)
    intercept : float
    residual : ndarray of shape (n_regions, n_weeks)
        Outcome less media, controls and intercept.
    columns : callable
        See :func:`loadings_by_week`.
    has_course : bool
        Whether regions have a course in common.
    noise : HuberNoise
    """
    weights = np.zeros(0)
    if has_course:
        kernels = kernels_at(covariance, position)
        W = kernels.whitener(hyper, observed)
        seen = (residual * observed)[None]
        loadings = loadings_by_week(hyper, W, observed, columns)
        evidence = course_evidence(hyper, kernels, W, loadings, seen, observed)
        L = course_factor(hyper, kernels.course)
        innovation = evidence.likeliest(hyper.course, L)
        residual = residual - L @ innovation
        # The course times the inverse of its covariance.
        weights = solve_triangular(L, innovation, lower=True, trans="T")
    return make_time_baseline(
        covariance,
        hyper,
        position,
        observed,
        intercept,
        weights,
        residual * observed,
        noise,
    )
