"""Inner validation: hyper-parameters that forecast best inside the training weeks."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._covariance import LEVEL, SEASON, Variances, whiteners
from sklearn_mmm.baseline._forecast import TimeBaseline, make_time_baseline
from sklearn_mmm.baseline._maximise import FEWEST_SEASONS
from sklearn_mmm.baseline._variances import (
    TimeHyperparameters,
    course_evidence,
    course_factor,
    kernels_at,
    likeliest_innovation,
    regional_covariance,
)
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._data import TrainingData, calendar_features
from sklearn_mmm.network import MMMModule

_HORIZON = 8
_N_ORIGINS = 3
_FEWEST_WEEKS = 32
# Least skill at inner origins for effects to vary with time, and by how much the loss
# of forecasts may then be larger: eight weeks say little about a year's drift.
_TRUSTED_SKILL = 0.5
_TOLERANCE = 1.15
_FLEXIBILITIES = (0.25, 4.0)
_FUTURE_SHARES = (0.5, 1.0)
# Forecast errors are several times the noise; in this unit most are not outlying.
_ERROR_UNIT = 3.0
# Of the absolute value of a standard normal variable.
_NORMAL_90 = 1.6449
# How many regions and origins outweigh the model's own idea of its errors.
_INTERVAL_WITNESSES = 10.0


@dataclass(frozen=True)
class ForecastSettings:
    """How forecasts are made, as inner validation chose, and what they are worth.

    Attributes
    ----------
    future_share : float
        Share of the time-varying effects' logarithm that is kept beyond the training
        weeks; 0 for constant effects throughout.
    flexibility : float
        Factor on the variances of level and season by which the baseline is
        forecast; media and controls are learned with the likeliest ones.
    skill : float or None
        1 - SSE / SSE of the last four weeks' mean at the inner origins; None where
        the panel is too short for inner origins.
    interval_factor : float
        Factor on the standard deviation of forecasts that makes 90 % intervals hold
        90 % of the outcomes after the inner origins (conformal prediction; Lei,
        G'Sell, Rinaldo, Tibshirani & Wasserman, 2018, "Distribution-Free Predictive
        Inference for Regression"), shrunk to 1 as if more regions had been seen.
    """

    future_share: float = 1.0
    flexibility: float = 1.0
    skill: float | None = None
    interval_factor: float = 1.0


class InnerFit(NamedTuple):
    """A module and its hyper-parameters, trained on the weeks before an origin.

    Attributes
    ----------
    module : MMMModule
    hyper : TimeHyperparameters
    """

    module: MMMModule
    hyper: TimeHyperparameters


@dataclass(frozen=True)
class _Forecasts:
    """How forecasts from the inner origins did.

    Attributes
    ----------
    losses : ndarray of shape (n_origins,)
        Mean loss of each origin.
    skill : float
    interval_factor : float
        See :class:`ForecastSettings`.
    """

    losses: np.ndarray
    skill: float
    interval_factor: float


def inner_origins(n_weeks: int) -> list[int]:
    """Return the numbers of weeks before each inner origin, ascending."""
    first = n_weeks - _N_ORIGINS * _HORIZON
    if first < _FEWEST_WEEKS:
        return []
    return [first + i * _HORIZON for i in range(_N_ORIGINS)]


def validate(
    constant: InnerFit,
    varying: InnerFit | None,
    data: TrainingData,
    origins: list[int],
    noise: HuberNoise,
) -> ForecastSettings:
    """Choose modulation and flexibility, one after the other.

    Evidence for effects that vary with time comes from the past; it is believed where
    the model forecasts well, since a panel that the model does not describe gives
    evidence for anything, and where forecasts do not suffer by it. Any other value
    than the likeliest is taken only if it is better at every origin and by two
    standard errors over them, so that chance does not choose.

    Parameters
    ----------
    constant, varying : InnerFit
        Trained on the weeks before the first origin, with constant and with
        time-varying effects (None if those do not come into question).
    data : TrainingData
    origins : list of int
    noise : HuberNoise
    """

    def forecasts(settings: ForecastSettings) -> _Forecasts:
        fit = (varying if settings.future_share > 0 else None) or constant
        return _forecast(fit, data, origins, noise, settings)

    settings = ForecastSettings(future_share=0.0)
    best = forecasts(settings)
    if varying is not None:
        for value in _FUTURE_SHARES:
            tried = replace(settings, future_share=value)
            found = forecasts(tried)
            bar = best.losses.mean() * (1.0 if settings.future_share else _TOLERANCE)
            if found.skill > _TRUSTED_SKILL and found.losses.mean() < bar:
                settings, best = tried, found
    for value in _FLEXIBILITIES:
        tried = replace(settings, flexibility=value)
        found = forecasts(tried)
        gain = best.losses - found.losses
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        if gain.min() > 0 and gain.mean() > 2 * error:
            settings, best = tried, found
    return replace(settings, skill=best.skill, interval_factor=best.interval_factor)


@torch.no_grad()
def _forecast(
    fit: InnerFit,
    data: TrainingData,
    origins: list[int],
    noise: HuberNoise,
    settings: ForecastSettings,
) -> _Forecasts:
    """Forecast eight weeks from each origin."""
    module = fit.module
    module.modulation.future_share = settings.future_share
    explained = _explained(module, data, origins[0])
    early = data.until(origins[0])
    hyper = _forecasting(fit.hyper, early, settings.flexibility)
    losses, squares, naive = [], 0.0, 0.0
    ratios: list[np.ndarray] = []
    region = np.arange(len(data.target))
    for origin in origins:
        end = origin + _HORIZON
        past = data.until(origin)
        baseline = _baseline(past, hyper, explained[:, :origin], module, noise)
        weeks = data.position[origin:end]
        at = np.repeat(region, len(weeks)), np.tile(weeks, len(region))
        forecast = baseline.predict(*at).reshape(len(region), -1)
        error = data.target[:, origin:end] - explained[:, origin:end] - forecast
        seen = data.observed[:, origin:end] & (past.observed.sum(1) > 0)[:, None]
        variance = baseline.variance(*at) + baseline.noise_variance(at[0])
        ratios.append((np.abs(error) / np.sqrt(variance).reshape(error.shape))[seen])
        scaled = noise.loss(error / hyper.sigma[:, None] / _ERROR_UNIT) * seen
        losses.append(scaled.sum() / max(seen.sum(), 1))
        recent = past.target[:, -4:].sum(1) / np.maximum(
            past.observed[:, -4:].sum(1), 1
        )
        squares += float((error**2 * seen).sum())
        naive += float(
            ((data.target[:, origin:end] - recent[:, None]) ** 2 * seen).sum()
        )
    skill = 1 - squares / max(naive, 1e-12)
    return _Forecasts(np.array(losses), skill, _interval_factor(ratios, len(region)))


def _interval_factor(ratios: list[np.ndarray], n_regions: int) -> float:
    """Return the factor that makes 90 % of the standardised errors normal."""
    all_ratios = np.concatenate(ratios)
    if not len(all_ratios):
        return 1.0
    found = np.quantile(all_ratios, 0.9) / _NORMAL_90
    # Errors of a region after one origin are about one witness.
    n = len(ratios) * n_regions
    return float(max(found, 0.1) ** (n / (n + _INTERVAL_WITNESSES)))


def _forecasting(
    hyper: TimeHyperparameters, data: TrainingData, flexibility: float
) -> TimeHyperparameters:
    """Return the variances by which the baseline is forecast.

    A season that has hardly been seen to repeat is forecast as a level that changes as
    much from one time step to the next. Intercept and shocks are not multiplied.
    """
    at = np.arange(2.0)
    kernels = data.covariance.regional_kernels(at, at)
    unproven = 0 < data.cycles < FEWEST_SEASONS

    def scaled(variances: Variances) -> Variances:
        parts = dict(variances.parts)
        for name in data.covariance.names:
            parts[name] = flexibility * parts[name]
        if unproven:
            season = kernels.at(hyper.regional.memory)[kernels.names.index(SEASON)]
            step = float(season[0, 0] - 2 * season[0, 1] + season[1, 1])
            parts[LEVEL] += step * parts[SEASON]
            parts[SEASON] = 0.0
        return Variances(parts, variances.memory)

    return replace(hyper, regional=scaled(hyper.regional), course=scaled(hyper.course))


def _explained(module: MMMModule, data: TrainingData, n_weeks: int) -> np.ndarray:
    """Return media and controls effects of all weeks, (region, week).

    The module was trained on the first weeks alone; controls do not extrapolate
    beyond what they showed there.
    """
    X = data.inputs(module.media.max_lag)
    early = X["controls"][:, :n_weeks]
    low, high = early.amin(1, keepdim=True), early.amax(1, keepdim=True)
    controls = X["controls"].clamp(low, high)
    media: torch.Tensor = module.media(X["lags"], X["region"])
    if module.modulation.active:
        position = data.position
        season = data.covariance.season_length
        features = calendar_features(position, position[n_weeks - 1], season)
        calendar = torch.as_tensor(features).expand(len(controls), -1, -1)
        scaled = X["lags"][..., 0]
        later = torch.arange(len(position)) >= n_weeks
        media = media * module.modulation.predict(
            scaled, X["controls"], calendar, X["region"], later
        )
    effect = module.controls(controls, X["region"])
    return np.asarray((media.sum(-1) + effect.sum(-1)).numpy())


def condition(
    module: MMMModule,
    hyper: TimeHyperparameters,
    data: TrainingData,
    noise: HuberNoise,
    settings: ForecastSettings,
) -> TimeBaseline:
    """Return the baseline given a module trained on all of the panel's weeks."""
    hyper = _forecasting(hyper, data, settings.flexibility)
    with torch.no_grad():
        explained = _explained(module, data, len(data.position))
    return _baseline(data, hyper, explained, module, noise)


def _baseline(
    data: TrainingData,
    hyper: TimeHyperparameters,
    explained: np.ndarray,
    module: MMMModule,
    noise: HuberNoise,
) -> TimeBaseline:
    """Condition the common course, then those of the regions, on what is left."""
    intercept = module.baseline.intercept.item()
    residual = data.target - explained - intercept
    course = np.zeros(0)
    if module.baseline.has_course:
        course = _course(data, hyper, residual * data.observed)
        residual = residual - course
    residual *= data.observed
    return make_time_baseline(
        data.covariance,
        hyper,
        data.position,
        data.observed,
        intercept,
        course,
        residual,
        noise,
    )


def _course(
    data: TrainingData, hyper: TimeHyperparameters, residual: np.ndarray
) -> np.ndarray:
    """Return the likeliest common course given the residuals, (week,)."""
    kernels = kernels_at(data.covariance, data.position)
    W = whiteners(regional_covariance(hyper, kernels.regional), data.observed)
    evidence = course_evidence(W, 1.0 / hyper.sigma, hyper.loadings, residual[None])
    L = course_factor(hyper, kernels.course)
    return np.asarray(L @ likeliest_innovation(L, evidence))
