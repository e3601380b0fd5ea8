"""Inner validation: hyper-parameters that forecast best inside the training weeks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._condition import forecasting_variances
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.network import MMMModule
from sklearn_mmm.training._condition import (
    baseline_of,
    media_and_controls,
    share_of_outcome,
)

_HORIZON = 8
_N_ORIGINS = 3
_FEWEST_WEEKS = 32
# Least skill at inner origins for effects to vary with time, and by how much the loss
# of forecasts may then be larger: eight weeks say little about a year's drift.
_TRUSTED_SKILL = 0.5
_TOLERANCE = 1.15
# Share of the outcome by which media and controls may then bring more or less over all
# weeks. Effects that drift move what is brought from week to week; where the level
# moves with them, the two are not told apart.
LARGEST_SHIFT = 0.1
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
    explained : float
        Share of the outcome that media and controls bring over all weeks.
    """

    losses: np.ndarray
    skill: float
    interval_factor: float
    explained: float


def inner_origins(n_weeks: int) -> list[int]:
    """Return the numbers of weeks before each inner origin, ascending."""
    first = n_weeks - _N_ORIGINS * _HORIZON
    if first < _FEWEST_WEEKS:
        return []
    return [first + i * _HORIZON for i in range(_N_ORIGINS)]


def validate(
    constant: InnerFit,
    varying: Callable[[], InnerFit | None],
    data: TrainingData,
    origins: list[int],
    noise: HuberNoise,
) -> ForecastSettings:
    """Choose modulation and flexibility, one after the other.

    Evidence for effects that vary with time comes from the past; it is asked for where
    the model forecasts well without, since a panel that the model does not describe
    gives evidence for anything, and believed where forecasts do not suffer by it and
    media keep about what they bring: the level and the effects of channels that are
    always on can explain the same course, and then forecasts do not tell them apart
    (Dew, Padilla & Shchetkina, 2024, "Your MMM is Broken: Identification of Nonlinear
    and Time-varying Effects in Marketing Mix Models", arXiv:2408.07678, of conflated
    models in general). Any other value than the likeliest is taken only if it is better
    at every origin and by two standard errors over them, so that chance does not
    choose.

    Parameters
    ----------
    constant : InnerFit
        Trained on the weeks before the first origin, with constant effects.
    varying : callable
        Returns the same with time-varying effects, or None where there is no evidence
        for them.
    data : TrainingData
    origins : list of int
    noise : HuberNoise
    """
    drifting = None

    def forecasts(settings: ForecastSettings) -> _Forecasts:
        fit = (drifting if settings.future_share > 0 else None) or constant
        return _forecast(fit, data, origins, noise, settings)

    settings = ForecastSettings(future_share=0.0)
    best = forecasts(settings)
    if best.skill > _TRUSTED_SKILL:
        drifting = varying()
    if drifting is not None:
        usual = best.explained
        for value in _FUTURE_SHARES:
            tried = replace(settings, future_share=value)
            found = forecasts(tried)
            if abs(found.explained - usual) > LARGEST_SHIFT:
                continue
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
    explained = media_and_controls(module, data, origins[0])
    early = data.until(origins[0])
    hyper = forecasting_variances(
        fit.hyper, early.covariance, early.position, settings.flexibility
    )
    losses, squares, naive = [], 0.0, 0.0
    ratios: list[np.ndarray] = []
    region = np.arange(len(data.target))
    for origin in origins:
        end = origin + _HORIZON
        past = data.until(origin)
        baseline = baseline_of(module, hyper, past, explained[:, :origin], noise)
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
    brought = share_of_outcome(explained, data)
    factor = _interval_factor(ratios, len(region))
    return _Forecasts(np.array(losses), skill, factor, brought)


def _interval_factor(ratios: list[np.ndarray], n_regions: int) -> float:
    """Return the factor that makes 90 % of the standardised errors normal."""
    all_ratios = np.concatenate(ratios)
    if not len(all_ratios):
        return 1.0
    found = np.quantile(all_ratios, 0.9) / _NORMAL_90
    # Errors of a region after one origin are about one witness.
    n = len(ratios) * n_regions
    return float(max(found, 0.1) ** (n / (n + _INTERVAL_WITNESSES)))
